//! What can be wrong with a log, said in one message: the file, the place, the mend.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A place in a file, as a person would look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    Whole,
    /// A line of a text file, counted from 1.
    Line(u64),
    /// An offset in a binary file, counted from 0.
    Byte(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ", line {line}"),
            Self::Byte(byte) => write!(f, ", byte {byte}"),
        }
    }
}

/// Why a log cannot be read. Every message names the file, the place and the mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No path was given.
    #[error("no log was named; give at least one file or folder")]
    NoPath,
    /// The operating system refused.
    #[error("{}: cannot be read; {mend}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
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
    /// A column, key or tag that the audit needs is not there.
    #[error("{}: {}", path.display(), missing_text(*role, *field, asked.as_deref(), available))]
    Missing {
        /// The file.
        path: PathBuf,
        /// What it was needed for.
        role: Role,
        /// What the format calls its fields.
        field: Field,
        /// The name that was asked for, if one was.
        asked: Option<String>,
        /// The names that are there, sorted as the file has them, at most [`Error::SHOWN`].
        available: Vec<String>,
    },
    /// Two of the files do not belong to one run.
    #[error("{} and {} cannot make one run: {problem}; {mend}", first.display(), second.display())]
    Mixed {
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// How they differ.
        problem: String,
        /// The way out.
        mend: &'static str,
    },
}

impl Error {
    /// How many names of columns or tags a message lists at most.
    pub const SHOWN: usize = 24;
}

/// What a column, key or tag is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The return that the optimiser was trained on.
    Proxy,
    /// The return that the designer means.
    Intent,
    /// How hard the proxy was optimised, as a number that never falls.
    Pressure,
    /// The length of an episode, whose running sum is the pressure.
    Length,
}

impl Role {
    /// The command-line flag that names the field for this role.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Proxy => "--proxy",
            Self::Intent => "--intent",
            Self::Pressure => "--pressure",
            Self::Length => "--length",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Proxy => "the proxy (the return that was optimised)",
            Self::Intent => "the intent (the return that was meant)",
            Self::Pressure => "the pressure (environment steps so far)",
            Self::Length => "the episode's length",
        }
    }
}

/// What a format calls a named series of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// CSV.
    Column,
    /// JSON Lines.
    Key,
    /// TensorBoard.
    Tag,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Column => "column",
            Self::Key => "key",
            Self::Tag => "tag",
        })
    }
}

fn missing_text(role: Role, field: Field, asked: Option<&str>, available: &[String]) -> String {
    let what = match asked {
        Some(name) => format!(
            "there is no {field} {:?} for {}",
            shortened(name),
            role.meaning()
        ),
        None => format!("no {field} is named for {}", role.meaning()),
    };
    let flag = role.flag();
    if available.is_empty() {
        return format!("{what}, and no {field} holds numbers; check that this is the right file");
    }
    let names: Vec<String> = available
        .iter()
        .take(Error::SHOWN)
        .map(|name| shortened(name))
        .collect();
    let more = match available.len().saturating_sub(Error::SHOWN) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "{what}; there are: {}{more}; name one with {flag} {}",
        names.join(", "),
        field.to_string().to_uppercase()
    )
}

/// `text` cut to a length that fits a message, control characters shown as escapes.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).flat_map(escaped).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

fn escaped(character: char) -> Vec<char> {
    if character.is_control() {
        character.escape_default().collect()
    } else {
        vec![character]
    }
}
