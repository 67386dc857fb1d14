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
}
