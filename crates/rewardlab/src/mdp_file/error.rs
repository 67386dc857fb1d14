//! What is wrong with a file: every problem with its place and its mend.

use std::fmt;
use std::path::{Path, PathBuf};

/// A file that is no MDP.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MdpFileError {
    /// The operating system refused.
    #[error("{}: cannot be {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: "read" or "written".
        doing: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The content makes no MDP: every problem that was found, at most [`MdpFileError::SHOWN`] of them kept.
    #[error("{}", message(path, problems, *n_problems))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The first problems.
        problems: Vec<FileProblem>,
        /// How many there are in all.
        n_problems: usize,
    },
}

impl MdpFileError {
    /// How many problems are kept and shown at most; the others are counted.
    pub const SHOWN: usize = 20;
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Where in the file, as its keys and indices say it: `transitions[17]`. Empty for the file as a whole.
    pub place: String,
    /// What is wrong there, and the way out.
    pub problem: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            return f.write_str(&self.problem);
        }
        write!(f, "{}: {}", self.place, self.problem)
    }
}

fn message(path: &Path, problems: &[FileProblem], n_problems: usize) -> String {
    if let ([problem], 1) = (problems, n_problems) {
        return format!("{}: {problem}", path.display());
    }
    let mut text = format!("{}: {n_problems} problems", path.display());
    for problem in problems {
        text += &format!("\n  {problem}");
    }
    match n_problems - problems.len() {
        0 => text,
        n_more => text + &format!("\n  and {n_more} more"),
    }
}

/// Gathers problems. Their texts are only made for those that will be shown, so that a file of nothing but mistakes
/// costs no more than any other.
#[derive(Debug, Default)]
pub(super) struct Problems {
    shown: Vec<FileProblem>,
    n: usize,
}

impl Problems {
    /// Adds what is wrong at a place.
    pub(super) fn add(&mut self, place: impl fmt::Display, problem: impl fmt::Display) {
        if self.shown.len() < MdpFileError::SHOWN {
            self.shown.push(FileProblem {
                place: printable(&place.to_string(), LONGEST_PLACE),
                problem: printable(&problem.to_string(), usize::MAX),
            });
        }
        self.n += 1;
    }

    /// The value, or nothing and one more problem.
    pub(super) fn take<T>(
        &mut self,
        place: impl fmt::Display,
        result: Result<T, String>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problem) => {
                self.add(place, problem);
                None
            }
        }
    }

    /// Whether one more would be shown, so that it is worth finding out more about it.
    pub(super) fn would_show(&self) -> bool {
        self.shown.len() < MdpFileError::SHOWN
    }

    /// Counts a problem that would not be shown.
    pub(super) fn count(&mut self) {
        self.n += 1;
    }

    /// How many there are.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// The error that reports them all.
    pub(super) fn into_error(self, path: &Path) -> MdpFileError {
        MdpFileError::Malformed {
            path: path.to_owned(),
            problems: self.shown,
            n_problems: self.n,
        }
    }
}

/// The longest place that is shown, in characters; its names come from the file.
const LONGEST_PLACE: usize = 120;

/// `text` in quotation marks, cut to a length that fits a message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    format!("\"{}\"", printable(text, LONGEST))
}

/// At most so many characters of `text`, those that would steer a terminal shown as escapes.
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
