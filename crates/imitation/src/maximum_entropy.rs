//! Maximum-entropy inverse reinforcement learning: the reward under which the demonstrations are most likely.
//!
//! The expert is taken to be soft-optimal: it maximises its return plus the entropy of its actions. Under *causal*
//! entropy (Ziebart, Bagnell and Dey, 2010) the entropy is that of the choices alone,
//!
//! ```text
//! Q_t(s, a) = r(s, a) + γ Σ p(s'|s, a) V_{t+1}(s'),   V_t(s) = log Σ_a exp Q_t(s, a),   π_t(a|s) = exp(Q_t(s, a) - V_t(s)),
//! ```
//!
//! and the log-likelihood of visits η_E (in expectation over the expert's visits, divided by their number)
//! has the gradient
//!
//! ```text
//! Σ_{s, a} (η_E(s, a) - η_π(s, a)) ∂r(s, a)/∂θ
//! ```
//!
//! so at the maximum a linear reward's policy visits every feature as often as the expert does. The older
//! *trajectory* entropy (Ziebart et al., 2008) takes a trajectory to be likely in proportion to exp of its return,
//!
//! ```text
//! Q_t(s, a) = r(s, a) + log Σ p(s'|s, a) exp(γ V_{t+1}(s')),
//! ```
//!
//! as if the agent could choose how chance falls out: it seeks risk. It is here to be compared with. The gradient of its
//! likelihood has in place of η_π the visits of the trajectories that the agent takes to be likely.
//!
//! # What is identified
//! Never a single reward. With the MDP's dynamics, potential-based shaping changes no soft-optimal policy, so nothing
//! distinguishes a reward from its shaped versions; and where the expert never goes, nothing is known.
//! `check::equivalence` compares a recovered reward with another up to shaping.

#[cfg(test)]
mod tests;

use mdp::{Stop, TabularMdp};

use crate::Error;
use crate::minimize::{Objective, minimize};
use crate::reward_model::RewardModel;
use crate::soft::{Entropy, soft_optimal};
use crate::vector::{add_scaled, dot, greatest};

/// How long an episode is taken to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// At most this many steps; the policy may depend on how many are left.
    Finite(usize),
    /// As long as the MDP's own discount and ends make it.
    Infinite,
}

/// How maximum-entropy inverse reinforcement learning is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaximumEntropyConfig {
    /// How long an episode is.
    pub horizon: Horizon,
    /// Which entropy is maximised.
    pub entropy: Entropy,
    /// Greatest difference between the expert's visits and the policy's at which it is done, of what the reward can be
    /// blamed for ([`RewardModel::mismatch`]): visits of features, where it is linear.
    pub tolerance: f64,
    /// Precision of a normal prior of mean 0 over the parameters, for each unit of the expert's visits; 0 for none. With
    /// few demonstrations a reward without one may run off to infinity. It is done when no derivative exceeds the
    /// tolerance.
    pub precision: f64,
    /// Most steps of the minimiser.
    pub max_iterations: usize,
}

impl MaximumEntropyConfig {
    /// Causal entropy, visits within 1e-4, at most 1,000 steps.
    #[must_use]
    pub fn causal(horizon: Horizon) -> MaximumEntropyConfig {
        MaximumEntropyConfig {
            horizon,
            entropy: Entropy::Causal,
            tolerance: 1e-4,
            precision: 0.0,
            max_iterations: 1_000,
        }
    }
}

/// A reward that explains demonstrations, and how well it does.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredReward {
    /// The reward of every state and action, `[S, A]`.
    pub rewards: Vec<f64>,
    /// The soft-optimal policy under it: `[S, A]`, or `[T, S, A]` for a finite horizon.
    pub policy: Vec<f64>,
    /// Expected discounted visits of that policy, `[S, A]`.
    pub visits: Vec<f64>,
    /// Greatest difference between its visits and the expert's, over states and actions.
    pub error: f64,
    /// Log-likelihood of the demonstrations' choices for each unit of start probability, in nats, less what a prior takes
    /// off.
    pub log_likelihood: f64,
    /// Steps of the minimiser.
    pub iterations: usize,
    /// Times that the soft-optimal policy was computed.
    pub evaluations: usize,
    /// Why it stopped. A reward that cannot tell states apart that the expert treats differently never converges:
    /// the budget is spent, or no step is left that helps.
    pub stop: Stop,
}

