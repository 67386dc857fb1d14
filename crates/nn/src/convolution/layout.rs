//! Where the numbers of a network over maps lie: among the parameters, laid out for the kernels, in a shard's gradient,
//! and in the scratch of a tile.

use std::ops::Range;

use super::{MapLayer, MapNetwork};
use crate::kernels::convolution::PANEL;
use crate::kernels::{LANES, padded};

/// Images that go through the network together where it has dense layers.
const DENSE_TILE: usize = 8;

/// A last convolution with at most this many channels has the lanes of its weights' gradient along its inputs, because
/// most lanes along its outputs would be empty.
const NARROW: usize = LANES / 2;

/// The places of everything that belongs to a network.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Layers over maps, first to last.
    pub(super) steps: Vec<Step>,
    /// The dense layers after these.
    pub(super) dense: Vec<Dense>,
    /// What each step reads and what the last one leaves: the input first.
    pub(super) maps: Vec<Map>,
    /// The same for the derivatives.
    pub(super) d_maps: Vec<Map>,
    /// Images that go through the network together.
    pub(super) tile: usize,
    pub(super) n_parameters: usize,
    pub(super) n_outputs: usize,
    pub(super) sizes: Sizes,
    /// What the places of zeros in the scratch depend on.
    pub(super) borders: Vec<usize>,
}

/// The lengths of the buffers that passes need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sizes {
    pub(super) packed: usize,
    pub(super) shard: usize,
    /// The maps of one image.
    pub(super) maps: usize,
    pub(super) d_maps: usize,
    /// The rows of one image.
    pub(super) rows: usize,
}

/// A map in the scratch, within its border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// From one cell to the next.
    pub(super) stride: usize,
    /// Cells of zeros on each side.
    pub(super) border: usize,
    /// Where it begins among the maps of an image.
    pub(super) start: usize,
}

/// A layer from map `i` to map `i + 1`, `i` being its place among the steps.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Convolution(Convolution),
    MaxPool { size: usize },
}

