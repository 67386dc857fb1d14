//! Where the repository is, how it is built, and where measurements are kept.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// Variables that change what cargo builds; a measured build is a plain one.
const BUILD_VARIABLES: [&str; 4] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_PROFILE_RELEASE_LTO",
];

/// The checkout that this program was built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    building: Cell<Duration>,
}

impl Workspace {
    /// The repository two levels above this package's manifest.
    pub(crate) fn locate() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .parent()
            .context("the xtask package has no folder above it")?
            .to_path_buf();
        ensure!(
            root.join("Cargo.toml").exists(),
            "no workspace at {}; was the checkout moved? build xtask again",
            root.display()
        );
        Ok(Self {
            root,
            building: Cell::default(),
        })
    }

    /// The repository's root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where evidence, its runs and the peers' results are kept; git ignores it.
    pub(crate) fn evidence(&self) -> PathBuf {
        self.root.join("target/evidence")
    }

    /// A cargo command in the root folder, without flags from outside.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root);
        for variable in BUILD_VARIABLES {
            command.env_remove(variable);
        }
        command
    }

    /// How long this program has spent in building so far.
    pub(crate) fn time_building(&self) -> Duration {
        self.building.get()
    }

    /// Builds one binary or example with the plain release profile and gives its path.
    pub(crate) fn build(&self, target: &[&str]) -> Result<PathBuf> {
        eprintln!("building {}", target.join(" "));
        let started = Instant::now();
        let output = self
            .cargo()
            .args(["build", "--release", "--quiet", "--message-format=json"])
            .args(target)
            .stderr(Stdio::inherit())
            .output()
            .context("cargo could not be started")?;
        self.building.set(self.building.get() + started.elapsed());
        ensure!(
            output.status.success(),
            "cargo build --release {} failed",
            target.join(" ")
        );
        let messages = String::from_utf8_lossy(&output.stdout);
        match messages.lines().rev().find_map(executable_of) {
            Some(path) => Ok(path),
            None => bail!(
                "cargo build --release {} named no executable",
                target.join(" ")
            ),
        }
    }

    /// What git prints, trimmed.
    pub(crate) fn git(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("git")
            .current_dir(&self.root)
            .args(arguments)
            .output()
            .context("git could not be started")?;
        ensure!(
            output.status.success(),
            "git {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The commit that is checked out, and whether the working tree differs from it.
    pub(crate) fn commit(&self) -> Result<Commit> {
        Ok(Commit {
            id: self.git(&["rev-parse", "HEAD"])?,
            dirty: !self.git(&["status", "--porcelain"])?.is_empty(),
        })
    }
}

/// What the measured code is.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// The full hash.
    pub(crate) id: String,
    /// Whether files differ from that commit.
    pub(crate) dirty: bool,
}

/// The executable that one of cargo's JSON messages announces.
fn executable_of(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    (message["reason"] == "compiler-artifact")
        .then(|| message["executable"].as_str().map(PathBuf::from))?
}
