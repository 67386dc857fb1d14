//! What stands beside hackability: gaps, simplifications, certificates, safe stopping and quantilizers.

use check::programme::least_intent;
use check::{
    Certificate, Flow, Gap, GapSettings, PathKind, Reference, Simplification, certificate,
    deterministic_simplification, gap, goodhart_curve, inverse_temperature, least_served,
    optimisation_path, quantilize_policies, return_range, simplification_by_comparison,
    worst_among_optimal,
};
use mdp::{
    Rng, Seed, Stop, TabularMdp, deterministic, index, occupancy, policy_return, uniform,
    uniform_in,
};
use serde_json::{Value, json};

use super::common::{Presentation, exceeds, greatest};
use super::draw::{Ends, draw_mdp, normals};
use super::{Case, median};

/// The gap against the intent's optimal policy and the worst policy within 1% of the reward's optimum, by planning and by
/// linear programme.
pub(super) fn gaps(n_pairs: u64) -> Value {
    let (mut against_reference, mut near_optimal) = (vec![], vec![]);
    for seed in 0..n_pairs {
        let case = Case::drawn("gap", seed, 12);
        let (mdp, reward, intent) = (&case.mdp, &case.reward, &case.intent);
        let range = return_range(mdp, reward).expect("every policy ends");
        let settings = GapSettings {
            // Off the edge of what is possible, where the programme's tolerance would decide.
            epsilon: -1e-6 * range.width(),
            ..GapSettings::EXACT
        };
        let found = gap(mdp, reward, intent, Reference::IntentOptimal, settings);
        against_reference.push(Answer::of(&case, &found.expect("every policy ends")));
        let found = worst_among_optimal(mdp, reward, intent, 0.01 * range.width());
        near_optimal.push(Answer::of(&case, &found.expect("every policy ends")));
    }
    let asked = [
        (
            "as much reward as the intent's optimal policy",
            against_reference,
        ),
        ("reward within 1% of the range of optimal", near_optimal),
    ];
    asked
        .map(|(asked, answers)| summary(asked, &answers))
        .into_iter()
        .collect()
}

/// One gap beside the programme's, in shares of the ranges.
struct Answer {
    difference: f64,
    duality_gap: f64,
    evaluation_error: f64,
    shortfall: f64,
    loss_share: f64,
    iterations: usize,
    converged: bool,
}

impl Answer {
    fn of(case: &Case, found: &Gap) -> Answer {
        // In shares of the ranges of the pair as it was drawn. A range that is flat has none: there, of the offset, in
        // whose rounding the answer is lost, or of 1, about what a step pays.
        let [in_reward, in_intent] = case.presented;
        let [width, intent_width] = case.plain_widths();
        let unit = |width: f64, of: Presentation| {
            if width > 0.0 {
                width
            } else {
                f64::max(of.shift.abs(), 1.0)
            }
        };
        let (by_reward, by_intent) = (unit(width, in_reward), unit(intent_width, in_intent));
        let [reward, intent] = &case.plain;
        let asked = in_reward.plain(found.asked);
        let programme =
            least_intent(&case.mdp, reward, intent, asked).expect("the programme has an answer");
        let evaluated = |table: &[f64]| {
            policy_return(&case.mdp, table, &found.worst.policy).expect("every policy ends")
        };
        let worst = in_intent.plain(found.worst.returns.intent);
        Answer {
            difference: (programme - worst).abs() / by_intent,
            duality_gap: found.duality_gap().abs() / (in_intent.unit * by_intent),
            evaluation_error: (evaluated(intent) - worst).abs() / by_intent,
            shortfall: greatest([asked - evaluated(reward)]) / by_reward,
            loss_share: found.loss_share(),
            iterations: found.iterations,
            converged: found.stop == Stop::Converged,
        }
    }
}

fn summary(asked: &str, answers: &[Answer]) -> Value {
    json!({
        "asked": asked,
        "answers": answers.len(),
        "programme_difference": greatest(answers.iter().map(|answer| answer.difference)),
        "duality_gap": greatest(answers.iter().map(|answer| answer.duality_gap)),
        "evaluation_error": greatest(answers.iter().map(|answer| answer.evaluation_error)),
        "shortfall": greatest(answers.iter().map(|answer| answer.shortfall)),
        "median_loss_share": median(answers.iter().map(|answer| answer.loss_share).collect()),
        "greatest_iterations": answers.iter().map(|answer| answer.iterations).max(),
        "not_converged": answers.iter().filter(|answer| !answer.converged).count(),
    })
}

