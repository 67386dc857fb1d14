//! A posterior over rewards and biases together, by a random walk.

use ::check::words::{amount, percent};
use ::report::{Outcome, Share, Shares};
use anyhow::Result;
use imitation::{
    Demonstration, Expert, Features, LinearReward, PolicyWalk, PolicyWalkConfig, RewardModel as _,
    policy_walk,
};
use mdp::{Seed, Stop};
use serde_json::{Map, Value, json};

use super::goals::{experts, kind_shares};
use super::identified::{MOST_ROWS, reward_shares};
use super::problem::{Problem, mean_log};
use super::{Biases, Found, Infer, finding};
use crate::demonstrated::RewardOf;

/// Inverse temperatures, where none are given.
const INVERSE_TEMPERATURES: [f64; 2] = [1.0, 10.0];
/// Policies that the expected one is the mean of.
const N_POLICIES: usize = 200;
/// The middle of the posterior that intervals hold.
const MASS: f64 = 0.9;

pub(super) fn infer(infer: &Infer, problem: &Problem) -> Result<Found> {
    let (features, _) = problem.features(infer.reward_of)?;
    let experts = experts(infer, Biases::None, &INVERSE_TEMPERATURES);
    let walk = run(infer, problem, &features, &experts, &problem.demonstrations)?;
    let held_out = match problem.held_back() {
        None => None,
        Some((seen, held)) => {
            let walk = run(infer, problem, &features, &experts, &seen)?;
            let policy = mean_policy(problem, &features, &experts, &walk)?;
            let n_actions = problem.mdp().n_actions();
            Some(mean_log(&held, |_, state, action| {
                policy[state * n_actions + action].ln()
            }))
        }
    };
    let is_settled = walk.stop() == Stop::Converged;
    let mean = walk.mean();
    let mut reward = LinearReward::new(features.clone());
    reward.set_parameters(&mean);
    let rewards = reward.rewards();
    let worth: Vec<f64> = match infer.reward_of {
        RewardOf::Actions => {
            let rows = rewards.chunks(problem.mdp().n_actions());
            rows.map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max))
                .collect()
        }
        _ => mean.clone(),
    };
    let probabilities = walk.expert_probabilities();
    let mut shares = vec![];
    if infer.reward_of == RewardOf::Actions {
        shares.push(reward_shares(
            problem,
            &worth,
            "what pays and what costs",
            infer.reward_of,
        ));
    } else {
        shares.push(weight_shares(problem, &walk));
    }
    shares.push(kind_shares(&experts, &probabilities));
    Ok(Found {
        is_settled,
        headline: super::maximum_entropy::headline(infer, problem, &worth),
        summary: vec![format!(
            "It is the mean of the posterior over rewards between −1 and 1 and over {} experts, given {} demonstrations of {} steps.",
            experts.len(),
            problem.demonstrations.len(),
            problem.n_steps()
        )],
        facts: vec![],
        shares,
        findings: vec![convergence(&walk)],
        policy: mean_policy(problem, &features, &experts, &walk)?,
        rewards,
        shading: "the mean of what may be paid, from the least to the most",
        worth,
        held_out,
        evidence: evidence(&walk, &experts, &probabilities),
    })
}

fn run(
    infer: &Infer,
    problem: &Problem,
    features: &Features,
    experts: &[Expert],
    demonstrations: &[Demonstration],
) -> Result<PolicyWalk> {
    let mut reward = LinearReward::new(features.clone());
    let config = PolicyWalkConfig {
        n_samples: infer.samples,
        // A step moves one weight, so that it takes as many as there are to move all.
        burn_in: infer.samples * features.n_features(),
        thin: 4 * features.n_features(),
        stride: 8,
        ..PolicyWalkConfig::small()
    };
    let seed = Seed(infer.seed);
    Ok(policy_walk(
        problem.mdp(),
        &mut reward,
        experts,
        demonstrations,
        &config,
        seed,
    )?)
}

