//! One tile of images through all layers, the loss, and all layers back.

use super::MapTile;
use super::layout::{Convolution, Layout, Map, Step};
use super::workspace::Scratch;
use crate::kernels::convolution::{ConvolutionKernels, Fusion, PANEL, Products, Steps};
use crate::kernels::{Kernels, View, padded};
use crate::shape::Activation;

/// What the passes over the tiles of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Passes<'a> {
    pub(super) layout: &'a Layout,
    pub(super) convolutions: &'a ConvolutionKernels,
    pub(super) dense: &'a Kernels,
    /// The weights, laid out for the kernels.
    pub(super) packed: &'a [f32],
}

impl Passes<'_> {
    /// `n` images; `outputs` is `[n, n_outputs]`.
    pub(super) fn forward<'i>(
        &self,
        n: usize,
        image: impl Fn(usize) -> &'i [f32],
        scratch: &mut Scratch,
        outputs: &mut [f32],
    ) {
        let layout = self.layout;
        for index in 0..n {
            let maps = &mut scratch.maps.as_mut_slice()[index * layout.sizes.maps..];
            copy_in(image(index), &layout.maps[0], maps);
            for (step, io) in layout.steps.iter().zip(layout.maps.windows(2)) {
                let (input, output) = (&io[0], &io[1]);
                match step {
                    Step::Convolution(layer) => self.convolve(layer, input, output, maps),
                    Step::MaxPool { size } => pool(*size, input, output, maps),
                }
            }
            if layout.dense.is_empty() {
                let output = &mut outputs[index * layout.n_outputs..][..layout.n_outputs];
                copy_out(maps, layout.last_map(), output);
            } else {
                let width = layout.dense[0].inputs;
                let rows = scratch.rows.as_mut_slice();
                copy_out(
                    maps,
                    layout.last_map(),
                    &mut rows[index * padded(width)..][..width],
                );
            }
        }
        if !layout.dense.is_empty() {
            self.forward_dense(n, scratch.rows.as_mut_slice(), outputs);
        }
    }

    fn convolve(&self, layer: &Convolution, input: &Map, output: &Map, maps: &mut [f32]) {
        let (before, after) = maps.split_at_mut(output.start);
        let biases = &self.packed[layer.packed_biases.clone()];
        let fusion = match layer.relu {
            true => Fusion::BiasRelu(biases),
            false => Fusion::Bias(biases),
        };
        let products = around(layer.kernel, input, output, padded(layer.outputs));
        self.convolutions.multiply(
            &products,
            &before[input.corner(layer.kernel)..],
            &self.packed[layer.packed.clone()],
            &mut after[output.at(0, 0) - output.start..],
            fusion,
        );
    }

    fn forward_dense(&self, n: usize, rows: &mut [f32], outputs: &mut [f32]) {
        let tile = self.layout.tile;
        for layer in &self.layout.dense {
            let (before, after) = rows.split_at_mut(tile * layer.output);
            let input = View::rows(&before[tile * layer.input..], padded(layer.inputs));
            let width = padded(layer.outputs);
            self.dense.affine(
                layer.relu.then_some(Activation::Relu),
                n,
                input,
                &self.packed[layer.packed.clone()],
                &self.packed[layer.packed_biases.clone()],
                &mut after[..n * width],
            );
            if !layer.relu {
                let to = outputs.chunks_exact_mut(layer.outputs);
                for (to, from) in to.zip(after.chunks_exact(width)) {
                    to.copy_from_slice(&from[..layer.outputs]);
                }
            }
        }
    }

    /// The gradient of one tile, added to the shard's.
    pub(super) fn gradient<'i, S>(
        &self,
        rows: &[u32],
        image: impl Fn(u32) -> &'i [f32],
        loss: &impl Fn(MapTile<'_>, &mut S),
        scratch: &mut Scratch,
        shard: &mut [f32],
        statistics: &mut S,
    ) {
        let layout = self.layout;
        let n = rows.len();
        let n_outputs = n * layout.n_outputs;
        let mut outputs = std::mem::take(&mut scratch.outputs);
        let mut d_outputs = std::mem::take(&mut scratch.d_outputs);
        self.forward(
            n,
            |index| image(rows[index]),
            scratch,
            &mut outputs[..n_outputs],
        );
        d_outputs[..n_outputs].fill(0.0);
        let tile = MapTile {
            rows,
            outputs: &outputs[..n_outputs],
            d_outputs: &mut d_outputs[..n_outputs],
        };
        loss(tile, statistics);
        if !layout.dense.is_empty() {
            self.backward_dense(n, &d_outputs[..n_outputs], scratch, shard);
        }
        let last = layout.d_maps.last().expect("the input is a map");
        for index in 0..n {
            let d_last = match layout.dense.first() {
                None => &d_outputs[index * layout.n_outputs..][..layout.n_outputs],
                Some(dense) => {
                    &scratch.d_rows.as_slice()[index * padded(dense.inputs)..][..dense.inputs]
                }
            };
            copy_in(d_last, last, scratch.d_maps.as_mut_slice());
            let maps = &scratch.maps.as_slice()[index * layout.sizes.maps..];
            self.backward(maps, scratch.d_maps.as_mut_slice(), shard);
        }
        scratch.outputs = outputs;
        scratch.d_outputs = d_outputs;
    }

    /// The dense layers' part; leaves the derivative with respect to what the first reads where anything before learns.
    fn backward_dense(
        &self,
        n: usize,
        d_outputs: &[f32],
        scratch: &mut Scratch,
        shard: &mut [f32],
    ) {
        let tile = self.layout.tile;
        let (rows, d_rows) = (scratch.rows.as_slice(), scratch.d_rows.as_mut_slice());
        for layer in self.layout.dense.iter().rev() {
            let (width_in, width_out) = (padded(layer.inputs), padded(layer.outputs));
            let (before, after) = d_rows.split_at_mut(tile * layer.output);
            let d_output = &mut after[..n * width_out];
            if !layer.relu {
                let from = d_outputs.chunks_exact(layer.outputs);
                for (to, from) in d_output.chunks_exact_mut(width_out).zip(from) {
                    to[..layer.outputs].copy_from_slice(from);
                    to[layer.outputs..].fill(0.0);
                }
            }
            let input = &rows[tile * layer.input..][..n * width_in];
            self.dense.accumulate(
                layer.inputs,
                View::columns(input, width_in),
                d_output,
                &mut shard[layer.gradient.clone()],
            );
            self.dense
                .sum_rows(n, d_output, &mut shard[layer.biases_gradient.clone()]);
            if layer.goes_back {
                let weights = &self.packed[layer.transposed.clone()];
                let d_input = &mut before[tile * layer.input..][..n * width_in];
                let d_output = View::rows(d_output, width_out);
                self.dense
                    .through(Activation::Relu, n, d_output, weights, input, d_input);
            }
        }
    }

    /// One image's way back through the layers of maps, the derivative of the last map being there.
    fn backward(&self, maps: &[f32], d_maps: &mut [f32], shard: &mut [f32]) {
        let layout = self.layout;
        let maps_of = |i: usize| (&layout.maps[i], &layout.maps[i + 1]);
        for (i, step) in layout.steps.iter().enumerate().rev() {
            let (input, output) = maps_of(i);
            let (d_input, d_output) = (&layout.d_maps[i], &layout.d_maps[i + 1]);
            match step {
                Step::Convolution(layer) => {
                    self.weights_gradient(layer, input, d_output, maps, d_maps, shard);
                    biases_gradient(
                        self.dense,
                        d_output,
                        d_maps,
                        &mut shard[layer.biases_gradient.clone()],
                    );
                    if layer.goes_back {
                        self.convolve_back(layer, input, d_input, d_output, maps, d_maps);
                    }
                }
                Step::MaxPool { size } => {
                    if i > 0 {
                        unpool(*size, [input, output], [d_input, d_output], maps, d_maps);
                    }
                }
            }
        }
    }

    /// The derivative with respect to the input map, dropped where that is not above zero.
    fn convolve_back(
        &self,
        layer: &Convolution,
        input: &Map,
        d_input: &Map,
        d_output: &Map,
        maps: &[f32],
        d_maps: &mut [f32],
    ) {
        let (before, after) = d_maps.split_at_mut(d_output.start);
        let products = around(layer.kernel, d_output, d_input, padded(layer.inputs));
        self.convolutions.multiply(
            &products,
            &after[d_output.corner(layer.kernel) - d_output.start..],
            &self.packed[layer.flipped.clone()],
            &mut before[d_input.at(0, 0)..],
            Fusion::Gate(&maps[input.at(0, 0)..]),
        );
    }

    fn weights_gradient(
        &self,
        layer: &Convolution,
        input: &Map,
        d_output: &Map,
        maps: &[f32],
        d_maps: &[f32],
        shard: &mut [f32],
    ) {
        let gradient = &mut shard[layer.gradient.clone()];
        let (input_at, d_at) = (
            &maps[input.corner(layer.kernel)..],
            &d_maps[d_output.at(0, 0)..],
        );
        let n = layer.kernel * layer.stride_in;
        let of_input = Steps {
            line: input.line(),
            part: input.line(),
            row: 1,
            depth: input.stride,
        };
        let of_output = Steps {
            line: 0,
            part: d_output.line(),
            row: 1,
            depth: d_output.stride,
        };
        let (width, a, b) = match layer.narrow {
            true => (n, of_output, of_input),
            false => (padded(layer.outputs), of_input, of_output),
        };
        let rows = if layer.narrow { layer.outputs } else { n };
        let products = Products {
            lines: layer.kernel,
            rows,
            columns: width,
            parts: input.height,
            depth: input.width,
            a,
            b,
            b_panel: PANEL,
            c_line: rows * width,
            c_row: width,
        };
        let (a, b) = match layer.narrow {
            true => (d_at, input_at),
            false => (input_at, d_at),
        };
        self.convolutions
            .multiply(&products, a, b, gradient, Fusion::Accumulate);
    }
}

