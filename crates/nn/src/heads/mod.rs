//! What a network's outputs say about actions: distributions, and their derivatives.

mod categorical;
mod gaussian;
mod state_dependent;
#[cfg(test)]
mod tests;

use mdp::Rng;

use crate::kernels::kernels;

/// Rows that are worked on together, so that intermediate numbers fit on the stack.
const CHUNK: usize = 64;

/// One number per row of a chunk.
type Column = [f32; CHUNK];

/// `ln √(2π)`.
const HALF_LN_2_PI: f32 = 0.918_938_5;

/// A distribution over actions whose parameters are the first outputs of a network, and its free parameters.
///
/// An action is a row of `f32`: the index for one discrete action, one index per part for several, the numbers
/// themselves for continuous ones.
///
/// # Design
///
/// One closed enum instead of a trait: the choice is made once per batch, an algorithm holds a `Head` without becoming
/// generic, and a run's configuration can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// One of `n_actions` actions, with logits.
    Categorical {
        /// How many actions, at least 1.
        n_actions: usize,
    },
    /// Several independent choices, their logits one after the other.
    MultiDiscrete {
        /// Actions of each part, each at least 1.
        sizes: Vec<usize>,
    },
    /// Independent normal numbers: the outputs are the means, the free parameters the logarithms of the standard
    /// deviations, the same in every state.
    Gaussian {
        /// Numbers in one action.
        n_actions: usize,
    },
    /// Hyperbolic tangents of such numbers, so that actions lie within ±1. Log-probabilities are of the squashed
    /// action. There is no closed form of the entropy; `-log_prob` of the action stands for it, an estimate without
    /// bias whose gradient is that of the estimate.
    SquashedGaussian {
        /// Numbers in one action.
        n_actions: usize,
    },
    /// Generalised state-dependent exploration (Raffin, Kober and Stulp, 2021): the outputs are the means; the noise
    /// is the latent times a matrix `[n_latents, n_actions]` that is drawn seldom, with the standard deviations
    /// `exp(free)`, `[n_latents, n_actions]`. So the action is normal with variance
    /// `Σ_j latent_j² exp(2 free_ja) + 1e-6`. No gradient goes into the latent.
    ///
    /// As `StateDependentNoiseDistribution` of Stable-Baselines3 2.x (`common/distributions.py`) with
    /// `full_std=True, use_expln=False, squash_output=False, learn_features=False`, what its PPO uses.
    StateDependent {
        /// Numbers in one action.
        n_actions: usize,
        /// Width of the latent, [`Model::n_latents`](crate::Model::n_latents).
        n_latents: usize,
    },
}

/// What the distributions of a batch are made of.
#[derive(Clone, Copy, Debug)]
pub struct HeadInputs<'a> {
    /// Output rows of a network; the head's are the first [`Head::n_outputs`] numbers of each.
    pub outputs: &'a [f32],
    /// Distance between the beginnings of two output rows, such as `Model::n_outputs`.
    pub stride: usize,
    /// `[rows, n_latents]` for [`Head::StateDependent`]; others do not look.
    pub latent: &'a [f32],
    /// The free parameters, [`Head::n_free`] of them.
    pub free: &'a [f32],
}

