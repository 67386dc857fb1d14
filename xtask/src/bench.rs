//! Benchmarks by name: each is the row of evidence that runs it with its peer beside it.

use anyhow::{Result, bail};

use crate::Outcome;
use crate::evidence::{self, ISSUES, Options};
use crate::workspace::Workspace;

/// A benchmark's name, the issue whose figure it measures, and the row.
const BENCHMARKS: [(&str, &str, &str); 4] = [
    ("audit", "foundation", "audit-error"),
    ("cartpole", "foundation", "cartpole"),
    ("nn", "foundation", "nn-speed"),
    ("throughput", "foundation", "throughput"),
];

/// `bench NAME [options]`.
pub(crate) fn command(workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    let (words, options) = Options::parse(workspace, arguments)?;
    let [name] = words.as_slice() else {
        bail!("bench takes one name: {}", names().join(", "));
    };
    let Some((_, issue, row_name)) = BENCHMARKS.iter().find(|(benchmark, ..)| benchmark == name)
    else {
        bail!("no benchmark `{name}`; there are {}", names().join(", "));
    };
    let rows = ISSUES
        .iter()
        .filter(|(title, _)| title == issue)
        .flat_map(|(_, rows)| rows.iter());
    match rows.into_iter().find(|row| row.name == *row_name) {
        Some(row) => evidence::measure(workspace, issue, row, &options),
        None => bail!(
            "the benchmark `{name}` names the row `{row_name}`, which is missing from {issue}"
        ),
    }
}

/// The names of all benchmarks.
pub(crate) fn names() -> Vec<&'static str> {
    BENCHMARKS.iter().map(|(name, ..)| *name).collect()
}
