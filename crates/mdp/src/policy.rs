//! Policies: what to do, given what is seen.

use crate::Rng;

/// A policy. Read-only: learning is somebody else's business.
///
/// Greedy play is a different value, not a flag: a stochastic policy offers a `greedy()` of its own type.
pub trait Policy<O, A> {
    /// Draws an action for an observation.
    fn act(&self, observation: &O, rng: &mut Rng) -> A;
}

impl<O, A, F: Fn(&O, &mut Rng) -> A> Policy<O, A> for F {
    fn act(&self, observation: &O, rng: &mut Rng) -> A {
        self(observation, rng)
    }
}

/// A policy whose probabilities are known.
pub trait StochasticPolicy<O, A>: Policy<O, A> {
    /// Log-probability (density, for continuous actions) of an action.
    fn log_prob(&self, observation: &O, action: &A) -> f64;

    /// Entropy of the actions at an observation, in nats.
    fn entropy(&self, observation: &O) -> f64;
}