impl Head {
    /// How many outputs of a network it reads.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        match self {
            Head::Categorical { n_actions }
            | Head::Gaussian { n_actions }
            | Head::SquashedGaussian { n_actions }
            | Head::StateDependent { n_actions, .. } => *n_actions,
            Head::MultiDiscrete { sizes } => sizes.iter().sum(),
        }
    }

    /// How many free parameters it has.
    #[must_use]
    pub fn n_free(&self) -> usize {
        match self {
            Head::Categorical { .. } | Head::MultiDiscrete { .. } => 0,
            Head::Gaussian { n_actions } | Head::SquashedGaussian { n_actions } => *n_actions,
            Head::StateDependent {
                n_actions,
                n_latents,
            } => n_actions * n_latents,
        }
    }

    /// Numbers in one action.
    #[must_use]
    pub fn action_width(&self) -> usize {
        match self {
            Head::Categorical { .. } => 1,
            Head::MultiDiscrete { sizes } => sizes.len(),
            Head::Gaussian { n_actions }
            | Head::SquashedGaussian { n_actions }
            | Head::StateDependent { n_actions, .. } => *n_actions,
        }
    }

    /// Numbers in the noise that is drawn seldom and kept between actions; zero for all but
    /// [`Head::StateDependent`], whose noise is a matrix `[n_latents, n_actions]`.
    #[must_use]
    pub fn n_noise(&self) -> usize {
        match self {
            Head::StateDependent { .. } => self.n_free(),
            _ => 0,
        }
    }

    /// Draws the noise of one environment, [`Head::n_noise`] numbers.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit the head.
    pub fn draw_noise(&self, free: &[f32], noise: &mut [f32], rng: &mut Rng) {
        assert_eq!(noise.len(), self.n_noise(), "noise of the head's size");
        if let Head::StateDependent { .. } = self {
            state_dependent::draw_noise(free, noise, rng);
        }
    }

    /// Draws the action of row `row`. `noise` is that of the row's environment, from [`Head::draw_noise`].
    ///
    /// [`Head::evaluate`] gives its log-probability. With [`Head::StateDependent`] the action is certain once noise
    /// and state are, and its log-probability is that over the draw of the noise.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit the head.
    pub fn sample(
        &self,
        inputs: &HeadInputs<'_>,
        row: usize,
        noise: &[f32],
        action: &mut [f32],
        rng: &mut Rng,
    ) {
        assert_eq!(
            action.len(),
            self.action_width(),
            "an action of the head's width"
        );
        assert_eq!(noise.len(), self.n_noise(), "noise of the head's size");
        let outputs = &inputs.outputs[row * inputs.stride..][..self.n_outputs()];
        match self {
            Head::Categorical { .. } => action[0] = categorical::sample(outputs, rng) as f32,
            Head::MultiDiscrete { sizes } => {
                let mut first = 0;
                for (action, size) in action.iter_mut().zip(sizes) {
                    *action = categorical::sample(&outputs[first..first + size], rng) as f32;
                    first += size;
                }
            }
            Head::Gaussian { .. } => gaussian::sample(outputs, inputs.free, action, rng),
            Head::SquashedGaussian { .. } => {
                gaussian::sample(outputs, inputs.free, action, rng);
                kernels().tanh(action);
            }
            Head::StateDependent { n_latents, .. } => {
                let latent = &inputs.latent[row * n_latents..][..*n_latents];
                state_dependent::sample(outputs, latent, noise, action);
            }
        }
    }

    /// The most likely action of row `row`: what the greedy policy does. For [`Head::SquashedGaussian`] it is the
    /// hyperbolic tangent of the mean, the median of each number.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit the head.
    pub fn mode(&self, inputs: &HeadInputs<'_>, row: usize, action: &mut [f32]) {
        assert_eq!(
            action.len(),
            self.action_width(),
            "an action of the head's width"
        );
        let outputs = &inputs.outputs[row * inputs.stride..][..self.n_outputs()];
        match self {
            Head::Categorical { .. } => action[0] = categorical::mode(outputs) as f32,
            Head::MultiDiscrete { sizes } => {
                let mut first = 0;
                for (action, size) in action.iter_mut().zip(sizes) {
                    *action = categorical::mode(&outputs[first..first + size]) as f32;
                    first += size;
                }
            }
            Head::Gaussian { .. } | Head::StateDependent { .. } => action.copy_from_slice(outputs),
            Head::SquashedGaussian { .. } => {
                action.copy_from_slice(outputs);
                kernels().tanh(action);
            }
        }
    }

    /// Log-probabilities (densities for continuous actions) of `actions`, `[rows, action_width]`, and entropies, in
    /// nats, one of each for every row.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit, or a discrete action is not one of the head's.
    pub fn evaluate(
        &self,
        inputs: &HeadInputs<'_>,
        actions: &[f32],
        log_probs: &mut [f32],
        entropies: &mut [f32],
    ) {
        let n_rows = log_probs.len();
        self.check(inputs, actions, n_rows);
        assert_eq!(entropies.len(), n_rows, "an entropy for every row");
        for first in (0..n_rows).step_by(CHUNK) {
            let chunk = self.chunk(inputs, actions, first, n_rows);
            let mut values = Values::default();
            self.evaluate_chunk(&chunk, &mut values);
            log_probs[first..first + chunk.rows].copy_from_slice(&values.log_prob[..chunk.rows]);
            entropies[first..first + chunk.rows].copy_from_slice(&values.entropy[..chunk.rows]);
        }
    }

    /// The chain rule through [`Head::evaluate`]: adds to `d_outputs`, which is laid out as `inputs.outputs`, and to
    /// `d_free`, given the derivative of a loss with respect to every row's log-probability and entropy.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit, or a discrete action is not one of the head's.
    pub fn backward(
        &self,
        inputs: &HeadInputs<'_>,
        actions: &[f32],
        d_log_probs: &[f32],
        d_entropies: &[f32],
        d_outputs: &mut [f32],
        d_free: &mut [f32],
    ) {
        let n_rows = d_log_probs.len();
        self.check(inputs, actions, n_rows);
        assert_eq!(d_entropies.len(), n_rows, "a derivative for every row");
        assert_eq!(
            d_outputs.len(),
            inputs.outputs.len(),
            "a derivative for every output"
        );
        assert_eq!(
            d_free.len(),
            self.n_free(),
            "a derivative for every free parameter"
        );
        for first in (0..n_rows).step_by(CHUNK) {
            let chunk = self.chunk(inputs, actions, first, n_rows);
            let mut given = Values::default();
            given.log_prob[..chunk.rows].copy_from_slice(&d_log_probs[first..][..chunk.rows]);
            given.entropy[..chunk.rows].copy_from_slice(&d_entropies[first..][..chunk.rows]);
            let d_outputs = &mut d_outputs[first * inputs.stride..];
            self.backward_chunk(&chunk, &given, d_outputs, d_free);
        }
    }

    fn evaluate_chunk(&self, chunk: &Chunk<'_>, values: &mut Values) {
        match self {
            Head::Categorical { n_actions } => {
                categorical::evaluate(chunk, 0, 0, *n_actions, values)
            }
            Head::MultiDiscrete { sizes } => {
                let mut first = 0;
                for (part, size) in sizes.iter().enumerate() {
                    categorical::evaluate(chunk, part, first, *size, values);
                    first += size;
                }
            }
            Head::Gaussian { n_actions } => gaussian::evaluate(chunk, *n_actions, values),
            Head::SquashedGaussian { n_actions } => {
                gaussian::evaluate_squashed(chunk, *n_actions, values);
            }
            Head::StateDependent {
                n_actions,
                n_latents,
            } => {
                state_dependent::evaluate(chunk, *n_actions, *n_latents, values);
            }
        }
    }

    fn backward_chunk(
        &self,
        chunk: &Chunk<'_>,
        given: &Values,
        d_outputs: &mut [f32],
        d_free: &mut [f32],
    ) {
        match self {
            Head::Categorical { n_actions } => {
                categorical::backward(chunk, 0, 0, *n_actions, given, d_outputs);
            }
            Head::MultiDiscrete { sizes } => {
                let mut first = 0;
                for (part, size) in sizes.iter().enumerate() {
                    categorical::backward(chunk, part, first, *size, given, d_outputs);
                    first += size;
                }
            }
            Head::Gaussian { n_actions } => {
                gaussian::backward(chunk, *n_actions, given, d_outputs, d_free);
            }
            Head::SquashedGaussian { n_actions } => {
                gaussian::backward_squashed(chunk, *n_actions, given, d_outputs, d_free);
            }
            Head::StateDependent {
                n_actions,
                n_latents,
            } => {
                state_dependent::backward(chunk, *n_actions, *n_latents, given, d_outputs, d_free);
            }
        }
    }

    fn check(&self, inputs: &HeadInputs<'_>, actions: &[f32], n_rows: usize) {
        assert_eq!(
            actions.len(),
            n_rows * self.action_width(),
            "an action for every row"
        );
        assert_eq!(
            inputs.free.len(),
            self.n_free(),
            "the head's free parameters"
        );
        assert!(
            self.n_outputs() <= inputs.stride,
            "the head's outputs fit an output row"
        );
        assert_eq!(
            inputs.outputs.len(),
            n_rows * inputs.stride,
            "an output row for every row"
        );
        if let Head::StateDependent { n_latents, .. } = self {
            assert_eq!(
                inputs.latent.len(),
                n_rows * n_latents,
                "a latent for every row"
            );
        }
    }

    fn chunk<'a>(
        &self,
        inputs: &HeadInputs<'a>,
        actions: &'a [f32],
        first: usize,
        n_rows: usize,
    ) -> Chunk<'a> {
        let latent_row = match self {
            Head::StateDependent { n_latents, .. } => *n_latents,
            _ => 0,
        };
        Chunk {
            rows: CHUNK.min(n_rows - first),
            outputs: &inputs.outputs[first * inputs.stride..],
            stride: inputs.stride,
            latent: inputs.latent.get(first * latent_row..).unwrap_or_default(),
            free: inputs.free,
            actions: &actions[first * self.action_width()..],
            action_width: self.action_width(),
        }
    }
}

