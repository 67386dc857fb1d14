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

#![expect(
    clippy::print_stdout,
    reason = "a program whose result is what it prints"
)]

use std::process::ExitCode;
use std::time::Instant;

use nn::{
    Adam, AdamConfig, Initialization, MapModel, MapNetwork, MapShape, MapTile, MapWorkspace, Pool,
    instruction_set,
};
use serde_json::{Value, json};

#[path = "support/peak.rs"]
mod peak;

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

/// Time given to each measurement.
const SECONDS: f64 = 1.0;

fn main() -> ExitCode {
    let n_threads = match threads(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(n_threads) => n_threads,
        Err(message) => {
            eprintln(&message);
            return ExitCode::from(2);
        }
    };
    let pool = Pool::new(n_threads);
    let (fma, gemm) = (peak::fma_gflops(&pool), peak::gemm_gflops(n_threads));
    let peak = fma.max(gemm);
    let results: Vec<Value> = CASES
        .iter()
        .map(|(batch, channels)| measure(*batch, channels, peak, &pool))
        .collect();
    let report = json!({
        "instruction_set": instruction_set(),
        "threads": n_threads,
        "fma_loop_gflops": fma,
        "gemm_1024_gflops": gemm,
        "peak_gflops": peak,
        "results": results,
    });
    println!("{report}");
    ExitCode::SUCCESS
}

#[expect(
    clippy::print_stderr,
    reason = "a message to whoever called the program"
)]
fn eprintln(message: &str) {
    eprintln!("{message}");
}

fn threads(arguments: &[String]) -> Result<usize, String> {
    match arguments {
        [] => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        [flag, n] if flag == "--threads" => match n.parse() {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(format!("`{n}` is no number of threads; say 1 or more")),
        },
        _ => Err(format!(
            "`{}` is not understood; say --threads N",
            arguments.join(" ")
        )),
    }
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

fn report(seconds: &[f64], n_operations: f64, peak: f64) -> Value {
    let (median, least) = (seconds[seconds.len() / 2], seconds[0]);
    let gflops = 1e-9 * n_operations / median;
    json!({
        "seconds": median,
        "least_seconds": least,
        "times": seconds.len(),
        "gflops": gflops,
        "share_of_peak": gflops / peak,
        "share_of_peak_at_least_seconds": gflops / peak * median / least,
    })
}

/// Seconds of each of many calls, sorted.
fn timed(mut call: impl FnMut()) -> Vec<f64> {
    let mut seconds = vec![];
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < SECONDS || seconds.len() < 20 {
        let began = Instant::now();
        call();
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    seconds
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
