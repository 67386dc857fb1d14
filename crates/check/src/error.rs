//! Why a question about a reward could not be answered.

use mdp::{MdpError, SolveError, TabularMdp};

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
    /// A row of a policy is not a distribution over actions.
    #[error(
        "{what} gives the actions of state {state} probabilities that sum to {total}; they must be at least 0 and sum to 1"
    )]
    Policy {
        /// Which policy.
        what: &'static str,
        /// The state.
        state: usize,
        /// What its probabilities sum to.
        total: f64,
    },
    /// Weights are not a distribution.
    #[error("{what} sum to {total}; weights must be at least 0 and sum to 1")]
    Distribution {
        /// Which weights.
        what: &'static str,
        /// What they sum to.
        total: f64,
    },
    /// A share of a distribution that is not one.
    #[error("{share} is not a share that can be kept; give one above 0 and at most 1")]
    Share {
        /// The share.
        share: f64,
    },
    /// Visits have no distribution at discount 1.
    #[error(
        "at discount 1 a policy's visits have no distribution to compare; choose a discount below 1"
    )]
    Undiscounted,
    /// No policy earns as much as was asked for.
    #[error(
        "no policy has a return of {asked} under the reward: the most is {most}; ask for no more, or for a smaller epsilon"
    )]
    OutOfReach {
        /// The return asked for.
        asked: f64,
        /// The highest return of any policy.
        most: f64,
    },
    /// A linear programme has no answer.
    #[error(
        "a linear programme over occupancies has no answer: {reason}; ask for less, or give it rewards of similar size"
    )]
    Programme {
        /// What the solver said.
        reason: String,
    },
    /// A name that no table of rewards has.
    #[error("there is no reward \"{name}\"; there are {}", known.join(", "))]
    NoReward {
        /// The name as given.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Actions that cannot be cut.
    #[error("the tampering actions cannot be cut: {0}")]
    Cut(#[source] MdpError),
    /// Later selves cannot be asked in any order.
    #[error(
        "an episode can come back to state {state}, so what later selves do cannot be found by going backwards; put the environment under a time limit"
    )]
    ComesBack {
        /// A state on, or after, a way round.
        state: usize,
    },
    /// A policy had no finite answer.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

/// Checks that a table of states and actions fits the MDP and is finite.
pub(crate) fn check_table(
    mdp: &TabularMdp,
    what: &'static str,
    table: &[f64],
) -> Result<(), CheckError> {
    let expected = mdp.n_states() * mdp.n_actions();
    if table.len() != expected {
        return Err(CheckError::Length {
            what,
            found: table.len(),
            expected,
        });
    }
    match table.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(CheckError::NotFinite {
            what,
            index,
            value: table[index],
        }),
        None => Ok(()),
    }
}

/// Checks that a policy, `[S, A]`, fits the MDP and is a distribution over actions in each state.
pub(crate) fn check_policy(
    mdp: &TabularMdp,
    what: &'static str,
    policy: &[f64],
) -> Result<(), CheckError> {
    check_table(mdp, what, policy)?;
    for (state, row) in policy.chunks(mdp.n_actions()).enumerate() {
        let total: f64 = row.iter().sum();
        if row.iter().any(|p| *p < 0.0) || (total - 1.0).abs() > 1e-9 {
            return Err(CheckError::Policy { what, state, total });
        }
    }
    Ok(())
}
