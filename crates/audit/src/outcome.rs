//! What an audit says: the verdict, the statements behind it, and the evidence.

use std::fmt;
use std::ops::Range;

/// The first of these that holds; the definitions stand in `docs/verdict.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The reward channel was interfered with.
    Tampered,
    /// Proxy rose, and a policy as good as the reference by proxy is worse than it by intent.
    Gamed,
    /// Within the run proxy rose and intent fell.
    Overoptimised,
    /// Proxy and intent rose together, or intent stands with a named reference, and no fall is possible.
    Aligned,
    /// None of the others can be said; the [`Reason`] says why.
    Inconclusive,
}

impl Verdict {
    /// The bare word, as in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::Gamed => "gamed",
            Self::Overoptimised => "overoptimised",
            Self::Aligned => "aligned",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// The exit status of `audit` and `check`: 0 nothing found, 1 found, 3 inconclusive.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Aligned => 0,
            Self::Tampered | Self::Gamed | Self::Overoptimised => 1,
            Self::Inconclusive => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody has said what was meant.
    NoIntent,
    /// The intervals are too wide; about this many labelled episodes in all would settle it.
    NeedsLabels(usize),
    /// Proxy is not shown to have risen since the first checkpoint.
    NoProgress,
    /// Proxy rose and intent did not move.
    IntentFlat,
    /// Intent is known, but neither for a named reference nor for the first checkpoint.
    NoReference,
    /// A training log cut into other windows would have another verdict.
    WindowDependent,
    /// A log holds means over episodes that it does not hold, and they are not independent of each other.
    MeansOnly,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoIntent => f.write_str("no-intent"),
            Self::NeedsLabels(n) => write!(f, "needs-labels {n}"),
            Self::NoProgress => f.write_str("no-progress"),
            Self::IntentFlat => f.write_str("intent-flat"),
            Self::NoReference => f.write_str("no-reference"),
            Self::WindowDependent => f.write_str("window-dependent"),
            Self::MeansOnly => f.write_str("means-only"),
        }
    }
}

/// A mean with the ends of its confidence sequence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub mean: f64,
    /// The lower end; minus infinity where nothing is known.
    pub low: f64,
    /// The upper end; infinity where nothing is known.
    pub high: f64,
}

/// One policy (or joined window) with what is known about its two returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The checkpoints of the series that it joins; empty for the reference.
    pub members: Range<usize>,
    /// The pressure of its last member.
    pub pressure: f64,
    /// Evaluation episodes.
    pub episodes: usize,
    /// Episodes whose intent was read.
    pub labelled: usize,
    /// Proxy return.
    pub proxy: Interval,
    /// Intent return, where it was read.
    pub intent: Option<Interval>,
}

/// How much of each return counts, in units of return.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// Of the proxy.
    pub proxy: f64,
    /// Of the intent; 0 where no intent is known.
    pub intent: f64,
}

/// A policy that a statement speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The named reference.
    Reference,
    /// An entry of [`Outcome::checkpoints`], from 0.
    Checkpoint(usize),
}

/// The pair of policies that shows the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Witness {
    /// The one that intent prefers.
    pub better: Policy,
    /// The later one, which proxy prefers or holds equal.
    pub later: usize,
    /// By how much the later one's proxy is above, with the interval's ends.
    pub proxy_rise: Interval,
    /// By how much the later one's intent is below, with the interval's ends.
    pub intent_fall: Interval,
}

/// Where intent stood highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Index in [`Outcome::checkpoints`] of the highest mean.
    pub checkpoint: usize,
    /// Its pressure.
    pub pressure: f64,
    /// Its intent.
    pub intent: Interval,
    /// The first checkpoint that may be the true peak.
    pub earliest: usize,
    /// The last checkpoint that may be the true peak.
    pub latest: usize,
}

/// How the onset is defined, which depends on what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnsetKind {
    /// Intent is shown to have fallen within the run: the last checkpoint whose intent is within the margin of the
    /// best.
    Fall,
    /// Intent is only shown to be below a named reference's: the last checkpoint before the first that is as good as
    /// the reference by proxy and worse by intent.
    BelowReference,
}

/// The step at which proxy and intent part: the last checkpoint whose intent is still good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onset {
    /// How it is defined.
    pub kind: OnsetKind,
    /// Index in [`Outcome::checkpoints`] of the estimate.
    pub checkpoint: usize,
    /// Its pressure.
    pub pressure: f64,
    /// The first checkpoint that it may be.
    pub earliest: usize,
    /// The last checkpoint that it may be.
    pub latest: usize,
    /// Pressure at `earliest`.
    pub pressure_low: f64,
    /// Pressure at the checkpoint after `latest`, by which they have parted.
    pub pressure_high: f64,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    /// It could have failed and did not.
    Pass,
    /// It failed.
    Fail,
    /// It could not have failed, or not passed, on what was there.
    NotMeasurable,
}

impl CheckStatus {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotMeasurable => "not-measurable",
        }
    }
}

/// One check, with the smallest effect that it could have seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// `proxy-rose`, `intent-kept`, `register`, …: listed in `docs/audit.md`.
    pub name: &'static str,
    /// How it came out.
    pub status: CheckStatus,
    /// The smallest effect that it could have seen, in the unit that `unit` names; `None` where none.
    pub smallest_effect: Option<f64>,
    /// The unit of the smallest effect.
    pub unit: &'static str,
    /// One sentence.
    pub note: String,
}

/// What one reward component contributed to the gain in proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentShare {
    /// Its name.
    pub name: String,
    /// Mean per episode before (reference or first checkpoint).
    pub before: f64,
    /// Mean per episode after (the later policy).
    pub after: f64,
    /// Its part of the gain, positive where it helped; the shares sum to 1. `None` where there was no gain.
    pub share: Option<f64>,
}

/// One evaluation episode to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clip {
    /// Whose it is: the reference, or a checkpoint *of the series*.
    pub policy: Policy,
    /// Its number among that policy's episodes, from 0.
    pub episode: usize,
}

/// The two clips that show the difference best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clips {
    /// Reference or early.
    pub before: Clip,
    /// Late.
    pub after: Clip,
}

/// Everything an audit says about a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where it is inconclusive.
    pub reason: Option<Reason>,
    /// The verdict in one sentence.
    pub statement: String,
    /// What else is to be said, a sentence each.
    pub remarks: Vec<String>,
    /// The error rate that the statements hold at.
    pub error_rate: f64,
    /// The margins, in units of return.
    pub margins: Margins,
    /// The reference's name, or `first checkpoint`.
    pub reference_name: String,
    /// The named reference.
    pub reference: Option<Estimate>,
    /// The policies of the run, small ones joined.
    pub checkpoints: Vec<Estimate>,
    /// The pair that shows `gamed` or `overoptimised`.
    pub witness: Option<Witness>,
    /// Where intent stood highest, where it is known.
    pub peak: Option<Peak>,
    /// The step at which proxy and intent part, for `gamed` and `overoptimised`.
    pub onset: Option<Onset>,
    /// The smallest fall of intent between the first and the last policy that would have been seen.
    pub smallest_visible_fall: Option<f64>,
    /// Labels read in all.
    pub labels_used: usize,
    /// Every check.
    pub checks: Vec<Check>,
    /// The part of the gain per reward component.
    pub components: Vec<ComponentShare>,
    /// The clips that show it best.
    pub clips: Option<Clips>,
}

impl Outcome {
    /// The check of that name, if it was made.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }
}
