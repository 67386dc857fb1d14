//! STARC: canonical rewards that keep exactly what tells policies apart.

use mdp::{TabularMdp, evaluate_policy};

use super::{Direction, half_distance};
use crate::error::check_policy;
use crate::flow::add;
use crate::{CheckError, Flow};

/// How a reward is brought into canonical form (Skalse et al., 2023, arXiv 2309.15257, section 3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Canonicalizer<'a> {
    /// `E[R(s, a, S') - V(s) + γ V(S')]`, with the values V of this policy, `[S, A]`, under R.
    Value(&'a [f64]),
    /// The same without the expectation, so that redistribution among successors does count: weighted by the
    /// probability of each successor.
    ValuePotential(&'a [f64]),
    /// `P r`, the component of [`Flow::project`]: of all rewards that shaping can make of r, the least in expectation.
    Flow,
}

/// A STARC distance between two tables of rewards, one value a stored transition each: half the Euclidean distance of
/// their canonical forms, made unit vectors, over what can be reached. A trivial reward is at 0 from another, and at
/// 1/2 from any that is not.
///
/// # Errors
/// If a table does not fit or, at discount 1, if the canonicalizer's policy need never end.
pub fn starc(
    mdp: &TabularMdp,
    canonicalizer: Canonicalizer<'_>,
    first: &[f64],
    second: &[f64],
) -> Result<f64, CheckError> {
    let flow = Flow::new(mdp);
    let first = direction(mdp, &flow, canonicalizer, first)?;
    let second = direction(mdp, &flow, canonicalizer, second)?;
    Ok(half_distance(&first, &second, 0.5))
}

fn direction(
    mdp: &TabularMdp,
    flow: &Flow,
    canonicalizer: Canonicalizer<'_>,
    rewards: &[f64],
) -> Result<Direction, CheckError> {
    let (values, scale) = canonical(mdp, flow, canonicalizer, rewards)?;
    Ok(Direction::new(values, scale))
}

/// The canonical form, zero where unreachable: one value a state and action, or for [`Canonicalizer::ValuePotential`]
/// one a stored transition, times the root of its probability. With it the largest number that went into it.
pub(crate) fn canonical(
    mdp: &TabularMdp,
    flow: &Flow,
    canonicalizer: Canonicalizer<'_>,
    rewards: &[f64],
) -> Result<(Vec<f64>, f64), CheckError> {
    check_rewards(mdp, "a table of rewards", rewards)?;
    // What cannot be reached earns nothing: it can neither keep a policy from ending nor pass for the size of what can.
    let (rewards, expected) = reached(mdp, flow, rewards);
    let largest = |values: &[f64]| {
        values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()))
    };
    let values_of = |policy: &[f64]| -> Result<Vec<f64>, CheckError> {
        check_policy(mdp, "the canonicalizer's policy", policy)?;
        Ok(evaluate_policy(mdp, &expected, policy)?.values)
    };
    match canonicalizer {
        Canonicalizer::Flow => Ok((flow.project(&expected).component, largest(&expected))),
        Canonicalizer::Value(policy) => {
            let values = values_of(policy)?;
            let mut canonical = flow.shaping(&values);
            for state in flow.states() {
                let row = state * mdp.n_actions()..(state + 1) * mdp.n_actions();
                add(&mut canonical[row.clone()], 1.0, &expected[row]);
            }
            Ok((canonical, largest(&expected).max(largest(&values))))
        }
        Canonicalizer::ValuePotential(policy) => {
            let values = values_of(policy)?;
            let scale = largest(&rewards).max(largest(&values));
            Ok((shaped(mdp, flow, &rewards, &values), scale))
        }
    }
}

/// A table of rewards, one a stored transition, and its expectation, `[S, A]`: zero where unreachable.
fn reached(mdp: &TabularMdp, flow: &Flow, rewards: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut reached = vec![0.0; rewards.len()];
    for state in flow.states() {
        for action in 0..mdp.n_actions() {
            let row = mdp.row(*state, action);
            reached[row.clone()].copy_from_slice(&rewards[row]);
        }
    }
    let expected = mdp.expected(&reached);
    (reached, expected)
}

/// `√τ(s'|s, a) (R(s, a, s') - V(s) + γ V(s'))`, one a stored transition.
fn shaped(mdp: &TabularMdp, flow: &Flow, rewards: &[f64], values: &[f64]) -> Vec<f64> {
    let mut canonical = vec![0.0; rewards.len()];
    for state in flow.states() {
        for action in 0..mdp.n_actions() {
            for stored in mdp.row(*state, action) {
                let t = mdp.transition(stored);
                let after = if t.terminates {
                    0.0
                } else {
                    values[t.next_state]
                };
                let value = rewards[stored] - values[*state] + mdp.discount().get() * after;
                canonical[stored] = t.probability.sqrt() * value;
            }
        }
    }
    canonical
}

/// Checks that a table has one finite value a stored transition.
pub(crate) fn check_rewards(
    mdp: &TabularMdp,
    what: &'static str,
    rewards: &[f64],
) -> Result<(), CheckError> {
    if rewards.len() != mdp.n_transitions() {
        return Err(CheckError::Length {
            what,
            found: rewards.len(),
            expected: mdp.n_transitions(),
        });
    }
    match rewards.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(CheckError::NotFinite {
            what,
            index,
            value: rewards[index],
        }),
        None => Ok(()),
    }
}
