//! What demonstrations are worth where the dynamics are others: a learned reward, optimised again, beside a clone.
//!
//! A clone knows what to do, a reward what it was for. Where a wall is moved or the wind has turned, the clone goes on
//! doing what was right before; a reward can be planned for anew. Whether that is better depends on the reward: one that
//! was learned for states and actions with a potential of the old dynamics in it pays for the old ways, too (Fu, Luo and
//! Levine, 2018, section 6), and one of states is what transfers. Both are measured exactly, by what is lost of the true
//! reward in the new dynamics.

#[cfg(test)]
mod tests;

use mdp::{TabularMdp, deterministic, policy_iteration, policy_return, uniform_policy};

use crate::experts::check_rewards;
use crate::{Demonstration, Error, visits};

/// Returns under the true reward in the new dynamics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// Of the best policy.
    pub best: f64,
    /// Of the best policy for the learned reward.
    pub reoptimized: f64,
    /// Of the clone.
    pub cloned: f64,
    /// Of all actions alike.
    pub uniform: f64,
}

impl Transfer {
    /// What the learned reward loses of the best return.
    #[must_use]
    pub fn reward_regret(&self) -> f64 {
        (self.best - self.reoptimized).max(0.0)
    }

    /// What the clone loses of it.
    #[must_use]
    pub fn clone_regret(&self) -> f64 {
        (self.best - self.cloned).max(0.0)
    }

    /// A regret as a share of what acting uniformly loses; NaN where that loses nothing.
    #[must_use]
    pub fn share(&self, regret: f64) -> f64 {
        regret / (self.best - self.uniform)
    }
}

/// Optimises `learned`, `[S, A]`, in `target` and holds it and the policy `clone`, `[S, A]`, against `intent`, `[S, A]`.
///
/// # Errors
/// If a table does not fit the MDP, or at discount 1 a policy is paid for ever.
pub fn transfer(
    target: &TabularMdp,
    intent: &[f64],
    learned: &[f64],
    clone: &[f64],
) -> Result<Transfer, Error> {
    for table in [intent, learned, clone] {
        check_rewards(target, table)?;
    }
    let earned = |policy: &[f64]| policy_return(target, intent, policy);
    let best = policy_iteration(target, intent, None)?.policy;
    let again = policy_iteration(target, learned, None)?.policy;
    Ok(Transfer {
        best: earned(&deterministic(&best, target.n_actions()))?,
        reoptimized: earned(&deterministic(&again, target.n_actions()))?,
        cloned: earned(clone)?,
        uniform: earned(&uniform_policy(target))?,
    })
}

/// The clone of demonstrations: in each state the actions as often as they were taken there, all alike where nobody was.
///
/// # Errors
/// If there are no demonstrations, or a step is none of the MDP's.
pub fn tabular_clone(
    mdp: &TabularMdp,
    demonstrations: &[Demonstration],
) -> Result<Vec<f64>, Error> {
    visits(mdp, demonstrations)?;
    let n_actions = mdp.n_actions();
    let mut policy = vec![0.0; mdp.n_states() * n_actions];
    for &(state, action) in demonstrations.iter().flatten() {
        policy[state * n_actions + action] += 1.0;
    }
    for row in policy.chunks_mut(n_actions) {
        let n: f64 = row.iter().sum();
        let share = |count: f64| {
            if n > 0.0 {
                count / n
            } else {
                1.0 / n_actions as f64
            }
        };
        row.iter_mut().for_each(|count| *count = share(*count));
    }
    Ok(policy)
}
