//! The time of `check` on 10,000 states.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::random::Draws;
use crate::record::Record;
use crate::table::Table;

const SEEDS: u64 = 3;
const N_STATES: usize = 10_000;
const N_ACTIONS: usize = 5;
const MOST_SUCCESSORS: u64 = 8;
const LIMIT_SECONDS: f64 = 10.0;

/// Parts of the analysis without which the figure would be of something else.
const PARTS: [&str; 3] = ["equivalence", "hackability", "gap"];

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "check-time",
    title: "the time of `check` on 10,000 states",
    target: "`check` on 10,000 states, 5 actions, at most 8 successors, discount 0.99: under 10 s, with equivalence (sparse least squares), hackability and the gap",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "rewardlab", "--bin", "rewardlab"])?;
    record.seeds(SEEDS);
    record.size("states", N_STATES);
    record.size("actions", N_ACTIONS);
    record.size("successors", format!("1 to {MOST_SUCCESSORS}, drawn alike"));
    record.size("discount", 0.99);
    record.size(
        "rewards",
        "reward and intent, normal, independent of each other; one value a transition",
    );
    record.note("the whole command as a user types it: reading the JSON file, every part of the analysis, and printing all of it as JSON");
    let mut parts = Table::new(
        "seconds of each part, as the command reports them",
        &["seed", "part", "seconds"],
    );
    let mut runs = Table::new(
        "runs",
        &[
            "seed",
            "transitions",
            "wall_clock_seconds",
            "verdict",
            "relation",
            "stochastic",
            "deterministic",
            "loss_share",
            "gap_share",
        ],
    );
    let mut slowest = 0.0_f64;
    let mut is_whole = true;
    for seed in 0..SEEDS {
        let path = context.scratch.join(format!("mdp-{seed}.json"));
        let n_transitions = write_mdp(&path, seed).context("could not write the MDP")?;
        let mut command = Command::new(&binary);
        command.arg("check").arg(&path).arg("--json");
        let started = Instant::now();
        let printed = process::json(&mut command)?.json;
        let seconds = started.elapsed().as_secs_f64();
        std::fs::remove_file(&path).context("could not remove the MDP")?;
        slowest = slowest.max(seconds);
        is_whole &= is_complete(&printed);
        for (part, took) in printed["seconds"]
            .as_object()
            .context("the check printed no `seconds`")?
        {
            parts.row([json!(seed), json!(part), took.clone()]);
        }
        runs.row(line(seed, n_transitions, seconds, &printed));
    }
    record.table(runs);
    record.table(parts);
    record.check(
        format!("every check takes under {LIMIT_SECONDS} s, wall-clock"),
        format!("{slowest:.2} s at most"),
        slowest < LIMIT_SECONDS,
    );
    record.check(
        "every check is exact, of the whole size, with equivalence, hackability and the gap solved to the end",
        if is_whole { "so in all" } else { "not so in all" },
        is_whole,
    );
    Ok(())
}

/// Whether the object is of an exact check of the whole size, with an answer in every part that counts.
fn is_complete(printed: &Value) -> bool {
    let (size, evidence) = (&printed["size"], &printed["evidence"]);
    let has_parts = PARTS
        .iter()
        .all(|part| evidence[*part].is_object() && printed["seconds"][*part].is_number());
    size["states"] == N_STATES
        && size["reachable"] == N_STATES
        && size["actions"] == N_ACTIONS
        && printed["discount"] == 0.99
        && has_parts
        && evidence["gap"]["stop"] == "converged"
        && evidence["optimum"]["loss"]["stop"] == "converged"
        && evidence["hackability"]["stochastic"]["verdict"] == "hackable"
        && evidence["equivalence"]["relation"] == "different"
}

fn line(seed: u64, n_transitions: usize, seconds: f64, printed: &Value) -> [Value; 9] {
    let evidence = &printed["evidence"];
    [
        json!(seed),
        json!(n_transitions),
        json!(seconds),
        printed["verdict"].clone(),
        evidence["equivalence"]["relation"].clone(),
        evidence["hackability"]["stochastic"]["verdict"].clone(),
        evidence["hackability"]["deterministic"]["verdict"].clone(),
        evidence["optimum"]["loss"]["share"].clone(),
        evidence["gap"]["share"].clone(),
    ]
}

/// Writes a random MDP with two rewards in the format of docs/mdp-files.md; gives the number of its transitions. Every
/// state can be reached: one successor of its first action is the next state.
fn write_mdp(path: &Path, seed: u64) -> Result<usize> {
    let mut draws = Draws::new(seed);
    let mut out = BufWriter::new(File::create(path)?);
    write!(
        out,
        "{{\"format\":\"rewardlab-mdp\",\"version\":1,\"states\":{N_STATES},\"actions\":{N_ACTIONS},\"discount\":0.99,\"start\":0,\"transitions\":["
    )?;
    let mut n_transitions = 0;
    for pair in 0..N_STATES * N_ACTIONS {
        let (state, action) = (pair / N_ACTIONS, pair % N_ACTIONS);
        let mut successors = vec![];
        if action == 0 {
            successors.push((state + 1) % N_STATES);
        }
        let n_successors = 1 + draws.below(MOST_SUCCESSORS) as usize;
        while successors.len() < n_successors {
            let next_state = draws.below(N_STATES as u64) as usize;
            if !successors.contains(&next_state) {
                successors.push(next_state);
            }
        }
        // Whole numbers over their sum: probabilities that add up to 1 but for rounding.
        let weights: Vec<f64> = successors
            .iter()
            .map(|_| (1 + draws.below(1000)) as f64)
            .collect();
        let total: f64 = weights.iter().sum();
        for (next_state, weight) in successors.iter().zip(weights) {
            let separator = if n_transitions > 0 { "," } else { "" };
            write!(
                out,
                "{separator}[{state},{action},{next_state},{}]",
                weight / total
            )?;
            n_transitions += 1;
        }
    }
    write!(out, "],\"rewards\":{{")?;
    for (index, name) in ["reward", "intent"].iter().enumerate() {
        let separator = if index > 0 { "," } else { "" };
        write!(out, "{separator}\"{name}\":{{\"transitions\":[")?;
        for transition in 0..n_transitions {
            let separator = if transition > 0 { "," } else { "" };
            write!(out, "{separator}{}", draws.normal())?;
        }
        write!(out, "]}}")?;
    }
    write!(out, "}}}}")?;
    out.flush()?;
    Ok(n_transitions)
}
