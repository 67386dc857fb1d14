//! Writes MDP files that are broken, each in its own way, and prints as JSON what is wrong with each.
//!
//! ```console
//! $ cargo run --release -p rewardlab --example broken_mdp_files -- FOLDER
//! ```
#![allow(
    clippy::print_stdout,
    reason = "an example prints what it has to say on standard output"
)]

mod files;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1);
    let folder = PathBuf::from(folder.context("name a folder for the files")?);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let mut listed = vec![];
    for file in files::broken_files(true) {
        let path = folder.join(file.name);
        std::fs::write(&path, &file.bytes)
            .with_context(|| format!("cannot write {}", path.display()))?;
        listed.push(json!({
            "file": file.name,
            "bytes": file.bytes.len(),
            "broken": file.broken,
            "says": file.says,
        }));
    }
    println!("{}", json!({ "files": Value::Array(listed) }));
    Ok(())
}
