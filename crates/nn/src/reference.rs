//! The slow, obvious version of the networks, in `f64`, one row and one weight at a time. Tests hold the fast one
//! against it.

use crate::{Activation, MlpShape, Model};

/// What a model says about one input row: the outputs of all networks, and the first one's last hidden layer.
pub(crate) fn forward(
    shapes: &[MlpShape],
    parameters: &[f64],
    input: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let (mut outputs, mut latent) = (Vec::new(), Vec::new());
    let mut rest = parameters;
    for (network, shape) in shapes.iter().enumerate() {
        let mut values = input.to_vec();
        let layers = shape.layers();
        for (i, (n_in, n_out)) in layers.iter().enumerate() {
            let is_last = i + 1 == layers.len();
            if is_last && network == 0 {
                latent = values.clone();
            }
            let (weights, after) = rest.split_at(n_in * n_out);
            let (biases, after) = after.split_at(*n_out);
            rest = after;
            values = (0..*n_out)
                .map(|o| {
                    let product: f64 = (0..*n_in).map(|i| values[i] * weights[i * n_out + o]).sum();
                    activate(shape.activation, is_last, product + biases[o])
                })
                .collect();
        }
        outputs.extend(values);
    }
    (outputs, latent)
}

fn activate(activation: Activation, is_last: bool, value: f64) -> f64 {
    match activation {
        _ if is_last => value,
        Activation::Tanh => value.tanh(),
        Activation::Relu => value.max(0.0),
    }
}

/// The derivative of `function` with respect to number `index` of `at`, by central differences.
pub(crate) fn difference(function: impl Fn(&[f64]) -> f64, at: &[f64], index: usize) -> f64 {
    let step = 1e-5;
    let mut moved = at.to_vec();
    moved[index] = at[index] + step;
    let above = function(&moved);
    moved[index] = at[index] - step;
    (above - function(&moved)) / (2.0 * step)
}

/// The shapes of a model, and its parameters in `f64`.
pub(crate) fn parts(model: &Model) -> (Vec<MlpShape>, Vec<f64>) {
    (model.shapes().cloned().collect(), wide(model.parameters()))
}

pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Normal numbers from a stream of the given name.
pub(crate) fn normals(label: &str, n: usize) -> Vec<f32> {
    let mut rng = mdp::Seed(7).stream(label, n as u64);
    (0..n).map(|_| mdp::normal(&mut rng) as f32).collect()
}

/// Fails unless each number is within `tolerance` of the other's, relative to the larger of one and the other.
#[track_caller]
pub(crate) fn assert_close(fast: &[f32], slow: &[f64], tolerance: f64, what: &str) {
    assert_eq!(fast.len(), slow.len(), "{what}: lengths");
    for (i, (fast, slow)) in fast.iter().zip(slow).enumerate() {
        let error = (f64::from(*fast) - slow).abs() / slow.abs().max(1.0);
        assert!(
            error <= tolerance,
            "{what}: number {i} is {fast}, should be {slow}"
        );
    }
}
