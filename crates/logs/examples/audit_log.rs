//! Reads the log of a run and prints its verdict: `cargo run -p logs --example audit_log -- FILE…`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example prints"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use logs::{LogOutcome, LogSettings, Mapping, audit_log};
use mdp::Seed;

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match judged(&paths) {
        Ok(result) => {
            print(&result);
            ExitCode::from(result.outcome.verdict.exit_status())
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn judged(paths: &[PathBuf]) -> Result<LogOutcome, Box<dyn std::error::Error>> {
    let log = logs::read(paths, &Mapping::default())?;
    Ok(audit_log(&log, &LogSettings::default(), Seed(0))?)
}

fn print(result: &LogOutcome) {
    println!("{}", result.outcome.verdict);
    println!("{}", result.outcome.statement);
    for remark in &result.outcome.remarks {
        println!("- {remark}");
    }
    for check in &result.outcome.checks {
        println!("{}: {} ({})", check.name, check.status.word(), check.note);
    }
}
