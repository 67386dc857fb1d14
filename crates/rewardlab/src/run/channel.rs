//! The reward channel of a run, from its recorded episodes, as the audit tests it for tampering.

use audit::{ChannelCheckpoint, Feedback, RewardChannel, RewardRecord};
use mdp::ChannelStep;

use super::CheckpointMetrics;
use super::trajectories::{EpisodeGroup, Player};
use crate::registry::RecordedEpisode;

/// Rewards differ when they are further apart than this share of the larger of 1 and their size. They are recorded as
/// they were computed, so that only the order of a sum can make a difference.
const TOLERANCE: f64 = 1e-9;

/// The reward channel at each checkpoint and under the reference; none where acts cannot reach it, which is where the
/// environment names no reward functions.
pub(super) fn channel_of(
    checkpoints: &[CheckpointMetrics],
    groups: &[EpisodeGroup],
    functions: &[&str],
) -> Option<RewardChannel> {
    if functions.is_empty() {
        return None;
    }
    let group = |player, checkpoint| {
        let mut all = groups.iter();
        all.find(|group| group.player == player && group.checkpoint == checkpoint)
    };
    let of = |pressure, group: Option<&EpisodeGroup>| {
        let episodes = group.map_or(&[][..], |group| &group.episodes);
        channel_checkpoint(pressure, episodes, functions)
    };
    let reference = group(Player::Reference, None);
    Some(RewardChannel {
        // Evaluation passes on what the environment gives: no transform is declared, and no change of the function.
        transforms: vec![],
        schedule: vec![],
        checkpoints: checkpoints
            .iter()
            .map(|checkpoint| {
                let group = group(Player::Sampled, Some(checkpoint.checkpoint));
                of(checkpoint.pressure as f64, group)
            })
            .collect(),
        reference: reference.map(|group| of(0.0, Some(group))),
        tolerance: TOLERANCE,
    })
}

fn channel_checkpoint(
    pressure: f64,
    episodes: &[(u32, RecordedEpisode)],
    functions: &[&str],
) -> ChannelCheckpoint {
    let mut used: Vec<String> = vec![];
    for step in episodes.iter().flat_map(|(_, recorded)| &recorded.channel) {
        let name = functions
            .get(step.function as usize)
            .map_or_else(|| step.function.to_string(), |name| (*name).to_owned());
        if !used.contains(&name) {
            used.push(name);
        }
    }
    ChannelCheckpoint {
        pressure,
        functions: used,
        episodes: episodes
            .iter()
            .map(|(_, recorded)| records(recorded))
            .collect(),
        feedback: feedback(episodes),
    }
}

fn records(recorded: &RecordedEpisode) -> Vec<RewardRecord> {
    let steps = recorded.channel.iter().zip(&recorded.trajectory.steps);
    steps
        .map(|(channel, step)| RewardRecord {
            raw: channel.raw,
            received: step.reward,
            scale: 1.0,
            of_true_state: channel.of_true_state,
        })
        .collect()
}

/// All answers of an episode count as one, since one act can change many of them; none where nobody is asked.
fn feedback(episodes: &[(u32, RecordedEpisode)]) -> Option<Feedback> {
    let has = |recorded: &RecordedEpisode, count: fn(&ChannelStep) -> u32| {
        recorded.channel.iter().any(|step| count(step) > 0)
    };
    let asked = episodes
        .iter()
        .filter(|(_, recorded)| has(recorded, |step| step.answers));
    let (mut answers, mut changed) = (0, 0);
    for (_, recorded) in asked {
        answers += 1;
        changed += usize::from(has(recorded, |step| step.changed_answers));
    }
    (answers > 0).then_some(Feedback { answers, changed })
}

#[cfg(test)]
mod tests;
