//! A user's own finite MDP as a file: JSON, or the arrays of a NumPy `.npz` archive.
//!
//! `docs/mdp-files.md` describes the format. [`read`] checks a file as a whole and reports every problem at once, each
//! with its place and its mend, but for what depends on a part that cannot be read; what it gives is what [`mdp::tabulate`] gives of an environment, so that everything
//! which works on the one works on the other. [`write_json`] writes such an MDP, and what it wrote is read back equal.
//!
//! # Design
//! Files come from strangers. No size that a file claims is believed before as many bytes are there, the numbers that
//! one file may hold are counted, texts are limited, and pickles are refused, because reading them runs code. JSON goes
//! through a tree of our own instead of `serde_json::Value`: that one keeps the last of two equal keys in silence, and
//! spends 32 bytes on a number. There is no time limit in a file: under one the best action depends on the time left,
//! which belongs into the states.

mod error;

mod document;
mod drawing;
mod dynamics;
mod layout;
mod names;
mod rewards;
mod transitions;

mod json;
mod node;
mod npy;
mod npz;

mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use mdp::Tabulated;

use document::Document;
use error::Problems;

pub use error::{FileProblem, MdpFileError};
pub use write::write_json;

/// Reads an MDP from a file: a ZIP archive is taken for `.npz`, anything else for JSON.
///
/// # Errors
/// If the file cannot be read, or is no MDP: then with all its problems.
pub fn read(path: &Path) -> Result<Tabulated, MdpFileError> {
    let io = |source| MdpFileError::Io {
        path: path.to_owned(),
        doing: "read",
        source,
    };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut problems = Problems::default();
    let tabulated = read_from(BufReader::new(file), path, &mut problems).map_err(io)?;
    tabulated.ok_or_else(|| problems.into_error(path))
}

/// Reads an MDP from a file that is open; `path` is what its name says of its kind.
fn read_from(
    mut file: impl Read + Seek,
    path: &Path,
    problems: &mut Problems,
) -> std::io::Result<Option<Tabulated>> {
    let mut magic = vec![];
    file.by_ref().take(8).read_to_end(&mut magic)?;
    file.rewind()?;
    let is_named_npz = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    if let Some(problem) = other_kind(&magic) {
        problems.add("", problem);
        return Ok(None);
    }
    let document = if is_named_npz || magic.starts_with(b"PK") {
        npz::parse(file, problems).map(Document::of_arrays)
    } else {
        let mut bytes = vec![];
        file.take(json::MOST_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() > json::MOST_BYTES {
            problems.add(
                "",
                format_args!(
                    "the file is longer than {} MiB, the most that is read of JSON; write a large MDP as .npz",
                    json::MOST_BYTES >> 20
                ),
            );
            return Ok(None);
        }
        json::parse(&bytes, problems).and_then(|node| Document::of_json(node, problems))
    };
    let tabulated = document.and_then(|document| document.assemble(problems));
    Ok(tabulated.filter(|_| problems.n() == 0))
}

/// What a file is that is neither JSON nor `.npz`, by how it begins.
fn other_kind(magic: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 5] = [
        (
            b"\x93NUMPY",
            "this is a single array; save all arrays of the MDP with np.savez",
        ),
        (
            b"\x80\x02",
            "this is a pickle, and reading one would run code; save arrays with np.savez",
        ),
        (
            b"\x80\x03",
            "this is a pickle, and reading one would run code; save arrays with np.savez",
        ),
        (
            b"\x80\x04",
            "this is a pickle, and reading one would run code; save arrays with np.savez",
        ),
        (
            b"\x80\x05",
            "this is a pickle, and reading one would run code; save arrays with np.savez",
        ),
    ];
    let found = KINDS.iter().find(|(start, _)| magic.starts_with(start));
    found.map(|(_, problem)| *problem)
}
