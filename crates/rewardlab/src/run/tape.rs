//! Recording some of the episodes of an evaluation while it is played.

use std::sync::{Arc, Mutex};

use mdp::{Components, End, ReturnBounds, Scene, Seed, Shape, Space, Step};
use nn::Pool;
use rl::{StepBatch, VectorEnvironment, VectorState};

use crate::registry::RecordedEpisode;

/// What a [`TapedEnvironment`] saw: the first episode of each of its first environments; none where it was too long.
pub(super) type Tape = Arc<Mutex<Vec<Option<RecordedEpisode>>>>;

/// Environments that record the first episode of each of their first `n_taped` environments.
///
/// [`rl::evaluate`] lets environment i play episode i first, so that these are the first episodes of the
/// evaluation itself and not others beside it.
pub(super) struct TapedEnvironment {
    inner: Box<dyn VectorEnvironment>,
    n_taped: usize,
    most_steps: usize,
    tape: Tape,
}

impl TapedEnvironment {
    /// Environments of the rules of `inner`; recording begins in the [`VectorEnvironment::fresh`] ones. Episodes
    /// of more than `most_steps` steps are given up, so that memory stays bounded.
    pub(super) fn new(
        inner: Box<dyn VectorEnvironment>,
        n_taped: usize,
        most_steps: usize,
    ) -> (Self, Tape) {
        let tape = Tape::default();
        let environment = TapedEnvironment {
            inner,
            n_taped,
            most_steps,
            tape: Arc::clone(&tape),
        };
        (environment, tape)
    }

    fn push_situation(&self, episode: &mut RecordedEpisode, index: usize, observations: &[f32]) {
        let n_features = self.inner.n_features();
        let mut state = vec![];
        self.inner.state(index, &mut state);
        episode.trajectory.states.push(state);
        let observation = observations[index * n_features..][..n_features].to_vec();
        episode.trajectory.observations.push(observation);
    }

    fn push_step(
        &self,
        episode: &mut RecordedEpisode,
        index: usize,
        actions: &[f32],
        batch: &StepBatch,
    ) {
        let n = self.inner.n_environments();
        let (n_values, n_components) = (actions.len() / n, batch.components.len() / n);
        let end = match (batch.ended[index], batch.terminated[index]) {
            (false, _) => None,
            (true, true) => Some(End::Terminated),
            (true, false) => Some(End::Truncated),
        };
        episode
            .trajectory
            .actions
            .push(actions[index * n_values..][..n_values].to_vec());
        episode.trajectory.steps.push(Step {
            reward: batch.rewards[index],
            components: Components::from_slice(
                &batch.components[index * n_components..][..n_components],
            ),
            intent: batch.has_intent.then(|| batch.intents[index]),
            end,
        });
        self.push_situation(episode, index, &batch.observations);
        if end.is_some() {
            episode.success = self.inner.is_success(index);
        }
    }
}

impl VectorEnvironment for TapedEnvironment {
    fn n_environments(&self) -> usize {
        self.inner.n_environments()
    }

    fn n_features(&self) -> usize {
        self.inner.n_features()
    }

    fn observation_space(&self) -> Space {
        self.inner.observation_space()
    }

    fn action_space(&self) -> Space {
        self.inner.action_space()
    }

    fn component_names(&self) -> &'static [&'static str] {
        self.inner.component_names()
    }

    fn action_names(&self) -> &'static [&'static str] {
        self.inner.action_names()
    }

    fn state_names(&self) -> Vec<String> {
        self.inner.state_names()
    }

    fn return_bounds(&self) -> ReturnBounds {
        self.inner.return_bounds()
    }

    fn fresh(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
        Box::new(TapedEnvironment {
            inner: self.inner.fresh(n, seed),
            n_taped: self.n_taped.min(n),
            most_steps: self.most_steps,
            tape: Arc::clone(&self.tape),
        })
    }

    fn begin(&mut self, observations: &mut [f32]) {
        self.inner.begin(observations);
        let mut tape = self.tape.lock().expect("no recording panicked");
        *tape = vec![Some(RecordedEpisode::default()); self.n_taped];
        for (index, episode) in tape.iter_mut().enumerate() {
            let episode = episode.as_mut().expect("it has just begun");
            self.push_situation(episode, index, observations);
        }
    }

    fn step(&mut self, actions: &[f32], batch: &mut StepBatch, pool: &Pool) {
        self.inner.step(actions, batch, pool);
        let mut tape = self.tape.lock().expect("no recording panicked");
        for (index, slot) in tape.iter_mut().enumerate() {
            let Some(episode) = slot else { continue };
            if episode.trajectory.end().is_some() {
                continue;
            }
            if episode.trajectory.steps.len() < self.most_steps {
                self.push_step(episode, index, actions, batch);
            } else {
                *slot = None;
            }
        }
    }

    fn renew(&mut self, batch: &mut StepBatch) {
        self.inner.renew(batch);
    }

    fn state(&self, index: usize, out: &mut Vec<f64>) {
        self.inner.state(index, out);
    }

    fn scene(&self) -> Option<Scene> {
        self.inner.scene()
    }

    fn draw(&self, index: usize) -> Vec<Shape> {
        self.inner.draw(index)
    }

    fn is_success(&self, index: usize) -> Option<bool> {
        self.inner.is_success(index)
    }

    fn save(&self) -> VectorState {
        self.inner.save()
    }

    fn restore(&mut self, state: &VectorState) -> Result<(), rl::Error> {
        self.inner.restore(state)
    }
}
