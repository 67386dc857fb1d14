//! One of several actions, by the softmax of logits.

use mdp::Rng;

use super::{CHUNK, Chunk, Column, Values, add_column};
use crate::kernels::kernels;

/// The softmax of each row: `p_j = exp(z_j - max) / sum`.
struct Softmax {
    max: Column,
    sum: Column,
    ln_sum: Column,
    /// `Σ_j exp(z_j - max) (z_j - max)`.
    weighted: Column,
}

/// The logits of a part begin at output `first`; `n` is how many there are.
fn softmax(chunk: &Chunk<'_>, first: usize, n: usize) -> Softmax {
    let mut max = [f32::NEG_INFINITY; CHUNK];
    for j in first..first + n {
        for (max, logit) in max.iter_mut().zip(chunk.output(j)) {
            *max = if *max < logit { logit } else { *max };
        }
    }
    let (mut sum, mut weighted) = ([0.0; CHUNK], [0.0; CHUNK]);
    for j in first..first + n {
        let (below, power) = powers(chunk, j, &max);
        for r in 0..CHUNK {
            sum[r] += power[r];
            weighted[r] += power[r] * below[r];
        }
    }
    let mut ln_sum = sum;
    kernels().ln(&mut ln_sum);
    Softmax {
        max,
        sum,
        ln_sum,
        weighted,
    }
}

/// `z_j - max` and its exponential.
fn powers(chunk: &Chunk<'_>, j: usize, max: &Column) -> (Column, Column) {
    let mut below = chunk.output(j);
    for (below, max) in below.iter_mut().zip(max) {
        *below -= max;
    }
    let mut power = below;
    kernels().exp(&mut power);
    (below, power)
}

/// The indices of the actions of one part.
fn indices(chunk: &Chunk<'_>, part: usize, n: usize) -> [usize; CHUNK] {
    let mut indices = [0; CHUNK];
    let actions = chunk.action(part);
    for (index, action) in indices.iter_mut().zip(&actions[..chunk.rows]) {
        *index = *action as usize;
        assert!(
            *index < n && *index as f32 == *action,
            "action {action} is not one of 0 to {}",
            n - 1
        );
    }
    indices
}

/// `log p_a = z_a - max - ln sum` and `H = ln sum - Σ p_j (z_j - max)`, added to the values.
pub(super) fn evaluate(
    chunk: &Chunk<'_>,
    part: usize,
    first: usize,
    n: usize,
    values: &mut Values,
) {
    let softmax = softmax(chunk, first, n);
    let indices = indices(chunk, part, n);
    for (r, index) in indices.into_iter().enumerate().take(chunk.rows) {
        let logit = chunk.outputs[r * chunk.stride + first + index];
        values.log_prob[r] += logit - softmax.max[r] - softmax.ln_sum[r];
        values.entropy[r] += softmax.ln_sum[r] - softmax.weighted[r] / softmax.sum[r];
    }
}

/// `d log p_a / d z_j = [j = a] - p_j` and `d H / d z_j = -p_j (log p_j + H)`.
pub(super) fn backward(
    chunk: &Chunk<'_>,
    part: usize,
    first: usize,
    n: usize,
    given: &Values,
    d_outputs: &mut [f32],
) {
    let softmax = softmax(chunk, first, n);
    let mut inverse_sum = softmax.sum;
    let mut entropy_less_ln_sum = softmax.weighted;
    for r in 0..CHUNK {
        inverse_sum[r] = 1.0 / softmax.sum[r];
        entropy_less_ln_sum[r] *= -inverse_sum[r];
    }
    for j in first..first + n {
        let (below, power) = powers(chunk, j, &softmax.max);
        let mut d = [0.0; CHUNK];
        for r in 0..CHUNK {
            // log p_j + H = below - ln sum + ln sum - Σ p (z - max)
            let log_prob_and_entropy = below[r] + entropy_less_ln_sum[r];
            let slope = given.log_prob[r] + given.entropy[r] * log_prob_and_entropy;
            d[r] = -power[r] * inverse_sum[r] * slope;
        }
        add_column(&mut d_outputs[j..], chunk.stride, chunk.rows, &d);
    }
    for (r, index) in indices(chunk, part, n)
        .into_iter()
        .enumerate()
        .take(chunk.rows)
    {
        d_outputs[r * chunk.stride + first + index] += given.log_prob[r];
    }
}

/// Draws an index: the first whose cumulated probability exceeds a uniform number.
pub(super) fn sample(logits: &[f32], rng: &mut Rng) -> usize {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = |chunk: &[f32]| {
        let mut powers = [0.0; CHUNK];
        for (power, logit) in powers.iter_mut().zip(chunk) {
            *power = logit - max;
        }
        kernels().exp(&mut powers[..chunk.len()]);
        powers
    };
    let sum: f64 = logits
        .chunks(CHUNK)
        .map(|chunk| {
            powers(chunk)[..chunk.len()]
                .iter()
                .map(|p| f64::from(*p))
                .sum::<f64>()
        })
        .sum();
    let mut left = mdp::uniform(rng) * sum;
    for (i, chunk) in logits.chunks(CHUNK).enumerate() {
        for (j, power) in powers(chunk)[..chunk.len()].iter().enumerate() {
            if left < f64::from(*power) {
                return i * CHUNK + j;
            }
            left -= f64::from(*power);
        }
    }
    // Rounding left a sliver, or the logits are not numbers.
    mode(logits)
}

/// The index of the largest logit, the first of several.
pub(super) fn mode(logits: &[f32]) -> usize {
    let mut best = 0;
    for (index, logit) in logits.iter().enumerate() {
        if logits[best] < *logit {
            best = index;
        }
    }
    best
}
