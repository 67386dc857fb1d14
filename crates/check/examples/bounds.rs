//! Whether the promises about regret hold, and how much they promise: `cargo run --release -p check --example bounds`.
//!
//! Each seed draws an MDP, its intent and a reward near it, far from it, equivalent to it or turned around. The worst
//! regret comes from a linear programme over pairs of occupancies, which knows nothing of the bounds. Some draws have
//! rewards in other units and with an offset, which the programme is spared. One JSON object goes to standard output.

#![expect(clippy::print_stdout, reason = "a command that prints its result")]

use check::programme::{Programme, Term};
use check::{
    Certificate, RegretBound, RegretBounds, certificate, regret_bounds, return_range, worst_regret,
};
use mdp::{Rng, Seed, TabularMdp, deterministic, index, policy_iteration, uniform, uniform_in};
use serde_json::{Value, json};

mod common;
#[path = "../src/draw.rs"]
mod draw;

use common::{Presentation, exceeds, greatest};
use draw::{Ends, disguise, draw_mdp, normals};

const SEEDS: u64 = 2_000;
/// Policies a draw on which Laidlaw's inequality is tried: the optimal one for the reward, and random ones.
const POLICIES: usize = 5;
/// What a linear programme may be off by, as a share of the range.
const SLACK: f64 = 1e-7;
/// What gains may be off by for rounding, in the intent's deviation.
const ROUNDING: f64 = 1e-12;

fn main() {
    let draws: Vec<Draw> = (0..SEEDS).map(Draw::new).collect();
    let kinds = [
        kind("range of returns", &draws, |b| b.range, |b| b.bound()),
        kind("flow, any pair", &draws, |b| b.flow, |b| b.bound()),
        kind("flow, this intent", &draws, |b| b.flow, own),
        kind("flow, this pair", &draws, |b| b.flow, |b| Some(b.sharpest)),
        kind("value, any pair", &draws, |b| b.value, |b| b.bound()),
        kind("value, this intent", &draws, |b| b.value, own),
        kind(
            "value, this pair",
            &draws,
            |b| b.value,
            |b| Some(b.sharpest),
        ),
        kind(
            "value potential, this intent",
            &draws,
            |b| b.value_potential,
            own,
        ),
        kind(
            "value potential, this pair",
            &draws,
            |b| b.value_potential,
            |b| Some(b.sharpest),
        ),
    ];
    let worst = |of: fn(&Draw) -> f64| greatest(draws.iter().map(of));
    let lower = draws
        .iter()
        .filter(|d| exceeds(d.bounds.range.distance, d.share + SLACK))
        .count();
    let shares = sorted(draws.iter().map(|d| d.share));
    println!(
        "{}",
        json!({
            "seeds": SEEDS,
            "median_share": shares[shares.len() / 2],
            "positive_shares": shares.iter().filter(|share| **share > SLACK).count(),
            "largest_difference_from_programme": worst(|d| (d.share - d.planned).abs()),
            "largest_duality_gap": worst(|d| d.duality_gap),
            "range_distance_above_share": lower,
            "kinds": kinds,
            "laidlaw": laidlaw(&draws),
        })
    );
}

/// The promise with the intent's constant.
fn own(bound: RegretBound) -> Option<f64> {
    Some(bound.intent_constant * bound.distance)
}

/// What one seed gave.
struct Draw {
    seed: u64,
    /// The worst regret as a share of the intent's range, by the linear programme.
    share: f64,
    /// The same by planning.
    planned: f64,
    /// Of planning, as a share of the range.
    duality_gap: f64,
    bounds: RegretBounds,
    certificates: Vec<Certificate>,
}

impl Draw {
    fn new(seed: u64) -> Draw {
        let mut rng = Seed(seed).stream("bounds", 0);
        let (n_states, n_actions) = (2 + index(7, &mut rng), 2 + index(3, &mut rng));
        let mdp = draw_mdp(n_states, n_actions, Ends::Discounted, &mut rng);
        let plain_table = other(&mdp, &mut rng);
        let [by_reward, by_intent] =
            ["reward", "intent"].map(|what| Presentation::drawn(&mdp, seed, what));
        let table = by_reward.of_table(&mdp, &plain_table);
        let presented = mdp
            .with_rewards(by_intent.of_table(&mdp, mdp.rewards()))
            .expect("finite rewards");
        let (plain, mdp) = (mdp, presented);
        let uniform_policy = vec![1.0 / n_actions as f64; n_states * n_actions];
        let (reward, intent) = (mdp.expected(&table), mdp.expected_rewards());
        let planned = worst_regret(&mdp, &reward, &intent).expect("a discounted MDP is solved");
        let width = planned.intent_range.width();
        let (plain_reward, plain_intent) = (plain.expected(&plain_table), plain.expected_rewards());
        let range = return_range(&plain, &plain_intent).expect("a discounted MDP is solved");
        Draw {
            seed,
            share: range.share(by_programme(&plain, &plain_reward, &plain_intent)),
            planned: planned.share(),
            duality_gap: planned.intent_range.share(planned.duality_gap().abs()),
            bounds: regret_bounds(&mdp, &uniform_policy, &table, mdp.rewards())
                .expect("the tables fit"),
            certificates: if width > 0.0 {
                let near = near(&plain, &plain_intent, &mut rng);
                let near = by_reward.of_expected(&plain, &near);
                let mut both = certificates(&mdp, &reward, &intent, &mut rng);
                both.extend(certificates(&mdp, &near, &intent, &mut rng));
                both
            } else {
                vec![]
            },
        }
    }
}

