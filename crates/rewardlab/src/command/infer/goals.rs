//! The exact posterior over goals and biases.

use std::collections::BTreeSet;

use ::check::words::{amount, percent};
use ::report::{Share, Shares};
use anyhow::{Result, bail};
use imitation::{Bias, Expert, Hypotheses, Posterior, Task, credible_set, evidence, expert_grid};
use serde_json::{Map, Value, json};

use super::identified::MOST_ROWS;
use super::problem::{Problem, mean_log};
use super::{Biases, Found, Infer, finding};

/// Inverse temperatures, where none are given.
const INVERSE_TEMPERATURES: [f64; 3] = [10.0, 100.0, 1_000.0];
/// So many goals are thought of unasked.
const MOST_GOALS: usize = 100;
/// Credible sets hold this much.
const MASS: f64 = 0.9;
/// No tables of visits over time larger than this are made, in numbers.
const MOST_NUMBERS: usize = 50_000_000;

pub(super) fn infer(infer: &Infer, problem: &Problem) -> Result<Found> {
    if problem.mdp().discount().get() >= 1.0 {
        bail!(
            "at discount 1 all ways to a goal are worth the same, however long; set --discount 0.99"
        );
    }
    let goals = goals(infer, problem)?;
    let tasks = goals
        .iter()
        .map(|goal| Task::of_goal(problem.mdp(), *goal))
        .collect::<Result<Vec<_>, _>>()?;
    let experts = experts(infer, Biases::All, &INVERSE_TEMPERATURES);
    let prior = prior(&experts, goals.len());
    let hypotheses = Hypotheses::new(&tasks, &experts, Some(&prior))?;
    let posterior = Posterior::of(&hypotheses, &problem.demonstrations)?;
    let held_out = match problem.held_back() {
        None => None,
        Some((seen, held)) => {
            let policy = Posterior::of(&hypotheses, &seen)?.policy();
            let n_actions = problem.mdp().n_actions();
            Some(mean_log(&held, |_, state, action| {
                policy[state * n_actions + action].ln()
            }))
        }
    };
    let shares = posterior.tasks();
    let best = likeliest(&shares);
    let set = credible_set(&shares, MASS);
    let label = |task: usize| problem.tables.state_labels[goals[task]].as_str();
    let names: Vec<&str> = set.iter().map(|task| label(*task)).collect();
    let mut findings = vec![finding(
        "goal",
        None,
        match set.len() {
            1 => format!(
                "{} has {} of the probability alone",
                names[0],
                percent(shares[best])
            ),
            n => format!(
                "{n} goals hold {} of the probability: {}",
                percent(MASS),
                names.join(", ")
            ),
        },
        online(problem, &hypotheses, &goals)?,
    )];
    findings.extend(apart(problem, &tasks, &hypotheses, &posterior, &goals));
    let mut worth = vec![0.0; problem.mdp().n_states()];
    goals
        .iter()
        .zip(&shares)
        .for_each(|(goal, p)| worth[*goal] = *p);
    Ok(Found {
        is_settled: true,
        headline: format!(
            "{} is wanted, with {} of the probability.",
            capital(label(best)),
            percent(shares[best])
        ),
        summary: vec![format!(
            "The posterior over {} goals and {} experts is exact, given {} demonstrations of {} steps.",
            goals.len(),
            experts.len(),
            problem.demonstrations.len(),
            problem.n_steps()
        )],
        facts: vec![(
            "Goal".to_owned(),
            label(best).to_owned(),
            format!("with {} of the probability", percent(shares[best])),
        )],
        shares: vec![
            goal_shares(problem, &goals, &shares),
            kind_shares(&experts, &posterior.experts()),
        ],
        rewards: arriving(problem, goals[best]),
        policy: posterior.policy(),
        worth,
        shading: "how probable it is that a place is the goal",
        findings,
        held_out,
        evidence: evidence_object(problem, &goals, &posterior),
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// The states that may be goals.
fn goals(infer: &Infer, problem: &Problem) -> Result<Vec<usize>> {
    let labels = &problem.tables.state_labels;
    if !infer.goal.is_empty() {
        let found = infer.goal.iter().map(|text| {
            let by_name = labels.iter().position(|label| label == text);
            let number = by_name.or_else(|| text.parse().ok().filter(|n| *n < labels.len()));
            number.ok_or_else(|| {
                anyhow::anyhow!(
                    "there is no state \"{text}\" to be a goal; name one as the MDP does, such as \"{}\", or by its number from 0 to {}",
                    labels[0],
                    labels.len() - 1
                )
            })
        });
        let found = found.collect::<Result<BTreeSet<usize>>>()?;
        return Ok(found.into_iter().collect());
    }
    let mdp = problem.mdp();
    let mut found: BTreeSet<usize> = problem.last.iter().flatten().copied().collect();
    for stored in 0..mdp.n_transitions() {
        let t = mdp.transition(stored);
        if t.terminates && t.probability > 0.0 {
            found.insert(t.next_state);
        }
    }
    if found.len() > MOST_GOALS {
        bail!(
            "{} states may be goals, more than {MOST_GOALS}; name those that you think of with --goal",
            found.len()
        );
    }
    if found.is_empty() {
        bail!("no state is known in which a demonstration ends; name possible goals with --goal");
    }
    Ok(found.into_iter().collect())
}

/// The experts that are thought possible, where nothing else is asked for.
pub(super) fn experts(infer: &Infer, biases: Biases, default: &[f64]) -> Vec<Expert> {
    let betas = match infer.inverse_temperature.is_empty() {
        true => default,
        false => &infer.inverse_temperature,
    };
    match infer.biases.unwrap_or(biases) {
        Biases::All => expert_grid(betas),
        Biases::None => betas
            .iter()
            .map(|beta| Expert::noisy(Bias::Rational, *beta))
            .collect(),
    }
}

/// Every goal alike, every kind of bias alike, and every member of a kind.
fn prior(experts: &[Expert], n_goals: usize) -> Vec<f64> {
    let shares: Vec<f64> = experts
        .iter()
        .map(|expert| {
            let kind = expert.bias.kind();
            let alike = experts.iter().filter(|other| other.bias.kind() == kind);
            1.0 / alike.count() as f64
        })
        .collect();
    shares.repeat(n_goals)
}

fn likeliest(shares: &[f64]) -> usize {
    let best = shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(best, _)| best)
}

/// What was thought after each quarter of the first demonstration.
fn online(problem: &Problem, hypotheses: &Hypotheses, goals: &[usize]) -> Result<Vec<String>> {
    let Some(steps) = problem
        .demonstrations
        .iter()
        .find(|steps| !steps.is_empty())
    else {
        return Ok(vec![]);
    };
    let mut posterior = Posterior::new(hypotheses);
    let mut told = vec![];
    for (step, (state, action)) in steps.iter().enumerate() {
        posterior.observe(*state, *action)?;
        let quarter = |step: usize| 4 * step / steps.len();
        if quarter(step + 1) > quarter(step) {
            let shares = posterior.tasks();
            let best = likeliest(&shares);
            told.push(format!(
                "after {} of the {} steps of the first demonstration: {} {}",
                step + 1,
                steps.len(),
                problem.tables.state_labels[goals[best]],
                percent(shares[best])
            ));
        }
    }
    Ok(told)
}

/// What demonstrations of the likeliest goal and expert say against the others: what they can tell apart, and what not.
fn apart(
    problem: &Problem,
    tasks: &[Task],
    hypotheses: &Hypotheses,
    posterior: &Posterior<'_>,
    goals: &[usize],
) -> Vec<::report::Finding> {
    let longest = problem.longest();
    let n_rows = problem.mdp().n_states() * problem.mdp().n_actions();
    if longest.saturating_mul(n_rows) > MOST_NUMBERS {
        return vec![];
    }
    let experts = hypotheses.experts();
    let truth = likeliest(&posterior.probabilities());
    let found = evidence(hypotheses, tasks, truth, longest);
    let task_of = |hypothesis: usize| hypothesis / experts.len();
    let kind_of = |hypothesis: usize| experts[hypothesis % experts.len()].bias.kind();
    let alike = found.indistinguishable();
    let own = format!(
        "{} with the goal {}",
        experts[truth % experts.len()],
        problem.tables.state_labels[goals[task_of(truth)]]
    );
    let mut answers = vec![];
    if let Some((other, nats)) = found.nearest(|h| task_of(h) != task_of(truth)) {
        answers.push(told_apart(
            "goals apart",
            &own,
            &problem.tables.state_labels[goals[task_of(other)]],
            nats,
        ));
    }
    if let Some((other, nats)) = found.nearest(|h| kind_of(h) != kind_of(truth)) {
        answers.push(told_apart("bias apart", &own, kind_of(other), nats));
    }
    let kinds: BTreeSet<&str> = alike.iter().map(|h| kind_of(*h)).collect();
    let others: Vec<&str> = kinds
        .into_iter()
        .filter(|kind| *kind != kind_of(truth))
        .collect();
    if !others.is_empty() {
        answers.push(finding(
            "alike",
            None,
            format!(
                "no number of demonstrations tells {own} from experts who are {}: on this MDP they act alike, with some strength and some goal",
                others.join(", ")
            ),
            vec![],
        ));
    }
    answers
}

/// How many demonstrations it takes for odds of 20 to 1.
fn told_apart(name: &str, own: &str, other: &str, nats: f64) -> ::report::Finding {
    let answer = match nats {
        nats if nats <= 1e-12 => {
            format!("if it is {own}, no number of demonstrations ever speaks against {other}")
        }
        nats if nats.is_infinite() => format!("if it is {own}, it does what {other} never would"),
        nats => format!(
            "if it is {own}, a demonstration says {} nats against the nearest other, {other}: odds of 20 to 1 take about {}",
            amount(nats),
            amount((20.0_f64.ln() / nats).ceil())
        ),
    };
    finding(name, None, answer, vec![])
}

fn goal_shares(problem: &Problem, goals: &[usize], shares: &[f64]) -> Shares {
    let mut order: Vec<usize> = (0..goals.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
    let rows = order.iter().take(MOST_ROWS).map(|task| Share {
        name: problem.tables.state_labels[goals[*task]].clone(),
        share: shares[*task],
        text: percent(shares[*task]),
    });
    Shares {
        title: "what is wanted".to_owned(),
        note: String::new(),
        rows: rows.collect(),
    }
}

/// The probability of each kind of bias.
pub(super) fn kind_shares(experts: &[Expert], probabilities: &[f64]) -> Shares {
    let mut kinds: Vec<(&str, f64)> = vec![];
    for (expert, p) in experts.iter().zip(probabilities) {
        let kind = expert.bias.kind();
        match kinds.iter_mut().find(|(name, _)| *name == kind) {
            Some((_, sum)) => *sum += p,
            None => kinds.push((kind, *p)),
        }
    }
    kinds.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rows = kinds.iter().map(|(kind, p)| Share {
        name: (*kind).to_owned(),
        share: *p,
        text: percent(*p),
    });
    Shares {
        title: "how it is gone about".to_owned(),
        note: String::new(),
        rows: rows.collect(),
    }
}

/// What pays for arriving at a goal, `[S, A]`.
fn arriving(problem: &Problem, goal: usize) -> Vec<f64> {
    let mdp = problem.mdp();
    let rows = 0..mdp.n_states() * mdp.n_actions();
    rows.map(|row| {
        let ways = mdp.transitions(row / mdp.n_actions(), row % mdp.n_actions());
        let there = ways.filter(|t| t.next_state == goal && row / mdp.n_actions() != goal);
        there.map(|t| t.probability).sum()
    })
    .collect()
}

fn evidence_object(
    problem: &Problem,
    goals: &[usize],
    posterior: &Posterior<'_>,
) -> Map<String, Value> {
    let goals: Vec<Value> = goals
        .iter()
        .zip(posterior.tasks())
        .map(|(goal, p)| json!({ "state": goal, "label": problem.tables.state_labels[*goal], "probability": p }))
        .collect();
    let experts: Vec<Value> = posterior
        .hypotheses()
        .experts()
        .iter()
        .zip(posterior.experts())
        .map(|(expert, p)| json!({ "expert": expert.to_string(), "kind": expert.bias.kind(), "probability": p }))
        .collect();
    let mut evidence = Map::new();
    evidence.insert("goals".to_owned(), json!(goals));
    evidence.insert("experts".to_owned(), json!(experts));
    evidence.insert("log_evidence".to_owned(), json!(posterior.log_evidence()));
    evidence
}
