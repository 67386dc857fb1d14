//! Recording many episodes of a policy as demonstrations.

#[cfg(test)]
mod tests;

use mdp::{EpisodeView, Space, Trajectories};
use nn::Pool;

use crate::evaluate::{end_of, n_side_by_side};
use crate::policy::Stage;
use crate::{BatchPolicy, StepBatch, VectorEnvironment};

/// Records `n_episodes` fresh, independent episodes to their ends, with rewards, states, and intents where they are known.
///
/// As in [`evaluate`](crate::evaluate()), `policy` is made for the number of environments that
/// [`n_side_by_side`] gives, each of which plays a number of episodes fixed beforehand.
///
/// # Panics
/// If the environment gives values that lie outside of its own spaces.
pub fn demonstrate(
    policy: &mut dyn BatchPolicy,
    rules: &dyn VectorEnvironment,
    n_episodes: usize,
    seed: mdp::Seed,
    pool: &Pool,
) -> Trajectories {
    let n = n_side_by_side(n_episodes);
    let mut stage = Stage::new(rules, n, seed);
    let mut records: Vec<Record> = vec![Record::default(); n];
    for (index, record) in records.iter_mut().enumerate() {
        record.push_situation(&stage, index);
    }
    let mut finished: Vec<Option<Record>> = vec![None; n_episodes];
    let mut next: Vec<usize> = (0..n).collect();
    while next.iter().any(|episode| *episode < n_episodes) {
        stage.step(policy, pool);
        for index in (0..n).filter(|index| next[*index] < n_episodes) {
            records[index].push_step(&stage, index);
        }
        // The true successors, before new episodes begin.
        stage
            .observations
            .copy_from_slice(&stage.batch.observations);
        for (index, episode) in next.iter_mut().enumerate() {
            if *episode >= n_episodes {
                continue;
            }
            records[index].push_situation(&stage, index);
            if stage.batch.ended[index] {
                finished[*episode] = Some(std::mem::take(&mut records[index]));
                *episode += n;
            }
        }
        for index in (0..n).filter(|index| stage.batch.ended[*index]) {
            policy.begin_episode(index);
        }
        stage.renew();
        for index in (0..n).filter(|i| stage.batch.ended[*i] && next[*i] < n_episodes) {
            records[index].push_situation(&stage, index);
        }
    }
    gather(rules, &finished)
}

/// The episodes in order, observations as values of their space again.
fn gather(rules: &dyn VectorEnvironment, finished: &[Option<Record>]) -> Trajectories {
    let space = rules.observation_space();
    let mut trajectories = Trajectories::new(space.clone(), rules.action_space());
    for record in finished.iter().flatten() {
        let observations = values_of(&space, &record.observations, rules.n_features());
        let episode = EpisodeView {
            observations: &observations,
            actions: &record.actions,
            rewards: Some(&record.rewards),
            intents: record.has_intent.then_some(record.intents.as_slice()),
            states: &record.states,
            end: record.end,
        };
        trajectories
            .push(episode)
            .expect("an environment keeps to its own spaces");
    }
    trajectories
}

/// Values of the observation space from features `[N, F]`: the choices of one-hot rows, everything else as it is.
fn values_of(space: &Space, features: &[f32], n_features: usize) -> Vec<f32> {
    match space {
        Space::Discrete { .. } => features
            .chunks_exact(n_features)
            .map(|row| crate::head::greatest(row) as f32)
            .collect(),
        _ => features.to_vec(),
    }
}

#[derive(Clone, Default)]
struct Record {
    observations: Vec<f32>,
    actions: Vec<f32>,
    rewards: Vec<f64>,
    intents: Vec<f64>,
    has_intent: bool,
    states: Vec<f64>,
    end: Option<mdp::End>,
}

impl Record {
    fn push_situation(&mut self, stage: &Stage, index: usize) {
        let n_features = stage.environment.n_features();
        let row = &stage.observations[index * n_features..][..n_features];
        self.observations.extend_from_slice(row);
        stage.environment.state(index, &mut self.states);
    }

    fn push_step(&mut self, stage: &Stage, index: usize) {
        let batch: &StepBatch = &stage.batch;
        let width = stage.actions.len() / batch.rewards.len();
        let action = &stage.actions[index * width..][..width];
        self.actions.extend_from_slice(action);
        self.rewards.push(batch.rewards[index]);
        self.intents.push(batch.intents[index]);
        self.has_intent = batch.has_intent;
        self.end = end_of(batch, index);
    }
}
