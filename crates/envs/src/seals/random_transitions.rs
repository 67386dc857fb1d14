//! RandomTransitions: MDPs without structure.

mod published;

use mdp::{ReturnBounds, Rng, Seed, index, normal, uniform};

use super::{bounds_of, paid_by_state};
use crate::toy_text::table::{Table, Tabled, environment_of_table};

/// Numbers of the hidden features whose weighted sum a state pays, and their spread.
const N_FEATURES: usize = 5;
const SPREAD: f64 = 2.0;
/// Names of up to eight actions.
const ACTIONS: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];

/// An MDP that was drawn: each action leads to a few states at random, and each state pays what was drawn for it.
///
/// [`RandomTransitions::published`] is the one that seals registers as seals/Random-v0. There an observation is a vector
/// of five drawn numbers; here it is the state's number, which says as much.
#[derive(Clone, Debug)]
pub struct RandomTransitions {
    table: Table,
    rewards: Vec<f64>,
}

impl RandomTransitions {
    /// Steps of an episode of the registered task.
    pub const TIME_LIMIT: u32 = 20;
    /// States of the registered task.
    pub const N_STATES: usize = 16;
    /// Actions of the registered task.
    pub const N_ACTIONS: usize = 3;
    /// The most successors that an action has in the registered task.
    pub const BRANCH_FACTOR: usize = 2;
    /// The most actions.
    pub const MAX_ACTIONS: usize = ACTIONS.len();

    /// The registered task.
    #[must_use]
    pub fn published() -> RandomTransitions {
        let n_actions = RandomTransitions::N_ACTIONS;
        let table = paid_by_state(
            n_actions,
            &published::REWARDS,
            published::START.to_vec(),
            |state, action| normalized(published::ROWS[state * n_actions + action].to_vec()),
        );
        RandomTransitions {
            table,
            rewards: published::REWARDS.to_vec(),
        }
    }

    /// Another task by the same recipe: 1 to `branch_factor` different successors of each state and action, with
    /// probabilities from a flat Dirichlet distribution; `branch_factor` states to begin in, likewise; and rewards that
    /// are a random weighting of random features.
    ///
    /// # Panics
    /// If there are no states, not 1 to [`RandomTransitions::MAX_ACTIONS`] actions, or not 1 to `n_states` branches.
    #[must_use]
    pub fn drawn(
        n_states: usize,
        n_actions: usize,
        branch_factor: usize,
        seed: Seed,
    ) -> RandomTransitions {
        assert!(
            (1..=RandomTransitions::MAX_ACTIONS).contains(&n_actions),
            "there are 1 to {} actions, not {n_actions}",
            RandomTransitions::MAX_ACTIONS
        );
        assert!(
            (1..=n_states).contains(&branch_factor),
            "an action has 1 to {n_states} successors, not {branch_factor}"
        );
        let mut rng = seed.stream("random rewards", 0);
        let weights: [f64; N_FEATURES] = std::array::from_fn(|_| normal(&mut rng));
        let rewards: Vec<f64> = (0..n_states)
            .map(|_| weights.iter().map(|w| w * SPREAD * normal(&mut rng)).sum())
            .collect();
        let start = mixture(branch_factor, n_states, &mut seed.stream("random start", 0));
        let table = paid_by_state(n_actions, &rewards, start, |state, action| {
            let row = (state * n_actions + action) as u64;
            let mut rng = seed.stream("random transitions", row);
            let n_successors = 1 + index(branch_factor, &mut rng);
            mixture(n_successors, n_states, &mut rng)
        });
        RandomTransitions { table, rewards }
    }
}

/// `n` different states in order, with probabilities from a flat Dirichlet distribution.
fn mixture(n: usize, n_states: usize, rng: &mut Rng) -> Vec<(f64, usize)> {
    let mut states = vec![];
    while states.len() < n {
        let state = index(n_states, rng);
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states.sort_unstable();
    // Exponential draws, normalised; none is 0.
    normalized(
        states
            .into_iter()
            .map(|state| (-(1.0 - uniform(rng)).ln() + f64::MIN_POSITIVE, state))
            .collect(),
    )
}

fn normalized(mut row: Vec<(f64, usize)>) -> Vec<(f64, usize)> {
    let sum: f64 = row.iter().map(|(weight, _)| weight).sum();
    for (weight, _) in &mut row {
        *weight /= sum;
    }
    row
}

impl Tabled for RandomTransitions {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &ACTIONS[..self.table.n_actions()]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_of(&self.rewards, n_steps)
    }
}

environment_of_table!(RandomTransitions);
