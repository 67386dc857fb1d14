//! Writes files of demonstrations that are broken, each in its own way, and prints as JSON what is wrong with each:
//! Parquet, NumPy archives and CSV.
//!
//! ```console
//! $ cargo run --release -p demonstrations --example broken_files -- FOLDER
//! ```
#![allow(
    clippy::print_stdout,
    reason = "an example prints what it has to say on standard output"
)]

mod archives;
mod columns;
mod tables;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use demonstrations::{About, Episode, Format, create};
use mdp::{End, Space};
use serde_json::{Value, json};

/// A file that is wrong in one way.
struct Broken {
    name: &'static str,
    broken: &'static str,
    /// Words that the message must hold.
    says: &'static str,
    bytes: Vec<u8>,
}

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1);
    let folder = PathBuf::from(folder.context("name a folder for the files")?);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let mut listed = vec![];
    for file in [columns::files()?, archives::files()?, tables::files()]
        .into_iter()
        .flatten()
    {
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

/// Two sound episodes in a format, as bytes.
fn sound(format: Format, n_observation: usize) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("sound");
    let about = About::new(
        Space::continuous(-1.0, 1.0, n_observation),
        Space::Discrete { n: 2 },
    );
    let mut writer = create(&path, format, &about)?;
    for n_steps in [3, 5] {
        writer.push(&Episode {
            observations: vec![0.5; (n_steps + 1) * n_observation],
            actions: vec![1.0; n_steps],
            rewards: Some(vec![1.0; n_steps]),
            end: Some(End::Terminated),
            ..Episode::default()
        })?;
    }
    writer.finish()?;
    Ok(std::fs::read(&path)?)
}

/// The bytes with the first `from` in them, which must be there, made `to`.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Result<Vec<u8>> {
    let at = bytes.windows(from.len()).position(|window| window == from);
    let at = at.with_context(|| format!("{} is not there", String::from_utf8_lossy(from)))?;
    Ok([&bytes[..at], to, &bytes[at + from.len()..]].concat())
}
