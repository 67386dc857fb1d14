//! The memory that passes work in, so that a step allocates nothing.

use crate::aligned::Aligned;
use crate::kernels::{Kernels, padded};
use crate::layout::{Layout, TILE};

/// Memory for the passes of a [`Model`](crate::Model). It grows to what the largest pass so far needed and holds no
/// results, so one workspace may serve several models in turn.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Weights laid out for the kernels.
    pub(crate) packed: Aligned,
    /// One for every thread.
    pub(crate) scratch: Vec<Scratch>,
    /// The gradients of the shards.
    pub(crate) shards: Vec<Aligned>,
    /// The instruction set to use instead of the best one.
    pub(crate) kernels: Option<&'static Kernels>,
}

/// What one thread needs for one tile. Every pass writes what it reads, the padding of its rows included, but for that
/// of the inputs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// `[TILE, padded inputs]`; the padding is zero.
    pub(crate) inputs: Aligned,
    /// How many of them the rows had last: as long as that stays, so does the padding.
    n_inputs: usize,
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
    pub(crate) fn prepare(&mut self, layout: &Layout, n_shards: usize, n_threads: usize) {
        let sizes = &layout.sizes;
        self.packed.grow(sizes.packed);
        if self.scratch.len() < n_threads {
            self.scratch.resize_with(n_threads, Scratch::default);
        }
        for scratch in &mut self.scratch {
            scratch.inputs.grow(TILE * sizes.inputs);
            scratch.activations.grow(sizes.activations);
            scratch.d_first.grow(TILE * sizes.width);
            scratch.d_second.grow(TILE * sizes.width);
            scratch.outputs.resize(TILE * layout.n_outputs, 0.0);
            scratch.d_outputs.resize(TILE * layout.n_outputs, 0.0);
            scratch.latent.resize(TILE * layout.n_latents(), 0.0);
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
        if self.n_inputs != n_inputs {
            self.inputs.as_mut_slice().fill(0.0);
            self.n_inputs = n_inputs;
        }
        let width = padded(n_inputs);
        let to_rows = self.inputs.as_mut_slice().chunks_exact_mut(width);
        for (to, from) in to_rows.zip(rows) {
            copy_short(&mut to[..n_inputs], from);
        }
    }
}

/// Copies a few numbers: a loop over eights, because a call of `memcpy` takes as long as the copy.
fn copy_short(to: &mut [f32], from: &[f32]) {
    let (to_eights, to_rest) = to.as_chunks_mut::<8>();
    let (eights, rest) = from.as_chunks::<8>();
    for (to, from) in to_eights.iter_mut().zip(eights) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(rest) {
        *to = *from;
    }
}
