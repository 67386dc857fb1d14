//! The value of a task that never ends is right although every episode is cut: truncation bootstraps.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::run::find;
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
    record.seeds(1);
    record.size("reward", 1);
    record.size("discount", 0.98);
    record.size("time limit", 8);
    let binary = context
        .workspace
        .build(&["--package", "rl", "--example", "infinite_horizon"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    let number = |name: &str| {
        find(&printed, name)
            .and_then(Value::as_f64)
            .with_context(|| format!("the example printed no `{name}`"))
    };
    let value = number("value")?;
    let control = number("value_without_bootstrapping")?;

    let mut table = Table::new(
        "value of the first observation",
        &["exact", "learned", "learned_without_bootstrapping"],
    );
    table.row([json!(EXACT_VALUE), json!(value), json!(control)]);
    record.table(table);
    record.check(
        "the value is within 1 of 50",
        format!("{value:.3}"),
        (value - EXACT_VALUE).abs() <= TOLERANCE,
    );
    record.check(
        "without bootstrapping at the time limit the same learner is further off than 1",
        format!("{control:.3}"),
        TOLERANCE < (control - EXACT_VALUE).abs(),
    );
    Ok(())
}
