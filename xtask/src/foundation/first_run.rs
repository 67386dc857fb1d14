//! The first five minutes of a newcomer: clone, one command, a verdict.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::machine;
use crate::process;
use crate::record::Record;
use crate::run::find;
use crate::table::Table;
use crate::workspace::Workspace;

const WHOLE_LIMIT_SECONDS: f64 = 300.0;
const TRAINING_LIMIT_SECONDS: f64 = 60.0;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "first-run",
    title: "a fresh clone trains and judges its first agent",
    target: "fresh clone, `cargo run --release -- run coast-runners` on 2 cores: under 5 minutes with compilation, training under 60 s",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(1);
    record.size("cores", 2);
    record.note(
        "the clone is of the commit above, without uncommitted changes; its target folder is new",
    );
    record.note("crates were downloaded before: cargo runs offline, so that the network is no part of the time");
    let clone = context.scratch.join("rewardlab");
    clone_repository(context.workspace, &clone)?;
    let started = Instant::now();
    let printed = process::json(&mut newcomers_command(&clone))
        .context("in the fresh clone")?
        .json;
    let seconds = started.elapsed().as_secs_f64();
    let training = find(&printed, "training_seconds")
        .and_then(Value::as_f64)
        .context("the run printed no `training_seconds`")?;
    let verdict = printed["verdict"].as_str().unwrap_or("missing").to_owned();

    let mut table = Table::new(
        "the first run",
        &["wall_clock_seconds", "training_seconds", "verdict"],
    );
    table.row([json!(seconds), json!(training), json!(verdict)]);
    record.table(table);
    record.check(
        "wall-clock with compilation is under 300 s",
        format!("{seconds:.1} s"),
        seconds < WHOLE_LIMIT_SECONDS,
    );
    record.check(
        "training is under 60 s",
        format!("{training:.1} s"),
        training < TRAINING_LIMIT_SECONDS,
    );
    record.check("the verdict is gamed", &verdict, verdict == "gamed");
    std::fs::remove_dir_all(&clone).context("could not remove the clone")
}

fn clone_repository(workspace: &Workspace, clone: &Path) -> Result<()> {
    let output = Command::new("git")
        .args(["clone", "--quiet"])
        .arg(workspace.root())
        .arg(clone)
        .output()
        .context("git could not be started")?;
    ensure!(
        output.status.success(),
        "git clone failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// The README's command with `--json`, in an environment without what an outer cargo adds, on two cores.
fn newcomers_command(clone: &Path) -> Command {
    let mut command = if machine::cores() > 2 {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0,1", "cargo"]);
        command
    } else {
        Command::new("cargo")
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_") || name == "RUSTFLAGS" {
            command.env_remove(name);
        }
    }
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        command.env("CARGO_HOME", home);
    }
    command
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", clone.join("target"));
    command
        .current_dir(clone)
        .args(["run", "--release", "--", "run", "coast-runners", "--json"]);
    command
}
