//! Many environments stepped as one batch.

use std::sync::Arc;

use mdp::{
    Action, End, Environment, Observation, ReturnBounds, Rng, Scene, Seed, Shape, Space,
    StateVector, restore_rng, save_rng,
};
use nn::Pool;

use crate::Error;

/// What one step of every environment gave, one array a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepBatch {
    /// `[N, F]`: after `step` the features of the true successors; after `renew` of the new episodes where the old ones ended.
    pub observations: Vec<f32>,
    /// `[N]`.
    pub rewards: Vec<f64>,
    /// `[N]`, meaningful only if `has_intent`.
    pub intents: Vec<f64>,
    /// Whether the environment says its intent.
    pub has_intent: bool,
    /// `[N, C]`, the named terms of the rewards.
    pub components: Vec<f64>,
    /// `[N]`, whether the environment terminated: nothing more can be earned.
    pub terminated: Vec<bool>,
    /// `[N]`, whether the episode ended in either way.
    pub ended: Vec<bool>,
}

/// The states and random streams of all environments, as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorState {
    /// State of each environment.
    pub states: Vec<Vec<f64>>,
    /// Random stream of each environment.
    pub rngs: Vec<mdp::RngState>,
}

/// A batch of environments with the types erased: one virtual call a batch, none a sample.
///
/// # Design
/// Beginning new episodes is a call of its own ([`VectorEnvironment::renew`]), so that between the two the
/// true successors, and the final states, are there to be looked at.
pub trait VectorEnvironment: Send {
    /// Number of environments, N.
    fn n_environments(&self) -> usize;
    /// Features an observation, F.
    fn n_features(&self) -> usize;
    /// Which observations are possible.
    fn observation_space(&self) -> Space;
    /// Which actions are possible.
    fn action_space(&self) -> Space;
    /// Names of the reward's terms.
    fn component_names(&self) -> &'static [&'static str];
    /// Names of discrete actions.
    fn action_names(&self) -> &'static [&'static str];
    /// Names of the numbers of a state.
    fn state_names(&self) -> Vec<String>;
    /// What holds for the return of every episode.
    fn return_bounds(&self) -> ReturnBounds;
    /// The same rules with `n` environments and random streams of their own.
    fn fresh(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment>;
    /// Begins a new episode in every environment and writes the observations, `[N, F]`.
    fn begin(&mut self, observations: &mut [f32]);
    /// Takes one step everywhere. `actions` is `[N, A]`, flat values of the action space.
    fn step(&mut self, actions: &[f32], batch: &mut StepBatch, pool: &Pool);
    /// Begins new episodes where the batch says `ended`, and overwrites those rows of its observations.
    fn renew(&mut self, batch: &mut StepBatch);
    /// Appends the state of one environment as numbers.
    fn state(&self, index: usize, out: &mut Vec<f64>);
    /// What never moves in a picture.
    fn scene(&self) -> Option<Scene>;
    /// What a picture of one environment adds.
    fn draw(&self, index: usize) -> Vec<Shape>;
    /// Whether the task was done as meant, if the episode of this environment ended in its present state.
    fn is_success(&self, index: usize) -> Option<bool>;
    /// Everything that changes, as numbers.
    fn save(&self) -> VectorState;
    /// Goes back to a saved state.
    ///
    /// # Errors
    /// If the state belongs to another environment or another number of them.
    fn restore(&mut self, state: &VectorState) -> Result<(), Error>;
}

/// Environments that one thread steps in a row. Fixed, so that results do not depend on the number of threads.
const LANE: usize = 16;

/// `n` copies of one environment.
pub struct Vectorized<E: Environment> {
    environment: Arc<E>,
    n_environments: usize,
    n_features: usize,
    n_action_values: usize,
    lanes: Vec<Lane<E>>,
}

struct Lane<E: Environment> {
    states: Vec<E::State>,
    rngs: Vec<Rng>,
    results: StepBatch,
}

