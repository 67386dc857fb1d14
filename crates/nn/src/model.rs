//! Networks over one flat parameter vector, and their passes over batches.
//!
//! # Design
//!
//! A batch is cut into tiles of [`TILE`] rows, and a tile goes through all layers, the loss and all layers backward
//! before the next begins, so that what it leaves between the passes stays in the core's cache. Tiles belong to
//! shards; each shard has a gradient of its own, and the shards' gradients are added in order. How many shards there
//! are depends on the batch alone, so the bits do not depend on the number of threads.

#![expect(
    unsafe_code,
    reason = "rows of the outputs are handed to the threads as disjoint parts"
)]

#[cfg(test)]
mod tests;

use mdp::Rng;

use crate::kernels::{Kernels, View, kernels, padded, transpose};
use crate::pool::{Disjoint, Pool};
use crate::shape::{Activation, Initialization, MlpShape, initialize};
use crate::workspace::{Packed, Scratch, Workspace};

/// Rows that go through the network together.
pub(crate) const TILE: usize = 64;

/// Most shards that a batch is cut into.
pub(crate) const MAX_SHARDS: usize = 16;

/// Last layers with at most this many outputs are computed by dot products; wider ones by padded columns.
const NARROW: usize = 8;

/// Rows from which a forward pass is shared between threads.
const ROWS_TO_SHARE: usize = 4 * TILE;

/// One or several multilayer perceptrons that read the same inputs, and free parameters such as log standard
/// deviations, over one flat parameter vector.
///
/// Separate policy and value networks are two perceptrons; a shared trunk is one whose outputs hold both. Order of the
/// parameters: perceptron by perceptron, layer by layer, the weights `[inputs, outputs]` row-major and then the
/// biases; the free parameters last.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) mlps: Vec<Mlp>,
    parameters: Vec<f32>,
    n_free: usize,
    n_outputs: usize,
    pub(crate) sizes: Sizes,
}

/// The lengths of the buffers that a [`Workspace`] holds for a model.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// Weights laid out for the kernels.
    pub(crate) packed: usize,
    /// One shard's gradient, laid out for the kernels, the free parameters' at its end.
    pub(crate) shard: usize,
    /// The activations of one tile, all networks.
    pub(crate) activations: usize,
    /// The widest layer, padded.
    pub(crate) width: usize,
    /// The inputs, padded.
    pub(crate) inputs: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Mlp {
    pub(crate) shape: MlpShape,
    layers: Vec<Layer>,
    /// Where its outputs begin within an output row of the model.
    first_output: usize,
}

/// One layer and where its numbers lie.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    /// In the parameter vector; the biases follow the weights.
    weights: usize,
    biases: usize,
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
    output: usize,
    /// Whether it is a last layer with few outputs.
    narrow: bool,
    /// Whether it is not the first.
    is_behind_another: bool,
}

/// One tile of a batch in the hands of a loss.
///
/// The loss reads the outputs and writes the derivative of the tile's loss with respect to each of them, and adds to
/// the derivative with respect to the free parameters.
#[derive(Debug)]
pub struct Tile<'a> {
    /// Which rows of the inputs these are, in order.
    pub rows: &'a [u32],
    /// What the networks say, `[rows, n_outputs]`.
    pub outputs: &'a [f32],
    /// The last hidden layer of the first network, `[rows, n_latents]`.
    pub latent: &'a [f32],
    /// For d loss / d outputs, `[rows, n_outputs]`; zero when the loss is called.
    pub d_outputs: &'a mut [f32],
    /// For d loss / d free parameters, summed over the rows so far; add to it.
    pub d_free: &'a mut [f32],
}

/// What a loss counts beside its gradient, such as a mean loss or a clip fraction.
pub trait Statistics: Default + Send {
    /// Adds what a later part of the batch counted. Parts are added in the order of the batch.
    fn merge(&mut self, later: Self);
}

impl Statistics for () {
    fn merge(&mut self, (): ()) {}
}

