//! The plane of two returns: every policy of an MDP is a point in it, and all of them fill a convex polygon.
//!
//! An occupancy of a stochastic policy is a mixture of occupancies of deterministic ones, and a return is linear in the
//! occupancy. So the points (return under the reward, return under the intent) of all policies are a convex polygon
//! whose corners are deterministic policies, and the corner that lies furthest in a direction is an optimal policy of
//! one MDP: the same dynamics under the rewards added up in that direction.

use mdp::{TabularMdp, deterministic, occupancy, policy_iteration, policy_return};

use crate::CheckError;
use crate::error::check_table;
use crate::flow::dot;

/// How far below the best an action may lie and still count as optimal, as a share of the largest reward.
const TIE: f64 = 1e-9;

/// The returns of one policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Returns {
    /// Return under the reward.
    pub reward: f64,
    /// Return under the intent.
    pub intent: f64,
}

/// A deterministic policy and its returns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Corner {
    /// Action of each state.
    pub(crate) policy: Vec<usize>,
    /// Its returns, in the units of the rewards.
    pub(crate) returns: Returns,
}

/// Two rewards on the same dynamics.
#[derive(Debug)]
pub(crate) struct Plane<'a> {
    mdp: &'a TabularMdp,
    reward: &'a [f64],
    intent: &'a [f64],
    /// The largest size of a reward and of an intent where a policy may come: what a direction is scaled by.
    scale: Returns,
}

impl<'a> Plane<'a> {
    /// Checks the tables, `[S, A]` each.
    pub(crate) fn new(
        mdp: &'a TabularMdp,
        reward: &'a [f64],
        intent: &'a [f64],
    ) -> Result<Plane<'a>, CheckError> {
        check_table(mdp, "the reward", reward)?;
        check_table(mdp, "the intent", intent)?;
        Ok(Plane {
            mdp,
            reward,
            intent,
            scale: Returns {
                reward: largest(mdp, reward),
                intent: largest(mdp, intent),
            },
        })
    }

    /// The largest size of a reward and of an intent; 1 where all of them are 0.
    pub(crate) fn scale(&self) -> Returns {
        self.scale
    }

    /// A corner that lies furthest in a direction, given in units of [`Plane::scale`].
    pub(crate) fn furthest(
        &self,
        direction: Returns,
        near: Option<&[usize]>,
    ) -> Result<Corner, CheckError> {
        let solution = policy_iteration(self.mdp, &self.combined(direction), near)?;
        self.corner(solution.policy)
    }

    /// The corner that lies furthest in the first direction and, among those that do, furthest in the second.
    pub(crate) fn furthest_then(
        &self,
        first: Returns,
        second: Returns,
        near: Option<&[usize]>,
    ) -> Result<Corner, CheckError> {
        let solution = policy_iteration(self.mdp, &self.combined(first), near)?;
        let n_actions = self.mdp.n_actions();
        let mut cut = vec![false; self.reward.len()];
        let mut is_tied = false;
        for (state, row) in solution.q_values.chunks(n_actions).enumerate() {
            for (action, q_value) in row.iter().enumerate() {
                let kept = action == solution.policy[state]
                    || *q_value
                        >= solution.values[state] - TIE * (1.0 + solution.values[state].abs());
                cut[state * n_actions + action] = !kept;
                is_tied |= kept && action != solution.policy[state];
            }
        }
        if !is_tied {
            return self.corner(solution.policy);
        }
        self.furthest_among(&cut, second, &solution.policy)
    }

    /// The corner that lies furthest in a direction while some actions are cut.
    fn furthest_among(
        &self,
        cut: &[bool],
        direction: Returns,
        near: &[usize],
    ) -> Result<Corner, CheckError> {
        let n_actions = self.mdp.n_actions();
        let mut rewards = self.combined(direction);
        let mut kept = Vec::with_capacity(self.mdp.n_states());
        for (row, cut) in rewards.chunks_mut(n_actions).zip(cut.chunks(n_actions)) {
            let first = cut.iter().position(|cut| !cut).expect("one action is kept");
            let in_its_place = row[first];
            for (reward, cut) in row.iter_mut().zip(cut) {
                if *cut {
                    *reward = in_its_place;
                }
            }
            kept.push(first);
        }
        let dynamics = self.mdp.cut(cut).expect("one action is kept in each state");
        let mut policy = policy_iteration(&dynamics, &rewards, Some(near))?.policy;
        for (state, action) in policy.iter_mut().enumerate() {
            if cut[state * n_actions + *action] {
                *action = kept[state];
            }
        }
        self.corner(policy)
    }

    /// A deterministic policy with its returns: below discount 1 both from one solution for its visits, since this is
    /// asked for each corner.
    pub(crate) fn corner(&self, policy: Vec<usize>) -> Result<Corner, CheckError> {
        let stochastic = deterministic(&policy, self.mdp.n_actions());
        let returns = if self.mdp.discount().get() < 1.0 {
            let visits = occupancy(self.mdp, &stochastic)?;
            Returns {
                reward: dot(&visits, self.reward),
                intent: dot(&visits, self.intent),
            }
        } else {
            self.returns(&stochastic)?
        };
        Ok(Corner { policy, returns })
    }

    /// The returns of a policy, `[S, A]`.
    pub(crate) fn returns(&self, policy: &[f64]) -> Result<Returns, CheckError> {
        Ok(Returns {
            reward: policy_return(self.mdp, self.reward, policy)?,
            intent: policy_return(self.mdp, self.intent, policy)?,
        })
    }

    /// The rewards added up in a direction.
    fn combined(&self, direction: Returns) -> Vec<f64> {
        let (by_reward, by_intent) = (
            direction.reward / self.scale.reward,
            direction.intent / self.scale.intent,
        );
        let pairs = self.reward.iter().zip(self.intent);
        pairs
            .map(|(reward, intent)| by_reward * reward + by_intent * intent)
            .collect()
    }
}

fn largest(mdp: &TabularMdp, rewards: &[f64]) -> f64 {
    let reachable = mdp.reachable();
    let rows = rewards.chunks(mdp.n_actions()).zip(&reachable);
    let sizes = rows
        .filter(|(_, reachable)| **reachable)
        .flat_map(|(row, _)| row.iter().map(|reward| reward.abs()));
    match sizes.fold(0.0, f64::max) {
        0.0 => 1.0,
        largest => largest,
    }
}