/// Each cell of one map from the square of cells around it in another.
fn around(kernel: usize, from: &Map, to: &Map, columns: usize) -> Products {
    let depth = kernel * from.stride;
    Products {
        lines: to.height,
        rows: to.width,
        columns,
        parts: kernel,
        depth,
        a: Steps {
            line: from.line(),
            part: from.line(),
            row: from.stride,
            depth: 1,
        },
        b: Steps {
            line: 0,
            part: depth * PANEL,
            row: 0,
            depth: PANEL,
        },
        b_panel: kernel * depth * PANEL,
        c_line: to.line(),
        c_row: to.stride,
    }
}

/// Adds the sums over all cells.
fn biases_gradient(kernels: &Kernels, map: &Map, d_maps: &[f32], sums: &mut [f32]) {
    for row in 0..map.height {
        let line = &d_maps[map.at(row, 0)..][..map.width * map.stride];
        if map.stride == sums.len() {
            kernels.sum_rows(map.width, line, sums);
        } else {
            for cell in line.chunks_exact(map.stride) {
                for (sum, d) in sums.iter_mut().zip(cell) {
                    *sum += d;
                }
            }
        }
    }
}

/// Copies `[height, width, channels]` into the inner part of a map.
fn copy_in(from: &[f32], map: &Map, maps: &mut [f32]) {
    for (row, line) in from.chunks_exact(map.width * map.channels).enumerate() {
        let to = &mut maps[map.at(row, 0)..][..map.width * map.stride];
        if map.stride == map.channels {
            to.copy_from_slice(line);
            continue;
        }
        let cells = line.chunks_exact(map.channels);
        for (to, from) in to.chunks_exact_mut(map.stride).zip(cells) {
            to[..map.channels].copy_from_slice(from);
        }
    }
}

