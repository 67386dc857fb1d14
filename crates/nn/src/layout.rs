//! Where the numbers of the networks lie: among the parameters, laid out for the kernels, and in a shard's gradient.
//!
//! Parameters are stored without gaps, for optimisers, files and people. The kernels read rows of whole vectors, so every
//! pass first copies the weights into such rows, and into rows by output for the way back. That costs a few per cent of a
//! step on 64 rows and nothing beside a large one.

use crate::kernels::{LANES, padded, transpose};
use crate::shape::MlpShape;

/// Rows that go through the networks together.
pub(crate) const TILE: usize = 64;

/// Last layers with at most this many outputs are computed by dot products; wider ones by padded columns, of which
/// they would leave most empty.
pub(crate) const NARROW: usize = LANES / 2;

/// The places of everything that belongs to a model.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) mlps: Vec<Mlp>,
    pub(crate) n_parameters: usize,
    pub(crate) n_free: usize,
    pub(crate) n_outputs: usize,
    pub(crate) sizes: Sizes,
}

/// The lengths of the buffers that passes need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// Weights laid out for the kernels.
    pub(crate) packed: usize,
    /// One shard's gradient, laid out for the kernels, the free parameters' at its end.
    pub(crate) shard: usize,
    /// The hidden layers of one tile, all networks.
    pub(crate) activations: usize,
    /// The widest layer, padded.
    pub(crate) width: usize,
    /// The inputs, padded.
    pub(crate) inputs: usize,
}

/// One network.
#[derive(Clone, Debug)]
pub(crate) struct Mlp {
    pub(crate) shape: MlpShape,
    pub(crate) layers: Vec<Layer>,
    /// Where its outputs begin within an output row of the model.
    pub(crate) first_output: usize,
}

/// One layer and where its numbers lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// In the parameter vector, `[inputs, outputs]`; the biases follow the weights.
    pub(crate) weights: usize,
    pub(crate) biases: usize,
    /// In the packed weights: `[inputs, padded outputs]`, absent (empty) where `narrow`.
    packed: usize,
    /// In the packed weights: `[outputs, padded inputs]`.
    transposed: usize,
    /// In the packed weights: `[padded outputs]`.
    packed_biases: usize,
    /// In a shard's gradient: `[outputs, padded inputs]` where `narrow`, else `[inputs, padded outputs]`.
    gradient: usize,
    /// In a shard's gradient: `[padded outputs]`.
    biases_gradient: usize,
    /// In the activations: `[TILE, padded outputs]`; for the last layer unused.
    pub(crate) output: usize,
    /// Whether it is a last layer with few outputs.
    pub(crate) narrow: bool,
    /// Whether it is not the first.
    is_behind_another: bool,
}

/// Which passes weights are laid out for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Directions {
    Forward,
    Both,
}

impl Layout {
    /// # Panics
    ///
    /// If there is no network, a width is zero, or the networks' inputs differ.
    pub(crate) fn new(shapes: &[MlpShape], n_free: usize) -> Layout {
        assert!(!shapes.is_empty(), "a model has at least one network");
        let mut layout = Layout {
            mlps: Vec::with_capacity(shapes.len()),
            n_parameters: 0,
            n_free,
            n_outputs: 0,
            sizes: Sizes {
                inputs: padded(shapes[0].inputs),
                ..Sizes::default()
            },
        };
        for shape in shapes {
            assert_eq!(
                shape.inputs, shapes[0].inputs,
                "networks read the same inputs"
            );
            let widths = [&[shape.inputs, shape.outputs][..], &shape.hidden].concat();
            assert!(!widths.contains(&0), "no layer has width zero");
            let layers = layout.place_layers(shape);
            layout.mlps.push(Mlp {
                shape: shape.clone(),
                layers,
                first_output: layout.n_outputs,
            });
            layout.n_outputs += shape.outputs;
        }
        layout.n_parameters += n_free;
        layout.sizes.shard += padded(n_free);
        layout
    }

    /// Gives every array of a network its place, counting on from the sizes so far.
    fn place_layers(&mut self, shape: &MlpShape) -> Vec<Layer> {
        let take = |size: &mut usize, n: usize| {
            *size += n;
            *size - n
        };
        let widths = shape.layers();
        let n_layers = widths.len();
        let mut layers = Vec::with_capacity(n_layers);
        for (i, (inputs, outputs)) in widths.into_iter().enumerate() {
            let narrow = i + 1 == n_layers && outputs <= NARROW;
            let (width_in, width_out) = (padded(inputs), padded(outputs));
            let (by_input, by_output) = (inputs * width_out, outputs * width_in);
            let (parameters, sizes) = (&mut self.n_parameters, &mut self.sizes);
            sizes.width = sizes.width.max(width_in).max(width_out);
            layers.push(Layer {
                inputs,
                outputs,
                weights: take(parameters, inputs * outputs),
                biases: take(parameters, outputs),
                packed: take(&mut sizes.packed, if narrow { 0 } else { by_input }),
                transposed: take(&mut sizes.packed, by_output),
                packed_biases: take(&mut sizes.packed, width_out),
                gradient: take(&mut sizes.shard, if narrow { by_output } else { by_input }),
                biases_gradient: take(&mut sizes.shard, width_out),
                output: take(&mut sizes.activations, TILE * width_out),
                narrow,
                is_behind_another: i > 0,
            });
        }
        layers
    }

