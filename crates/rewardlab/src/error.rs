//! What can go wrong.

use std::path::PathBuf;

use thiserror::Error;

use crate::experiment::Problem;

/// An error of this crate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No shipped experiment has this name.
    #[error("there is no experiment \"{name}\"; {}`rewardlab list` shows all, and the path of a TOML file works too", meant(*nearest))]
    UnknownExperiment {
        /// The name as given.
        name: String,
        /// The name that may have been meant.
        nearest: Option<&'static str>,
    },
    /// No environment has this name.
    #[error("there is no environment \"{name}\"; {}`rewardlab list` shows all", meant(*nearest))]
    UnknownEnvironment {
        /// The name as given.
        name: String,
        /// The name that may have been meant.
        nearest: Option<&'static str>,
    },
    /// An experiment that cannot be run: every problem at once.
    #[error("{}", lines(.0))]
    Experiment(Vec<Problem>),
    /// Settings that an environment refuses.
    #[error("{0}")]
    Environment(String),
    /// The operating system refused.
    #[error("{}: cannot {doing}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the way out.
        problem: String,
    },
    /// Training could not begin or go on.
    #[error(transparent)]
    Training(#[from] rl::Error),
    /// Feedback could not be asked for, kept or read.
    #[error(transparent)]
    Feedback(#[from] feedback::Error),
    /// Demonstrations could not be read or written.
    #[error(transparent)]
    Demonstrations(#[from] demonstrations::Error),
    /// The audit refused its input.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// A log of another library could not be read.
    #[error(transparent)]
    Log(#[from] logs::Error),
}

impl Error {
    pub(crate) fn io(
        path: impl Into<PathBuf>,
        doing: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io {
            path,
            doing,
            source,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, problem: impl Into<String>) -> Error {
        Error::File {
            path: path.into(),
            problem: problem.into(),
        }
    }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("did you mean \"{name}\"? "))
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
