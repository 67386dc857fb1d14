//! What the sign of a reward does where nothing was demonstrated.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "survival-bias",
    title: "what the sign of GAIL's reward does without demonstrations",
    target: "GAIL with no demonstrations: the effect is visible and reported, and gone with absorbing states",
    measure,
};

const COLUMNS: [&str; 12] = [
    "task",
    "reward",
    "ends",
    "bias",
    "seed",
    "untrained_length",
    "length",
    "mean_reward",
    "positive_share",
    "negative_share",
    "received_mean",
    "seconds",
];

/// What a task's episodes come to by the sign alone: above the first number with a positive reward, below the second
/// with a negative one.
const EXPECTED: [(&str, f64, f64); 3] = [
    ("cart-pole", 400.0, 12.0),
    ("early-termination", 9.9, 2.1),
    ("acrobot", 490.0, 250.0),
];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary =
        context
            .workspace
            .build(&["--package", "imitation", "--example", "survival_bias"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    let runs = printed["runs"].as_array().context("no `runs`")?;
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    for size in ["steps", "evaluation_episodes"] {
        record.size(size, &printed[size]);
    }
    let mut table = Table::new("mean lengths of episodes", &COLUMNS);
    for run in runs {
        table.row(COLUMNS.map(|column| run[column].clone()));
    }
    record.table(table);
    for (task, long, short) in EXPECTED {
        let positive = lengths(runs, task, "softplus", "worthless")?;
        let negative = lengths(runs, task, "log-d", "worthless")?;
        record.check(
            format!("{task}: softplus, reported as survival bias, makes episodes long: median above {long}"),
            format!("{:.1}", median(&positive)),
            long < median(&positive) && reports(runs, task, "softplus", "survival"),
        );
        record.check(
            format!("{task}: log-d, reported as termination bias, ends them: median below {short}"),
            format!("{:.1}", median(&negative)),
            median(&negative) < short && reports(runs, task, "log-d", "termination"),
        );
        let (positive, negative) = (
            lengths(runs, task, "softplus", "absorbing")?,
            lengths(runs, task, "log-d", "absorbing")?,
        );
        let pairs = positive.iter().zip(&negative);
        let apart = pairs.map(|(p, n)| (p - n).abs()).fold(0.0, f64::max);
        record.check(
            format!("{task}: with absorbing states both signs give the same policy, seed by seed"),
            format!("lengths at most {apart} apart"),
            apart == 0.0 && is_unpaid(runs, task),
        );
    }
    Ok(())
}

fn of<'r>(
    runs: &'r [Value],
    task: &str,
    reward: &str,
    ends: &str,
) -> impl Iterator<Item = &'r Value> {
    let wanted = [task, reward, ends].map(str::to_owned);
    runs.iter().filter(move |run| {
        let keys = ["task", "reward", "ends"];
        keys.iter()
            .zip(&wanted)
            .all(|(key, wanted)| run[key] == wanted.as_str())
    })
}

fn lengths(runs: &[Value], task: &str, reward: &str, ends: &str) -> Result<Vec<f64>> {
    let lengths = of(runs, task, reward, ends).map(|run| run["length"].as_f64());
    let lengths: Option<Vec<f64>> = lengths.collect();
    let found = lengths.filter(|lengths| lengths.len() == 5);
    found.with_context(|| format!("no 5 lengths of {task}, {reward}, {ends}"))
}

/// Whether every run says its bias, and rewards of one sign alone.
fn reports(runs: &[Value], task: &str, reward: &str, bias: &str) -> bool {
    let share = if bias == "survival" {
        "positive_share"
    } else {
        "negative_share"
    };
    of(runs, task, reward, "worthless").all(|run| run["bias"] == bias && run[share] == 1.0)
}

/// Whether nothing at all was received with absorbing states.
fn is_unpaid(runs: &[Value], task: &str) -> bool {
    ["softplus", "log-d"].iter().all(|reward| {
        of(runs, task, reward, "absorbing")
            .all(|run| run["bias"] == "absent" && run["received_mean"] == 0.0)
    })
}
