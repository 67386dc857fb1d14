//! The slow, obvious version, in `f64`, one cell and one weight at a time. Tests hold the fast one against it.

use super::{MapLayer, MapNetwork};

/// What a network says about one image.
pub(super) fn forward(network: &MapNetwork, parameters: &[f64], image: &[f64]) -> Vec<f64> {
    let mut shape = network.input;
    let mut values = image.to_vec();
    let mut rest = parameters;
    for (i, layer) in network.layers.iter().enumerate() {
        let is_last = i + 1 == network.layers.len();
        let relu = |value: f64| if is_last { value } else { value.max(0.0) };
        match *layer {
            MapLayer::Convolution { kernel, channels } => {
                let (weights, after) = rest.split_at(kernel * kernel * shape.channels * channels);
                let (biases, after) = after.split_at(channels);
                rest = after;
                let mut out = vec![];
                for cell in 0..shape.height * shape.width {
                    let at = (cell / shape.width, cell % shape.width);
                    for channel in 0..channels {
                        let mut sum = biases[channel];
                        for place in 0..kernel * kernel {
                            // Where the square reaches beyond the edge there is nothing to add.
                            let row = (at.0 + place / kernel).checked_sub(kernel / 2);
                            let column = (at.1 + place % kernel).checked_sub(kernel / 2);
                            let (Some(row), Some(column)) = (row, column) else {
                                continue;
                            };
                            if shape.height <= row || shape.width <= column {
                                continue;
                            }
                            for input in 0..shape.channels {
                                let value =
                                    values[(row * shape.width + column) * shape.channels + input];
                                sum += value
                                    * weights
                                        [(place * shape.channels + input) * channels + channel];
                            }
                        }
                        out.push(relu(sum));
                    }
                }
                shape.channels = channels;
                values = out;
            }
            MapLayer::MaxPool { size } => {
                let (height, width) = (shape.height / size, shape.width / size);
                let mut out = vec![];
                for cell in 0..height * width {
                    for channel in 0..shape.channels {
                        let in_square = (0..size * size).map(|place| {
                            let row = cell / width * size + place / size;
                            let column = cell % width * size + place % size;
                            values[(row * shape.width + column) * shape.channels + channel]
                        });
                        out.push(in_square.fold(f64::NEG_INFINITY, f64::max));
                    }
                }
                (shape.height, shape.width) = (height, width);
                values = out;
            }
            MapLayer::Dense { outputs } => {
                let (weights, after) = rest.split_at(values.len() * outputs);
                let (biases, after) = after.split_at(outputs);
                rest = after;
                values = (0..outputs)
                    .map(|output| {
                        let weights = weights[output..].iter().step_by(outputs);
                        let product: f64 = values.iter().zip(weights).map(|(x, w)| x * w).sum();
                        relu(product + biases[output])
                    })
                    .collect();
            }
        }
    }
    values
}
