//! Evaluation episodes: fresh, independent, the first few of them recorded.

use mdp::{End, Seed};
use nn::Pool;
use rl::{EpisodeOutcome, Play, TrainedPolicy, n_side_by_side};

use super::tape::TapedEnvironment;
use super::trajectories::ColumnNames;
use crate::Error;
use crate::registry::{RecordedEpisode, Task};

/// Played episodes, and the first few of them as they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Played {
    pub(super) outcomes: Vec<EpisodeOutcome>,
    /// By number; none where an episode was too long to be kept.
    pub(super) recorded: Vec<Option<RecordedEpisode>>,
}

/// The most episodes of one policy that are recorded.
const MOST_RECORDED: usize = 16;

/// Steps after which a scripted policy's episode is given up, and after which no episode is recorded: no environment
/// of ours has a longer time limit.
const MOST_STEPS: usize = 100_000;

/// Plays `n_episodes` with a trained policy. The result depends on the seed alone, not on the threads.
pub(super) fn play_network(
    task: &dyn Task,
    policy: &dyn TrainedPolicy,
    play: Play,
    n_episodes: usize,
    seed: Seed,
    pool: &Pool,
) -> Played {
    let n_taped = MOST_RECORDED.min(n_episodes);
    let (rules, tape) = TapedEnvironment::new(task.vectorized(1, seed), n_taped, MOST_STEPS);
    let mut actor = policy.actor(play, n_side_by_side(n_episodes));
    let outcomes = rl::evaluate(actor.as_mut(), &rules, n_episodes, seed, pool);
    let mut recorded = std::mem::take(&mut *tape.lock().expect("no recording panicked"));
    for episode in recorded.iter_mut().flatten() {
        episode.channel = task.channel(&episode.trajectory);
    }
    Played { outcomes, recorded }
}

/// Plays `n_episodes` with a scripted policy, each under a random stream of its own.
///
/// # Errors
/// If the environment has no such policy, or an episode does not end.
pub(super) fn play_script(
    task: &dyn Task,
    name: &str,
    n_episodes: usize,
    seed: Seed,
    pool: &Pool,
) -> Result<Played, Error> {
    let slots: Vec<std::sync::Mutex<Option<(EpisodeOutcome, RecordedEpisode)>>> = (0..n_episodes)
        .map(|_| std::sync::Mutex::default())
        .collect();
    pool.run(n_episodes, &|index, _| {
        let rng = seed.stream("reference", index as u64);
        let Some(mut recorded) = task.play(name, MOST_STEPS, rng) else {
            return;
        };
        let Some(outcome) = outcome_of(&recorded) else {
            return;
        };
        if index >= MOST_RECORDED {
            recorded = RecordedEpisode::default();
        }
        *slots[index].lock().expect("no episode panicked") = Some((outcome, recorded));
    });
    let mut played = Played::default();
    for (index, slot) in slots.into_iter().enumerate() {
        let episode = slot.into_inner().expect("no episode panicked");
        let (outcome, recorded) = episode.ok_or_else(|| {
            Error::Environment(format!(
                "episode {index} of the policy \"{name}\" did not end in {MOST_STEPS} steps; give the environment a time limit"
            ))
        })?;
        played.outcomes.push(outcome);
        if index < MOST_RECORDED {
            played.recorded.push(Some(recorded));
        }
    }
    Ok(played)
}

fn outcome_of(recorded: &RecordedEpisode) -> Option<EpisodeOutcome> {
    let trajectory = &recorded.trajectory;
    let end: End = trajectory.end()?;
    Some(EpisodeOutcome {
        reward: trajectory.reward_return(),
        intent: trajectory.intent_return(),
        components: trajectory.component_returns(),
        n_steps: u32::try_from(trajectory.steps.len()).ok()?,
        end,
        success: recorded.success,
    })
}

impl Played {
    /// The recorded episodes, from the first on, that fit in a number of bytes.
    pub(super) fn within(self, names: &ColumnNames, budget: usize) -> Vec<(u32, RecordedEpisode)> {
        let mut left = budget;
        let mut kept = vec![];
        for (index, recorded) in self.recorded.into_iter().enumerate() {
            let Some(recorded) = recorded else { continue };
            let bytes = recorded.trajectory.states.len() * names.row_bytes();
            if bytes > left {
                break;
            }
            left -= bytes;
            kept.push((index as u32, recorded));
        }
        kept
    }
}
