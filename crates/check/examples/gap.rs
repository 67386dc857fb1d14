//! Times the hackability gap and its companions on large MDPs, as one JSON object.
//!
//! `cargo run --release -p check --example gap -- [SEEDS]`
//!
//! Two kinds of dynamics, 10,000 states by 5 actions by 8 successors at discount 0.99: successors drawn from all states,
//! and from those nearby on a ring, which mixes slowly. Reward and intent are
//! normals that correlate.

#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::time::Instant;

use check::{
    Bands, DeterministicSettings, DeterministicVerdict, Gap, GapSettings, Reference,
    StochasticVerdict, deterministic_hackability, gap, stochastic_hackability, worst_among_optimal,
};
use mdp::{Discount, Rng, Seed, TabularMdp, Transition, index, normal, policy_return, uniform_in};
use serde_json::{Value, json};

const N_STATES: usize = 10_000;
const N_ACTIONS: usize = 5;
const N_SUCCESSORS: usize = 8;
/// Correlation of reward and intent over states and actions; without any, the worst policy is paid what the best is.
const CORRELATION: f64 = 0.7;
/// How far a step on the ring may lead.
const REACH: usize = 20;

fn main() {
    let n_seeds: u64 = std::env::args()
        .nth(1)
        .map_or(3, |count| count.parse().expect("a number of seeds"));
    let mut runs = Vec::new();
    for seed in 0..n_seeds {
        for nearby in [false, true] {
            runs.push(run(seed, nearby));
        }
    }
    println!(
        "{}",
        json!({ "states": N_STATES, "actions": N_ACTIONS, "successors": N_SUCCESSORS, "discount": 0.99, "runs": runs })
    );
}

fn run(seed: u64, nearby: bool) -> Value {
    let rng = &mut Seed(seed).stream("gap", 0);
    let mdp = drawn(nearby, rng);
    let [reward, noise] = [(); 2].map(|()| {
        (0..N_STATES * N_ACTIONS)
            .map(|_| normal(rng))
            .collect::<Vec<f64>>()
    });
    let blended = reward.iter().zip(&noise);
    let intent = blended.map(|(reward, noise)| {
        CORRELATION * reward + (1.0 - CORRELATION * CORRELATION).sqrt() * noise
    });
    let tables = [reward.clone(), intent.collect()];
    let [reward, intent] = &tables;
    let started = Instant::now();
    let found = gap(
        &mdp,
        reward,
        intent,
        Reference::IntentOptimal,
        GapSettings::EXACT,
    )
    .expect("it has an answer");
    let seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let worst = worst_among_optimal(&mdp, reward, intent, 0.0).expect("it has an answer");
    let worst_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let stochastic =
        stochastic_hackability(&mdp, reward, intent, Bands::STANDARD).expect("it has an answer");
    let stochastic_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let deterministic =
        deterministic_hackability(&mdp, reward, intent, DeterministicSettings::STANDARD)
            .expect("it has an answer");
    let deterministic_seconds = started.elapsed().as_secs_f64();
    json!({
        "seed": seed,
        "successors": if nearby { "nearby" } else { "anywhere" },
        "gap_seconds": seconds,
        "iterations": found.iterations,
        "loss_share": found.loss_share(),
        "relative_duality_gap": found.duality_gap() / found.intent_range.width(),
        "evaluation_error": evaluation_error(&mdp, &tables, &found),
        "worst_among_optimal_seconds": worst_seconds,
        "worst_among_optimal_regret_share": worst.regret_share(),
        "stochastic_seconds": stochastic_seconds,
        "stochastic_amount": match &stochastic.verdict {
            StochasticVerdict::Hackable { pair: Some(pair), .. } => json!(pair.amount),
            _ => Value::Null,
        },
        "deterministic_seconds": deterministic_seconds,
        "deterministic_amount": match &deterministic.verdict {
            DeterministicVerdict::WitnessFound(pair) => json!(pair.amount),
            _ => Value::Null,
        },
    })
}

/// How far the worst policy's evaluated returns are from those reported, at most, as a share of the intent's range.
fn evaluation_error(mdp: &TabularMdp, tables: &[Vec<f64>; 2], found: &Gap) -> f64 {
    let evaluated = tables
        .each_ref()
        .map(|table| policy_return(mdp, table, &found.worst.policy).expect("discounted"));
    let reported = [found.worst.returns.reward, found.worst.returns.intent];
    let errors = evaluated.iter().zip(reported).map(|(a, b)| (a - b).abs());
    let greatest = errors.fold(0.0, |most: f64, error| {
        if most.is_nan() || error <= most {
            most
        } else {
            error
        }
    });
    greatest / found.intent_range.width()
}

fn drawn(nearby: bool, rng: &mut Rng) -> TabularMdp {
    let mut builder = TabularMdp::builder(N_STATES, N_ACTIONS);
    for state in 0..N_STATES {
        for _ in 0..N_ACTIONS {
            let weights = [(); N_SUCCESSORS].map(|()| uniform_in(0.05, 1.0, rng));
            let total: f64 = weights.iter().sum();
            for weight in weights {
                let next_state = if nearby {
                    (state + N_STATES + index(2 * REACH + 1, rng) - REACH) % N_STATES
                } else {
                    index(N_STATES, rng)
                };
                builder.push(Transition {
                    probability: weight / total,
                    next_state,
                    reward: 0.0,
                    terminates: false,
                });
            }
            builder.end_row();
        }
    }
    let start = vec![1.0 / N_STATES as f64; N_STATES];
    builder
        .build(start, Discount::new(0.99).expect("below 1"))
        .expect("a drawn MDP is possible")
}
