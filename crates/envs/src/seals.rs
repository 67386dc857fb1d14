//! The tabular diagnostic tasks of seals: one question each, with the published constants.
//!
//! After seals 0.2.1 (Gleave, Freire, Wang and Toyer, 2020, <https://github.com/HumanCompatibleAI/seals>). What its tables
//! pay is paid for the state that is *left*, whatever the action: `R(s)`. The step limits are those that seals
//! registers, and part of the tasks; those that never terminate have no other end. The intent of each is its reward.
//!
//! # Design
//! The others of seals have states that cannot be counted, or are too many to list: LargestSum, Parabola and Sort draw
//! real numbers, ProcGoal starts in one of 1.6 million states on an endless grid.

mod branching;
mod cliff_world;
mod early_termination;
mod initial_shift;
mod noisy_observations;
mod random_transitions;
mod risky_path;

#[cfg(test)]
mod tests;

pub use branching::Branching;
pub use cliff_world::{CliffWorld, CliffWorldSize};
pub use early_termination::EarlyTermination;
pub use initial_shift::InitialShift;
pub use noisy_observations::NoisyObservations;
pub use random_transitions::RandomTransitions;
pub use risky_path::RiskyPath;

use mdp::{ReturnBounds, bounds_per_step};

use crate::toy_text::table::{Entry, Table};

/// A table whose transitions go on with the given probabilities, pay `R(s)` for the state that is left, and never
/// terminate.
fn paid_by_state(
    n_actions: usize,
    rewards: &[f64],
    start: Vec<(f64, usize)>,
    successors: impl Fn(usize, usize) -> Vec<(f64, usize)>,
) -> Table {
    Table::new(rewards.len(), n_actions, start, |state, action| {
        successors(state, action)
            .into_iter()
            .map(|(probability, next)| Entry::as_meant(probability, next, rewards[state], false))
            .collect()
    })
}

/// What holds for every return, from the least and the greatest reward of a state.
fn bounds_of(rewards: &[f64], n_steps: u32) -> ReturnBounds {
    let least = rewards.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    bounds_per_step(least..=most, least..=most, n_steps)
}
