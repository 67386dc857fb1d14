//! Where intent stood highest, and the step at which proxy and intent part.
//!
//! Both are functions of the intervals: the sets below hold the truth whenever every interval does.

use crate::estimates::Region;
use crate::{Interval, Margins, Onset, OnsetKind, Peak, Policy, Witness};

/// A position in the run with the first and the last one that it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) estimate: usize,
    pub(crate) earliest: usize,
    pub(crate) latest: usize,
}

/// What may be of a checkpoint whose intent is not known: anything.
const UNKNOWN: Interval = Interval {
    mean: f64::NAN,
    low: f64::NEG_INFINITY,
    high: f64::INFINITY,
};

/// The checkpoint of the highest mean. It may be any whose upper end reaches the highest lower end, and any that is
/// not known.
pub(crate) fn highest(intents: &[Option<Interval>]) -> Option<Place> {
    let known = || {
        intents
            .iter()
            .enumerate()
            .filter_map(|(index, intent)| Some((index, (*intent)?)))
    };
    let estimate = known()
        .max_by(|(_, a), (_, b)| a.mean.total_cmp(&b.mean))?
        .0;
    let bar = known()
        .map(|(_, intent)| intent.low)
        .fold(f64::NEG_INFINITY, f64::max);
    let possible =
        || (0..intents.len()).filter(|index| intents[*index].unwrap_or(UNKNOWN).high >= bar);
    Some(Place {
        estimate,
        earliest: possible().min()?.min(estimate),
        latest: possible().max()?.max(estimate),
    })
}

/// The last checkpoint whose intent is within `margin` of the highest one's.
///
/// With true means in place of intervals this is the definition. It is surely not before the last checkpoint whose
/// lower end is within the margin of the highest upper end, nor before the first that may be the highest; and not
/// after the last whose upper end is within the margin of the highest lower end.
pub(crate) fn last_good(intents: &[Option<Interval>], margin: f64) -> Option<Place> {
    let peak = highest(intents)?;
    let last = |bar: f64, pick: fn(&Interval) -> f64| {
        intents
            .iter()
            // A comparison with the mean of an unknown intent is false.
            .rposition(|intent| pick(&intent.unwrap_or(UNKNOWN)) >= bar - margin)
    };
    let top = |pick: fn(&Interval) -> f64| {
        intents
            .iter()
            .map(|intent| pick(&intent.unwrap_or(UNKNOWN)))
            .fold(f64::NEG_INFINITY, f64::max)
    };
    let estimate = last(top(|i| i.mean), |i| i.mean)?;
    // No lower end reaches an unknown upper end.
    let surely = Some(top(|i| i.high))
        .filter(|bar| bar.is_finite())
        .and_then(|bar| last(bar, |i| i.low));
    let possibly = last(top(|i| i.low), |i| i.high)?;
    Some(Place {
        estimate,
        earliest: surely
            .map_or(peak.earliest, |surely| surely.max(peak.earliest))
            .min(estimate),
        latest: possibly.max(estimate),
    })
}

/// The checkpoint before the first that is not below the standard by proxy and is below it by intent.
pub(crate) fn before_crossing(
    standard: (Interval, Interval),
    checkpoints: &[(Interval, Option<Interval>)],
    margins: Margins,
) -> Option<Place> {
    let (proxy, intent) = standard;
    // A comparison with the mean of an unknown intent is false.
    let first = |holds: &dyn Fn(&Interval, &Interval) -> bool| {
        checkpoints
            .iter()
            .enumerate()
            .skip(1)
            .find(|(_, (p, i))| holds(p, &i.unwrap_or(UNKNOWN)))
            .map(|(index, _)| index - 1)
    };
    let shown =
        first(&|p, i| p.low >= proxy.high - margins.proxy && i.high < intent.low - margins.intent)?;
    let possible =
        first(&|p, i| p.high >= proxy.low - margins.proxy && i.low < intent.high - margins.intent)?;
    let estimate = first(&|p, i| {
        p.mean >= proxy.mean - margins.proxy && i.mean < intent.mean - margins.intent
    })
    .unwrap_or(shown);
    Some(Place {
        estimate: estimate.clamp(possible, shown),
        earliest: possible,
        latest: shown,
    })
}

/// Where the intent of a run stood highest.
pub(crate) fn peak(checkpoints: &[Region]) -> Option<Peak> {
    let intents: Vec<_> = checkpoints
        .iter()
        .map(|region| region.estimate.intent)
        .collect();
    let place = highest(&intents)?;
    Some(Peak {
        checkpoint: place.estimate,
        pressure: checkpoints[place.estimate].estimate.pressure,
        intent: intents[place.estimate]?,
        earliest: place.earliest,
        latest: place.latest,
    })
}

/// Where the fall that `witness` shows began.
///
/// When intent is shown to have fallen within the run, up to the later policy, by more than the margin: at the last
/// checkpoint whose intent was still within the margin of the best. When it is only below a named reference: just
/// before the first checkpoint that is as good as the reference by proxy and worse by intent.
pub(crate) fn onset(
    reference: Option<&Region>,
    checkpoints: &[Region],
    witness: &Witness,
    margins: Margins,
) -> Option<Onset> {
    let seen = &checkpoints[..=witness.later];
    let intents: Vec<_> = seen.iter().map(|region| region.estimate.intent).collect();
    let later = intents[witness.later]?;
    let fell_within = intents
        .iter()
        .flatten()
        .any(|intent| intent.low - later.high > margins.intent);
    let kind = if fell_within || witness.better != Policy::Reference {
        OnsetKind::Fall
    } else {
        OnsetKind::BelowReference
    };
    let place = match kind {
        OnsetKind::Fall => last_good(&intents, margins.intent)?,
        OnsetKind::BelowReference => {
            let reference = &reference?.estimate;
            let pairs: Vec<_> = seen
                .iter()
                .map(|region| (region.estimate.proxy, region.estimate.intent))
                .collect();
            before_crossing((reference.proxy, reference.intent?), &pairs, margins)?
        }
    };
    let pressure = |index: usize| seen[index.min(witness.later)].estimate.pressure;
    Some(Onset {
        kind,
        checkpoint: place.estimate,
        pressure: pressure(place.estimate),
        earliest: place.earliest,
        latest: place.latest,
        pressure_low: pressure(place.earliest),
        pressure_high: pressure(place.latest + 1),
    })
}

#[cfg(test)]
mod tests;
