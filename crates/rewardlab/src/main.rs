//! The command line: parse, run, print, exit code.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    leave_damaged_files_to_their_reader();
    let mut out = std::io::stdout().lock();
    match rewardlab::command::main(std::env::args_os(), &mut out).and_then(|status| {
        out.flush()?;
        Ok(status)
    }) {
        Ok(status) => ExitCode::from(status),
        // Whoever reads has seen enough, as `head` does.
        Err(error) if rewardlab::command::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done where even this cannot be written.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The `parquet` crate panics on some damaged files. Their reader catches that and says which file it was, so the
/// panic's own message would only stand in the way.
fn leave_damaged_files_to_their_reader() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let in_parquet = panic
            .location()
            .is_some_and(|place| place.file().contains("/parquet-"));
        if !in_parquet {
            report(panic);
        }
    }));
}
