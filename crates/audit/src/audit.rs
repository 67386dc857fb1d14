//! The audit of a run: everything else in this crate, put together.

use std::borrow::Cow;

use mdp::Seed;

use crate::check_series::{check_labels, check_series};
use crate::estimates::{Budget, Region, Regions, Sequencer, Spread, join_small};
use crate::judge::{Judgement, judge};
use crate::labels::{LabelPlan, label_plan};
use crate::loophole::{choose_clips, component_shares};
use crate::onset::{onset, peak};
use crate::sentences::{intent_checks, remarks, smallest_visible_fall, statement};
use crate::tampering::check_channel;
use crate::{Check, CheckStatus, Checkpoint, Error, Outcome, Reason, Series, Settings, Verdict};

/// Judges a run.
///
/// `seed` draws the episodes to label when [`Settings::labels`] asks for that, and nothing else; the same seed as in
/// [`label_plan`] finds the labels that it asked for. Intents that the plan does not name are not read.
///
/// # Errors
///
/// When a setting is out of range, the series has nothing to compare, is misaligned or holds a number that is not
/// finite or leaves its declared bounds, or a label that the plan names is absent.
pub fn audit(series: &Series, settings: &Settings, seed: Seed) -> Result<Outcome, Error> {
    let series = &*prepare(series, settings, seed)?;
    let regions = Regions::new(series, settings, seed);
    let reference = regions.reference.as_ref();
    let spread = Spread::new(
        series,
        series.checkpoints.len(),
        reference,
        &regions.checkpoints,
    );
    let judgement = judge(reference, &regions.checkpoints, spread, settings);
    let channel_checks = channel_checks(series, settings, series.checkpoints.len());
    Ok(outcome(
        series,
        settings,
        &regions,
        judgement,
        channel_checks,
    ))
}

/// The verdict at every look: after each checkpoint, on what was there by then.
///
/// Entry `i` is what [`audit`] says of the first `i + 1` checkpoints (with [`Settings::labels`], of those labels
/// among them that the plan of the whole series names). The error rate covers all of them together.
///
/// # Errors
///
/// As for [`audit`].
pub fn audit_looks(
    series: &Series,
    settings: &Settings,
    seed: Seed,
) -> Result<Vec<(Verdict, Option<Reason>)>, Error> {
    let series = &*prepare(series, settings, seed)?;
    let sequencer = Sequencer::new(series, settings, seed);
    let reference = sequencer.reference();
    let mut checkpoints: Vec<Region> = Vec::new();
    let mut looks = Vec::new();
    for seen in 1..=series.checkpoints.len() {
        let groups = join_small(&series.checkpoints[..seen], settings.least_episodes);
        // All groups but the last are as they were; the last may have grown, or be new.
        let same = |(index, group): (usize, &std::ops::Range<usize>)| {
            checkpoints
                .get(index)
                .is_some_and(|region| region.estimate.members == *group)
        };
        let kept = groups
            .iter()
            .enumerate()
            .take_while(|entry| same(*entry))
            .count();
        checkpoints.truncate(kept);
        for (index, group) in groups.into_iter().enumerate().skip(kept) {
            checkpoints.push(sequencer.group(index, group));
        }
        let spread = Spread::new(series, seen, reference.as_ref(), &checkpoints);
        let judgement = judge(reference.as_ref(), &checkpoints, spread, settings);
        looks.push(if any_fails(&channel_checks(series, settings, seen)) {
            (Verdict::Tampered, None)
        } else {
            (judgement.verdict, judgement.reason)
        });
    }
    Ok(looks)
}

/// Checks the input, and hides the intents that the labelled design does not read.
fn prepare<'a>(
    series: &'a Series,
    settings: &Settings,
    seed: Seed,
) -> Result<Cow<'a, Series>, Error> {
    settings.check()?;
    check_series(series, settings)?;
    if settings.labels.is_none() {
        return Ok(Cow::Borrowed(series));
    }
    let plan = label_plan(series, settings, seed);
    check_labels(series, &plan)?;
    let mut series = series.clone();
    hide_unlabelled(&mut series, &plan);
    Ok(Cow::Owned(series))
}

fn hide_unlabelled(series: &mut Series, plan: &LabelPlan) {
    let hide = |checkpoint: &mut Checkpoint, chosen: &[usize]| {
        for (episode, intent) in checkpoint.intent.iter_mut().enumerate() {
            if chosen.binary_search(&episode).is_err() {
                *intent = None;
            }
        }
    };
    if let Some(reference) = &mut series.reference {
        hide(&mut reference.checkpoint, &plan.reference);
    }
    for (checkpoint, chosen) in series.checkpoints.iter_mut().zip(&plan.checkpoints) {
        hide(checkpoint, chosen);
    }
}

/// The checks of the reward channel over the first `seen` checkpoints; none where it is not recorded.
fn channel_checks(series: &Series, settings: &Settings, seen: usize) -> Vec<Check> {
    let Some(channel) = &series.channel else {
        return Vec::new();
    };
    let budget = Budget::new(settings.error_rate, series.reference.is_some(), true);
    check_channel(channel, seen, budget.channel())
}

fn any_fails(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.status == CheckStatus::Fail)
}

fn outcome(
    series: &Series,
    settings: &Settings,
    regions: &Regions,
    judgement: Judgement,
    channel_checks: Vec<Check>,
) -> Outcome {
    let tampered = any_fails(&channel_checks);
    let reference = regions.reference.as_ref();
    let witness = judgement.witness;
    let mut checks = channel_checks;
    checks.extend(intent_checks(regions, &judgement));
    let mut outcome = Outcome {
        verdict: if tampered {
            Verdict::Tampered
        } else {
            judgement.verdict
        },
        reason: judgement.reason.filter(|_| !tampered),
        statement: String::new(),
        remarks: Vec::new(),
        error_rate: settings.error_rate,
        margins: judgement.margins,
        reference_name: series.reference.as_ref().map_or_else(
            || "the first checkpoint".to_owned(),
            |reference| reference.name.clone(),
        ),
        reference: reference.map(|region| region.estimate.clone()),
        peak: peak(&regions.checkpoints),
        onset: witness
            .as_ref()
            .and_then(|witness| onset(reference, &regions.checkpoints, witness, judgement.margins)),
        smallest_visible_fall: smallest_visible_fall(regions, judgement.margins),
        labels_used: reference
            .into_iter()
            .chain(&regions.checkpoints)
            .map(|region| region.estimate.labelled)
            .sum(),
        components: component_shares(series, regions, witness.as_ref()),
        clips: choose_clips(series, regions, witness.as_ref()),
        checkpoints: regions
            .checkpoints
            .iter()
            .map(|region| region.estimate.clone())
            .collect(),
        witness,
        checks,
    };
    outcome.statement = statement(&outcome);
    outcome.remarks = remarks(&outcome, series, settings);
    outcome
}

#[cfg(test)]
mod tests;
