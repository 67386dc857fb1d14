//! Adam, and the clipping of gradients.

#[cfg(test)]
mod tests;

use crate::kernels::{AdamStep, kernels};

/// The settings of [`Adam`] that do not change during training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay of the mean of the gradients, in `[0, 1)`.
    pub beta1: f32,
    /// Decay of the mean of the squared gradients, in `[0, 1)`.
    pub beta2: f32,
    /// Added to the root of the second moment: 1e-8 in the paper, 1e-5 in the PPO of OpenAI Baselines and its heirs.
    pub epsilon: f32,
    /// Decoupled weight decay (AdamW; Loshchilov and Hutter, 2019): each step first multiplies the parameters with
    /// `1 - learning_rate * weight_decay`. Zero is plain Adam.
    pub weight_decay: f32,
}

impl AdamConfig {
    /// Adam with the decays of the paper, 0.9 and 0.999, and the given epsilon.
    #[must_use]
    pub fn adam(epsilon: f32) -> AdamConfig {
        AdamConfig {
            beta1: 0.9,
            beta2: 0.999,
            epsilon,
            weight_decay: 0.0,
        }
    }
}

/// The optimiser of Kingma and Ba (2015), Algorithm 1, with the arithmetic of `torch.optim.Adam` and `AdamW`.
///
/// The fields are its whole state; a checkpoint that restores them continues with the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// The settings.
    pub config: AdamConfig,
    /// Running mean of the gradients, one per parameter.
    pub first_moment: Vec<f32>,
    /// Running mean of the squared gradients, one per parameter.
    pub second_moment: Vec<f32>,
    /// Steps so far.
    pub n_steps: u64,
}

impl Adam {
    /// An optimiser that has made no step yet.
    #[must_use]
    pub fn new(n_parameters: usize, config: AdamConfig) -> Adam {
        Adam {
            config,
            first_moment: vec![0.0; n_parameters],
            second_moment: vec![0.0; n_parameters],
            n_steps: 0,
        }
    }

    /// Moves the parameters one step against the gradient.
    ///
    /// # Panics
    ///
    /// If there are not as many parameters and gradients as there are moments.
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32], learning_rate: f64) {
        self.n_steps += 1;
        let config = &self.config;
        let exponent = i32::try_from(self.n_steps).unwrap_or(i32::MAX);
        let first_correction = 1.0 - f64::from(config.beta1).powi(exponent);
        let second_correction = 1.0 - f64::from(config.beta2).powi(exponent);
        let step = AdamStep {
            beta1: config.beta1,
            beta2: config.beta2,
            epsilon: config.epsilon,
            step_size: (learning_rate / first_correction) as f32,
            inverse_root_correction: second_correction.sqrt().recip() as f32,
            decay: (1.0 - learning_rate * f64::from(config.weight_decay)) as f32,
        };
        kernels().adam(
            &step,
            parameters,
            gradient,
            &mut self.first_moment,
            &mut self.second_moment,
        );
    }
}

/// Scales a gradient down so that its Euclidean norm is at most `max_norm`, and returns the norm it had.
///
/// As `torch.nn.utils.clip_grad_norm_`: the factor is `max_norm / (norm + 1e-6)` where that is below 1. A gradient that
/// is not finite is left as it is, for the caller to see by the norm.
pub fn clip_gradient_norm(gradient: &mut [f32], max_norm: f32) -> f32 {
    let norm = gradient_norm(gradient);
    let factor = max_norm / (norm + 1e-6);
    if norm.is_finite() && factor < 1.0 {
        for value in gradient {
            *value *= factor;
        }
    }
    norm
}

/// The Euclidean norm of a gradient, summed in an order that depends on its length alone.
#[must_use]
pub fn gradient_norm(gradient: &[f32]) -> f32 {
    kernels().sum_of_squares(gradient).sqrt()
}
