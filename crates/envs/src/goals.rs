//! Problems in which an agent may have one of several goals: what goal inference is asked about.
//!
//! The three domains of Zhi-Xuan, Mann, Silver, Tenenbaum and Mansinghka (2020, arXiv 2006.07532): a taxi with three
//! possible destinations, doors, keys and three gems, and letter blocks with five possible words. Each has the published
//! initial states and goals, in a notation of our own.
//!
//! # Design
//! A [`GoalProblem`] is dynamics without a goal, and is deterministic: planning asks it for successors, and nothing else.
//! A [`Pursuit`] is an environment, the same dynamics with one goal and a reward. The heuristic and the observation noise
//! belong to the problem, since both are statements about what its states mean.

mod block_words;
mod courier;
mod doors_keys_gems;
mod picture;
mod pursuit;

#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::hash::Hash;

use mdp::{Scene, Shape, StateVector};

pub use block_words::{BlockWords, BlocksState};
pub use courier::{CourierState, CourierTaxi};
pub use doors_keys_gems::{DoorsKeysGems, GemsState, MapError};
pub use pursuit::{GoalExpert, Pursuit};

/// Deterministic dynamics in which an agent may have one of several goals.
pub trait GoalProblem: Send + Sync {
    /// A situation, small and quickly compared.
    type State: Copy + Eq + Ord + Hash + Debug + Send + Sync + StateVector;

    /// The state in which every episode begins.
    fn start(&self) -> Self::State;

    /// How many goals the agent may have.
    fn n_goals(&self) -> usize;

    /// A goal in words.
    fn goal_name(&self, goal: usize) -> String;

    /// Whether a goal is reached.
    fn is_reached(&self, state: &Self::State, goal: usize) -> bool;

    /// Names of the actions by number, at most 32; not every action can be taken in every state.
    fn action_names(&self) -> &'static [&'static str];

    /// Appends the actions that can be taken and the states that they lead to, by increasing action. Each costs 1.
    fn successors(&self, state: &Self::State, out: &mut Vec<(usize, Self::State)>);

    /// Appends for each goal an estimate of the actions that are left, 0 where the goal is reached and infinite where it
    /// is known to be out of reach.
    fn estimates(&self, state: &Self::State, out: &mut Vec<f64>);

    /// Log-probability that somebody who watches sees `seen` where `state` is, less a constant of the problem; finite.
    fn observation_log_probability(&self, state: &Self::State, seen: &Self::State) -> f64;

    /// Number of values of each part of an observation.
    fn observation_sizes(&self) -> Vec<usize>;

    /// The parts of a state as an observation shows them, under their [`GoalProblem::observation_sizes`].
    fn observation(&self, state: &Self::State) -> Vec<f32>;

    /// The state in words.
    fn label(&self, state: &Self::State) -> String;

    /// What never moves in a picture.
    fn scene(&self) -> Scene;

    /// What a picture of this state adds.
    fn draw(&self, state: &Self::State, goal: usize) -> Vec<Shape>;
}

/// Chance with which the observation model flips a fact, in every domain (`OBS_PARAMS` of the published experiments).
const FLIP: f64 = 0.05;
/// Standard deviation with which the observation model moves a coordinate, in cells.
const JITTER: f64 = 0.25;

/// Log-odds of facts of which `n` are not as they are.
fn flips(n: u32) -> f64 {
    f64::from(n) * (FLIP / (1.0 - FLIP)).ln()
}

/// Log-density of coordinates that are off by `dx` and `dy` cells, less that of none.
fn jitter(dx: f64, dy: f64) -> f64 {
    -(dx * dx + dy * dy) / (2.0 * JITTER * JITTER)
}
