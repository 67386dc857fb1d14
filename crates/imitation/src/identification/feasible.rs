//! The rewards under which an expert's behaviour is optimal.

use mdp::{TabularMdp, policy_iteration};

use crate::experts::check_rewards;
use crate::maximum_entropy::visits;
use crate::{Demonstration, Error};

/// Losses below this share of the greatest value are rounding.
const ROUNDING: f64 = 1e-9;

/// All rewards under which what was seen is optimal: the feasible set of an expert who does not err.
///
/// With values V of any kind and penalties ζ ≥ 0 the set is
///
/// ```text
/// r(s, a) = V(s) - γ Σ p(s'|s, a) V(s') - ζ(s, a),   ζ(s, a) = 0 where the expert takes a in s
/// ```
///
/// (Metelli, Ramponi, Concetti and Restelli, 2021, lemma 3.2; Ng and Russell, 2000, theorem 3, for rewards of states),
/// and in states where nothing was seen some action has ζ = 0. V is a potential: shaping is never identified. Scaling
/// down keeps a reward in the set, and the null reward is always in it.
#[derive(Clone, Debug, PartialEq)]
pub struct FeasibleRewards<'m> {
    mdp: &'m TabularMdp,
    taken: Vec<bool>,
}

/// Whether a reward belongs to a feasible set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Membership {
    /// Whether what was seen is optimal, up to rounding.
    pub is_feasible: bool,
    /// The most that any action that was seen loses against the best one there.
    pub loss: f64,
    /// The state and the action where that is.
    pub place: Option<(usize, usize)>,
}

/// How large a feasible set is, in states that can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetDimension {
    /// Of all rewards: one a state and action.
    pub all: usize,
    /// Of the set: what equations between actions that are taken in one state leave.
    pub set: usize,
    /// Of these, potentials, which no behaviour ever shows.
    pub potentials: usize,
    /// Inequalities that bound it: actions not taken in states that were seen.
    pub inequalities: usize,
    /// States in which nothing was seen.
    pub unseen_states: usize,
}

impl<'m> FeasibleRewards<'m> {
    /// Of the actions marked in `taken`, `[S, A]`: all that were seen in a state are optimal there.
    ///
    /// # Errors
    /// If it has not one entry a state and action.
    pub fn new(mdp: &'m TabularMdp, taken: Vec<bool>) -> Result<FeasibleRewards<'m>, Error> {
        let expected = mdp.n_states() * mdp.n_actions();
        if taken.len() != expected {
            return Err(Error::Visits {
                found: taken.len(),
                expected,
            });
        }
        Ok(FeasibleRewards { mdp, taken })
    }

    /// Of demonstrations.
    ///
    /// # Errors
    /// If there are none, or a step is none of the MDP's.
    pub fn of_demonstrations(
        mdp: &'m TabularMdp,
        demonstrations: &[Demonstration],
    ) -> Result<FeasibleRewards<'m>, Error> {
        visits(mdp, demonstrations)?;
        let mut taken = vec![false; mdp.n_states() * mdp.n_actions()];
        for &(state, action) in demonstrations.iter().flatten() {
            taken[state * mdp.n_actions() + action] = true;
        }
        FeasibleRewards::new(mdp, taken)
    }

