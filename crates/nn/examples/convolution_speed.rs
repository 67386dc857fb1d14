//! How long one Adam step and one forward pass of a network of 3 x 3 convolutions take, and how far that is from what the
//! machine can do.
//!
//! ```text
//! cargo run --release -p nn --example convolution_speed -- --threads 2
//! ```
//!
//! The networks are those of procedure cloning: 16 x 16 maps of 8 channels, hidden layers of 32 channels or the published
//! 128, 128, 256, 256, and 5 labels for each cell. A step is what its training does with a batch: forward pass, softmax
//! cross-entropy of every cell, backward pass, Adam. Prints one JSON object: seconds (median and least), the rate of
//! multiplications and additions in convolutions alone, zeros beyond the edge included, and its share of the most that the
//! same threads did in a plain loop of fused multiply-adds or in a product of two 1024 x 1024 matrices by the `gemm` crate.

use std::process::ExitCode;

use nn::{
    Adam, AdamConfig, Initialization, MapModel, MapNetwork, MapShape, MapTile, MapWorkspace, Pool,
};
use serde_json::{Value, json};

#[path = "support/speed.rs"]
mod speed;

use speed::{report, timed};

const INPUT: MapShape = MapShape {
    height: 16,
    width: 16,
    channels: 8,
};
const N_LABELS: usize = 5;

/// Batch, and channels that come out of each layer.
const CASES: [(usize, &[usize]); 3] = [
    (32, &[32, 32, N_LABELS]),
    (256, &[32, 32, N_LABELS]),
    (32, &[128, 128, 256, 256, N_LABELS]),
];

fn main() -> ExitCode {
    speed::program(|peak, pool| {
        CASES
            .iter()
            .map(|(batch, channels)| measure(*batch, channels, peak, pool))
            .collect()
    })
}

fn measure(batch: usize, channels: &[usize], peak: f64, pool: &Pool) -> Value {
    let network = MapNetwork::cells(INPUT, 3, channels);
    let mut rng = mdp::Seed(0).stream("weights", 0);
    let mut model = MapModel::new(network.clone(), &Initialization::He, &mut rng);
    let mut numbers = mdp::Seed(0).stream("inputs", 0);
    let inputs: Vec<f32> = (0..batch * model.n_inputs())
        .map(|_| mdp::index(2, &mut numbers) as f32)
        .collect();
    let labels: Vec<usize> = (0..batch * INPUT.height * INPUT.width)
        .map(|_| mdp::index(N_LABELS, &mut numbers))
        .collect();
    let rows: Vec<u32> = (0..batch as u32).collect();
    let mut outputs = vec![0.0; batch * model.n_outputs()];
    let mut gradient = vec![0.0; model.parameters().len()];
    let mut adam = Adam::new(gradient.len(), AdamConfig::adam(1e-8));
    let mut workspace = MapWorkspace::new();
    let forward = timed(|| model.forward(&inputs, &mut outputs, &mut workspace, pool));
    let loss = |tile: MapTile<'_>, (): &mut ()| cross_entropy(tile, &labels);
    let step = timed(|| {
        model.gradient(&inputs, &rows, &loss, &mut gradient, &mut workspace, pool);
        adam.step(model.parameters_mut(), &gradient, 3e-4);
    });
    let (of_forward, of_step) = network.n_operations();
    json!({
        "batch": batch,
        "channels": channels,
        "parameters": gradient.len(),
        "forward": report(&forward, batch as f64 * of_forward, peak),
        "step": report(&step, batch as f64 * of_step, peak),
    })
}

/// The mean over batch and cells of the cross-entropy between what the network says and the labels.
fn cross_entropy(tile: MapTile<'_>, labels: &[usize]) {
    let n_cells = tile.outputs.len() / tile.rows.len() / N_LABELS;
    let weight = 1.0 / labels.len() as f32;
    for (row, (outputs, d_outputs)) in tile.rows.iter().zip(
        tile.outputs
            .chunks_exact(n_cells * N_LABELS)
            .zip(tile.d_outputs.chunks_exact_mut(n_cells * N_LABELS)),
    ) {
        for (d, scores) in d_outputs
            .chunks_exact_mut(N_LABELS)
            .zip(outputs.chunks_exact(N_LABELS))
        {
            let most = scores.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
            for (d, score) in d.iter_mut().zip(scores) {
                *d = score - most;
            }
        }
        nn::exp(d_outputs);
        let labels = &labels[*row as usize * n_cells..][..n_cells];
        for (d, label) in d_outputs.chunks_exact_mut(N_LABELS).zip(labels) {
            let scale = weight / d.iter().sum::<f32>();
            d.iter_mut().for_each(|d| *d *= scale);
            d[*label] -= weight;
        }
    }
}