impl<E: Environment + 'static> Vectorized<E> {
    /// `n` environments, each with a random stream of its own.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn new(environment: Arc<E>, n: usize, seed: Seed) -> Vectorized<E> {
        assert!(n > 0, "at least one environment");
        let n_features = E::Observation::n_features(&environment.observation_space());
        let n_components = environment.component_names().len();
        let lanes = (0..n)
            .step_by(LANE)
            .map(|start| {
                let mut rngs: Vec<Rng> = (start..n.min(start + LANE))
                    .map(|index| seed.stream("environment", index as u64))
                    .collect();
                let states: Vec<E::State> = rngs
                    .iter_mut()
                    .map(|rng| environment.initial_state(rng))
                    .collect();
                let results = StepBatch::new(states.len(), n_features, n_components);
                Lane {
                    states,
                    rngs,
                    results,
                }
            })
            .collect();
        Vectorized {
            n_environments: n,
            n_features,
            n_action_values: environment.action_space().n_values(),
            lanes,
            environment,
        }
    }

    fn state_of(&self, index: usize) -> &E::State {
        &self.lanes[index / LANE].states[index % LANE]
    }
}

impl<E: Environment> Lane<E> {
    fn step(&mut self, environment: &E, actions: &[f32], n_action_values: usize) {
        let n_features = self.results.observations.len() / self.states.len();
        let n_components = self.results.components.len() / self.states.len();
        let results = &mut self.results;
        for (index, (state, rng)) in self.states.iter_mut().zip(&mut self.rngs).enumerate() {
            let action =
                E::Action::from_value(&actions[index * n_action_values..][..n_action_values]);
            let step = environment.step(state, &action, rng);
            environment
                .observe(state, rng)
                .write_features(&mut results.observations[index * n_features..][..n_features]);
            results.components[index * n_components..][..n_components]
                .copy_from_slice(step.components.as_slice());
            results.rewards[index] = step.reward;
            results.intents[index] = step.intent.unwrap_or(0.0);
            results.has_intent = step.intent.is_some();
            results.terminated[index] = step.end == Some(End::Terminated);
            results.ended[index] = step.end.is_some();
        }
    }
}

impl StepBatch {
    /// Room for `n` environments.
    #[must_use]
    pub fn new(n: usize, n_features: usize, n_components: usize) -> StepBatch {
        StepBatch {
            observations: vec![0.0; n * n_features],
            rewards: vec![0.0; n],
            intents: vec![0.0; n],
            has_intent: false,
            components: vec![0.0; n * n_components],
            terminated: vec![false; n],
            ended: vec![false; n],
        }
    }

    /// Room for the steps of these environments.
    #[must_use]
    pub fn for_environment(environment: &dyn VectorEnvironment) -> StepBatch {
        StepBatch::new(
            environment.n_environments(),
            environment.n_features(),
            environment.component_names().len(),
        )
    }

    /// Copies the results of a lane that begins at environment `start`.
    fn copy_lane(&mut self, lane: &StepBatch, start: usize) {
        fn copy<T: Copy>(to: &mut [T], from: &[T], start: usize, lane: usize) {
            let width = from.len() / lane;
            to[start * width..][..from.len()].copy_from_slice(from);
        }
        let n = lane.rewards.len();
        copy(&mut self.observations, &lane.observations, start, n);
        copy(&mut self.rewards, &lane.rewards, start, n);
        copy(&mut self.intents, &lane.intents, start, n);
        copy(&mut self.components, &lane.components, start, n);
        copy(&mut self.terminated, &lane.terminated, start, n);
        copy(&mut self.ended, &lane.ended, start, n);
        self.has_intent = lane.has_intent;
    }
}

