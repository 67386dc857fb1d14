//! The reward that sets demonstrations apart most from other policies, by linear programmes.

use ::check::words::amount;
use ::report::Outcome;
use anyhow::{Result, bail};
use imitation::linear_programme::sampled_linear_programme_irl;
use imitation::{Bias, Expert, LinearReward};
use mdp::Stop;
use serde_json::{Map, json};

use super::identified::reward_shares;
use super::maximum_entropy::headline;
use super::problem::Problem;
use super::{Found, Infer, finding};
use crate::demonstrated::RewardOf;

/// Policies that demonstrations are held against, at most.
const MOST_POLICIES: usize = 200;

pub(super) fn infer(infer: &Infer, problem: &Problem) -> Result<Found> {
    if problem.mdp().discount().get() >= 1.0 {
        bail!(
            "at discount 1 policies that never end are paid for ever, and linear programmes hold demonstrations against all; set --discount 0.99"
        );
    }
    let (features, _) = problem.features(infer.reward_of)?;
    let mut reward = LinearReward::new(features);
    let found = sampled_linear_programme_irl(
        problem.mdp(),
        &mut reward,
        &problem.demonstrations,
        MOST_POLICIES,
    )?;
    let is_settled = found.stop == Stop::Converged;
    let policy = Expert::sure(Bias::Rational).policy(problem.mdp(), &found.rewards)?;
    let worth = match infer.reward_of {
        RewardOf::Actions => {
            let rows = found.rewards.chunks(problem.mdp().n_actions());
            rows.map(|row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max))
                .collect()
        }
        _ => found.weights.clone(),
    };
    let mut evidence = Map::new();
    evidence.insert("margin".to_owned(), json!(found.margin));
    evidence.insert("policies".to_owned(), json!(found.n_policies));
    evidence.insert("weights".to_owned(), json!(found.weights));
    let outcome = if is_settled {
        Outcome::Pass
    } else {
        Outcome::NotMeasurable
    };
    Ok(Found {
        is_settled,
        headline: headline(infer, problem, &worth),
        summary: vec![format!(
            "With it, the demonstrations earn {} {} than the best policy in as many steps. An expert who does not err earns as much, but for chance; which of all rewards that say so is chosen is a convention.",
            amount(found.margin.abs()),
            if found.margin < 0.0 { "less" } else { "more" }
        )],
        facts: vec![],
        shares: vec![reward_shares(
            problem,
            &worth,
            "what pays and what costs",
            infer.reward_of,
        )],
        findings: vec![finding(
            "converged",
            Some(outcome),
            format!(
                "{} after the demonstrations were held against {} policies",
                if is_settled { "yes," } else { "no, it stopped" },
                found.n_policies
            ),
            vec![],
        )],
        rewards: found.rewards,
        policy,
        shading: "what is inferred to be paid, from the least to the most",
        worth,
        held_out: None,
        evidence,
    })
}
