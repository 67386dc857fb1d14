//! The reward under which the demonstrations are likeliest, by maximum causal entropy.

use ::check::words::amount;
use ::report::Outcome;
use anyhow::Result;
use imitation::{
    Demonstration, Features, Horizon, LikelihoodConfig, LinearReward, MaximumEntropyConfig,
    RewardModel as _, information, likeliest_reward, maximum_entropy_irl, visits,
};
use mdp::Stop;
use serde_json::{Map, json};

use super::identified::reward_shares;
use super::problem::{Problem, mean_log};
use super::{Found, Infer, finding};
use crate::demonstrated::RewardOf;

/// Eigenvectors of more weights take too long to be asked for unasked.
const MOST_WEIGHTS: usize = 150;

/// A reward that was fitted.
struct Fit {
    weights: Vec<f64>,
    rewards: Vec<f64>,
    /// `[S, A]`, or `[T, S, A]` at discount 1.
    policy: Vec<f64>,
    iterations: usize,
    stop: Stop,
}

pub(super) fn infer(infer: &Infer, problem: &Problem) -> Result<Found> {
    let (features, values) = problem.features(infer.reward_of)?;
    let fit = fitted(infer, problem, &features, &problem.demonstrations)?;
    let held_out = match problem.held_back() {
        None => None,
        Some((seen, held)) => Some(fitted(infer, problem, &features, &seen)?.nats(problem, &held)),
    };
    let is_settled = fit.stop == Stop::Converged;
    let own = fit.nats(problem, &problem.demonstrations);
    let outcome = if is_settled {
        Outcome::Pass
    } else {
        Outcome::NotMeasurable
    };
    let mut findings = vec![finding(
        "converged",
        Some(outcome),
        format!(
            "{} after {} steps of the minimiser; a step of the demonstrations has {} nats under it",
            if is_settled { "yes," } else { "no, it stopped" },
            fit.iterations,
            amount(own)
        ),
        vec![],
    )];
    let mut evidence = Map::new();
    evidence.insert("iterations".to_owned(), json!(fit.iterations));
    evidence.insert("log_likelihood_a_step".to_owned(), json!(own));
    evidence.insert("weights".to_owned(), json!(fit.weights));
    let policy = fit.policy[..fit.rewards.len()].to_vec();
    if fit.weights.len() <= MOST_WEIGHTS && problem.mdp().discount().get() < 1.0 {
        let seen = problem.state_visits();
        let known = information(problem.mdp(), &values, fit.weights.len(), &policy, &seen)?;
        findings.push(identified(&known, problem));
        evidence.insert(
            "identified_directions".to_owned(),
            json!(known.n_identified),
        );
        evidence.insert("n_weights".to_owned(), json!(fit.weights.len()));
    }
    let worth = match infer.reward_of {
        RewardOf::Actions => fit
            .rewards
            .chunks(problem.mdp().n_actions())
            .map(most)
            .collect(),
        _ => fit.weights.clone(),
    };
    Ok(Found {
        is_settled,
        headline: headline(infer, problem, &worth),
        summary: vec![format!(
            "It is the reward under which the choices in {} demonstrations of {} steps are likeliest, for an expert who is as random as its return allows; what else explains them stands below.",
            problem.demonstrations.len(),
            problem.n_steps()
        )],
        facts: vec![],
        shares: vec![reward_shares(
            problem,
            &worth,
            "what pays and what costs",
            infer.reward_of,
        )],
        rewards: fit.rewards,
        policy,
        shading: "what is inferred to be paid, from the least to the most",
        worth,
        findings,
        held_out,
        evidence,
    })
}

fn identified(known: &imitation::Information, problem: &Problem) -> ::report::Finding {
    let n_weights = known.values.len();
    let errors = known.standard_errors(problem.demonstrations.len() as f64);
    let n_single = errors.iter().filter(|error| error.is_finite()).count();
    finding(
        "identified",
        None,
        format!(
            "{} of {n_weights} directions of the reward’s weights change what is done where demonstrations come; {} are hidden by shaping, by features that go together, or because nobody went there, and only the prior decides them",
            known.n_identified,
            n_weights - known.n_identified
        ),
        vec![format!(
            "weights that are known by themselves, and not only against others: {n_single}"
        )],
    )
}

impl Fit {
    /// Log-likelihood a step of demonstrations.
    fn nats(&self, problem: &Problem, demonstrations: &[Demonstration]) -> f64 {
        let (n_rows, n_actions) = (self.rewards.len(), problem.mdp().n_actions());
        let n_times = self.policy.len() / n_rows;
        mean_log(demonstrations, |time, state, action| {
            self.policy[time.min(n_times - 1) * n_rows + state * n_actions + action].ln()
        })
    }
}

fn most(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Names what pays most.
pub(super) fn headline(infer: &Infer, problem: &Problem, worth: &[f64]) -> String {
    let best = worth.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    let label = best.map_or("", |(state, _)| problem.tables.state_labels[state].as_str());
    let doing = match infer.reward_of {
        RewardOf::Arrivals => "coming to",
        RewardOf::States => "being at",
        RewardOf::Actions => "some action at",
    };
    format!("Of all that is paid, {doing} {label} is paid most.")
}

/// The reward for some demonstrations. At discount 1, where soft values need a horizon, visits of episodes as long as the
/// longest demonstration are compared.
fn fitted(
    infer: &Infer,
    problem: &Problem,
    features: &Features,
    demonstrations: &[Demonstration],
) -> Result<Fit> {
    let mdp = problem.mdp();
    let mut reward = LinearReward::new(features.clone());
    if mdp.discount().get() < 1.0 {
        let config = LikelihoodConfig::with_precision(infer.precision);
        let found = likeliest_reward(mdp, demonstrations, &mut reward, &config)?;
        return Ok(Fit {
            weights: reward.parameters(),
            rewards: found.rewards,
            policy: found.policy,
            iterations: found.iterations,
            stop: found.stop,
        });
    }
    let config = MaximumEntropyConfig {
        precision: infer.precision,
        ..MaximumEntropyConfig::causal(Horizon::Finite(problem.longest()))
    };
    let expert = visits(mdp, demonstrations)?;
    let found = maximum_entropy_irl(mdp, &expert, &mut reward, &config)?;
    Ok(Fit {
        weights: reward.parameters(),
        rewards: found.rewards,
        policy: found.policy,
        iterations: found.iterations,
        stop: found.stop,
    })
}
