//! A network with a memory: a layer, a gated recurrent unit, and a last layer that reads both.
//!
//! For inputs `x`, memory `h` and gates σ, one step is
//!
//! `e = f(W_e x + b_e)`, `r = σ(W_r e + b_r + U_r h + c_r)`, `z = σ(W_z e + b_z + U_z h + c_z)`,
//!
//! `n = tanh(W_n e + b_n + r (U_n h + c_n))`, `h' = (1 - z) n + z h`, `o = W_o [h', e] + b_o`:
//!
//! the gated recurrent unit of Cho et al. (2014) in the form of cuDNN and PyTorch, where the reset gate comes after the
//! product with the memory, so that a step is one product with all three blocks of `U`.
//!
//! # Design
//!
//! Sequences are cut into shards of some sequences each; what a shard adds to the gradient is added in order, so the bits
//! do not depend on the number of threads. Within a shard steps are worked on in groups of some 64 rows: the products that
//! do not wait for the memory take a group at once, those that do take a step's rows at once, and what the gates do
//! between them is one fused pass. The gradient goes back through all steps, and stops where a sequence forgets.

mod packed;
mod passes;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use mdp::Rng;

use crate::aligned::Aligned;
use crate::kernels::gru::GruKernels;
use crate::kernels::{Kernels, padded};
use crate::model::{Statistics, Tile};
use crate::pool::Pool;
use crate::shape::{Activation, Initialization, initialize};

use packed::Packed;
use passes::{Passes, Scratch};

/// Rows that are worked on together.
const GROUP: usize = 64;

/// What a network with a memory looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurrentShape {
    /// Numbers in one input row, at least 1.
    pub inputs: usize,
    /// Width of the layer before the memory, at least 1.
    pub encoder: usize,
    /// What follows that layer.
    pub activation: Activation,
    /// Numbers that are remembered, at least 1.
    pub units: usize,
    /// Numbers in one output row, at least 1.
    pub outputs: usize,
}

/// A network with a memory over one flat parameter vector.
///
/// Order of the parameters: the encoder's weights `[inputs, encoder]` and biases; the weights `[encoder, 3 units]` and
/// biases of what inputs add to the gates; the weights `[units, 3 units]` and biases of what memory adds; the last layer's
/// weights `[units + encoder, outputs]` and biases; the free parameters. The three blocks are the reset gate, the update
/// gate and the candidate.
#[derive(Clone, Debug)]
pub struct RecurrentModel {
    shape: RecurrentShape,
    n_free: usize,
    parameters: Vec<f32>,
}

/// Sequences of equal length side by side, time-major.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a> {
    /// How many there are, N.
    pub n_sequences: usize,
    /// `[T, N, inputs]`.
    pub inputs: &'a [f32],
    /// `[T, N]`, whether the memory is forgotten before the step.
    pub forgets: &'a [bool],
    /// `[N, units]`, the memory before the first step.
    pub memory: &'a [f32],
}

/// Memory for the passes of a [`RecurrentModel`]. It grows to what the largest pass so far needed and holds no results.
#[derive(Debug, Default)]
pub struct RecurrentWorkspace {
    packed: Packed,
    scratch: Vec<Scratch>,
    shards: Vec<Packed>,
    /// The instruction set to use instead of the best one.
    kernels: Option<(&'static Kernels, &'static GruKernels)>,
}

/// Where the four layers' numbers lie among the parameters: weights, biases, and the end.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    first: usize,
}

impl Layer {
    fn weights<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.first..][..self.inputs * self.outputs]
    }

    fn biases<'a>(&self, parameters: &'a [f32]) -> &'a [f32] {
        &parameters[self.first + self.inputs * self.outputs..][..self.outputs]
    }

    fn end(&self) -> usize {
        self.first + (self.inputs + 1) * self.outputs
    }
}

/// Widths in whole vectors.
#[derive(Clone, Copy, Debug)]
struct Widths {
    inputs: usize,
    encoder: usize,
    units: usize,
    outputs: usize,
    /// What the last layer reads: memory, then encoder.
    latent: usize,
}

impl RecurrentModel {
    /// A network with fresh weights, and free parameters with the given values. Every block of the gates begins as an
    /// orthogonal matrix, the groups of outputs (how many, and their gain) likewise.
    ///
    /// # Panics
    ///
    /// If a width is zero or the groups do not sum to the outputs.
    #[must_use]
    pub fn new(
        shape: &RecurrentShape,
        output_groups: &[(usize, f32)],
        free: &[f32],
        rng: &mut Rng,
    ) -> RecurrentModel {
        let mut model = RecurrentModel::zeros(shape, free.len());
        let gates = vec![(shape.units, 1.0); 3];
        let groups = [
            vec![(shape.encoder, std::f32::consts::SQRT_2)],
            gates.clone(),
            gates,
            output_groups.to_vec(),
        ];
        for (layer, groups) in model.layers().into_iter().zip(groups) {
            let initialization = Initialization::OrthogonalGroups {
                hidden_gain: 1.0,
                groups,
            };
            let numbers = &mut model.parameters[layer.first..layer.end()];
            let (weights, biases) = numbers.split_at_mut(layer.inputs * layer.outputs);
            initialize(&initialization, true, layer.inputs, weights, biases, rng);
        }
        let first_free = model.parameters.len() - free.len();
        model.parameters[first_free..].copy_from_slice(free);
        model
    }

