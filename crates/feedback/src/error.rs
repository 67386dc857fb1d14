//! What can go wrong with feedback.

/// Why feedback could not be asked for, kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of an annotator that is impossible.
    #[error("{key} {value} is not {allowed}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What it was given.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A judge that has no score for a segment.
    #[error(
        "the judge of annotator {annotator:?} has no score for question {question}: a segment without intent, or a value that is no number; name another judge"
    )]
    NoScore {
        /// The question.
        question: u64,
        /// The annotator.
        annotator: String,
    },
    /// A saved state of simulated annotators that is not theirs.
    #[error("these simulated annotators cannot go on from the saved state: {reason}")]
    SavedAnnotators {
        /// Why not.
        reason: &'static str,
    },
    /// The database could not do what it was told.
    #[error("the store {place} does not answer; {mend}")]
    Database {
        /// Where it is, without passwords.
        place: String,
        /// What to do.
        mend: &'static str,
        /// Whether the same may succeed when it is tried again.
        is_transient: bool,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A store that is not there.
    #[error(
        "{place}: there is no store; name the file of one, or the folder of a run that has one"
    )]
    NoStore {
        /// Where it was looked for.
        place: String,
    },
    /// Something that is no store.
    #[error("{place} is not a store of feedback; name another")]
    NotAStore {
        /// Where it is.
        place: String,
    },
    /// A store that holds what no program of ours wrote.
    #[error("the store is damaged: {problem}; take a copy")]
    Damaged {
        /// What is wrong, quoting the value.
        problem: String,
    },
    /// An answer to a question that is not the annotator's any more.
    #[error("the question leased as {token} is somebody else's by now; ask for the next one")]
    LeaseLost {
        /// The token of the answer.
        token: i64,
    },
    /// A file that cannot be read or written; the message names the file, the line and the mend.
    #[error(transparent)]
    File(#[from] demonstrations::Error),
    /// Something that cannot be done.
    #[error("{problem}; {mend}")]
    Refused {
        /// What was asked for, quoting the value.
        problem: String,
        /// The way out.
        mend: String,
    },
}

impl Error {
    /// That something cannot be done.
    pub(crate) fn refused(problem: impl Into<String>, mend: impl Into<String>) -> Error {
        Error::Refused {
            problem: problem.into(),
            mend: mend.into(),
        }
    }
}

/// `text` as messages quote it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

/// `text` cut to a length that fits a message, characters that would steer a terminal shown as escapes.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(LONGEST) {
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
