//! Environments: immutable rules over explicit states.

use std::ops::RangeInclusive;

use crate::{Action, ChannelStep, End, Observation, Rng, Scene, Shape, Space, StateVector, Step};

/// Bounds that hold for the undiscounted return of every episode, declared by whoever wrote the environment.
///
/// An audit may lean on them, so they must be true by construction; they are never read off data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReturnBounds {
    /// Least and greatest return of the reward.
    pub reward: Option<(f64, f64)>,
    /// Least and greatest return of the intent.
    pub intent: Option<(f64, f64)>,
}

/// The rules of a task.
///
/// An environment itself never changes: everything that does lies in its `State`, so planning,
/// counterfactual audits, cloning and threads come free. Nothing in here knows who optimises it.
///
/// # Design
/// There is no reset (an episode begins with a new state), no step limit ([`TimeLimit`] is the only
/// source of [`End::Truncated`]), and no hidden random generator.
pub trait Environment: Send + Sync {
    /// Everything that changes.
    type State: StateVector + Clone + Send;
    /// What a policy sees.
    type Observation: Observation;
    /// What a policy does.
    type Action: Action;

    /// Draws the state in which an episode begins.
    fn initial_state(&self, rng: &mut Rng) -> Self::State;

    /// What a policy sees of a state.
    fn observe(&self, state: &Self::State, rng: &mut Rng) -> Self::Observation;

    /// Moves the state on in place. After an end the state is the true final state.
    fn step(&self, state: &mut Self::State, action: &Self::Action, rng: &mut Rng) -> Step;

    /// Which observations are possible.
    fn observation_space(&self) -> Space;

    /// Which actions are possible.
    fn action_space(&self) -> Space;

    /// Names of the reward's terms, in the order of [`Step::components`]; empty where the reward is one piece.
    fn component_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// Names of discrete actions, by number; empty where they have none.
    fn action_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// Names of the numbers of a state, in the order of [`StateVector::write`]; empty where they have none.
    fn state_names(&self) -> Vec<String> {
        vec![]
    }

    /// What holds for the return of every episode of at most `n_steps` steps.
    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let _ = n_steps;
        ReturnBounds::default()
    }

    /// What never moves in a picture of this environment; none where it cannot be drawn.
    fn scene(&self) -> Option<Scene> {
        None
    }

    /// What a picture of this state adds to the scene.
    fn draw(&self, state: &Self::State) -> Vec<Shape> {
        let _ = state;
        vec![]
    }

    /// Whether the task was done as meant in an episode that ended in this state, where that is a yes or no.
    fn is_success(&self, state: &Self::State) -> Option<bool> {
        let _ = state;
        None
    }

    /// Names of the reward functions that may be in use, the declared one first; empty where acts cannot reach the
    /// reward channel.
    fn reward_functions(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the reward channel did in a step that was taken; absent where acts cannot reach it, and the reward is what
    /// was specified. Given for every step or for none.
    ///
    /// # Design
    /// A question about a step that was taken, and not a field of [`Step`]: few environments have an answer, training
    /// never asks, and the recorded states hold all that it takes.
    fn channel(
        &self,
        state: &Self::State,
        action: &Self::Action,
        next_state: &Self::State,
        step: &Step,
    ) -> Option<ChannelStep> {
        let _ = (state, action, next_state, step);
        None
    }
}

/// A reward as a function of a transition. True, proxy and learned rewards share this one trait.
pub trait RewardFn<S, A>: Send + Sync {
    /// The reward for going from `state` to `next_state` by `action`.
    fn reward(&self, state: &S, action: &A, next_state: &S) -> f64;
}

impl<S, A, F: Fn(&S, &A, &S) -> f64 + Send + Sync> RewardFn<S, A> for F {
    fn reward(&self, state: &S, action: &A, next_state: &S) -> f64 {
        self(state, action, next_state)
    }
}

