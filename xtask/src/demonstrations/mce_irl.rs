//! Reward inference by maximum causal entropy, and its speed beside imitation.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::{Context, Row};
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;
use crate::{peers, process};

const MOST_ERROR: f64 = 1e-3;
const RATIO: f64 = 30.0;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "mce-irl",
    title: "reward inference by maximum causal entropy, and its speed beside imitation",
    target: "recovered state-action occupancies within 1e-3 of the expert's in the supremum norm, and the policy on visited states, \
             for discounts 0.9, 0.99 and 1 (0 with state-action rewards), linear and network rewards; at least 30 times faster than \
             `imitation` on the same MDP in one run",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "imitation", "--example", "mce_irl"])?;
    let path = context.scratch.join("problems.json");
    let printed = process::json(Command::new(binary).arg(&path))?.json;
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    for size in ["n_states", "n_actions", "n_successors"] {
        record.size(size, &printed[size]);
    }
    recovery(record, rows(&printed, "recovered")?)?;
    let path = path.to_str().context("the path is no text")?;
    let peer = peers::script(context.workspace, "imitation_mce_irl.py", &[path, "1"])?;
    record.note(format!("peer: {}", peers::versions(&peer)));
    record.note(
        "speed: horizon 50, discount 1, rewards of states, until no visit of a state is off by more than 1e-3; one thread for both; \
         the peer counts at the fastest of three learning rates that got there",
    );
    for model in ["linear", "network"] {
        speed(
            record,
            rows(&printed, "speed")?,
            rows(&peer, "runs")?,
            model,
        )?;
    }
    Ok(())
}

const RECOVERED: [&str; 9] = [
    "discount",
    "horizon",
    "reward_of",
    "model",
    "seed",
    "visits_error",
    "policy_error",
    "iterations",
    "seconds",
];

fn recovery(record: &mut Record, rows: &[Value]) -> Result<()> {
    let mut table = Table::new("recovered, every state is visited", &RECOVERED);
    for row in rows {
        table.row(RECOVERED.map(|column| row[column].clone()));
    }
    record.table(table);
    for (what, column) in [
        ("visits are within 1e-3 of the expert's", "visits_error"),
        (
            "the policy is within 1e-3 of the expert's in every visited state",
            "policy_error",
        ),
    ] {
        let most = greatest(rows, column)?;
        record.check(what, format!("at most {most:.1e}"), most <= MOST_ERROR);
    }
    Ok(())
}

fn speed(record: &mut Record, ours: &[Value], peers: &[Value], model: &str) -> Result<()> {
    let mut table = Table::new(
        format!("seconds, {model} reward"),
        &[
            "seed",
            "rewardlab",
            "imitation",
            "learning_rate",
            "state_visits_error",
        ],
    );
    let (mut own_seconds, mut peer_seconds) = (vec![], vec![]);
    for row in ours.iter().filter(|row| row["model"] == model) {
        let arrived = peers.iter().filter(|run| {
            let error = run["state_visits_error"].as_f64().unwrap_or(f64::INFINITY);
            run["model"] == model && run["seed"] == row["seed"] && error <= MOST_ERROR
        });
        let best = arrived
            .min_by(|a, b| seconds(a).total_cmp(&seconds(b)))
            .context("the peer reached its tolerance at no learning rate")?;
        table.row([
            row["seed"].clone(),
            row["seconds"].clone(),
            best["seconds"].clone(),
            best["learning_rate"].clone(),
            row["state_visits_error"].clone(),
        ]);
        own_seconds.push(seconds(row));
        peer_seconds.push(seconds(best));
    }
    record.table(table);
    let own: Vec<Value> = ours
        .iter()
        .filter(|row| row["model"] == model)
        .cloned()
        .collect();
    let error = greatest(&own, "state_visits_error")?;
    record.check(
        format!("{model}: ours stops at visits of states within 1e-3, as the peer does"),
        format!("at most {error:.1e}"),
        error <= MOST_ERROR,
    );
    let ratio = median(&peer_seconds) / median(&own_seconds);
    record.check(
        format!("{model}: at least 30 times faster than imitation, by medians"),
        format!("{ratio:.0}"),
        RATIO <= ratio,
    );
    Ok(())
}

fn seconds(row: &Value) -> f64 {
    row["seconds"].as_f64().unwrap_or(f64::NAN)
}

fn rows<'v>(printed: &'v Value, name: &str) -> Result<&'v [Value]> {
    let list = printed[name].as_array().filter(|list| !list.is_empty());
    Ok(list.with_context(|| format!("no list `{name}`"))?)
}

fn greatest(rows: &[Value], column: &str) -> Result<f64> {
    rows.iter().try_fold(0.0, |most: f64, row| {
        let value = row[column].as_f64();
        Ok(most.max(value.with_context(|| format!("no number `{column}`"))?))
    })
}
