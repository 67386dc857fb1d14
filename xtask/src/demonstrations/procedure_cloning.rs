//! Procedure cloning on mazes never seen, cloning of actions and last boards beside it, and its convolutions beside
//! PyTorch's.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::peers;
use crate::process;
use crate::record::Record;
use crate::statistics::{mean, median};
use crate::table::Table;

/// Least share of the test mazes that procedure cloning must solve.
const SOLVED: f64 = 0.95;
/// Most seconds that a training may take.
const SECONDS: f64 = 300.0;
/// Gradient steps of the published network.
const N_TIMED: usize = 20;
/// Rounds in which ours and the peer take turns.
const ROUNDS: usize = 3;
/// Training mazes: as published, and those that the target is held against.
const PUBLISHED_MAZES: u64 = 5;
const MAZES: u64 = 100;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "procedure-cloning",
    title: "procedure cloning on mazes never seen, beside cloning of actions on the same data and wall-clock",
    target: "200 unseen 16 x 16 mazes from a seed that training never reads, two hidden 3 x 3 convolutions of 32 channels, training \
             under 5 minutes, 5 seeds: PC at least 95% solved, BC, augmented and auxiliary BC beside it on the same data and \
             wall-clock; the published width runs 20 timed steps, labelled so",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary =
        context
            .workspace
            .build(&["--package", "imitation", "--example", "procedure_cloning"])?;
    let threads = context.threads.to_string();
    let mazes = format!("{PUBLISHED_MAZES},{MAZES}");
    let mut command = Command::new(binary);
    command.args(["--threads", &threads, "--mazes", &mazes]);
    let printed = process::json(&mut command)?.json;
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    for size in ["size", "test_mazes", "episodes_per_maze", "threads"] {
        record.size(size, &printed[size]);
    }
    for preset in ["small", "small_cloning"] {
        record.size(preset, &printed[preset]);
    }
    record.note(format!(
        "solved: the goal reached within 100 steps, one episode in each test maze; a random policy solves {}, the expert {}",
        printed["random"], printed["expert"]
    ));
    record.note(
        "methods that say actions get the gradient steps that take half as long again as procedure cloning did; `least_seconds` is \
         the number of steps times what one takes when nothing else runs; `solved` draws their actions, `solved_greedily` takes \
         the most probable; a procedure is run in one way",
    );
    record.note(format!(
        "{PUBLISHED_MAZES} training mazes as published, and {MAZES}; the target is held against {MAZES}"
    ));
    let runs = list(&printed["runs"], "runs")?;
    for n_mazes in [PUBLISHED_MAZES, MAZES] {
        runs_table(record, runs, n_mazes);
    }
    summary(record, runs)?;
    checks(record, runs)?;
    published(record, &printed["published"])?;
    convolutions(context, record)
}

const COLUMNS: [&str; 12] = [
    "method",
    "seed",
    "solved",
    "solved_greedily",
    "solved_in_training_mazes",
    "agrees_with_expert",
    "demonstrated_steps",
    "samples",
    "steps",
    "seconds",
    "least_seconds",
    "loss",
];

fn of(runs: &[Value], n_mazes: u64) -> impl Iterator<Item = &Value> {
    runs.iter()
        .filter(move |run| run["training_mazes"] == n_mazes)
}

fn runs_table(record: &mut Record, runs: &[Value], n_mazes: u64) {
    let mut table = Table::new(format!("{n_mazes} training mazes"), &COLUMNS);
    for run in of(runs, n_mazes) {
        table.row(COLUMNS.map(|column| run[column].clone()));
    }
    record.table(table);
}

const METHODS: [&str; 5] = [
    "procedure",
    "final-board",
    "action",
    "augmented-action",
    "auxiliary-action",
];

fn numbers(runs: &[Value], n_mazes: u64, method: &str, column: &str) -> Result<Vec<f64>> {
    let of_method = of(runs, n_mazes).filter(|run| run["method"] == method);
    let numbers: Option<Vec<f64>> = of_method.map(|run| run[column].as_f64()).collect();
    let numbers = numbers.filter(|numbers| !numbers.is_empty());
    numbers.with_context(|| format!("no `{column}` of {method} with {n_mazes} mazes"))
}

fn summary(record: &mut Record, runs: &[Value]) -> Result<()> {
    let mut table = Table::new(
        "solved, mean over seeds",
        &["method", "training_mazes", "sampled", "greedily", "least"],
    );
    for n_mazes in [PUBLISHED_MAZES, MAZES] {
        for method in METHODS {
            let sampled = numbers(runs, n_mazes, method, "solved")?;
            let greedily = numbers(runs, n_mazes, method, "solved_greedily")?;
            let least = sampled.iter().fold(f64::INFINITY, |a, b| a.min(*b));
            table.row([
                json!(method),
                json!(n_mazes),
                json!(mean(&sampled)),
                json!(mean(&greedily)),
                json!(least),
            ]);
        }
    }
    record.table(table);
    Ok(())
}