/// The other way.
fn copy_out(maps: &[f32], map: &Map, to: &mut [f32]) {
    for (row, line) in to.chunks_exact_mut(map.width * map.channels).enumerate() {
        let from = &maps[map.at(row, 0)..][..map.width * map.stride];
        if map.stride == map.channels {
            line.copy_from_slice(from);
            continue;
        }
        let cells = line.chunks_exact_mut(map.channels);
        for (to, from) in cells.zip(from.chunks_exact(map.stride)) {
            to.copy_from_slice(&from[..map.channels]);
        }
    }
}

fn pool(size: usize, input: &Map, output: &Map, maps: &mut [f32]) {
    let (before, after) = maps.split_at_mut(output.start);
    for row in 0..output.height {
        for column in 0..output.width {
            let to = &mut after[output.at(row, column) - output.start..][..output.channels];
            to.fill(f32::NEG_INFINITY);
            for place in 0..size * size {
                let at = input.at(row * size + place / size, column * size + place % size);
                for (to, from) in to.iter_mut().zip(&before[at..][..output.channels]) {
                    *to = to.max(*from);
                }
            }
        }
    }
}

/// Hands each derivative to the first cell of its square that holds the greatest number.
fn unpool(
    size: usize,
    [input, output]: [&Map; 2],
    [d_input, d_output]: [&Map; 2],
    maps: &[f32],
    d_maps: &mut [f32],
) {
    let (before, after) = d_maps.split_at_mut(d_output.start);
    for row in 0..output.height {
        for column in 0..output.width {
            let greatest = &maps[output.at(row, column)..][..output.channels];
            let d = &mut after[d_output.at(row, column) - d_output.start..][..output.channels];
            for place in 0..size * size {
                let cell = (row * size + place / size, column * size + place % size);
                let values = &maps[input.at(cell.0, cell.1)..][..output.channels];
                let to = &mut before[d_input.at(cell.0, cell.1)..][..output.channels];
                for c in 0..to.len() {
                    let is_first = values[c] == greatest[c];
                    to[c] = if is_first { d[c] } else { 0.0 };
                    d[c] = if is_first { 0.0 } else { d[c] };
                }
            }
        }
    }
}
