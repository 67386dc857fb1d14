//! One shard of sequences through all steps and back.

use super::packed::Packed;
use super::{GROUP, RecurrentModel, RecurrentShape, Sequences, Widths};
use crate::aligned::Aligned;
use crate::kernels::gru::{Backward, Forward, GruKernels, KEPT, gru_kernels};
use crate::kernels::{Kernels, View, kernels as best_kernels};
use crate::model::Tile;

/// What the passes over the shards of a batch share.
pub(super) struct Passes<'a> {
    shape: RecurrentShape,
    widths: Widths,
    packed: &'a Packed,
    kernels: &'static Kernels,
    gates: &'static GruKernels,
}

/// What one thread needs for one shard.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// `[T rows, inputs]`.
    inputs: Aligned,
    /// `[T rows, latent]`: the memory after each step, and what the encoder says.
    latent: Aligned,
    /// `[T rows, units]`, the memory before each step.
    memory: Aligned,
    /// `[T rows, 4 units]`.
    kept: Aligned,
    /// `[T rows, outputs]`, padded.
    d_outputs: Aligned,
    /// Of a group of rows: what the encoder says, what inputs and memory add to the gates, and wide rows of any kind.
    encoded: Aligned,
    from_inputs: Aligned,
    from_memory: Aligned,
    wide: Aligned,
    /// Derivatives of a group of rows.
    d_latent: Aligned,
    d_inputs: Aligned,
    d_memory: Aligned,
    /// Derivatives of a step's rows with respect to the memory after it, and to that before it.
    d_next: Aligned,
    d_kept: Aligned,
    /// Without padding: outputs, their derivatives, and which rows they are.
    outputs: Vec<f32>,
    d_narrow: Vec<f32>,
    rows: Vec<u32>,
}