fn checks(record: &mut Record, runs: &[Value]) -> Result<()> {
    let solved = numbers(runs, MAZES, "procedure", "solved")?;
    let least = solved.iter().fold(f64::INFINITY, |a, b| a.min(*b));
    record.check(
        format!("procedure cloning solves at least 95% of the test mazes with every seed, from {MAZES} training mazes"),
        format!("at least {:.1}%", 100.0 * least),
        SOLVED <= least,
    );
    let mut most = 0.0_f64;
    for n_mazes in [PUBLISHED_MAZES, MAZES] {
        for method in METHODS {
            let seconds = numbers(runs, n_mazes, method, "seconds")?;
            most = seconds.into_iter().fold(most, f64::max);
        }
    }
    record.check(
        "every training took less than 5 minutes",
        format!("at most {most:.1} s"),
        most < SECONDS,
    );
    let mut least_share = f64::INFINITY;
    for n_mazes in [PUBLISHED_MAZES, MAZES] {
        let of_procedure = numbers(runs, n_mazes, "procedure", "least_seconds")?;
        for method in &METHODS[2..] {
            let seconds = numbers(runs, n_mazes, method, "least_seconds")?;
            let shares = seconds.iter().zip(&of_procedure).map(|(a, b)| a / b);
            least_share = shares.fold(least_share, f64::min);
        }
    }
    record.check(
        "cloning of actions had at least the time of procedure cloning, by `least_seconds`, in every run",
        format!("at least {least_share:.2} times"),
        1.0 <= least_share,
    );
    let best = METHODS[2..].iter().try_fold(0.0, |best: f64, method| {
        let sampled = mean(&numbers(runs, MAZES, method, "solved")?);
        let greedily = mean(&numbers(runs, MAZES, method, "solved_greedily")?);
        anyhow::Ok(best.max(sampled).max(greedily))
    })?;
    record.check(
        "no cloning of actions solves as many, by means over seeds",
        format!("{:.1}% against {:.1}%", 100.0 * best, 100.0 * mean(&solved)),
        best < mean(&solved),
    );
    Ok(())
}

/// The published width, a labelled timing and no training.
fn published(record: &mut Record, printed: &Value) -> Result<()> {
    let mut table = Table::new(
        "PUBLISHED WIDTH, 20 timed gradient steps on the 5 mazes of seed 0, no training: 128-128-256-256-5",
        &["step", "seconds", "loss"],
    );
    let seconds = list(&printed["seconds"], "published.seconds")?;
    let losses = list(&printed["losses"], "published.losses")?;
    for (step, (seconds, loss)) in seconds.iter().zip(losses).enumerate() {
        table.row([json!(step), seconds.clone(), loss.clone()]);
    }
    record.table(table);
    record.note(format!(
        "published width: {} parameters; step 0 holds the making of the network",
        printed["parameters"]
    ));
    record.check(
        "the published width ran 20 timed steps",
        seconds.len().to_string(),
        seconds.len() == N_TIMED && losses.iter().all(Value::is_number),
    );
    Ok(())
}

/// Ours and PyTorch's take turns on the networks of the row.
fn convolutions(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "nn", "--example", "convolution_speed"])?;
    let threads = context.threads.to_string();
    let mut rounds = vec![];
    for _ in 0..ROUNDS {
        let ours = process::json(Command::new(&binary).args(["--threads", &threads]))?.json;
        let theirs = peers::script(
            context.workspace,
            "torch_convolutions.py",
            &["--threads", &threads],
        )?;
        rounds.push((ours, theirs));
    }
    let (ours, theirs) = &rounds[0];
    record.note(format!("peer: {}", peers::versions(theirs)));
    for failure in theirs["failures"].as_array().into_iter().flatten() {
        record.note(format!("peer, not available here: {failure}"));
    }
    let n_cases = list(&ours["results"], "results")?.len();
    let mut table = Table::new(
        "convolutions: microseconds, the fastest of the peer's variants, and the share of the measured peak",
        &[
            "channels",
            "batch",
            "of",
            "round",
            "ours",
            "pytorch",
            "variant",
            "share_of_peak",
        ],
    );
    let mut ratios = vec![];
    for case in 0..n_cases {
        for what in ["forward", "step"] {
            let (mut own, mut peer) = (vec![], vec![]);
            for (round, (ours, theirs)) in rounds.iter().enumerate() {
                let our = &ours["results"][case];
                let their = &theirs["fastest"][case][what];
                own.push(seconds(&our[what])?);
                peer.push(seconds(their)?);
                table.row([
                    our["channels"].clone(),
                    our["batch"].clone(),
                    json!(what),
                    json!(round),
                    json!(1e6 * own[round]),
                    json!(1e6 * peer[round]),
                    their["variant"].clone(),
                    our[what]["share_of_peak"].clone(),
                ]);
            }
            let ratio = median(&peer) / median(&own);
            let our = &ours["results"][case];
            record.note(format!(
                "{} channels, batch {}, {what}: {ratio:.2} times PyTorch's speed, by medians",
                our["channels"], our["batch"]
            ));
            ratios.push(ratio);
        }
    }
    record.table(table);
    record.check(
        "a step of the row's network, batch 32, is at least as fast as PyTorch's",
        format!("{:.2} times", ratios[1]),
        1.0 <= ratios[1],
    );
    Ok(())
}

fn seconds(result: &Value) -> Result<f64> {
    result["seconds"]
        .as_f64()
        .context("a result without `seconds`")
}

fn list<'v>(value: &'v Value, name: &str) -> Result<&'v [Value]> {
    let list = value.as_array().filter(|list| !list.is_empty());
    Ok(list.with_context(|| format!("no list `{name}`"))?)
}
