//! The backward algorithm on six screens, from one demonstration, beside PPO from the beginning.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::peers;
use crate::process;
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;

const SEEDS: u64 = 5;
const EPISODES: u64 = 200;
/// Episodes of them that must be solved: 95%.
const SOLVED: u64 = 190;
const SECONDS: f64 = 300.0;
const RANDOM_STEPS: u64 = 10_000_000;
const PLAYED_BACK: u64 = 200;
/// Rounds in which our recurrent unit and the peer's take turns.
const ROUNDS: usize = 3;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "backward",
    title: "six screens from one demonstration, by the backward algorithm",
    target: "`montezuma-screens` with 10% sticky actions and skulls of random phase, demonstration of at least 200 steps that \
             replayed open-loop succeeds in under 20%: solved from one demonstration in 95% of 200 fresh episodes, 5 of 5 seeds, \
             under 5 minutes on 2 cores; PPO on the same budget: 0 of 5; also from a suboptimal demonstration, ending above it",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "imitation", "--example", "backward"])?;
    record.seeds(SEEDS);
    record.size("fresh episodes", EPISODES);
    record.size("threads", context.threads);
    record.note("fresh episodes begin at the environment's own beginning, with random streams that training never reads");
    record.note("solved: the treasure was reached; actions drawn as in training, the greedy policy's beside it");
    record.note("`ppo` has the same network, settings and environment steps, and begins at the beginning of the game");
    let run = |arguments: &[&str]| {
        eprintln!("running {}", arguments.join(" "));
        Ok::<_, anyhow::Error>(process::json(Command::new(&binary).args(arguments))?.json)
    };
    demonstrations(
        record,
        &run(&["demonstrations", "--episodes", &PLAYED_BACK.to_string()])?,
    )?;
    random(
        record,
        &run(&["random", "--steps", &RANDOM_STEPS.to_string()])?,
    )?;
    let shown = learn(context, record, &binary, "backward", "intended")?;
    check_solved(record, "from the expert's demonstration", &shown)?;
    let dawdled = learn(context, record, &binary, "backward", "dawdler")?;
    check_above(record, &dawdled)?;
    let ppo = learn(context, record, &binary, "ppo", "none")?;
    let n_solved = solved(&ppo)?.into_iter().filter(|solved| SOLVED <= *solved);
    let n_solved = n_solved.count();
    record.check(
        "PPO on the same budget solves it in 95% of fresh episodes: 0 of 5 seeds",
        n_solved.to_string(),
        n_solved == 0,
    );
    memory(context, record)
}

fn demonstrations(record: &mut Record, printed: &Value) -> Result<()> {
    let columns = &[
        "policy",
        "seed",
        "steps",
        "return",
        "played_back_solved",
        "episodes",
    ];
    let mut table = Table::new(
        "the demonstrations, and their actions played back blindly",
        columns,
    );
    let demonstrations = printed.as_array().context("no list of demonstrations")?;
    for demonstration in demonstrations {
        table.row(columns.map(|column| demonstration[column].clone()));
    }
    record.table(table);
    let expert = &demonstrations.first().context("no demonstration")?;
    let steps = whole(&expert["steps"])?;
    record.check(
        "the demonstration has at least 200 steps",
        steps.to_string(),
        200 <= steps,
    );
    let solved = whole(&expert["played_back_solved"])?;
    record.check(
        "played back open-loop it succeeds in under 20% of 200 episodes",
        solved.to_string(),
        5 * solved < PLAYED_BACK,
    );
    Ok(())
}

fn random(record: &mut Record, printed: &Value) -> Result<()> {
    let paid = whole(&printed["steps_that_paid"])?;
    record.check(
        format!(
            "random play finds no reward in {} steps, {} episodes",
            printed["steps"], printed["episodes"]
        ),
        format!("{paid} steps paid"),
        paid == 0,
    );
    Ok(())
}

/// Trains with every seed and shows each.
fn learn(
    context: &Context<'_>,
    record: &mut Record,
    binary: &Path,
    method: &str,
    demonstration: &str,
) -> Result<Vec<Value>> {
    let from = match demonstration {
        "none" => String::new(),
        policy => format!(", demonstration of `{policy}`"),
    };
    let mut table = Table::new(
        format!("{method}{from}"),
        &[
            "seed",
            "steps",
            "seconds",
            "start_point",
            "solved",
            "return",
            "episode_steps",
            "greedy_solved",
            "greedy_return",
        ],
    );
    let mut runs = vec![];
    for seed in 0..SEEDS {
        eprintln!("running {method}{from}, seed {seed}");
        let mut command = Command::new(binary);
        command
            .args([method, "--seed", &seed.to_string()])
            .args(["--threads", &context.threads.to_string()])
            .args(["--episodes", &EPISODES.to_string()]);
        if demonstration != "none" {
            command.args(["--demonstration", demonstration]);
        }
        let run = process::json(&mut command)?.json;
        let trained = &run["trained"];
        let last = trained["curve"].as_array().and_then(|curve| curve.last());
        table.row([
            json!(seed),
            trained["steps"].clone(),
            trained["seconds"].clone(),
            last.context("no `curve`")?["start_point"].clone(),
            trained["sampled"]["solved"].clone(),
            trained["sampled"]["mean_return"].clone(),
            trained["sampled"]["mean_steps"].clone(),
            trained["greedy"]["solved"].clone(),
            trained["greedy"]["mean_return"].clone(),
        ]);
        runs.push(run);
    }
    record.table(table);
    let settings = runs[0]["settings"].as_str().context("no `settings`")?;
    record.note(format!("{method}: {settings}"));
    Ok(runs)
}