    pub(crate) fn n_inputs(&self) -> usize {
        self.mlps[0].shape.inputs
    }

    /// Width of the last hidden layer of the first network; of the inputs where it has none.
    pub(crate) fn n_latents(&self) -> usize {
        self.mlps[0].last().inputs
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.mlps.iter().flat_map(|mlp| &mlp.layers)
    }

    /// Lays weights out for the kernels.
    pub(crate) fn pack(&self, parameters: &[f32], packed: &mut [f32], directions: Directions) {
        for layer in self.layers() {
            let weights = &parameters[layer.weights..layer.biases];
            let biases = &parameters[layer.biases..layer.end()];
            let (width_in, width_out) = (padded(layer.inputs), padded(layer.outputs));
            let to = &mut packed[layer.packed_biases..][..width_out];
            copy_rows(biases, layer.outputs, to, width_out);
            if !layer.narrow {
                let to = &mut packed[layer.packed..][..layer.inputs * width_out];
                copy_rows(weights, layer.outputs, to, width_out);
            }
            if layer.narrow || (layer.is_behind_another && directions == Directions::Both) {
                let to = &mut packed[layer.transposed..][..layer.outputs * width_in];
                transpose(weights, layer.outputs, to, width_in);
            }
        }
    }

    /// The free parameters' part of a shard's gradient.
    pub(crate) fn free_gradient<'a>(&self, shard: &'a mut [f32]) -> &'a mut [f32] {
        &mut shard[self.sizes.shard - padded(self.n_free)..][..self.n_free]
    }

    /// Takes a gradient out of the kernels' layout into that of the parameters.
    pub(crate) fn unpack_gradient(&self, shard: &mut [f32], gradient: &mut [f32]) {
        for layer in self.layers() {
            let (width_in, width_out) = (padded(layer.inputs), padded(layer.outputs));
            let n_weights = layer.inputs * layer.outputs;
            let (weights, biases) = gradient[layer.weights..layer.end()].split_at_mut(n_weights);
            if layer.narrow {
                let from = &shard[layer.gradient..][..layer.outputs * width_in];
                transpose(from, width_in, weights, layer.outputs);
            } else {
                let from = &shard[layer.gradient..][..layer.inputs * width_out];
                copy_rows(from, width_out, weights, layer.outputs);
            }
            biases.copy_from_slice(&shard[layer.biases_gradient..][..layer.outputs]);
        }
        gradient[self.n_parameters - self.n_free..].copy_from_slice(self.free_gradient(shard));
    }
}

impl Mlp {
    pub(crate) fn last(&self) -> &Layer {
        self.layers.last().expect("a network has layers")
    }
}

impl Layer {
    /// Where its parameters end.
    pub(crate) fn end(&self) -> usize {
        self.biases + self.outputs
    }

    /// Its weights, `[inputs, padded outputs]`.
    pub(crate) fn packed<'a>(&self, packed: &'a [f32]) -> &'a [f32] {
        &packed[self.packed..][..self.inputs * padded(self.outputs)]
    }

    /// Its weights, `[outputs, padded inputs]`.
    pub(crate) fn transposed<'a>(&self, packed: &'a [f32]) -> &'a [f32] {
        &packed[self.transposed..][..self.outputs * padded(self.inputs)]
    }

    /// Its biases, padded.
    pub(crate) fn packed_biases<'a>(&self, packed: &'a [f32]) -> &'a [f32] {
        &packed[self.packed_biases..][..padded(self.outputs)]
    }

    /// The gradient of its weights, `[outputs, padded inputs]` where `narrow`, else `[inputs, padded outputs]`.
    pub(crate) fn gradient<'a>(&self, shard: &'a mut [f32]) -> &'a mut [f32] {
        let n = match self.narrow {
            true => self.outputs * padded(self.inputs),
            false => self.inputs * padded(self.outputs),
        };
        &mut shard[self.gradient..][..n]
    }

    /// The gradient of its biases, padded.
    pub(crate) fn biases_gradient<'a>(&self, shard: &'a mut [f32]) -> &'a mut [f32] {
        &mut shard[self.biases_gradient..][..padded(self.outputs)]
    }
}

/// Copies rows of `from_width` numbers into rows of `to_width`, cut off or filled with zeros.
pub(crate) fn copy_rows(from: &[f32], from_width: usize, to: &mut [f32], to_width: usize) {
    if from_width == to_width {
        to.copy_from_slice(from);
        return;
    }
    let width = from_width.min(to_width);
    for (to, from) in to
        .chunks_exact_mut(to_width)
        .zip(from.chunks_exact(from_width))
    {
        to[..width].copy_from_slice(&from[..width]);
        to[width..].fill(0.0);
    }
}
