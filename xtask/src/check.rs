//! What must hold before a commit, cheapest first.

use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::Outcome;
use crate::workspace::Workspace;

/// One step: a name and the arguments of cargo.
const STEPS: [(&str, &[&str]); 5] = [
    ("formatting", &["fmt", "--all", "--", "--check"]),
    ("repository", &["test", "--quiet", "--package", "xtask"]),
    (
        "lints",
        &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
    ),
    (
        "documentation",
        &["doc", "--quiet", "--workspace", "--no-deps"],
    ),
    ("tests", &["test", "--quiet", "--workspace"]),
];

/// Runs every step and stops at the first that fails.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    for (name, arguments) in STEPS {
        eprintln!("== {name}: cargo {}", arguments.join(" "));
        let started = Instant::now();
        let status = workspace
            .cargo()
            .args(arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            .status()
            .context("cargo could not be started")?;
        eprintln!(
            "== {name}: {} in {:.0} s",
            if status.success() { "holds" } else { "FAILED" },
            started.elapsed().as_secs_f64()
        );
        if !status.success() {
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Passed)
}