/// Where the parameters of a layer lie among all.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Weights and then biases.
    pub(super) parameters: Range<usize>,
    pub(super) n_weights: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Convolution {
    pub(super) place: Place,
    pub(super) kernel: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Channels from one cell to the next in the map that it reads.
    pub(super) stride_in: usize,
    /// The same in the derivative with respect to what it says.
    pub(super) d_stride_out: usize,
    /// In the packed weights: panels of outputs `[kernel row, kernel column, stride in, PANEL]`.
    pub(super) packed: Range<usize>,
    /// In the packed weights: panels of inputs `[kernel row, kernel column, stride out, PANEL]`, rows and columns of the
    /// kernel in reverse: the convolution that goes back.
    pub(super) flipped: Range<usize>,
    pub(super) packed_biases: Range<usize>,
    /// In a shard: `[kernel row, kernel column, stride in, padded outputs]`, or where `narrow`
    /// `[kernel row, outputs, kernel column, stride in]`.
    pub(super) gradient: Range<usize>,
    pub(super) biases_gradient: Range<usize>,
    pub(super) relu: bool,
    pub(super) narrow: bool,
    /// Whether anything before it learns.
    pub(super) goes_back: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Dense {
    pub(super) place: Place,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// In the packed weights: `[inputs, padded outputs]`.
    pub(super) packed: Range<usize>,
    /// In the packed weights: `[outputs, padded inputs]`.
    pub(super) transposed: Range<usize>,
    pub(super) packed_biases: Range<usize>,
    pub(super) gradient: Range<usize>,
    pub(super) biases_gradient: Range<usize>,
    /// Where what it reads begins among the rows of one image.
    pub(super) input: usize,
    /// The same for what it says.
    pub(super) output: usize,
    pub(super) relu: bool,
    pub(super) goes_back: bool,
}

fn take(size: &mut usize, n: usize) -> Range<usize> {
    *size += n;
    *size - n..*size
}

/// The same, rounded up to whole vectors, so that every array begins at one.
fn take_padded(size: &mut usize, n: usize) -> Range<usize> {
    let range = take(size, n);
    *size = padded(*size);
    range
}

impl Map {
    /// From one line of cells to the next.
    pub(super) fn line(&self) -> usize {
        (self.width + 2 * self.border) * self.stride
    }

    /// Numbers it takes, border and padding included.
    fn len(&self) -> usize {
        (self.height + 2 * self.border) * self.line()
    }

    /// Where a cell begins among the maps of an image.
    pub(super) fn at(&self, row: usize, column: usize) -> usize {
        self.start + (row + self.border) * self.line() + (column + self.border) * self.stride
    }

    /// Where the square of side `kernel` around the first cell begins.
    pub(super) fn corner(&self, kernel: usize) -> usize {
        self.at(0, 0) - (kernel / 2) * (self.line() + self.stride)
    }

    /// Numbers in the map itself.
    pub(super) fn n_values(&self) -> usize {
        self.height * self.width * self.channels
    }
}

impl Layout {
    /// # Panics
    ///
    /// See [`MapModel::new`](super::MapModel::new).
    pub(super) fn new(network: &MapNetwork) -> Layout {
        check(network);
        let has_dense = matches!(network.layers.last(), Some(MapLayer::Dense { .. }));
        let mut layout = Layout {
            steps: vec![],
            dense: vec![],
            maps: vec![],
            d_maps: vec![],
            tile: if has_dense { DENSE_TILE } else { 1 },
            n_parameters: 0,
            n_outputs: 0,
            sizes: Sizes::default(),
            borders: vec![],
        };
        layout.place_maps(network);
        let (mut n_inputs, mut learns) = (0, false);
        for (i, layer) in network.layers.iter().enumerate() {
            let is_last = i + 1 == network.layers.len();
            match *layer {
                MapLayer::Convolution { kernel, .. } => {
                    let step = layout.place_convolution(kernel, i, is_last, learns);
                    layout.steps.push(Step::Convolution(step));
                    learns = true;
                }
                MapLayer::MaxPool { size } => layout.steps.push(Step::MaxPool { size }),
                MapLayer::Dense { outputs } => {
                    if layout.dense.is_empty() {
                        n_inputs = layout.last_map().n_values();
                        take(&mut layout.sizes.rows, padded(n_inputs));
                    }
                    let dense = layout.place_dense(n_inputs, outputs, is_last, learns);
                    layout.dense.push(dense);
                    (n_inputs, learns) = (outputs, true);
                }
            }
        }
        layout.n_outputs = match layout.dense.last() {
            Some(dense) => dense.outputs,
            None => layout.last_map().n_values(),
        };
        layout
    }

    pub(super) fn last_map(&self) -> &Map {
        self.maps.last().expect("the input is a map")
    }

    /// The extents, borders and places of all maps. A border is as wide as the kernels on either side reach.
    fn place_maps(&mut self, network: &MapNetwork) {
        let reach = |i: usize| match network.layers.get(i) {
            Some(MapLayer::Convolution { kernel, .. }) => kernel / 2,
            _ => 0,
        };
        let mut shape = network.input;
        let n_steps = network
            .layers
            .iter()
            .filter(|layer| !matches!(layer, MapLayer::Dense { .. }))
            .count();
        for i in 0..=n_steps {
            let behind = i.checked_sub(1).map(|i| network.layers[i]);
            match behind {
                Some(MapLayer::Convolution { channels, .. }) => shape.channels = channels,
                Some(MapLayer::MaxPool { size }) => {
                    shape.height /= size;
                    shape.width /= size;
                }
                Some(MapLayer::Dense { .. }) | None => {}
            }
            let mut map = Map {
                height: shape.height,
                width: shape.width,
                channels: shape.channels,
                stride: if i == 0 {
                    shape.channels
                } else {
                    padded(shape.channels)
                },
                border: reach(i).max(i.checked_sub(1).map_or(0, reach)),
                start: 0,
            };
            let is_output = i == network.layers.len();
            let mut d_map = map;
            if is_output && is_narrow(&map, self.maps.last(), reach(i - 1)) {
                d_map.stride = map.channels;
            }
            map.start = take_padded(&mut self.sizes.maps, map.len()).start;
            d_map.start = take_padded(&mut self.sizes.d_maps, d_map.len()).start;
            for map in [&map, &d_map] {
                let Map {
                    height,
                    width,
                    stride,
                    border,
                    start,
                    channels,
                } = *map;
                self.borders
                    .extend([height, width, channels, stride, border, start]);
            }
            self.maps.push(map);
            self.d_maps.push(d_map);
        }
    }

    fn place_convolution(
        &mut self,
        kernel: usize,
        i: usize,
        is_last: bool,
        goes_back: bool,
    ) -> Convolution {
        let (input, output, d_output) = (self.maps[i], self.maps[i + 1], self.d_maps[i + 1]);
        let (inputs, outputs) = (input.channels, output.channels);
        let narrow = d_output.stride != output.stride;
        let square = kernel * kernel;
        let n_weights = square * inputs * outputs;
        let panels = |channels: usize| channels.div_ceil(PANEL) * PANEL;
        let n_flipped = if goes_back {
            square * d_output.stride * panels(inputs)
        } else {
            0
        };
        let n_gradient = square * input.stride * if narrow { outputs } else { output.stride };
        let sizes = &mut self.sizes;
        Convolution {
            place: Place {
                parameters: take(&mut self.n_parameters, n_weights + outputs),
                n_weights,
            },
            kernel,
            inputs,
            outputs,
            stride_in: input.stride,
            d_stride_out: d_output.stride,
            packed: take_padded(&mut sizes.packed, square * input.stride * panels(outputs)),
            flipped: take_padded(&mut sizes.packed, n_flipped),
            packed_biases: take_padded(&mut sizes.packed, padded(outputs)),
            gradient: take_padded(&mut sizes.shard, n_gradient),
            biases_gradient: take_padded(&mut sizes.shard, padded(outputs)),
            relu: !is_last,
            narrow,
            goes_back,
        }
    }

    fn place_dense(
        &mut self,
        inputs: usize,
        outputs: usize,
        is_last: bool,
        goes_back: bool,
    ) -> Dense {
        let (width_in, width_out) = (padded(inputs), padded(outputs));
        let sizes = &mut self.sizes;
        let n_transposed = if goes_back { outputs * width_in } else { 0 };
        Dense {
            place: Place {
                parameters: take(&mut self.n_parameters, (inputs + 1) * outputs),
                n_weights: inputs * outputs,
            },
            inputs,
            outputs,
            packed: take_padded(&mut sizes.packed, inputs * width_out),
            transposed: take_padded(&mut sizes.packed, n_transposed),
            packed_biases: take_padded(&mut sizes.packed, width_out),
            gradient: take_padded(&mut sizes.shard, inputs * width_out),
            biases_gradient: take_padded(&mut sizes.shard, width_out),
            input: sizes.rows - width_in,
            output: take(&mut sizes.rows, width_out).start,
            relu: !is_last,
            goes_back,
        }
    }

    /// The layers that have parameters, in their order.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let convolutions = self.steps.iter().filter_map(|step| match step {
            Step::Convolution(convolution) => Some(&convolution.place),
            Step::MaxPool { .. } => None,
        });
        convolutions.chain(self.dense.iter().map(|dense| &dense.place))
    }

    /// See [`MapNetwork::n_operations`].
    pub(super) fn n_operations(&self) -> (f64, f64) {
        let (mut forward, mut all) = (0, 0);
        let mut count = |n: usize, goes_back: bool| {
            forward += 2 * n;
            all += if goes_back { 6 * n } else { 4 * n };
        };
        for (step, map) in self.steps.iter().zip(&self.maps) {
            if let Step::Convolution(convolution) = step {
                let n = map.height * map.width * convolution.place.n_weights;
                count(n, convolution.goes_back);
            }
        }
        for dense in &self.dense {
            count(dense.place.n_weights, dense.goes_back);
        }
        (forward as f64, all as f64)
    }

    /// Lays weights out for the kernels, for the way forward, or for both ways.
    pub(super) fn pack(&self, parameters: &[f32], packed: &mut [f32], both_ways: bool) {
        for step in &self.steps {
            if let Step::Convolution(convolution) = step {
                convolution.pack(parameters, packed, both_ways);
            }
        }
        for dense in &self.dense {
            dense.pack(parameters, packed, both_ways);
        }
    }

    /// Takes a gradient out of the kernels' layout into that of the parameters.
    pub(super) fn unpack_gradient(&self, shard: &[f32], gradient: &mut [f32]) {
        for step in &self.steps {
            if let Step::Convolution(convolution) = step {
                convolution.unpack_gradient(shard, gradient);
            }
        }
        for dense in &self.dense {
            dense.unpack_gradient(shard, gradient);
        }
    }
}

