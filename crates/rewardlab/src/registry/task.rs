//! An environment with its scripted policies, the types erased: what runs, rollouts and reports need of it.

use std::sync::Arc;

use imitation::dagger::{Expert, ScriptedExpert};
use mdp::{
    Action as _, ChannelStep, Discount, Enumerable, Environment, Episode, Observation as _, Policy,
    Rng, Scene, Seed, Shape, Space, StateVector as _, TabulateError, Tabulated, TimeLimit,
    Trajectory,
};
use rl::{LearnedReward, VectorEnvironment, Vectorized};

use super::random_play::{Continued, Paid, RandomPlay, continuations};

/// One episode as it was, and whether the task was done as meant, where that is a yes or no.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedEpisode {
    /// What happened.
    pub trajectory: Trajectory,
    /// Whether the task was done as meant.
    pub success: Option<bool>,
    /// What the reward channel did in each step; empty where acts cannot reach it.
    pub channel: Vec<ChannelStep>,
}

/// Chooses actions one at a time: given the number of the step, the observation as features, and the
/// episode's stream, a flat value of the action space; none to stop.
pub type Choose<'c> = &'c mut dyn FnMut(usize, &[f32], &mut Rng) -> Option<Vec<f32>>;

/// How an environment is made a finite MDP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tabulation {
    /// The discount factor.
    pub discount: Discount,
    /// The steps after which an episode is cut, which puts their count into the state; none for episodes that only
    /// the environment itself ends.
    pub horizon: Option<u32>,
    /// The most states that are listed.
    pub limit: usize,
}

/// An environment with its scripted policies.
///
/// # Design
/// Policies and environments keep their types where they are written; this is the one place where they are
/// erased, so that adding an environment takes one entry in the registry.
pub trait Task: Send + Sync {
    /// `n` copies side by side.
    fn vectorized(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment>;

    /// Plays one episode with the scripted policy of that name; none where there is no such policy.
    fn play(&self, policy: &str, max_steps: usize, rng: Rng) -> Option<RecordedEpisode>;

    /// Plays one episode with actions from outside, to its end, `max_steps`, or until they stop.
    fn play_with(&self, choose: Choose<'_>, max_steps: usize, rng: Rng) -> RecordedEpisode;

    /// Which observations are possible.
    fn observation_space(&self) -> Space;

    /// Which actions are possible.
    fn action_space(&self) -> Space;

    /// Names of the reward's terms.
    fn component_names(&self) -> &'static [&'static str];

    /// Names of discrete actions, by number.
    fn action_names(&self) -> &'static [&'static str];

    /// Names of the numbers of a state.
    fn state_names(&self) -> Vec<String>;

    /// What never moves in a picture.
    fn scene(&self) -> Option<Scene>;

    /// What a picture of a recorded state adds; none where the numbers are no state of this environment.
    fn draw(&self, state: &[f64]) -> Option<Vec<Shape>>;

    /// Names of the reward functions that may be in use, the declared one first; empty where acts cannot reach the
    /// reward channel.
    fn reward_functions(&self) -> &'static [&'static str];

    /// What the reward channel did in each step of an episode; empty where acts cannot reach it.
    fn channel(&self, trajectory: &Trajectory) -> Vec<ChannelStep>;

    /// What the scripted policy of that name does in a state, given by its numbers as they are recorded; none where
    /// there is no such policy or state, or where the policy draws its action.
    fn scripted_action(&self, policy: &str, state: &[f64]) -> Option<Vec<f32>>;

    /// The scripted policy of that name as an expert that can be asked what to do in any state; none where there is no
    /// such policy.
    fn expert(&self, policy: &str) -> Option<Box<dyn Expert>>;

    /// How an expert computes what to do, where it can be shown: the boards of the computation for an observation.
    fn procedure(&self) -> Option<Procedure>;

    /// The features of what is observed in a state, given by its numbers as they are recorded; none where there is no
    /// such state, or where an observation is drawn.
    fn features(&self, state: &[f64]) -> Option<Vec<f32>>;

    /// For estimates where nothing can be listed: a state that random play comes to, an action drawn there, and several
    /// times what followed, with what random play was paid from the state and from the next one, as one step of
    /// discounted sums. A state is known by the step that led to it. `reward` is paid in place of the environment's own
    /// where there is one; it must fit.
    fn continuations(
        &self,
        play: &RandomPlay,
        reward: Option<&LearnedReward>,
        rng: Rng,
    ) -> Vec<Continued>;

    /// The environment as a finite MDP; none where its dynamics cannot be listed.
    fn tabulate(&self, tabulation: &Tabulation) -> Option<Result<Tabulated, TabulateError>>;
}

