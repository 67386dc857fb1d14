//! The reward under which choices are likeliest, for demonstrations of any length, from anywhere.
//!
//! The model is that of [`maximum_entropy_irl`](crate::maximum_entropy_irl) without a horizon, `π(a|s) = exp(Q(s, a) - V(s))`
//! with soft values Q and V. That method compares visits, which are those of whole episodes from the MDP's start; where
//! demonstrations were cut, or begin elsewhere, they are not. The likelihood of the choices, given the states in which
//! they were made, needs neither (Vroman, 2014; Zeng et al., 2022): with n(s, a) their counts,
//!
//! ```text
//! L(θ) = Σ n(s, a) log π(a|s) - ½ precision ‖θ‖²
//! ∂L/∂r = w + visits under π of what begins as γ Pᵀ w,   w(s, a) = n(s, a) - n(s) π(a|s)
//! ```
//!
//! Of whole episodes from the start the two agree in expectation. It needs a discount below 1.

#[cfg(test)]
mod tests;

use mdp::{Stop, TabularMdp, soft_value_iteration};

use crate::minimize::{Objective, minimize};
use crate::reward_model::RewardModel;
use crate::vector::{add_scaled, dot, greatest};
use crate::{Demonstration, Error, visits};

/// Values are certain to within this of the soft-optimal ones.
const VALUES: f64 = 1e-11;
/// Improvements of the policy; a handful is usual.
const MAX_IMPROVEMENTS: usize = 1_000;
/// Mass, as a share of what begins, that is no longer followed.
const MASS: f64 = 1e-13;

/// How the likeliest reward is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelihoodConfig {
    /// Precision of a normal prior of mean 0 over the parameters, for all demonstrations together; 0 for none, under which
    /// a reward may run off to infinity.
    pub precision: f64,
    /// It is done when no derivative of the log-likelihood a step exceeds this.
    pub tolerance: f64,
    /// Most steps of the minimiser.
    pub max_iterations: usize,
}

impl LikelihoodConfig {
    /// A prior of this precision, derivatives within 1e-5, at most 1,000 steps.
    #[must_use]
    pub fn with_precision(precision: f64) -> LikelihoodConfig {
        LikelihoodConfig {
            precision,
            tolerance: 1e-5,
            max_iterations: 1_000,
        }
    }
}

/// The reward under which demonstrations are likeliest.
#[derive(Clone, Debug, PartialEq)]
pub struct LikeliestReward {
    /// `[S, A]`.
    pub rewards: Vec<f64>,
    /// The soft-optimal policy under it, `[S, A]`.
    pub policy: Vec<f64>,
    /// Mean log-likelihood of a choice, in nats, without the prior.
    pub log_likelihood: f64,
    /// Steps of the minimiser.
    pub iterations: usize,
    /// Times that the soft-optimal policy was computed.
    pub evaluations: usize,
    /// Why it stopped.
    pub stop: Stop,
}

/// Fits a reward to the choices in demonstrations, `reward` being where it begins and ends.
///
/// # Errors
/// If there are no demonstrations, a step is none of the MDP's, or the discount is 1.
pub fn likeliest_reward(
    mdp: &TabularMdp,
    demonstrations: &[Demonstration],
    reward: &mut impl RewardModel,
    config: &LikelihoodConfig,
) -> Result<LikeliestReward, Error> {
    visits(mdp, demonstrations)?;
    if mdp.discount().get() >= 1.0 {
        return Err(Error::NoHorizon);
    }
    let mut shares = vec![0.0; mdp.n_states() * mdp.n_actions()];
    let n_steps: usize = demonstrations.iter().map(Vec::len).sum();
    for &(state, action) in demonstrations.iter().flatten() {
        shares[state * mdp.n_actions() + action] += 1.0 / n_steps as f64;
    }
    let mut parameters = reward.parameters();
    let mut choices = Choices {
        mdp,
        shares,
        precision: config.precision / n_steps as f64,
        tolerance: config.tolerance,
        reward,
    };
    let minimum = minimize(&mut choices, &mut parameters, config.max_iterations)?;
    choices.reward.set_parameters(&parameters);
    let rewards = choices.reward.rewards();
    let log_policy = soft_value_iteration(mdp, &rewards, 1.0, VALUES, MAX_IMPROVEMENTS).log_policy;
    Ok(LikeliestReward {
        log_likelihood: taken(&choices.shares, &log_policy),
        policy: crate::experts::exponentials(&log_policy),
        rewards,
        iterations: minimum.iterations,
        evaluations: minimum.evaluations,
        stop: minimum.stop,
    })
}

/// Minus the mean log-likelihood of a choice.
struct Choices<'a, R> {
    mdp: &'a TabularMdp,
    /// `[S, A]`, shares of all steps.
    shares: Vec<f64>,
    precision: f64,
    tolerance: f64,
    reward: &'a mut R,
}

impl<R: RewardModel> Objective for Choices<'_, R> {
    type Error = Error;

    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<(f64, bool), Error> {
        self.reward.set_parameters(point);
        let rewards = self.reward.rewards();
        let soft = soft_value_iteration(self.mdp, &rewards, 1.0, VALUES, MAX_IMPROVEMENTS);
        let policy = soft.policy();
        let rise: Vec<f64> = self.derivative(&policy).iter().map(|g| -g).collect();
        gradient.copy_from_slice(&self.reward.gradient(&rise));
        add_scaled(gradient, self.precision, point);
        let value =
            0.5 * self.precision * dot(point, point) - taken(&self.shares, &soft.log_policy);
        Ok((value, greatest(gradient) <= self.tolerance))
    }
}

impl<R> Choices<'_, R> {
    /// Derivative of the mean log-likelihood by the reward, `[S, A]`.
    fn derivative(&self, policy: &[f64]) -> Vec<f64> {
        let n_actions = self.mdp.n_actions();
        let mut derivative = self.shares.clone();
        let rows = derivative
            .chunks_mut(n_actions)
            .zip(policy.chunks(n_actions));
        for (own, chosen) in rows {
            let here: f64 = own.iter().sum();
            add_scaled(own, -here, chosen);
        }
        let mut flow = derivative.clone();
        loop {
            let arrived = self.arrived(&flow);
            let mass: f64 = arrived.iter().map(|x| x.abs()).sum();
            // Not above the limit, so that a NaN ends it, too.
            if mass.partial_cmp(&MASS) != Some(std::cmp::Ordering::Greater) {
                return derivative;
            }
            for (row, flow) in flow.iter_mut().enumerate() {
                *flow = arrived[row / n_actions] * policy[row];
            }
            add_scaled(&mut derivative, 1.0, &flow);
        }
    }

    /// `γ Pᵀ flow`, `[S]`.
    fn arrived(&self, flow: &[f64]) -> Vec<f64> {
        let discount = self.mdp.discount().get();
        let mut arrived = vec![0.0; self.mdp.n_states()];
        for (ends, flow) in self.mdp.offsets().windows(2).zip(flow) {
            if *flow != 0.0 {
                for stored in ends[0]..ends[1] {
                    let t = self.mdp.transition(stored);
                    if !t.terminates {
                        arrived[t.next_state] += discount * t.probability * flow;
                    }
                }
            }
        }
        arrived
    }
}

/// `Σ n log π`, where what is never chosen counts nothing.
fn taken(shares: &[f64], log_policy: &[f64]) -> f64 {
    let each = shares.iter().zip(log_policy);
    let seen = each.filter(|(share, _)| **share > 0.0);
    seen.map(|(share, log)| share * log).sum()
}
