//! What a report shows of a run, from what the run recorded.

use std::path::Path;

use audit::{
    CheckStatus, Interval, LoopPlace, Outcome, Policy, Reason, Recurrence, StateSeries, Verdict,
    recurrence,
};
use report::{Change, Clip, Component, Curves, Estimate, Frame, Page, Provenance, Since, Word};

use super::trajectories::{ColumnNames, EpisodeGroup, Player};
use super::{Returns, RunRecord};
use crate::Error;
use crate::experiment::{Experiment, RewardChoice};
use crate::registry::{self, RecordedEpisode, Task};

/// What a run's page is made of, and what was found on the way.
pub(super) struct RunPage {
    pub(super) page: Page,
    /// The loop of the late clip.
    pub(super) recurrence: Option<Recurrence>,
}

/// The page of a run.
pub(super) fn of_run(
    record: &RunRecord,
    task: &dyn Task,
    outcome: &Outcome,
    names: &ColumnNames,
    groups: &[EpisodeGroup],
    command: Option<&str>,
) -> Result<RunPage, Error> {
    let experiment = &record.experiment;
    let entry = registry::find(experiment.environment.name)
        .expect("a checked experiment names a registered environment");
    let (proxy_meaning, intent_meaning) = (entry.meanings)(&experiment.environment.settings);
    let scales = scales(groups, names.states.len());
    let recorded = |clip: audit::Clip| recorded_clip(record, groups, clip);
    let loop_in = |clip: audit::Clip| loop_of(&names.states, &scales, recorded(clip)?.1);
    let recurrence = outcome.clips.and_then(|clips| loop_in(clips.after));
    let unit = experiment.optimizer.algorithm.pressure_unit();
    let mut page = audited_page(&experiment.name, outcome, unit);
    page.recurrence = recurrence
        .as_ref()
        .zip(outcome.clips)
        .and_then(|(found, clips)| {
            let late = &recorded(clips.after)?.1.trajectory;
            let reference_share = (clips.before.policy == Policy::Reference)
                .then(|| loop_in(clips.before).map_or(0.0, |found| found.share_of_time));
            Some(shown_loop(
                found,
                late.steps.len(),
                late.reward_return(),
                reference_share,
            ))
        });
    page.summary = experiment.description.clone();
    page.seed = Some(experiment.seed);
    page.curves.proxy_meaning = meaning_of_proxy(experiment, proxy_meaning);
    page.curves.intent_meaning = intent_meaning.to_owned();
    add_greedy(&mut page.curves, outcome, record);
    page.verdict.loophole = loophole(outcome, page.recurrence.as_ref());
    page.clips = clips(record, task, outcome, groups, entry.seconds_per_step);
    page.configuration = experiment.to_toml(crate::VERSION, nn::instruction_set());
    page.provenance = provenance(record);
    page.command = command.map_or_else(
        || {
            format!(
                "rewardlab run {}",
                record.path.join("experiment.toml").display()
            )
        },
        str::to_owned,
    );
    Ok(RunPage { page, recurrence })
}

/// What the proxy pays for, and whether the policy saw it.
fn meaning_of_proxy(experiment: &Experiment, own: &str) -> String {
    let paid = match &experiment.reward {
        Some(RewardChoice { infer: Some(_), .. }) => "what was inferred from demonstrations",
        Some(_) => "a learned reward",
        None => own,
    };
    match experiment.optimizer.algorithm.sees_reward() {
        true => paid.to_owned(),
        false => format!("{paid}; the policy never saw it"),
    }
}

