//! `rewardlab feedback`: what people answered, and moving it from place to place.

mod export;
mod import;
mod info;

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

A store is a file of SQLite, the folder of a run that has one, or the address of a PostgreSQL server (postgres://…).
docs/feedback.md describes what is kept.

Exit status: 0 done, 2 bad input or could not run.")]
pub(super) struct Feedback {
    #[command(subcommand)]
    command: FeedbackCommand,
}

#[derive(Debug, Subcommand)]
enum FeedbackCommand {
    Info(info::Info),
    Export(export::Export),
    Import(import::Import),
}

impl Feedback {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        match self.command {
            FeedbackCommand::Info(info) => info.execute(out),
            FeedbackCommand::Export(export) => export.execute(out),
            FeedbackCommand::Import(import) => import.execute(out),
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
