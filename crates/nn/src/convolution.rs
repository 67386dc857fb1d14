//! Convolutional networks over small maps, such as mazes: their shape, their parameters and their passes over batches.
//!
//! # Design
//!
//! A map lies channels last, `[height, width, channels]`, and within the passes it has a border of zeros, as wide as the
//! kernels reach. So a convolution with stride 1 and "same" padding is direct: nothing is gathered into columns, and a
//! block of cells by channels stays in registers from the bias to the ReLU. One image goes through all layers, the loss
//! and all layers back before the next begins, so that its maps stay in the core's cache. Where dense layers follow,
//! eight go together, because a dense layer on one image is nothing but reading its weights.
//!
//! Images belong to shards; each shard has a gradient of its own, and these are added in order. How many there are
//! depends on the batch and the network alone, so the bits do not depend on the number of threads.

#![expect(
    unsafe_code,
    reason = "images of the outputs are handed to the threads as disjoint parts"
)]

mod layout;
mod passes;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
mod workspace;

use mdp::Rng;

use crate::kernels::convolution::{ConvolutionKernels, convolution_kernels};
use crate::kernels::kernels;
use crate::model::{Statistics, add_in_order};
use crate::pool::{Disjoint, Pool};
use crate::shape::{Initialization, initialize};
use layout::Layout;
use passes::Passes;
pub use workspace::MapWorkspace;

/// Most shards that a batch is cut into.
const MAX_SHARDS: usize = 16;

/// Floats that the gradients of all shards may take together before there are fewer shards.
const MOST_SHARDED: usize = 4 << 20;

/// Shards that a batch is cut into however large the network is.
const FEW_SHARDS: usize = 4;

/// The extents of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
    /// Rows, at least 1.
    pub height: usize,
    /// Columns, at least 1.
    pub width: usize,
    /// Numbers in a cell, at least 1.
    pub channels: usize,
}

impl MapShape {
    /// Numbers in the whole map.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// One layer over maps. Each but the last is followed by `max(0, x)`; the last is linear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapLayer {
    /// Each cell from the square of cells around it, stride 1, zeros beyond the edge: the map keeps its size.
    Convolution {
        /// Side of the square, odd.
        kernel: usize,
        /// Channels that come out, at least 1.
        channels: usize,
    },
    /// The greatest number of each channel in squares side by side.
    MaxPool {
        /// Side of the squares; it divides height and width.
        size: usize,
    },
    /// All numbers from all numbers; only dense layers follow.
    Dense {
        /// Numbers that come out, at least 1.
        outputs: usize,
    },
}

/// A network from a map to a map, or to a row of numbers if its last layer is dense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapNetwork {
    /// What it reads.
    pub input: MapShape,
    /// Its layers, first to last; the last is a convolution or dense.
    pub layers: Vec<MapLayer>,
}

impl MapNetwork {
    /// Convolutions with kernels of one size and nothing else: a network that says something about each cell.
    #[must_use]
    pub fn cells(input: MapShape, kernel: usize, channels: &[usize]) -> MapNetwork {
        let layer = |channels: &usize| MapLayer::Convolution {
            kernel,
            channels: *channels,
        };
        MapNetwork {
            input,
            layers: channels.iter().map(layer).collect(),
        }
    }

    /// Weights and biases together.
    ///
    /// # Panics
    ///
    /// As [`MapModel::new`].
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        Layout::new(self).n_parameters
    }

    /// Multiplications and additions of one image: `(forward, forward and gradient)`, those of convolutions and dense
    /// layers alone, zeros beyond the edge included.
    ///
    /// # Panics
    ///
    /// As [`MapModel::new`].
    #[must_use]
    pub fn n_operations(&self) -> (f64, f64) {
        Layout::new(self).n_operations()
    }
}

/// A convolutional network over one flat parameter vector.
///
/// Order of the parameters: layer by layer, the weights and then the biases; the weights of a convolution are
/// `[kernel row, kernel column, channels in, channels out]`, those of a dense layer `[inputs, outputs]`, its inputs a
/// map `[height, width, channels]`.
#[derive(Clone, Debug)]
pub struct MapModel {
    network: MapNetwork,
    layout: Layout,
    parameters: Vec<f32>,
}

/// A few images of a batch in the hands of a loss, which reads the outputs and writes the derivative of the tile's loss
/// with respect to each of them.
#[derive(Debug)]
pub struct MapTile<'a> {
    /// Which rows of the inputs these are, in order.
    pub rows: &'a [u32],
    /// What the network says, `[rows, n_outputs]`.
    pub outputs: &'a [f32],
    /// For d loss / d outputs, `[rows, n_outputs]`; zero when the loss is called.
    pub d_outputs: &'a mut [f32],
}

impl MapModel {
    /// A network with fresh weights. For [`Initialization`], the inputs of a convolution are all numbers that one of its
    /// outputs reads.
    ///
    /// # Panics
    ///
    /// If an extent is zero, a kernel even, a pool does not divide its map, a layer of maps follows a dense one, or the
    /// last layer is a pool; for groups of outputs, which are for policies alone.
    #[must_use]
    pub fn new(network: MapNetwork, initialization: &Initialization, rng: &mut Rng) -> MapModel {
        let mut model = MapModel::zeros(network);
        let n_layers = model.layout.places().count();
        for (i, place) in model.layout.places().enumerate() {
            let parameters = &mut model.parameters[place.parameters.clone()];
            let (weights, biases) = parameters.split_at_mut(place.n_weights);
            let is_last = i + 1 == n_layers;
            let inputs = place.n_weights / biases.len();
            initialize(initialization, is_last, inputs, weights, biases, rng);
        }
        model
    }

