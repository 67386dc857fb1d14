//! The slopes and their gradients against central differences in double precision.

use mdp::{Rng, Seed, normal};
use nn::{Activation, Initialization, MlpShape, Model};

use super::Network;

/// A network in double precision, one row at a time: the slow, obvious way.
fn output(shape: &MlpShape, parameters: &[f64], inputs: &[f64]) -> f64 {
    let mut values = inputs.to_vec();
    let mut rest = parameters;
    let widths: Vec<usize> = shape.hidden.iter().copied().chain([1]).collect();
    for (index, width) in widths.iter().enumerate() {
        let (weights, after) = rest.split_at(values.len() * width);
        let (biases, after) = after.split_at(*width);
        rest = after;
        let sums = (0..*width).map(|j| {
            let terms = values.iter().enumerate();
            biases[j] + terms.map(|(i, x)| x * weights[i * width + j]).sum::<f64>()
        });
        let is_last = index + 1 == widths.len();
        values = match shape.activation {
            _ if is_last => sums.collect(),
            Activation::Tanh => sums.map(f64::tanh).collect(),
            Activation::Relu => sums.map(|x| x.max(0.0)).collect(),
        };
    }
    values[0]
}

/// The derivative of the output along a direction.
fn along(shape: &MlpShape, parameters: &[f64], inputs: &[f64], direction: &[f64]) -> f64 {
    const STEP: f64 = 1e-5;
    let moved = |by: f64| -> Vec<f64> {
        let pairs = inputs.iter().zip(direction);
        pairs.map(|(x, v)| x + by * v).collect()
    };
    (output(shape, parameters, &moved(STEP)) - output(shape, parameters, &moved(-STEP)))
        / (2.0 * STEP)
}

fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}

fn check(inputs: usize, hidden: &[usize], activation: Activation, n_rows: usize) {
    let mut rng = Seed(7).stream("network", 0);
    let shape = MlpShape {
        inputs,
        hidden: hidden.to_vec(),
        outputs: 1,
        activation,
    };
    let initialization = Initialization::Orthogonal {
        hidden_gain: 1.2,
        output_gain: 1.0,
    };
    let mut model = Model::new(&[(shape.clone(), initialization)], &[], &mut rng);
    let draw =
        |n: usize, rng: &mut Rng| -> Vec<f32> { (0..n).map(|_| normal(rng) as f32).collect() };
    let shifts = draw(model.parameters().len(), &mut rng);
    for (parameter, shift) in model.parameters_mut().iter_mut().zip(shifts) {
        *parameter += 0.1 * shift;
    }
    let rows = draw(n_rows * inputs, &mut rng);
    let directions = draw(n_rows * inputs, &mut rng);
    let scales = draw(n_rows, &mut rng);
    let network = Network::of(&model);

    let mut slopes = vec![0.0; rows.len()];
    network.input_gradients(&rows, &mut slopes);
    let parameters = double(model.parameters());
    for (row, slope) in rows.chunks_exact(inputs).zip(slopes.chunks_exact(inputs)) {
        for (axis, found) in slope.iter().enumerate() {
            let mut unit = vec![0.0; inputs];
            unit[axis] = 1.0;
            let expected = along(&shape, &parameters, &double(row), &unit);
            assert!(
                (f64::from(*found) - expected).abs() < 1e-4,
                "{found} {expected}"
            );
        }
    }

    // It adds to what is there.
    let mut gradient = vec![1.0; parameters.len()];
    network.add_gradient_along(&rows, &directions, &scales, &mut gradient);
    let sum = |parameters: &[f64]| -> f64 {
        let rows = rows
            .chunks_exact(inputs)
            .zip(directions.chunks_exact(inputs));
        rows.zip(&scales)
            .map(|((row, v), scale)| {
                f64::from(*scale) * along(&shape, parameters, &double(row), &double(v))
            })
            .sum()
    };
    for (index, found) in gradient.iter().enumerate() {
        const STEP: f64 = 1e-4;
        let moved = |by: f64| {
            let mut moved = parameters.clone();
            moved[index] += by;
            sum(&moved)
        };
        let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        let found = f64::from(*found) - 1.0;
        let close = 2e-4 * (1.0 + expected.abs());
        assert!(
            (found - expected).abs() < close,
            "parameter {index} of {hidden:?}: {found} {expected}"
        );
    }
}

#[test]
fn slopes_and_their_gradients_are_those_of_finite_differences() {
    check(3, &[], Activation::Tanh, 5);
    check(4, &[6], Activation::Tanh, 3);
    check(2, &[5, 7], Activation::Tanh, 4);
    check(3, &[4, 3, 5], Activation::Tanh, 2);
    check(3, &[8, 6], Activation::Relu, 3);
    // More rows than a tile has.
    check(2, &[3], Activation::Tanh, 67);
}