    /// A network with all parameters zero.
    ///
    /// # Panics
    ///
    /// If a width is zero.
    #[must_use]
    pub fn zeros(shape: &RecurrentShape, n_free: usize) -> RecurrentModel {
        let widths = [shape.inputs, shape.encoder, shape.units, shape.outputs];
        assert!(!widths.contains(&0), "no layer has width zero");
        let mut model = RecurrentModel {
            shape: shape.clone(),
            n_free,
            parameters: vec![],
        };
        model.parameters = vec![0.0; model.layers()[3].end() + n_free];
        model
    }

    /// What it looks like.
    #[must_use]
    pub fn shape(&self) -> &RecurrentShape {
        &self.shape
    }

    /// All parameters; see [`RecurrentModel`] for their order.
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

    fn layers(&self) -> [Layer; 4] {
        let RecurrentShape {
            inputs,
            encoder,
            units,
            outputs,
            ..
        } = self.shape;
        let mut first = 0;
        let sizes = [
            (inputs, encoder),
            (encoder, 3 * units),
            (units, 3 * units),
            (units + encoder, outputs),
        ];
        sizes.map(|(inputs, outputs)| {
            let layer = Layer {
                inputs,
                outputs,
                first,
            };
            first = layer.end();
            layer
        })
    }

    fn widths(&self) -> Widths {
        let (units, encoder) = (padded(self.shape.units), padded(self.shape.encoder));
        Widths {
            inputs: padded(self.shape.inputs),
            encoder,
            units,
            outputs: padded(self.shape.outputs),
            latent: units + encoder,
        }
    }

    /// One step of every row: `inputs` is `[rows, inputs]`, `memory` `[rows, units]` before and after, and `outputs`
    /// `[rows, outputs]`. A row's result does not depend on the other rows.
    ///
    /// # Panics
    ///
    /// If the lengths do not agree.
    pub fn step(
        &self,
        inputs: &[f32],
        memory: &mut [f32],
        outputs: &mut [f32],
        workspace: &mut RecurrentWorkspace,
        pool: &Pool,
    ) {
        let RecurrentShape {
            inputs: n_inputs,
            units,
            outputs: n_outputs,
            ..
        } = self.shape;
        let n_rows = inputs.len() / n_inputs;
        assert_eq!(inputs.len(), n_rows * n_inputs, "whole input rows");
        assert_eq!(memory.len(), n_rows * units, "a memory for every row");
        assert_eq!(outputs.len(), n_rows * n_outputs, "an output for every row");
        workspace.prepare(self, 0, pool.n_threads(), false);
        let RecurrentWorkspace {
            packed,
            scratch,
            kernels,
            ..
        } = workspace;
        let passes = Passes::new(self, packed, *kernels);
        let mut tiles: Vec<_> = (inputs.chunks(GROUP * n_inputs))
            .zip(memory.chunks_mut(GROUP * units))
            .zip(outputs.chunks_mut(GROUP * n_outputs))
            .collect();
        let few = tiles.len() < 4;
        let step = |scratch: &mut Scratch, tile: &mut ((&[f32], &mut [f32]), &mut [f32])| {
            let ((inputs, memory), outputs) = tile;
            passes.step(inputs, memory, outputs, scratch);
        };
        if few {
            for tile in &mut tiles {
                step(&mut scratch[0], tile);
            }
        } else {
            pool.for_each_with(scratch, &mut tiles, |scratch, _, tile| step(scratch, tile));
        }
    }

