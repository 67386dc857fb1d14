//! Branching: one path of many steps among dead ends.

use mdp::ReturnBounds;

use super::{bounds_of, paid_by_state};
use crate::toy_text::table::{Table, Tabled, environment_of_table};

/// Names of up to eight actions.
const ACTIONS: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];

/// A path of `length` forks, each with `branch_factor` ways of which the last goes on and the others end in dead ends.
/// The state at its end pays 1 for each step in it; nothing else pays: exploration is hard (seals/Branching-v0).
#[derive(Clone, Debug)]
pub struct Branching {
    table: Table,
    rewards: Vec<f64>,
}

impl Branching {
    /// Steps of an episode of the registered task.
    pub const TIME_LIMIT: u32 = 11;
    /// Ways at each fork of the registered task.
    pub const BRANCH_FACTOR: usize = 2;
    /// Forks of the registered task.
    pub const LENGTH: usize = 10;
    /// The most ways at a fork.
    pub const MAX_BRANCH_FACTOR: usize = ACTIONS.len();

    /// A path of so many forks.
    ///
    /// # Panics
    /// If there are no forks, or the ways at a fork are not 1 to [`Branching::MAX_BRANCH_FACTOR`].
    #[must_use]
    pub fn new(branch_factor: usize, length: usize) -> Branching {
        assert!(length > 0, "a path has at least one fork");
        assert!(
            (1..=Branching::MAX_BRANCH_FACTOR).contains(&branch_factor),
            "a fork has 1 to {} ways, not {branch_factor}",
            Branching::MAX_BRANCH_FACTOR
        );
        let last = branch_factor * length;
        let mut rewards = vec![0.0; last + 1];
        rewards[last] = 1.0;
        let start = vec![(1.0, 0)];
        let table = paid_by_state(branch_factor, &rewards, start, |state, action| {
            let is_fork = state % branch_factor == 0 && state != last;
            let next = if is_fork { state + action + 1 } else { state };
            vec![(1.0, next)]
        });
        Branching { table, rewards }
    }
}

impl Default for Branching {
    fn default() -> Branching {
        Branching::new(Branching::BRANCH_FACTOR, Branching::LENGTH)
    }
}

impl Tabled for Branching {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &ACTIONS[..self.table.n_actions()]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_of(&self.rewards, n_steps)
    }

    fn is_success(&self, state: usize) -> Option<bool> {
        Some(state + 1 == self.rewards.len())
    }
}

environment_of_table!(Branching);
