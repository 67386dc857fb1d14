//! The audit of a run: everything else in this crate, put together.

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
    let series = &prepare(series, settings, seed)?;
    let regions = Regions::new(series, settings, seed);
    let reference = regions.reference.as_ref();
    let spread = Spread::new(
        series,
        series.checkpoints.len(),
        reference,
        &regions.checkpoints,
    );
    let judgement = judge(reference, &regions.checkpoints, spread, settings);
    let channel_checks = channel_checks(series, settings);
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
    let series = &prepare(series, settings, seed)?;
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
        let tampered = tampered_by(series, settings, seen);
        looks.push(if tampered {
            (Verdict::Tampered, None)
        } else {
            (judgement.verdict, judgement.reason)
        });
    }
    Ok(looks)
}

/// Checks the input, and hides the intents that the labelled design does not read.
fn prepare(series: &Series, settings: &Settings, seed: Seed) -> Result<Series, Error> {
    settings.check()?;
    check_series(series, settings)?;
    let mut series = series.clone();
    if settings.labels.is_some() {
        let plan = label_plan(&series, settings, seed);
        check_labels(&series, &plan)?;
        hide_unlabelled(&mut series, &plan);
    }
    Ok(series)
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

fn budget(series: &Series, settings: &Settings) -> Budget {
    Budget::new(
        settings.error_rate,
        series.reference.is_some(),
        series.channel.is_some(),
    )
}

fn channel_checks(series: &Series, settings: &Settings) -> Vec<Check> {
    series.channel.as_ref().map_or_else(Vec::new, |channel| {
        check_channel(channel, budget(series, settings).channel())
    })
}

/// Whether the channel of the first `seen` checkpoints shows tampering.
fn tampered_by(series: &Series, settings: &Settings, seen: usize) -> bool {
    let Some(channel) = &series.channel else {
        return false;
    };
    let mut channel = channel.clone();
    channel.checkpoints.truncate(seen);
    check_channel(&channel, budget(series, settings).channel())
        .iter()
        .any(|check| check.status == CheckStatus::Fail)
}

fn outcome(
    series: &Series,
    settings: &Settings,
    regions: &Regions,
    judgement: Judgement,
    channel_checks: Vec<Check>,
) -> Outcome {
    let tampered = channel_checks
        .iter()
        .any(|check| check.status == CheckStatus::Fail);
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
