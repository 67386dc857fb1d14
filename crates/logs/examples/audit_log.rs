//! Reads a log and prints its verdict at every number of windows: `audit_log FILE…`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let log = logs::read(&paths, &logs::Mapping::default())?;
    let settings = logs::LogSettings::default();
    let result = logs::audit_log(&log, &settings, mdp::Seed(0))?;
    println!(
        "{} episodes of {:?}",
        log.records().len(),
        log.environment()
    );
    for at in &result.by_windows {
        println!(
            "{:>3} windows: {} {:?}",
            at.n_windows, at.verdict, at.reason
        );
    }
    println!("{}", result.outcome.statement);
    for remark in &result.outcome.remarks {
        println!("- {remark}");
    }
    for policy in &result.outcome.checkpoints {
        println!("{policy:.0?}");
    }
    Ok(())
}
