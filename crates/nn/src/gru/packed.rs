//! Weights of a network with a memory in rows of whole vectors, as the kernels read them, and their gradients likewise.

use super::{Layer, RecurrentModel};
use crate::aligned::Aligned;

/// Weights, or their gradients, in rows of whole vectors; transposes for the way back.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// `[inputs, encoder]`.
    pub(super) encoder: Aligned,
    pub(super) encoder_biases: Aligned,
    /// `[encoder, 3 units]`.
    pub(super) from_inputs: Aligned,
    pub(super) from_inputs_biases: Aligned,
    /// `[units, 3 units]`.
    pub(super) from_memory: Aligned,
    pub(super) from_memory_biases: Aligned,
    /// `[latent, outputs]`.
    pub(super) outputs: Aligned,
    pub(super) outputs_biases: Aligned,
    /// `[3 units, encoder]`.
    pub(super) from_inputs_transposed: Aligned,
    /// `[3 units, units]`.
    pub(super) from_memory_transposed: Aligned,
    /// `[outputs, latent]`.
    pub(super) outputs_transposed: Aligned,
    /// Zeros where a product has no biases, as many as the widest row.
    pub(super) zeros: Aligned,
    /// The gradient of the free parameters.
    pub(super) free: Vec<f32>,
}

impl Packed {
    /// Room for the gradient of a model.
    pub(super) fn grow(&mut self, model: &RecurrentModel) {
        let (widths, shape) = (model.widths(), &model.shape);
        self.encoder.grow(shape.inputs * widths.encoder);
        self.encoder_biases.grow(widths.encoder);
        self.from_inputs.grow(shape.encoder * 3 * widths.units);
        self.from_inputs_biases.grow(3 * widths.units);
        self.from_memory.grow(shape.units * 3 * widths.units);
        self.from_memory_biases.grow(3 * widths.units);
        self.outputs.grow(widths.latent * widths.outputs);
        self.outputs_biases.grow(widths.outputs);
        self.free.resize(model.n_free, 0.0);
    }

    /// All zero.
    pub(super) fn clear(&mut self) {
        for numbers in [
            &mut self.encoder,
            &mut self.encoder_biases,
            &mut self.from_inputs,
            &mut self.from_inputs_biases,
            &mut self.from_memory,
            &mut self.from_memory_biases,
            &mut self.outputs,
            &mut self.outputs_biases,
        ] {
            numbers.as_mut_slice().fill(0.0);
        }
        self.free.fill(0.0);
    }

    /// Lays a model's weights out, their transposes too where the way back needs them.
    pub(super) fn pack(&mut self, model: &RecurrentModel, back: bool) {
        self.clear();
        self.grow(model);
        let widths = model.widths();
        let (n_units, units) = (model.shape.units, widths.units);
        let [first, inputs, memory, last] = model.layers();
        let parameters = &model.parameters;
        let plain = |i: usize| i;
        let gates = |i: usize| i / n_units * units + i % n_units;
        let latent = |i: usize| if i < n_units { i } else { units + i - n_units };
        let wide = widths.encoder;
        place(first, parameters, &mut self.encoder, wide, plain, plain);
        place_biases(first, parameters, &mut self.encoder_biases, plain);
        place(
            inputs,
            parameters,
            &mut self.from_inputs,
            3 * units,
            plain,
            gates,
        );
        place_biases(inputs, parameters, &mut self.from_inputs_biases, gates);
        place(
            memory,
            parameters,
            &mut self.from_memory,
            3 * units,
            plain,
            gates,
        );
        place_biases(memory, parameters, &mut self.from_memory_biases, gates);
        place(
            last,
            parameters,
            &mut self.outputs,
            widths.outputs,
            latent,
            plain,
        );
        place_biases(last, parameters, &mut self.outputs_biases, plain);
        let widest = [3 * units, widths.latent, widths.outputs, widths.inputs];
        self.zeros.grow(widest.into_iter().max().unwrap_or(0));
        if back {
            let to = &mut self.from_inputs_transposed;
            place_transposed(
                inputs,
                parameters,
                to,
                [3 * units, widths.encoder],
                plain,
                gates,
            );
            let to = &mut self.from_memory_transposed;
            place_transposed(memory, parameters, to, [3 * units, units], plain, gates);
            let to = &mut self.outputs_transposed;
            place_transposed(
                last,
                parameters,
                to,
                [widths.outputs, widths.latent],
                latent,
                plain,
            );
        }
    }
}

/// Puts a layer's weights where `row` and `column` say, in rows of `width`.
fn place(
    layer: Layer,
    parameters: &[f32],
    to: &mut Aligned,
    width: usize,
    row: impl Fn(usize) -> usize,
    column: impl Fn(usize) -> usize,
) {
    let to = to.as_mut_slice();
    for (i, from) in layer
        .weights(parameters)
        .chunks_exact(layer.outputs)
        .enumerate()
    {
        let to = &mut to[row(i) * width..][..width];
        for (o, weight) in from.iter().enumerate() {
            to[column(o)] = *weight;
        }
    }
}

/// The same for their transpose, `[columns, width]`.
fn place_transposed(
    layer: Layer,
    parameters: &[f32],
    to: &mut Aligned,
    [n_rows, width]: [usize; 2],
    row: impl Fn(usize) -> usize,
    column: impl Fn(usize) -> usize,
) {
    to.grow(n_rows * width);
    let to = to.as_mut_slice();
    to.fill(0.0);
    for (i, from) in layer
        .weights(parameters)
        .chunks_exact(layer.outputs)
        .enumerate()
    {
        for (o, weight) in from.iter().enumerate() {
            to[column(o) * width + row(i)] = *weight;
        }
    }
}

fn place_biases(
    layer: Layer,
    parameters: &[f32],
    to: &mut Aligned,
    column: impl Fn(usize) -> usize,
) {
    for (o, bias) in layer.biases(parameters).iter().enumerate() {
        to.as_mut_slice()[column(o)] = *bias;
    }
}
