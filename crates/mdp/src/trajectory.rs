//! Histories: one episode as it was, and fixed arrays of training segments.

use crate::{Action, End, Environment, Episode, Observation, Policy, Rng, StateVector, Step};

/// One episode, with everything that an audit may ask about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Observations, one more than steps: the last is of the true final state. Flat values of the space.
    pub observations: Vec<Vec<f32>>,
    /// States in the form of [`StateVector`], one more than steps.
    pub states: Vec<Vec<f64>>,
    /// Actions, flat values of the space.
    pub actions: Vec<Vec<f32>>,
    /// Rewards, components, intent and end of each step.
    pub steps: Vec<Step>,
}

impl Trajectory {
    /// Plays one episode to its end, or to `max_steps` if that comes first.
    pub fn record<E: Environment>(
        environment: &E,
        policy: &impl Policy<E::Observation, E::Action>,
        max_steps: usize,
        rng: Rng,
    ) -> Trajectory {
        let mut episode = Episode::new(environment, rng);
        let mut trajectory = Trajectory::default();
        let mut observation = episode.observation();
        trajectory.push_situation(observation.to_value(), episode.state());
        while episode.end().is_none() && trajectory.steps.len() < max_steps {
            let action = policy.act(&observation, episode.rng());
            let step = episode.step(&action).expect("the episode is not over");
            trajectory.actions.push(action.to_value());
            trajectory.steps.push(step);
            observation = episode.observation();
            trajectory.push_situation(observation.to_value(), episode.state());
        }
        trajectory
    }

    fn push_situation(&mut self, observation: Vec<f32>, state: &impl StateVector) {
        let mut numbers = Vec::new();
        state.write(&mut numbers);
        self.observations.push(observation);
        self.states.push(numbers);
    }

    /// Undiscounted sum of rewards.
    #[must_use]
    pub fn reward_return(&self) -> f64 {
        self.steps.iter().map(|step| step.reward).sum()
    }

    /// Undiscounted sum of intent; absent if it is absent at any step.
    #[must_use]
    pub fn intent_return(&self) -> Option<f64> {
        self.steps.iter().map(|step| step.intent).sum()
    }

    /// Undiscounted sum of each reward component.
    #[must_use]
    pub fn component_returns(&self) -> Vec<f64> {
        let n = self
            .steps
            .first()
            .map_or(0, |step| step.components.as_slice().len());
        let mut sums = vec![0.0; n];
        for step in &self.steps {
            for (sum, term) in sums.iter_mut().zip(step.components.as_slice()) {
                *sum += term;
            }
        }
        sums
    }

    /// How the episode ended, if it has.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.steps.last().and_then(|step| step.end)
    }
}

/// Training segments: `n_steps` by `n_environments`, time-major, one array a field.
///
/// `next_values` is the value of the TRUE successor, taken before any new episode begins.
/// `terminated` masks the bootstrap, `ended` cuts the trace: two masks, two names, two jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    /// Steps a segment, T.
    pub n_steps: usize,
    /// Environments side by side, N.
    pub n_environments: usize,
    /// Features an observation, F.
    pub n_features: usize,
    /// Numbers an action, A.
    pub n_action_values: usize,
    /// `[T, N, F]`, as the policy saw them (normalised where it normalises).
    pub observations: Vec<f32>,
    /// `[T, N, A]`.
    pub actions: Vec<f32>,
    /// `[T, N]`, log-probability of each action when it was drawn.
    pub log_probs: Vec<f32>,
    /// `[T, N]`, the reward as the optimiser received it, after the declared transforms.
    pub rewards: Vec<f32>,
    /// `[T, N]`, V of the state acted in.
    pub values: Vec<f32>,
    /// `[T, N]`, V of the true successor.
    pub next_values: Vec<f32>,
    /// `[T, N]`, whether the environment terminated with this step.
    pub terminated: Vec<bool>,
    /// `[T, N]`, whether the episode ended with this step, in either way.
    pub ended: Vec<bool>,
}

impl Rollout {
    /// An empty rollout of the given sizes.
    #[must_use]
    pub fn new(
        n_steps: usize,
        n_environments: usize,
        n_features: usize,
        n_action_values: usize,
    ) -> Rollout {
        let n = n_steps * n_environments;
        Rollout {
            n_steps,
            n_environments,
            n_features,
            n_action_values,
            observations: vec![0.0; n * n_features],
            actions: vec![0.0; n * n_action_values],
            log_probs: vec![0.0; n],
            rewards: vec![0.0; n],
            values: vec![0.0; n],
            next_values: vec![0.0; n],
            terminated: vec![false; n],
            ended: vec![false; n],
        }
    }

    /// Number of transitions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n_steps * self.n_environments
    }

    /// Whether it has no room for any transition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
