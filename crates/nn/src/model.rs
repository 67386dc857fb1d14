//! Networks over one flat parameter vector, and their passes over batches.
//!
//! # Design
//!
//! A batch is cut into tiles of 64 rows, and a tile goes through all layers, the loss and all layers backward before the
//! next begins, so that what it leaves between the passes stays in the core's cache. Tiles belong to shards; each shard
//! has a gradient of its own, and the shards' gradients are added in order. How many shards there are depends on the
//! batch alone, so the bits do not depend on the number of threads.

#![expect(
    unsafe_code,
    reason = "rows of the outputs are handed to the threads as disjoint parts"
)]

#[cfg(test)]
mod tests;

use mdp::Rng;

use crate::kernels::{Kernels, kernels as best_kernels};
use crate::layout::{Directions, Layout, TILE};
use crate::passes::Passes;
use crate::pool::{Disjoint, Pool};
use crate::shape::{Initialization, MlpShape, initialize};
use crate::workspace::Workspace;

/// Most shards that a batch is cut into.
const MAX_SHARDS: usize = 16;

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
    layout: Layout,
    parameters: Vec<f32>,
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
        for (mlp, (_, initialization)) in model.layout.mlps.iter().zip(mlps) {
            for (i, layer) in mlp.layers.iter().enumerate() {
                let parameters = &mut model.parameters[layer.weights..layer.end()];
                let (weights, biases) = parameters.split_at_mut(layer.biases - layer.weights);
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
    /// If there is no network, a width is zero, or the networks' inputs differ.
    #[must_use]
    pub fn zeros(shapes: &[MlpShape], n_free: usize) -> Model {
        let layout = Layout::new(shapes, n_free);
        Model {
            parameters: vec![0.0; layout.n_parameters],
            layout,
        }
    }

    /// Numbers in one input row.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.layout.n_inputs()
    }

    /// Numbers in one output row: those of all networks, in order.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.layout.n_outputs
    }

    /// Width of the last hidden layer of the first network; of its inputs where it has none.
    #[must_use]
    pub fn n_latents(&self) -> usize {
        self.layout.n_latents()
    }

    /// The shapes of the networks.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = &MlpShape> {
        self.layout.mlps.iter().map(|mlp| &mlp.shape)
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
        &self.parameters[self.parameters.len() - self.layout.n_free..]
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
        let (n_inputs, n_outputs, n_latents) =
            (self.n_inputs(), self.n_outputs(), self.n_latents());
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
        workspace.prepare(&self.layout, 0, pool.n_threads());
        let packed = workspace.packed.as_mut_slice();
        self.layout
            .pack(&self.parameters, packed, Directions::Forward);
        let passes = self.passes(workspace.kernels, packed);
        let scratch = Disjoint::new(&mut workspace.scratch);
        let (outputs, latent) = (Disjoint::new(outputs), Disjoint::new(latent));
        let tile = |index: usize, thread: usize| {
            let first = index * TILE;
            let rows = TILE.min(n_rows - first);
            // SAFETY: every tile comes once, and a thread number is in use by one thread at a time.
            let (scratch, outputs) = unsafe {
                let outputs = outputs.part(first * n_outputs, rows * n_outputs);
                (&mut scratch.part(thread, 1)[0], outputs)
            };
            let inputs = &inputs[first * n_inputs..][..rows * n_inputs];
            scratch.take_inputs(n_inputs, inputs.chunks_exact(n_inputs));
            passes.forward(rows, scratch, outputs);
            if with_latent {
                // SAFETY: as above.
                let latent = unsafe { latent.part(first * n_latents, rows * n_latents) };
                passes.copy_latent(rows, scratch, latent);
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
    /// tile of at most 64 of them. `gradient` is overwritten.
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
        let shard_rows = shard_rows(rows.len());
        let n_shards = rows.len().div_ceil(shard_rows);
        workspace.prepare(&self.layout, n_shards, pool.n_threads());
        let packed = workspace.packed.as_mut_slice();
        self.layout.pack(&self.parameters, packed, Directions::Both);
        let passes = self.passes(workspace.kernels, packed);
        let mut buffers = workspace.shards.iter_mut();
        let mut shards: [Shard<'_, S>; MAX_SHARDS] = std::array::from_fn(|_| Shard {
            gradient: buffers.next().map_or(&mut [], |buffer| {
                &mut buffer.as_mut_slice()[..self.layout.sizes.shard]
            }),
            statistics: S::default(),
        });
        let shards = &mut shards[..n_shards];
        pool.for_each_with(&mut workspace.scratch, shards, |scratch, index, shard| {
            shard.gradient.fill(0.0);
            let first = index * shard_rows;
            let rows = &rows[first..rows.len().min(first + shard_rows)];
            for rows in rows.chunks(TILE) {
                let row = |row: &u32| &inputs[*row as usize * n_inputs..][..n_inputs];
                scratch.take_inputs(n_inputs, rows.iter().map(row));
                passes.gradient(rows, loss, scratch, shard.gradient, &mut shard.statistics);
            }
        });
        let Some((sum, others)) = shards.split_first_mut() else {
            gradient.fill(0.0);
            return S::default();
        };
        let gradients: [&[f32]; MAX_SHARDS] =
            std::array::from_fn(|i| others.get(i).map_or(&[][..], |shard| &*shard.gradient));
        add_in_order(
            passes.kernels,
            sum.gradient,
            &gradients[..others.len()],
            pool,
        );
        self.layout.unpack_gradient(sum.gradient, gradient);
        for other in others {
            sum.statistics.merge(std::mem::take(&mut other.statistics));
        }
        std::mem::take(&mut sum.statistics)
    }

    fn passes<'a>(&'a self, kernels: Option<&'static Kernels>, packed: &'a [f32]) -> Passes<'a> {
        Passes {
            layout: &self.layout,
            kernels: kernels.unwrap_or_else(best_kernels),
            packed,
        }
    }
}

/// A part of a batch: what it adds to the gradient, and what the loss counted in it.
struct Shard<'a, S> {
    gradient: &'a mut [f32],
    statistics: S,
}

/// Adds the gradients of the other shards to that of the first, number by number in the order of the shards.
pub(crate) fn add_in_order(kernels: &Kernels, sum: &mut [f32], others: &[&[f32]], pool: &Pool) {
    /// Numbers of one piece. Where there is little to do, handing it out takes longer than doing it.
    const PIECE: usize = 2048;
    let length = match others.len() * sum.len() {
        little if little < 16 * PIECE => sum.len(),
        _ => PIECE,
    };
    let n = sum.len();
    let sum = Disjoint::new(sum);
    pool.run(n.div_ceil(length), &|index, _| {
        let first = index * length;
        let range = first..n.min(first + length);
        // SAFETY: every index comes once, and pieces of different indices do not overlap.
        let sum = unsafe { sum.part(range.start, range.len()) };
        for other in others {
            kernels.add(sum, &other[range.clone()]);
        }
    });
}

/// Rows of one shard. A small batch is cut in two for two threads; a larger one into whole tiles, and into few shards,
/// because each has a gradient to be cleared and added: at most 8 up to 1024 rows, at most [`MAX_SHARDS`] beyond.
fn shard_rows(n_rows: usize) -> usize {
    if n_rows <= TILE {
        return TILE / 2;
    }
    let rows = n_rows.div_ceil(8).clamp(TILE, 2 * TILE);
    rows.max(n_rows.div_ceil(MAX_SHARDS)).next_multiple_of(TILE)
}
