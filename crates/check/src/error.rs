//! Why a question about a reward could not be answered.

use mdp::SolveError;

/// A question about a reward that could not be answered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A table does not fit the MDP.
    #[error("{what} has {found} values where the MDP has {expected}; give one for each")]
    Length {
        /// Which table.
        what: &'static str,
        /// How many values it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// A table holds a number that is not finite.
    #[error("{what} holds {value} at index {index}; every value must be finite")]
    NotFinite {
        /// Which table.
        what: &'static str,
        /// Where.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A policy had no finite answer.
    #[error(transparent)]
    Solve(#[from] SolveError),
}
