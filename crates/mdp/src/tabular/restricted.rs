//! A finite MDP in which some actions cannot be chosen.

use super::{MdpError, Solution, SolveError, TabularMdp, policy_iteration};

/// A finite MDP in which some actions are cut, as large as the one it was made from: an action that is cut does what the
/// first action of its state does that is not.
///
/// Rewards stand beside an MDP, so they have to follow: [`Restricted::rewards`] gives an action that is cut the reward
/// of the one that stands in for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Restricted {
    mdp: TabularMdp,
    /// `[S, A]`, the action that is taken in the place of each: itself, unless it is cut.
    taken: Vec<usize>,
}

impl TabularMdp {
    /// The MDP in which the actions marked in `cut`, `[S, A]`, cannot be chosen.
    ///
    /// # Errors
    /// If `cut` has the wrong length or leaves a state without any action.
    pub fn cut(&self, cut: &[bool]) -> Result<Restricted, MdpError> {
        let n_rows = self.n_states * self.n_actions;
        if cut.len() != n_rows {
            return Err(MdpError::Length {
                what: "the table of cut actions",
                found: cut.len(),
                expected: n_rows,
            });
        }
        let mut taken = Vec::with_capacity(n_rows);
        for (state, cuts) in cut.chunks(self.n_actions).enumerate() {
            let Some(kept) = cuts.iter().position(|cut| !cut) else {
                return Err(MdpError::NoAction { state });
            };
            let own = cuts.iter().enumerate();
            taken.extend(own.map(|(action, cut)| if *cut { kept } else { action }));
        }
        let mut builder = TabularMdp::builder(self.n_states, self.n_actions);
        for (row, action) in taken.iter().enumerate() {
            self.transitions(row / self.n_actions, *action)
                .for_each(|transition| builder.push(transition));
            builder.end_row();
        }
        let mdp = builder.build(self.start.clone(), self.discount)?;
        Ok(Restricted { mdp, taken })
    }
}

impl Restricted {
    /// The dynamics.
    #[must_use]
    pub fn mdp(&self) -> &TabularMdp {
        &self.mdp
    }

    /// An expected reward, `[S, A]`, of the whole MDP as it is paid here.
    ///
    /// # Panics
    /// If it has not one value a state and action.
    #[must_use]
    pub fn rewards(&self, rewards: &[f64]) -> Vec<f64> {
        assert_eq!(
            rewards.len(),
            self.taken.len(),
            "one value a state and action"
        );
        let n_actions = self.mdp.n_actions;
        let rows = self.taken.chunks(n_actions).zip(rewards.chunks(n_actions));
        rows.flat_map(|(taken, rewards)| taken.iter().map(|action| rewards[*action]))
            .collect()
    }

    /// [`policy_iteration`] among the actions that are left, under an expected reward, `[S, A]`, of the whole MDP. The
    /// policy takes none that is cut; the value of one that is cut is that of the action that stands in for it.
    ///
    /// # Errors
    /// As [`policy_iteration`].
    pub fn policy_iteration(
        &self,
        rewards: &[f64],
        first: Option<&[usize]>,
    ) -> Result<Solution, SolveError> {
        let mut solution = policy_iteration(&self.mdp, &self.rewards(rewards), first)?;
        let rows = self.taken.chunks(self.mdp.n_actions);
        for (action, taken) in solution.policy.iter_mut().zip(rows) {
            *action = taken[*action];
        }
        Ok(solution)
    }
}
