//! Writes a page and a comparison made of invented data, for work on their look: every number in them is made up.
//!
//! `cargo run -p report --example sample_report -- FOLDER`

mod sample;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));
    let files = [
        ("sample.html", report::page(&sample::gamed())),
        ("sample-aligned.html", report::page(&sample::aligned())),
        (
            "sample-log.html",
            report::page(&sample::log_without_intent()),
        ),
        ("sample-hostile.html", report::page(&sample::hostile())),
        (
            "sample-compare.html",
            report::compare_page(&sample::comparison()),
        ),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        if let Err(error) = std::fs::write(&path, text) {
            eprintln!(
                "cannot write {}: {error}; name a folder that exists",
                path.display()
            );
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
