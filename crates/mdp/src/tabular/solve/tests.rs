//! Tests of the solvers against slow, obvious ones, on random MDPs.

mod average;
mod optimal;
mod policy;
mod soft;

use super::*;
use crate::tabular::{Discount, Transition};
use crate::{Rng, Seed, index, uniform, uniform_in};

/// What a random MDP is like.
#[derive(Clone, Copy, Debug)]
struct Kind {
    n_states: usize,
    n_actions: usize,
    /// Successors of each row, drawn with repetition.
    n_successors: usize,
    /// Chance that a transition terminates.
    end: f64,
    discount: f64,
}

const DISCOUNTS: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// 2 to 12 states, 1 to 4 actions, 1 to 3 successors, and one of the discounts.
fn small(rng: &mut Rng) -> Kind {
    Kind {
        n_states: 2 + index(11, rng),
        n_actions: 1 + index(4, rng),
        n_successors: 1 + index(3, rng),
        end: 0.1,
        discount: DISCOUNTS[index(4, rng)],
    }
}

fn random_mdp(kind: Kind, rng: &mut Rng) -> TabularMdp {
    let rows = (0..kind.n_states * kind.n_actions)
        .map(|_| {
            let weights: Vec<f64> = (0..kind.n_successors).map(|_| 0.1 + uniform(rng)).collect();
            let sum: f64 = weights.iter().sum();
            weights
                .iter()
                .map(|weight| Transition {
                    probability: weight / sum,
                    next_state: index(kind.n_states, rng),
                    reward: uniform_in(-1.0, 1.0, rng),
                    terminates: uniform(rng) < kind.end,
                })
                .collect()
        })
        .collect();
    let mut start = vec![0.0; kind.n_states];
    start[0] = 0.25;
    start[1] = 0.75;
    let discount = Discount::new(kind.discount).unwrap();
    TabularMdp::new(kind.n_actions, rows, start, discount).unwrap()
}

/// An MDP in which each transition ends the episode with some probability, at discount 1.
fn episodic(kind: Kind, rng: &mut Rng) -> TabularMdp {
    let rows = (0..kind.n_states * kind.n_actions)
        .map(|_| {
            let end = uniform_in(0.01, 0.2, rng);
            let transition = |probability, terminates, rng: &mut Rng| Transition {
                probability,
                next_state: index(kind.n_states, rng),
                reward: uniform_in(-1.0, 1.0, rng),
                terminates,
            };
            vec![
                transition(1.0 - end, false, rng),
                transition(end, true, rng),
            ]
        })
        .collect();
    let mut start = vec![0.0; kind.n_states];
    start[0] = 1.0;
    TabularMdp::new(kind.n_actions, rows, start, Discount::new(1.0).unwrap()).unwrap()
}

fn random_policy(mdp: &TabularMdp, rng: &mut Rng) -> Vec<f64> {
    let mut policy = vec![];
    for _ in 0..mdp.n_states() {
        // Some actions are never chosen, so that chains fall apart.
        let mut row: Vec<f64> = (0..mdp.n_actions())
            .map(|_| {
                if uniform(rng) < 0.4 {
                    0.0
                } else {
                    uniform(rng)
                }
            })
            .collect();
        row[index(mdp.n_actions(), rng)] += 0.1;
        let sum: f64 = row.iter().sum();
        policy.extend(row.iter().map(|p| p / sum));
    }
    policy
}

/// `[S, S]`, probabilities of going on under a policy, not discounted.
fn matrix(mdp: &TabularMdp, policy: &[f64]) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![0.0; mdp.n_states()]; mdp.n_states()];
    for state in 0..mdp.n_states() {
        for action in 0..mdp.n_actions() {
            for t in mdp.transitions(state, action).filter(|t| !t.terminates) {
                matrix[state][t.next_state] +=
                    policy[state * mdp.n_actions() + action] * t.probability;
            }
        }
    }
    matrix
}

/// `V <- r + γ P V` over and over.
fn slow_values(mdp: &TabularMdp, rewards: &[f64], policy: &[f64], sweeps: usize) -> Vec<f64> {
    let matrix = matrix(mdp, policy);
    let paid = evaluate::under(policy, rewards, mdp.n_actions());
    let mut values = vec![0.0; mdp.n_states()];
    for _ in 0..sweeps {
        values = (0..mdp.n_states())
            .map(|state| {
                let after: f64 = matrix[state].iter().zip(&values).map(|(p, v)| p * v).sum();
                paid[state] + mdp.discount().get() * after
            })
            .collect();
    }
    values
}

/// `V <- max_a r + γ P V` over and over.
fn slow_optimal(mdp: &TabularMdp, rewards: &[f64], sweeps: usize) -> Vec<f64> {
    let mut values = vec![0.0; mdp.n_states()];
    for _ in 0..sweeps {
        let q_values = value_iteration::backups(mdp, rewards, &values);
        let best = |row: &[f64]| row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        values = q_values.chunks(mdp.n_actions()).map(best).collect();
    }
    values
}

fn enough_sweeps(discount: f64) -> usize {
    if discount < 1.0 {
        (35.0 / (1.0 - discount)) as usize
    } else {
        40_000
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
}