impl<E: Environment + 'static> VectorEnvironment for Vectorized<E> {
    fn n_environments(&self) -> usize {
        self.n_environments
    }

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn observation_space(&self) -> Space {
        self.environment.observation_space()
    }

    fn action_space(&self) -> Space {
        self.environment.action_space()
    }

    fn component_names(&self) -> &'static [&'static str] {
        self.environment.component_names()
    }

    fn action_names(&self) -> &'static [&'static str] {
        self.environment.action_names()
    }

    fn state_names(&self) -> Vec<String> {
        self.environment.state_names()
    }

    fn return_bounds(&self) -> ReturnBounds {
        self.environment.return_bounds(u32::MAX)
    }

    fn fresh(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
        Box::new(Vectorized::new(Arc::clone(&self.environment), n, seed))
    }

    fn begin(&mut self, observations: &mut [f32]) {
        assert_eq!(
            observations.len(),
            self.n_environments * self.n_features,
            "observations are [environments, features]"
        );
        let mut rows = observations.chunks_exact_mut(self.n_features);
        for lane in &mut self.lanes {
            for (state, rng) in lane.states.iter_mut().zip(&mut lane.rngs) {
                *state = self.environment.initial_state(rng);
                let row = rows.next().expect("a row an environment");
                self.environment.observe(state, rng).write_features(row);
            }
        }
    }

    fn step(&mut self, actions: &[f32], batch: &mut StepBatch, pool: &Pool) {
        let width = self.n_action_values;
        assert_eq!(
            actions.len(),
            self.n_environments * width,
            "actions are [environments, values]"
        );
        let environment = self.environment.as_ref();
        pool.for_each(&mut self.lanes, |index, lane| {
            lane.step(environment, &actions[index * LANE * width..], width);
        });
        for (index, lane) in self.lanes.iter().enumerate() {
            batch.copy_lane(&lane.results, index * LANE);
        }
    }

    fn renew(&mut self, batch: &mut StepBatch) {
        for index in (0..self.n_environments).filter(|index| batch.ended[*index]) {
            let lane = &mut self.lanes[index / LANE];
            let (state, rng) = (&mut lane.states[index % LANE], &mut lane.rngs[index % LANE]);
            *state = self.environment.initial_state(rng);
            let row = &mut batch.observations[index * self.n_features..][..self.n_features];
            self.environment.observe(state, rng).write_features(row);
        }
    }

    fn state(&self, index: usize, out: &mut Vec<f64>) {
        self.state_of(index).write(out);
    }

    fn scene(&self) -> Option<Scene> {
        self.environment.scene()
    }

    fn draw(&self, index: usize) -> Vec<Shape> {
        self.environment.draw(self.state_of(index))
    }

    fn is_success(&self, index: usize) -> Option<bool> {
        self.environment.is_success(self.state_of(index))
    }

    fn save(&self) -> VectorState {
        let mut saved = VectorState {
            states: vec![],
            rngs: vec![],
        };
        for lane in &self.lanes {
            for (state, rng) in lane.states.iter().zip(&lane.rngs) {
                let mut numbers = Vec::new();
                state.write(&mut numbers);
                saved.states.push(numbers);
                saved.rngs.push(save_rng(rng));
            }
        }
        saved
    }

    fn restore(&mut self, saved: &VectorState) -> Result<(), Error> {
        if saved.states.len() != self.n_environments || saved.rngs.len() != self.n_environments {
            return Err(Error::Saved(format!(
                "it has {} environments, not {}",
                saved.states.len(),
                self.n_environments
            )));
        }
        let states: Vec<E::State> = saved
            .states
            .iter()
            .map(|numbers| E::State::read(numbers).map_err(|error| Error::Saved(error.to_string())))
            .collect::<Result<_, _>>()?;
        for (index, (state, rng)) in states.into_iter().zip(&saved.rngs).enumerate() {
            let lane = &mut self.lanes[index / LANE];
            lane.states[index % LANE] = state;
            lane.rngs[index % LANE] = restore_rng(rng);
        }
        Ok(())
    }
}
