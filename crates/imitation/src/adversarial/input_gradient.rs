//! How a network's output moves with its inputs, and how its parameters move that: what a gradient penalty needs.
//!
//! For one perceptron `y = f(x; θ)` with a single output and a direction `v`, one pass carries the tangent forward,
//! `ẏ = v · ∇ₓ f`, and one pass takes its derivative with respect to θ backward (Pearlmutter, 1994):
//!
//! `ȧ₀ = v`, `ż = Wᵀ ȧ`, `ȧ = σ'(z) ż`; backward from `∂ẏ/∂ż = 1`,
//! `∂ẏ/∂W = ȧ ⊗ ∂ẏ/∂ż + a ⊗ ∂ẏ/∂z`, and `∂ẏ/∂z = σ'(z) (W ∂ẏ/∂z₊) + σ''(z) ż (W ∂ẏ/∂ż₊)`.
//!
//! With `v = ∇ₓ f` held fixed the result is the gradient of `½ ‖∇ₓ f‖²`, exactly.

#[cfg(test)]
mod tests;

use nn::{Activation, MlpShape, Model};

/// Rows that go through the network together, so that what they leave stays in the cache.
const TILE: usize = 32;

/// The one perceptron of a model, with its weights as they stand among the parameters and transposed.
pub(crate) struct Network<'m> {
    layers: Vec<Layer<'m>>,
    activation: Activation,
    n_inputs: usize,
    width: usize,
}

struct Layer<'m> {
    inputs: usize,
    outputs: usize,
    /// Where its weights begin among the parameters; the biases follow them.
    start: usize,
    /// `[inputs, outputs]`.
    weights: &'m [f32],
    biases: &'m [f32],
    /// `[outputs, inputs]`.
    transposed: Vec<f32>,
}

/// What the rows of a tile leave in one layer, `[rows, outputs]` each.
#[derive(Default)]
struct Trace {
    /// After the activation.
    outputs: Vec<f32>,
    /// The tangent before the activation, ż.
    tangents: Vec<f32>,
    /// The tangent after it.
    output_tangents: Vec<f32>,
}