impl Statistics for f32 {
    fn merge(&mut self, later: f32) {
        *self += later;
    }
}

impl Statistics for f64 {
    fn merge(&mut self, later: f64) {
        *self += later;
    }
}

impl Model {
    /// Networks with fresh weights, and free parameters with the given values.
    ///
    /// # Panics
    ///
    /// If there is no network, a width is zero, the networks' inputs differ, or groups of an initialisation do not sum
    /// to the outputs.
    #[must_use]
    pub fn new(mlps: &[(MlpShape, Initialization)], free: &[f32], rng: &mut Rng) -> Model {
        let shapes: Vec<MlpShape> = mlps.iter().map(|(shape, _)| shape.clone()).collect();
        let mut model = Model::zeros(&shapes, free.len());
        for (mlp, (_, initialization)) in model.mlps.iter().zip(mlps) {
            for (i, layer) in mlp.layers.iter().enumerate() {
                let (weights, biases) = model.parameters[layer.weights..layer.end()]
                    .split_at_mut(layer.inputs * layer.outputs);
                let is_last = i + 1 == mlp.layers.len();
                initialize(initialization, is_last, layer.inputs, weights, biases, rng);
            }
        }
        let tail = model.parameters.len() - free.len();
        model.parameters[tail..].copy_from_slice(free);
        model
    }

    /// Networks of the given shapes with all parameters zero.
    ///
    /// # Panics
    ///
    /// As [`Model::new`].
    #[must_use]
    pub fn zeros(shapes: &[MlpShape], n_free: usize) -> Model {
        assert!(!shapes.is_empty(), "a model has at least one network");
        let mut mlps = Vec::with_capacity(shapes.len());
        let mut sizes = Sizes::default();
        let (mut n_parameters, mut n_outputs) = (0, 0);
        for shape in shapes {
            assert_eq!(
                shape.inputs, shapes[0].inputs,
                "networks read the same inputs"
            );
            let widths = [shape.inputs, shape.outputs];
            let has_width = |width: &usize| *width > 0;
            assert!(
                widths.iter().chain(&shape.hidden).all(has_width),
                "a width is zero"
            );
            mlps.push(Mlp {
                shape: shape.clone(),
                layers: lay_out(shape, &mut n_parameters, &mut sizes),
                first_output: n_outputs,
            });
            n_outputs += shape.outputs;
        }
        sizes.shard += padded(n_free);
        sizes.inputs = padded(shapes[0].inputs);
        Model {
            mlps,
            parameters: vec![0.0; n_parameters + n_free],
            n_free,
            n_outputs,
            sizes,
        }
    }

