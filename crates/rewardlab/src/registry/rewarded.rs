//! An environment paid by a learned reward in place of its own.

use std::sync::Arc;

use imitation::dagger::Expert;
use mdp::{
    ChannelStep, Components, End, Rng, Scene, Seed, Shape, Space, TabulateError, Tabulated,
    Trajectory,
};
use nn::Pool;
use rl::{LearnedReward, RewardScratch, Rewarded, Transitions, VectorEnvironment};

use super::task::{Choose, Procedure, RecordedEpisode, Tabulation, Task};
use super::{Continued, RandomPlay};

/// A task whose reward is a learned one. Intent, physics and ends stay.
pub(crate) struct RewardedTask {
    inner: Box<dyn Task>,
    reward: Arc<LearnedReward>,
}

impl RewardedTask {
    /// This task, paid by `reward`.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub(crate) fn new(
        inner: Box<dyn Task>,
        reward: Arc<LearnedReward>,
    ) -> Result<RewardedTask, rl::Error> {
        let environment = inner.vectorized(1, Seed(0));
        Rewarded::new(environment, Arc::clone(&reward))?;
        Ok(RewardedTask { inner, reward })
    }

    /// The episode with the rewards that are learned; its components are those of another reward, and go.
    fn repaid(&self, mut episode: RecordedEpisode) -> RecordedEpisode {
        let trajectory = &mut episode.trajectory;
        let space = self.inner.observation_space();
        let n_features = rl::n_features(&space);
        let mut features = vec![0.0; trajectory.observations.len() * n_features];
        rl::write_features(&space, &trajectory.observations.concat(), &mut features);
        let n_steps = trajectory.steps.len();
        let terminated: Vec<bool> = trajectory
            .steps
            .iter()
            .map(|step| step.end == Some(End::Terminated))
            .collect();
        let mut rewards = vec![0.0; n_steps];
        self.reward.rewards(
            &Transitions {
                observations: &features[..n_steps * n_features],
                actions: &trajectory.actions.concat(),
                next_observations: &features[n_features..],
                terminated: &terminated,
                states: &trajectory.states[..n_steps],
            },
            &mut rewards,
            &mut RewardScratch::default(),
            &Pool::new(1),
        );
        for (step, reward) in trajectory.steps.iter_mut().zip(rewards) {
            step.reward = reward;
            step.components = Components::NONE;
        }
        episode.channel.clear();
        episode
    }
}

impl Task for RewardedTask {
    fn vectorized(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
        let environment = self.inner.vectorized(n, seed);
        let rewarded = Rewarded::new(environment, Arc::clone(&self.reward));
        Box::new(rewarded.expect("it was checked that the reward fits"))
    }

    fn play(&self, policy: &str, max_steps: usize, rng: Rng) -> Option<RecordedEpisode> {
        let episode = self.inner.play(policy, max_steps, rng)?;
        Some(self.repaid(episode))
    }

    fn play_with(&self, choose: Choose<'_>, max_steps: usize, rng: Rng) -> RecordedEpisode {
        self.repaid(self.inner.play_with(choose, max_steps, rng))
    }

    fn observation_space(&self) -> Space {
        self.inner.observation_space()
    }

    fn action_space(&self) -> Space {
        self.inner.action_space()
    }

    fn component_names(&self) -> &'static [&'static str] {
        &[]
    }

    fn action_names(&self) -> &'static [&'static str] {
        self.inner.action_names()
    }

    fn state_names(&self) -> Vec<String> {
        self.inner.state_names()
    }

    fn scene(&self) -> Option<Scene> {
        self.inner.scene()
    }

    fn draw(&self, state: &[f64]) -> Option<Vec<Shape>> {
        self.inner.draw(state)
    }

    fn reward_functions(&self) -> &'static [&'static str] {
        // A learned reward is paid from outside, where no act reaches.
        &[]
    }

    fn channel(&self, _trajectory: &Trajectory) -> Vec<ChannelStep> {
        vec![]
    }

    fn scripted_action(&self, policy: &str, state: &[f64]) -> Option<Vec<f32>> {
        self.inner.scripted_action(policy, state)
    }

    fn expert(&self, policy: &str) -> Option<Box<dyn Expert>> {
        self.inner.expert(policy)
    }

    fn procedure(&self) -> Option<Procedure> {
        self.inner.procedure()
    }

    fn features(&self, state: &[f64]) -> Option<Vec<f32>> {
        self.inner.features(state)
    }

    fn continuations(
        &self,
        play: &RandomPlay,
        reward: Option<&LearnedReward>,
        rng: Rng,
    ) -> Vec<Continued> {
        let reward = reward.unwrap_or(&self.reward);
        self.inner.continuations(play, Some(reward), rng)
    }

    fn tabulate(&self, tabulation: &Tabulation) -> Option<Result<Tabulated, TabulateError>> {
        self.inner.tabulate(tabulation)
    }
}
