//! Whether a shaping term is safe: is it potential-based, and can it be farmed?
//!
//! Ng, Harada and Russell (1999): adding `γ Φ(s') - Φ(s)` to a reward leaves every preference between policies as it was,
//! in any environment, and nothing else does so in all of them. Four things undo it: a potential that is not zero at the
//! end of an episode, a γ in the term that is not the agent's, states that no policy reaches taken into account, and a
//! time limit that ends episodes where Φ is not zero; with one, the step belongs in the state, and Φ depends on it.

mod farm;
mod potential;

#[cfg(test)]
mod tests;

use mdp::TabularMdp;

use crate::flow::norm;
use crate::{CheckError, Flow};

pub(crate) use farm::Endless;
pub use farm::{Farm, Intended};
pub use potential::{Discrepancy, LoopMove, Move, PotentialTest, Way};

/// What became of a shaping term.
#[derive(Clone, Debug, PartialEq)]
pub struct Shaping {
    /// Whether it is potential-based, transition by transition, with the potential or a witness.
    pub potential: PotentialTest,
    /// A way to be paid for going round, if there is one.
    pub farm: Option<Farm>,
    /// `‖P f‖ / ‖f‖` of the term's expectation f: how much of it can change a preference between policies; 0 for a
    /// potential, and for one that is only redistributed among successors.
    pub felt_share: f64,
}

impl Shaping {
    /// Whether the term is potential-based, so that it changes no preference whatever the task's reward.
    #[must_use]
    pub fn is_potential_based(&self) -> bool {
        matches!(self.potential, PotentialTest::Found { .. })
    }
}

/// Tests a shaping term at the MDP's discount. `term` is the term alone and `task` the reward without it, one value a
/// stored transition each.
///
/// Transitions that cannot happen, or not from the start, play no part.
///
/// # Errors
/// If a table or the policy does not fit or, at discount 1, if the intended policy need never end.
pub fn shaping(
    mdp: &TabularMdp,
    term: &[f64],
    task: &[f64],
    intended: Intended<'_>,
) -> Result<Shaping, CheckError> {
    crate::distance::check_rewards(mdp, "the shaping term", term)?;
    crate::distance::check_rewards(mdp, "the task's reward", task)?;
    let flow = Flow::new(mdp);
    let felt = norm(&flow.project(&mdp.expected(term)).component);
    let whole = norm(&reached(&flow, &mdp.expected(term)));
    let potential = potential::test(mdp, flow.states(), term, task);
    let forgiven = match &potential {
        PotentialTest::Found { residual, .. } => *residual,
        PotentialTest::Refuted(_) => 0.0,
    };
    Ok(Shaping {
        farm: farm::find(mdp, flow.states(), term, task, intended, forgiven)?,
        potential,
        felt_share: if felt > 1e-13 * whole {
            felt / whole
        } else {
            0.0
        },
    })
}

/// The values, `[S, A]`, of states that can be reached.
fn reached(flow: &Flow, values: &[f64]) -> Vec<f64> {
    let rows = flow.states().iter();
    rows.flat_map(|s| &values[s * flow.n_actions()..][..flow.n_actions()])
        .copied()
        .collect()
}