/// Whether the derivative of a last map lies without padding; `reach` is that of the kernel that writes it.
fn is_narrow(output: &Map, input: Option<&Map>, reach: usize) -> bool {
    let kernel = 2 * reach + 1;
    let whole_vectors = |map: &Map| (kernel * map.stride).is_multiple_of(LANES);
    output.channels <= NARROW && input.is_some_and(whole_vectors)
}

fn check(network: &MapNetwork) {
    let MapNetwork { input, layers } = network;
    assert!(0 < input.n_values(), "a map has cells and channels");
    let (mut height, mut width, mut is_dense) = (input.height, input.width, false);
    for layer in layers {
        let is_map_layer = !matches!(layer, MapLayer::Dense { .. });
        assert!(
            !(is_dense && is_map_layer),
            "only dense layers follow dense ones"
        );
        match *layer {
            MapLayer::Convolution { kernel, channels } => {
                assert!(kernel % 2 == 1, "the side of a kernel is odd");
                assert!(0 < channels, "no layer has width zero");
            }
            MapLayer::MaxPool { size } => {
                let divides = 0 < size && height % size == 0 && width % size == 0;
                assert!(divides, "a pool divides height and width of its map");
                (height, width) = (height / size, width / size);
            }
            MapLayer::Dense { outputs } => {
                assert!(0 < outputs, "no layer has width zero");
                is_dense = true;
            }
        }
    }
    let last = layers.last().expect("a network has layers");
    assert!(
        !matches!(last, MapLayer::MaxPool { .. }),
        "the last layer is a convolution or dense"
    );
}

