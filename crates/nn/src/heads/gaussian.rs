//! Independent normal numbers, plain and squashed.

use mdp::Rng;

use super::{CHUNK, Chunk, Column, HALF_LN_2_PI, Values, add_column, exp};
use crate::kernels::kernels;

/// Actions this close to ±1 count as this far from it, so that their inverse is finite: one unit in the last place.
const SQUASHED_LIMIT: f32 = 1.0 - f32::EPSILON;

/// `mean + exp(log_std) * normal`.
pub(super) fn sample(means: &[f32], log_stds: &[f32], action: &mut [f32], rng: &mut Rng) {
    for ((action, mean), log_std) in action.iter_mut().zip(means).zip(log_stds) {
        *action = mean + exp(*log_std) * mdp::normal(rng) as f32;
    }
}

/// Distances from the mean in standard deviations, and one over the standard deviation.
fn standardised(chunk: &Chunk<'_>, j: usize, actions: &Column) -> (Column, f32) {
    let inverse_std = exp(-chunk.free[j]);
    let mut distance = chunk.output(j);
    for (distance, action) in distance.iter_mut().zip(actions) {
        *distance = (action - *distance) * inverse_std;
    }
    (distance, inverse_std)
}

/// `log p = Σ_j -d_j²/2 - log_std_j - ln √2π` with `d = (a - mean) / std`, and `H = Σ_j log_std_j + ½ + ln √2π`.
pub(super) fn evaluate(chunk: &Chunk<'_>, n_actions: usize, values: &mut Values) {
    for j in 0..n_actions {
        add_log_density(chunk, j, &chunk.action(j), values);
        for entropy in &mut values.entropy {
            *entropy += chunk.free[j] + (0.5 + HALF_LN_2_PI);
        }
    }
}

fn add_log_density(chunk: &Chunk<'_>, j: usize, actions: &Column, values: &mut Values) {
    let (distance, _) = standardised(chunk, j, actions);
    for (log_prob, distance) in values.log_prob.iter_mut().zip(distance) {
        *log_prob += -0.5 * distance * distance - (chunk.free[j] + HALF_LN_2_PI);
    }
}

/// `d log p / d mean = d / std`, `d log p / d log_std = d² - 1`, `d H / d log_std = 1`.
pub(super) fn backward(
    chunk: &Chunk<'_>,
    n_actions: usize,
    given: &Values,
    d_outputs: &mut [f32],
    d_free: &mut [f32],
) {
    for j in 0..n_actions {
        let actions = chunk.action(j);
        backward_log_density(chunk, j, &actions, &given.log_prob, d_outputs, d_free);
        d_free[j] += given.entropy[..chunk.rows].iter().sum::<f32>();
    }
}

fn backward_log_density(
    chunk: &Chunk<'_>,
    j: usize,
    actions: &Column,
    d_log_prob: &Column,
    d_outputs: &mut [f32],
    d_free: &mut [f32],
) {
    let (distance, inverse_std) = standardised(chunk, j, actions);
    let mut d_mean = [0.0; CHUNK];
    for r in 0..CHUNK {
        d_mean[r] = d_log_prob[r] * distance[r] * inverse_std;
    }
    add_column(&mut d_outputs[j..], chunk.stride, chunk.rows, &d_mean);
    let d_log_std = |r: usize| d_log_prob[r] * (distance[r] * distance[r] - 1.0);
    d_free[j] += (0..chunk.rows).map(d_log_std).sum::<f32>();
}

/// The numbers whose hyperbolic tangents the actions are: `½ ln((1 + a) / (1 - a))`.
fn unsquashed(chunk: &Chunk<'_>, j: usize) -> Column {
    let mut quotient = chunk.action(j);
    for action in &mut quotient {
        let action_within = action.clamp(-SQUASHED_LIMIT, SQUASHED_LIMIT);
        *action = (1.0 + action_within) / (1.0 - action_within);
    }
    kernels().ln(&mut quotient);
    for value in &mut quotient {
        *value *= 0.5;
    }
    quotient
}

/// The density of the normal number less `Σ_j ln(1 - a_j² + 1e-6)`, the volume that the tangent squeezes, with the
/// guard of Stable-Baselines3; the entropy is estimated by `-log p`.
pub(super) fn evaluate_squashed(chunk: &Chunk<'_>, n_actions: usize, values: &mut Values) {
    for j in 0..n_actions {
        add_log_density(chunk, j, &unsquashed(chunk, j), values);
        let mut squeezed = chunk.action(j);
        for action in &mut squeezed {
            let within = action.clamp(-1.0, 1.0);
            *action = 1.0 - within * within + 1e-6;
        }
        kernels().ln(&mut squeezed);
        for (log_prob, squeezed) in values.log_prob.iter_mut().zip(squeezed) {
            *log_prob -= squeezed;
        }
    }
    for (entropy, log_prob) in values.entropy.iter_mut().zip(values.log_prob) {
        *entropy = -log_prob;
    }
}

/// As [`backward`] at the unsquashed action; the volume does not depend on the parameters.
pub(super) fn backward_squashed(
    chunk: &Chunk<'_>,
    n_actions: usize,
    given: &Values,
    d_outputs: &mut [f32],
    d_free: &mut [f32],
) {
    let mut d_log_prob = given.log_prob;
    for (d, d_entropy) in d_log_prob.iter_mut().zip(given.entropy) {
        *d -= d_entropy;
    }
    for j in 0..n_actions {
        let actions = unsquashed(chunk, j);
        backward_log_density(chunk, j, &actions, &d_log_prob, d_outputs, d_free);
    }
}
