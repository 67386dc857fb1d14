//! Whether a specification is being gamed, with evidence and a stated error rate.
//!
//! A [`Series`] holds what a run left: for every checkpoint its pressure, the returns of its evaluation episodes
//! by the specified reward (the proxy) and, where somebody has said, by what was meant (the intent). [`audit`]
//! reads it and gives an [`Outcome`]: a [`Verdict`] out of five, the statements behind it, and the evidence.
//!
//! The crate does no input or output and asks no clock; the one source of chance is the seed by which labelled
//! episodes are drawn. The definitions with their mathematics stand in `docs/verdict.md`, the schema of
//! `verdict.json` in `docs/audit.md`.

mod channel;
mod error;
mod outcome;
mod series;
mod settings;

pub use channel::{
    ChannelCheckpoint, Feedback, RewardChannel, RewardRecord, ScheduledChange, Transform,
};
pub use error::Error;
pub use outcome::{
    Check, CheckStatus, Clip, Clips, ComponentShare, Estimate, Interval, Margins, Onset, Outcome,
    Peak, Policy, Reason, Verdict, Witness,
};
pub use series::{Bounds, Checkpoint, Reference, Series, Target};
pub use settings::{Margin, Settings};