/// An intent and noise of 1e-12 to 1e-6 times its size, so that the correlation of the two rounds to 1, or nearly.
fn near(mdp: &TabularMdp, intent: &[f64], rng: &mut Rng) -> Vec<f64> {
    let size = f64::powf(10.0, uniform_in(-12.0, -6.0, rng));
    let noise = normals(mdp.n_states() * mdp.n_actions(), rng);
    let both = intent.iter().zip(noise);
    both.map(|(intent, noise)| intent + size * noise).collect()
}

/// A reward that is the intent and noise from a thousandth of its size to ten times it; every tenth is equivalent to
/// the intent, another tenth turned around.
fn other(mdp: &TabularMdp, rng: &mut Rng) -> Vec<f64> {
    let kind = index(10, rng);
    if kind == 0 {
        return disguise(mdp, mdp.rewards(), 1.0, rng);
    }
    let size = f64::powf(10.0, uniform_in(-3.0, 1.0, rng));
    let sign = if kind == 1 { -1.0 } else { 1.0 };
    let noise = normals(mdp.n_transitions(), rng);
    mdp.rewards()
        .iter()
        .zip(&noise)
        .map(|(r, n)| sign * r + size * n)
        .collect()
}

/// The most of `J_intent(a) - J_intent(b)` with `J_reward(b) >= J_reward(a)`.
fn by_programme(mdp: &TabularMdp, reward: &[f64], intent: &[f64]) -> f64 {
    let minus: Vec<f64> = intent.iter().map(|value| -value).collect();
    let mut programme = Programme::new(mdp);
    let from = programme.policy(intent).expect("the table fits");
    let to = programme.policy(&minus).expect("the table fits");
    let terms = [
        Term::Return(to, reward, 1.0),
        Term::Return(from, reward, -1.0),
    ];
    programme.at_least(&terms, 0.0).expect("the tables fit");
    programme
        .solve()
        .expect("any policy may stay as it is")
        .objective
}

/// Laidlaw's certificates of policies against a random reference that takes every action.
fn certificates(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    rng: &mut Rng,
) -> Vec<Certificate> {
    let n_actions = mdp.n_actions();
    let random = |rng: &mut Rng| {
        let mut policy: Vec<f64> = (0..reward.len())
            .map(|_| uniform_in(0.05, 1.0, rng))
            .collect();
        for row in policy.chunks_mut(n_actions) {
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= sum);
        }
        policy
    };
    let reference = random(rng);
    let optimal = policy_iteration(mdp, reward, None)
        .expect("a discounted MDP is solved")
        .policy;
    let mut policies = vec![deterministic(&optimal, n_actions)];
    while policies.len() < POLICIES {
        let other = random(rng);
        let near = uniform(rng);
        let mixed = reference
            .iter()
            .zip(&other)
            .map(|(a, b)| near * a + (1.0 - near) * b);
        policies.push(mixed.collect());
    }
    let of = |policy: &Vec<f64>| {
        certificate(mdp, reward, intent, &reference, policy).expect("the tables fit")
    };
    policies.iter().map(of).collect()
}

/// How one promise fared: violations, and how far above the regret it lies.
fn kind(
    name: &str,
    draws: &[Draw],
    of: fn(&RegretBounds) -> RegretBound,
    promise: fn(RegretBound) -> Option<f64>,
) -> Value {
    let promised = |d: &Draw| promise(of(&d.bounds)).expect("this kind promises something");
    let violated: Vec<u64> = draws
        .iter()
        .filter(|d| exceeds(d.share, promised(d) + SLACK))
        .map(|d| d.seed)
        .collect();
    let bounds = sorted(draws.iter().map(promised));
    let positive = draws.iter().filter(|d| d.share > SLACK);
    let ratios = sorted(positive.map(|d| promised(d) / d.share));
    let at = |share: f64| ratios[((ratios.len() - 1) as f64 * share).round() as usize];
    json!({
        "bound": name,
        "draws": draws.len(),
        "violations": violated.len(),
        "violated_seeds": violated,
        "median_bound": bounds[bounds.len() / 2],
        "below_1": bounds.iter().filter(|bound| **bound < 1.0).count(),
        "lowest_ratio": at(0.0),
        "median_ratio": at(0.5),
        "ratio_at_90%": at(0.9),
        "highest_ratio": at(1.0),
    })
}

fn laidlaw(draws: &[Draw]) -> Value {
    let all: Vec<&Certificate> = draws.iter().flat_map(|d| &d.certificates).collect();
    let bounded: Vec<(&&Certificate, f64)> = all
        .iter()
        .filter_map(|c| c.bound.as_ref().ok().map(|bound| (c, *bound)))
        .collect();
    let violations = bounded.iter().filter(|(c, bound)| {
        // Rounding of the gains, which dividing by the correlation multiplies.
        let scale = c.intent_deviation * (1.0 + c.chi_squared.sqrt()) / c.correlation;
        exceeds(*bound, c.intent_gain + ROUNDING * scale)
    });
    let margins = sorted(
        bounded
            .iter()
            .map(|(c, bound)| (c.intent_gain - bound) / c.intent_deviation),
    );
    json!({
        "policies": all.len(),
        "bounded": bounded.len(),
        "violations": violations.count(),
        "smallest_margin": margins[0],
        "median_margin": margins[margins.len() / 2],
        "correlation_within_1e-12_of_1": bounded.iter().filter(|(c, _)| c.correlation > 1.0 - 1e-12).count(),
        "promises_a_gain": bounded.iter().filter(|(_, bound)| *bound > 0.0).count(),
        "hacks": all.iter().filter(|c| c.hacks()).count(),
    })
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