/// The mean policy of some samples, evenly spaced.
fn mean_policy(
    problem: &Problem,
    features: &Features,
    experts: &[Expert],
    walk: &PolicyWalk,
) -> Result<Vec<f64>> {
    let mut reward = LinearReward::new(features.clone());
    let every = walk.experts.len().div_ceil(N_POLICIES);
    let samples: Vec<usize> = (0..walk.experts.len()).step_by(every).collect();
    let mut mean = vec![0.0; problem.mdp().n_states() * problem.mdp().n_actions()];
    for sample in &samples {
        reward.set_parameters(&walk.weights[sample * walk.n_weights..][..walk.n_weights]);
        let expert = experts[walk.experts[*sample]];
        let policy = expert.policy(problem.mdp(), &reward.rewards())?;
        let each = mean.iter_mut().zip(policy);
        each.for_each(|(mean, p)| *mean += p / samples.len() as f64);
    }
    Ok(mean)
}

/// Weights that are furthest from 0 for how well they are known, with their intervals.
fn weight_shares(problem: &Problem, walk: &PolicyWalk) -> Shares {
    let mean = walk.mean();
    let mut order: Vec<usize> = (0..mean.len()).collect();
    order.sort_by(|a, b| mean[*b].abs().total_cmp(&mean[*a].abs()).then(a.cmp(b)));
    let rows = order.iter().take(MOST_ROWS).map(|weight| {
        let (low, high) = walk.interval(*weight, MASS);
        Share {
            name: problem.tables.state_labels[*weight].clone(),
            share: 0.5 * (mean[*weight] + 1.0),
            text: format!(
                "{} ({} to {})",
                amount(mean[*weight]),
                amount(low),
                amount(high)
            ),
        }
    });
    Shares {
        title: "what pays and what costs".to_owned(),
        note: format!(
            "Mean of the posterior and its middle {}, from −1 at the left to 1 at the right; the {} states furthest from 0 of {}.",
            percent(MASS),
            mean.len().min(MOST_ROWS),
            mean.len()
        ),
        rows: rows.collect(),
    }
}

fn convergence(walk: &PolicyWalk) -> ::report::Finding {
    let is_settled = walk.stop() == Stop::Converged;
    let all = || {
        walk.diagnostics
            .iter()
            .chain([&walk.log_posterior_diagnostic])
    };
    let moved = || all().filter(|diagnostic| !diagnostic.r_hat.is_nan());
    let worst = moved().map(|d| d.r_hat).fold(f64::NEG_INFINITY, f64::max);
    let fewest = moved()
        .map(|d| d.effective_samples)
        .fold(f64::INFINITY, f64::min);
    let acceptance: Vec<String> = walk
        .acceptance
        .iter()
        .map(|share| percent(*share))
        .collect();
    let outcome = if is_settled {
        Outcome::Pass
    } else {
        Outcome::NotMeasurable
    };
    let mut details = vec![format!(
        "proposals accepted in each chain: {}",
        acceptance.join(", ")
    )];
    if !is_settled {
        details.push(format!(
            "an R-hat above {} says that chains have not met: raise --samples",
            imitation::GREATEST_R_HAT
        ));
    }
    finding(
        "converged",
        Some(outcome),
        format!(
            "{}: the greatest split R-hat of any weight is {worst:.3}, the fewest effective samples {}",
            if is_settled { "yes" } else { "no" },
            amount(fewest.round())
        ),
        details,
    )
}

fn evidence(walk: &PolicyWalk, experts: &[Expert], probabilities: &[f64]) -> Map<String, Value> {
    let weights: Vec<Value> = walk
        .mean()
        .iter()
        .enumerate()
        .map(|(weight, mean)| {
            let (low, high) = walk.interval(weight, MASS);
            let known = &walk.diagnostics[weight];
            json!({
                "mean": mean, "low": low, "high": high,
                "r_hat": known.r_hat, "effective_samples": known.effective_samples,
            })
        })
        .collect();
    let experts: Vec<Value> = experts
        .iter()
        .zip(probabilities)
        .map(|(expert, p)| json!({ "expert": expert.to_string(), "probability": p }))
        .collect();
    let mut evidence = Map::new();
    evidence.insert("weights".to_owned(), json!(weights));
    evidence.insert("experts".to_owned(), json!(experts));
    evidence.insert("acceptance".to_owned(), json!(walk.acceptance));
    evidence
}
