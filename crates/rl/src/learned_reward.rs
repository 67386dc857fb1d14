//! Rewards that were learned or inferred, as files, and environments that pay them.
//!
//! A [`LearnedReward`] is a safetensors file that says what it reads: a [`RewardNetwork`] reads features of a transition,
//! a [`RewardTable`] knows the states of a finite MDP by their numbers or names. [`Rewarded`] puts one in place of an
//! environment's own reward; intent, physics and ends stay.

mod network;
mod rewarded;
mod table;
#[cfg(test)]
mod tests;

pub use network::{ActionInputs, RewardInputs, RewardNetwork, RewardOutput};
pub use rewarded::Rewarded;
pub use table::{MdpNames, RewardTable};

use mdp::Space;
use nn::{Pool, Workspace};

use crate::Error;

/// A reward that nobody wrote by hand.
#[derive(Clone, Debug)]
pub enum LearnedReward {
    /// Of features of the transition.
    Network(RewardNetwork),
    /// Of the state and action of a finite MDP.
    Table(RewardTable),
}

/// Transitions side by side, `N` of them.
#[derive(Clone, Copy, Debug)]
pub struct Transitions<'t> {
    /// `[N, F]`, features of the observations acted on.
    pub observations: &'t [f32],
    /// `[N, A]`, values of the action space.
    pub actions: &'t [f32],
    /// `[N, F]`, features of what was observed next.
    pub next_observations: &'t [f32],
    /// `[N]`, whether the environment terminated with the step.
    pub terminated: &'t [bool],
    /// `[N]`, the numbers of the states acted in; may be empty where the reward is a network.
    pub states: &'t [Vec<f64>],
}

/// Memory that computing rewards needs, made once and used in every call.
#[derive(Debug, Default)]
pub struct RewardScratch {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    workspace: Workspace,
}

impl LearnedReward {
    /// Reads what [`LearnedReward::to_bytes`] wrote. Whatever the bytes are, it does not panic, and the memory it takes
    /// is bounded by a multiple of their number.
    ///
    /// # Errors
    /// If the bytes are damaged or are no learned reward.
    pub fn from_bytes(bytes: &[u8]) -> Result<LearnedReward, Error> {
        if RewardTable::is_one(bytes) {
            return RewardTable::from_bytes(bytes).map(LearnedReward::Table);
        }
        RewardNetwork::from_bytes(bytes).map(LearnedReward::Network)
    }

    /// The reward as a safetensors file that describes itself.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            LearnedReward::Network(network) => network.to_bytes(),
            LearnedReward::Table(table) => table.to_bytes(),
        }
    }

    /// How it was learned, in a word or two.
    #[must_use]
    pub fn method(&self) -> &str {
        match self {
            LearnedReward::Network(network) => network.method(),
            LearnedReward::Table(table) => table.method(),
        }
    }

    /// Whether it can be paid in an environment whose observations have `n_features` features, whose actions lie in
    /// `actions`, and whose states are `n_state_values` numbers.
    ///
    /// # Errors
    /// If it reads something else.
    pub fn check_fits(
        &self,
        n_features: usize,
        actions: &Space,
        n_state_values: usize,
    ) -> Result<(), Error> {
        match self {
            LearnedReward::Network(network) => network.inputs().check_fits(n_features, actions),
            LearnedReward::Table(table) => table.check_fits(actions, n_state_values),
        }
    }

    /// Writes the reward of each transition.
    ///
    /// # Panics
    /// If an array has another length than [`Transitions`] says, or the reward does not fit (see
    /// [`LearnedReward::check_fits`]).
    pub fn rewards(
        &self,
        transitions: &Transitions<'_>,
        out: &mut [f64],
        scratch: &mut RewardScratch,
        pool: &Pool,
    ) {
        match self {
            LearnedReward::Network(network) => network.rewards(transitions, out, scratch, pool),
            LearnedReward::Table(table) => table.rewards(transitions, out),
        }
    }
}
