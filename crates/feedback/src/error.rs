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
}
