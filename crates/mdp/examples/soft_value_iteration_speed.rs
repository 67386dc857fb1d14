//! How long soft value iteration takes over a horizon of 50 steps, on sparse and on dense transitions.
//!
//! ```text
//! cargo run --release -p mdp --example soft_value_iteration_speed -- FOLDER
//! ```
//!
//! A random MDP of 1,000 states, 4 actions and 4 successors each, discount 0.99, rewards of states. Its tables are
//! written to the folder as plain little-endian numbers (`next_states.u32`, `probabilities.f64`, `rewards.f64`), so that
//! a peer can solve the same one. Prints one JSON object: seconds of every repetition, with the successors alone and
//! with all states stored in each row, and the values before the first step; beside them seconds of the same products with
//! the transitions and of as many exponentials by the system's library, which are what the work consists of.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose result is what it prints"
)]

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use mdp::{
    BellmanOperator, Discount, Seed, SoftHorizon, TabularMdp, Transition, index, normal,
    soft_value_iteration_finite, uniform,
};
use serde_json::json;

const STATES: usize = 1000;
const ACTIONS: usize = 4;
const SUCCESSORS: usize = 4;
const HORIZON: usize = 50;
const DISCOUNT: f64 = 0.99;
const SPARSE_REPETITIONS: usize = 30;
const DENSE_REPETITIONS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder] = &arguments[..] else {
        eprintln!("soft_value_iteration_speed takes one folder, to write the MDP to");
        return ExitCode::from(2);
    };
    let rows = random_rows();
    let rewards = random_rewards();
    if let Err(error) = write(Path::new(folder), &rows, &rewards) {
        eprintln!("could not write the MDP to {folder}: {error}");
        return ExitCode::from(2);
    }
    let by_row: Vec<f64> = rewards
        .iter()
        .flat_map(|reward| [*reward; ACTIONS])
        .collect();
    let sparse = mdp(&rows, false);
    let (sparse_seconds, soft) = timed(&sparse, &by_row, SPARSE_REPETITIONS);
    let (dense_seconds, dense_soft) = timed(&mdp(&rows, true), &by_row, DENSE_REPETITIONS);
    println!(
        "{}",
        json!({
            "states": STATES,
            "actions": ACTIONS,
            "successors": SUCCESSORS,
            "horizon": HORIZON,
            "discount": DISCOUNT,
            "sparse_seconds": sparse_seconds,
            "dense_seconds": dense_seconds,
            "products_seconds": products(&sparse, &by_row),
            "exponentials_seconds": exponentials(&soft.policy.iter().map(|p| p.ln()).collect::<Vec<_>>()),
            "values": &soft.values[..STATES],
            "dense_values": &dense_soft.values[..STATES],
        })
    );
    ExitCode::SUCCESS
}

/// Successors and probabilities of each state and action, successors different and ascending.
fn random_rows() -> Vec<Vec<(usize, f64)>> {
    let rng = &mut Seed(0).stream("transitions", 0);
    let row = |_| {
        let mut next_states: Vec<usize> = vec![];
        while next_states.len() < SUCCESSORS {
            let next_state = index(STATES, rng);
            if !next_states.contains(&next_state) {
                next_states.push(next_state);
            }
        }
        next_states.sort_unstable();
        let weights: Vec<f64> = next_states.iter().map(|_| 0.1 + uniform(rng)).collect();
        let sum: f64 = weights.iter().sum();
        let probabilities = weights.iter().map(|weight| weight / sum);
        next_states.iter().copied().zip(probabilities).collect()
    };
    (0..STATES * ACTIONS).map(row).collect()
}

fn random_rewards() -> Vec<f64> {
    let rng = &mut Seed(0).stream("rewards", 0);
    (0..STATES).map(|_| normal(rng)).collect()
}

/// The MDP with the successors alone, or with all states stored in each row.
fn mdp(rows: &[Vec<(usize, f64)>], dense: bool) -> TabularMdp {
    let mut builder = TabularMdp::builder(STATES, ACTIONS);
    for row in rows {
        let mut probabilities = vec![0.0; STATES];
        for (next_state, probability) in row {
            probabilities[*next_state] = *probability;
        }
        let stored = probabilities
            .iter()
            .enumerate()
            .filter(|(_, p)| dense || **p > 0.0);
        for (next_state, probability) in stored {
            builder.push(Transition {
                probability: *probability,
                next_state,
                reward: 0.0,
                terminates: false,
            });
        }
        builder.end_row();
    }
    let mut start = vec![0.0; STATES];
    start[0] = 1.0;
    let discount = Discount::new(DISCOUNT).expect("0.99 is a discount");
    builder
        .build(start, discount)
        .expect("the random MDP is one")
}

fn timed(mdp: &TabularMdp, rewards: &[f64], repetitions: usize) -> (Vec<f64>, SoftHorizon) {
    let solve = || soft_value_iteration_finite(mdp, rewards, 1.0, HORIZON);
    let answer = solve();
    let seconds = (0..repetitions)
        .map(|_| {
            let started = Instant::now();
            black_box(solve());
            started.elapsed().as_secs_f64()
        })
        .collect();
    (seconds, answer)
}

/// Seconds of as many plain sweeps: the products with the transitions, without an exponential.
fn products(mdp: &TabularMdp, rewards: &[f64]) -> Vec<f64> {
    let operator = BellmanOperator::new(mdp, rewards);
    let (values, mut after) = (vec![1.0; STATES], vec![0.0; STATES]);
    let sweeps = |_| {
        let started = Instant::now();
        for _ in 0..HORIZON {
            black_box(operator.sweep(black_box(&values), &mut after, 1));
        }
        started.elapsed().as_secs_f64()
    };
    (0..SPARSE_REPETITIONS).map(sweeps).collect()
}

/// Seconds of as many exponentials by the system's library: one for the values and one for the policy.
fn exponentials(log_policy: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; log_policy.len()];
    let both = |_| {
        let started = Instant::now();
        for _ in 0..2 {
            for (log, out) in log_policy.iter().zip(&mut out) {
                *out = black_box(*log).exp();
            }
            black_box(&out);
        }
        started.elapsed().as_secs_f64()
    };
    (0..SPARSE_REPETITIONS).map(both).collect()
}

fn write(folder: &Path, rows: &[Vec<(usize, f64)>], rewards: &[f64]) -> std::io::Result<()> {
    let entries = || rows.iter().flatten();
    let next_states = entries().flat_map(|(next, _)| (*next as u32).to_le_bytes());
    let probabilities = entries().flat_map(|(_, p)| p.to_le_bytes());
    let rewards = rewards.iter().flat_map(|reward| reward.to_le_bytes());
    std::fs::write(
        folder.join("next_states.u32"),
        next_states.collect::<Vec<u8>>(),
    )?;
    std::fs::write(
        folder.join("probabilities.f64"),
        probabilities.collect::<Vec<u8>>(),
    )?;
    std::fs::write(folder.join("rewards.f64"), rewards.collect::<Vec<u8>>())
}
