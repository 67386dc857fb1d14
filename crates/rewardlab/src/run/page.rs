//! What a report shows of a run, from what the run recorded.

use std::path::Path;

use audit::{CheckStatus, Interval, Outcome, Policy, Reason, Verdict};
use report::{Change, Clip, Component, Curves, Estimate, Frame, Page, Provenance, Since, Word};

use super::recurrence::recurrence;
use super::trajectories::{EpisodeGroup, Player, read_trajectories};
use super::{Returns, RunRecord, place_of, training};
use crate::Error;
use crate::registry::{self, RecordedEpisode, Task};

/// A loop is reported where it fills at least this share of the time.
const LEAST_RECURRENCE: f64 = 0.1;

/// The page of a run.
pub(super) fn of_run(
    record: &RunRecord,
    task: &dyn Task,
    outcome: &Outcome,
    command: Option<&str>,
) -> Result<Page, Error> {
    let path = record.path.join(training::TRAJECTORIES);
    let (names, groups) = read_trajectories(&path)?;
    let experiment = &record.experiment;
    let entry = registry::find(experiment.environment.name)
        .expect("a checked experiment names a registered environment");
    let (proxy_meaning, intent_meaning) = (entry.meanings)(&experiment.environment.settings);
    let found = loops(&groups, &names.states, outcome);
    let mut page = audited_page(&experiment.name, outcome, "environment steps");
    page.summary = experiment.description.clone();
    page.seed = Some(experiment.seed);
    page.curves.proxy_meaning = proxy_meaning.to_owned();
    page.curves.intent_meaning = intent_meaning.to_owned();
    add_greedy(&mut page.curves, outcome, record);
    page.verdict.loophole = loophole(outcome, found.as_ref());
    page.recurrence = found;
    page.clips = clips(record, task, outcome, &groups, entry.seconds_per_step);
    page.configuration = experiment.to_toml(crate::VERSION, nn::instruction_set());
    page.provenance = provenance(record);
    page.command = command.map_or_else(
        || format!("rewardlab run {}", record.path.join("experiment.toml").display()),
        str::to_owned,
    );
    Ok(page)
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
            reference: outcome.reference.as_ref().map(|reference| report::Reference {
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
        provenance: Provenance { version: crate::VERSION.to_owned(), ..Provenance::default() },
        command: String::new(),
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
            intent: outcome.checkpoints.iter().any(|checkpoint| checkpoint.intent.is_some())
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
        Reason::WindowDependent => report::Reason::Other(
            "another number of windows would change the verdict".to_owned(),
        ),
        Reason::MeansOnly => report::Reason::Other(
            "the log holds means over episodes that it does not hold, so their spread says nothing".to_owned(),
        ),
    }
}

fn shown(interval: Interval) -> Estimate {
    Estimate { mean: interval.mean, low: interval.low, high: interval.high }
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
        let intent = Estimate { mean: -fall.mean, low: -fall.high, high: -fall.low };
        let change = |amount| Some(Change { since, amount });
        return (change(shown(witness.proxy_rise)), change(intent));
    }
    let (Some(first), Some(last)) = (outcome.checkpoints.first(), outcome.checkpoints.last()) else {
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
    let intent = first.intent.zip(last.intent).map(|(before, after)| change(before, after));
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
        let Some(last) = estimate.members.clone().last() else { continue };
        let greedy: &Returns = &record.checkpoints[last].greedy;
        point.greedy = Some(report::Greedy {
            proxy: greedy.proxy_mean(),
            intent: greedy.intent_mean(),
        });
    }
}

/// The checkpoint, in the series, that the verdict speaks of: the later of the pair, or the last.
fn late_checkpoint(outcome: &Outcome) -> Option<usize> {
    let index = outcome.witness.map_or(outcome.checkpoints.len().checked_sub(1), |w| Some(w.later));
    outcome.checkpoints.get(index?)?.members.clone().last()
}

fn group_of(groups: &[EpisodeGroup], policy: Policy) -> Option<&EpisodeGroup> {
    groups.iter().find(|group| match policy {
        Policy::Reference => group.player == Player::Reference,
        Policy::Checkpoint(index) => {
            group.player == Player::Sampled && group.checkpoint == Some(index as u32)
        }
    })
}

