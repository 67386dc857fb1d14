//! The verdict's own error: how often it accuses the honest and misses the gamed.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

const RUNS: u64 = 1_000;
const ALARMS: u64 = 4;
const MISSED_SHARE: f64 = 0.05;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "audit-error",
    title: "alarms on honest runs and misses of gamed ones",
    target: "of 1,000 honest runs at most 4 alarms; of 1,000 gamed ones at most 5% missed with full intent",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "audit", "--example", "audit_error"])?;
    let printed =
        process::json(Command::new(binary).args(["--threads", &context.threads.to_string()]))?.json;
    let count = |group: &str, name: &str| count(&printed, group, name);
    let (honest, gamed) = (count("honest", "runs")?, count("gamed", "runs")?);
    let (alarms, missed) = (count("honest", "alarms")?, count("gamed", "missed")?);
    record.seeds(honest.max(gamed));
    record.size("honest runs", honest);
    record.size("gamed runs", gamed);
    record.note("an alarm is any look, after any checkpoint, that said gamed or overoptimised");
    tables(record, &printed);
    record.check(
        "at least 1,000 honest and 1,000 gamed runs",
        format!("{honest} and {gamed}"),
        RUNS <= honest && RUNS <= gamed,
    );
    record.check(
        "at most 4 alarms per 1,000 honest runs",
        alarms.to_string(),
        alarms * RUNS <= ALARMS * honest,
    );
    let share = missed as f64 / gamed as f64;
    record.check(
        "at most 5% of the gamed runs are missed",
        format!("{missed} of {gamed}, {:.1}%", 100.0 * share),
        share <= MISSED_SHARE,
    );
    Ok(())
}

fn count(printed: &Value, group: &str, name: &str) -> Result<u64> {
    printed[group][name]
        .as_u64()
        .with_context(|| format!("audit_error printed no `{group}.{name}`"))
}

/// Everything that the benchmark printed, group by group.
fn tables(record: &mut Record, printed: &Value) {
    for (group, values) in printed.as_object().into_iter().flatten() {
        let mut table = Table::new(group.clone(), &["measure", "value"]);
        flatten("", values, &mut table);
        record.table(table);
    }
}

fn flatten(path: &str, value: &Value, table: &mut Table) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, inner, table);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), inner, table);
            }
        }
        leaf => table.row([
            Value::from(if path.is_empty() { "value" } else { path }),
            leaf.clone(),
        ]),
    }
}