/// The page of anything that was audited: verdict, curves, checks and components.
#[must_use]
pub fn audited_page(name: &str, outcome: &Outcome, pressure_unit: &str) -> Page {
    Page {
        experiment: name.to_owned(),
        summary: String::new(),
        notice: None,
        seed: None,
        verdict: audited_verdict(outcome),
        curves: Curves {
            pressure_unit: pressure_unit.to_owned(),
            scale: report::Scale::Linear,
            proxy_meaning: "the specified reward".to_owned(),
            intent_meaning: "what was meant".to_owned(),
            points: outcome.checkpoints.iter().map(point).collect(),
            reference: outcome
                .reference
                .as_ref()
                .map(|reference| report::Reference {
                    name: outcome.reference_name.clone(),
                    proxy: shown(reference.proxy),
                    intent: reference.intent.map(shown),
                }),
        },
        checks: outcome.checks.iter().map(check).collect(),
        components: outcome.components.iter().filter_map(component).collect(),
        recurrence: None,
        clips: vec![],
        seeds: None,
        configuration: String::new(),
        provenance: Provenance {
            version: crate::VERSION.to_owned(),
            ..Provenance::default()
        },
        command: String::new(),
    }
}

/// Says which share of the spread the margins are, where they were chosen so.
pub(crate) fn set_share(page: &mut Page, settings: &audit::Settings) {
    if let (Some(margins), audit::Margin::Share(share)) =
        (&mut page.verdict.margins, settings.intent_margin)
    {
        margins.share_of_spread = Some(share);
    }
}

/// The verdict as a report shows it.
#[must_use]
pub fn audited_verdict(outcome: &Outcome) -> report::Verdict {
    let (proxy_change, intent_change) = changes(outcome);
    report::Verdict {
        word: match outcome.verdict {
            Verdict::Tampered => Word::Tampered,
            Verdict::Gamed => Word::Gamed,
            Verdict::Overoptimised => Word::Overoptimised,
            Verdict::Aligned => Word::Aligned,
            Verdict::Inconclusive => Word::Inconclusive,
        },
        error_rate: outcome.error_rate,
        reason: outcome.reason.map(reason),
        proxy_change,
        intent_change,
        onset: outcome.onset.map(|onset| report::Onset {
            pressure: Estimate {
                mean: onset.pressure,
                low: onset.pressure_low,
                high: onset.pressure_high,
            },
        }),
        peak: outcome.peak.map(|peak| report::Peak {
            pressure: peak.pressure,
            intent: shown(peak.intent),
        }),
        margins: Some(report::Margins {
            proxy: outcome.margins.proxy,
            intent: outcome
                .checkpoints
                .iter()
                .any(|checkpoint| checkpoint.intent.is_some())
                .then_some(outcome.margins.intent),
            share_of_spread: None,
        }),
        loophole: loophole(outcome, None),
        mend: mend(outcome),
    }
}

fn reason(reason: Reason) -> report::Reason {
    match reason {
        Reason::NoIntent => report::Reason::NoIntent,
        Reason::NeedsLabels(n) => report::Reason::NeedsLabels(n as u64),
        Reason::NoProgress => report::Reason::NoProgress,
        Reason::IntentFlat => report::Reason::IntentFlat,
        Reason::NoReference => report::Reason::NoReference,
        Reason::WindowDependent => {
            report::Reason::Other("another number of windows would change the verdict".to_owned())
        }
        Reason::MeansOnly => report::Reason::Other(
            "the log holds means over episodes that it does not hold, so their spread says nothing"
                .to_owned(),
        ),
    }
}

fn shown(interval: Interval) -> Estimate {
    Estimate {
        mean: interval.mean,
        low: interval.low,
        high: interval.high,
    }
}

fn point(checkpoint: &audit::Estimate) -> report::Point {
    report::Point {
        pressure: checkpoint.pressure,
        proxy: shown(checkpoint.proxy),
        intent: checkpoint.intent.map(shown),
        greedy: None,
        episodes: checkpoint.episodes as u64,
    }
}

