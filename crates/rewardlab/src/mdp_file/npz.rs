//! Reads the arrays of an `.npz` archive for an MDP, with every problem at its place.
//!
//! Entries are read as streams, so that an archive costs what its arrays cost.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

use demonstrations::numpy::{Entry, directory};

use super::error::{Problems, quoted};
use super::node::{MOST_VALUES, Node};
use super::npy::{self, Budget};

/// The arrays of an archive by name, `.npy` left off.
pub(super) fn parse(
    mut file: impl Read + Seek,
    problems: &mut Problems,
) -> Option<Vec<(Box<str>, Node)>> {
    let n_before = problems.n();
    let entries = directory(&mut file);
    let entries = problems.take("", entries)?;
    let length = file.seek(SeekFrom::End(0)).unwrap_or(0);
    let entries = sound(entries, length, problems);
    let mut budget = Budget::default();
    let mut arrays = vec![];
    for entry in &entries {
        let array = read(entry, &mut file, &mut budget);
        if let Some(node) = problems.take(entry.array_name(), array) {
            arrays.push((entry.array_name().into(), node));
        }
    }
    (problems.n() == n_before).then_some(arrays)
}

fn read(entry: &Entry, file: &mut (impl Read + Seek), budget: &mut Budget) -> Result<Node, String> {
    let mut content = entry.open(file)?;
    let node = npy::read(&mut content, entry.size, budget)?;
    content.finish()?;
    Ok(node)
}

/// The entries that may be read; a problem for each that may not.
fn sound(entries: Vec<Entry>, length: u64, problems: &mut Problems) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    if entries.is_empty() {
        problems.add(
            "",
            "the archive holds no arrays; docs/mdp-files.md lists those of an MDP",
        );
    }
    let mut is_sound = |entry: &Entry| {
        let twice = (!seen.insert(entry.name.clone()))
            .then(|| "this array occurs twice; keep one of them".to_owned());
        let problem = problem_of(entry, length).or(twice);
        if let Some(problem) = &problem {
            let name = quoted(entry.array_name());
            problems.add(name.trim_matches('"'), problem);
        }
        problem.is_none()
    };
    entries
        .into_iter()
        .filter(|entry| is_sound(entry))
        .collect()
}

/// What keeps an entry from being read, before it is.
fn problem_of(entry: &Entry, length: u64) -> Option<String> {
    if !entry.name.ends_with(".npy") {
        return Some(
            "this is no array; an MDP holds nothing but `.npy` arrays, as np.savez writes them"
                .to_owned(),
        );
    }
    if entry.size > npy::MOST_BYTES {
        return Some(format!(
            "this claims {} bytes; at most {MOST_VALUES} numbers are read, write a large MDP sparsely",
            entry.size
        ));
    }
    entry.problem(length)
}
