//! Runs a program and reads the one JSON object that it prints.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// What a finished program left: its JSON object and its exit status.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The object on standard output.
    pub(crate) json: Value,
    /// The exit status; absent if a signal ended it.
    pub(crate) status: Option<i32>,
}

/// Runs `command` to its end. Exit status 2 and output that is not JSON are errors that quote standard error.
pub(crate) fn json(command: &mut Command) -> Result<Finished> {
    let line = describe(command);
    let output = command
        .output()
        .with_context(|| format!("could not start {line}"))?;
    let parsed = serde_json::from_slice(&output.stdout);
    match (output.status.code(), parsed) {
        (status @ Some(0 | 1 | 3), Ok(json)) => Ok(Finished { json, status }),
        (_, Ok(_)) => bail!(
            "{line} ended with {}: {}",
            output.status,
            last_lines(&output)
        ),
        (_, Err(error)) => bail!(
            "{line} ({}) printed no JSON object ({error}): {}",
            output.status,
            last_lines(&output)
        ),
    }
}

/// The command as one would type it.
pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The end of standard error, where the reason stands.
fn last_lines(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