impl Convolution {
    fn pack(&self, parameters: &[f32], packed: &mut [f32], both_ways: bool) {
        let (weights, biases) =
            parameters[self.place.parameters.clone()].split_at(self.place.n_weights);
        let to = &mut packed[self.packed_biases.clone()];
        to[..self.outputs].copy_from_slice(biases);
        to[self.outputs..].fill(0.0);
        let to = &mut packed[self.packed.clone()];
        to.fill(0.0);
        let depth = self.kernel * self.kernel * self.stride_in;
        for (i, row) in weights.chunks_exact(self.outputs).enumerate() {
            let (place, input) = (i / self.inputs, i % self.inputs);
            let at = (place * self.stride_in + input) * PANEL;
            for (panel, from) in row.chunks(PANEL).enumerate() {
                to[panel * depth * PANEL + at..][..from.len()].copy_from_slice(from);
            }
        }
        if both_ways && self.goes_back {
            self.flip(weights, &mut packed[self.flipped.clone()]);
        }
    }

    /// The weights of the convolution that goes back.
    fn flip(&self, weights: &[f32], to: &mut [f32]) {
        to.fill(0.0);
        let square = self.kernel * self.kernel;
        let depth = square * self.d_stride_out;
        for (i, row) in weights.chunks_exact(self.outputs).enumerate() {
            let (place, input) = (square - 1 - i / self.inputs, i % self.inputs);
            let panel = input / PANEL * depth * PANEL + input % PANEL;
            let to = &mut to[panel + place * self.d_stride_out * PANEL..];
            for (to, from) in to.iter_mut().step_by(PANEL).zip(row) {
                *to = *from;
            }
        }
    }

    fn unpack_gradient(&self, shard: &[f32], gradient: &mut [f32]) {
        let gradient = &mut gradient[self.place.parameters.clone()];
        let (weights, biases) = gradient.split_at_mut(self.place.n_weights);
        biases.copy_from_slice(&shard[self.biases_gradient.clone()][..self.outputs]);
        let from = &shard[self.gradient.clone()];
        let width = padded(self.outputs);
        for (i, row) in weights.chunks_exact_mut(self.outputs).enumerate() {
            let (place, input) = (i / self.inputs, i % self.inputs);
            if self.narrow {
                let (line, column) = (place / self.kernel, place % self.kernel);
                let n = self.kernel * self.stride_in;
                for (output, weight) in row.iter_mut().enumerate() {
                    let at = (line * self.outputs + output) * n + column * self.stride_in + input;
                    *weight = from[at];
                }
            } else {
                let at = (place * self.stride_in + input) * width;
                row.copy_from_slice(&from[at..][..self.outputs]);
            }
        }
    }
}

impl Dense {
    fn pack(&self, parameters: &[f32], packed: &mut [f32], both_ways: bool) {
        let (weights, biases) =
            parameters[self.place.parameters.clone()].split_at(self.place.n_weights);
        let to = &mut packed[self.packed_biases.clone()];
        crate::layout::copy_rows(biases, self.outputs, to, padded(self.outputs));
        let to = &mut packed[self.packed.clone()];
        crate::layout::copy_rows(weights, self.outputs, to, padded(self.outputs));
        if both_ways && self.goes_back {
            let to = &mut packed[self.transposed.clone()];
            crate::kernels::transpose(weights, self.outputs, to, padded(self.inputs));
        }
    }

    fn unpack_gradient(&self, shard: &[f32], gradient: &mut [f32]) {
        let gradient = &mut gradient[self.place.parameters.clone()];
        let (weights, biases) = gradient.split_at_mut(self.place.n_weights);
        biases.copy_from_slice(&shard[self.biases_gradient.clone()][..self.outputs]);
        let from = &shard[self.gradient.clone()];
        crate::layout::copy_rows(from, padded(self.outputs), weights, self.outputs);
    }
}
