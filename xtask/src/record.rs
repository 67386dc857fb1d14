//! The record of one measured row: what was asked, on what, the raw values, and whether it held.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::Outcome;
use crate::machine::{self, Machine};
use crate::table::Table;
use crate::workspace::{Commit, Workspace};

/// Everything that a row measured and everything one needs to measure it again.
#[derive(Debug)]
pub(crate) struct Record {
    issue: String,
    row: String,
    target: String,
    command: String,
    commit: Commit,
    rustc: String,
    machine: Machine,
    started_at: String,
    seconds: f64,
    seeds: Option<u64>,
    sizes: Vec<(String, String)>,
    notes: Vec<String>,
    tables: Vec<Table>,
    checks: Vec<Check>,
    error: Option<String>,
}

/// One thing that has to hold.
#[derive(Debug)]
struct Check {
    statement: String,
    measured: String,
    holds: bool,
}

impl Record {
    /// A record of a row that is about to be measured.
    pub(crate) fn begin(
        workspace: &Workspace,
        issue: &str,
        row: &str,
        target: &str,
    ) -> Result<Self> {
        Ok(Self {
            issue: issue.to_owned(),
            row: row.to_owned(),
            target: target.to_owned(),
            command: format!("cargo xtask evidence {issue} {row}"),
            commit: workspace.commit()?,
            rustc: machine::rustc(),
            machine: Machine::here(),
            started_at: machine::now(),
            seconds: 0.0,
            seeds: None,
            sizes: Vec::new(),
            notes: Vec::new(),
            tables: Vec::new(),
            checks: Vec::new(),
            error: None,
        })
    }

    /// The row used seeds 0 to `count` - 1, none dropped.
    pub(crate) fn seeds(&mut self, count: u64) {
        self.seeds = Some(count);
    }

    /// A size that matters: steps, episodes, batch, threads.
    pub(crate) fn size(&mut self, name: &str, value: impl ToString) {
        self.sizes.push((name.to_owned(), value.to_string()));
    }

    /// A sentence that a reader needs in order to judge the numbers.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Raw values.
    pub(crate) fn table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Something that has to hold for the row to pass.
    pub(crate) fn check(
        &mut self,
        statement: impl Into<String>,
        measured: impl Into<String>,
        holds: bool,
    ) {
        self.checks.push(Check {
            statement: statement.into(),
            measured: measured.into(),
            holds,
        });
    }

    /// Ends the measurement; `result` says whether it could be run at all.
    pub(crate) fn end(&mut self, result: Result<()>, elapsed: Duration) {
        self.seconds = elapsed.as_secs_f64();
        self.error = result.err().map(|error| format!("{error:#}"));
    }

    /// Passed if it ran, checked something, and everything held.
    pub(crate) fn outcome(&self) -> Outcome {
        match &self.error {
            Some(_) => Outcome::CouldNotRun,
            None if !self.checks.is_empty() && self.checks.iter().all(|check| check.holds) => {
                Outcome::Passed
            }
            None => Outcome::Failed,
        }
    }

    /// Writes `ROW.txt` and `ROW.json` in `folder`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        let json = serde_json::to_string_pretty(&self.json())? + "\n";
        for (extension, text) in [("txt", self.text()), ("json", json)] {
            let path = folder.join(&self.row).with_extension(extension);
            fs::write(&path, text)
                .with_context(|| format!("could not write {}", path.display()))?;
        }
        Ok(())
    }

    /// The record for people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("evidence {} {}\n", self.issue, self.row);
        for (name, value) in self.header() {
            text += &format!("  {name:<11} {value}\n");
        }
        for note in &self.notes {
            text += &format!("  {:<11} {note}\n", "note");
        }
        for table in &self.tables {
            text += &format!("\n{}", table.text());
        }
        text.push('\n');
        for check in &self.checks {
            text += &format!(
                "  {}  {}: {}\n",
                verdict_word(check.holds),
                check.statement,
                check.measured
            );
        }
        text + &self.last_line() + "\n"
    }

    fn header(&self) -> Vec<(&str, String)> {
        let commit = if self.commit.dirty {
            " with uncommitted changes"
        } else {
            ", clean"
        };
        let sizes: Vec<String> = self
            .sizes
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        vec![
            ("target", self.target.clone()),
            ("command", self.command.clone()),
            ("seeds", self.seeds_line()),
            ("sizes", sizes.join("; ")),
            ("machine", self.machine.line()),
            ("rustc", self.rustc.clone()),
            ("commit", format!("{}{commit}", self.commit.id)),
            ("started", self.started_at.clone()),
            ("wall-clock", format!("{:.1} s", self.seconds)),
        ]
    }

    fn seeds_line(&self) -> String {
        match self.seeds {
            None | Some(0) => "none are drawn".to_owned(),
            Some(1) => "0".to_owned(),
            Some(count) => format!("0 to {} ({count}, none dropped)", count - 1),
        }
    }

    fn last_line(&self) -> String {
        match (self.outcome(), &self.error) {
            (Outcome::CouldNotRun, Some(error)) => {
                format!("COULD NOT RUN  {} {}: {error}", self.issue, self.row)
            }
            (outcome, _) => format!(
                "{}  {} {}",
                verdict_word(outcome == Outcome::Passed),
                self.issue,
                self.row
            ),
        }
    }

    /// The record for programs.
    pub(crate) fn json(&self) -> Value {
        let tables = self
            .tables
            .iter()
            .map(|table| (table.title().to_owned(), table.json()));
        let sizes = self
            .sizes
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.clone())));
        let check = |check: &Check| json!({ "statement": check.statement, "measured": check.measured, "holds": check.holds });
        json!({
            "issue": self.issue,
            "row": self.row,
            "target": self.target,
            "command": self.command,
            "seeds": (0..self.seeds.unwrap_or(0)).collect::<Vec<u64>>(),
            "sizes": Value::Object(sizes.collect()),
            "machine": self.machine.json(),
            "rustc": self.rustc,
            "commit": self.commit.id,
            "uncommitted_changes": self.commit.dirty,
            "started_at": self.started_at,
            "seconds": self.seconds,
            "notes": self.notes,
            "values": Value::Object(tables.collect()),
            "checks": self.checks.iter().map(check).collect::<Vec<Value>>(),
            "error": self.error,
            "outcome": match self.outcome() {
                Outcome::Passed => "pass",
                Outcome::Failed => "fail",
                Outcome::CouldNotRun => "could-not-run",
            },
        })
    }
}

fn verdict_word(holds: bool) -> &'static str {
    if holds { "PASS" } else { "FAIL" }
}

#[cfg(test)]
mod tests;
