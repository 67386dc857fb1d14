//! What is somebody after, who plans as far as it takes to act? Online Bayesian goal inference.
//!
//! Sequential inverse plan search (Zhi-Xuan, Mann, Silver, Tenenbaum and Mansinghka, 2020, arXiv 2006.07532). The agent
//! is taken to plan by a best-first search that is cut off after a random number of expansions, to follow what it found,
//! and to plan again from there ([`PlanningAgent`]). A [`GoalFilter`] holds particles, each a goal with a history of such
//! partial plans, weighs them by what is seen, and extends a plan only where the observations have come to its end.
//!
//! With `η ~ NegBinomial(r, q)` expansions a plan, `f = g + h` the cost so far and the estimate of the rest, and `γ` the
//! noise of the search, a node on the frontier is expanded next with probability
//!
//! ```text
//! P(node) ∝ exp(-f(node) / γ)
//! ```
//!
//! and the plan leads to the node that the search would have expanded when the budget ran out, or to the goal.
//!
//! # Details
//! - Particles are stratified: the same number for each goal at the start, weighted by the prior.
//! - When the effective sample size falls below a quarter of the particles, they are resampled by residuals of the weights
//!   to the power 0.75, and keep the rest of their weight, so that unlikely goals are not lost at once.
//! - After resampling each particle is moved by Metropolis and Hastings, which leaves the posterior as it is: either its
//!   goal is drawn again, nearer goals first, with a whole history; or its history is planned again from one of its plans
//!   on, nine times in ten that in which it left what was seen.
//! - Both proposals are led by the data: at each expansion, with a probability that grows with the share of the budget
//!   that is needed for it, the search takes the node that was seen next. The acceptance ratio has the probabilities of
//!   every budget and every expansion under model and proposal, those of the old history by running its searches again.
//!   The published proposal multiplies weights instead of mixing, which can be led astray by many equal nodes.
//! - A plan is drawn when its first step is seen and not one step earlier, which changes no probability and spares the
//!   moves plans about which nothing is known.
//!
//! [`ExactGoals`] is the other answer, where all states can be listed: Bayes' rule under a Boltzmann-rational policy, the
//! exact form of what the paper calls Bayesian inverse reinforcement learning. Its *unbiased* baseline approaches the
//! same action values by 250,000 backups at states drawn at random, and its *oracle* by 10,000 at states that the
//! demonstrations went through, with discount 0.9 and inverse temperature 1.
//!
//! [`RealTimeExpert`] is somebody to watch who plans in another way.

mod agent;
mod exact;
mod experts;
mod filter;
mod moves;
mod search;
mod space;

#[cfg(test)]
mod tests;

pub use agent::{NegativeBinomial, PlanningAgent};
pub use exact::{ExactGoals, ExactPosterior, Rationality};
pub use experts::{GoalTrace, RealTimeExpert, TraceEnd, optimal_trace};
pub use filter::{GoalFilter, GoalFilterConfig};

/// A question about goals that has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GoalError {
    /// A prior that is none.
    #[error(
        "the prior {prior:?} is none over {n_goals} goals; give one weight a goal, finite, not negative, not all 0"
    )]
    Prior {
        /// What was given.
        prior: Vec<f64>,
        /// How many goals there are.
        n_goals: usize,
    },
    /// More states than one was ready to list.
    #[error(
        "more than {most} states can be reached; raise the limit, or use a `GoalFilter`, which lists none"
    )]
    TooManyStates {
        /// The limit.
        most: usize,
    },
    /// A step that no action makes.
    #[error(
        "observation {observation}: no action leads from {from} to {to}; exact inference knows no noise in observations, a `GoalFilter` does"
    )]
    NoSuchStep {
        /// The observation, the first being 0.
        observation: usize,
        /// The state before.
        from: String,
        /// The state seen.
        to: String,
    },
}

/// A prior over goals as log-probabilities.
fn log_prior(prior: &[f64], n_goals: usize) -> Result<Vec<f64>, GoalError> {
    let sum: f64 = prior.iter().sum();
    let is_sound = prior.len() == n_goals
        && prior
            .iter()
            .all(|weight| weight.is_finite() && *weight >= 0.0)
        && 0.0 < sum
        && sum.is_finite();
    if !is_sound {
        let prior = prior.to_vec();
        return Err(GoalError::Prior { prior, n_goals });
    }
    Ok(prior.iter().map(|weight| (weight / sum).ln()).collect())
}

/// `ln Σ exp(x)`, negative infinity for none.
fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + values.map(|value| (value - most).exp()).sum::<f64>().ln()
}
