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
                place: place.to_string(),
                problem: problem.to_string(),
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

/// `text` in quotation marks, cut to a length that fits a message, control characters shown as escapes.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::from("\"");
    for character in text.chars().take(LONGEST) {
        match character.is_control() {
            true => short.extend(character.escape_default()),
            false => short.push(character),
        }
    }
    let is_cut = text.chars().nth(LONGEST).is_some();
    short + if is_cut { "…\"" } else { "\"" }
}