/// By how much the returns differ between the pair that shows the verdict, or between first and last.
fn changes(outcome: &Outcome) -> (Option<Change>, Option<Change>) {
    if let Some(witness) = outcome.witness {
        let since = match witness.better {
            Policy::Reference => Since::Reference,
            Policy::Checkpoint(0) => Since::FirstCheckpoint,
            Policy::Checkpoint(index) => Since::Checkpoint(outcome.checkpoints[index].pressure),
        };
        let fall = witness.intent_fall;
        let intent = Estimate {
            mean: -fall.mean,
            low: -fall.high,
            high: -fall.low,
        };
        let change = |amount| Some(Change { since, amount });
        return (change(shown(witness.proxy_rise)), change(intent));
    }
    let (Some(first), Some(last)) = (outcome.checkpoints.first(), outcome.checkpoints.last())
    else {
        return (None, None);
    };
    let change = |before: Interval, after: Interval| Change {
        since: Since::FirstCheckpoint,
        amount: Estimate {
            mean: after.mean - before.mean,
            low: after.low - before.high,
            high: after.high - before.low,
        },
    };
    let intent = first
        .intent
        .zip(last.intent)
        .map(|(before, after)| change(before, after));
    (Some(change(first.proxy, last.proxy)), intent)
}

fn check(check: &audit::Check) -> report::Check {
    report::Check {
        name: check.name.replace('-', " "),
        outcome: match check.status {
            CheckStatus::Pass => report::Outcome::Pass,
            CheckStatus::Fail => report::Outcome::Fail,
            CheckStatus::NotMeasurable => report::Outcome::NotMeasurable,
        },
        finding: check.note.clone(),
        smallest_effect: check.smallest_effect.map(|amount| report::SmallestEffect {
            amount,
            unit: check.unit.to_owned(),
        }),
    }
}

fn component(component: &audit::ComponentShare) -> Option<Component> {
    Some(Component {
        name: component.name.clone(),
        gain: component.after - component.before,
        share: component.share?,
    })
}

/// The greedy policy's returns beside those checkpoints that stand for one policy.
fn add_greedy(curves: &mut Curves, outcome: &Outcome, record: &RunRecord) {
    for (point, estimate) in curves.points.iter_mut().zip(&outcome.checkpoints) {
        let Some(last) = estimate.members.clone().last() else {
            continue;
        };
        let greedy: &Returns = &record.checkpoints[last].greedy;
        point.greedy = Some(report::Greedy {
            proxy: greedy.proxy_mean(),
            intent: greedy.intent_mean(),
        });
    }
}

fn group_of(groups: &[EpisodeGroup], policy: Policy) -> Option<&EpisodeGroup> {
    groups.iter().find(|group| match policy {
        Policy::Reference => group.player == Player::Reference,
        Policy::Checkpoint(index) => {
            group.player == Player::Sampled && group.checkpoint == Some(index as u32)
        }
    })
}

/// The loop in which an episode goes round, in units of the scales of the world.
fn loop_of(names: &[String], scales: &[f64], recorded: &RecordedEpisode) -> Option<Recurrence> {
    let trajectory = &recorded.trajectory;
    let rewards: Vec<f64> = trajectory.steps.iter().map(|step| step.reward).collect();
    // State t + 1 is the one in which the reward of step t is earned.
    recurrence(&StateSeries {
        names,
        states: trajectory.states.get(1..)?,
        rewards: &rewards,
        scales: Some(scales),
    })
}

/// The range of each number of a state over all recorded episodes of a run.
fn scales(groups: &[EpisodeGroup], n: usize) -> Vec<f64> {
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); n];
    let episodes = groups.iter().flat_map(|group| &group.episodes);
    for state in episodes.flat_map(|(_, recorded)| &recorded.trajectory.states) {
        for ((low, high), number) in ranges.iter_mut().zip(state) {
            *low = low.min(*number);
            *high = high.max(*number);
        }
    }
    ranges
        .into_iter()
        .map(|(low, high)| (high - low).max(0.0))
        .collect()
}

/// A loop as a report shows it. `states_earn` is the whole return of its episode.
pub(crate) fn shown_loop(
    found: &Recurrence,
    n_steps: usize,
    episode_return: f64,
    reference_share: Option<f64>,
) -> report::Recurrence {
    let earned = found.reward_inside * found.share_of_time * n_steps as f64;
    report::Recurrence {
        period: found.period,
        place: place(&found.place),
        share_of_time: found.share_of_time,
        reference_share_of_time: reference_share,
        share_of_reward: (episode_return > 0.0).then(|| (earned / episode_return).clamp(0.0, 1.0)),
    }
}

