//! Policy iteration: a policy that no action improves, and its values, both exact.

use super::evaluate::{deterministic, evaluate_policy};
use super::krylov::greatest;
use super::operator::BellmanOperator;
use super::value_iteration::{first_within, value_iteration};
use super::{Solution, SolveError, Stop, assert_table};
use crate::tabular::TabularMdp;

/// Improvements before it is given up; policies get better each time, so this is far away.
const BUDGET: usize = 10_000;
/// Errors of an evaluation that are believed, as a share of the greatest value.
const UNCERTAIN: f64 = 1e-10;

/// Policy iteration (Howard, 1960) under the expected reward `rewards`, `[S, A]`: values from [`evaluate_policy`], and an
/// action changed only for a gain that rounding cannot explain, so that ties do not make it go round for ever. Begins with
/// the policy `first`, or with one from a rough [`value_iteration`].
///
/// At discount 1 it begins with a policy that ends wherever one can, and finds the best of the policies that end: an
/// action that goes round without pay is never preferred to one that gets on.
///
/// # Errors
/// If at discount 1 a policy on the way goes round for ever and is paid: `first`, the only policies that there are, or
/// one that earns without bound.
///
/// # Panics
/// If `rewards` has not one value a state and action, or `first` not one action a state.
pub fn policy_iteration(
    mdp: &TabularMdp,
    rewards: &[f64],
    first: Option<&[usize]>,
) -> Result<Solution, SolveError> {
    assert_table(mdp, "an expected reward", rewards);
    let discount = mdp.discount().get();
    let operator = BellmanOperator::new(mdp, rewards);
    let mut policy = match first {
        Some(first) => first.to_vec(),
        None if discount < 1.0 => rough(mdp, rewards),
        None => ending(mdp, rewards),
    };
    assert_eq!(
        policy.len(),
        mdp.n_states(),
        "a policy has one action a state"
    );
    let (mut iterations, mut before) = (0, vec![]);
    loop {
        let evaluation = evaluate_policy(mdp, rewards, &deterministic(&policy, mdp.n_actions()))?;
        let values = evaluation.values;
        let q_values = operator.q_values(&values);
        let rounding = operator.rounding(&values);
        // The bound is far from sharp where stays are long; what slips through
        // cannot go round for ever, for values have to rise.
        let uncertain = evaluation.error.min(UNCERTAIN * greatest(&values));
        let slack = 2.0 * uncertain + 2.0 * rounding;
        iterations += 1;
        let has_gained = before.is_empty() || gain(&before, &values) > 0.0;
        let better = improved(&policy, &q_values, mdp.n_actions(), slack).filter(|_| has_gained);
        let is_best = better.is_none();
        if let Some(better) = better
            && iterations < BUDGET
        {
            (policy, before) = (better, values);
            continue;
        }
        if discount < 1.0 {
            // Ties are settled for the first action; at discount 1 that could make a policy that never ends.
            let rows = q_values.chunks(mdp.n_actions());
            policy = rows.map(|row| first_within(row, slack)).collect();
        }
        let residual = greatest_gain(&values, &q_values, mdp.n_actions());
        return Ok(Solution {
            error: evaluation.error + (residual + rounding) / (1.0 - discount),
            values,
            q_values,
            policy,
            iterations,
            residual,
            stop: Stop::of(is_best),
        });
    }
}

/// The policy with the best action wherever it gains more than `slack` over the one chosen, if there is such a place.
fn improved(
    policy: &[usize],
    q_values: &[f64],
    n_actions: usize,
    slack: f64,
) -> Option<Vec<usize>> {
    let choose = |(chosen, row): (&usize, &[f64])| {
        let best = first_within(row, 0.0);
        if row[best] > row[*chosen] + slack {
            best
        } else {
            *chosen
        }
    };
    let better: Vec<usize> = policy
        .iter()
        .zip(q_values.chunks(n_actions))
        .map(choose)
        .collect();
    (better != policy).then_some(better)
}

/// By how much all values together rose. Round a circle of policies these sum to 0, so one of them is not above it.
fn gain(before: &[f64], after: &[f64]) -> f64 {
    before
        .iter()
        .zip(after)
        .map(|(before, after)| after - before)
        .sum()
}

fn greatest_gain(values: &[f64], q_values: &[f64], n_actions: usize) -> f64 {
    let rows = values.iter().zip(q_values.chunks(n_actions));
    rows.map(|(value, row)| (row[first_within(row, 0.0)] - value).abs())
        .fold(0.0, f64::max)
}

/// The policy of a value iteration that is stopped early.
fn rough(mdp: &TabularMdp, rewards: &[f64]) -> Vec<usize> {
    let scale = rewards
        .iter()
        .fold(0.0, |most: f64, reward| most.max(reward.abs()));
    value_iteration(mdp, rewards, 1e-3 * scale, 500).policy
}

/// A policy that ends from every state from which one can: each action may lead a step nearer to an end. Elsewhere, the
/// first action that is not paid.
fn ending(mdp: &TabularMdp, rewards: &[f64]) -> Vec<usize> {
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    let mut policy: Vec<usize> = rewards
        .chunks(n_actions)
        .map(|row| row.iter().position(|reward| *reward == 0.0).unwrap_or(0))
        .collect();
    let (mut settled, mut queue) = (vec![false; n_states], std::collections::VecDeque::new());
    let before = predecessors(mdp);
    for (state, chosen) in policy.iter_mut().enumerate() {
        let ends = |action: &usize| {
            mdp.transitions(state, *action)
                .any(|t| t.terminates && t.probability > 0.0)
        };
        if let Some(action) = (0..n_actions).find(ends) {
            (*chosen, settled[state]) = (action, true);
            queue.push_back(state);
        }
    }
    while let Some(next) = queue.pop_front() {
        for row in &before[next] {
            let state = *row as usize / n_actions;
            if !settled[state] {
                (policy[state], settled[state]) = (*row as usize % n_actions, true);
                queue.push_back(state);
            }
        }
    }
    policy
}

/// The rows of states and actions that may go on to each state.
fn predecessors(mdp: &TabularMdp) -> Vec<Vec<u64>> {
    let mut before = vec![vec![]; mdp.n_states()];
    for row in 0..mdp.n_states() * mdp.n_actions() {
        let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
        for t in mdp.transitions(state, action) {
            if t.probability > 0.0 && !t.terminates {
                before[t.next_state].push(row as u64);
            }
        }
    }
    before
}