/// The sorted test of a simplification against comparing every two policies.
pub(super) fn simplifications(n_pairs: u64) -> Value {
    let mut counts = [0_u64; 4];
    let mut differing = Vec::new();
    for seed in 0..n_pairs {
        let rng = &mut Seed(seed).stream("simplification", 0);
        let mdp = draw_mdp(2 + index(3, rng), 2 + index(2, rng), Ends::Always, rng);
        let mut intent = normals(mdp.n_states() * mdp.n_actions(), rng);
        if seed.is_multiple_of(2) {
            // Of few values too, so that some policies deliver alike.
            intent.iter_mut().for_each(|value| *value = value.round());
        }
        let reward: Vec<f64> = intent
            .iter()
            .map(|intent| f64::from(u8::from(*intent > uniform_in(-2.0, 2.0, rng))))
            .collect();
        let (found, all) = deterministic_simplification(&mdp, &reward, &intent, 1e-9, 10_000)
            .expect("the tables fit")
            .expect("there are few");
        counts[kind(found)] += 1;
        if kind(found) != kind(simplification_by_comparison(&all.returns, 1e-9)) {
            differing.push(seed);
        }
    }
    json!({
        "pairs": n_pairs,
        "simplifies": counts[0],
        "same_order": counts[1],
        "turns_round": counts[2],
        "splits": counts[3],
        "differing": differing,
    })
}

fn kind(found: Simplification) -> usize {
    match found {
        Simplification::Simplifies { .. } => 0,
        Simplification::SameOrder => 1,
        Simplification::TurnsRound { .. } => 2,
        Simplification::Splits { .. } => 3,
    }
}

/// A random policy that takes every action, some much more often.
fn random_policy(mdp: &TabularMdp, rng: &mut Rng) -> Vec<f64> {
    let mut policy: Vec<f64> = (0..mdp.n_states() * mdp.n_actions())
        .map(|_| (0.01 + uniform(rng)).powi(3))
        .collect();
    for row in policy.chunks_mut(mdp.n_actions()) {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
    }
    policy
}

/// A reward and an intent that correlate more or less.
fn correlated(n: usize, rng: &mut Rng) -> [Vec<f64>; 2] {
    let (reward, noise, blend) = (normals(n, rng), normals(n, rng), uniform(rng));
    let intent = reward
        .iter()
        .zip(noise)
        .map(|(r, n)| r + blend * n)
        .collect();
    [reward, intent]
}

/// What a bound may be off by for rounding: of the gains, which dividing by the correlation multiplies.
fn rounding(found: &Certificate) -> f64 {
    1e-12 * found.intent_deviation * (1.0 + found.chi_squared.sqrt()) / found.correlation
}

/// Laidlaw's inequality.
pub(super) fn certificates(n_draws: u64) -> Value {
    let (mut bounded, mut positive, mut hacking, mut near_1) = (0, 0, 0, 0);
    let (mut violations, mut slack) = (vec![], vec![]);
    for seed in 0..n_draws {
        let rng = &mut Seed(seed).stream("certificate", 0);
        let mdp = draw_mdp(2 + index(9, rng), 2 + index(3, rng), Ends::Discounted, rng);
        let [mut reward, mut intent] = correlated(mdp.n_states() * mdp.n_actions(), rng);
        let (reference, policy) = (random_policy(&mdp, rng), random_policy(&mdp, rng));
        if seed.is_multiple_of(3) {
            // So near to the intent that the correlation rounds to 1.
            let size = f64::powf(10.0, uniform_in(-12.0, -6.0, rng));
            let noise = normals(reward.len(), rng);
            reward = intent
                .iter()
                .zip(noise)
                .map(|(i, n)| i + size * n)
                .collect();
        }
        for (table, what) in [(&mut reward, "reward"), (&mut intent, "intent")] {
            *table = Presentation::drawn(&mdp, seed, what).of_expected(&mdp, table);
        }
        let found = certificate(&mdp, &reward, &intent, &reference, &policy).expect("it fits");
        hacking += u64::from(found.hacks());
        if let Ok(bound) = found.bound {
            bounded += 1;
            positive += u64::from(bound > 0.0);
            slack.push((found.intent_gain - bound) / found.intent_deviation);
            near_1 += u64::from(found.correlation > 1.0 - 1e-12);
            if exceeds(bound, found.intent_gain + rounding(&found)) {
                violations.push(seed);
            }
        }
    }
    json!({
        "draws": n_draws,
        "bounded": bounded,
        "promise_a_gain": positive,
        "hack": hacking,
        "correlation_within_1e-12_of_1": near_1,
        "median_slack": median(slack),
        "violations": violations,
    })
}

const PRESSURES: [f64; 12] = [
    0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99,
];

