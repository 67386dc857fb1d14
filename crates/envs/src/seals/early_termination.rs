//! EarlyTermination: an end that is worth as much as the sign of the reward.

use mdp::{ReturnBounds, bounds_per_step};

use crate::toy_text::table::{Entry, Table, Tabled, environment_of_table};

/// Three states: the agent goes to and fro between the first two, or from the second into the third, where the episode
/// terminates. Every step pays the same, 1 or -1.
///
/// Whoever counts a terminal state as worth 0 to a reward that was learned up to a constant ends too early or too late,
/// by the sign of that constant (Kostrikov et al., 2018; seals/EarlyTermPos-v0 and seals/EarlyTermNeg-v0).
#[derive(Clone, Debug)]
pub struct EarlyTermination {
    table: Table,
    reward: f64,
}

impl EarlyTermination {
    /// Steps after which an episode is truncated.
    pub const TIME_LIMIT: u32 = 10;

    /// Every step pays 1: it is best to go on.
    #[must_use]
    pub fn positive() -> EarlyTermination {
        EarlyTermination::paying(1.0)
    }

    /// Every step costs 1: it is best to end.
    #[must_use]
    pub fn negative() -> EarlyTermination {
        EarlyTermination::paying(-1.0)
    }

    fn paying(reward: f64) -> EarlyTermination {
        let table = Table::new(3, 2, vec![(1.0, 0)], |state, action| {
            let next = match (state, action) {
                (0, _) => 1,
                (1, 0) => 0,
                _ => 2,
            };
            vec![Entry::as_meant(1.0, next, reward, next == 2)]
        });
        EarlyTermination { table, reward }
    }
}

impl Tabled for EarlyTermination {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["go on", "end"]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let each = self.reward..=self.reward;
        bounds_per_step(each.clone(), each, n_steps)
    }
}

environment_of_table!(EarlyTermination);