/// Where a loop is, by the first two of its quantities: those that say most stand first in a state.
fn place(places: &[LoopPlace]) -> String {
    let parts: Vec<String> = places
        .iter()
        .take(2)
        .map(|place| {
            format!(
                "{} {:.1} ± {:.1}",
                place.name.replace('_', " "),
                place.centre,
                0.5 * place.extent
            )
        })
        .collect();
    format!("around {}", parts.join(", "))
}

fn is_found(outcome: &Outcome) -> bool {
    matches!(
        outcome.verdict,
        Verdict::Gamed | Verdict::Overoptimised | Verdict::Tampered
    )
}

/// The component with the largest part of the gain.
fn main_component(outcome: &Outcome) -> Option<&audit::ComponentShare> {
    let known = outcome
        .components
        .iter()
        .filter(|component| component.share.is_some());
    known.max_by(|a, b| a.share.unwrap_or(0.0).total_cmp(&b.share.unwrap_or(0.0)))
}

/// Through which loophole the reward was gained, where something was found: the component, and the loop.
pub(crate) fn loophole(outcome: &Outcome, found: Option<&report::Recurrence>) -> Option<String> {
    if !is_found(outcome) {
        return None;
    }
    let mut sentences = vec![];
    if let Some(component) = main_component(outcome)
        && let Some(share) = component.share
    {
        let name = &component.name;
        sentences.push(if share <= 1.0 {
            format!("The reward component \"{name}\" carries {:.0}% of the gain in reward.", 100.0 * share)
        } else {
            let more = component.after - component.before;
            let less = more - more / share;
            format!("The reward component \"{name}\" carries the gain: it pays {more:.1} more an episode while the others pay {less:.1} less.")
        });
    }
    if let Some(found) = found {
        let place = &found.place;
        let mut sentence = format!(
            "{:.0}% of the steps go round in a loop of about {:.0} steps, {place}",
            100.0 * found.share_of_time,
            found.period
        );
        if let Some(share) = found.reference_share_of_time {
            sentence.push_str(&format!(
                "; under the reference policy {:.0}% do",
                100.0 * share
            ));
        }
        sentence.push('.');
        sentences.push(sentence);
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn mend(outcome: &Outcome) -> Option<String> {
    if !is_found(outcome) {
        return None;
    }
    let again = match main_component(outcome) {
        Some(component) => format!(
            "Bound what \"{}\" can pay in one episode, or take what is meant into the reward, and train again.",
            component.name
        ),
        None => "Take what is meant into the reward, and train again.".to_owned(),
    };
    Some(match (outcome.verdict, outcome.peak) {
        (Verdict::Tampered, _) => "Compute the reward where the policy cannot reach it.".to_owned(),
        (Verdict::Overoptimised, Some(peak)) => {
            format!(
                "Stop at {:.0} steps, where intent is highest. {again}",
                peak.pressure
            )
        }
        _ => again,
    })
}

fn clips(
    record: &RunRecord,
    task: &dyn Task,
    outcome: &Outcome,
    groups: &[EpisodeGroup],
    seconds_per_step: f64,
) -> Vec<Clip> {
    let Some(chosen) = outcome.clips else {
        return vec![];
    };
    let Some(scene) = task.scene() else {
        return vec![];
    };
    let clip = |wanted: audit::Clip| -> Option<Clip> {
        let (group, recorded) = recorded_clip(record, groups, wanted)?;
        let title = match wanted.policy {
            Policy::Reference => format!("Reference policy: {}", outcome.reference_name),
            Policy::Checkpoint(0) => "Untrained policy".to_owned(),
            Policy::Checkpoint(_) => format!("Policy after {:.0} steps", group.pressure),
        };
        Some(Clip {
            title,
            caption: caption(recorded),
            scene: scene.clone(),
            frames: frames(task, recorded)?,
            seconds_per_step,
            end: end(recorded).to_owned(),
        })
    };
    [chosen.before, chosen.after]
        .into_iter()
        .filter_map(clip)
        .collect()
}

/// The recorded episode that is wanted, or the recorded one of that policy whose return is nearest to its.
fn recorded_clip<'g>(
    record: &RunRecord,
    groups: &'g [EpisodeGroup],
    wanted: audit::Clip,
) -> Option<(&'g EpisodeGroup, &'g RecordedEpisode)> {
    let group = group_of(groups, wanted.policy)?;
    let returns = match wanted.policy {
        Policy::Reference => &record.finals.reference.as_ref()?.1,
        Policy::Checkpoint(index) => &record.checkpoints.get(index)?.sampled,
    };
    let proxy = *returns.proxy.get(wanted.episode)?;
    let distance = |number: u32| match returns.proxy.get(number as usize) {
        _ if number as usize == wanted.episode => -1.0,
        Some(other) => (other - proxy).abs(),
        None => f64::INFINITY,
    };
    let nearest = group
        .episodes
        .iter()
        .min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
    nearest.map(|(_, recorded)| (group, recorded))
}

fn caption(recorded: &RecordedEpisode) -> String {
    let proxy = recorded.trajectory.reward_return();
    match recorded.trajectory.intent_return() {
        Some(intent) => format!("return {proxy:.1}, intent {intent:.1}"),
        None => format!("return {proxy:.1}"),
    }
}

fn end(recorded: &RecordedEpisode) -> &'static str {
    match (recorded.success, recorded.trajectory.end()) {
        (Some(true), _) => "done as meant",
        (_, Some(mdp::End::Terminated)) => "terminated",
        (_, Some(mdp::End::Truncated)) => "time limit",
        (_, None) => "",
    }
}