impl<'m> Network<'m> {
    /// The network of a model that has one perceptron, one output and no free parameters.
    ///
    /// # Panics
    /// If the model is another.
    pub(crate) fn of(model: &'m Model) -> Network<'m> {
        let mut shapes = model.shapes();
        let (Some(shape), None) = (shapes.next(), shapes.next()) else {
            panic!("a model of one network");
        };
        assert_eq!(shape.outputs, 1, "a network of one output");
        assert_eq!(
            model.parameters().len(),
            shape.n_parameters(),
            "no free parameters"
        );
        Network::new(shape, model.parameters())
    }

    fn new(shape: &MlpShape, parameters: &'m [f32]) -> Network<'m> {
        let mut layers = vec![];
        let (mut start, mut inputs) = (0, shape.inputs);
        for outputs in shape.hidden.iter().copied().chain([shape.outputs]) {
            let (weights, rest) = parameters[start..].split_at(inputs * outputs);
            let mut transposed = vec![0.0; weights.len()];
            for (i, row) in weights.chunks_exact(outputs).enumerate() {
                for (j, weight) in row.iter().enumerate() {
                    transposed[j * inputs + i] = *weight;
                }
            }
            layers.push(Layer {
                inputs,
                outputs,
                start,
                weights,
                biases: &rest[..outputs],
                transposed,
            });
            start += (inputs + 1) * outputs;
            inputs = outputs;
        }
        let width = layers.iter().map(|layer| layer.inputs.max(layer.outputs));
        Network {
            width: width.max().expect("a network has layers"),
            activation: shape.activation,
            n_inputs: shape.inputs,
            layers,
        }
    }

    /// Writes the gradient of the output with respect to the inputs of each row; both are `[rows, n_inputs]`.
    pub(crate) fn input_gradients(&self, inputs: &[f32], gradients: &mut [f32]) {
        let mut traces = self.traces();
        let tiles = inputs.chunks(TILE * self.n_inputs);
        for (inputs, gradients) in tiles.zip(gradients.chunks_mut(TILE * self.n_inputs)) {
            let rows = inputs.len() / self.n_inputs;
            self.forward(inputs, &mut traces);
            let mut d_outputs = vec![0.0; TILE * self.width];
            let mut d_inputs = vec![0.0; TILE * self.width];
            d_outputs[..rows].fill(1.0);
            for (index, layer) in self.layers.iter().enumerate().rev() {
                let d_inputs = &mut d_inputs[..rows * layer.inputs];
                product(
                    &d_outputs[..rows * layer.outputs],
                    layer.outputs,
                    &layer.transposed,
                    layer.inputs,
                    d_inputs,
                );
                if let Some(before) = index.checked_sub(1) {
                    for (d, output) in d_inputs.iter_mut().zip(&traces[before].outputs) {
                        *d *= slope(self.activation, *output);
                    }
                }
                d_outputs[..rows * layer.inputs].copy_from_slice(d_inputs);
            }
            gradients.copy_from_slice(&d_outputs[..rows * self.n_inputs]);
        }
    }

    /// Adds `Σ scale · ∂(v · ∇ₓ f(x))/∂θ` over the rows to `gradient`, laid out as the model's parameters. `inputs` and
    /// `directions`, the v, are `[rows, n_inputs]`, `scales` is `[rows]`.
    pub(crate) fn add_gradient_along(
        &self,
        inputs: &[f32],
        directions: &[f32],
        scales: &[f32],
        gradient: &mut [f32],
    ) {
        let mut traces = self.traces();
        let mut d = Adjoints::new(self.width);
        let tiles = inputs.chunks(TILE * self.n_inputs);
        let directions = directions.chunks(TILE * self.n_inputs);
        for ((inputs, directions), scales) in tiles.zip(directions).zip(scales.chunks(TILE)) {
            self.forward(inputs, &mut traces);
            self.forward_tangent(directions, &mut traces);
            self.backward(inputs, directions, scales, &traces, &mut d, gradient);
        }
    }

    fn traces(&self) -> Vec<Trace> {
        self.layers.iter().map(|_| Trace::default()).collect()
    }

    /// Fills in the outputs of each layer but the last, whose output is not needed.
    fn forward(&self, inputs: &[f32], traces: &mut [Trace]) {
        let rows = inputs.len() / self.n_inputs;
        for (index, layer) in self.layers.iter().enumerate() {
            if index + 1 == self.layers.len() {
                return;
            }
            let (before, after) = traces.split_at_mut(index);
            let input = before.last().map_or(inputs, |trace| &trace.outputs);
            let outputs = &mut after[0].outputs;
            outputs.resize(rows * layer.outputs, 0.0);
            product(input, layer.inputs, layer.weights, layer.outputs, outputs);
            for row in outputs.chunks_exact_mut(layer.outputs) {
                for (output, bias) in row.iter_mut().zip(layer.biases) {
                    *output += bias;
                }
            }
            match self.activation {
                Activation::Tanh => nn::tanh(outputs),
                Activation::Relu => outputs.iter_mut().for_each(|x| *x = x.max(0.0)),
            }
        }
    }

    fn forward_tangent(&self, directions: &[f32], traces: &mut [Trace]) {
        let rows = directions.len() / self.n_inputs;
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, after) = traces.split_at_mut(index);
            let input = before
                .last()
                .map_or(directions, |trace| &trace.output_tangents);
            let trace = &mut after[0];
            trace.tangents.resize(rows * layer.outputs, 0.0);
            product(
                input,
                layer.inputs,
                layer.weights,
                layer.outputs,
                &mut trace.tangents,
            );
            if index + 1 == self.layers.len() {
                return;
            }
            trace.output_tangents.clear();
            let pairs = trace.tangents.iter().zip(&trace.outputs);
            trace
                .output_tangents
                .extend(pairs.map(|(tangent, output)| slope(self.activation, *output) * tangent));
        }
    }