/// At most [`CHUNK`] rows of a batch.
struct Chunk<'a> {
    rows: usize,
    outputs: &'a [f32],
    stride: usize,
    latent: &'a [f32],
    free: &'a [f32],
    actions: &'a [f32],
    action_width: usize,
}

impl Chunk<'_> {
    /// Column `j` of the outputs; zero beyond the last row.
    fn output(&self, j: usize) -> Column {
        column(&self.outputs[j..], self.stride, self.rows)
    }

    /// Column `j` of the actions; zero beyond the last row.
    fn action(&self, j: usize) -> Column {
        column(&self.actions[j..], self.action_width, self.rows)
    }
}

fn column(from: &[f32], stride: usize, rows: usize) -> Column {
    let mut column = [0.0; CHUNK];
    for (to, from) in column
        .iter_mut()
        .zip(from.iter().step_by(stride))
        .take(rows)
    {
        *to = *from;
    }
    column
}

/// Adds a column to every `stride`-th number.
fn add_column(to: &mut [f32], stride: usize, rows: usize, column: &Column) {
    for (to, from) in to.iter_mut().step_by(stride).zip(column).take(rows) {
        *to += from;
    }
}

/// A log-probability and an entropy, or derivatives with respect to them, for each row of a chunk.
struct Values {
    log_prob: Column,
    entropy: Column,
}

impl Default for Values {
    fn default() -> Values {
        Values {
            log_prob: [0.0; CHUNK],
            entropy: [0.0; CHUNK],
        }
    }
}

/// The exponential of one number, the same as in a batch.
fn exp(value: f32) -> f32 {
    let mut values = [value];
    kernels().exp(&mut values);
    values[0]
}
