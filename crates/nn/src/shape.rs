//! What a multilayer perceptron looks like, and how its weights begin.

#[cfg(test)]
mod tests;

use mdp::Rng;

/// The function between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The hyperbolic tangent, within 5e-7.
    Tanh,
    /// `max(0, x)`.
    Relu,
}

/// The layers of one multilayer perceptron; the last one is linear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MlpShape {
    /// Numbers in one input row, at least 1.
    pub inputs: usize,
    /// Widths of the hidden layers, first to last, each at least 1; empty for a linear map.
    pub hidden: Vec<usize>,
    /// Numbers in one output row, at least 1.
    pub outputs: usize,
    /// What follows each hidden layer.
    pub activation: Activation,
}

impl MlpShape {
    /// Inputs and outputs of each layer, first to last.
    pub(crate) fn layers(&self) -> Vec<(usize, usize)> {
        let mut widths = vec![self.inputs];
        widths.extend(&self.hidden);
        widths.push(self.outputs);
        widths.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// Weights and biases together.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        let layers = self.layers();
        layers
            .iter()
            .map(|(inputs, outputs)| (inputs + 1) * outputs)
            .sum()
    }
}

/// How the weights of a network begin. Biases begin at zero but for [`Initialization::PyTorchDefault`].
#[derive(Clone, Debug, PartialEq)]
pub enum Initialization {
    /// Random orthogonal matrices times a gain (Saxe, McClelland and Ganguli, 2014), as policy-gradient methods use:
    /// √2 for hidden layers, 0.01 for a policy's output, 1 for a value.
    Orthogonal {
        /// The gain of every layer but the last.
        hidden_gain: f32,
        /// The gain of the last layer.
        output_gain: f32,
    },
    /// The same for a shared trunk: the outputs are cut into groups, each with an orthogonal matrix and a gain of its
    /// own, such as `[(n_actions, 0.01), (1, 1.0)]` for policy and value.
    OrthogonalGroups {
        /// The gain of every layer but the last.
        hidden_gain: f32,
        /// Outputs in the group and its gain; the sizes sum to the outputs of the network.
        groups: Vec<(usize, f32)>,
    },
    /// Normal with variance `2 / inputs` (He, Zhang, Ren and Sun, 2015), for ReLU.
    He,
    /// Weights and biases uniform within `±1 / √inputs`, what `torch.nn.Linear` does unless told otherwise.
    PyTorchDefault,
    /// All zero: the outputs begin at zero, and hidden layers do not learn until the last one has moved.
    Zero,
}

/// Fills one layer. `weights` is `[inputs, outputs]`.
pub(crate) fn initialize(
    initialization: &Initialization,
    is_last: bool,
    inputs: usize,
    weights: &mut [f32],
    biases: &mut [f32],
    rng: &mut Rng,
) {
    let outputs = biases.len();
    biases.fill(0.0);
    match initialization {
        Initialization::Orthogonal {
            hidden_gain,
            output_gain,
        } => {
            let gain = if is_last { *output_gain } else { *hidden_gain };
            orthogonal(inputs, outputs, 0..outputs, gain, weights, rng);
        }
        Initialization::OrthogonalGroups { hidden_gain, .. } if !is_last => {
            orthogonal(inputs, outputs, 0..outputs, *hidden_gain, weights, rng);
        }
        Initialization::OrthogonalGroups { groups, .. } => {
            let mut first = 0;
            for (n, gain) in groups {
                orthogonal(inputs, outputs, first..first + n, *gain, weights, rng);
                first += n;
            }
            assert_eq!(first, outputs, "the groups of outputs sum to the outputs");
        }
        Initialization::He => {
            let deviation = (2.0 / inputs as f64).sqrt();
            weights.fill_with(|| (deviation * mdp::normal(rng)) as f32);
        }
        Initialization::PyTorchDefault => {
            let bound = 1.0 / (inputs as f64).sqrt();
            weights.fill_with(|| mdp::uniform_in(-bound, bound, rng) as f32);
            biases.fill_with(|| mdp::uniform_in(-bound, bound, rng) as f32);
        }
        Initialization::Zero => weights.fill(0.0),
    }
}

/// Writes a random orthogonal matrix times `gain` into some columns of `weights`, `[inputs, outputs]`.
///
/// The shorter side's vectors are orthonormal, and uniformly distributed: they are what Gram and Schmidt make of
/// normal ones, which is the QR decomposition with positive diagonal.
fn orthogonal(
    inputs: usize,
    outputs: usize,
    columns: std::ops::Range<usize>,
    gain: f32,
    weights: &mut [f32],
    rng: &mut Rng,
) {
    let n_columns = columns.len();
    let (n_vectors, length) = (inputs.min(n_columns), inputs.max(n_columns));
    let vectors = orthonormal(n_vectors, length, rng);
    for input in 0..inputs {
        for column in 0..n_columns {
            let value = if n_columns <= inputs {
                vectors[column * length + input]
            } else {
                vectors[input * length + column]
            };
            weights[input * outputs + columns.start + column] = (f64::from(gain) * value) as f32;
        }
    }
}

/// `n` orthonormal vectors of `length >= n` numbers.
fn orthonormal(n: usize, length: usize, rng: &mut Rng) -> Vec<f64> {
    let mut vectors: Vec<f64> = (0..n * length).map(|_| mdp::normal(rng)).collect();
    for i in 0..n {
        let (earlier, rest) = vectors.split_at_mut(i * length);
        let vector = &mut rest[..length];
        // Twice, because the first pass leaves rounding behind where vectors were nearly parallel.
        for _ in 0..2 {
            for other in earlier.chunks_exact(length) {
                let along = dot(vector, other);
                for (value, other) in vector.iter_mut().zip(other) {
                    *value -= along * other;
                }
            }
        }
        let norm = dot(vector, vector).sqrt();
        for value in vector {
            *value /= norm;
        }
    }
    vectors
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