fn check_solved(record: &mut Record, what: &str, runs: &[Value]) -> Result<()> {
    let solved = solved(runs)?;
    record.check(
        format!("{what}, at least {SOLVED} of {EPISODES} fresh episodes are solved, 5 of 5 seeds"),
        format!("{solved:?}"),
        solved.iter().all(|solved| SOLVED <= *solved),
    );
    let seconds = runs
        .iter()
        .map(|run| run["trained"]["seconds"].as_f64().context("no `seconds`"))
        .collect::<Result<Vec<f64>>>()?;
    let longest = seconds.into_iter().fold(0.0, f64::max);
    record.check(
        format!("{what}, every training takes under 5 minutes"),
        format!("{longest:.0} s at most"),
        longest < SECONDS,
    );
    Ok(())
}

fn check_above(record: &mut Record, runs: &[Value]) -> Result<()> {
    check_solved(record, "from the suboptimal demonstration", runs)?;
    let shown = runs[0]["demonstration"]["return"]
        .as_f64()
        .context("no `return` of the demonstration")?;
    let returns = runs
        .iter()
        .map(|run| {
            let mean = &run["trained"]["sampled"]["mean_return"];
            mean.as_f64().context("no `mean_return`")
        })
        .collect::<Result<Vec<f64>>>()?;
    record.check(
        format!("the mean return of the fresh episodes is above the suboptimal demonstration's {shown}, 5 of 5 seeds"),
        format!("{returns:.2?}"),
        returns.iter().all(|mean| shown < *mean),
    );
    Ok(())
}

/// The recurrent unit that policies with a memory have, beside PyTorch's: the two take turns.
fn memory(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "nn", "--example", "gru_speed"])?;
    let threads = context.threads.to_string();
    let mut rounds = vec![];
    for _ in 0..ROUNDS {
        let ours = process::json(Command::new(&binary).args(["--threads", &threads]))?.json;
        let theirs = peers::script(context.workspace, "torch_gru.py", &["--threads", &threads])?;
        rounds.push((ours, theirs));
    }
    record.note(format!("peer: {}", peers::versions(&rounds[0].1)));
    for failure in rounds[0].1["failures"].as_array().into_iter().flatten() {
        record.note(format!("peer, not available here: {failure}"));
    }
    let mut table = Table::new(
        "gated recurrent unit: milliseconds of one Adam step through 128 steps, the fastest of the peer's variants, and the share of the measured peak",
        &[
            "width",
            "sequences",
            "round",
            "ours",
            "pytorch",
            "adam",
            "share_of_peak",
        ],
    );
    let n_cases = rounds[0].0["results"]
        .as_array()
        .context("no `results`")?
        .len();
    let mut ratios = vec![];
    for case in 0..n_cases {
        let (mut own, mut peer) = (vec![], vec![]);
        for (round, (ours, theirs)) in rounds.iter().enumerate() {
            let (our, their) = (&ours["results"][case], &theirs["results"][case]["fastest"]);
            own.push(our["step"]["seconds"].as_f64().context("no `seconds`")?);
            peer.push(their["seconds"].as_f64().context("no `seconds`")?);
            table.row([
                our["width"].clone(),
                our["sequences"].clone(),
                json!(round),
                json!(1e3 * own[round]),
                json!(1e3 * peer[round]),
                their["adam"].clone(),
                our["step"]["share_of_peak"].clone(),
            ]);
        }
        ratios.push(median(&peer) / median(&own));
    }
    record.table(table);
    record.check(
        "a step through time is at least as fast as PyTorch's at every width",
        format!("{ratios:.2?} times"),
        ratios.iter().all(|ratio| 1.0 <= *ratio),
    );
    Ok(())
}

fn solved(runs: &[Value]) -> Result<Vec<u64>> {
    let solved = |run: &Value| whole(&run["trained"]["sampled"]["solved"]);
    runs.iter().map(solved).collect()
}

fn whole(value: &Value) -> Result<u64> {
    value
        .as_u64()
        .with_context(|| format!("{value} is no count"))
}
