//! How networks begin.

use super::{Activation, Initialization, MlpShape};
use crate::Model;

/// The layers of a fresh network: inputs, outputs, weights, biases.
fn layers(
    inputs: usize,
    hidden: &[usize],
    outputs: usize,
    initialization: Initialization,
) -> Vec<(usize, usize, Vec<f32>, Vec<f32>)> {
    let shape = MlpShape {
        inputs,
        hidden: hidden.to_vec(),
        outputs,
        activation: Activation::Tanh,
    };
    let model = Model::new(
        &[(shape.clone(), initialization)],
        &[],
        &mut mdp::Seed(3).stream("begin", 0),
    );
    let mut rest = model.parameters();
    let mut layers = Vec::new();
    for (inputs, outputs) in shape.layers() {
        let (weights, after) = rest.split_at(inputs * outputs);
        let (biases, after) = after.split_at(outputs);
        rest = after;
        layers.push((inputs, outputs, weights.to_vec(), biases.to_vec()));
    }
    assert!(rest.is_empty());
    layers
}

/// The vectors of the shorter side of some columns are orthogonal and of length `gain`.
fn check_orthogonal(
    inputs: usize,
    outputs: usize,
    columns: std::ops::Range<usize>,
    weights: &[f32],
    gain: f64,
) {
    let entry = |i: usize, o: usize| f64::from(weights[i * outputs + o]);
    let by_column = columns.len() <= inputs;
    let n = inputs.min(columns.len());
    for a in 0..n {
        for b in 0..n {
            let product: f64 = if by_column {
                (0..inputs)
                    .map(|i| entry(i, columns.start + a) * entry(i, columns.start + b))
                    .sum()
            } else {
                columns.clone().map(|o| entry(a, o) * entry(b, o)).sum()
            };
            let expected = if a == b { gain * gain } else { 0.0 };
            assert!(
                (product - expected).abs() < 1e-5 * gain * gain,
                "{a} and {b}: {product}"
            );
        }
    }
}

#[test]
fn orthogonal_layers_are_orthogonal() {
    let initialization = Initialization::Orthogonal {
        hidden_gain: 2.0_f32.sqrt(),
        output_gain: 0.01,
    };
    let layers = layers(8, &[64, 64], 4, initialization);
    for (i, (inputs, outputs, weights, biases)) in layers.iter().enumerate() {
        let gain = if i < 2 {
            2.0_f64.sqrt()
        } else {
            f64::from(0.01_f32)
        };
        check_orthogonal(*inputs, *outputs, 0..*outputs, weights, gain);
        assert!(biases.iter().all(|bias| *bias == 0.0));
    }
}

#[test]
fn groups_of_outputs_have_gains_of_their_own() {
    let initialization = Initialization::OrthogonalGroups {
        hidden_gain: 1.0,
        groups: vec![(4, 0.01), (1, 1.0)],
    };
    let layers = layers(3, &[32], 5, initialization);
    check_orthogonal(3, 32, 0..32, &layers[0].2, 1.0);
    check_orthogonal(32, 5, 0..4, &layers[1].2, f64::from(0.01_f32));
    check_orthogonal(32, 5, 4..5, &layers[1].2, 1.0);
}

#[test]
fn he_layers_have_the_variance_of_the_paper() {
    let (inputs, _, weights, biases) = layers(50, &[400], 1, Initialization::He).remove(0);
    let squares: f64 = weights.iter().map(|w| f64::from(*w).powi(2)).sum();
    let variance = squares / weights.len() as f64;
    let expected = 2.0 / inputs as f64;
    // The relative error of a variance from n normal numbers is √(2/n), 1% here.
    assert!(
        (variance / expected - 1.0).abs() < 0.05,
        "{variance} against {expected}"
    );
    assert!(biases.iter().all(|bias| *bias == 0.0));
}

#[test]
fn pytorch_layers_are_uniform_within_their_bound() {
    let (_, _, weights, biases) = layers(16, &[500], 1, Initialization::PyTorchDefault).remove(0);
    for values in [weights, biases] {
        let most = values
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(most <= 0.25 && most > 0.24, "{most}");
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 0.03, "{mean}");
    }
}

#[test]
fn zero_is_zero() {
    for (_, _, weights, biases) in layers(4, &[8], 2, Initialization::Zero) {
        assert!(weights.iter().chain(&biases).all(|value| *value == 0.0));
    }
}

#[test]
fn a_seed_is_a_network() {
    let draw = || layers(4, &[8, 8], 2, Initialization::He);
    assert_eq!(draw(), draw());
}