impl<'a> Passes<'a> {
    pub(super) fn new(
        model: &RecurrentModel,
        packed: &'a Packed,
        kernels: Option<(&'static Kernels, &'static GruKernels)>,
    ) -> Passes<'a> {
        let (kernels, gates) = kernels.unwrap_or_else(|| (best_kernels(), gru_kernels()));
        Passes {
            shape: model.shape.clone(),
            widths: model.widths(),
            packed,
            kernels,
            gates,
        }
    }

    /// One step of at most [`GROUP`] rows.
    pub(super) fn step(
        &self,
        inputs: &[f32],
        memory: &mut [f32],
        outputs: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let RecurrentShape {
            inputs: n_inputs,
            units: n_units,
            outputs: n_outputs,
            ..
        } = self.shape;
        let n_rows = inputs.len() / n_inputs;
        scratch.grow(&self.widths, n_rows, n_rows);
        let rows = inputs.chunks_exact(n_inputs);
        fill_rows(scratch.inputs.as_mut_slice(), self.widths.inputs, rows);
        let before = memory.chunks_exact(n_units);
        fill_rows(scratch.memory.as_mut_slice(), self.widths.units, before);
        self.encode(0, n_rows, scratch);
        self.remember(0, 0, n_rows, scratch);
        self.say(0, n_rows, scratch);
        let latent = scratch.latent.as_slice().chunks_exact(self.widths.latent);
        for (to, from) in memory.chunks_exact_mut(n_units).zip(latent) {
            to.copy_from_slice(&from[..n_units]);
        }
        outputs.copy_from_slice(&scratch.outputs[..n_rows * n_outputs]);
    }

    /// All steps of some sequences, and the loss of each; what the way back needs stays in the scratch.
    pub(super) fn forward<S>(
        &self,
        sequences: &Sequences<'_>,
        part: &[u32],
        loss: &impl Fn(Tile<'_>, &mut S),
        shard: &mut Packed,
        sums: &mut S,
        scratch: &mut Scratch,
    ) {
        let (n_steps, width) = (sequences.n_steps(), part.len());
        let n_inputs = self.shape.inputs;
        scratch.grow(&self.widths, n_steps * width, steps_of_group(width) * width);
        for group in groups(n_steps, width) {
            let (first, n_rows) = (group.start * width, group.len() * width);
            scratch.rows.clear();
            for t in group.clone() {
                let of_step = part.iter().map(|n| (t * sequences.n_sequences) as u32 + n);
                scratch.rows.extend(of_step);
            }
            let to = &mut scratch.inputs.as_mut_slice()[first * self.widths.inputs..];
            let row = |row: &u32| &sequences.inputs[*row as usize * n_inputs..][..n_inputs];
            fill_rows(to, self.widths.inputs, scratch.rows.iter().map(row));
            self.encode(first, n_rows, scratch);
            for t in group.clone() {
                self.begin_step(sequences, part, t, scratch);
                self.remember((t - group.start) * width, t * width, width, scratch);
            }
            self.say(first, n_rows, scratch);
            self.judge(first, n_rows, loss, shard, sums, scratch);
        }
    }

    /// What the encoder says of rows whose inputs are in the scratch, and what that adds to the gates.
    fn encode(&self, first: usize, n_rows: usize, scratch: &mut Scratch) {
        let (widths, packed) = (&self.widths, self.packed);
        let inputs = &scratch.inputs.as_slice()[first * widths.inputs..];
        let encoded = &mut scratch.encoded.as_mut_slice()[..n_rows * widths.encoder];
        self.kernels.affine(
            Some(self.shape.activation),
            n_rows,
            View::rows(inputs, widths.inputs),
            exact(&packed.encoder, self.shape.inputs * widths.encoder),
            exact(&packed.encoder_biases, widths.encoder),
            encoded,
        );
        let latent = &mut scratch.latent.as_mut_slice()[first * widths.latent..];
        let to = latent.chunks_exact_mut(widths.latent);
        for (to, from) in to.zip(encoded.chunks_exact(widths.encoder)) {
            to[widths.units..].copy_from_slice(from);
        }
        let from_inputs = &mut scratch.from_inputs.as_mut_slice()[..n_rows * 3 * widths.units];
        self.kernels.affine(
            None,
            n_rows,
            View::rows(encoded, widths.encoder),
            exact(&packed.from_inputs, self.shape.encoder * 3 * widths.units),
            exact(&packed.from_inputs_biases, 3 * widths.units),
            from_inputs,
        );
    }

    /// Writes the memory before step `t`: that after the step before, or nothing where a sequence forgets.
    fn begin_step(&self, sequences: &Sequences<'_>, part: &[u32], t: usize, scratch: &mut Scratch) {
        let Widths { units, latent, .. } = self.widths;
        let (n_units, width) = (self.shape.units, part.len());
        let memory = &mut scratch.memory.as_mut_slice()[t * width * units..];
        for (k, (to, n)) in memory.chunks_exact_mut(units).zip(part).enumerate() {
            let n = *n as usize;
            if sequences.forgets[t * sequences.n_sequences + n] {
                to.fill(0.0);
            } else if t == 0 {
                to[..n_units].copy_from_slice(&sequences.memory[n * n_units..][..n_units]);
                to[n_units..].fill(0.0);
            } else {
                let before = (t - 1) * width + k;
                to.copy_from_slice(&scratch.latent.as_slice()[before * latent..][..units]);
            }
        }
    }

    /// One step of the memory: of rows whose inputs' part of the gates begins at row `in_group` of the group.
    fn remember(&self, in_group: usize, first: usize, n_rows: usize, scratch: &mut Scratch) {
        let Widths { units, latent, .. } = self.widths;
        let memory = &scratch.memory.as_slice()[first * units..][..n_rows * units];
        let from_memory = &mut scratch.from_memory.as_mut_slice()[..n_rows * 3 * units];
        self.kernels.affine(
            None,
            n_rows,
            View::rows(memory, units),
            exact(&self.packed.from_memory, self.shape.units * 3 * units),
            exact(&self.packed.from_memory_biases, 3 * units),
            from_memory,
        );
        let from_inputs = &scratch.from_inputs.as_slice()[in_group * 3 * units..];
        let kept = &mut scratch.kept.as_mut_slice()[first * KEPT * units..];
        self.gates.forward(Forward {
            units,
            from_inputs: &from_inputs[..n_rows * 3 * units],
            from_memory,
            memory,
            kept: &mut kept[..n_rows * KEPT * units],
            next: &mut scratch.latent.as_mut_slice()[first * latent..],
            stride: latent,
        });
    }

    /// The outputs of rows, without padding.
    fn say(&self, first: usize, n_rows: usize, scratch: &mut Scratch) {
        let Widths {
            latent, outputs, ..
        } = self.widths;
        let wide = &mut scratch.wide.as_mut_slice()[..n_rows * outputs];
        self.kernels.affine(
            None,
            n_rows,
            View::rows(&scratch.latent.as_slice()[first * latent..], latent),
            exact(&self.packed.outputs, latent * outputs),
            exact(&self.packed.outputs_biases, outputs),
            wide,
        );
        let n_outputs = self.shape.outputs;
        scratch.outputs.resize(n_rows * n_outputs, 0.0);
        let to = scratch.outputs.chunks_exact_mut(n_outputs);
        for (to, from) in to.zip(wide.chunks_exact(outputs)) {
            to.copy_from_slice(&from[..n_outputs]);
        }
    }

    /// Asks the loss for the derivatives of a group's outputs.
    fn judge<S>(
        &self,
        first: usize,
        n_rows: usize,
        loss: &impl Fn(Tile<'_>, &mut S),
        shard: &mut Packed,
        sums: &mut S,
        scratch: &mut Scratch,
    ) {
        let (n_outputs, width) = (self.shape.outputs, self.widths.outputs);
        scratch.d_narrow.clear();
        scratch.d_narrow.resize(n_rows * n_outputs, 0.0);
        let tile = Tile {
            rows: &scratch.rows,
            outputs: &scratch.outputs,
            latent: &[],
            d_outputs: &mut scratch.d_narrow,
            d_free: &mut shard.free,
        };
        loss(tile, sums);
        let to = &mut scratch.d_outputs.as_mut_slice()[first * width..];
        fill_rows(to, width, scratch.d_narrow.chunks_exact(n_outputs));
    }

    /// All steps back, into the shard's gradient.
    pub(super) fn backward(
        &self,
        sequences: &Sequences<'_>,
        part: &[u32],
        shard: &mut Packed,
        scratch: &mut Scratch,
    ) {
        let (n_steps, width) = (sequences.n_steps(), part.len());
        let step_units = width * self.widths.units;
        scratch.d_kept.as_mut_slice()[..step_units].fill(0.0);
        for group in groups(n_steps, width).rev() {
            let (first, n_rows) = (group.start * width, group.len() * width);
            self.back_from_outputs(first, n_rows, shard, scratch);
            for t in group.clone().rev() {
                self.forget(sequences, part, t, scratch);
                self.back_through_step((t - group.start) * width, t * width, width, scratch);
            }
            self.back_into_weights(first, n_rows, shard, scratch);
        }
    }

    /// The last layer's gradient, and what it says of the latent.
    fn back_from_outputs(
        &self,
        first: usize,
        n_rows: usize,
        shard: &mut Packed,
        scratch: &mut Scratch,
    ) {
        let Widths {
            latent, outputs, ..
        } = self.widths;
        let d_outputs = &scratch.d_outputs.as_slice()[first * outputs..][..n_rows * outputs];
        let of_latent = &scratch.latent.as_slice()[first * latent..][..n_rows * latent];
        self.kernels.accumulate(
            latent,
            View::columns(of_latent, latent),
            d_outputs,
            exact_mut(&mut shard.outputs, latent * outputs),
        );
        let biases = exact_mut(&mut shard.outputs_biases, outputs);
        self.kernels.sum_rows(n_rows, d_outputs, biases);
        self.kernels.affine(
            None,
            n_rows,
            View::rows(d_outputs, outputs),
            exact(&self.packed.outputs_transposed, outputs * latent),
            exact(&self.packed.zeros, latent),
            &mut scratch.d_latent.as_mut_slice()[..n_rows * latent],
        );
    }

    /// Where a sequence forgot before the step after `t`, nothing comes back from there.
    fn forget(&self, sequences: &Sequences<'_>, part: &[u32], t: usize, scratch: &mut Scratch) {
        if t + 1 == sequences.n_steps() {
            return;
        }
        let units = self.widths.units;
        let d_kept = scratch.d_kept.as_mut_slice().chunks_exact_mut(units);
        for (d_kept, n) in d_kept.zip(part) {
            if sequences.forgets[(t + 1) * sequences.n_sequences + *n as usize] {
                d_kept.fill(0.0);
            }
        }
    }

    /// One step back: what comes from the outputs and from the step after becomes the derivatives of the gates, and what
    /// goes on to the step before.
    fn back_through_step(
        &self,
        in_group: usize,
        first: usize,
        n_rows: usize,
        scratch: &mut Scratch,
    ) {
        let Widths { units, latent, .. } = self.widths;
        let d_next = &mut scratch.d_next.as_mut_slice()[..n_rows * units];
        let d_kept = &mut scratch.d_kept.as_mut_slice()[..n_rows * units];
        let d_latent = &scratch.d_latent.as_slice()[in_group * latent..];
        let rows = d_next
            .chunks_exact_mut(units)
            .zip(d_kept.chunks_exact(units));
        for ((to, kept), direct) in rows.zip(d_latent.chunks_exact(latent)) {
            for ((to, kept), direct) in to.iter_mut().zip(kept).zip(direct) {
                *to = kept + direct;
            }
        }
        let d_memory =
            &mut scratch.d_memory.as_mut_slice()[in_group * 3 * units..][..n_rows * 3 * units];
        self.gates.backward(Backward {
            units,
            d_next,
            memory: &scratch.memory.as_slice()[first * units..][..n_rows * units],
            kept: &scratch.kept.as_slice()[first * KEPT * units..][..n_rows * KEPT * units],
            d_inputs: &mut scratch.d_inputs.as_mut_slice()[in_group * 3 * units..]
                [..n_rows * 3 * units],
            d_memory,
            d_kept,
        });
        self.kernels.accumulate(
            n_rows,
            View::rows(d_memory, 3 * units),
            exact(&self.packed.from_memory_transposed, 3 * units * units),
            d_kept,
        );
    }

    /// A group's part of the gradients of the gates and of the encoder.
    fn back_into_weights(
        &self,
        first: usize,
        n_rows: usize,
        shard: &mut Packed,
        scratch: &mut Scratch,
    ) {
        let Widths {
            inputs,
            encoder,
            units,
            latent,
            ..
        } = self.widths;
        let d_memory = &scratch.d_memory.as_slice()[..n_rows * 3 * units];
        let d_inputs = &scratch.d_inputs.as_slice()[..n_rows * 3 * units];
        self.kernels.accumulate(
            self.shape.units,
            View::columns(&scratch.memory.as_slice()[first * units..], units),
            d_memory,
            exact_mut(&mut shard.from_memory, self.shape.units * 3 * units),
        );
        let biases = exact_mut(&mut shard.from_memory_biases, 3 * units);
        self.kernels.sum_rows(n_rows, d_memory, biases);
        self.kernels.accumulate(
            self.shape.encoder,
            View::columns(&scratch.latent.as_slice()[first * latent + units..], latent),
            d_inputs,
            exact_mut(&mut shard.from_inputs, self.shape.encoder * 3 * units),
        );
        let biases = exact_mut(&mut shard.from_inputs_biases, 3 * units);
        self.kernels.sum_rows(n_rows, d_inputs, biases);
        let d_encoded = &mut scratch.encoded.as_mut_slice()[..n_rows * encoder];
        let d_latent = scratch.d_latent.as_slice().chunks_exact(latent);
        for (to, from) in d_encoded.chunks_exact_mut(encoder).zip(d_latent) {
            to.copy_from_slice(&from[units..]);
        }
        self.kernels.accumulate(
            n_rows,
            View::rows(d_inputs, 3 * units),
            exact(&self.packed.from_inputs_transposed, 3 * units * encoder),
            d_encoded,
        );
        let said = &scratch.latent.as_slice()[first * latent..];
        for (d, said) in d_encoded
            .chunks_exact_mut(encoder)
            .zip(said.chunks_exact(latent))
        {
            slope(self.shape.activation, &said[units..], d);
        }
        self.kernels.accumulate(
            self.shape.inputs,
            View::columns(&scratch.inputs.as_slice()[first * inputs..], inputs),
            d_encoded,
            exact_mut(&mut shard.encoder, self.shape.inputs * encoder),
        );
        let biases = exact_mut(&mut shard.encoder_biases, encoder);
        self.kernels.sum_rows(n_rows, d_encoded, biases);
    }
}

/// Multiplies derivatives with the slope of an activation where it said `said`.
fn slope(activation: crate::Activation, said: &[f32], d: &mut [f32]) {
    match activation {
        crate::Activation::Tanh => {
            for (d, said) in d.iter_mut().zip(said) {
                *d *= 1.0 - said * said;
            }
        }
        crate::Activation::Relu => {
            for (d, said) in d.iter_mut().zip(said) {
                *d = if *said > 0.0 { *d } else { 0.0 };
            }
        }
    }
}

impl Scratch {
    /// Room for a shard of `n_rows` rows whose groups have `in_group`.
    fn grow(&mut self, widths: &Widths, n_rows: usize, in_group: usize) {
        let Widths {
            inputs,
            encoder,
            units,
            outputs,
            latent,
        } = *widths;
        self.inputs.grow(n_rows * inputs);
        self.latent.grow(n_rows * latent);
        self.memory.grow(n_rows * units);
        self.kept.grow(n_rows * KEPT * units);
        self.d_outputs.grow(n_rows * outputs);
        self.encoded.grow(in_group * encoder);
        self.wide.grow(in_group * outputs);
        self.d_latent.grow(in_group * latent);
        for gates in [
            &mut self.from_inputs,
            &mut self.from_memory,
            &mut self.d_inputs,
            &mut self.d_memory,
        ] {
            gates.grow(in_group * 3 * units);
        }
        self.d_next.grow(in_group * units);
        self.d_kept.grow(in_group * units);
    }
}

/// Steps that are worked on together.
fn steps_of_group(width: usize) -> usize {
    (GROUP / width.max(1)).max(1)
}

/// The steps in groups.
fn groups(n_steps: usize, width: usize) -> impl DoubleEndedIterator<Item = std::ops::Range<usize>> {
    let length = steps_of_group(width);
    (0..n_steps.div_ceil(length)).map(move |group| {
        let first = group * length;
        first..n_steps.min(first + length)
    })
}

/// Copies rows into rows of `width`, filled up with zeros.
fn fill_rows<'r>(to: &mut [f32], width: usize, rows: impl Iterator<Item = &'r [f32]>) {
    for (to, from) in to.chunks_exact_mut(width).zip(rows) {
        to[..from.len()].copy_from_slice(from);
        to[from.len()..].fill(0.0);
    }
}

fn exact(numbers: &Aligned, n: usize) -> &[f32] {
    &numbers.as_slice()[..n]
}

fn exact_mut(numbers: &mut Aligned, n: usize) -> &mut [f32] {
    &mut numbers.as_mut_slice()[..n]
}
