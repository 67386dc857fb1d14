//! InitialShift: a tree that demonstrators and learners enter at different places.

use mdp::ReturnBounds;

use super::{bounds_of, paid_by_state};
use crate::toy_text::table::{Table, Tabled, environment_of_table};

const REWARDS: [f64; 7] = [0.0, 0.0, 0.0, 1.0, -1.0, -1.0, 2.0];

/// A binary tree of depth 2: left or right, then left or right, then a leaf that pays for each step in it: 1, -1, -1, 2
/// from the left.
///
/// Who is shown the way from the root to the best leaf learns nothing of the leaves that can still be reached from the
/// left branch (seals/InitShiftTrain-v0 begins at the root, seals/InitShiftTest-v0 at the left branch).
#[derive(Clone, Debug)]
pub struct InitialShift {
    table: Table,
}

impl InitialShift {
    /// Steps of an episode.
    pub const TIME_LIMIT: u32 = 3;
    /// States of the tree, the root first, row by row.
    pub const N_STATES: usize = REWARDS.len();

    /// The tree, entered at a state.
    ///
    /// # Panics
    /// If there is no such state.
    #[must_use]
    pub fn starting_in(state: usize) -> InitialShift {
        assert!(
            state < InitialShift::N_STATES,
            "the tree has states 0 to 6, not {state}"
        );
        let table = paid_by_state(2, &REWARDS, vec![(1.0, state)], |state, action| {
            let next = if state < 3 {
                2 * state + 1 + action
            } else {
                state
            };
            vec![(1.0, next)]
        });
        InitialShift { table }
    }

    /// Entered at the root, as demonstrators do.
    #[must_use]
    pub fn train() -> InitialShift {
        InitialShift::starting_in(0)
    }

    /// Entered at the left branch, as learners do.
    #[must_use]
    pub fn test() -> InitialShift {
        InitialShift::starting_in(1)
    }
}

impl Tabled for InitialShift {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["left", "right"]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_of(&REWARDS, n_steps)
    }

    fn state_label(&self, state: usize) -> String {
        let names = [
            "root",
            "left branch",
            "right branch",
            "leaf 1",
            "leaf 2",
            "leaf 3",
            "leaf 4",
        ];
        names
            .get(state)
            .map_or_else(String::new, |name| (*name).to_owned())
    }
}

environment_of_table!(InitialShift);