    /// The gradient of the sum of a loss over all steps of some sequences, with respect to all parameters, and what the
    /// loss counted.
    ///
    /// `chosen` says which sequences make the batch, in which order. `loss` is called for groups of rows; row `t N + n` is
    /// step `t` of sequence `n`, and the latent is empty. No gradient goes into the memory before the first step.
    /// `gradient` is overwritten.
    ///
    /// # Panics
    ///
    /// If the lengths do not agree or a sequence does not exist.
    pub fn gradient<S: Statistics>(
        &self,
        sequences: &Sequences<'_>,
        chosen: &[u32],
        loss: &(impl Fn(Tile<'_>, &mut S) + Sync),
        gradient: &mut [f32],
        workspace: &mut RecurrentWorkspace,
        pool: &Pool,
    ) -> S {
        sequences.check(&self.shape);
        assert_eq!(
            gradient.len(),
            self.parameters.len(),
            "a gradient for every parameter"
        );
        let width = shard_width(chosen.len());
        let parts: Vec<&[u32]> = chosen.chunks(width.max(1)).collect();
        workspace.prepare(self, parts.len(), pool.n_threads(), true);
        let RecurrentWorkspace {
            packed,
            scratch,
            shards,
            kernels,
        } = workspace;
        let passes = Passes::new(self, packed, *kernels);
        let mut shards: Vec<(&mut Packed, &[u32], S)> = shards
            .iter_mut()
            .zip(parts)
            .map(|(shard, part)| (shard, part, S::default()))
            .collect();
        pool.for_each_with(scratch, &mut shards, |scratch, _, (shard, part, sums)| {
            shard.clear();
            passes.forward(sequences, part, loss, shard, sums, scratch);
            passes.backward(sequences, part, shard, scratch);
        });
        gradient.fill(0.0);
        let mut sums = S::default();
        for (shard, _, of_shard) in shards {
            self.add(shard, gradient);
            sums.merge(of_shard);
        }
        sums
    }

    /// Adds a shard's gradient.
    fn add(&self, shard: &Packed, gradient: &mut [f32]) {
        let Widths { units, encoder, .. } = self.widths();
        let [first, inputs, memory, last] = self.layers();
        let RecurrentShape {
            units: n_units,
            outputs: n_outputs,
            ..
        } = self.shape;
        let plain = |i: usize| i;
        let gates = |i: usize| i / n_units * units + i % n_units;
        let latent = |i: usize| match i.checked_sub(n_units) {
            None => i,
            Some(i) => units + i,
        };
        let wide = padded(n_outputs);
        add_layer(
            first,
            &shard.encoder,
            &shard.encoder_biases,
            encoder,
            plain,
            plain,
            gradient,
        );
        let biases = &shard.from_inputs_biases;
        add_layer(
            inputs,
            &shard.from_inputs,
            biases,
            3 * units,
            plain,
            gates,
            gradient,
        );
        let biases = &shard.from_memory_biases;
        add_layer(
            memory,
            &shard.from_memory,
            biases,
            3 * units,
            plain,
            gates,
            gradient,
        );
        let biases = &shard.outputs_biases;
        add_layer(last, &shard.outputs, biases, wide, latent, plain, gradient);
        for (sum, d) in gradient[last.end()..].iter_mut().zip(&shard.free) {
            *sum += d;
        }
    }
}

/// Adds one layer's gradient out of rows of whole vectors: `row` and `column` say where a number lies in them.
fn add_layer(
    layer: Layer,
    weights: &Aligned,
    biases: &Aligned,
    width: usize,
    row: impl Fn(usize) -> usize,
    column: impl Fn(usize) -> usize,
    gradient: &mut [f32],
) {
    let (weights, biases) = (weights.as_slice(), biases.as_slice());
    let (to, rest) = gradient[layer.first..].split_at_mut(layer.inputs * layer.outputs);
    for (i, to) in to.chunks_exact_mut(layer.outputs).enumerate() {
        let from = &weights[row(i) * width..][..width];
        for (o, to) in to.iter_mut().enumerate() {
            *to += from[column(o)];
        }
    }
    for (o, to) in rest[..layer.outputs].iter_mut().enumerate() {
        *to += biases[column(o)];
    }
}

/// Sequences of one shard: some 16, so that a step's products have rows enough, and at least two shards for two threads.
fn shard_width(n_sequences: usize) -> usize {
    match n_sequences {
        0..=8 => n_sequences.div_ceil(2),
        9..=32 => n_sequences.div_ceil(2).min(16),
        _ => n_sequences.div_ceil(16).clamp(16, GROUP),
    }
}

impl Sequences<'_> {
    /// Steps, T.
    fn n_steps(&self) -> usize {
        self.forgets.len() / self.n_sequences.max(1)
    }

    fn check(&self, shape: &RecurrentShape) {
        let n = self.n_sequences;
        let n_rows = self.n_steps() * n;
        assert_eq!(self.forgets.len(), n_rows, "whole steps");
        assert_eq!(
            self.inputs.len(),
            n_rows * shape.inputs,
            "an input row for every step of every sequence"
        );
        assert_eq!(
            self.memory.len(),
            n * shape.units,
            "a memory for every sequence"
        );
    }
}

impl RecurrentWorkspace {
    /// An empty workspace.
    #[must_use]
    pub fn new() -> RecurrentWorkspace {
        RecurrentWorkspace::default()
    }

    fn prepare(&mut self, model: &RecurrentModel, n_shards: usize, n_threads: usize, back: bool) {
        self.packed.pack(model, back);
        if self.scratch.len() < n_threads {
            self.scratch.resize_with(n_threads, Scratch::default);
        }
        if self.shards.len() < n_shards {
            self.shards.resize_with(n_shards, Packed::default);
        }
        for shard in &mut self.shards[..n_shards] {
            shard.grow(model);
        }
    }
}