/// The stopping rule of Karwowski et al.: along the safe part every intent within the angle rises, at the first step
/// beyond some intent within it falls.
pub(super) fn stopping(n_paths: u64) -> Value {
    let (mut safe, mut beyond, mut dropped, mut stopped_short) = (0, 0, 0, 0);
    let (mut unsafe_steps, mut needless) = (vec![], vec![]);
    let (mut drops, mut lost, mut kept) = (vec![], vec![], vec![]);
    for seed in 0..n_paths {
        let rng = &mut Seed(seed).stream("stopping", 0);
        let mdp = draw_mdp(3 + index(8, rng), 2 + index(3, rng), Ends::Discounted, rng);
        let [reward, intent] = correlated(mdp.n_states() * mdp.n_actions(), rng);
        let kind = [PathKind::SoftOptimal, PathKind::BoltzmannRational][seed as usize % 2];
        let path = optimisation_path(&mdp, &reward, kind, &PRESSURES.map(inverse_temperature))
            .expect("discounted");
        let curve = goodhart_curve(&mdp, &reward, &intent, &path, None).expect("discounted");
        let Some(angle) = curve.angle else { continue };
        let component = Flow::new(&mdp).project(&reward).component;
        let visits: Vec<Vec<f64>> = path
            .iter()
            .map(|policy| occupancy(&mdp, policy).expect("discounted"))
            .collect();
        let rise = |step: usize| {
            let moved: Vec<f64> = visits[step + 1]
                .iter()
                .zip(&visits[step])
                .map(|(b, a)| b - a)
                .collect();
            let worst = least_served(&component, &moved, angle);
            moved
                .iter()
                .zip(worst)
                .map(|(moved, worst)| moved * worst)
                .sum::<f64>()
        };
        let stop = curve.stopping.stop;
        safe += stop;
        if (0..stop).any(|step| exceeds(-rise(step), 1e-12)) {
            unsafe_steps.push(seed);
        }
        if stop < curve.stopping.steps.len() {
            beyond += 1;
            if exceeds(rise(stop), 1e-12) {
                needless.push(seed);
            }
        }
        let delivered = |point: usize| curve.intent_range.share(curve.returns[point].intent);
        dropped += u64::from(curve.drop_height < -1e-9);
        stopped_short += u64::from(stop + 1 < path.len());
        drops.push(curve.drop_height);
        lost.push(delivered(curve.peak) - delivered(stop));
        kept.push(delivered(stop) - delivered(0));
    }
    json!({
        "paths": n_paths,
        "safe_steps": safe,
        "first_unsafe_steps": beyond,
        "paths_that_drop": dropped,
        "deepest_drop": drops.iter().copied().reduce(f64::min),
        "paths_stopped": stopped_short,
        "median_short_of_the_peak": median(lost),
        "least_gain_when_stopped": kept.iter().copied().reduce(f64::min),
        "safe_but_falling": unsafe_steps,
        "stopped_though_all_rise": needless,
    })
}

/// Quantilizers over policies: what theory allows, and the certificate against the base.
pub(super) fn quantilizers(n_draws: u64) -> Value {
    let mut violations = Vec::new();
    let (mut bounded, mut gains, mut costs) = (0, vec![], vec![]);
    for seed in 0..n_draws {
        let rng = &mut Seed(seed).stream("quantilizer", 0);
        let mdp = draw_mdp(2 + index(7, rng), 2 + index(2, rng), Ends::Discounted, rng);
        let [reward, intent] = correlated(mdp.n_states() * mdp.n_actions(), rng);
        let policies: Vec<Vec<f64>> = (0..50)
            .map(|_| {
                let actions: Vec<usize> = (0..mdp.n_states())
                    .map(|_| index(mdp.n_actions(), rng))
                    .collect();
                deterministic(&actions, mdp.n_actions())
            })
            .collect();
        let base = vec![1.0 / 50.0; 50];
        let share = uniform_in(0.02, 1.0, rng);
        let found =
            quantilize_policies(&mdp, &reward, &intent, &policies, &base, share).expect("it fits");
        let choice = &found.choice;
        // The cost is how far a policy's intent falls short of the best there is.
        let highest = return_range(&mdp, &intent).expect("discounted").highest;
        let short: Vec<f64> = policies
            .iter()
            .map(|policy| {
                (highest - policy_return(&mdp, &intent, policy).expect("discounted")).max(0.0)
            })
            .collect();
        let base_cost = short.iter().sum::<f64>() / 50.0;
        let is_within = choice.mean(&short) <= choice.cost_bound(base_cost) + 1e-9
            && choice.kl <= choice.kl_bound() + 1e-9
            && choice.chi_squared <= choice.chi_squared_bound() + 1e-9
            && found.certificate.chi_squared <= choice.chi_squared + 1e-9;
        let keeps = !found
            .certificate
            .bound
            .is_ok_and(|bound| exceeds(bound, found.certificate.intent_gain + 1e-10));
        if !is_within || !keeps {
            violations.push(seed);
        }
        bounded += u64::from(found.certificate.bound.is_ok());
        gains.push(found.certificate.reward_gain);
        if base_cost > 0.0 {
            costs.push(choice.mean(&short) / choice.cost_bound(base_cost));
        }
    }
    json!({
        "draws": n_draws,
        "bounded": bounded,
        "least_reward_gain": gains.iter().copied().reduce(f64::min),
        "median_cost_over_bound": median(costs),
        "violations": violations,
    })
}
