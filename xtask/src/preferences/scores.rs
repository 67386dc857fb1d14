//! Policies trained on comparisons, beside policies trained on the true reward and beside the library `imitation`.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;
use crate::{peers, process};

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "scores",
    title: "learning from 700 comparisons, beside the true reward and beside imitation",
    target: "CartPole, Pendulum, hopper running with the default preset and 700 synthetic comparisons: at least 0.95, median of 5 seeds; beside \
             `imitation` on CartPole and Pendulum in one run, its documented and its best settings, at least 15 times faster in wall-clock at equal \
             comparisons and steps",
    measure,
};

const LEAST_SCORE: f64 = 0.95;
const LEAST_RATIO: f64 = 15.0;
const SEEDS: usize = 5;
const COMPARISONS: u64 = 700;
const TASKS: [&str; 3] = ["cart-pole", "pendulum", "hopper"];
/// What `imitation` has environments for.
const SHARED: [&str; 2] = ["cart-pole", "pendulum"];
const SETTINGS: [&str; 2] = ["documented", "best"];
/// Seeds of the peer, each of which takes minutes.
const PEER_SEEDS: &str = "1";

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example = ["--package", "preferences", "--example", "preference_scores"];
    let binary = context.workspace.build(&example)?;
    let printed = process::json(&mut Command::new(binary))?.json;
    let cache = context.peers_cache.join("preference-scores");
    let arguments = ["--cache", &cache.to_string_lossy(), "--seeds", PEER_SEEDS];
    let peer = peers::script(context.workspace, "preference_scores.py", &arguments)?;
    let (ours, theirs) = (list(&printed, "runs")?, list(&peer, "runs")?);
    for size in ["comparisons", "evaluation_episodes", "threads"] {
        record.size(size, &printed[size]);
    }
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    record.note(format!("peer: {}", peers::versions(&peer)));
    record.note(
        "score: (J - J of the untrained policy) / (J of training on the true reward with the same optimiser, steps and seed - J of the untrained \
         policy); the annotator is an oracle that sums the true reward; the loop and the reward model have the preset `default` in every task, the \
         optimiser the task's own settings",
    );
    record.note(
        "the peer has as many comparisons and agent steps, as many threads, and fewer seeds; steps that it takes beside them to draw fragments of \
         are not counted against it, the time that they take is; seconds are of the training, without evaluation",
    );
    own_runs(record, ours)?;
    peer_runs(record, ours, theirs)
}

fn own_runs(record: &mut Record, ours: &[Value]) -> Result<()> {
    const COLUMNS: [&str; 12] = [
        "task",
        "seed",
        "steps",
        "comparisons",
        "random",
        "on_reward",
        "on_preferences",
        "score",
        "accuracy",
        "validation_accuracy",
        "reward_seconds",
        "seconds",
    ];
    let mut table = Table::new("ours", &COLUMNS);
    for run in ours {
        table.row(COLUMNS.map(|column| run[column].clone()));
    }
    record.table(table);
    for task in TASKS {
        let scores = numbers(ours, task, None, "score")?;
        let score = median(&scores);
        let asked = numbers(ours, task, None, "comparisons")?;
        record.check(
            format!("{task}: at least {LEAST_SCORE} of the score of the true reward, median of {SEEDS} seeds"),
            format!("{score:.3}"),
            LEAST_SCORE <= score && scores.len() == SEEDS,
        );
        record.check(
            format!("{task}: {COMPARISONS} comparisons, initial ones included, in every seed"),
            format!("{asked:?}"),
            asked.iter().all(|n| *n == COMPARISONS as f64),
        );
    }
    Ok(())
}

fn peer_runs(record: &mut Record, ours: &[Value], theirs: &[Value]) -> Result<()> {
    const COLUMNS: [&str; 9] = [
        "task",
        "settings",
        "seed",
        "random",
        "on_preferences",
        "score",
        "seconds",
        "times_ours",
        "error",
    ];
    let mut table = Table::new("imitation, beside the medians of ours", &COLUMNS);
    let mut least: Option<f64> = None;
    for task in SHARED {
        let own_seconds = median(&numbers(ours, task, None, "seconds")?);
        let on_reward = median(&numbers(ours, task, None, "on_reward")?);
        for settings in SETTINGS {
            for run in of(theirs, task, Some(settings)) {
                let number = |name: &str| run[name].as_f64();
                let random = number("untrained").context("no `untrained`")?;
                let score =
                    number("on_preferences").map(|own| (own - random) / (on_reward - random));
                let times = number("seconds").map(|seconds| seconds / own_seconds);
                least = match (least, times) {
                    (Some(least), Some(times)) => Some(least.min(times)),
                    (least, times) => least.or(times),
                };
                table.row([
                    json!(task),
                    json!(settings),
                    run["seed"].clone(),
                    json!(random),
                    run["on_preferences"].clone(),
                    json!(score),
                    run["seconds"].clone(),
                    json!(times),
                    run["error"].clone(),
                ]);
            }
        }
    }
    record.table(table);
    let least = least.context("the peer finished no training")?;
    record.check(
        format!(
            "at least {LEAST_RATIO} times as fast as imitation, the least of all its runs that end"
        ),
        format!("{least:.1}"),
        LEAST_RATIO <= least,
    );
    Ok(())
}

fn of<'v>(
    runs: &'v [Value],
    task: &'v str,
    settings: Option<&'v str>,
) -> impl Iterator<Item = &'v Value> {
    runs.iter().filter(move |run| {
        run["task"] == task && settings.is_none_or(|settings| run["settings"] == settings)
    })
}

fn numbers(runs: &[Value], task: &str, settings: Option<&str>, column: &str) -> Result<Vec<f64>> {
    let found: Vec<f64> = of(runs, task, settings)
        .map(|run| {
            let value = run[column].as_f64();
            value.with_context(|| format!("no number `{column}` of {task}"))
        })
        .collect::<Result<_>>()?;
    ensure!(!found.is_empty(), "no run of {task}");
    Ok(found)
}

fn list<'v>(of: &'v Value, name: &str) -> Result<&'v [Value]> {
    let found = of[name].as_array().filter(|list| !list.is_empty());
    Ok(found.with_context(|| format!("no list `{name}`"))?)
}
