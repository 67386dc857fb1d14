//! The clipped surrogate of PPO on the rows that the policy chose, in a network's tiles.

use nn::{Head, HeadInputs, Statistics, Tile};
use rl::Iteration;

use super::Buffers;

/// What the loss of one minibatch is made of; slices are indexed by row.
pub(super) struct Loss<'a> {
    pub(super) head: &'a Head,
    pub(super) free: &'a [f32],
    pub(super) buffers: &'a Buffers,
    pub(super) clip: f32,
    pub(super) clip_values: bool,
    pub(super) value_coefficient: f32,
    pub(super) entropy_coefficient: f32,
    pub(super) temperature: f32,
    /// 1 over the rows of the minibatch that count: the loss is their mean.
    pub(super) weight: f32,
}

/// Sums over rows that count, for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LossSums {
    n: f64,
    policy_loss: f64,
    value_loss: f64,
    entropy: f64,
    approximate_kl: f64,
    n_clipped: f64,
}

impl Loss<'_> {
    pub(super) fn tile(&self, tile: Tile<'_>, sums: &mut LossSums) {
        let n = tile.rows.len();
        let stride = tile.outputs.len() / n;
        let width = self.head.action_width();
        let mut outputs = tile.outputs.to_vec();
        self.flatten(tile.rows, &mut outputs, stride);
        let inputs = HeadInputs {
            outputs: &outputs,
            stride,
            latent: &[],
            free: self.free,
        };
        let actions: Vec<f32> = tile
            .rows
            .iter()
            .flat_map(|row| &self.buffers.actions[*row as usize * width..][..width])
            .copied()
            .collect();
        let (mut log_probs, mut entropies) = (vec![0.0; n], vec![0.0; n]);
        self.head
            .evaluate(&inputs, &actions, &mut log_probs, &mut entropies);
        let mut ratios: Vec<f32> = (log_probs.iter().zip(tile.rows))
            .map(|(log_prob, row)| log_prob - self.buffers.log_probs[*row as usize])
            .collect();
        let log_ratios = ratios.clone();
        nn::exp(&mut ratios);
        let (mut d_log_probs, mut d_entropies) = (vec![0.0; n], vec![0.0; n]);
        for (k, row) in tile.rows.iter().enumerate() {
            let row = *row as usize;
            if !self.buffers.counts[row] {
                continue;
            }
            d_log_probs[k] = self.d_surrogate(row, log_ratios[k], ratios[k], sums);
            d_entropies[k] = -self.entropy_coefficient * self.weight;
            let value = (k + 1) * stride - 1;
            let (squared_error, d_error) = self.value_error(row, outputs[value]);
            tile.d_outputs[value] = 0.5 * self.value_coefficient * self.weight * d_error;
            sums.value_loss += f64::from(squared_error);
            sums.entropy += f64::from(entropies[k]);
        }
        self.head.backward(
            &inputs,
            &actions,
            &d_log_probs,
            &d_entropies,
            tile.d_outputs,
            tile.d_free,
        );
        // The chain rule through the division of the logits.
        self.flatten(tile.rows, tile.d_outputs, stride);
    }

    /// Divides the logits of rows near a start by the temperature.
    fn flatten(&self, rows: &[u32], outputs: &mut [f32], stride: usize) {
        flatten(
            self.head,
            self.temperature,
            |k| self.buffers.is_near[rows[k] as usize],
            outputs,
            stride,
        );
    }

    /// The derivative of the clipped surrogate loss of one row with respect to its log-probability.
    fn d_surrogate(&self, row: usize, log_ratio: f32, ratio: f32, sums: &mut LossSums) -> f32 {
        let advantage = self.buffers.advantages[row];
        let plain = ratio * advantage;
        let clipped = ratio.clamp(1.0 - self.clip, 1.0 + self.clip) * advantage;
        sums.policy_loss -= f64::from(plain.min(clipped));
        sums.approximate_kl += f64::from(ratio - 1.0 - log_ratio);
        sums.n_clipped += f64::from(u8::from((ratio - 1.0).abs() > self.clip));
        sums.n += 1.0;
        if plain <= clipped {
            -plain * self.weight
        } else {
            0.0
        }
    }

    /// The squared error of a value and its derivative; with clipping the greater of the plain and the clipped error.
    fn value_error(&self, row: usize, value: f32) -> (f32, f32) {
        let (target, old) = (self.buffers.targets[row], self.buffers.values[row]);
        let error = value - target;
        let plain = (error * error, 2.0 * error);
        if !self.clip_values {
            return plain;
        }
        let clipped = old + (value - old).clamp(-self.clip, self.clip) - target;
        if clipped * clipped <= plain.0 {
            return plain;
        }
        // The clipped value moves with the value only inside its limits.
        let moves = (value - old).abs() < self.clip;
        (clipped * clipped, if moves { 2.0 * clipped } else { 0.0 })
    }
}

/// Divides the logits of the rows that are near a start by the temperature. Continuous actions have none.
pub(super) fn flatten(
    head: &Head,
    temperature: f32,
    is_near: impl Fn(usize) -> bool,
    outputs: &mut [f32],
    stride: usize,
) {
    let has_logits = matches!(head, Head::Categorical { .. } | Head::MultiDiscrete { .. });
    if temperature == 1.0 || !has_logits {
        return;
    }
    for (k, row) in outputs.chunks_exact_mut(stride).enumerate() {
        if is_near(k) {
            for logit in &mut row[..head.n_outputs()] {
                *logit /= temperature;
            }
        }
    }
}

impl Statistics for LossSums {
    fn merge(&mut self, later: LossSums) {
        self.n += later.n;
        self.policy_loss += later.policy_loss;
        self.value_loss += later.value_loss;
        self.entropy += later.entropy;
        self.approximate_kl += later.approximate_kl;
        self.n_clipped += later.n_clipped;
    }
}

impl LossSums {
    pub(super) fn report(&self, iteration: &mut Iteration) {
        if self.n == 0.0 {
            return;
        }
        iteration.policy_loss = Some(self.policy_loss / self.n);
        iteration.value_loss = Some(self.value_loss / self.n);
        iteration.entropy = Some(self.entropy / self.n);
        iteration.approximate_kl = Some(self.approximate_kl / self.n);
        iteration.clip_fraction = Some(self.n_clipped / self.n);
    }
}
