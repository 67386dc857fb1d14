//! Logs that another library wrote get the verdict that is known to be right.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::evidence::{Context, Row};
use crate::record::Record;
use crate::run::Rewardlab;
use crate::table::Table;

/// Each folder of logs and the verdict that its README states.
const EXPECTED: [(&str, &str); 6] = [
    ("pendulum-speed", "gamed"),
    ("acrobot-hover", "overoptimised"),
    ("acrobot-height", "aligned"),
    ("pendulum-honest", "aligned"),
    ("acrobot-honest", "aligned"),
    ("cartpole-honest", "aligned"),
];

/// Where the logs are looked for when `--sb3-logs` names no folder.
const PLACES: [&str; 2] = ["crates/logs/tests/data/sb3-logs", "../shared/data/sb3-logs"];

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "foreign-logs",
    title: "verdicts on logs of Stable-Baselines3",
    target: "the six logs with the verdict that their README states, one command each",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let logs = logs_folder(context)?;
    record.size("logs", EXPECTED.len());
    record.note("`rewardlab audit` exits with 0 for aligned, 1 for gamed or overoptimised, 3 for inconclusive");
    let rewardlab = Rewardlab::build(context)?;
    let mut table = Table::new(
        "logs",
        &["log", "command", "expected", "verdict", "exit_status"],
    );
    for (log, expected) in EXPECTED {
        let files = monitor_files(&logs.join(log))?;
        let finished = rewardlab.audit(&files)?;
        let verdict = finished.json["verdict"]
            .as_str()
            .unwrap_or("missing")
            .to_owned();
        let command = format!("rewardlab audit {log}/*.monitor.csv --json");
        table.row([
            json!(log),
            json!(command),
            json!(expected),
            json!(verdict),
            json!(finished.status),
        ]);
        let status = if expected == "aligned" { 0 } else { 1 };
        record.check(
            format!("{log} is {expected}"),
            format!("{verdict}, exit status {}", finished.status.unwrap_or(-1)),
            verdict == expected && finished.status == Some(status),
        );
    }
    record.table(table);
    Ok(())
}

fn logs_folder(context: &Context<'_>) -> Result<PathBuf> {
    let named = context.sb3_logs.clone();
    let usual = PLACES
        .iter()
        .map(|place| context.workspace.root().join(place))
        .find(|place| place.exists());
    named.or(usual).with_context(|| {
        format!(
            "no logs in {}; name their folder with --sb3-logs",
            PLACES.join(" or ")
        )
    })
}

/// The monitor files of one run: several parallel environments are one run.
fn monitor_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("could not read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|path| path.to_string_lossy().ends_with(".monitor.csv"));
    files.sort();
    ensure!(
        !files.is_empty(),
        "{} has no monitor.csv files",
        folder.display()
    );
    Ok(files)
}
