//! How long one Adam step through time of a network with a memory takes, and how far that is from what the machine can do.
//!
//! ```text
//! cargo run --release -p nn --example gru_speed -- --threads 2
//! ```
//!
//! A layer with tanh, a gated recurrent unit, and a linear layer that reads both; 7 actions and a value. A training step is
//! what a policy gradient does with sequences: forward pass through all steps, softmax cross-entropy and squared error of
//! every row, backward pass through time, Adam. Acting is one step of as many rows. `peers/torch_gru.py` does the same
//! with PyTorch. Prints one JSON object: seconds (median and least), the rate of multiplications and additions in matrix
//! products alone, and its share of the most that the same threads did in a plain loop of fused multiply-adds or in a
//! product of two 1024 x 1024 matrices by the `gemm` crate.

use std::process::ExitCode;

use nn::{
    Activation, Adam, AdamConfig, Pool, RecurrentModel, RecurrentShape, RecurrentWorkspace,
    Sequences, Tile,
};
use serde_json::{Value, json};

#[path = "support/speed.rs"]
mod speed;

use speed::{report, timed};

const N_ACTIONS: usize = 7;

/// Inputs, width of encoder and memory, sequences, steps.
const CASES: [(usize, usize, usize, usize); 3] =
    [(119, 64, 16, 128), (119, 64, 64, 128), (119, 256, 64, 128)];

fn main() -> ExitCode {
    speed::program(|peak, pool| {
        CASES
            .iter()
            .map(|(inputs, width, n, n_steps)| measure(*inputs, *width, *n, *n_steps, peak, pool))
            .collect()
    })
}

fn measure(inputs: usize, width: usize, n: usize, n_steps: usize, peak: f64, pool: &Pool) -> Value {
    let shape = RecurrentShape {
        inputs,
        encoder: width,
        activation: Activation::Tanh,
        units: width,
        outputs: N_ACTIONS + 1,
    };
    let groups = [(N_ACTIONS, 0.01), (1, 1.0)];
    let mut weights = mdp::Seed(0).stream("weights", 0);
    let mut model = RecurrentModel::new(&shape, &groups, &[], &mut weights);
    let mut rng = mdp::Seed(0).stream("data", 0);
    let n_rows = n * n_steps;
    let numbers: Vec<f32> = (0..n_rows * inputs)
        .map(|_| mdp::normal(&mut rng) as f32)
        .collect();
    let labels: Vec<usize> = (0..n_rows)
        .map(|_| mdp::index(N_ACTIONS, &mut rng))
        .collect();
    let forgets: Vec<bool> = (0..n_rows)
        .map(|_| mdp::index(100, &mut rng) == 0)
        .collect();
    let memory = vec![0.0; n * width];
    let sequences = Sequences {
        n_sequences: n,
        inputs: &numbers,
        forgets: &forgets,
        memory: &memory,
    };
    let chosen: Vec<u32> = (0..n as u32).collect();
    let mut workspace = RecurrentWorkspace::new();
    let mut gradient = vec![0.0; model.parameters().len()];
    let mut adam = Adam::new(gradient.len(), AdamConfig::adam(1e-8));
    let loss = |tile: Tile<'_>, (): &mut ()| judge(tile, &labels);
    let step = timed(|| {
        model.gradient(
            &sequences,
            &chosen,
            &loss,
            &mut gradient,
            &mut workspace,
            pool,
        );
        adam.step(model.parameters_mut(), &gradient, 3e-4);
    });
    let (mut remembered, mut outputs) = (memory.clone(), vec![0.0; n * shape.outputs]);
    let act = timed(|| {
        let inputs = &numbers[..n * inputs];
        model.step(inputs, &mut remembered, &mut outputs, &mut workspace, pool);
    });
    // Of a row forward; twice as many come back, less the inputs' own derivative, which nobody asks for.
    let products = |inputs: usize, outputs: usize| 2.0 * (inputs * outputs) as f64;
    let encoder = products(inputs, width);
    let rest = products(width, 3 * width)
        + products(width, 3 * width)
        + products(2 * width, shape.outputs);
    let (forward, whole) = (encoder + rest, 2.0 * encoder + 3.0 * rest);
    json!({
        "inputs": inputs,
        "width": width,
        "sequences": n,
        "steps": n_steps,
        "parameters": gradient.len(),
        "act": report(&act, n as f64 * forward, peak),
        "step": report(&step, n_rows as f64 * whole, peak),
    })
}

/// The mean over rows of the cross-entropy between actions and labels, and of half the squared value.
fn judge(tile: Tile<'_>, labels: &[usize]) {
    let weight = 1.0 / labels.len() as f32;
    let rows = tile.outputs.chunks_exact(N_ACTIONS + 1);
    let d_rows = tile.d_outputs.chunks_exact_mut(N_ACTIONS + 1);
    for ((scores, d), row) in rows.zip(d_rows).zip(tile.rows) {
        let (logits, value) = (&scores[..N_ACTIONS], scores[N_ACTIONS]);
        let most = logits.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        let d_logits = &mut d[..N_ACTIONS];
        for (d, logit) in d_logits.iter_mut().zip(logits) {
            *d = logit - most;
        }
        nn::exp(d_logits);
        let scale = weight / d_logits.iter().sum::<f32>();
        d_logits.iter_mut().for_each(|d| *d *= scale);
        d_logits[labels[*row as usize]] -= weight;
        d[N_ACTIONS] = value * weight;
    }
}
