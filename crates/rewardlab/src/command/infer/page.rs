//! The answer as a page.

use ::report::{InferencePage, PolicyMap, Sign};

use super::problem::Problem;
use super::{Found, Infer};
use crate::command::check::maps::{Drawn, policy_map};

pub(super) fn page(infer: &Infer, problem: &Problem, found: &Found) -> InferencePage {
    let tables = &problem.tables;
    let (signs, mut legend) = Sign::of_actions(&tables.action_names);
    let drawn = Drawn {
        title: "what is wanted, and what is done for it".to_owned(),
        policy: &found.policy,
        visits: shades(&found.worth),
    };
    let maps: Vec<PolicyMap> = policy_map(tables, &signs, &drawn).into_iter().collect();
    legend.extend(tables.map.iter().flat_map(|map| map.legend.clone()));
    let map_note = match maps.is_empty() {
        true => String::new(),
        false => format!(
            "Shades are {}; signs are what is most probably done.",
            found.shading
        ),
    };
    InferencePage {
        subject: infer.subject.clone(),
        question: format!(
            "what was wanted in {}, by {}",
            infer.demonstrations.display(),
            infer.method_name()
        ),
        is_settled: found.is_settled,
        headline: found.headline.clone(),
        summary: found.summary.clone(),
        facts: found.facts.clone(),
        shares: found.shares.clone(),
        maps,
        legend,
        map_note,
        findings: found.findings.clone(),
        settings: settings(infer, problem),
        command: infer.command(),
    }
}

/// From the least to the most, so that every state is drawn.
fn shades(worth: &[f64]) -> Vec<f64> {
    let least = worth.iter().copied().fold(f64::INFINITY, f64::min);
    let most = worth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = if most > least { most - least } else { 1.0 };
    worth
        .iter()
        .map(|value| 0.001 + 0.999 * (value - least) / range)
        .collect()
}

fn settings(infer: &Infer, problem: &Problem) -> Vec<(String, String)> {
    let mdp = problem.mdp();
    let mut settings = vec![
        ("discount".to_owned(), mdp.discount().get().to_string()),
        ("states".to_owned(), mdp.n_states().to_string()),
        ("actions".to_owned(), mdp.n_actions().to_string()),
        (
            "demonstrations".to_owned(),
            problem.demonstrations.len().to_string(),
        ),
        ("steps".to_owned(), problem.n_steps().to_string()),
    ];
    if !infer.set.is_empty() {
        settings.push(("set".to_owned(), infer.set.join(", ")));
    }
    settings
}