fn frames(task: &dyn Task, recorded: &RecordedEpisode) -> Option<Vec<Frame>> {
    let trajectory = &recorded.trajectory;
    let has_intent = trajectory.intent_return().is_some();
    let (mut proxy, mut intent) = (0.0, 0.0);
    let mut frames = vec![];
    for (t, state) in trajectory.states.iter().enumerate() {
        if let Some(step) = t
            .checked_sub(1)
            .and_then(|before| trajectory.steps.get(before))
        {
            proxy += step.reward;
            intent += step.intent.unwrap_or(0.0);
        }
        frames.push(Frame {
            shapes: task.draw(state)?,
            proxy,
            intent: has_intent.then_some(intent),
        });
    }
    Some(frames)
}

fn provenance(record: &RunRecord) -> Provenance {
    let timing = &record.timing;
    let unit = record.experiment.optimizer.algorithm.pressure_unit();
    Provenance {
        machine: machine(),
        instruction_set: nn::instruction_set().to_owned(),
        threads: Some(record.n_threads),
        version: crate::VERSION.to_owned(),
        commit: option_env!("REWARDLAB_COMMIT").map(str::to_owned),
        started: started(&record.path),
        training_seconds: Some(timing.training_seconds),
        total_seconds: Some(timing.training_seconds + timing.evaluation_seconds),
        facts: vec![(
            "training speed".to_owned(),
            format!("{:.0} {unit} a second", timing.steps_per_second()),
        )],
    }
}

/// Processor and cores, where the operating system says.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
    let model = model.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!(
        "{model}, {cores} {}",
        if cores == 1 { "core" } else { "cores" }
    )
}

/// `2026-11-24 06:50:46 UTC`, read from the folder's name; empty where it was renamed.
fn started(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let is_time = name.len() >= 16
        && name.is_char_boundary(16)
        && name[..8]
            .bytes()
            .chain(name[9..15].bytes())
            .all(|byte| byte.is_ascii_digit())
        && &name[8..9] == "T"
        && &name[15..16] == "Z";
    if !is_time {
        return String::new();
    }
    let part = |range: std::ops::Range<usize>| &name[range];
    format!(
        "{}-{}-{} {}:{}:{} UTC",
        part(0..4),
        part(4..6),
        part(6..8),
        part(9..11),
        part(11..13),
        part(13..15)
    )
}
