//! EPIC and DARD: canonical rewards compared by Pearson's correlation.

use std::f64::consts::FRAC_1_SQRT_2;

use mdp::{Discount, TabularMdp};

use super::{Direction, half_distance};

/// Which states and actions count how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// `[S]`, probability of each state.
    pub states: Vec<f64>,
    /// `[A]`, probability of each action.
    pub actions: Vec<f64>,
}

impl Coverage {
    /// All states alike and all actions alike.
    #[must_use]
    pub fn uniform(n_states: usize, n_actions: usize) -> Coverage {
        Coverage {
            states: vec![1.0 / n_states as f64; n_states],
            actions: vec![1.0 / n_actions as f64; n_actions],
        }
    }
}

/// EPIC (Gleave et al., 2021, arXiv 2006.13900), exact: states, actions and next states are drawn independently.
///
/// `C(R)(s, a, s') = R(s, a, s') + E[γ R(s', A, S') - R(s, A, S') - γ R(S, A, S')]`, compared by Pearson's correlation
/// over the same draws. The rewards are asked at transitions that the environment may never make; 0 for rewards that
/// differ by shaping, a positive scale and a constant, 1 for a reward and its negation, `1/√2` between a constant
/// canonical reward and any other. Redistribution among successors does change it.
///
/// # Panics
/// If there are no states or no actions.
#[must_use]
pub fn epic(
    coverage: &Coverage,
    discount: Discount,
    first: impl Fn(usize, usize, usize) -> f64,
    second: impl Fn(usize, usize, usize) -> f64,
) -> f64 {
    assert!(
        !coverage.states.is_empty() && !coverage.actions.is_empty(),
        "a coverage has at least one state and action"
    );
    let direction = |reward: &dyn Fn(usize, usize, usize) -> f64| {
        let (values, scale) = epic_canonical(coverage, discount.get(), reward);
        let weights: Vec<f64> = triples(coverage).map(|(_, _, _, weight)| weight).collect();
        Direction::centred(values, &weights, scale)
    };
    half_distance(&direction(&first), &direction(&second), FRAC_1_SQRT_2)
}

/// Every state, action and next state with its probability.
fn triples(coverage: &Coverage) -> impl Iterator<Item = (usize, usize, usize, f64)> + '_ {
    let states = || coverage.states.iter().enumerate();
    states().flat_map(move |(state, p)| {
        coverage
            .actions
            .iter()
            .enumerate()
            .flat_map(move |(action, q)| {
                states().map(move |(next_state, r)| (state, action, next_state, p * q * r))
            })
    })
}

/// The canonical reward at every triple, and the largest reward that went into it.
fn epic_canonical(
    coverage: &Coverage,
    discount: f64,
    reward: &dyn Fn(usize, usize, usize) -> f64,
) -> (Vec<f64>, f64) {
    let mut mean = vec![0.0; coverage.states.len()];
    let mut values = vec![];
    let mut scale = 0.0_f64;
    for (state, action, next_state, _) in triples(coverage) {
        let value = reward(state, action, next_state);
        mean[state] += coverage.actions[action] * coverage.states[next_state] * value;
        scale = scale.max(value.abs());
        values.push(value);
    }
    let overall: f64 = mean.iter().zip(&coverage.states).map(|(m, p)| m * p).sum();
    for ((state, _, next_state, _), value) in triples(coverage).zip(&mut values) {
        *value += discount * mean[next_state] - mean[state] - discount * overall;
    }
    (values, scale)
}

/// DARD (Wulfe et al., 2022), exact: as [`epic`], but next states are drawn as the environment draws them.
///
/// `C(R)(s, a, s') = R(s, a, s') + E[γ R(s', A, S'') - R(s, A, S') - γ R(S', A, S'')]` with one `A` for all terms,
/// `S' ~ τ(s, A)` and `S'' ~ τ(s', A)`, compared over states and actions of the coverage and next states of the
/// environment. Only `R(S', A, S'')` is asked at pairs of successors that need not follow each other. Next states of
/// transitions that terminate are taken for absorbing, as their rows say.
///
/// # Panics
/// If the coverage has not one probability for each state and action.
#[must_use]
pub fn dard(
    mdp: &TabularMdp,
    coverage: &Coverage,
    first: impl Fn(usize, usize, usize) -> f64,
    second: impl Fn(usize, usize, usize) -> f64,
) -> f64 {
    let sizes = (coverage.states.len(), coverage.actions.len());
    assert_eq!(
        sizes,
        (mdp.n_states(), mdp.n_actions()),
        "a coverage has one probability a state and one an action"
    );
    let mut weights = vec![];
    for (state, p) in coverage.states.iter().enumerate() {
        for (action, q) in coverage.actions.iter().enumerate() {
            weights.extend(
                mdp.transitions(state, action)
                    .map(|t| p * q * t.probability),
            );
        }
    }
    let direction = |reward: &dyn Fn(usize, usize, usize) -> f64| {
        let (values, scale) = dard_canonical(mdp, coverage, reward);
        Direction::centred(values, &weights, scale)
    };
    half_distance(&direction(&first), &direction(&second), FRAC_1_SQRT_2)
}

/// The canonical reward of every stored transition, and the largest reward that went into it.
fn dard_canonical(
    mdp: &TabularMdp,
    coverage: &Coverage,
    reward: &dyn Fn(usize, usize, usize) -> f64,
) -> (Vec<f64>, f64) {
    let discount = mdp.discount().get();
    // E R(s, A, S') of each state.
    let mean: Vec<f64> = (0..mdp.n_states())
        .map(|state| {
            weighted(coverage, |action| {
                let row = mdp.transitions(state, action);
                row.map(|t| t.probability * reward(state, action, t.next_state))
                    .sum()
            })
        })
        .collect();
    let mut values = vec![];
    let mut scale = 0.0_f64;
    for state in 0..mdp.n_states() {
        for action in 0..mdp.n_actions() {
            for t in mdp.transitions(state, action) {
                let value = reward(state, action, t.next_state);
                scale = scale.max(value.abs());
                let across = across(mdp, coverage, state, t.next_state, reward);
                values
                    .push(value + discount * mean[t.next_state] - mean[state] - discount * across);
            }
        }
    }
    (values, scale)
}

/// `E R(S', A, S'')` with `S' ~ τ(s, A)` and `S'' ~ τ(s', A)`.
fn across(
    mdp: &TabularMdp,
    coverage: &Coverage,
    state: usize,
    next_state: usize,
    reward: &dyn Fn(usize, usize, usize) -> f64,
) -> f64 {
    weighted(coverage, |action| {
        let pairs = mdp.transitions(state, action).flat_map(|one| {
            mdp.transitions(next_state, action).map(move |two| {
                one.probability * two.probability * reward(one.next_state, action, two.next_state)
            })
        });
        pairs.sum()
    })
}

fn weighted(coverage: &Coverage, of_action: impl Fn(usize) -> f64) -> f64 {
    let actions = coverage.actions.iter().enumerate();
    actions
        .map(|(action, weight)| weight * of_action(action))
        .sum()
}
