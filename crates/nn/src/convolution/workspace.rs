//! The memory that passes over maps work in, so that a step allocates next to nothing.

use super::layout::Layout;
use crate::aligned::Aligned;
use crate::kernels::convolution::ConvolutionKernels;

/// Memory for the passes of a [`MapModel`](super::MapModel). It grows to what the largest pass so far needed and holds no
/// results, so one workspace may serve several models in turn.
#[derive(Debug, Default)]
pub struct MapWorkspace {
    /// Weights laid out for the kernels.
    pub(super) packed: Aligned,
    /// One for every thread.
    pub(super) scratch: Vec<Scratch>,
    /// The gradients of the shards.
    pub(super) shards: Vec<Aligned>,
    /// The instruction set to use instead of the best one.
    pub(super) kernels: Option<&'static ConvolutionKernels>,
}

/// What one thread needs for one tile.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The maps of every image of the tile. Their borders are zero, and no pass writes there.
    pub(super) maps: Aligned,
    /// The derivatives with respect to the maps of one image; borders as above.
    pub(super) d_maps: Aligned,
    /// What dense layers read and write, `[tile, padded width]` each.
    pub(super) rows: Aligned,
    /// The derivatives with respect to these.
    pub(super) d_rows: Aligned,
    /// `[tile, n_outputs]`.
    pub(super) outputs: Vec<f32>,
    /// `[tile, n_outputs]`.
    pub(super) d_outputs: Vec<f32>,
    /// The maps that the borders are zero for.
    borders: Vec<usize>,
}

impl MapWorkspace {
    /// An empty workspace.
    #[must_use]
    pub fn new() -> MapWorkspace {
        MapWorkspace::default()
    }

    /// Grows every buffer to what a network needs.
    pub(super) fn prepare(&mut self, layout: &Layout, n_shards: usize, n_threads: usize) {
        let sizes = &layout.sizes;
        self.packed.grow(sizes.packed);
        if self.scratch.len() < n_threads {
            self.scratch.resize_with(n_threads, Scratch::default);
        }
        for scratch in &mut self.scratch {
            scratch.prepare(layout);
        }
        if self.shards.len() < n_shards {
            self.shards.resize_with(n_shards, Aligned::default);
        }
        for shard in &mut self.shards[..n_shards] {
            shard.grow(sizes.shard);
        }
    }
}

impl Scratch {
    fn prepare(&mut self, layout: &Layout) {
        let sizes = &layout.sizes;
        self.maps.grow(layout.tile * sizes.maps);
        self.d_maps.grow(sizes.d_maps);
        self.rows.grow(layout.tile * sizes.rows);
        self.d_rows.grow(layout.tile * sizes.rows);
        self.outputs.resize(layout.tile * layout.n_outputs, 0.0);
        self.d_outputs.resize(layout.tile * layout.n_outputs, 0.0);
        if self.borders != layout.borders {
            self.maps.as_mut_slice().fill(0.0);
            self.d_maps.as_mut_slice().fill(0.0);
            self.rows.as_mut_slice().fill(0.0);
            self.borders.clone_from(&layout.borders);
        }
    }
}
