//! One tile of rows through all layers, the loss, and all layers back.

use crate::kernels::{Kernels, View, padded};
use crate::layout::{Layer, Layout, Mlp, NARROW};
use crate::model::Tile;
use crate::workspace::Scratch;

/// What the passes over the tiles of a batch share.
#[derive(Clone, Copy)]
pub(crate) struct Passes<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) kernels: &'a Kernels,
    /// The weights, laid out for the kernels.
    pub(crate) packed: &'a [f32],
}

impl Passes<'_> {
    /// All networks on the inputs in the scratch; `outputs` is `[rows, n_outputs]`.
    pub(crate) fn forward(&self, rows: usize, scratch: &mut Scratch, outputs: &mut [f32]) {
        for mlp in &self.layout.mlps {
            self.forward_hidden(mlp, rows, scratch);
            self.forward_last(mlp, rows, scratch, &mut outputs[mlp.first_output..]);
        }
    }

    fn forward_hidden(&self, mlp: &Mlp, rows: usize, scratch: &mut Scratch) {
        let (_, hidden) = mlp.layers.split_last().expect("a network has layers");
        for (i, layer) in hidden.iter().enumerate() {
            let activations = scratch.activations.as_mut_slice();
            let (before, after) = activations.split_at_mut(layer.output);
            let input = match i.checked_sub(1) {
                None => scratch.inputs.as_slice(),
                Some(i) => &before[hidden[i].output..],
            };
            let weights = layer.packed(self.packed);
            let biases = layer.packed_biases(self.packed);
            let input = View::rows(input, padded(layer.inputs));
            let output = &mut after[..rows * padded(layer.outputs)];
            let activation = Some(mlp.shape.activation);
            self.kernels
                .affine(activation, rows, input, weights, biases, output);
        }
    }

    /// The last layer; `outputs` begins at the network's first output of the first row.
    fn forward_last(&self, mlp: &Mlp, rows: usize, scratch: &mut Scratch, outputs: &mut [f32]) {
        let (layer, stride) = (mlp.last(), self.layout.n_outputs);
        let (width_in, width_out) = (padded(layer.inputs), padded(layer.outputs));
        let Scratch {
            inputs,
            activations,
            d_first,
            ..
        } = scratch;
        let input = input(
            mlp,
            mlp.layers.len() - 1,
            inputs.as_slice(),
            activations.as_slice(),
        );
        let biases = layer.packed_biases(self.packed);
        if layer.narrow {
            let (weights, biases) = (layer.transposed(self.packed), &biases[..layer.outputs]);
            self.kernels
                .dot_products(rows, input, weights, biases, outputs, stride);
            return;
        }
        let wide = &mut d_first.as_mut_slice()[..rows * width_out];
        let weights = layer.packed(self.packed);
        self.kernels.affine(
            None,
            rows,
            View::rows(input, width_in),
            weights,
            biases,
            wide,
        );
        for (to, from) in outputs.chunks_mut(stride).zip(wide.chunks_exact(width_out)) {
            to[..layer.outputs].copy_from_slice(&from[..layer.outputs]);
        }
    }

    /// The gradient of one tile, whose inputs are in the scratch, added to the shard's.
    pub(crate) fn gradient<S>(
        &self,
        rows: &[u32],
        loss: &impl Fn(Tile<'_>, &mut S),
        scratch: &mut Scratch,
        shard: &mut [f32],
        statistics: &mut S,
    ) {
        let layout = self.layout;
        let n = rows.len();
        let (n_outputs, n_latents) = (n * layout.n_outputs, n * layout.n_latents());
        let mut outputs = std::mem::take(&mut scratch.outputs);
        let mut d_outputs = std::mem::take(&mut scratch.d_outputs);
        let mut latent = std::mem::take(&mut scratch.latent);
        self.forward(n, scratch, &mut outputs[..n_outputs]);
        d_outputs[..n_outputs].fill(0.0);
        let without_gaps = padded(layout.n_latents()) == layout.n_latents();
        if !without_gaps {
            self.copy_latent(n, scratch, &mut latent);
        }
        let tile = Tile {
            rows,
            outputs: &outputs[..n_outputs],
            latent: match without_gaps {
                true => &self.padded_latent(scratch)[..n_latents],
                false => &latent[..n_latents],
            },
            d_outputs: &mut d_outputs[..n_outputs],
            d_free: layout.free_gradient(shard),
        };
        loss(tile, statistics);
        for mlp in &layout.mlps {
            self.backward(
                mlp,
                n,
                &d_outputs[mlp.first_output..n_outputs],
                scratch,
                shard,
            );
        }
        scratch.outputs = outputs;
        scratch.d_outputs = d_outputs;
        scratch.latent = latent;
    }

    /// One network's part of a tile's gradient, added to the shard's. `d_outputs` begins at the network's first output
    /// of the first row.
    fn backward(
        &self,
        mlp: &Mlp,
        rows: usize,
        d_outputs: &[f32],
        scratch: &mut Scratch,
        shard: &mut [f32],
    ) {
        let Scratch {
            inputs,
            activations,
            d_first,
            d_second,
            ..
        } = scratch;
        let (inputs, activations) = (inputs.as_slice(), activations.as_slice());
        let (mut d_output, mut d_input) = (d_first.as_mut_slice(), d_second.as_mut_slice());
        for (i, layer) in mlp.layers.iter().enumerate().rev() {
            let input = input(mlp, i, inputs, activations);
            let d_rows = if layer.narrow {
                self.narrow_gradient(layer, rows, input, d_outputs, shard);
                View::rows(d_outputs, self.layout.n_outputs)
            } else {
                let width = padded(layer.outputs);
                let d_output = &mut d_output[..rows * width];
                if i + 1 == mlp.layers.len() {
                    // Whatever is in the padding reaches only the padding of the gradient.
                    let d_rows = d_outputs.chunks(self.layout.n_outputs);
                    for (to, from) in d_output.chunks_exact_mut(width).zip(d_rows) {
                        to[..layer.outputs].copy_from_slice(&from[..layer.outputs]);
                    }
                }
                self.wide_gradient(layer, rows, input, d_output, shard);
                View::rows(d_output, width)
            };
            if i > 0 {
                let weights = layer.transposed(self.packed);
                let d_input = &mut d_input[..rows * padded(layer.inputs)];
                let activation = mlp.shape.activation;
                self.kernels
                    .through(activation, rows, d_rows, weights, input, d_input);
            }
            std::mem::swap(&mut d_output, &mut d_input);
        }
    }

    /// Weights and biases of a layer: `d weights += inputᵀ d_output`.
    fn wide_gradient(
        &self,
        layer: &Layer,
        rows: usize,
        input: &[f32],
        d_output: &[f32],
        shard: &mut [f32],
    ) {
        let by_input = View::columns(input, padded(layer.inputs));
        self.kernels
            .accumulate(layer.inputs, by_input, d_output, layer.gradient(shard));
        self.kernels
            .sum_rows(rows, d_output, layer.biases_gradient(shard));
    }

    /// The same for a last layer with few outputs: `d weightsᵀ += d_outputᵀ input`.
    fn narrow_gradient(
        &self,
        layer: &Layer,
        rows: usize,
        input: &[f32],
        d_outputs: &[f32],
        shard: &mut [f32],
    ) {
        let stride = self.layout.n_outputs;
        let by_output = View::columns(d_outputs, stride);
        let input = &input[..rows * padded(layer.inputs)];
        self.kernels
            .accumulate(layer.outputs, by_output, input, layer.gradient(shard));
        let mut sums = [0.0; NARROW];
        for row in d_outputs.chunks(stride) {
            for (sum, d) in sums.iter_mut().zip(&row[..layer.outputs]) {
                *sum += d;
            }
        }
        for (bias, sum) in layer.biases_gradient(shard).iter_mut().zip(sums) {
            *bias += sum;
        }
    }

    /// The last hidden layer of the first network, without its padding.
    pub(crate) fn copy_latent(&self, rows: usize, scratch: &Scratch, latent: &mut [f32]) {
        let n_latents = self.layout.n_latents();
        let source = self.padded_latent(scratch).chunks_exact(padded(n_latents));
        for (to, from) in latent.chunks_exact_mut(n_latents).zip(source).take(rows) {
            to.copy_from_slice(&from[..n_latents]);
        }
    }

    /// The last hidden layer of the first network, in rows of whole vectors.
    fn padded_latent<'s>(&self, scratch: &'s Scratch) -> &'s [f32] {
        let mlp = &self.layout.mlps[0];
        let (inputs, activations) = (scratch.inputs.as_slice(), scratch.activations.as_slice());
        input(mlp, mlp.layers.len() - 1, inputs, activations)
    }
}

/// What layer `i` of a network reads, in rows of whole vectors.
fn input<'a>(mlp: &Mlp, i: usize, inputs: &'a [f32], activations: &'a [f32]) -> &'a [f32] {
    match i.checked_sub(1) {
        None => inputs,
        Some(before) => &activations[mlp.layers[before].output..],
    }
}
