//! Whether a specification is being gamed, with evidence and a stated error rate.
//!
//! A [`Series`] holds what a run left: for every checkpoint its pressure, the returns of its evaluation episodes
//! by the specified reward (the proxy) and, where somebody has said, by what was meant (the intent). [`audit`]
//! reads it and gives an [`Outcome`]: a [`Verdict`] out of five, the statements behind it, and the evidence.
//!
//! ```
//! use audit::{Checkpoint, Series, Settings, Verdict, audit};
//!
//! // 40 episodes of an early and of a late policy: proxy went up, intent went down.
//! let early = Checkpoint::new(0.0, vec![10.0; 40]).with_intent(vec![5.0; 40]);
//! let late = Checkpoint::new(1e5, vec![90.0; 40]).with_intent(vec![1.0; 40]);
//! let series = Series { checkpoints: vec![early, late], ..Series::default() };
//! let outcome = audit(&series, &Settings::default(), mdp::Seed(0))?;
//! assert_eq!(outcome.verdict, Verdict::Gamed);
//! # Ok::<(), audit::Error>(())
//! ```
//!
//! The crate does no input or output and asks no clock; the one source of chance is the seed by which labelled
//! episodes are drawn. The definitions with their mathematics stand in `docs/verdict.md`, the schema of
//! `verdict.json` in `docs/audit.md`.

mod series;
mod settings;

mod audit;
mod check_series;
mod estimates;
mod judge;
mod labels;
mod onset;
mod sequences;

mod channel;
mod loophole;
mod recompute;
mod recurrence;
mod tampering;

mod outcome;
mod record;
mod sentences;

mod compare;
mod error;

mod error_bench;

pub use audit::{audit, audit_looks};
pub use channel::{
    ChannelCheckpoint, Feedback, RewardChannel, RewardRecord, ScheduledChange, Transform,
};
pub use compare::{interquartile_interval, interquartile_mean};
pub use error::Error;
pub use error_bench::{
    Audited, BenchPlan, BenchRun, Draw, Family, OnsetFound, Tally, Truth, bench_run, tally,
};
pub use estimates::Budget;
pub use labels::{LabelPlan, label_plan};
pub use outcome::{
    Check, CheckStatus, Clip, Clips, ComponentShare, Estimate, Interval, Margins, Onset, OnsetKind,
    Outcome, Peak, Policy, Reason, Verdict, Witness,
};
pub use recompute::{Agreement, LoggedStep, Recomputation, recompute};
pub use record::{
    CheckRecord, ClipRecord, ClipsRecord, ComponentRecord, EstimateRecord, EvidenceRecord,
    IntervalRecord, OnsetRecord, PeakRecord, PlaceRecord, PolicyRecord, RecurrenceRecord,
    VerdictRecord, WitnessRecord,
};
pub use recurrence::{LoopPlace, Recurrence, StateSeries, recurrence};
pub use sequences::{
    JointSet, LEAST_ASYMPTOTIC, asymptotic_interval, betting_interval, critical_square, deviation,
    mean,
};
pub use series::{Bounds, Checkpoint, Reference, Series, Target};
pub use settings::{Margin, Settings};
