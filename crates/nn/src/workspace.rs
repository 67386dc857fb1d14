//! The memory that passes work in, so that a step allocates nothing.

use crate::aligned::Aligned;
use crate::kernels::{Kernels, padded};
use crate::model::{Sizes, TILE};

/// Weights laid out for the kernels.
pub(crate) type Packed = Aligned;

/// Memory for the passes of a [`Model`](crate::Model). It grows to what the largest pass so far needed and holds no
/// results, so one workspace may serve several models in turn.
#[derive(Debug, Default)]
pub struct Workspace {
    pub(crate) packed: Packed,
    /// One for every thread.
    pub(crate) scratch: Vec<Scratch>,
    /// The gradients of the shards.
    pub(crate) shards: Vec<Aligned>,
    /// The instruction set to use instead of the best one.
    pub(crate) kernels: Option<&'static Kernels>,
}

/// What one thread needs for one tile. Every pass writes what it reads, the padding of its rows included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// `[TILE, padded inputs]`.
    pub(crate) inputs: Aligned,
    /// The hidden layers of all networks.
    pub(crate) activations: Aligned,
    /// The derivative with respect to a layer's output, `[TILE, width]`.
    pub(crate) d_first: Aligned,
    /// The same for the layer before.
    pub(crate) d_second: Aligned,
    /// `[TILE, n_outputs]`.
    pub(crate) outputs: Vec<f32>,
    /// `[TILE, n_outputs]`.
    pub(crate) d_outputs: Vec<f32>,
    /// `[TILE, n_latents]`.
    pub(crate) latent: Vec<f32>,
}

impl Workspace {
    /// An empty workspace.
    #[must_use]
    pub fn new() -> Workspace {
        Workspace::default()
    }

    /// Grows every buffer to what a model needs.
    pub(crate) fn prepare(
        &mut self,
        sizes: &Sizes,
        n_outputs: usize,
        n_latents: usize,
        n_shards: usize,
        n_threads: usize,
    ) {
        self.packed.grow(sizes.packed);
        if self.scratch.len() < n_threads {
            self.scratch.resize_with(n_threads, Scratch::default);
        }
        for scratch in &mut self.scratch {
            scratch.inputs.grow(TILE * sizes.inputs);
            scratch.activations.grow(sizes.activations);
            scratch.d_first.grow(TILE * sizes.width);
            scratch.d_second.grow(TILE * sizes.width);
            scratch.outputs.resize(TILE * n_outputs, 0.0);
            scratch.d_outputs.resize(TILE * n_outputs, 0.0);
            scratch.latent.resize(TILE * n_latents, 0.0);
        }
        if self.shards.len() < n_shards {
            self.shards.resize_with(n_shards, Aligned::default);
        }
        for shard in &mut self.shards {
            shard.grow(sizes.shard);
        }
    }
}

impl Scratch {
    /// Copies the rows of a tile in.
    pub(crate) fn take_inputs<'a>(
        &mut self,
        n_inputs: usize,
        rows: impl Iterator<Item = &'a [f32]>,
    ) {
        let width = padded(n_inputs);
        for (to, from) in self.inputs.as_mut_slice().chunks_exact_mut(width).zip(rows) {
            to[..n_inputs].copy_from_slice(from);
            to[n_inputs..].fill(0.0);
        }
    }
}
