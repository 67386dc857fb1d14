//! The value of a task that never ends is right although every episode is cut: truncation bootstraps.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// The sum of 0.98^t over all t.
const EXACT_VALUE: f64 = 50.0;
const TOLERANCE: f64 = 1.0;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "infinite-horizon",
    title: "the value of a constant reward under a time limit",
    target: "constant reward 1, discount 0.98, time limit 8: value within 1 of 50, and a negative control that fails without bootstrapping",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.size("reward", 1);
    record.size("discount", 0.98);
    record.size("time limit", 8);
    let target = ["--package", "rl", "--example", "infinite_horizon"];
    let binary = context.workspace.build(&target)?;
    let printed = process::json(&mut Command::new(binary))?.json;
    let learned = values(&printed, "value")?;
    let control = values(&printed, "value_without_bootstrapping")?;
    ensure!(
        learned.len() == control.len(),
        "the example's two lists differ in length"
    );
    record.seeds(learned.len() as u64);

    let mut table = Table::new(
        format!("value of the first observation, exactly {EXACT_VALUE}"),
        &["seed", "learned", "learned_without_bootstrapping"],
    );
    for (seed, (value, without)) in learned.iter().zip(&control).enumerate() {
        table.row([json!(seed), json!(value), json!(without)]);
    }
    record.table(table);
    let error = |value: &f64| (value - EXACT_VALUE).abs();
    let farthest = learned.iter().map(error).fold(0.0, f64::max);
    record.check(
        "the value is within 1 of 50 with every seed",
        format!("at most {farthest:.3} off"),
        farthest <= TOLERANCE,
    );
    let nearest = control.iter().map(error).fold(f64::INFINITY, f64::min);
    record.check(
        "without bootstrapping at the time limit no seed comes within 1 of 50",
        format!("at least {nearest:.3} off"),
        TOLERANCE < nearest,
    );
    Ok(())
}

/// One number a seed.
fn values(printed: &Value, name: &str) -> Result<Vec<f64>> {
    let list = printed[name].as_array().filter(|list| !list.is_empty());
    let list = list.with_context(|| format!("the example printed no list `{name}`"))?;
    list.iter()
        .map(|value| {
            value
                .as_f64()
                .with_context(|| format!("`{name}` holds {value}"))
        })
        .collect()
}
