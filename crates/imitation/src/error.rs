//! What can be wrong with what this crate is asked.

use mdp::SolveError;

/// A question about demonstrations that has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Visits that are no visits of this MDP.
    #[error(
        "the expert's visits have {found} entries, expected {expected}: one a state and action"
    )]
    Visits {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A number that is negative or not finite where visits are counted.
    #[error(
        "the expert visits state {state}, action {action} {value} times; visits must be finite and at least 0"
    )]
    Visit {
        /// The state.
        state: usize,
        /// The action.
        action: usize,
        /// What was given.
        value: f64,
    },
    /// A step of a demonstration that the MDP does not have.
    #[error(
        "demonstration {demonstration}, step {step}: there is no state {state} with action {action}; the MDP has {n_states} states and {n_actions} actions"
    )]
    Step {
        /// Which demonstration, from 0.
        demonstration: usize,
        /// Which step of it, from 0.
        step: usize,
        /// The state given.
        state: usize,
        /// The action given.
        action: usize,
        /// States that there are.
        n_states: usize,
        /// Actions that there are.
        n_actions: usize,
    },
    /// There is nothing to learn from.
    #[error("there are no demonstrations; give at least one with at least one step")]
    NoDemonstrations,
    /// Soft values that do not exist.
    #[error(
        "at discount 1 soft values without a horizon need not be finite; give a horizon, or a discount below 1"
    )]
    NoHorizon,
    /// A reward that is none of this MDP's.
    #[error("the reward has {found} entries, expected {expected}: one a state and action")]
    Reward {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A reward that is not finite.
    #[error("the reward of state {state}, action {action} is {value}; rewards must be finite")]
    RewardValue {
        /// The state.
        state: usize,
        /// The action.
        action: usize,
        /// What was given.
        value: f64,
    },
    /// A setting of an expert that is out of range.
    #[error("the {setting} is {value}; it must be {allowed}")]
    Expert {
        /// What was set.
        setting: &'static str,
        /// To what.
        value: f64,
        /// What would be right.
        allowed: &'static str,
    },
    /// Nothing that could be true.
    #[error("there is nothing to infer among; give at least one task and one expert")]
    NoHypotheses,
    /// A prior that is none.
    #[error(
        "the prior has {found} weights that sum to {sum}, expected {expected}: one at least 0 for each pair of a task and an expert, some above 0"
    )]
    Prior {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
        /// Their sum.
        sum: f64,
    },
    /// A goal that is no state.
    #[error(
        "there is no state {state} to be a goal; the MDP has {n_states} states, counted from 0"
    )]
    Goal {
        /// The state given.
        state: usize,
        /// States that there are.
        n_states: usize,
    },
    /// An action that is impossible under all hypotheses.
    #[error(
        "nobody who is still thought possible takes action {action} in state {state} (step {step}); allow for noise with a finite inverse temperature, or for other goals"
    )]
    Unexplained {
        /// The state.
        state: usize,
        /// The action.
        action: usize,
        /// How many steps were seen before.
        step: usize,
    },
    /// A potential or values that do not fit.
    #[error("there are {found} values, expected {expected}: one a state")]
    Potential {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A penalty that is none.
    #[error("the penalty of state {state}, action {action} is {value}; penalties are at least 0")]
    Penalty {
        /// The state.
        state: usize,
        /// The action.
        action: usize,
        /// What was given.
        value: f64,
    },
    /// A policy that no noisy expert has.
    #[error(
        "action {action} is never taken in state {state}, and an expert who chooses with noise takes all; explain the policy with an infinite inverse temperature, or leave a chance to every action"
    )]
    LeftOut {
        /// The state.
        state: usize,
        /// The action.
        action: usize,
    },
    /// A setting of a walk over rewards that is out of range.
    #[error("the {setting} of the walk is {value}; it must be {allowed}")]
    Walk {
        /// What was set.
        setting: &'static str,
        /// To what.
        value: f64,
        /// What would be right.
        allowed: &'static str,
    },
    /// A chain that begins where what was done is impossible.
    #[error(
        "a chain begins at a reward under which what was demonstrated is impossible; give experts a finite inverse temperature"
    )]
    ImpossibleStart,
    /// The solver of linear programmes gave up.
    #[error("the linear programme has no answer: {reason}")]
    Programme {
        /// What it said.
        reason: String,
    },
    /// An exact solver found no answer.
    #[error(transparent)]
    Solve(#[from] SolveError),
}
