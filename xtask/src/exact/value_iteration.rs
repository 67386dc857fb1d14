//! A gridworld of 1,000,000 states solved, and plain sweeps against the memory's bandwidth.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;

const STATES: u64 = 1_000_000;
const ACTIONS: u64 = 5;
const SECONDS: f64 = 10.0;
const ERROR: f64 = 1e-6;
const SHARE: f64 = 0.5;
const PROBLEMS: [&str; 2] = ["goal", "endless"];

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "value-iteration",
    title: "a gridworld of 1,000,000 states solved, and plain sweeps against the memory's bandwidth",
    target: "1,000,000-state, 5-action gridworld, slip 0.1, discount 0.99, error of V at most 1e-6 in the supremum norm: under 10 s by any method; plain sweeps beside it at 50% or more of the memory bandwidth that a triad reaches in the same run",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary =
        context
            .workspace
            .build(&["--package", "mdp", "--example", "value_iteration_speed"])?;
    eprintln!("running value_iteration_speed");
    let threads = context.threads.to_string();
    let printed = process::json(Command::new(binary).args(["--threads", &threads]))?.json;
    record.seeds(1);
    for size in ["states", "actions", "slip", "discount", "walled", "threads"] {
        record.size(size, &printed[size]);
    }
    record.note("the walls and what the cells pay are random; `goal`: each step costs 1, the goal in the middle ends the episode and pays 100; `endless`: each cell pays its own amount from 0 to 1 and nothing ends");
    record.note("`error` is the bound that the solver proved; `checked_error` is the residual of the same values by a backup written out in the benchmark, over 1 - discount, which also bounds it");
    record.note("solve_seconds: one thread, from the MDP and its expected rewards to values, action values and policy, the copy that sweeps read included; build_seconds: listing the MDP before that");
    record.check(
        "the gridworld has 1,000,000 states and 5 actions",
        format!("{} and {}", printed["states"], printed["actions"]),
        printed["states"] == STATES && printed["actions"] == ACTIONS,
    );
    solutions(record, &printed["problems"])?;
    bandwidth(record, &printed["bandwidth"])
}

fn solutions(record: &mut Record, problems: &Value) -> Result<()> {
    let problems = problems.as_array().context("no `problems`")?;
    let names: Vec<&Value> = problems.iter().map(|problem| &problem["problem"]).collect();
    record.check(
        "two problems are solved, `goal` and `endless`",
        json!(names).to_string(),
        names == PROBLEMS,
    );
    let columns = [
        "problem",
        "transitions",
        "build_seconds",
        "solve_seconds",
        "sweeps",
        "error",
        "checked_error",
        "least_value",
        "greatest_value",
    ];
    let mut table = Table::new("solved", &columns);
    for problem in problems {
        table.row(columns.map(|column| problem[column].clone()));
    }
    record.table(table);
    let greatest = |column: &str| -> Result<f64> {
        let mut greatest = f64::NEG_INFINITY;
        for problem in problems {
            let number = problem[column].as_f64();
            greatest =
                greatest.max(number.with_context(|| format!("a problem without `{column}`"))?);
        }
        Ok(greatest)
    };
    let seconds = greatest("solve_seconds")?;
    record.check(
        "each is solved in under 10 s",
        format!("{seconds:.2} s for the slower"),
        seconds < SECONDS,
    );
    for column in ["error", "checked_error"] {
        let error = greatest(column)?;
        record.check(
            format!("`{column}` of both is at most 1e-6"),
            format!("{error:.2e}"),
            error <= ERROR,
        );
    }
    Ok(())
}

fn bandwidth(record: &mut Record, printed: &Value) -> Result<()> {
    let bytes = |name: &str| {
        let number = printed[name].as_f64();
        number.with_context(|| format!("no `{name}`"))
    };
    let (sweep, triad) = (
        seconds(&printed["sweep_seconds"])?,
        seconds(&printed["triad_seconds"])?,
    );
    let mut table = Table::new(
        "bandwidth",
        &["repetition", "sweep_seconds", "triad_seconds"],
    );
    for (repetition, (sweep, triad)) in sweep.iter().zip(&triad).enumerate() {
        table.row([json!(repetition), json!(sweep), json!(triad)]);
    }
    record.table(table);
    let sweep_rate = bytes("sweep_bytes")? / median(&sweep);
    let triad_rate = bytes("triad_bytes")? / median(&triad);
    record.note(format!(
        "a sweep backs up all states and actions; it reads {:.0} MB (discounted probabilities, successors, where rows begin, expected rewards, old values) and writes the new values: {:.1} GB/s at the median",
        bytes("sweep_bytes")? / 1e6,
        sweep_rate / 1e9
    ));
    record.note(format!(
        "the triad a = b + s c moves {:.0} MB, counted as two arrays read and one written: {:.1} GB/s at the median; with the array that is written read into the cache first, as the hardware does, {:.1} GB/s, and the sweeps' share of that is {:.0}%",
        bytes("triad_bytes")? / 1e6,
        triad_rate / 1e9,
        4.0 / 3.0 * triad_rate / 1e9,
        75.0 * sweep_rate / triad_rate
    ));
    record.check(
        "plain sweeps reach 50% or more of the triad's bandwidth",
        format!("{:.0}%", 100.0 * sweep_rate / triad_rate),
        SHARE <= sweep_rate / triad_rate,
    );
    Ok(())
}

/// Every number of a list.
fn seconds(list: &Value) -> Result<Vec<f64>> {
    let list = list
        .as_array()
        .context("the benchmark printed no seconds")?;
    list.iter()
        .map(|number| number.as_f64().context("seconds that are no number"))
        .collect()
}
