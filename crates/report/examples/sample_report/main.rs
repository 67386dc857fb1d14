//! Writes pages made of invented data, for work on their look: every number in them is made up.
//!
//! `cargo run -p report --example sample_report -- FOLDER`

mod check_sample;
mod sample;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));
    let comparison = sample::comparison();
    let files = [
        ("sample.html", report::page(&sample::gamed())),
        ("sample-aligned.html", report::page(&sample::aligned())),
        (
            "sample-log.html",
            report::page(&sample::log_without_intent()),
        ),
        ("sample-hostile.html", report::page(&sample::hostile())),
        ("sample-compare.html", report::compare_page(&comparison)),
        (
            "sample-check.html",
            report::check_page(&check_sample::check("")),
        ),
    ];
    std::fs::create_dir_all(&folder)?;
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