/// Fits a reward to the expert's expected discounted visits, `[S, A]`: those of a known policy
/// ([`mdp::occupancy`]), or of demonstrations ([`visits`]).
///
/// The minimiser is L-BFGS: for a linear reward the problem is convex.
///
/// # Errors
/// If the visits do not fit the MDP, or soft values do not exist.
pub fn maximum_entropy_irl(
    mdp: &TabularMdp,
    expert_visits: &[f64],
    reward: &mut impl RewardModel,
    config: &MaximumEntropyConfig,
) -> Result<InferredReward, Error> {
    check_visits(mdp, expert_visits)?;
    if config.horizon == Horizon::Infinite && mdp.discount().get() >= 1.0 {
        return Err(Error::NoHorizon);
    }
    let mut parameters = reward.parameters();
    let mut likelihood = Likelihood {
        mdp,
        expert_visits,
        reward,
        config,
    };
    let minimum = minimize(&mut likelihood, &mut parameters, config.max_iterations)?;
    likelihood.reward.set_parameters(&parameters);
    let rewards = likelihood.reward.rewards();
    let soft = soft_optimal(mdp, &rewards, config.horizon, config.entropy)?;
    let mut apart = soft.visits.clone();
    add_scaled(&mut apart, -1.0, expert_visits);
    Ok(InferredReward {
        error: greatest(&apart),
        log_likelihood: -minimum.value,
        rewards,
        policy: soft.policy,
        visits: soft.visits,
        iterations: minimum.iterations,
        evaluations: minimum.evaluations,
        stop: minimum.stop,
    })
}

/// Minus the log-likelihood as a function of the reward's parameters.
struct Likelihood<'a, R> {
    mdp: &'a TabularMdp,
    expert_visits: &'a [f64],
    reward: &'a mut R,
    config: &'a MaximumEntropyConfig,
}

impl<R: RewardModel> Objective for Likelihood<'_, R> {
    type Error = Error;

    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<(f64, bool), Error> {
        self.reward.set_parameters(point);
        let rewards = self.reward.rewards();
        let config = self.config;
        let soft = soft_optimal(self.mdp, &rewards, config.horizon, config.entropy)?;
        let mut surplus = soft.believed_visits.clone();
        add_scaled(&mut surplus, -1.0, self.expert_visits);
        gradient.copy_from_slice(&self.reward.gradient(&surplus));
        let mut value = soft.start_value(self.mdp) - dot(&rewards, self.expert_visits);
        let mismatch = if config.precision > 0.0 {
            add_scaled(gradient, config.precision, point);
            value += 0.5 * config.precision * dot(point, point);
            greatest(gradient)
        } else {
            self.reward.mismatch(&surplus, gradient)
        };
        Ok((value, mismatch <= config.tolerance))
    }
}

fn check_visits(mdp: &TabularMdp, visits: &[f64]) -> Result<(), Error> {
    let n_actions = mdp.n_actions();
    let expected = mdp.n_states() * n_actions;
    if visits.len() != expected {
        return Err(Error::Visits {
            found: visits.len(),
            expected,
        });
    }
    match visits.iter().position(|n| !(n.is_finite() && *n >= 0.0)) {
        Some(row) => Err(Error::Visit {
            state: row / n_actions,
            action: row % n_actions,
            value: visits[row],
        }),
        None => Ok(()),
    }
}

/// Mean discounted visits of demonstrations, `[S, A]`: each a list of states and the actions taken there, in order.
///
/// # Errors
/// If there is nothing to count, or a step is none of the MDP's.
pub fn visits(mdp: &TabularMdp, demonstrations: &[Vec<(usize, usize)>]) -> Result<Vec<f64>, Error> {
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    let mut counts = vec![0.0; n_states * n_actions];
    if demonstrations.iter().all(Vec::is_empty) {
        return Err(Error::NoDemonstrations);
    }
    for (demonstration, steps) in demonstrations.iter().enumerate() {
        let mut weight = 1.0;
        for (step, &(state, action)) in steps.iter().enumerate() {
            if state >= n_states || action >= n_actions {
                return Err(Error::Step {
                    demonstration,
                    step,
                    state,
                    action,
                    n_states,
                    n_actions,
                });
            }
            counts[state * n_actions + action] += weight;
            weight *= mdp.discount().get();
        }
    }
    let n = demonstrations.len() as f64;
    Ok(counts.into_iter().map(|count| count / n).collect())
}
