//! Environments that pay a learned reward in place of their own.

use std::sync::Arc;

use mdp::{ReturnBounds, Scene, Seed, Shape, Space};
use nn::Pool;

use super::{LearnedReward, RewardScratch, Transitions};
use crate::{Error, StepBatch, VectorEnvironment, VectorState};

/// Environments whose reward is a learned one. Intent, physics and ends stay; components are dropped, since they no
/// longer sum to the reward, and so are bounds on its return.
///
/// # Design
/// The reward is computed for a batch at a time, between the step and the beginning of new episodes, where the true
/// successors are there. A saved state carries the observation that is acted on next behind the numbers of each state,
/// because an environment may not say the same twice.
pub struct Rewarded {
    environment: Box<dyn VectorEnvironment>,
    reward: Arc<LearnedReward>,
    /// `[N, F]`, what the next actions are chosen from.
    observations: Vec<f32>,
    /// `[N]`, filled only for a reward that knows states.
    states: Vec<Vec<f64>>,
    batch: StepBatch,
    scratch: RewardScratch,
}

impl Rewarded {
    /// These environments, paid by `reward`.
    ///
    /// # Errors
    /// If the reward reads something else than they give.
    pub fn new(
        environment: Box<dyn VectorEnvironment>,
        reward: Arc<LearnedReward>,
    ) -> Result<Rewarded, Error> {
        let mut state = vec![];
        environment.state(0, &mut state);
        let n_features = environment.n_features();
        reward.check_fits(n_features, &environment.action_space(), state.len())?;
        let n_states = match reward.as_ref() {
            LearnedReward::Network(_) => 0,
            LearnedReward::Table(_) => environment.n_environments(),
        };
        Ok(Rewarded {
            observations: vec![0.0; environment.n_environments() * n_features],
            states: vec![vec![]; n_states],
            batch: StepBatch::for_environment(environment.as_ref()),
            scratch: RewardScratch::default(),
            environment,
            reward,
        })
    }
}

impl VectorEnvironment for Rewarded {
    fn n_environments(&self) -> usize {
        self.environment.n_environments()
    }

    fn n_features(&self) -> usize {
        self.environment.n_features()
    }

    fn observation_space(&self) -> Space {
        self.environment.observation_space()
    }

    fn action_space(&self) -> Space {
        self.environment.action_space()
    }

    fn component_names(&self) -> &'static [&'static str] {
        &[]
    }

    fn action_names(&self) -> &'static [&'static str] {
        self.environment.action_names()
    }

    fn state_names(&self) -> Vec<String> {
        self.environment.state_names()
    }

    fn return_bounds(&self) -> ReturnBounds {
        ReturnBounds {
            reward: None,
            ..self.environment.return_bounds()
        }
    }

    fn fresh(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
        let environment = self.environment.fresh(n, seed);
        let rewarded = Rewarded::new(environment, Arc::clone(&self.reward));
        Box::new(rewarded.expect("the reward fits these rules"))
    }

    fn begin(&mut self, observations: &mut [f32]) {
        self.environment.begin(observations);
        self.observations.copy_from_slice(observations);
    }

    fn step(&mut self, actions: &[f32], batch: &mut StepBatch, pool: &Pool) {
        for (index, state) in self.states.iter_mut().enumerate() {
            state.clear();
            self.environment.state(index, state);
        }
        self.environment.step(actions, &mut self.batch, pool);
        let transitions = Transitions {
            observations: &self.observations,
            actions,
            next_observations: &self.batch.observations,
            terminated: &self.batch.terminated,
            states: &self.states,
        };
        self.reward
            .rewards(&transitions, &mut batch.rewards, &mut self.scratch, pool);
        batch.observations.copy_from_slice(&self.batch.observations);
        batch.intents.copy_from_slice(&self.batch.intents);
        batch.has_intent = self.batch.has_intent;
        batch.terminated.copy_from_slice(&self.batch.terminated);
        batch.ended.copy_from_slice(&self.batch.ended);
        self.observations.copy_from_slice(&self.batch.observations);
    }

    fn renew(&mut self, batch: &mut StepBatch) {
        self.environment.renew(batch);
        self.observations.copy_from_slice(&batch.observations);
    }

    fn state(&self, index: usize, out: &mut Vec<f64>) {
        self.environment.state(index, out);
    }

    fn scene(&self) -> Option<Scene> {
        self.environment.scene()
    }

    fn draw(&self, index: usize) -> Vec<Shape> {
        self.environment.draw(index)
    }

    fn is_success(&self, index: usize) -> Option<bool> {
        self.environment.is_success(index)
    }

    fn save(&self) -> VectorState {
        let mut saved = self.environment.save();
        let rows = self
            .observations
            .chunks_exact(self.environment.n_features());
        for (state, row) in saved.states.iter_mut().zip(rows) {
            state.extend(row.iter().map(|feature| f64::from(*feature)));
        }
        saved
    }

    fn restore(&mut self, state: &VectorState) -> Result<(), Error> {
        let n_features = self.environment.n_features();
        let mut inner = state.clone();
        let mut observations = Vec::with_capacity(self.observations.len());
        for numbers in &mut inner.states {
            let Some(n_numbers) = numbers.len().checked_sub(n_features) else {
                let problem = "a state lacks the observation behind it".to_owned();
                return Err(Error::Saved(problem));
            };
            observations.extend(numbers.drain(n_numbers..).map(|feature| feature as f32));
        }
        self.environment.restore(&inner)?;
        self.observations = observations;
        Ok(())
    }
}
