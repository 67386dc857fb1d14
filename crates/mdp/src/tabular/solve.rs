//! Exact answers about finite MDPs.

mod average;
mod bounds;
mod chain;
mod components;
mod direct;
mod evaluate;
mod exponential;
mod finite;
mod held;
mod krylov;
mod operator;
mod ordering;
mod policy_iteration;
mod soft;
mod value_iteration;

#[cfg(test)]
mod tests;

pub use average::{AverageSolution, Gain, average_reward, optimal_average_reward};
pub use evaluate::{deterministic, evaluate_policy, occupancy, policy_return, uniform_policy};
pub use finite::{FiniteHorizon, evaluate_finite, finite_horizon, occupancy_finite};
pub use operator::{BellmanOperator, Change};
pub use policy_iteration::policy_iteration;
pub use soft::{
    SoftHorizon, SoftSolution, boltzmann_rational, soft_optimal_path, soft_value_iteration,
    soft_value_iteration_finite,
};
pub use value_iteration::value_iteration;

use super::TabularMdp;

/// Why an iterative method stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// What was asked for was reached, or rounding allows no more.
    Converged,
    /// The budget of iterations was spent first.
    BudgetSpent,
}

impl Stop {
    fn of(converged: bool) -> Stop {
        if converged {
            Stop::Converged
        } else {
            Stop::BudgetSpent
        }
    }
}

/// A question about a finite MDP that has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// At discount 1, a policy under which an episode may go on for ever and keep being paid.
    #[error(
        "at discount 1 the policy may never end an episode from state {state}, so its value is not finite; choose a discount below 1, or a time limit"
    )]
    NeverEnds {
        /// A state from which it may never end.
        state: usize,
    },
}

/// The exact answer to a finite MDP.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Value of each state.
    pub values: Vec<f64>,
    /// `[S, A]`, value of each action.
    pub q_values: Vec<f64>,
    /// The first best action of each state.
    pub policy: Vec<usize>,
    /// Sweeps made, or policies evaluated.
    pub iterations: usize,
    /// Greatest difference between a state's value and its backup.
    pub residual: f64,
    /// The values are within this of the optimal ones, rounding included; infinite at discount 1, where a residual
    /// proves nothing.
    pub error: f64,
    /// Why it stopped.
    pub stop: Stop,
}

/// The values of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Value of each state.
    pub values: Vec<f64>,
    /// Greatest violation of the Bellman equation.
    pub residual: f64,
    /// What the residual allows the values to be off by: the residual times the longest mean stay.
    pub error: f64,
    /// Iterations made; 0 where the equations were solved directly.
    pub iterations: usize,
    /// Why it stopped.
    pub stop: Stop,
}

fn assert_table(mdp: &TabularMdp, what: &str, table: &[f64]) {
    assert_eq!(
        table.len(),
        mdp.n_states() * mdp.n_actions(),
        "{what} has one value a state and action"
    );
}
