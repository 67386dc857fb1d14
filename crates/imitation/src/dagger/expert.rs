//! Live experts: whoever can be asked what to do.

use std::sync::Arc;

use mdp::{Action as _, Environment, Policy, Rng, StateVector as _};
use nn::Pool;
use rl::BatchPolicy;

/// What an expert is asked about: one situation an environment.
#[derive(Clone, Copy, Debug)]
pub struct Situations<'a> {
    /// `[N, F]`, features of what the learner sees.
    pub observations: &'a [f32],
    /// `[N, S]`, the true states in the form of [`mdp::StateVector`].
    pub states: &'a [f64],
    n: usize,
}

impl<'a> Situations<'a> {
    /// `n` situations.
    ///
    /// # Panics
    /// If the numbers cannot be divided among them.
    #[must_use]
    pub fn new(observations: &'a [f32], states: &'a [f64], n: usize) -> Situations<'a> {
        assert!(
            n > 0 && observations.len().is_multiple_of(n) && states.len().is_multiple_of(n),
            "an observation and a state each"
        );
        Situations {
            observations,
            states,
            n,
        }
    }

    /// How many there are, N.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Features of what the learner sees in one of them.
    #[must_use]
    pub fn observation(&self, index: usize) -> &'a [f32] {
        let width = self.observations.len() / self.n;
        &self.observations[index * width..][..width]
    }

    /// The true state of one of them.
    #[must_use]
    pub fn state(&self, index: usize) -> &'a [f64] {
        let width = self.states.len() / self.n;
        &self.states[index * width..][..width]
    }
}

/// Anybody who can be asked what to do in a situation.
///
/// Every policy of a batch ([`BatchPolicy`]) is one, and sees what the learner sees. One who knows more is told the true
/// state: [`StateExpert`] for a function, [`ScriptedExpert`] for a scripted policy of an environment.
pub trait Expert: Send {
    /// Writes actions `[N, A]`, values of the action space.
    fn label(
        &mut self,
        situations: Situations<'_>,
        rngs: &mut [Rng],
        actions: &mut [f32],
        pool: &Pool,
    );

    /// Tells it that a new episode begins in environment `index`.
    fn begin(&mut self, index: usize) {
        let _ = index;
    }
}

impl<P: BatchPolicy + Send> Expert for P {
    fn label(
        &mut self,
        situations: Situations<'_>,
        rngs: &mut [Rng],
        actions: &mut [f32],
        pool: &Pool,
    ) {
        BatchPolicy::act(self, situations.observations, rngs, actions, pool);
    }

    fn begin(&mut self, index: usize) {
        BatchPolicy::begin_episode(self, index);
    }
}

/// A function of features, the true state and a random stream that gives a value of the action space.
#[derive(Clone, Copy, Debug)]
pub struct StateExpert<F>(pub F);

impl<F: FnMut(&[f32], &[f64], &mut Rng) -> Vec<f32> + Send> Expert for StateExpert<F> {
    fn label(
        &mut self,
        situations: Situations<'_>,
        rngs: &mut [Rng],
        actions: &mut [f32],
        _pool: &Pool,
    ) {
        let width = actions.len() / situations.len();
        let rows = actions.chunks_exact_mut(width).zip(rngs);
        for (index, (action, rng)) in rows.enumerate() {
            let (observation, state) = (situations.observation(index), situations.state(index));
            action.copy_from_slice(&(self.0)(observation, state, rng));
        }
    }
}

/// A scripted policy of an environment: it is shown the true state as the environment would show it.
#[derive(Clone, Debug)]
pub struct ScriptedExpert<E, P> {
    environment: Arc<E>,
    policy: P,
}

impl<E: Environment, P: Policy<E::Observation, E::Action>> ScriptedExpert<E, P> {
    /// The policy as an expert of that environment, with the time limit around it if the learner's has one.
    #[must_use]
    pub fn new(environment: Arc<E>, policy: P) -> ScriptedExpert<E, P> {
        ScriptedExpert {
            environment,
            policy,
        }
    }
}

impl<E: Environment, P: Policy<E::Observation, E::Action> + Send> Expert for ScriptedExpert<E, P> {
    fn label(
        &mut self,
        situations: Situations<'_>,
        rngs: &mut [Rng],
        actions: &mut [f32],
        _pool: &Pool,
    ) {
        let width = actions.len() / situations.len();
        let rows = actions.chunks_exact_mut(width).zip(rngs);
        for (index, (action, rng)) in rows.enumerate() {
            let state = E::State::read(situations.state(index))
                .expect("the expert is of the environment that it is asked about");
            let observation = self.environment.observe(&state, rng);
            action.copy_from_slice(&self.policy.act(&observation, rng).to_value());
        }
    }
}
