//! Generalised state-dependent exploration.

use mdp::Rng;

use super::{CHUNK, Chunk, Column, HALF_LN_2_PI, Values, add_column, exp};
use crate::kernels::kernels;

/// Added to the variance, as in Stable-Baselines3.
const LEAST_VARIANCE: f32 = 1e-6;

/// Latents that are worked on together.
const LATENTS: usize = 64;

/// Normal numbers times `exp(log_std)`.
pub(super) fn draw_noise(log_stds: &[f32], noise: &mut [f32], rng: &mut Rng) {
    for (noise, log_std) in noise.iter_mut().zip(log_stds) {
        *noise = exp(*log_std) * mdp::normal(rng) as f32;
    }
}

/// `mean + latent · noise`.
pub(super) fn sample(means: &[f32], latent: &[f32], noise: &[f32], action: &mut [f32]) {
    action.copy_from_slice(means);
    for (latent, noise) in latent.iter().zip(noise.chunks_exact(means.len())) {
        for (action, noise) in action.iter_mut().zip(noise) {
            *action += latent * noise;
        }
    }
}

/// `exp(2 log_std)` of action `a` for up to [`LATENTS`] latents from `first` on.
fn squared_stds(
    chunk: &Chunk<'_>,
    a: usize,
    n_actions: usize,
    n_latents: usize,
    first: usize,
) -> ([f32; LATENTS], usize) {
    let n = LATENTS.min(n_latents - first);
    let mut squares = [0.0; LATENTS];
    for (j, square) in squares[..n].iter_mut().enumerate() {
        *square = 2.0 * chunk.free[(first + j) * n_actions + a];
    }
    kernels().exp(&mut squares[..n]);
    (squares, n)
}

/// `Σ_j latent_j² std_ja² + 1e-6` for every row.
fn variances(chunk: &Chunk<'_>, a: usize, n_actions: usize, n_latents: usize) -> Column {
    let mut variance = [LEAST_VARIANCE; CHUNK];
    for first in (0..n_latents).step_by(LATENTS) {
        let (squares, n) = squared_stds(chunk, a, n_actions, n_latents, first);
        let latent_rows = chunk.latent.chunks_exact(n_latents);
        for (variance, latent) in variance.iter_mut().zip(latent_rows).take(chunk.rows) {
            *variance += weighted_squares(&latent[first..first + n], &squares[..n]);
        }
    }
    variance
}

/// `Σ latent² weight`, in eight running sums that the compiler may keep in vectors.
fn weighted_squares(latent: &[f32], weights: &[f32]) -> f32 {
    const SUMS: usize = 8;
    let mut sums = [0.0; SUMS];
    let (latents, latent_rest) = latent.as_chunks::<SUMS>();
    let (weights, weight_rest) = weights.as_chunks::<SUMS>();
    for (latent, weight) in latents.iter().zip(weights) {
        for i in 0..SUMS {
            sums[i] += latent[i] * latent[i] * weight[i];
        }
    }
    let rest = latent_rest.iter().zip(weight_rest);
    sums.iter().sum::<f32>()
        + rest
            .map(|(latent, weight)| latent * latent * weight)
            .sum::<f32>()
}

/// The normal density and entropy with those variances.
pub(super) fn evaluate(chunk: &Chunk<'_>, n_actions: usize, n_latents: usize, values: &mut Values) {
    for a in 0..n_actions {
        let variance = variances(chunk, a, n_actions, n_latents);
        let mut ln_variance = variance;
        kernels().ln(&mut ln_variance);
        let (means, actions) = (chunk.output(a), chunk.action(a));
        for r in 0..CHUNK {
            let difference = actions[r] - means[r];
            let half_ln = 0.5 * ln_variance[r] + HALF_LN_2_PI;
            values.log_prob[r] -= 0.5 * difference * difference / variance[r] + half_ln;
            values.entropy[r] += half_ln + 0.5;
        }
    }
}

/// `d log p / d mean = diff / var`, `d log p / d var = ½ (diff² / var - 1) / var`, `d H / d var = ½ / var`, and
/// `d var / d log_std_ja = 2 latent_j² std_ja²`.
pub(super) fn backward(
    chunk: &Chunk<'_>,
    n_actions: usize,
    n_latents: usize,
    given: &Values,
    d_outputs: &mut [f32],
    d_free: &mut [f32],
) {
    for a in 0..n_actions {
        let variance = variances(chunk, a, n_actions, n_latents);
        let (means, actions) = (chunk.output(a), chunk.action(a));
        let (mut d_mean, mut d_variance) = ([0.0; CHUNK], [0.0; CHUNK]);
        for r in 0..CHUNK {
            let precision = 1.0 / variance[r];
            let scaled = (actions[r] - means[r]) * precision;
            d_mean[r] = given.log_prob[r] * scaled;
            let d_log_prob = scaled * scaled - precision;
            d_variance[r] = 0.5 * (given.log_prob[r] * d_log_prob + given.entropy[r] * precision);
        }
        add_column(&mut d_outputs[a..], chunk.stride, chunk.rows, &d_mean);
        for first in (0..n_latents).step_by(LATENTS) {
            let (squares, n) = squared_stds(chunk, a, n_actions, n_latents, first);
            let mut sums = [0.0; LATENTS];
            let latent_rows = chunk.latent.chunks_exact(n_latents);
            for (d_variance, latent) in d_variance.iter().zip(latent_rows).take(chunk.rows) {
                for (sum, latent) in sums.iter_mut().zip(&latent[first..first + n]) {
                    *sum += d_variance * latent * latent;
                }
            }
            for j in 0..n {
                d_free[(first + j) * n_actions + a] += 2.0 * squares[j] * sums[j];
            }
        }
    }
}