/// A scripted policy of an environment.
pub(super) type Script<E> =
    Arc<dyn Policy<<E as Environment>::Observation, <E as Environment>::Action> + Send + Sync>;

/// A scripted policy is asked as often for its action in one state, and an environment for an observation of it: where
/// they draw, two answers differ.
const N_ASKED: u64 = 16;

/// The boards of an expert's computation for an observation.
pub type Procedure = fn(&[f32]) -> Vec<Vec<u8>>;

/// Makes a finite MDP of an environment.
type Tabulate<E> = fn(&E, &Tabulation) -> Result<Tabulated, TabulateError>;

/// An environment with its types.
pub(super) struct TypedTask<E: Environment> {
    environment: Arc<E>,
    scripts: Vec<(&'static str, Script<E>)>,
    tabulate: Option<Tabulate<E>>,
    procedure: Option<Procedure>,
}

impl<E: Enumerable + Clone + 'static> TypedTask<TimeLimit<E>> {
    /// Lets the environment, without its time limit or under one of any length, be made a finite MDP.
    pub(super) fn enumerable(mut self) -> Self {
        self.tabulate = Some(|limited, tabulation| {
            let Tabulation {
                discount,
                horizon,
                limit,
            } = *tabulation;
            match horizon {
                None => mdp::tabulate(limited.inner(), discount, limit),
                Some(n_steps) => {
                    let limited = TimeLimit::new(limited.inner().clone(), n_steps);
                    mdp::tabulate(&limited, discount, limit)
                }
            }
        });
        self
    }
}

impl<E: Enumerable + Clone + 'static> TypedTask<E> {
    /// The same for an environment that ends by itself and has no time limit around it.
    pub(super) fn enumerable_without_limit(mut self) -> Self {
        self.tabulate = Some(|environment, tabulation| {
            let Tabulation {
                discount,
                horizon,
                limit,
            } = *tabulation;
            match horizon {
                None => mdp::tabulate(environment, discount, limit),
                Some(n_steps) => {
                    let limited = TimeLimit::new(environment.clone(), n_steps);
                    mdp::tabulate(&limited, discount, limit)
                }
            }
        });
        self
    }
}

impl<E: Environment + 'static> TypedTask<E> {
    pub(super) fn new(environment: E) -> Self {
        TypedTask {
            environment: Arc::new(environment),
            scripts: vec![],
            tabulate: None,
            procedure: None,
        }
    }

    /// Adds a scripted policy.
    pub(super) fn with(
        mut self,
        name: &'static str,
        policy: impl Policy<E::Observation, E::Action> + Send + Sync + 'static,
    ) -> Self {
        self.scripts.push((name, Arc::new(policy)));
        self
    }

    /// Lets the expert's computation be shown.
    pub(super) fn showing(mut self, procedure: Procedure) -> Self {
        self.procedure = Some(procedure);
        self
    }

    pub(super) fn boxed(self) -> Box<dyn Task> {
        Box::new(self)
    }
}