    /// A network whose parameters are all zero.
    ///
    /// # Panics
    ///
    /// As [`MapModel::new`].
    #[must_use]
    pub fn zeros(network: MapNetwork) -> MapModel {
        let layout = Layout::new(&network);
        MapModel {
            network,
            parameters: vec![0.0; layout.n_parameters],
            layout,
        }
    }

    /// Its layers.
    #[must_use]
    pub fn network(&self) -> &MapNetwork {
        &self.network
    }

    /// Numbers in one input.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.network.input.n_values()
    }

    /// Numbers in one output: `[height, width, channels]` if the last layer is a convolution.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.layout.n_outputs
    }

    /// All parameters; see [`MapModel`] for their order.
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// All parameters, to be changed by an optimiser.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// The outputs for a batch: `inputs` is `[rows, height, width, channels]`, `outputs` `[rows, n_outputs]`. A row's
    /// result does not depend on the other rows of the batch.
    ///
    /// # Panics
    ///
    /// If the lengths do not agree.
    pub fn forward(
        &self,
        inputs: &[f32],
        outputs: &mut [f32],
        workspace: &mut MapWorkspace,
        pool: &Pool,
    ) {
        let (n_inputs, n_outputs) = (self.n_inputs(), self.n_outputs());
        let n_rows = inputs.len() / n_inputs;
        assert_eq!(inputs.len(), n_rows * n_inputs, "whole input rows");
        assert_eq!(
            outputs.len(),
            n_rows * n_outputs,
            "an output row for every input row"
        );
        workspace.prepare(&self.layout, 0, pool.n_threads());
        let packed = workspace.packed.as_mut_slice();
        self.layout.pack(&self.parameters, packed, false);
        let passes = self.passes(workspace.kernels, packed);
        let scratch = Disjoint::new(&mut workspace.scratch);
        let outputs = Disjoint::new(outputs);
        let tile = self.layout.tile;
        pool.run(n_rows.div_ceil(tile), &|index, thread| {
            let first = index * tile;
            let n = tile.min(n_rows - first);
            // SAFETY: every tile comes once, and a thread number is in use by one thread at a time.
            let (scratch, outputs) = unsafe {
                let outputs = outputs.part(first * n_outputs, n * n_outputs);
                (&mut scratch.part(thread, 1)[0], outputs)
            };
            let image = |image: usize| &inputs[(first + image) * n_inputs..][..n_inputs];
            passes.forward(n, image, scratch, outputs);
        });
    }

    /// The gradient of the sum over rows of a loss, with respect to all parameters, and what the loss counted.
    ///
    /// `rows` says which rows of `inputs`, `[any, height, width, channels]`, make the batch, in which order. `loss` is
    /// called once for every few of them. `gradient` is overwritten.
    ///
    /// # Panics
    ///
    /// If `inputs` does not hold whole rows, `gradient` is not as long as the parameters, or a row does not exist.
    pub fn gradient<S: Statistics>(
        &self,
        inputs: &[f32],
        rows: &[u32],
        loss: &(impl Fn(MapTile<'_>, &mut S) + Sync),
        gradient: &mut [f32],
        workspace: &mut MapWorkspace,
        pool: &Pool,
    ) -> S {
        let n_inputs = self.n_inputs();
        assert!(inputs.len().is_multiple_of(n_inputs), "whole input rows");
        assert_eq!(
            gradient.len(),
            self.parameters.len(),
            "a gradient for every parameter"
        );
        let shard_rows = self.shard_rows(rows.len());
        let n_shards = rows.len().div_ceil(shard_rows);
        workspace.prepare(&self.layout, n_shards, pool.n_threads());
        let packed = workspace.packed.as_mut_slice();
        self.layout.pack(&self.parameters, packed, true);
        let passes = self.passes(workspace.kernels, packed);
        let length = self.layout.sizes.shard;
        let mut shards: Vec<(&mut [f32], S)> = workspace.shards[..n_shards]
            .iter_mut()
            .map(|buffer| (&mut buffer.as_mut_slice()[..length], S::default()))
            .collect();
        let image = |row: u32| &inputs[row as usize * n_inputs..][..n_inputs];
        pool.for_each_with(
            &mut workspace.scratch,
            &mut shards,
            |scratch, index, (gradient, statistics)| {
                gradient.fill(0.0);
                let first = index * shard_rows;
                let rows = &rows[first..rows.len().min(first + shard_rows)];
                for rows in rows.chunks(self.layout.tile) {
                    passes.gradient(rows, image, loss, scratch, gradient, statistics);
                }
            },
        );
        let Some(((sum, statistics), others)) = shards.split_first_mut() else {
            gradient.fill(0.0);
            return S::default();
        };
        let gradients: Vec<&[f32]> = others.iter().map(|(gradient, _)| &**gradient).collect();
        add_in_order(kernels(), sum, &gradients, pool);
        self.layout.unpack_gradient(sum, gradient);
        for (_, other) in others {
            statistics.merge(std::mem::take(other));
        }
        std::mem::take(statistics)
    }

    /// Rows of one shard: few shards where each has a large gradient to be cleared and added.
    fn shard_rows(&self, n_rows: usize) -> usize {
        let n_shards = (MOST_SHARDED / self.layout.sizes.shard).clamp(FEW_SHARDS, MAX_SHARDS);
        n_rows
            .div_ceil(n_shards)
            .max(1)
            .next_multiple_of(self.layout.tile)
    }

    fn passes<'a>(
        &'a self,
        kernels: Option<&'static ConvolutionKernels>,
        packed: &'a [f32],
    ) -> Passes<'a> {
        Passes {
            layout: &self.layout,
            convolutions: kernels.unwrap_or_else(convolution_kernels),
            dense: crate::kernels::kernels(),
            packed,
        }
    }
}