    /// Numbers in one input row.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.mlps[0].shape.inputs
    }

    /// Numbers in one output row: those of all networks, in order.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.n_outputs
    }

    /// Width of the last hidden layer of the first network; of its inputs where it has none.
    #[must_use]
    pub fn n_latents(&self) -> usize {
        self.mlps[0]
            .layers
            .last()
            .expect("a network has layers")
            .inputs
    }

    /// The shapes of the networks.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = &MlpShape> {
        self.mlps.iter().map(|mlp| &mlp.shape)
    }

    /// All parameters; see [`Model`] for their order.
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// All parameters, to be changed by an optimiser.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// The free parameters.
    #[must_use]
    pub fn free(&self) -> &[f32] {
        &self.parameters[self.parameters.len() - self.n_free..]
    }

    /// The outputs of all networks for a batch: `inputs` is `[rows, n_inputs]`, `outputs` is `[rows, n_outputs]`, both
    /// row-major. A row's result does not depend on the other rows of the batch.
    ///
    /// # Panics
    ///
    /// If the lengths do not agree.
    pub fn forward(
        &self,
        inputs: &[f32],
        outputs: &mut [f32],
        workspace: &mut Workspace,
        pool: &Pool,
    ) {
        self.pass_forward(inputs, outputs, None, workspace, pool);
    }

    /// [`Model::forward`] that also gives the last hidden layer of the first network, `[rows, n_latents]`, which
    /// generalised state-dependent exploration needs.
    ///
    /// # Panics
    ///
    /// If the lengths do not agree.
    pub fn forward_with_latent(
        &self,
        inputs: &[f32],
        outputs: &mut [f32],
        latent: &mut [f32],
        workspace: &mut Workspace,
        pool: &Pool,
    ) {
        self.pass_forward(inputs, outputs, Some(latent), workspace, pool);
    }

    fn pass_forward(
        &self,
        inputs: &[f32],
        outputs: &mut [f32],
        latent: Option<&mut [f32]>,
        workspace: &mut Workspace,
        pool: &Pool,
    ) {
        let (n_inputs, n_outputs, n_latents) = (self.n_inputs(), self.n_outputs, self.n_latents());
        let n_rows = inputs.len() / n_inputs;
        assert_eq!(inputs.len(), n_rows * n_inputs, "whole input rows");
        assert_eq!(
            outputs.len(),
            n_rows * n_outputs,
            "an output row for every input row"
        );
        let with_latent = latent.is_some();
        let latent = latent.unwrap_or_default();
        if with_latent {
            assert_eq!(
                latent.len(),
                n_rows * n_latents,
                "a latent row for every input row"
            );
        }
        let kernels = workspace.kernels.unwrap_or_else(kernels);
        workspace.prepare(&self.sizes, n_outputs, n_latents, 0, pool.n_threads());
        self.pack(workspace.packed.as_mut_slice(), Directions::Forward);
        let packed = &workspace.packed;
        let scratch = Disjoint::new(&mut workspace.scratch);
        let (outputs, latent) = (Disjoint::new(outputs), Disjoint::new(latent));
        let tile = |index: usize, thread: usize| {
            let first = index * TILE;
            let rows = TILE.min(n_rows - first);
            // SAFETY: every tile comes once, and a thread number is in use by one thread at a time.
            let (scratch, outputs) = unsafe {
                (
                    &mut scratch.part(thread, 1)[0],
                    outputs.part(first * n_outputs, rows * n_outputs),
                )
            };
            let inputs = &inputs[first * n_inputs..(first + rows) * n_inputs];
            scratch.take_inputs(n_inputs, inputs.chunks_exact(n_inputs));
            self.tile_forward(kernels, packed, rows, scratch, outputs);
            if with_latent {
                // SAFETY: as above.
                let latent = unsafe { latent.part(first * n_latents, rows * n_latents) };
                self.copy_latent(rows, scratch, latent);
            }
        };
        let n_tiles = n_rows.div_ceil(TILE);
        if n_rows < ROWS_TO_SHARE {
            (0..n_tiles).for_each(|index| tile(index, 0));
        } else {
            pool.run(n_tiles, &tile);
        }
    }

    /// The gradient of the sum over rows of a loss, with respect to all parameters, and what the loss counted.
    ///
    /// `rows` says which rows of `inputs`, `[any, n_inputs]`, make the batch, in which order. `loss` is called once per
    /// tile of them. `gradient` is overwritten.
    ///
    /// # Panics
    ///
    /// If `inputs` does not hold whole rows, `gradient` is not as long as the parameters, or a row does not exist.
    pub fn gradient<S: Statistics>(
        &self,
        inputs: &[f32],
        rows: &[u32],
        loss: &(impl Fn(Tile<'_>, &mut S) + Sync),
        gradient: &mut [f32],
        workspace: &mut Workspace,
        pool: &Pool,
    ) -> S {
        let n_inputs = self.n_inputs();
        assert!(inputs.len().is_multiple_of(n_inputs), "whole input rows");
        assert_eq!(
            gradient.len(),
            self.parameters.len(),
            "a gradient for every parameter"
        );
        let kernels = workspace.kernels.unwrap_or_else(kernels);
        let shard_rows = shard_rows(rows.len());
        let n_shards = rows.len().div_ceil(shard_rows);
        workspace.prepare(
            &self.sizes,
            self.n_outputs,
            self.n_latents(),
            n_shards,
            pool.n_threads(),
        );
        self.pack(workspace.packed.as_mut_slice(), Directions::Both);
        let packed = &workspace.packed;
        let mut statistics: [S; MAX_SHARDS] = std::array::from_fn(|_| S::default());
        {
            let scratch = Disjoint::new(&mut workspace.scratch);
            let shards = Disjoint::new(&mut workspace.shards);
            let statistics = Disjoint::new(&mut statistics);
            pool.run(n_shards, &|index, thread| {
                // SAFETY: every shard comes once, and a thread number is in use by one thread at a time.
                let (scratch, shard, statistics) = unsafe {
                    (
                        &mut scratch.part(thread, 1)[0],
                        &mut shards.part(index, 1)[0],
                        &mut statistics.part(index, 1)[0],
                    )
                };
                let shard = &mut shard.as_mut_slice()[..self.sizes.shard];
                shard.fill(0.0);
                let first = index * shard_rows;
                let rows = &rows[first..rows.len().min(first + shard_rows)];
                for rows in rows.chunks(TILE) {
                    let row = |row: &u32| &inputs[*row as usize * n_inputs..][..n_inputs];
                    scratch.take_inputs(n_inputs, rows.iter().map(row));
                    self.tile_gradient(kernels, packed, rows, loss, scratch, shard, statistics);
                }
            });
        }
        self.reduce(kernels, workspace, n_shards, gradient);
        let mut total = S::default();
        for part in statistics.into_iter().take(n_shards) {
            total.merge(part);
        }
        total
    }

    /// One tile: forward, loss, backward.
    #[expect(clippy::too_many_arguments, reason = "the parts of a shard's state")]
    fn tile_gradient<S: Statistics>(
        &self,
        kernels: &Kernels,
        packed: &Packed,
        rows: &[u32],
        loss: &impl Fn(Tile<'_>, &mut S),
        scratch: &mut Scratch,
        shard: &mut [f32],
        statistics: &mut S,
    ) {
        let n = rows.len();
        let mut outputs = std::mem::take(&mut scratch.outputs);
        let mut d_outputs = std::mem::take(&mut scratch.d_outputs);
        let mut latent = std::mem::take(&mut scratch.latent);
        self.tile_forward(kernels, packed, n, scratch, &mut outputs);
        let n_latent = n * self.n_latents();
        let whole_lines = padded(self.n_latents()) == self.n_latents();
        if !whole_lines {
            self.copy_latent(n, scratch, &mut latent);
        }
        let d_outputs_used = &mut d_outputs[..n * self.n_outputs];
        d_outputs_used.fill(0.0);
        let free = self.sizes.shard - padded(self.n_free);
        let tile = Tile {
            rows,
            outputs: &outputs[..n * self.n_outputs],
            latent: match whole_lines {
                true => &self.padded_latent(scratch)[..n_latent],
                false => &latent[..n_latent],
            },
            d_outputs: d_outputs_used,
            d_free: &mut shard[free..free + self.n_free],
        };
        loss(tile, statistics);
        for mlp in &self.mlps {
            self.tile_backward(kernels, packed, mlp, n, &d_outputs, scratch, shard);
        }
        scratch.outputs = outputs;
        scratch.d_outputs = d_outputs;
        scratch.latent = latent;
    }

    /// All networks on the inputs in the scratch; `outputs` is `[rows, n_outputs]`.
    fn tile_forward(
        &self,
        kernels: &Kernels,
        packed: &Packed,
        rows: usize,
        scratch: &mut Scratch,
        outputs: &mut [f32],
    ) {
        let packed = packed.as_slice();
        for mlp in &self.mlps {
            let (last, hidden) = mlp.layers.split_last().expect("a network has layers");
            let mut from: Option<&Layer> = None;
            for layer in hidden {
                let width = padded(layer.outputs);
                let (before, after) = scratch
                    .activations
                    .as_mut_slice()
                    .split_at_mut(layer.output);
                let (input, stride) = match from {
                    None => (scratch.inputs.as_slice(), padded(layer.inputs)),
                    Some(from) => (&before[from.output..], padded(from.outputs)),
                };
                let view = View {
                    data: input,
                    row: stride,
                    column: 1,
                };
                let relu = mlp.shape.activation == Activation::Relu;
                let output = &mut after[..rows * width];
                kernels.affine(
                    rows,
                    view,
                    layer.packed(packed),
                    layer.packed_biases(packed),
                    relu,
                    output,
                );
                if !relu {
                    kernels.tanh(output);
                }
                from = Some(layer);
            }
            let input = match from {
                None => scratch.inputs.as_slice(),
                Some(from) => &scratch.activations.as_slice()[from.output..],
            };
            let depth = padded(last.inputs);
            let outputs = &mut outputs[mlp.first_output..];
            if last.narrow {
                let biases = &last.packed_biases(packed)[..last.outputs];
                kernels.dot_products(
                    rows,
                    depth,
                    input,
                    last.transposed(packed),
                    biases,
                    outputs,
                    self.n_outputs,
                );
            } else {
                let width = padded(last.outputs);
                let view = View {
                    data: input,
                    row: depth,
                    column: 1,
                };
                let wide = &mut scratch.d_first.as_mut_slice()[..rows * width];
                kernels.affine(
                    rows,
                    view,
                    last.packed(packed),
                    last.packed_biases(packed),
                    false,
                    wide,
                );
                for (row, wide) in wide.chunks_exact(width).enumerate() {
                    outputs[row * self.n_outputs..][..last.outputs]
                        .copy_from_slice(&wide[..last.outputs]);
                }
            }
        }
    }

    /// One network's part of a tile's gradient, added to the shard's.
    #[expect(clippy::too_many_arguments, reason = "the parts of a shard's state")]
    fn tile_backward(
        &self,
        kernels: &Kernels,
        packed: &Packed,
        mlp: &Mlp,
        rows: usize,
        d_outputs: &[f32],
        scratch: &mut Scratch,
        shard: &mut [f32],
    ) {
        let packed = packed.as_slice();
        let Scratch {
            inputs,
            activations,
            d_first,
            d_second,
            ..
        } = scratch;
        let activations = activations.as_slice();
        let (mut d_output, mut d_input) = (d_first.as_mut_slice(), d_second.as_mut_slice());
        let d_outputs = &d_outputs[mlp.first_output..];
        for (i, layer) in mlp.layers.iter().enumerate().rev() {
            let is_last = i + 1 == mlp.layers.len();
            let (width_in, width_out) = (padded(layer.inputs), padded(layer.outputs));
            let input = match i {
                0 => inputs.as_slice(),
                _ => &activations[mlp.layers[i - 1].output..],
            };
            if is_last && !layer.narrow {
                for (row, d) in d_output[..rows * width_out]
                    .chunks_exact_mut(width_out)
                    .enumerate()
                {
                    d[..layer.outputs]
                        .copy_from_slice(&d_outputs[row * self.n_outputs..][..layer.outputs]);
                    d[layer.outputs..].fill(0.0);
                }
            }
            let d_rows = if layer.narrow {
                let by_output = View {
                    data: d_outputs,
                    row: 1,
                    column: self.n_outputs,
                };
                let weights = &mut shard[layer.gradient..][..layer.outputs * width_in];
                kernels.accumulate(
                    layer.outputs,
                    width_in,
                    by_output,
                    &input[..rows * width_in],
                    width_in,
                    weights,
                );
                let biases = &mut shard[layer.biases_gradient..][..layer.outputs];
                let mut sums = [0.0; NARROW];
                for row in d_outputs.chunks(self.n_outputs).take(rows) {
                    for (sum, d) in sums.iter_mut().zip(&row[..layer.outputs]) {
                        *sum += d;
                    }
                }
                for (bias, sum) in biases.iter_mut().zip(sums) {
                    *bias += sum;
                }
                View {
                    data: d_outputs,
                    row: self.n_outputs,
                    column: 1,
                }
            } else {
                let by_input = View {
                    data: input,
                    row: 1,
                    column: width_in,
                };
                let d_output = &d_output[..rows * width_out];
                let weights = &mut shard[layer.gradient..][..layer.inputs * width_out];
                kernels.accumulate(
                    layer.inputs,
                    width_out,
                    by_input,
                    d_output,
                    width_out,
                    weights,
                );
                kernels.sum_rows(
                    rows,
                    d_output,
                    &mut shard[layer.biases_gradient..][..width_out],
                );
                View {
                    data: d_output,
                    row: width_out,
                    column: 1,
                }
            };
            if i > 0 {
                let weights = layer.transposed(packed);
                let d_input = &mut d_input[..rows * width_in];
                match mlp.shape.activation {
                    Activation::Tanh => {
                        kernels.through_tanh(rows, width_in, d_rows, weights, input, d_input)
                    }
                    Activation::Relu => {
                        kernels.through_relu(rows, width_in, d_rows, weights, input, d_input)
                    }
                }
            }
            std::mem::swap(&mut d_output, &mut d_input);
        }
    }

    /// The last hidden layer of the first network, without its padding.
    fn copy_latent(&self, rows: usize, scratch: &Scratch, latent: &mut [f32]) {
        let n_latents = self.n_latents();
        let width = padded(n_latents);
        let source = self.padded_latent(scratch);
        for (row, latent) in latent.chunks_exact_mut(n_latents).take(rows).enumerate() {
            latent.copy_from_slice(&source[row * width..][..n_latents]);
        }
    }

    /// The last hidden layer of the first network, rows of whole vectors.
    fn padded_latent<'a>(&self, scratch: &'a Scratch) -> &'a [f32] {
        let layers = &self.mlps[0].layers;
        match layers.len() {
            1 => scratch.inputs.as_slice(),
            n => &scratch.activations.as_slice()[layers[n - 2].output..],
        }
    }

    /// Lays the weights out for the kernels.
    fn pack(&self, packed: &mut [f32], directions: Directions) {
        for layer in self.mlps.iter().flat_map(|mlp| &mlp.layers) {
            let weights = &self.parameters[layer.weights..layer.biases];
            let biases = &self.parameters[layer.biases..layer.end()];
            let width_out = padded(layer.outputs);
            copy_padded(&mut packed[layer.packed_biases..][..width_out], biases);
            if !layer.narrow {
                let to = &mut packed[layer.packed..][..layer.inputs * width_out];
                copy_rows(weights, layer.outputs, to, width_out);
            }
            if layer.transposed_for(directions) {
                let width_in = padded(layer.inputs);
                let to = &mut packed[layer.transposed..][..layer.outputs * width_in];
                transpose(weights, layer.outputs, to, width_in);
            }
        }
    }

    /// Adds the shards' gradients in order and takes the sum out of the kernels' layout.
    fn reduce(
        &self,
        kernels: &Kernels,
        workspace: &mut Workspace,
        n_shards: usize,
        gradient: &mut [f32],
    ) {
        let Some((sum, others)) = workspace.shards[..n_shards].split_first_mut() else {
            gradient.fill(0.0);
            return;
        };
        let sum = &mut sum.as_mut_slice()[..self.sizes.shard];
        for other in others {
            kernels.add(sum, &other.as_slice()[..self.sizes.shard]);
        }
        for layer in self.mlps.iter().flat_map(|mlp| &mlp.layers) {
            let (width_in, width_out) = (padded(layer.inputs), padded(layer.outputs));
            let (weights, biases) =
                gradient[layer.weights..layer.end()].split_at_mut(layer.inputs * layer.outputs);
            if layer.narrow {
                let from = &sum[layer.gradient..][..layer.outputs * width_in];
                transpose(from, width_in, weights, layer.outputs);
            } else {
                let from = &sum[layer.gradient..][..layer.inputs * width_out];
                copy_rows(from, width_out, weights, layer.outputs);
            }
            biases.copy_from_slice(&sum[layer.biases_gradient..][..layer.outputs]);
        }
        let free = self.sizes.shard - padded(self.n_free);
        let tail = gradient.len() - self.n_free;
        gradient[tail..].copy_from_slice(&sum[free..free + self.n_free]);
    }
}

