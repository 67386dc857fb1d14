//! RiskyPath: a safe way to the goal and a gamble.

use mdp::ReturnBounds;

use super::{bounds_of, paid_by_state};
use crate::toy_text::table::{Table, Tabled, environment_of_table};

const REWARDS: [f64; 4] = [0.0, 0.0, 1.0, -100.0];

/// Two ways to a goal: a safe one over state 1, and a risky one that leads to the goal, state 2, or to ruin, state 3,
/// with equal chances. The goal pays 1 for each step in it, ruin costs 100.
///
/// Whoever believes that a demonstrator could have chosen how the gamble ends, as maximum-entropy inverse reinforcement
/// learning does (Ziebart et al., 2008), takes it for a good idea (seals/RiskyPath-v0).
#[derive(Clone, Debug)]
pub struct RiskyPath {
    table: Table,
}

impl RiskyPath {
    /// Steps of an episode.
    pub const TIME_LIMIT: u32 = 5;

    /// The task as it was published.
    #[must_use]
    pub fn new() -> RiskyPath {
        let table = paid_by_state(2, &REWARDS, vec![(1.0, 0)], |state, action| {
            match (state, action) {
                (0, 0) => vec![(1.0, 1)],
                (0, _) => vec![(0.5, 2), (0.5, 3)],
                (1, 0) => vec![(1.0, 2)],
                _ => vec![(1.0, state)],
            }
        });
        RiskyPath { table }
    }
}

impl Default for RiskyPath {
    fn default() -> RiskyPath {
        RiskyPath::new()
    }
}

impl Tabled for RiskyPath {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["safe", "risky"]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_of(&REWARDS, n_steps)
    }

    fn is_success(&self, state: usize) -> Option<bool> {
        Some(state == 2)
    }

    fn state_label(&self, state: usize) -> String {
        let name = match state {
            0 => "start",
            1 => "safe path",
            2 => "goal",
            _ => "ruin",
        };
        name.to_owned()
    }
}

environment_of_table!(RiskyPath);
