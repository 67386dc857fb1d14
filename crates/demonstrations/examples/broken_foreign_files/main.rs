//! Writes datasets of other libraries that are broken, each in its own way, and prints as JSON what is wrong with each.
//!
//! ```console
//! $ cargo run --release -p demonstrations --example broken_foreign_files -- FOLDER
//! ```
//!
//! `file` is what to give to a command, a folder in FOLDER; a message about it must begin with its path and contain
//! what is under `says`.
#![allow(
    clippy::print_stdout,
    reason = "an example prints what it has to say on standard output"
)]

mod cases;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

fn main() -> Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .context("name a folder for the files")?;
    let folder = Path::new(&folder);
    let mut listed = vec![];
    for case in cases::all() {
        let n_bytes = case
            .write(folder)
            .with_context(|| format!("cannot write {}", case.name))?;
        listed.push(json!({ "file": case.name, "bytes": n_bytes, "broken": case.broken, "says": case.says }));
    }
    fs::create_dir_all(folder)?;
    println!("{}", json!({ "files": listed }));
    Ok(())
}
