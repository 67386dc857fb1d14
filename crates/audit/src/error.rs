//! What can be wrong with the input of an audit.

/// Why an audit could not be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bounds that enclose nothing, or are not numbers.
    #[error(
        "bounds {low} to {high} enclose nothing: declare a finite low end below a finite high end"
    )]
    EmptyBounds {
        /// The low end as given.
        low: f64,
        /// The high end as given.
        high: f64,
    },
    /// A return, pressure or component that is not a finite number.
    #[error(
        "{what} of {place} is {value}, not a finite number within 1e150: drop or repair that episode"
    )]
    NotFinite {
        /// What was read: `proxy`, `intent`, `pressure`, or a component's name.
        what: String,
        /// Where it stands, as in `checkpoint 3, episode 17`.
        place: String,
        /// The value found.
        value: f64,
    },
    /// A return outside the declared bounds, which are then no bounds.
    #[error(
        "{what} of {place} is {value}, outside the declared bounds {low} to {high}: declare bounds that no return can leave, or none"
    )]
    OutOfBounds {
        /// `proxy` or `intent`.
        what: String,
        /// Where it stands, as in `checkpoint 3, episode 17`.
        place: String,
        /// The value found.
        value: f64,
        /// The declared low end.
        low: f64,
        /// The declared high end.
        high: f64,
    },
    /// A list that should hold one entry per episode and does not.
    #[error(
        "{what} of {place} has {found} entries for {episodes} episodes: give one per episode, or none"
    )]
    Misaligned {
        /// Which list.
        what: String,
        /// Which checkpoint.
        place: String,
        /// Its entries.
        found: usize,
        /// The episodes of the checkpoint.
        episodes: usize,
    },
    /// Intent known for some episodes of a checkpoint, chosen nobody knows how.
    #[error(
        "intent is known for {known} of {episodes} episodes of {place}: name the number of labels by which they were drawn, or give all or none"
    )]
    PartialIntent {
        /// Which checkpoint.
        place: String,
        /// Episodes with intent.
        known: usize,
        /// Episodes in all.
        episodes: usize,
    },
    /// Fewer intent labels in the series than the design drew.
    #[error(
        "the design asks for the intent of {place}, which is absent: label the episodes that `label_plan` names"
    )]
    MissingLabel {
        /// Which episode.
        place: String,
    },
    /// A checkpoint without an episode.
    #[error("{place} has no episode: leave it out")]
    NoEpisodes {
        /// Which checkpoint.
        place: String,
    },
    /// A series without a checkpoint.
    #[error("the series has no checkpoint: an audit compares at least two policies")]
    NoCheckpoints,
    /// Checkpoints that do not stand in the order of pressure.
    #[error(
        "checkpoint {index} has pressure {pressure}, below {previous} before it: sort the checkpoints by pressure"
    )]
    PressureOrder {
        /// The checkpoint out of order, from 0.
        index: usize,
        /// Its pressure.
        pressure: f64,
        /// The pressure before it.
        previous: f64,
    },
    /// A setting outside its range.
    #[error("{name} is {value}: {allowed}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The value given.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
}