    /// Of a whole policy, `[S, A]`: whatever it takes with any probability.
    ///
    /// # Errors
    /// If it has not one probability a state and action.
    pub fn of_policy(mdp: &'m TabularMdp, policy: &[f64]) -> Result<FeasibleRewards<'m>, Error> {
        FeasibleRewards::new(mdp, policy.iter().map(|p| *p > 0.0).collect())
    }

    /// Which actions were seen, `[S, A]`.
    #[must_use]
    pub fn taken(&self) -> &[bool] {
        &self.taken
    }

    /// Whether everything that was seen is optimal under an expected reward, `[S, A]`.
    ///
    /// # Errors
    /// If the reward does not fit, or at discount 1 a policy is paid for ever.
    pub fn contains(&self, rewards: &[f64]) -> Result<Membership, Error> {
        check_rewards(self.mdp, rewards)?;
        let solution = policy_iteration(self.mdp, rewards, None)?;
        let n_actions = self.mdp.n_actions();
        let (mut loss, mut place, mut size) = (0.0, None, 0.0_f64);
        for (row, q) in solution.q_values.iter().enumerate() {
            size = size.max(q.abs());
            let state = row / n_actions;
            let best = solution.q_values[state * n_actions..][..n_actions].iter();
            let lost = best.copied().fold(f64::NEG_INFINITY, f64::max) - q;
            if self.taken[row] && lost > loss {
                (loss, place) = (lost, Some((state, row % n_actions)));
            }
        }
        Ok(Membership {
            is_feasible: loss <= ROUNDING * size,
            loss,
            place,
        })
    }

    /// The reward of the set with these values, `[S]`, and penalties, `[S, A]`. Penalties of actions that were seen count as 0,
    /// and where nothing was seen the least is taken off all.
    ///
    /// # Errors
    /// If the tables do not fit, or a penalty is below 0 or not finite.
    pub fn reward(&self, values: &[f64], penalties: &[f64]) -> Result<Vec<f64>, Error> {
        let (mdp, n_actions) = (self.mdp, self.mdp.n_actions());
        check_rewards(mdp, penalties)?;
        if values.len() != mdp.n_states() {
            return Err(Error::Potential {
                found: values.len(),
                expected: mdp.n_states(),
            });
        }
        if let Some(row) = penalties.iter().position(|penalty| *penalty < 0.0) {
            return Err(Error::Penalty {
                state: row / n_actions,
                action: row % n_actions,
                value: penalties[row],
            });
        }
        let mut rewards: Vec<f64> = crate::experts::continued(mdp, values);
        for (state, value) in values.iter().enumerate() {
            let own = state * n_actions..(state + 1) * n_actions;
            let penalties = &penalties[own.clone()];
            let is_seen = self.taken[own.clone()].contains(&true);
            let least = penalties.iter().copied().fold(f64::INFINITY, f64::min);
            let base = if is_seen { 0.0 } else { least };
            for (row, penalty) in own.zip(penalties) {
                let penalty = if self.taken[row] { 0.0 } else { penalty - base };
                rewards[row] = value - rewards[row] - penalty;
            }
        }
        Ok(rewards)
    }

    /// A pair of rewards that make all that was seen optimal, and nothing else where anything was seen, but have
    /// different best actions in a state that can be reached and in which nothing was seen: with the state, and the
    /// best action under each. None where every such state was seen.
    #[must_use]
    pub fn torn(&self) -> Option<(usize, [usize; 2], [Vec<f64>; 2])> {
        let n_actions = self.mdp.n_actions();
        let reachable = self.mdp.reachable();
        let is_unseen = |state: &usize| {
            reachable[*state] && !self.taken[state * n_actions..][..n_actions].contains(&true)
        };
        let state = (0..self.mdp.n_states()).find(is_unseen)?;
        if n_actions < 2 {
            return None;
        }
        // Nothing is lost anywhere but by an action that is penalised, so the penalty decides alone.
        let seen =
            |row: usize| self.taken[row / n_actions * n_actions..][..n_actions].contains(&true);
        let rewards = [0, 1].map(|best| {
            let rows = 0..self.taken.len();
            rows.map(|row| {
                let is_other = row / n_actions == state && row % n_actions != best;
                let is_worse = seen(row) && !self.taken[row];
                -f64::from(u8::from(is_other || is_worse))
            })
            .collect()
        });
        Some((state, [0, 1], rewards))
    }

    /// How large the set is.
    #[must_use]
    pub fn dimension(&self) -> SetDimension {
        let n_actions = self.mdp.n_actions();
        let mut found = SetDimension {
            all: 0,
            set: 0,
            potentials: 0,
            inequalities: 0,
            unseen_states: 0,
        };
        let rows = self.taken.chunks(n_actions).zip(self.mdp.reachable());
        for (taken, _) in rows.filter(|(_, reachable)| *reachable) {
            let n_taken = taken.iter().filter(|taken| **taken).count();
            found.all += n_actions;
            found.potentials += 1;
            // All actions that are taken are worth the same.
            found.set += n_actions - n_taken.saturating_sub(1);
            if n_taken == 0 {
                found.unseen_states += 1;
            } else {
                found.inequalities += n_actions - n_taken;
            }
        }
        found
    }
}
