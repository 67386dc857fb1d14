//! The peers that we are measured against: their virtual environment and their scripts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// Names an existing virtual environment to use instead of the one under `target/peers`.
const ENVIRONMENT_VARIABLE: &str = "REWARDLAB_PEERS_VENV";

/// Variables that would hold the peers' numeric libraries back; the peers run at their best.
const HANDICAPS: [&str; 6] = [
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "ATEN_CPU_CAPABILITY",
];

/// Makes the virtual environment of `peers/requirements.txt` and `peers/requirements-alone.txt`, or checks the one that the variable names.
pub(crate) fn install(workspace: &Workspace) -> Result<Outcome> {
    let folder = folder(workspace);
    let python = interpreter(&folder);
    if !python.exists() {
        ensure!(
            std::env::var_os(ENVIRONMENT_VARIABLE).is_none(),
            "{ENVIRONMENT_VARIABLE} names {}, which holds no Python; unset it to make one under target/peers",
            folder.display()
        );
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let peers = workspace.root().join("peers");
    pip_install(&python, &peers.join("requirements.txt"), &[])?;
    pip_install(
        &python,
        &peers.join("requirements-alone.txt"),
        &["--no-deps"],
    )?;
    eprintln!("the peers are installed in {}", folder.display());
    Ok(Outcome::Passed)
}

fn pip_install(python: &Path, requirements: &Path, options: &[&str]) -> Result<()> {
    let arguments = ["-m", "pip", "install", "--quiet"];
    succeed(
        Command::new(python)
            .args(arguments)
            .args(options)
            .arg("--requirement")
            .arg(requirements),
    )
}

/// Runs one of the scripts in `peers/` and reads the JSON object that it prints.
pub(crate) fn script(workspace: &Workspace, name: &str, arguments: &[&str]) -> Result<Value> {
    let python = interpreter(&folder(workspace));
    ensure!(
        python.exists(),
        "no Python at {}; `cargo xtask peers` installs the peers",
        python.display()
    );
    eprintln!("running peers/{name} {}", arguments.join(" "));
    let mut command = Command::new(python);
    command
        .current_dir(workspace.root())
        .arg(Path::new("peers").join(name))
        .args(arguments);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    for variable in HANDICAPS {
        command.env_remove(variable);
    }
    Ok(process::json(&mut command)?.json)
}

/// The versions that a script reported, in a line.
pub(crate) fn versions(json: &Value) -> String {
    let Some(versions) = json["versions"].as_object() else {
        return "versions unknown".to_owned();
    };
    let pairs = versions
        .iter()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("?")));
    pairs.collect::<Vec<_>>().join(", ")
}

fn folder(workspace: &Workspace) -> PathBuf {
    std::env::var_os(ENVIRONMENT_VARIABLE)
        .map_or_else(|| workspace.root().join("target/peers"), PathBuf::from)
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

fn succeed(command: &mut Command) -> Result<()> {
    let line = process::describe(command);
    let status = command
        .status()
        .with_context(|| format!("could not start {line}"))?;
    ensure!(status.success(), "{line} failed with {status}");
    Ok(())
}
