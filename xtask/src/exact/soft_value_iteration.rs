//! Soft value iteration beside the NumPy version in `imitation`.

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

/// Rounds in which ours and the peer take turns.
const ROUNDS: usize = 3;
const SPEEDUP: f64 = 30.0;
/// How far the two answers may be apart.
const APART: f64 = 1e-9;
const SIZES: [(&str, u64); 4] = [
    ("states", 1000),
    ("actions", 4),
    ("successors", 4),
    ("horizon", 50),
];

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "soft-value-iteration",
    title: "soft value iteration beside the NumPy version in imitation",
    target: "1,000 states, 4 actions, 4 successors, horizon 50: at least 30 times the NumPy version in `imitation` in one run; dense transitions beside it",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(1);
    record.size("rounds", ROUNDS);
    let binary = context.workspace.build(&[
        "--package",
        "mdp",
        "--example",
        "soft_value_iteration_speed",
    ])?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ours = ours(&binary, &context.scratch)?;
        let theirs = theirs(context, &ours)?;
        rounds.push((ours, theirs));
    }
    let (ours, theirs) = &rounds[0];
    for (size, expected) in SIZES {
        record.size(size, &ours[size]);
        record.check(
            format!("{size}: {expected}"),
            ours[size].to_string(),
            ours[size] == expected,
        );
    }
    record.size("discount", &ours["discount"]);
    record.note(format!("peer: {}", peers::versions(theirs)));
    record.note("the peer is imitation.algorithms.mce_irl.mce_partition_fh itself, which takes transitions as a dense array, with as many threads as NumPy takes; ours runs on one thread");
    record.note("both give the values of every step and the probabilities of every action; rewards are of states, for the peer takes no others; ours and the peer take turns, and each number below is the median of a round's repetitions");
    record.note("`ours_dense` is our function given all 1,000 states as successors of each row, zeros stored");
    compare(record, &rounds)
}

fn ours(binary: &Path, folder: &Path) -> Result<Value> {
    eprintln!("running soft_value_iteration_speed");
    Ok(process::json(Command::new(binary).arg(folder))?.json)
}

fn theirs(context: &Context<'_>, ours: &Value) -> Result<Value> {
    let folder = context.scratch.display().to_string();
    let mut arguments = vec![folder];
    for size in ["states", "actions", "successors", "horizon", "discount"] {
        arguments.push(format!("--{size}"));
        arguments.push(ours[size].to_string());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    peers::script(
        context.workspace,
        "imitation_soft_value_iteration.py",
        &arguments,
    )
}

fn compare(record: &mut Record, rounds: &[(Value, Value)]) -> Result<()> {
    let mut table = Table::new(
        "milliseconds",
        &["round", "ours", "ours_dense", "imitation", "times_as_fast"],
    );
    let (mut ours, mut dense, mut theirs) = (vec![], vec![], vec![]);
    let mut apart = 0.0_f64;
    for (round, (our, their)) in rounds.iter().enumerate() {
        ours.push(median(&numbers(our, "sparse_seconds")?));
        dense.push(median(&numbers(our, "dense_seconds")?));
        theirs.push(median(&numbers(their, "seconds")?));
        let values = numbers(their, "values")?;
        for own in ["values", "dense_values"] {
            apart = greater(apart, distance(&numbers(our, own)?, &values));
        }
        table.row([
            json!(round),
            json!(1e3 * ours[round]),
            json!(1e3 * dense[round]),
            json!(1e3 * theirs[round]),
            json!(theirs[round] / ours[round]),
        ]);
    }
    record.table(table);
    record.note(format!(
        "on dense transitions ours takes {:.1} ms, {:.2} times the peer's speed",
        1e3 * median(&dense),
        median(&theirs) / median(&dense)
    ));
    limit(record, rounds)?;
    record.check(
        "the values before the first step are the peer's to 1e-9",
        format!("{apart:.1e}"),
        apart <= APART,
    );
    let speedup = median(&theirs) / median(&ours);
    record.check(
        "at least 30 times as fast as the NumPy version",
        format!("{speedup:.1}"),
        SPEEDUP <= speedup,
    );
    Ok(())
}

/// What the work consists of, measured apart, and the share of it in the whole.
fn limit(record: &mut Record, rounds: &[(Value, Value)]) -> Result<()> {
    let over_rounds = |name: &str| -> Result<f64> {
        let medians = rounds
            .iter()
            .map(|(ours, _)| Ok(median(&numbers(ours, name)?)));
        Ok(median(&medians.collect::<Result<Vec<f64>>>()?))
    };
    let (products, exponentials) = (
        over_rounds("products_seconds")?,
        over_rounds("exponentials_seconds")?,
    );
    let whole = over_rounds("sparse_seconds")?;
    record.note(format!(
        "limit: the products with the transitions alone take {:.2} ms, as many exponentials by the system's library {:.2} ms; together {:.0}% of the {:.2} ms that the whole takes",
        1e3 * products,
        1e3 * exponentials,
        100.0 * (products + exponentials) / whole,
        1e3 * whole
    ));
    Ok(())
}

fn numbers(json: &Value, name: &str) -> Result<Vec<f64>> {
    let list = json[name]
        .as_array()
        .with_context(|| format!("no `{name}`"))?;
    list.iter()
        .map(|number| {
            number
                .as_f64()
                .with_context(|| format!("`{name}` holds no numbers"))
        })
        .collect()
}

/// The greater of two numbers; NaN if one of them is.
fn greater(a: f64, b: f64) -> f64 {
    if a.is_nan() || b <= a { a } else { b }
}

/// The greatest difference; infinite where the lengths differ, NaN where one is no number.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, greater)
}