/// Any environment with another reward. Intent, physics and ends stay; components are dropped, since they no longer sum to the reward.
#[derive(Clone, Debug)]
pub struct WithReward<E, R> {
    /// The environment.
    pub environment: E,
    /// The reward that replaces its own.
    pub reward: R,
}

/// Passes on the parts of [`Environment`] that a wrapper leaves as they are.
macro_rules! delegate {
    ($($part:ident),*) => { $(delegate!(@ $part);)* };
    (@ spaces) => {
        fn observation_space(&self) -> Space {
            self.environment.observation_space()
        }
        fn action_space(&self) -> Space {
            self.environment.action_space()
        }
        fn action_names(&self) -> &'static [&'static str] {
            self.environment.action_names()
        }
        fn scene(&self) -> Option<Scene> {
            self.environment.scene()
        }
    };
    (@ components) => {
        fn component_names(&self) -> &'static [&'static str] {
            self.environment.component_names()
        }
    };
}

impl<E: Environment, R: RewardFn<E::State, E::Action>> Environment for WithReward<E, R> {
    type State = E::State;
    type Observation = E::Observation;
    type Action = E::Action;

    delegate!(spaces);

    fn initial_state(&self, rng: &mut Rng) -> E::State {
        self.environment.initial_state(rng)
    }

    fn observe(&self, state: &E::State, rng: &mut Rng) -> E::Observation {
        self.environment.observe(state, rng)
    }

    fn step(&self, state: &mut E::State, action: &E::Action, rng: &mut Rng) -> Step {
        let before = state.clone();
        let step = self.environment.step(state, action, rng);
        Step {
            reward: self.reward.reward(&before, action, state),
            components: crate::Components::NONE,
            ..step
        }
    }

    fn state_names(&self) -> Vec<String> {
        self.environment.state_names()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        ReturnBounds {
            reward: None,
            ..self.environment.return_bounds(n_steps)
        }
    }

    fn draw(&self, state: &E::State) -> Vec<Shape> {
        self.environment.draw(state)
    }

    fn is_success(&self, state: &E::State) -> Option<bool> {
        self.environment.is_success(state)
    }
}

/// Ends episodes after a number of steps: the only source of [`End::Truncated`].
#[derive(Clone, Debug)]
pub struct TimeLimit<E> {
    environment: E,
    n_steps: u32,
}

impl<E> TimeLimit<E> {
    /// Truncates episodes of `environment` after `n_steps` steps.
    ///
    /// # Panics
    /// If `n_steps` is 0.
    pub fn new(environment: E, n_steps: u32) -> TimeLimit<E> {
        assert!(n_steps > 0, "a time limit allows at least one step");
        TimeLimit {
            environment,
            n_steps,
        }
    }

    /// The environment within.
    pub fn inner(&self) -> &E {
        &self.environment
    }

    /// The number of steps after which an episode is truncated.
    pub fn n_steps(&self) -> u32 {
        self.n_steps
    }

    /// The step as this limit leaves it, when it is the `n_steps`-th of its episode.
    #[inline]
    pub(crate) fn limit(&self, mut step: Step, n_steps: u32) -> Step {
        if step.end.is_none() && n_steps >= self.n_steps {
            step.end = Some(End::Truncated);
        }
        step
    }
}

/// The state of an environment under a time limit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitedState<S> {
    /// State of the environment within.
    pub state: S,
    /// Steps taken in this episode.
    pub n_steps: u32,
}

impl<S: StateVector> StateVector for LimitedState<S> {
    fn write(&self, out: &mut Vec<f64>) {
        self.state.write(out);
        out.push(f64::from(self.n_steps));
    }

    fn read(values: &[f64]) -> Result<Self, crate::StateError> {
        let Some((n_steps, state)) = values.split_last() else {
            return Err(crate::wrong_length(1, 0));
        };
        if !(n_steps.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(n_steps)) {
            return Err(crate::StateError(format!(
                "{n_steps} is no number of steps"
            )));
        }
        Ok(LimitedState {
            state: S::read(state)?,
            n_steps: *n_steps as u32,
        })
    }
}

