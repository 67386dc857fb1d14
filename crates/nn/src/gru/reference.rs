//! The slow, obvious version of a network with a memory, in `f64`, one row and one step at a time.

use crate::{Activation, RecurrentShape};

/// A layer's weights `[inputs, outputs]` and biases, cut off the front of the parameters.
struct Affine<'a> {
    weights: &'a [f64],
    biases: &'a [f64],
}

impl<'a> Affine<'a> {
    fn take(parameters: &mut &'a [f64], inputs: usize, outputs: usize) -> Affine<'a> {
        let (weights, rest) = parameters.split_at(inputs * outputs);
        let (biases, rest) = rest.split_at(outputs);
        *parameters = rest;
        Affine { weights, biases }
    }

    fn of(&self, input: &[f64]) -> Vec<f64> {
        let n = self.biases.len();
        (0..n)
            .map(|o| {
                let products = input.iter().enumerate();
                let product: f64 = products.map(|(i, x)| x * self.weights[i * n + o]).sum();
                product + self.biases[o]
            })
            .collect()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// One step of one row: the outputs, and the memory after.
pub(super) fn step(
    shape: &RecurrentShape,
    mut parameters: &[f64],
    input: &[f64],
    memory: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let n = shape.units;
    let encoder = Affine::take(&mut parameters, shape.inputs, shape.encoder);
    let from_inputs = Affine::take(&mut parameters, shape.encoder, 3 * n);
    let from_memory = Affine::take(&mut parameters, n, 3 * n);
    let last = Affine::take(&mut parameters, n + shape.encoder, shape.outputs);
    let encoded: Vec<f64> = encoder
        .of(input)
        .into_iter()
        .map(|x| match shape.activation {
            Activation::Tanh => x.tanh(),
            Activation::Relu => x.max(0.0),
        })
        .collect();
    let (a, b) = (from_inputs.of(&encoded), from_memory.of(memory));
    let after: Vec<f64> = (0..n)
        .map(|u| {
            let reset = sigmoid(a[u] + b[u]);
            let update = sigmoid(a[n + u] + b[n + u]);
            let candidate = (a[2 * n + u] + reset * b[2 * n + u]).tanh();
            (1.0 - update) * candidate + update * memory[u]
        })
        .collect();
    let latent = [after.clone(), encoded].concat();
    (last.of(&latent), after)
}

/// The outputs of all steps of one sequence, `[T][outputs]`.
pub(super) fn sequence(
    shape: &RecurrentShape,
    parameters: &[f64],
    inputs: &[Vec<f64>],
    forgets: &[bool],
    memory: &[f64],
) -> Vec<Vec<f64>> {
    let mut memory = memory.to_vec();
    inputs
        .iter()
        .zip(forgets)
        .map(|(input, forgets)| {
            if *forgets {
                memory.fill(0.0);
            }
            let (outputs, after) = step(shape, parameters, input, &memory);
            memory = after;
            outputs
        })
        .collect()
}