impl<E: Environment + 'static> Task for TypedTask<E> {
    fn vectorized(&self, n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
        Box::new(Vectorized::new(Arc::clone(&self.environment), n, seed))
    }

    fn play(&self, policy: &str, max_steps: usize, rng: Rng) -> Option<RecordedEpisode> {
        let (_, script) = self.scripts.iter().find(|(name, _)| *name == policy)?;
        let act = |observation: &E::Observation, rng: &mut Rng| script.act(observation, rng);
        let trajectory = Trajectory::record(self.environment.as_ref(), &act, max_steps, rng);
        Some(self.judged(trajectory))
    }

    fn play_with(&self, choose: Choose<'_>, max_steps: usize, rng: Rng) -> RecordedEpisode {
        let space = self.environment.observation_space();
        let mut features = vec![0.0; E::Observation::n_features(&space)];
        let mut episode = Episode::new(self.environment.as_ref(), rng);
        let mut trajectory = Trajectory::default();
        loop {
            let observation = episode.observation();
            observation.write_features(&mut features);
            let mut state = vec![];
            episode.state().write(&mut state);
            trajectory.observations.push(observation.to_value());
            trajectory.states.push(state);
            let n_steps = trajectory.steps.len();
            if episode.end().is_some() || n_steps >= max_steps {
                break;
            }
            let Some(action) = choose(n_steps, &features, episode.rng()) else {
                break;
            };
            let step = episode
                .step(&E::Action::from_value(&action))
                .expect("the episode is not over");
            trajectory.actions.push(action);
            trajectory.steps.push(step);
        }
        self.judged(trajectory)
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

    fn scene(&self) -> Option<Scene> {
        self.environment.scene()
    }

    fn draw(&self, state: &[f64]) -> Option<Vec<Shape>> {
        let state = E::State::read(state).ok()?;
        Some(self.environment.draw(&state))
    }

    fn reward_functions(&self) -> &'static [&'static str] {
        self.environment.reward_functions()
    }

    fn channel(&self, trajectory: &Trajectory) -> Vec<ChannelStep> {
        if self.environment.reward_functions().is_empty() {
            return vec![];
        }
        let states = trajectory.states.iter().map(|state| E::State::read(state));
        let Ok(states) = states.collect::<Result<Vec<_>, _>>() else {
            return vec![];
        };
        let steps = trajectory.actions.iter().zip(&trajectory.steps);
        steps
            .zip(states.windows(2))
            .filter_map(|((action, step), states)| {
                let action = E::Action::from_value(action);
                self.environment
                    .channel(&states[0], &action, &states[1], step)
            })
            .collect()
    }

    fn scripted_action(&self, policy: &str, state: &[f64]) -> Option<Vec<f32>> {
        let (_, script) = self.scripts.iter().find(|(name, _)| *name == policy)?;
        let state = E::State::read(state).ok()?;
        let ask = |number: u64| {
            let rng = &mut Seed(0).stream("scripted action", number);
            let observation = self.environment.observe(&state, rng);
            script.act(&observation, rng).to_value()
        };
        let action = ask(0);
        (1..N_ASKED)
            .all(|number| ask(number) == action)
            .then_some(action)
    }

    fn expert(&self, policy: &str) -> Option<Box<dyn Expert>> {
        let (_, script) = self.scripts.iter().find(|(name, _)| *name == policy)?;
        let script = Arc::clone(script);
        let act = move |observation: &E::Observation, rng: &mut Rng| script.act(observation, rng);
        Some(Box::new(ScriptedExpert::new(
            Arc::clone(&self.environment),
            act,
        )))
    }

    fn procedure(&self) -> Option<Procedure> {
        self.procedure
    }

    fn features(&self, state: &[f64]) -> Option<Vec<f32>> {
        let state = E::State::read(state).ok()?;
        let n_features = E::Observation::n_features(&self.environment.observation_space());
        let observe = |number: u64| {
            let rng = &mut Seed(0).stream("features", number);
            let mut features = vec![0.0; n_features];
            let observation = self.environment.observe(&state, rng);
            observation.write_features(&mut features);
            features
        };
        let features = observe(0);
        (1..N_ASKED)
            .all(|number| observe(number) == features)
            .then_some(features)
    }

    fn continuations(
        &self,
        play: &RandomPlay,
        reward: Option<&LearnedReward>,
        rng: Rng,
    ) -> Vec<Continued> {
        let mut paid = Paid::new(self.environment.as_ref(), reward);
        continuations(&mut paid, play, rng)
    }

    fn tabulate(&self, tabulation: &Tabulation) -> Option<Result<Tabulated, TabulateError>> {
        let tabulate = self.tabulate?;
        Some(tabulate(&self.environment, tabulation))
    }
}

impl<E: Environment + 'static> TypedTask<E> {
    fn judged(&self, trajectory: Trajectory) -> RecordedEpisode {
        let last = trajectory
            .states
            .last()
            .and_then(|state| E::State::read(state).ok());
        let success = match (trajectory.end(), last) {
            (Some(_), Some(state)) => self.environment.is_success(&state),
            _ => None,
        };
        RecordedEpisode {
            channel: self.channel(&trajectory),
            trajectory,
            success,
        }
    }
}