impl<E: Environment> Environment for TimeLimit<E> {
    type State = LimitedState<E::State>;
    type Observation = E::Observation;
    type Action = E::Action;

    delegate!(spaces, components);

    fn initial_state(&self, rng: &mut Rng) -> Self::State {
        LimitedState {
            state: self.environment.initial_state(rng),
            n_steps: 0,
        }
    }

    #[inline]
    fn observe(&self, state: &Self::State, rng: &mut Rng) -> E::Observation {
        self.environment.observe(&state.state, rng)
    }

    #[inline]
    fn step(&self, state: &mut Self::State, action: &E::Action, rng: &mut Rng) -> Step {
        let step = self.environment.step(&mut state.state, action, rng);
        state.n_steps += 1;
        self.limit(step, state.n_steps)
    }

    fn state_names(&self) -> Vec<String> {
        let mut names = self.environment.state_names();
        if !names.is_empty() {
            names.push("step".to_owned());
        }
        names
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        self.environment.return_bounds(n_steps.min(self.n_steps))
    }

    fn draw(&self, state: &Self::State) -> Vec<Shape> {
        self.environment.draw(&state.state)
    }

    fn is_success(&self, state: &Self::State) -> Option<bool> {
        self.environment.is_success(&state.state)
    }

    fn reward_functions(&self) -> &'static [&'static str] {
        self.environment.reward_functions()
    }

    fn channel(
        &self,
        state: &Self::State,
        action: &E::Action,
        next_state: &Self::State,
        step: &Step,
    ) -> Option<ChannelStep> {
        self.environment
            .channel(&state.state, action, &next_state.state, step)
    }
}

/// Drives one episode: owns the state and the random stream, borrows the rules.
#[derive(Debug)]
pub struct Episode<'e, E: Environment> {
    environment: &'e E,
    state: E::State,
    rng: Rng,
    end: Option<End>,
}

/// A step was asked of an episode that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the episode is over; begin a new one with `Episode::new`")]
pub struct EpisodeOver;

impl<'e, E: Environment> Episode<'e, E> {
    /// Begins an episode.
    pub fn new(environment: &'e E, mut rng: Rng) -> Self {
        let state = environment.initial_state(&mut rng);
        Episode {
            environment,
            state,
            rng,
            end: None,
        }
    }

    /// What a policy sees now; after the end, what it sees of the true final state.
    pub fn observation(&mut self) -> E::Observation {
        self.environment.observe(&self.state, &mut self.rng)
    }

    /// The state now; after the end, the true final state.
    pub fn state(&self) -> &E::State {
        &self.state
    }

    /// How the episode ended, if it has.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// The random stream of this episode, for policies that draw from it.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Takes one step.
    ///
    /// # Errors
    /// If the episode is over.
    pub fn step(&mut self, action: &E::Action) -> Result<Step, EpisodeOver> {
        if self.end.is_some() {
            return Err(EpisodeOver);
        }
        let step = self
            .environment
            .step(&mut self.state, action, &mut self.rng);
        self.end = step.end;
        Ok(step)
    }
}

/// Return bounds from bounds on every step's reward and intent.
#[must_use]
pub fn bounds_per_step(
    reward: RangeInclusive<f64>,
    intent: RangeInclusive<f64>,
    n_steps: u32,
) -> ReturnBounds {
    let scale = |range: RangeInclusive<f64>| {
        let n = f64::from(n_steps);
        // An episode may end after one step: a bound of one sign is reached by stopping early.
        Some((
            (range.start() * n).min(*range.start()),
            (range.end() * n).max(*range.end()),
        ))
    };
    ReturnBounds {
        reward: scale(reward),
        intent: scale(intent),
    }
}
