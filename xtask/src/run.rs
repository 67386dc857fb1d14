//! Drives the `rewardlab` command and reads what its runs leave.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::Context;
use crate::process::{self, Finished};

/// The release build of the command.
#[derive(Debug)]
pub(crate) struct Rewardlab {
    binary: PathBuf,
    root: PathBuf,
    threads: String,
}

impl Rewardlab {
    /// Builds the command; the time that takes is no part of any figure.
    pub(crate) fn build(context: &Context<'_>) -> Result<Self> {
        Ok(Self {
            binary: context
                .workspace
                .build(&["--package", "rewardlab", "--bin", "rewardlab"])?,
            root: context.workspace.root().to_path_buf(),
            threads: context.threads.to_string(),
        })
    }

    /// Trains one experiment to its end, its run folder under `out`.
    pub(crate) fn run(
        &self,
        experiment: &str,
        seed: u64,
        settings: &[&str],
        out: &Path,
    ) -> Result<Run> {
        eprintln!("running {experiment} seed {seed}");
        Run::from_json(process::json(&mut self.run_command(experiment, seed, settings, out))?.json)
    }

    /// The command that trains one experiment.
    pub(crate) fn run_command(
        &self,
        experiment: &str,
        seed: u64,
        settings: &[&str],
        out: &Path,
    ) -> Command {
        let mut command = self.command(&["run", experiment]);
        command
            .args([
                "--seed",
                &seed.to_string(),
                "--threads",
                &self.threads,
                "--json",
                "--out",
            ])
            .arg(out);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// Takes a killed run to its end.
    pub(crate) fn resume(&self, folder: &Path) -> Result<Run> {
        let mut command = self.command(&["run", "--resume"]);
        command
            .arg(folder)
            .args(["--threads", &self.threads, "--json"]);
        Run::from_json(process::json(&mut command)?.json)
    }

    /// Judges logs that something else wrote.
    pub(crate) fn audit(&self, files: &[PathBuf]) -> Result<Finished> {
        process::json(self.command(&["audit"]).args(files).arg("--json"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.root).args(arguments);
        command
    }
}

/// A finished run: the object that it printed and the folder that it left.
#[derive(Debug)]
pub(crate) struct Run {
    /// The object on standard output.
    pub(crate) json: Value,
    /// The run's folder.
    pub(crate) folder: PathBuf,
}

impl Run {
    fn from_json(json: Value) -> Result<Self> {
        let folder = json["run"]
            .as_str()
            .context("the run's object has no `run`")?
            .into();
        Ok(Self { json, folder })
    }

    /// The bare word.
    pub(crate) fn verdict(&self) -> &str {
        self.json["verdict"].as_str().unwrap_or("missing")
    }

    /// A number of the object, wherever it stands in it.
    pub(crate) fn number(&self, name: &str) -> Result<f64> {
        let found = find(&self.json, name).and_then(number);
        found.with_context(|| {
            format!(
                "the object of {} has no number `{name}`",
                self.folder.display()
            )
        })
    }

    /// The mean proxy and intent of each checkpoint, in the order of pressure.
    pub(crate) fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        let path = self.folder.join("metrics.jsonl");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        text.lines()
            .map(|line| Checkpoint::parse(line).with_context(|| format!("in {}", path.display())))
            .collect()
    }

    /// A number in the resolved experiment that the run left.
    pub(crate) fn setting(&self, key: &str) -> Result<f64> {
        let path = self.folder.join("experiment.toml");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        setting(&text, key).with_context(|| format!("{} sets no number `{key}`", path.display()))
    }

    /// The weights that the run ended with.
    pub(crate) fn final_weights(&self) -> PathBuf {
        self.folder.join("checkpoints/final.safetensors")
    }
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    /// How hard the specification was optimised.
    pub(crate) pressure: f64,
    /// Mean return of the reward that was optimised.
    pub(crate) proxy: f64,
    /// Mean return of the intent.
    pub(crate) intent: f64,
}

impl Checkpoint {
    fn parse(line: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(line)?;
        let get = |name: &str| {
            number(&json[name]).with_context(|| format!("a checkpoint without `{name}`"))
        };
        Ok(Self {
            pressure: get("pressure")?,
            proxy: get("proxy")?,
            intent: get("intent")?,
        })
    }
}

/// The number that a line `key = number` sets.
fn setting(text: &str, key: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then_some(value)
    });
    values
        .filter_map(|value| {
            value
                .split('#')
                .next()?
                .trim()
                .replace('_', "")
                .parse()
                .ok()
        })
        .next()
}

/// A number, or the mean of an interval.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value["mean"].as_f64())
}

/// The first value under this name, the outer levels first.
pub(crate) fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object();
    let here = object
        .and_then(|object| object.get(name))
        .filter(|found| !found.is_null());
    here.or_else(|| {
        object
            .into_iter()
            .flat_map(|object| object.values())
            .find_map(|inner| find(inner, name))
    })
}

#[cfg(test)]
mod tests;
