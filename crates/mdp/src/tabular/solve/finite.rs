//! Exact answers over a finite horizon: optimal control, the values of a policy, its visits.

use super::assert_table;
use super::evaluate::under;
use super::operator::BellmanOperator;
use crate::tabular::TabularMdp;

/// The optimal answer over a finite horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct FiniteHorizon {
    /// `[T + 1, S]`, value of each state before step `t`; 0 after the last.
    pub values: Vec<f64>,
    /// `[T, S]`, the first best action of each state at step `t`.
    pub policy: Vec<usize>,
}

/// Optimal control over `horizon` steps under the expected reward `rewards`, `[S, A]`, by backward induction (Puterman,
/// 1994, section 4.5): `V_T = 0`, `V_t = max_a r + γ Σ p V_{t+1}`.
#[must_use]
pub fn finite_horizon(mdp: &TabularMdp, rewards: &[f64], horizon: usize) -> FiniteHorizon {
    let operator = BellmanOperator::new(mdp, rewards);
    let n_states = mdp.n_states();
    let mut values = vec![0.0; (horizon + 1) * n_states];
    let mut policy = vec![0; horizon * n_states];
    for time in (0..horizon).rev() {
        let (now, later) = values[time * n_states..].split_at_mut(n_states);
        let actions = &mut policy[time * n_states..][..n_states];
        for (state, (value, action)) in now.iter_mut().zip(actions).enumerate() {
            (*action, *value) = operator.best(state, &later[..n_states]);
        }
    }
    FiniteHorizon { values, policy }
}

/// Values of a policy that may change from step to step, `[T, S, A]`, under the expected reward `rewards`, `[S, A]`:
/// `[T + 1, S]`, the last 0.
///
/// # Panics
/// If the policy is not whole steps of `[S, A]`.
#[must_use]
pub fn evaluate_finite(mdp: &TabularMdp, rewards: &[f64], policy: &[f64]) -> Vec<f64> {
    assert_table(mdp, "an expected reward", rewards);
    let operator = BellmanOperator::new(mdp, rewards);
    let n_states = mdp.n_states();
    let horizon = steps(mdp, policy);
    let mut values = vec![0.0; (horizon + 1) * n_states];
    for time in (0..horizon).rev() {
        let (now, later) = values[time * n_states..].split_at_mut(n_states);
        let chosen = &policy[time * rewards.len()..][..rewards.len()];
        let q_values = operator.q_values(&later[..n_states]);
        now.copy_from_slice(&under(chosen, &q_values, mdp.n_actions()));
    }
    values
}

/// Expected discounted visits of each state and action, `[S, A]`, over the horizon of a policy that may change from step
/// to step, `[T, S, A]`: `Σ_t γ^t P(s_t = s, a_t = a)`, episodes that have ended not counted.
///
/// # Panics
/// If the policy is not whole steps of `[S, A]`.
#[must_use]
pub fn occupancy_finite(mdp: &TabularMdp, policy: &[f64]) -> Vec<f64> {
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    let n_rows = n_states * n_actions;
    let weights: Vec<f64> = (0..mdp.n_transitions())
        .map(|stored| match mdp.transition(stored) {
            t if t.terminates => 0.0,
            t => mdp.discount().get() * t.probability,
        })
        .collect();
    let (offsets, successors) = (mdp.offsets(), mdp.next_states());
    let mut visits = vec![0.0; n_rows];
    let (mut present, mut later) = (mdp.start().to_vec(), vec![0.0; n_states]);
    for time in 0..steps(mdp, policy) {
        later.fill(0.0);
        let chosen = policy[time * n_rows..][..n_rows].chunks_exact(n_actions);
        for (state, (chosen, present)) in chosen.zip(&present).enumerate() {
            if *present == 0.0 {
                continue;
            }
            for (row, chosen) in (state * n_actions..).zip(chosen) {
                let mass = present * chosen;
                visits[row] += mass;
                let stored = offsets[row]..offsets[row + 1];
                for (weight, successor) in weights[stored.clone()].iter().zip(&successors[stored]) {
                    later[*successor as usize] += mass * weight;
                }
            }
        }
        std::mem::swap(&mut present, &mut later);
    }
    visits
}

fn steps(mdp: &TabularMdp, policy: &[f64]) -> usize {
    let n_rows = mdp.n_states() * mdp.n_actions();
    assert_eq!(
        policy.len() % n_rows,
        0,
        "a policy over a horizon has one probability a step, state and action"
    );
    policy.len() / n_rows
}
