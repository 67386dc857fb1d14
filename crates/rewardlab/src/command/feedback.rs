//! `rewardlab feedback`: what people answered, and moving it from place to place.

mod export;
mod import;
mod info;
mod report;

use std::io::Write;

use anyhow::Result;
use clap::{Args, Subcommand};

/// Look at what annotators answered, and move it between stores and files
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab feedback info feedback.sqlite
  rewardlab feedback export feedback.sqlite answers.jsonl
  rewardlab feedback import pairs.jsonl.gz feedback.sqlite --queue pairs
  rewardlab feedback report pairs.jsonl.gz

A store is a file of SQLite, the folder of a run that has one, or the address of a PostgreSQL server (postgres://…).
docs/feedback.md describes what is kept.

Exit status: 0 done (report: nothing found), 1 found by report, 2 bad input or could not run, 3 report could not
measure anything.")]
pub(super) struct Feedback {
    #[command(subcommand)]
    command: FeedbackCommand,
}

#[derive(Debug, Subcommand)]
enum FeedbackCommand {
    Info(info::Info),
    Export(export::Export),
    Import(import::Import),
    Report(report::Report),
}

impl Feedback {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        match self.command {
            FeedbackCommand::Info(info) => info.execute(out),
            FeedbackCommand::Export(export) => export.execute(out),
            FeedbackCommand::Import(import) => import.execute(out),
            FeedbackCommand::Report(report) => report.execute(out),
        }
    }
}

/// `1 row`, `2 rows`.
fn counted(n: u64, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}
