//! Policies that are optimal for one reward, then for a second among those, and so on.

use mdp::{MdpError, TabularMdp};

use super::SAME;
use crate::CheckError;

/// The actions that are left in each state after the best for each reward so far were kept.
pub(super) struct Optimum<'a> {
    mdp: &'a TabularMdp,
    /// `[S, A]`.
    excluded: Vec<bool>,
}

impl<'a> Optimum<'a> {
    /// Every action but those that are cut, `[S, A]`.
    pub(super) fn among_all_but(mdp: &'a TabularMdp, cut: &[bool]) -> Result<Self, CheckError> {
        let excluded = cut.to_vec();
        // An answer to whether every state keeps an action, before any is solved.
        mdp.cut(&excluded).map_err(no_action)?;
        Ok(Optimum { mdp, excluded })
    }

    /// Keeps the actions that are optimal for an expected reward, `[S, A]`, among those that are left. Values that
    /// differ by less than a billionth of the largest that is reached are the same: of values, and of what is paid for
    /// the actions taken, where values are nothing because gains and losses cancel.
    pub(super) fn keep_best(&mut self, rewards: &[f64]) -> Result<(), CheckError> {
        let n_actions = self.mdp.n_actions();
        let restricted = self.mdp.cut(&self.excluded).map_err(no_action)?;
        let paid = restricted.rewards(rewards);
        let solution = restricted.policy_iteration(rewards, None)?;
        let reachable = restricted.mdp().reachable();
        let reached = (0..reachable.len()).filter(|state| reachable[*state]);
        let largest = reached.fold(0.0_f64, |most, state| {
            let paid = paid[state * n_actions + solution.policy[state]];
            most.max(solution.values[state].abs()).max(paid.abs())
        });
        for (state, excluded) in self.excluded.chunks_mut(n_actions).enumerate() {
            let q_values = &solution.q_values[state * n_actions..][..n_actions];
            // The policy's own action stays, whatever rounding says.
            let chosen = solution.policy[state];
            for action in 0..n_actions {
                let is_worse = q_values[action] < q_values[chosen] - SAME * largest;
                excluded[action] |= is_worse && action != chosen;
            }
        }
        Ok(())
    }

    /// The first action that is left in each state.
    pub(super) fn policy(&self) -> Vec<usize> {
        self.excluded
            .chunks(self.mdp.n_actions())
            .map(first_left)
            .collect()
    }
}

fn first_left(excluded: &[bool]) -> usize {
    let left = excluded.iter().position(|excluded| !excluded);
    left.expect("every state keeps an action")
}

fn no_action(error: MdpError) -> CheckError {
    CheckError::Cut(error)
}
