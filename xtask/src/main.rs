//! What developers of rewardlab repeat: checks, evidence, benchmarks, the picture of the README.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line speaks through its standard streams"
)]

mod bench;
mod browser;
mod check;
mod demonstrations;
mod evidence;
mod exact;
mod foundation;
mod machine;
mod peers;
mod picture;
mod postgres;
mod preferences;
mod process;
mod random;
mod record;
mod run;
mod safetensors;
mod statistics;
mod table;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// How a command ended, and with that its exit status: 0, 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything asked for was done and held.
    Passed,
    /// It was done, and something did not hold.
    Failed,
    /// It could not be done.
    CouldNotRun,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = dispatch(&arguments).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Outcome::CouldNotRun
    });
    ExitCode::from(match outcome {
        Outcome::Passed => 0,
        Outcome::Failed => 1,
        Outcome::CouldNotRun => 2,
    })
}

fn dispatch(arguments: &[String]) -> Result<Outcome> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::locate()?;
    match words.as_slice() {
        ["check"] => check::check(&workspace),
        ["evidence", rest @ ..] => evidence::command(&workspace, rest),
        ["bench", rest @ ..] => bench::command(&workspace, rest),
        ["picture", rest @ ..] => picture::command(&workspace, rest),
        ["peers"] => peers::install(&workspace),
        ["postgres", words @ ..] => postgres::command(words),
        [] | ["help" | "--help" | "-h"] => {
            println!("{}", usage());
            Ok(Outcome::Passed)
        }
        [word, ..] => bail!("no such command: `{word}`; `cargo xtask help` lists them"),
    }
}

fn usage() -> String {
    let mut text = String::from(
        "cargo xtask COMMAND

  check                   formatting, lints, documentation and tests: what must hold before a commit
  evidence ISSUE [ROW]    measures one row of an issue's table of figures, or all of them
  bench NAME              one benchmark with its peer beside it
  picture [RUN]           makes docs/report.png from the report of a run (of a new one where none is named)
  peers                   installs the peers that benchmarks compare with under target/peers
  postgres COMMAND        runs a command with a private PostgreSQL server, named by REWARDLAB_POSTGRES
  help                    this text

options of evidence and bench
  --peers-cache DIR       results of the slow peers (default target/evidence/peers)
  --sb3-logs DIR          the logs that the row foreign-logs judges

exit status: 0 passed, 1 failed, 2 could not run
",
    );
    for (issue, rows) in evidence::ISSUES {
        text += &format!("\nrows of {issue}\n");
        for row in *rows {
            text += &format!("  {:<23} {}\n", row.name, row.title);
        }
    }
    text + "\nbenchmarks\n  " + &bench::names().join(", ")
}
