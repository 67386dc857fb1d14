//! What can be wrong with a file of demonstrations, said in one message: the file, the place, the mend.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A place in a file, as a person would look for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The file as a whole.
    #[default]
    Whole,
    /// A line of a text file, counted from 1.
    Line(u64),
    /// An offset in a binary file, counted from 0.
    Byte(u64),
    /// An episode, counted from 0 in the order of the file.
    Episode(u64),
    /// A step of an episode, both counted from 0.
    Step(u64, u64),
    /// A named part: a column, an array, a group, a key of the metadata.
    Part(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Whole => Ok(()),
            Place::Line(line) => write!(f, ", line {line}"),
            Place::Byte(byte) => write!(f, ", byte {byte}"),
            Place::Episode(episode) => write!(f, ", episode {episode}"),
            Place::Step(episode, step) => write!(f, ", episode {episode}, step {step}"),
            Place::Part(name) => write!(f, ", {}", shortened(name)),
        }
    }
}

/// Why demonstrations cannot be read or written. Every message names the file, the place and the mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: cannot be {doing}; {mend}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: "read" or "written".
        doing: &'static str,
        /// What to do.
        mend: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The content is not what its format promises.
    #[error("{}{place}: {problem}; {mend}", path.display())]
    Malformed {
        /// The file or folder.
        path: PathBuf,
        /// Where in it.
        place: Place,
        /// What is wrong, quoting the value.
        problem: String,
        /// The way out.
        mend: String,
    },
    /// The format has no way to say what it was asked to keep.
    #[error("{}: {problem}; {mend}", path.display())]
    Unfit {
        /// The file or folder that was to be written.
        path: PathBuf,
        /// What cannot be said.
        problem: String,
        /// The way out.
        mend: String,
    },
}

impl Error {
    /// That a file or folder cannot be read, for `map_err`.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        |source| Error::Io {
            path: path.to_owned(),
            doing: "read",
            mend: "check that it is there and that you may read it",
            source,
        }
    }

    /// That a file or folder cannot be written, for `map_err`.
    pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        |source| Error::Io {
            path: path.to_owned(),
            doing: "written",
            mend: "check that its folder is there, that you may write to it and that the disk has room",
            source,
        }
    }

    /// That the content is not what its format promises.
    pub(crate) fn malformed(
        path: &Path,
        place: Place,
        problem: impl fmt::Display,
        mend: impl fmt::Display,
    ) -> Error {
        Error::Malformed {
            path: path.to_owned(),
            place,
            problem: printable(&problem.to_string(), LONGEST_PROBLEM),
            mend: mend.to_string(),
        }
    }

    /// That the format has no way to say something.
    #[allow(dead_code, reason = "the formats that come next ask for it")]
    pub(crate) fn unfit(path: &Path, problem: impl fmt::Display, mend: impl fmt::Display) -> Error {
        Error::Unfit {
            path: path.to_owned(),
            problem: printable(&problem.to_string(), LONGEST_PROBLEM),
            mend: mend.to_string(),
        }
    }
}

/// The longest account of a problem, in characters; parts of it may come from the file.
const LONGEST_PROBLEM: usize = 600;

/// `text` cut to a length that fits a message, characters that would steer a terminal shown as escapes.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    printable(text, LONGEST)
}

fn printable(text: &str, longest: usize) -> String {
    let mut short = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(longest) {
        match character.is_control() {
            true => short.extend(character.escape_default()),
            false => short.push(character),
        }
    }
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
