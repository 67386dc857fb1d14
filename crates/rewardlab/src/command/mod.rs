//! The command line: what can be typed, and what answers.

mod audit;
mod check;
mod compare;
mod completions;
mod demos;
mod feedback;
mod infer;
mod label;
mod label_page;
mod list;
mod output;
mod player;
mod progress;
mod report;
mod rollout;
mod run;
mod show;

use std::ffi::OsString;
use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Push a policy against a reward, and find out whether it serves what was meant.
#[derive(Debug, Parser)]
#[command(
    name = "rewardlab",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  rewardlab run coast-runners          train, audit, and leave a report
  rewardlab audit monitor.csv          judge the logs of another library
  rewardlab check boat-race            check a reward before anything is trained on it
  rewardlab infer rooms.json demos.csv what was wanted, from demonstrations
  rewardlab list                       what there is to run

Exit status: 0 done (audit, check: nothing found), 1 found by audit or check, 2 bad input or could not run,
3 audit inconclusive, check not decided or infer not settled. Every command but `completions` takes --json."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    List(list::List),
    Show(show::Show),
    Audit(audit::Audit),
    Check(check::Check),
    Infer(infer::Infer),
    Report(report::Report),
    Compare(compare::Compare),
    Rollout(rollout::Rollout),
    Demos(demos::Demos),
    Feedback(feedback::Feedback),
    Label(label::Label),
    Completions(completions::Completions),
}

/// Runs the command line `arguments`, the program's name first, and gives the exit status. What is asked for is
/// written to `out`; progress goes to standard error, where that is a terminal.
///
/// # Errors
/// A message that names the place and the mend. The exit status is then 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<u8> {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // clap has coloured its message and said how to get help.
            let _ = error.print();
            return Ok(2);
        }
        Err(help) => {
            let text = help.render();
            if console::colors_enabled() {
                write!(out, "{}", text.ansi())?;
            } else {
                write!(out, "{text}")?;
            }
            return Ok(0);
        }
    };
    match cli.command {
        Command::Run(run) => run.execute(out),
        Command::List(list) => list.execute(out),
        Command::Show(show) => show.execute(out),
        Command::Audit(audit) => audit.execute(out),
        Command::Check(check) => check.execute(out),
        Command::Infer(infer) => infer.execute(out),
        Command::Report(report) => report.execute(out),
        Command::Compare(compare) => compare.execute(out),
        Command::Rollout(rollout) => rollout.execute(out),
        Command::Demos(demos) => demos.execute(out),
        Command::Feedback(feedback) => feedback.execute(out),
        Command::Label(label) => label.execute(out),
        Command::Completions(completions) => completions.execute(out),
    }
}

/// Whether a command line could be run, as far as can be said without running it; the documents are tested so.
///
/// # Errors
/// What is wrong with it.
pub fn check(arguments: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    Cli::try_parse_from(arguments)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Whether the reader of the output went away.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is_pipe)
}