/// Which passes weights are laid out for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directions {
    Forward,
    Both,
}

impl Layer {
    /// Where its parameters end.
    fn end(&self) -> usize {
        self.biases + self.outputs
    }

    /// Whether its weights are needed with outputs as rows: for few outputs always, and to go back beyond it.
    fn transposed_for(&self, directions: Directions) -> bool {
        self.narrow || (self.is_behind_another && directions == Directions::Both)
    }

    fn packed<'a>(&self, packed: &'a [f32]) -> &'a [f32] {
        &packed[self.packed..][..self.inputs * padded(self.outputs)]
    }

    fn transposed<'a>(&self, packed: &'a [f32]) -> &'a [f32] {
        &packed[self.transposed..][..self.outputs * padded(self.inputs)]
    }

    fn packed_biases<'a>(&self, packed: &'a [f32]) -> &'a [f32] {
        &packed[self.packed_biases..][..padded(self.outputs)]
    }
}

/// Copies a row and fills the rest with zeros.
fn copy_padded(to: &mut [f32], from: &[f32]) {
    to[..from.len()].copy_from_slice(from);
    to[from.len()..].fill(0.0);
}

/// Copies rows of `from_width` numbers into rows of `to_width`, cut off or filled with zeros.
fn copy_rows(from: &[f32], from_width: usize, to: &mut [f32], to_width: usize) {
    if from_width == to_width {
        to.copy_from_slice(from);
        return;
    }
    let width = from_width.min(to_width);
    for (to, from) in to
        .chunks_exact_mut(to_width)
        .zip(from.chunks_exact(from_width))
    {
        copy_padded(to, &from[..width]);
    }
}

