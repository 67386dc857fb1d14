//! Optimal policies over the 100 steps of an episode, and what else may hold of them.

use envs::GRIDWORLD_TIME_LIMIT;
use mdp::TabularMdp;

/// Actions whose values differ by less are equally good: values are sums of whole numbers and of rounding.
const TIE: f64 = 1e-9;

/// Every action that is optimal at some step, for one expected reward.
pub(crate) struct Optimal<'m> {
    mdp: &'m TabularMdp,
    /// Value of the start.
    pub(crate) value: f64,
    /// `[T, S, A]`.
    is_best: Vec<bool>,
}

/// `r + Σ p V` over the transitions of a row that do not terminate.
fn backup(mdp: &TabularMdp, rewards: &[f64], state: usize, action: usize, later: &[f64]) -> f64 {
    let after: f64 = mdp
        .transitions(state, action)
        .filter(|t| !t.terminates)
        .map(|t| t.probability * later[t.next_state])
        .sum();
    rewards[state * mdp.n_actions() + action] + after
}

fn at_start(mdp: &TabularMdp, values: &[f64]) -> f64 {
    mdp.start().iter().zip(values).map(|(p, v)| p * v).sum()
}

impl<'m> Optimal<'m> {
    /// Backward induction at discount 1 under the expected reward `rewards`, `[S, A]`.
    pub(crate) fn new(mdp: &'m TabularMdp, rewards: &[f64]) -> Optimal<'m> {
        let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
        let n_steps = GRIDWORLD_TIME_LIMIT as usize;
        let mut is_best = vec![false; n_steps * n_states * n_actions];
        let mut values = vec![0.0; n_states];
        for step in (0..n_steps).rev() {
            let later = values.clone();
            for (state, value) in values.iter_mut().enumerate() {
                let worth: Vec<f64> = (0..n_actions)
                    .map(|action| backup(mdp, rewards, state, action, &later))
                    .collect();
                *value = worth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let row = (step * n_states + state) * n_actions;
                for (action, worth) in worth.iter().enumerate() {
                    is_best[row + action] = *value - worth < TIE;
                }
            }
        }
        Optimal {
            mdp,
            value: at_start(mdp, &values),
            is_best,
        }
    }

    /// Whether an action is optimal at a step.
    pub(crate) fn allows(&self, step: usize, state: usize, action: usize) -> bool {
        self.is_best[(step * self.mdp.n_states() + state) * self.mdp.n_actions() + action]
    }

    /// The least and the greatest that optimal policies earn of something else, an expected reward `[S, A]`.
    pub(crate) fn range(&self, other: &[f64]) -> [f64; 2] {
        let everywhere = |state| Some(state);
        [-1.0, 1.0].map(|sign| self.extreme_on(self.mdp, other, sign, everywhere))
    }

    /// The least and the greatest that optimal policies earn in another MDP, whose states correspond to those of this
    /// one where `twin` says so; elsewhere any action may be taken.
    pub(crate) fn range_on(
        &self,
        mdp: &TabularMdp,
        rewards: &[f64],
        twin: impl Fn(usize) -> Option<usize> + Copy,
    ) -> [f64; 2] {
        [-1.0, 1.0].map(|sign| self.extreme_on(mdp, rewards, sign, twin))
    }

    fn extreme_on(
        &self,
        mdp: &TabularMdp,
        rewards: &[f64],
        sign: f64,
        twin: impl Fn(usize) -> Option<usize>,
    ) -> f64 {
        let mut values = vec![0.0; mdp.n_states()];
        for step in (0..GRIDWORLD_TIME_LIMIT as usize).rev() {
            let later = values.clone();
            for (state, value) in values.iter_mut().enumerate() {
                let twin = twin(state);
                let allowed = (0..mdp.n_actions())
                    .filter(|action| twin.is_none_or(|twin| self.allows(step, twin, *action)));
                let worth =
                    allowed.map(|action| sign * backup(mdp, rewards, state, action, &later));
                *value = sign * worth.fold(f64::NEG_INFINITY, f64::max);
            }
        }
        at_start(mdp, &values)
    }
}
