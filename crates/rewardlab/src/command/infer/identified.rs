//! What the demonstrations leave open, whatever the method: part of every answer.

use ::check::words::{amount, grouped};
use ::report::{Outcome, Share, Shares};
use anyhow::Result;
use imitation::{Bias, FeasibleRewards, Foresight, explanations};
use serde_json::json;

use super::problem::Problem;
use super::{Found, finding};
use crate::demonstrated::RewardOf;

/// At most so many bars stand under a question.
pub(super) const MOST_ROWS: usize = 12;

/// Adds how well demonstrations that were held back are predicted, and what explains the demonstrations, too.
pub(super) fn add(problem: &Problem, found: &mut Found) -> Result<()> {
    held_out(problem, found);
    feasible(problem, found)?;
    planners(problem, found);
    Ok(())
}

fn held_out(problem: &Problem, found: &mut Found) {
    let Some(nats) = found.held_out else {
        return;
    };
    let is_better = nats > problem.uniform();
    let (nats, uniform) = (amount(nats), amount(problem.uniform()));
    let outcome = if is_better {
        Outcome::Pass
    } else {
        Outcome::Fail
    };
    let more = if is_better { "more" } else { "no more" };
    found.facts.push((
        "Held out".to_owned(),
        nats.clone(),
        format!(
            "nats a step of demonstrations that were not learned from; {uniform} for all actions alike"
        ),
    ));
    let answer = format!(
        "one demonstration in five was held back, and a step of them has {nats} nats, {more} than {uniform} for all actions alike"
    );
    found
        .findings
        .insert(0, finding("held out", Some(outcome), answer, vec![]));
}

/// The rewards under which everything that was seen is optimal, and whether the one that was found is among them.
fn feasible(problem: &Problem, found: &mut Found) -> Result<()> {
    let mdp = problem.mdp();
    let set = FeasibleRewards::of_demonstrations(mdp, &problem.demonstrations)?;
    let dimension = set.dimension();
    let labels = &problem.tables.state_labels;
    let actions = &problem.tables.action_names;
    let mut details = vec![
        "the reward that pays nothing is one of them: under it, everything is".to_owned(),
        format!(
            "{} directions of them are potentials, which no behaviour ever shows; in {} of {} states that can be acted in nothing was seen",
            grouped(dimension.potentials),
            grouped(dimension.unseen_states),
            grouped(dimension.potentials)
        ),
    ];
    if let Some((state, best, _)) = set.torn() {
        details.push(format!(
            "at {} they cannot tell whether \"{}\" or \"{}\" is best: two rewards are among them that agree wherever somebody was, and part there",
            labels[state], actions[best[0]], actions[best[1]]
        ));
    }
    // At discount 1 a reward may have no best policy.
    if let Ok(membership) = set.contains(&found.rewards) {
        details.push(match membership.place {
            Some((state, action)) if !membership.is_feasible => format!(
                "under the reward that was found, not everything is: \"{}\" at {} loses {} against the best",
                actions[action],
                labels[state],
                amount(membership.loss)
            ),
            _ => "under the reward that was found, everything is".to_owned(),
        });
        found
            .evidence
            .insert("greatest_loss".to_owned(), json!(membership.loss));
    }
    found.evidence.insert(
        "feasible".to_owned(),
        json!({
            "dimension": dimension.set,
            "of": dimension.all,
            "potentials": dimension.potentials,
            "inequalities": dimension.inequalities,
            "unseen_states": dimension.unseen_states,
        }),
    );
    found.findings.push(finding(
        "rewards",
        None,
        format!(
            "rewards in {} of {} dimensions, bounded by {} inequalities, make everything that was seen optimal",
            grouped(dimension.set),
            grouped(dimension.all),
            grouped(dimension.inequalities)
        ),
        details,
    ));
    Ok(())
}

/// Who else may have acted so, if rewards may be anything.
fn planners(problem: &Problem, found: &mut Found) {
    let biases = [
        Bias::Rational,
        Bias::Myopic { discount: 0.5 },
        Bias::Bounded { depth: 3 },
        Bias::Hyperbolic {
            rate: 1.0,
            max_delay: 10,
            foresight: Foresight::Sophisticated,
        },
        Bias::Confidence { power: 2.0 },
        Bias::AntiRational,
    ];
    // A policy that leaves out actions is that of somebody who does not err.
    let beta = match found.policy.iter().all(|p| *p > 0.0) {
        true => 1.0,
        false => f64::INFINITY,
    };
    let Ok(all) = explanations(problem.mdp(), &found.policy, beta, &biases) else {
        return;
    };
    let explaining: Vec<String> = all
        .iter()
        .filter(|explanation| explanation.error <= 1e-6)
        .map(|explanation| explanation.expert.bias.to_string())
        .collect();
    found.evidence.insert(
        "planners".to_owned(),
        json!(
            all.iter()
                .map(|explanation| json!({
                    "planner": explanation.expert.bias.to_string(),
                    "error": explanation.error,
                    "relation": format!("{:?}", explanation.relation),
                }))
                .collect::<Vec<_>>()
        ),
    );
    if explaining.len() < 2 {
        return;
    }
    let is_anti = explaining.iter().any(|name| name == "anti-rational");
    found.findings.push(finding(
        "planners",
        None,
        format!(
            "if rewards may be anything, each of these would act as is expected here, but for rounding: {}",
            explaining.join("; ")
        ),
        match is_anti {
            true => vec!["the anti-rational one wants the opposite, so a bias is inferred only as far as rewards are restricted".to_owned()],
            false => vec![],
        },
    ));
}

/// The states that pay most and cost most.
pub(super) fn reward_shares(problem: &Problem, worth: &[f64], title: &str, of: RewardOf) -> Shares {
    let mut order: Vec<usize> = (0..worth.len()).collect();
    order.sort_by(|a, b| worth[*b].total_cmp(&worth[*a]).then(a.cmp(b)));
    let (least, most) = (worth[order[order.len() - 1]], worth[order[0]]);
    let n_shown = order.len().min(MOST_ROWS);
    let shown: Vec<usize> = match order.len() > MOST_ROWS {
        true => order[..n_shown / 2]
            .iter()
            .chain(&order[order.len() - n_shown / 2..])
            .copied()
            .collect(),
        false => order,
    };
    let rows = shown.iter().map(|state| Share {
        name: problem.tables.state_labels[*state].clone(),
        share: if most > least {
            (worth[*state] - least) / (most - least)
        } else {
            0.0
        },
        text: amount(worth[*state]),
    });
    let what = match of {
        RewardOf::Arrivals => "arriving in a state",
        RewardOf::States => "acting in a state",
        RewardOf::Actions => "the best action of a state",
    };
    Shares {
        title: title.to_owned(),
        note: format!(
            "For {what}: the most and the least of {}, bars from the least to the most. A constant more or less may be shaping.",
            grouped(worth.len())
        ),
        rows: rows.collect(),
    }
}
