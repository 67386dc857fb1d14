//! The verdict as it is written to `verdict.json` and printed by `--json`; the schema stands in `docs/audit.md`.

use serde::{Deserialize, Serialize};

use crate::{
    Check, Clip, Clips, ComponentShare, Estimate, Interval, Onset, OnsetKind, Outcome, Peak,
    Policy, Recurrence, Witness,
};

/// The version of the schema; it changes when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// One audit, serialisable both ways.
///
/// An end of an interval of which nothing is known is `null`, since JSON has no infinity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictRecord {
    /// The version of the schema, 1.
    pub schema: u32,
    /// The bare word: `aligned`, `overoptimised`, `gamed`, `tampered` or `inconclusive`.
    pub verdict: String,
    /// `no-intent`, `needs-labels N`, `no-progress`, `intent-flat` or `no-reference`; `null` unless inconclusive.
    pub reason: Option<String>,
    /// Everything else.
    pub evidence: EvidenceRecord,
}

/// What stands behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// The verdict in one sentence.
    pub statement: String,
    /// What else is to be said.
    pub remarks: Vec<String>,
    /// The error rate that the statements hold at.
    pub error_rate: f64,
    /// How much proxy counts.
    pub proxy_margin: f64,
    /// How much intent counts.
    pub intent_margin: f64,
    /// The name of the reference policy, or `the first checkpoint`.
    pub reference_name: String,
    /// The named reference.
    pub reference: Option<EstimateRecord>,
    /// The policies of the run, small ones joined, in order of pressure.
    pub checkpoints: Vec<EstimateRecord>,
    /// The pair that shows `gamed` or `overoptimised`.
    pub witness: Option<WitnessRecord>,
    /// Where intent stood highest.
    pub peak: Option<PeakRecord>,
    /// The step at which proxy and intent part.
    pub onset: Option<OnsetRecord>,
    /// The smallest fall of intent that would have been seen.
    pub smallest_visible_fall: Option<f64>,
    /// Labels read in all.
    pub labels_used: usize,
    /// Every check.
    pub checks: Vec<CheckRecord>,
    /// The part of the gain per reward component.
    pub components: Vec<ComponentRecord>,
    /// The loop in which the late policy goes round, where one was found and looked for.
    pub recurrence: Option<RecurrenceRecord>,
    /// The clips that show it best.
    pub clips: Option<ClipsRecord>,
}

/// A mean with the ends of its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntervalRecord {
    /// The estimate.
    pub mean: f64,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimateRecord {
    /// The first and the last checkpoint of the series that it stands for; `null` for the reference.
    pub members: Option<[usize; 2]>,
    /// Pressure of the last member; `null` for the reference.
    pub pressure: Option<f64>,
    /// Evaluation episodes.
    pub episodes: usize,
    /// Episodes whose intent was read.
    pub labelled: usize,
    /// Proxy return.
    pub proxy: IntervalRecord,
    /// Intent return.
    pub intent: Option<IntervalRecord>,
}

/// The pair that shows the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WitnessRecord {
    /// `reference`, or an index in `checkpoints`.
    pub better: PolicyRecord,
    /// An index in `checkpoints`.
    pub later: usize,
    /// By how much proxy is higher.
    pub proxy_rise: IntervalRecord,
    /// By how much intent is lower.
    pub intent_fall: IntervalRecord,
}

/// A policy: the word `reference`, or an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PolicyRecord {
    /// An index.
    Checkpoint(usize),
    /// The word `reference`.
    Named(String),
}

/// Where intent stood highest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PeakRecord {
    /// An index in `checkpoints`.
    pub checkpoint: usize,
    /// Its pressure.
    pub pressure: f64,
    /// Its intent.
    pub intent: IntervalRecord,
    /// The first and the last checkpoint that may be the true peak.
    pub between: [usize; 2],
}

/// The step at which proxy and intent part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnsetRecord {
    /// `fall` (within the run) or `below-reference`.
    pub kind: String,
    /// An index in `checkpoints`: the last policy before they part.
    pub checkpoint: usize,
    /// Its pressure.
    pub pressure: f64,
    /// The first and the last checkpoint that it may be.
    pub between: [usize; 2],
    /// The pressures between which they part.
    pub pressure_between: [f64; 2],
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// Its name.
    pub name: String,
    /// `pass`, `fail` or `not-measurable`.
    pub status: String,
    /// The smallest effect that it could have seen.
    pub smallest_effect: Option<f64>,
    /// The unit of that.
    pub unit: String,
    /// One sentence.
    pub note: String,
}

/// One reward component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// Its name.
    pub name: String,
    /// Mean per episode before.
    pub before: f64,
    /// Mean per episode after.
    pub after: f64,
    /// Its part of the gain.
    pub share: Option<f64>,
}

/// A loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecurrenceRecord {
    /// Steps for one round: the median.
    pub period: f64,
    /// The quarter points of the steps for one round.
    pub period_quartiles: [f64; 2],
    /// Share of the steps spent in the loop.
    pub share_of_time: f64,
    /// The named quantities of the state, where it is.
    pub place: Vec<PlaceRecord>,
    /// Reward earned in one round.
    pub reward_per_round: f64,
    /// Reward a step in the loop.
    pub reward_inside: f64,
    /// Reward a step elsewhere; `null` where there is no elsewhere.
    pub reward_outside: Option<f64>,
}

