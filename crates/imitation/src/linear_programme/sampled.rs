//! A reward linear in features from demonstrations, against a growing list of policies.

use std::collections::BTreeMap;

use mdp::{Stop, TabularMdp, deterministic, policy_iteration, uniform_policy};
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem};

use super::solve;
use crate::reward_model::RewardModel;
use crate::vector::dot;
use crate::{Demonstration, Error, LinearReward, visits};

/// A reward with which demonstrations earn more than the policies that were tried.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledProgramme {
    /// The weights of the features.
    pub weights: Vec<f64>,
    /// `[S, A]`.
    pub rewards: Vec<f64>,
    /// What demonstrations earn more than the best policy for the reward: at most 0 but for the chance of the draw, and
    /// 0 where they are optimal.
    pub margin: f64,
    /// Policies that were tried.
    pub n_policies: usize,
    /// Why it stopped: converged where the best policy for the reward had been tried before.
    pub stop: Stop,
}

/// Fits `reward`, whose weights lie in `[-1, 1]`, until the best policy for it is one that was tried, or `max_policies`
/// were. A policy is held against a demonstration from where that begins, for as many steps as it has, so that
/// demonstrations may have any length and may have been cut.
///
/// # Errors
/// If there are no demonstrations, a step is none of the MDP's, at discount 1 a policy is paid for ever, or the solver
/// gives up.
pub fn sampled_linear_programme_irl(
    mdp: &TabularMdp,
    reward: &mut LinearReward,
    demonstrations: &[Demonstration],
    max_policies: usize,
) -> Result<SampledProgramme, Error> {
    let shown = reward.gradient(&visits(mdp, demonstrations)?);
    let windows = windows(demonstrations);
    let mut tried = vec![reward.gradient(&within(mdp, &windows, &uniform_policy(mdp)))];
    let mut policies: Vec<Vec<usize>> = vec![];
    loop {
        let weights = best_weights(&shown, &tried)?;
        reward.set_parameters(&weights);
        let rewards = reward.rewards();
        let policy = policy_iteration(mdp, &rewards, None)?.policy;
        let acted = deterministic(&policy, mdp.n_actions());
        let features = reward.gradient(&within(mdp, &windows, &acted));
        let is_known = policies.contains(&policy);
        if is_known || tried.len() >= max_policies {
            return Ok(SampledProgramme {
                margin: dot(&weights, &shown) - dot(&weights, &features),
                weights,
                rewards,
                n_policies: tried.len(),
                stop: if is_known {
                    Stop::Converged
                } else {
                    Stop::BudgetSpent
                },
            });
        }
        tried.push(features);
        policies.push(policy);
    }
}

/// Where demonstrations begin and how many steps they have, with their shares.
fn windows(demonstrations: &[Demonstration]) -> BTreeMap<(usize, usize), f64> {
    let mut windows = BTreeMap::new();
    for steps in demonstrations {
        if let Some((start, _)) = steps.first() {
            *windows.entry((*start, steps.len())).or_insert(0.0) +=
                1.0 / demonstrations.len() as f64;
        }
    }
    windows
}

/// Expected discounted visits, `[S, A]`, of a policy from where demonstrations begin, in as many steps as they have.
fn within(mdp: &TabularMdp, windows: &BTreeMap<(usize, usize), f64>, policy: &[f64]) -> Vec<f64> {
    let (n_actions, discount) = (mdp.n_actions(), mdp.discount().get());
    let mut visits = vec![0.0; policy.len()];
    for ((start, n_steps), share) in windows {
        let mut present = vec![0.0; mdp.n_states()];
        present[*start] = *share;
        for _ in 0..*n_steps {
            let mut later = vec![0.0; mdp.n_states()];
            for (row, chosen) in policy.iter().enumerate() {
                let mass = present[row / n_actions] * chosen;
                if mass > 0.0 {
                    visits[row] += mass;
                    let ways = mdp.transitions(row / n_actions, row % n_actions);
                    let alive = ways.filter(|t| !t.terminates);
                    alive.for_each(|t| later[t.next_state] += discount * mass * t.probability);
                }
            }
            present = later;
        }
    }
    visits
}

/// The weights with which what was shown earns most more than what was tried, falling short counted twice.
fn best_weights(shown: &[f64], tried: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let weights: Vec<_> = shown
        .iter()
        .map(|_| problem.add_var(0.0, (-1.0, 1.0)))
        .collect();
    for features in tried {
        let gain = problem.add_var(1.0, (f64::NEG_INFINITY, f64::INFINITY));
        for factor in [1.0, 2.0] {
            let mut expression = LinearExpr::empty();
            for ((weight, shown), tried) in weights.iter().zip(shown).zip(features) {
                let coefficient = factor * (shown - tried);
                if coefficient.abs() > 1e-12 {
                    expression.add(*weight, coefficient);
                }
            }
            expression.add(gain, -1.0);
            problem.add_constraint(expression, ComparisonOp::Ge, 0.0);
        }
    }
    let solution = solve(&problem)?;
    Ok(weights
        .iter()
        .map(|weight| solution.var_value(*weight))
        .collect())
}
