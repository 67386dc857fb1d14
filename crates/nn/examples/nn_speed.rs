//! How long one Adam step of a policy and a value network takes, and how far that is from what the machine can do.
//!
//! ```text
//! cargo run --release -p nn --example nn_speed -- --threads 2
//! ```
//!
//! A step is what PPO does with a minibatch: rows gathered by index, forward passes, the clipped policy loss, the value
//! loss and the entropy, the backward pass, clipping of the gradient's norm, Adam; both networks. Prints one JSON object:
//! `results` holds seconds a step (median and least over all steps) and the rate of multiplications and additions in
//! matrix products alone, `peak_gflops` the most that the same threads did in a plain loop of fused multiply-adds or in
//! a product of two 1024 x 1024 matrices by the `gemm` crate, whichever was more.

use std::process::ExitCode;

use nn::{
    Activation, Adam, AdamConfig, Head, HeadInputs, Initialization, MlpShape, Model, Pool, Tile,
    Workspace, clip_gradient_norm,
};
use serde_json::{Value, json};

#[path = "support/speed.rs"]
mod speed;

use speed::{report, timed};

const HIDDEN: usize = 64;

/// Batch, observations, actions.
const CASES: [(usize, usize, usize); 5] = [
    (64, 8, 4),
    (256, 8, 4),
    (4096, 8, 4),
    (256, 4, 2),
    (1024, 24, 5),
];

fn main() -> ExitCode {
    speed::program(|peak, pool| {
        CASES
            .iter()
            .map(|case| measure(*case, peak, pool))
            .collect()
    })
}

/// A minibatch as PPO has it.
struct Batch {
    observations: Vec<f32>,
    rows: Vec<u32>,
    actions: Vec<f32>,
    old_log_probs: Vec<f32>,
    advantages: Vec<f32>,
    returns: Vec<f32>,
}

impl Batch {
    fn new(n: usize, n_observations: usize, n_actions: usize) -> Batch {
        let mut rng = mdp::Seed(0).stream("batch", n as u64);
        let mut normals =
            |n: usize| -> Vec<f32> { (0..n).map(|_| mdp::normal(&mut rng) as f32).collect() };
        Batch {
            observations: normals(n * n_observations),
            // 7919 is prime, so this is every row once, in no order.
            rows: (0..n).map(|i| (i * 7919 % n) as u32).collect(),
            actions: (0..n).map(|i| (i % n_actions) as f32).collect(),
            old_log_probs: vec![-(n_actions as f32).ln(); n],
            advantages: normals(n),
            returns: normals(n),
        }
    }
}

/// The clipped surrogate (0.2), the value loss (0.5) and the entropy bonus (0.01), a mean over the batch.
fn ppo_loss(batch: &Batch, head: &Head, tile: Tile<'_>) {
    const MOST: usize = 64;
    let n = tile.rows.len();
    let (mut actions, mut ratios) = ([0.0; MOST], [0.0; MOST]);
    let (mut log_probs, mut entropies) = ([0.0; MOST], [0.0; MOST]);
    let (mut d_log_probs, mut d_entropies) = ([0.0; MOST], [0.0; MOST]);
    let stride = tile.outputs.len() / n;
    let weight = 1.0 / batch.rows.len() as f32;
    for (action, row) in actions.iter_mut().zip(tile.rows) {
        *action = batch.actions[*row as usize];
    }
    let inputs = HeadInputs {
        outputs: tile.outputs,
        stride,
        latent: tile.latent,
        free: &[],
    };
    head.evaluate(
        &inputs,
        &actions[..n],
        &mut log_probs[..n],
        &mut entropies[..n],
    );
    for (r, row) in tile.rows.iter().enumerate() {
        ratios[r] = log_probs[r] - batch.old_log_probs[*row as usize];
    }
    nn::exp(&mut ratios[..n]);
    for (r, row) in tile.rows.iter().enumerate() {
        let advantage = batch.advantages[*row as usize];
        let (plain, clipped) = (ratios[r] * advantage, ratios[r].clamp(0.8, 1.2) * advantage);
        d_log_probs[r] = if plain <= clipped {
            -plain * weight
        } else {
            0.0
        };
        d_entropies[r] = -0.01 * weight;
        let value = r * stride + stride - 1;
        tile.d_outputs[value] = weight * (tile.outputs[value] - batch.returns[*row as usize]);
    }
    head.backward(
        &inputs,
        &actions[..n],
        &d_log_probs[..n],
        &d_entropies[..n],
        tile.d_outputs,
        tile.d_free,
    );
}

fn measure(
    (batch_size, n_observations, n_actions): (usize, usize, usize),
    peak: f64,
    pool: &Pool,
) -> Value {
    let shape = |outputs| MlpShape {
        inputs: n_observations,
        hidden: vec![HIDDEN, HIDDEN],
        outputs,
        activation: Activation::Tanh,
    };
    let begin = |output_gain| Initialization::Orthogonal {
        hidden_gain: 2.0_f32.sqrt(),
        output_gain,
    };
    let networks = [(shape(n_actions), begin(0.01)), (shape(1), begin(1.0))];
    let mut model = Model::new(&networks, &[], &mut mdp::Seed(0).stream("weights", 0));
    let batch = Batch::new(batch_size, n_observations, n_actions);
    let head = Head::Categorical { n_actions };
    let mut gradient = vec![0.0; model.parameters().len()];
    let mut adam = Adam::new(gradient.len(), AdamConfig::adam(1e-5));
    let mut workspace = Workspace::new();
    let loss = |tile: Tile<'_>, (): &mut ()| ppo_loss(&batch, &head, tile);
    let seconds = timed(|| {
        model.gradient(
            &batch.observations,
            &batch.rows,
            &loss,
            &mut gradient,
            &mut workspace,
            pool,
        );
        clip_gradient_norm(&mut gradient, 0.5);
        adam.step(model.parameters_mut(), &gradient, 3e-4);
    });
    let n_operations = batch_size as f64 * model.shapes().map(operations).sum::<f64>();
    let mut found = report(&seconds, n_operations, peak);
    found["batch"] = json!(batch_size);
    found["networks"] = json!([layers(n_observations, n_actions), layers(n_observations, 1)]);
    found
}

fn layers(inputs: usize, outputs: usize) -> String {
    format!("{inputs}-{HIDDEN}-{HIDDEN}-{outputs}")
}

/// Multiplications and additions of one row in matrix products: two for each weight forward, two for its gradient, and
/// two to go back beyond it, which nobody needs in the first layer.
fn operations(shape: &MlpShape) -> f64 {
    let widths = [&[shape.inputs][..], &shape.hidden, &[shape.outputs]].concat();
    let weights: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
    (6 * weights - 2 * widths[0] * widths[1]) as f64
}