/// Gives every array of a network its place, counting on from the sizes so far.
fn lay_out(shape: &MlpShape, n_parameters: &mut usize, sizes: &mut Sizes) -> Vec<Layer> {
    let widths = shape.layers();
    let n_layers = widths.len();
    let layer = |(i, (inputs, outputs)): (usize, (usize, usize))| {
        let narrow = i + 1 == n_layers && outputs <= NARROW;
        let (width_in, width_out) = (padded(inputs), padded(outputs));
        let take = |size: &mut usize, n: usize| {
            *size += n;
            *size - n
        };
        let gradient = if narrow {
            outputs * width_in
        } else {
            inputs * width_out
        };
        sizes.width = sizes.width.max(width_in).max(width_out);
        Layer {
            inputs,
            outputs,
            weights: take(n_parameters, inputs * outputs),
            biases: take(n_parameters, outputs),
            packed: take(
                &mut sizes.packed,
                if narrow { 0 } else { inputs * width_out },
            ),
            transposed: take(&mut sizes.packed, outputs * width_in),
            packed_biases: take(&mut sizes.packed, width_out),
            gradient: take(&mut sizes.shard, gradient),
            biases_gradient: take(&mut sizes.shard, width_out),
            output: take(&mut sizes.activations, TILE * width_out),
            narrow,
            is_behind_another: i > 0,
        }
    };
    widths.into_iter().enumerate().map(layer).collect()
}

/// Rows of one shard: enough for the smallest batch worth two threads to be cut in two, and at most [`MAX_SHARDS`].
fn shard_rows(n_rows: usize) -> usize {
    let rows = n_rows.div_ceil(MAX_SHARDS).max(TILE / 2);
    rows.next_multiple_of(if n_rows <= TILE * MAX_SHARDS / 2 {
        TILE / 2
    } else {
        TILE
    })
}
