//! Measures rows of an issue's table of figures.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::Outcome;
use crate::demonstrations;
use crate::exact;
use crate::foundation;
use crate::machine;
use crate::preferences;
use crate::record::Record;
use crate::workspace::Workspace;

/// The issues whose figures are measured here, and their rows.
pub(crate) const ISSUES: &[(&str, &[Row])] = &[
    ("foundation", foundation::ROWS),
    ("exact", exact::ROWS),
    ("demonstrations", demonstrations::ROWS),
    ("preferences", preferences::ROWS),
];

/// One row of the table: a name, a line about it, the figure it must reach, and how it is measured.
#[derive(Debug)]
pub(crate) struct Row {
    /// The word on the command line.
    pub(crate) name: &'static str,
    /// What it is about, in a line.
    pub(crate) title: &'static str,
    /// The figure it must reach.
    pub(crate) target: &'static str,
    /// Fills the record; an error means that it could not be run.
    pub(crate) measure: fn(&Context<'_>, &mut Record) -> Result<()>,
}

/// What a row may use.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The checkout under measurement.
    pub(crate) workspace: &'a Workspace,
    /// Where this row may keep its runs; emptied before it starts.
    pub(crate) scratch: PathBuf,
    /// Results of peers that are too slow to run each time.
    pub(crate) peers_cache: PathBuf,
    /// Where the logs of another library are; the row looks for them where none is named.
    pub(crate) sb3_logs: Option<PathBuf>,
    /// Threads for ours and for the peers: two, or one on a machine with one core.
    pub(crate) threads: usize,
}

/// `evidence ISSUE [ROW] [options]`.
pub(crate) fn command(workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    let (words, options) = Options::parse(workspace, arguments)?;
    let (issue, row_name) = match words.as_slice() {
        [issue] => (*issue, None),
        [issue, row] => (*issue, Some(*row)),
        _ => bail!("evidence takes an issue and a row, such as `evidence foundation cartpole`"),
    };
    let Some((issue, rows)) = ISSUES.iter().find(|(name, _)| *name == issue) else {
        bail!(
            "no issue `{issue}`; there is {}",
            listed(ISSUES.iter().map(|(name, _)| *name))
        );
    };
    let Some(row_name) = row_name else {
        return measure_all(workspace, issue, rows, &options);
    };
    match rows.iter().find(|row| row.name == row_name) {
        Some(row) => measure(workspace, issue, row, &options),
        None => bail!(
            "no row `{row_name}` in {issue}; there are {}",
            listed(rows.iter().map(|row| row.name))
        ),
    }
}

/// Options that rows share.
#[derive(Debug)]
pub(crate) struct Options {
    peers_cache: PathBuf,
    sb3_logs: Option<PathBuf>,
}

impl Options {
    /// Splits words from options.
    pub(crate) fn parse<'a>(
        workspace: &Workspace,
        arguments: &[&'a str],
    ) -> Result<(Vec<&'a str>, Self)> {
        let mut options = Self {
            peers_cache: workspace.evidence().join("peers"),
            sb3_logs: None,
        };
        let mut words = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || match rest.next() {
                Some(value) => std::path::absolute(value).map_err(anyhow::Error::from),
                None => bail!("`{argument}` needs a folder after it"),
            };
            match *argument {
                "--peers-cache" => options.peers_cache = value()?,
                "--sb3-logs" => options.sb3_logs = Some(value()?),
                option if option.starts_with('-') => {
                    bail!("no option `{option}`; there are `--peers-cache` and `--sb3-logs`")
                }
                word => words.push(word),
            }
        }
        Ok((words, options))
    }
}

/// Measures one row, prints its record and keeps it under `target/evidence`.
pub(crate) fn measure(
    workspace: &Workspace,
    issue: &str,
    row: &Row,
    options: &Options,
) -> Result<Outcome> {
    let folder = workspace.evidence().join(issue);
    let context = Context {
        workspace,
        scratch: empty_folder(folder.join("runs").join(row.name))?,
        peers_cache: options.peers_cache.clone(),
        sb3_logs: options.sb3_logs.clone(),
        threads: machine::cores().min(2),
    };
    let mut record = Record::begin(workspace, issue, row.name, row.target)?;
    let (started, built) = (Instant::now(), workspace.time_building());
    let result = (row.measure)(&context, &mut record);
    record.end(
        result,
        started.elapsed() - (workspace.time_building() - built),
    );
    record.write(&folder)?;
    print!("{}", record.text());
    Ok(record.outcome())
}

/// Every row in order; one that fails does not stop the others.
fn measure_all(
    workspace: &Workspace,
    issue: &str,
    rows: &[Row],
    options: &Options,
) -> Result<Outcome> {
    let mut outcomes = Vec::new();
    for row in rows {
        outcomes.push(measure(workspace, issue, row, options)?);
        println!();
    }
    for (row, outcome) in rows.iter().zip(&outcomes) {
        println!("{:<18} {outcome:?}", row.name);
    }
    Ok(worst(&outcomes))
}

fn worst(outcomes: &[Outcome]) -> Outcome {
    let has = |outcome| outcomes.contains(&outcome);
    match () {
        () if has(Outcome::CouldNotRun) => Outcome::CouldNotRun,
        () if has(Outcome::Failed) => Outcome::Failed,
        () => Outcome::Passed,
    }
}

fn empty_folder(path: PathBuf) -> Result<PathBuf> {
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    std::fs::create_dir_all(&path)?;
    Ok(path)
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