/// The loop that the late policy runs in, beside how much the reference does so.
fn loops(groups: &[EpisodeGroup], names: &[String], outcome: &Outcome) -> Option<report::Recurrence> {
    let episodes_of = |policy| -> Option<Vec<&RecordedEpisode>> {
        let group = group_of(groups, policy)?;
        Some(group.episodes.iter().map(|(_, recorded)| recorded).collect())
    };
    let late = episodes_of(Policy::Checkpoint(late_checkpoint(outcome)?))?;
    shown_recurrence(names, &late, episodes_of(Policy::Reference).as_deref())
}

/// The loop in some episodes, where it fills enough of the time to be worth a word.
pub(crate) fn shown_recurrence(
    names: &[String],
    episodes: &[&RecordedEpisode],
    reference: Option<&[&RecordedEpisode]>,
) -> Option<report::Recurrence> {
    let found = recurrence(names, episodes).filter(|found| found.share_of_time >= LEAST_RECURRENCE)?;
    Some(report::Recurrence {
        period: found.period,
        place: place_of(names, &found.place),
        share_of_time: found.share_of_time,
        reference_share_of_time: reference
            .map(|episodes| recurrence(names, episodes).map_or(0.0, |found| found.share_of_time)),
        share_of_reward: found.share_of_reward,
    })
}

fn is_found(outcome: &Outcome) -> bool {
    matches!(outcome.verdict, Verdict::Gamed | Verdict::Overoptimised | Verdict::Tampered)
}

/// The component with the largest part of the gain.
fn main_component(outcome: &Outcome) -> Option<(&str, f64)> {
    outcome
        .components
        .iter()
        .filter_map(|component| Some((component.name.as_str(), component.share?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

pub(crate) fn loophole(outcome: &Outcome, found: Option<&report::Recurrence>) -> Option<String> {
    if !is_found(outcome) {
        return None;
    }
    let mut sentences = vec![];
    if let Some((name, share)) = main_component(outcome) {
        sentences.push(format!(
            "The reward component \"{name}\" carries {:.0}% of the gain in reward.",
            100.0 * share
        ));
    }
    if let Some(found) = found {
        let place = &found.place;
        let mut sentence = format!(
            "{:.0}% of the steps come back to where the policy was about {:.0} steps before, {place}",
            100.0 * found.share_of_time,
            found.period
        );
        if let Some(share) = found.reference_share_of_time {
            sentence.push_str(&format!("; the reference does so in {:.0}%", 100.0 * share));
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
    let part = match main_component(outcome) {
        Some((name, _)) => format!("Bound what \"{name}\" can pay in one episode"),
        None => "Pay for what is meant".to_owned(),
    };
    Some(match (outcome.verdict, outcome.peak) {
        (Verdict::Tampered, _) => "Compute the reward where the policy cannot reach it.".to_owned(),
        (Verdict::Overoptimised, Some(peak)) => {
            format!("Stop at {:.0} steps, where intent is highest, or: {part}, and train again.", peak.pressure)
        }
        _ => format!("{part}, or take what is meant into the reward, and train again."),
    })
}

fn clips(
    record: &RunRecord,
    task: &dyn Task,
    outcome: &Outcome,
    groups: &[EpisodeGroup],
    seconds_per_step: f64,
) -> Vec<Clip> {
    let Some(chosen) = outcome.clips else { return vec![] };
    let Some(scene) = task.scene() else { return vec![] };
    let clip = |wanted: audit::Clip| -> Option<Clip> {
        let group = group_of(groups, wanted.policy)?;
        let recorded = nearest_recorded(record, group, wanted)?;
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
    [chosen.before, chosen.after].into_iter().filter_map(clip).collect()
}

/// The recorded episode that is wanted, or the recorded one whose return is nearest to its.
fn nearest_recorded<'g>(
    record: &RunRecord,
    group: &'g EpisodeGroup,
    wanted: audit::Clip,
) -> Option<&'g RecordedEpisode> {
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
    let nearest = group.episodes.iter().min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
    nearest.map(|(_, recorded)| recorded)
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
        if let Some(step) = t.checked_sub(1).and_then(|before| trajectory.steps.get(before)) {
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
            format!("{:.0} environment steps a second", timing.steps_per_second()),
        )],
    }
}

/// Processor and cores, where the operating system says.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let model = model.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{model}, {cores} {}", if cores == 1 { "core" } else { "cores" })
}

/// `2026-11-24 06:50:46 UTC`, read from the folder's name; empty where it was renamed.
fn started(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_time = name.len() >= 16
        && name.is_char_boundary(16)
        && name[..8].bytes().chain(name[9..15].bytes()).all(|byte| byte.is_ascii_digit())
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