    fn backward(
        &self,
        inputs: &[f32],
        directions: &[f32],
        scales: &[f32],
        traces: &[Trace],
        d: &mut Adjoints,
        gradient: &mut [f32],
    ) {
        let rows = scales.len();
        d.tangents[..rows].copy_from_slice(scales);
        d.values[..rows].fill(0.0);
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let before = index.checked_sub(1).map(|before| &traces[before]);
            let input = before.map_or(inputs, |trace| &trace.outputs);
            let tangent = before.map_or(directions, |trace| &trace.output_tangents);
            let (d_tangents, d_values) = (
                &d.tangents[..rows * layer.outputs],
                &d.values[..rows * layer.outputs],
            );
            let parameters = &mut gradient[layer.start..][..(layer.inputs + 1) * layer.outputs];
            let (weights, biases) = parameters.split_at_mut(layer.inputs * layer.outputs);
            add_outer(tangent, layer.inputs, d_tangents, layer.outputs, weights);
            add_outer(input, layer.inputs, d_values, layer.outputs, weights);
            for row in d_values.chunks_exact(layer.outputs) {
                for (to, from) in biases.iter_mut().zip(row) {
                    *to += from;
                }
            }
            let Some(before) = before else { return };
            let n = rows * layer.inputs;
            let back = |from: &[f32], to: &mut [f32]| {
                product(from, layer.outputs, &layer.transposed, layer.inputs, to);
            };
            back(d_tangents, &mut d.next_tangents[..n]);
            back(d_values, &mut d.next_values[..n]);
            for k in 0..n {
                let output = before.outputs[k];
                let (first, second) = (
                    slope(self.activation, output),
                    curvature(self.activation, output),
                );
                d.values[k] =
                    first * d.next_values[k] + second * before.tangents[k] * d.next_tangents[k];
                d.tangents[k] = first * d.next_tangents[k];
            }
        }
    }
}

/// Derivatives with respect to what the rows of a tile have in a layer, `[rows, width]`.
struct Adjoints {
    tangents: Vec<f32>,
    values: Vec<f32>,
    next_tangents: Vec<f32>,
    next_values: Vec<f32>,
}

impl Adjoints {
    fn new(width: usize) -> Adjoints {
        let room = || vec![0.0; TILE * width];
        Adjoints {
            tangents: room(),
            values: room(),
            next_tangents: room(),
            next_values: room(),
        }
    }
}

/// σ' from σ.
fn slope(activation: Activation, output: f32) -> f32 {
    match activation {
        Activation::Tanh => 1.0 - output * output,
        Activation::Relu => f32::from(u8::from(output > 0.0)),
    }
}

/// σ'' from σ.
fn curvature(activation: Activation, output: f32) -> f32 {
    match activation {
        Activation::Tanh => -2.0 * output * (1.0 - output * output),
        Activation::Relu => 0.0,
    }
}

/// `to = from · matrix` for rows of `n_from` numbers and a matrix `[n_from, n_to]`.
fn product(from: &[f32], n_from: usize, matrix: &[f32], n_to: usize, to: &mut [f32]) {
    let rows = from.chunks_exact(n_from).zip(to.chunks_exact_mut(n_to));
    for (from, to) in rows {
        to.fill(0.0);
        for (x, weights) in from.iter().zip(matrix.chunks_exact(n_to)) {
            for (sum, weight) in to.iter_mut().zip(weights) {
                *sum += x * weight;
            }
        }
    }
}

/// Adds the outer products of the rows of `left`, `[rows, n_left]`, and `right`, `[rows, n_right]`, to `sum`.
fn add_outer(left: &[f32], n_left: usize, right: &[f32], n_right: usize, sum: &mut [f32]) {
    let rows = left.chunks_exact(n_left).zip(right.chunks_exact(n_right));
    for (left, right) in rows {
        for (x, sum) in left.iter().zip(sum.chunks_exact_mut(n_right)) {
            for (sum, y) in sum.iter_mut().zip(right) {
                *sum += x * y;
            }
        }
    }
}
