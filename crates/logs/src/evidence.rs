//! What the steps of a step log show beside the returns: component sums, and loops.

use audit::{Check, CheckStatus, Clip, Outcome, Policy, Recurrence, Series, StateSeries};

use crate::log::Log;
use crate::step_log::StepEpisode;

/// Whether logged rewards are the sums of their logged components; `None` where there are no steps.
pub(crate) fn component_sums(log: &Log) -> Option<Check> {
    let recomputation = log.step_log()?.recomputation();
    let (n_checked, n_mismatches) = (recomputation.n_checked, recomputation.n_mismatches);
    let (status, note) = match recomputation.first {
        _ if n_checked == 0 => (
            CheckStatus::NotMeasurable,
            "no step has components to add up".to_owned(),
        ),
        Some((line, episode, step)) => (
            CheckStatus::Fail,
            format!(
                "the components of {n_mismatches} of {n_checked} steps do not add up to the reward, by up to {:.3e}; \
                 the first is line {line} (episode {episode}, step {step})",
                recomputation.largest
            ),
        ),
        None => (
            CheckStatus::Pass,
            format!("the components of all {n_checked} steps add up to the reward"),
        ),
    };
    Some(Check {
        name: "component-sums",
        status,
        smallest_effect: (n_checked > 0).then_some(1.0),
        unit: "steps",
        note,
    })
}

/// The loop in which the later of the two clips goes round, where observations are logged.
///
/// Where the steps of that very episode were not kept, those of the nearest one of its window are
/// looked at.
pub(crate) fn late_recurrence(log: &Log, series: &Series, outcome: &Outcome) -> Option<Recurrence> {
    let episodes = log.step_log()?.episodes();
    let Clip { policy, episode } = outcome.clips?.after;
    let Policy::Checkpoint(window) = policy else {
        return None;
    };
    let sizes = series.checkpoints.iter().map(|window| window.proxy.len());
    let first: usize = sizes.clone().take(window).sum();
    let size = sizes.clone().nth(window)?;
    let nearest = (0..size)
        .filter(|index| !episodes[first + index].steps.is_empty())
        .min_by_key(|index| index.abs_diff(episode))?;
    loop_of(&episodes[first + nearest])
}

/// The loop of one episode. A step's reward is earned on arriving in the next observation, so that
/// the first observation and the last reward are left out.
fn loop_of(episode: &StepEpisode) -> Option<Recurrence> {
    let steps = &episode.steps;
    let width = steps.first()?.observation.len();
    if width == 0 || steps.iter().any(|step| step.observation.len() != width) {
        return None;
    }
    let names: Vec<String> = (0..width).map(|n| format!("observation {n}")).collect();
    let arrived = steps.iter().skip(1);
    let states: Vec<Vec<f64>> = arrived.map(|step| step.observation.clone()).collect();
    let earned = steps.iter().take(states.len());
    let rewards: Vec<f64> = earned.map(|step| step.reward).collect();
    audit::recurrence(&StateSeries {
        names: &names,
        states: &states,
        rewards: &rewards,
        scales: None,
    })
}