/// Where one quantity of the state lies in a loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceRecord {
    /// Its name.
    pub name: String,
    /// The middle of its range.
    pub centre: f64,
    /// The length of its range.
    pub extent: f64,
}

/// The two clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipsRecord {
    /// Reference or early.
    pub before: ClipRecord,
    /// Late.
    pub after: ClipRecord,
}

/// One episode to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipRecord {
    /// `reference`, or the number of a checkpoint of the series (not an index in `checkpoints`, which may be joined).
    pub policy: PolicyRecord,
    /// Its episode, from 0.
    pub episode: usize,
}

impl VerdictRecord {
    /// The record of an outcome, with the loop that was found in the late clip, if any was looked for.
    #[must_use]
    pub fn new(outcome: &Outcome, recurrence: Option<&Recurrence>) -> Self {
        Self {
            schema: SCHEMA,
            verdict: outcome.verdict.word().to_owned(),
            reason: outcome.reason.map(|reason| reason.to_string()),
            evidence: EvidenceRecord {
                statement: outcome.statement.clone(),
                remarks: outcome.remarks.clone(),
                error_rate: outcome.error_rate,
                proxy_margin: outcome.margins.proxy,
                intent_margin: outcome.margins.intent,
                reference_name: outcome.reference_name.clone(),
                reference: outcome.reference.as_ref().map(estimate_record),
                checkpoints: outcome.checkpoints.iter().map(estimate_record).collect(),
                witness: outcome.witness.as_ref().map(witness_record),
                peak: outcome.peak.as_ref().map(peak_record),
                onset: outcome.onset.as_ref().map(onset_record),
                smallest_visible_fall: outcome.smallest_visible_fall,
                labels_used: outcome.labels_used,
                checks: outcome.checks.iter().map(check_record).collect(),
                components: outcome.components.iter().map(component_record).collect(),
                recurrence: recurrence.map(recurrence_record),
                clips: outcome.clips.as_ref().map(clips_record),
            },
        }
    }

    /// The record as one JSON object.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data with string keys is always JSON")
    }
}

fn interval_record(interval: &Interval) -> IntervalRecord {
    let end = |value: f64| value.is_finite().then_some(value);
    IntervalRecord {
        mean: interval.mean,
        low: end(interval.low),
        high: end(interval.high),
    }
}

fn estimate_record(estimate: &Estimate) -> EstimateRecord {
    let of_run = !estimate.members.is_empty();
    EstimateRecord {
        members: of_run.then(|| [estimate.members.start, estimate.members.end - 1]),
        pressure: of_run.then_some(estimate.pressure),
        episodes: estimate.episodes,
        labelled: estimate.labelled,
        proxy: interval_record(&estimate.proxy),
        intent: estimate.intent.as_ref().map(interval_record),
    }
}

fn policy_record(policy: Policy) -> PolicyRecord {
    match policy {
        Policy::Reference => PolicyRecord::Named("reference".to_owned()),
        Policy::Checkpoint(index) => PolicyRecord::Checkpoint(index),
    }
}

fn witness_record(witness: &Witness) -> WitnessRecord {
    WitnessRecord {
        better: policy_record(witness.better),
        later: witness.later,
        proxy_rise: interval_record(&witness.proxy_rise),
        intent_fall: interval_record(&witness.intent_fall),
    }
}

fn peak_record(peak: &Peak) -> PeakRecord {
    PeakRecord {
        checkpoint: peak.checkpoint,
        pressure: peak.pressure,
        intent: interval_record(&peak.intent),
        between: [peak.earliest, peak.latest],
    }
}

fn onset_record(onset: &Onset) -> OnsetRecord {
    OnsetRecord {
        kind: match onset.kind {
            OnsetKind::Fall => "fall",
            OnsetKind::BelowReference => "below-reference",
        }
        .to_owned(),
        checkpoint: onset.checkpoint,
        pressure: onset.pressure,
        between: [onset.earliest, onset.latest],
        pressure_between: [onset.pressure_low, onset.pressure_high],
    }
}

fn check_record(check: &Check) -> CheckRecord {
    CheckRecord {
        name: check.name.to_owned(),
        status: check.status.word().to_owned(),
        smallest_effect: check.smallest_effect,
        unit: check.unit.to_owned(),
        note: check.note.clone(),
    }
}

fn component_record(component: &ComponentShare) -> ComponentRecord {
    ComponentRecord {
        name: component.name.clone(),
        before: component.before,
        after: component.after,
        share: component.share,
    }
}

fn recurrence_record(recurrence: &Recurrence) -> RecurrenceRecord {
    RecurrenceRecord {
        period: recurrence.period,
        period_quartiles: recurrence.period_quartiles,
        share_of_time: recurrence.share_of_time,
        place: recurrence
            .place
            .iter()
            .map(|place| PlaceRecord {
                name: place.name.clone(),
                centre: place.centre,
                extent: place.extent,
            })
            .collect(),
        reward_per_round: recurrence.reward_per_round,
        reward_inside: recurrence.reward_inside,
        reward_outside: recurrence.reward_outside,
    }
}

fn clips_record(clips: &Clips) -> ClipsRecord {
    let clip = |clip: Clip| ClipRecord {
        policy: policy_record(clip.policy),
        episode: clip.episode,
    };
    ClipsRecord {
        before: clip(clips.before),
        after: clip(clips.after),
    }
}

#[cfg(test)]
mod tests;
