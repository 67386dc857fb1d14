//! The fast passes against the slow version, finite differences, and themselves on other threads and registers.

use super::reference::forward;
use super::{MapLayer, MapModel, MapNetwork, MapShape, MapTile, MapWorkspace};
use crate::kernels::convolution::{ConvolutionKernels, available};
use crate::reference::{assert_close, difference, normals, wide};
use crate::{Adam, AdamConfig, Initialization, Pool};

const fn convolution(kernel: usize, channels: usize) -> MapLayer {
    MapLayer::Convolution { kernel, channels }
}

const fn dense(outputs: usize) -> MapLayer {
    MapLayer::Dense { outputs }
}

const POOL: MapLayer = MapLayer::MaxPool { size: 2 };

/// Networks that take every path: narrow and wide last layers, kernels of several sizes, channels with and without
/// padding, more than one panel, pools, dense layers, maps narrower than a block.
fn networks() -> Vec<MapNetwork> {
    let network = |height, width, channels, layers: &[MapLayer]| MapNetwork {
        input: MapShape {
            height,
            width,
            channels,
        },
        layers: layers.to_vec(),
    };
    vec![
        network(
            16,
            16,
            8,
            &[convolution(3, 32), convolution(3, 32), convolution(3, 5)],
        ),
        network(
            5,
            7,
            3,
            &[convolution(3, 6), convolution(1, 20), convolution(5, 12)],
        ),
        network(4, 9, 2, &[convolution(3, 5)]),
        network(4, 3, 16, &[convolution(3, 4)]),
        network(3, 6, 1, &[convolution(1, 40), convolution(3, 7)]),
        network(
            8,
            4,
            3,
            &[
                convolution(3, 10),
                POOL,
                convolution(3, 33),
                POOL,
                dense(9),
                dense(4),
            ],
        ),
        network(4, 4, 2, &[POOL, convolution(3, 5), dense(3)]),
        network(2, 3, 2, &[dense(18), dense(20)]),
        network(2, 2, 2, &[POOL, dense(3)]),
    ]
}

fn model(network: &MapNetwork) -> MapModel {
    let mut rng = mdp::Seed(1).stream("weights", 0);
    MapModel::new(network.clone(), &Initialization::PyTorchDefault, &mut rng)
}

fn workspace(kernels: &'static ConvolutionKernels) -> MapWorkspace {
    MapWorkspace {
        kernels: Some(kernels),
        ..MapWorkspace::new()
    }
}

/// Half the squared distance of the outputs from targets that differ from row to row.
fn loss(tile: MapTile<'_>, sum: &mut f64) {
    let n_outputs = tile.outputs.len() / tile.rows.len();
    for (i, output) in tile.outputs.iter().enumerate() {
        let target = target(tile.rows[i / n_outputs], i % n_outputs);
        tile.d_outputs[i] = output - target as f32;
        *sum += 0.5 * f64::from(tile.d_outputs[i]).powi(2);
    }
}

fn target(row: u32, output: usize) -> f64 {
    f64::from((row as usize * 7 + output * 3) as u32 % 5) - 2.0
}

fn slow_loss(network: &MapNetwork, parameters: &[f64], inputs: &[f32], rows: &[u32]) -> f64 {
    let n = network.input.n_values();
    let of = |row: &u32| {
        let outputs = forward(
            network,
            parameters,
            &wide(&inputs[*row as usize * n..][..n]),
        );
        let error = |(i, output): (usize, &f64)| 0.5 * (output - target(*row, i)).powi(2);
        outputs.iter().enumerate().map(error).sum::<f64>()
    };
    rows.iter().map(of).sum()
}

#[test]
fn outputs_are_those_of_the_slow_version() {
    for network in networks() {
        let model = model(&network);
        let n_rows = 11;
        let inputs = normals("inputs", n_rows * model.n_inputs());
        let parameters = wide(model.parameters());
        let expected: Vec<f64> = inputs
            .chunks_exact(model.n_inputs())
            .flat_map(|image| forward(&network, &parameters, &wide(image)))
            .collect();
        for kernels in available() {
            let mut outputs = vec![f32::NAN; n_rows * model.n_outputs()];
            model.forward(
                &inputs,
                &mut outputs,
                &mut workspace(kernels),
                &Pool::new(2),
            );
            let what = format!("{network:?} on {}", kernels.name);
            assert_close(&outputs, &expected, 2e-5, &what);
        }
    }
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for network in networks() {
        let model = model(&network);
        let inputs = normals("inputs", 5 * model.n_inputs());
        let rows = [3, 0, 4];
        let parameters = wide(model.parameters());
        let n = parameters.len();
        // A prime step meets every layer, every channel and the biases.
        let some: Vec<usize> = (0..n)
            .step_by(if n < 400 { 1 } else { 211 })
            .chain(n - 8..n)
            .collect();
        let expected: Vec<f64> = some
            .iter()
            .map(|index| {
                let loss = |at: &[f64]| slow_loss(&network, at, &inputs, &rows);
                difference(loss, &parameters, *index)
            })
            .collect();
        for kernels in available() {
            let mut gradient = vec![f32::NAN; n];
            let (mut workspace, pool) = (workspace(kernels), Pool::new(2));
            let sum = model.gradient(&inputs, &rows, &loss, &mut gradient, &mut workspace, &pool);
            let what = format!("{network:?} on {}", kernels.name);
            let found: Vec<f32> = some.iter().map(|index| gradient[*index]).collect();
            assert_close(&found, &expected, 2e-4, &what);
            let slow = slow_loss(&network, &parameters, &inputs, &rows);
            assert!((sum - slow).abs() < 1e-4 * slow, "{what}: {sum} {slow}");
        }
    }
}

/// Outputs, gradient and loss of a batch, in one workspace after another network used it.
fn passes(
    network: &MapNetwork,
    kernels: &'static ConvolutionKernels,
    n_threads: usize,
) -> Vec<u32> {
    let (model, pool) = (model(network), Pool::new(n_threads));
    let inputs = normals("inputs", 37 * model.n_inputs());
    let rows: Vec<u32> = (0..37).rev().collect();
    let mut workspace = workspace(kernels);
    let other = MapNetwork::cells(
        MapShape {
            height: 3,
            width: 5,
            channels: 4,
        },
        5,
        &[17, 3],
    );
    let dirt = vec![1e9; 60];
    self::model(&other).forward(&dirt, &mut [0.0; 45], &mut workspace, &pool);
    let mut numbers = vec![0.0; 37 * model.n_outputs()];
    model.forward(&inputs, &mut numbers, &mut workspace, &pool);
    let mut gradient = vec![0.0; model.parameters().len()];
    let sum = model.gradient(&inputs, &rows, &loss, &mut gradient, &mut workspace, &pool);
    numbers.extend(gradient);
    numbers.push(sum as f32);
    numbers.iter().map(|number| number.to_bits()).collect()
}

#[test]
fn bits_depend_on_neither_threads_nor_the_width_of_vectors() {
    for network in networks() {
        let sets = available();
        for kernels in &sets {
            let alone = passes(&network, kernels, 1);
            for n_threads in [2, 5] {
                assert!(alone == passes(&network, kernels, n_threads), "{network:?}");
            }
        }
        let fused: Vec<_> = sets.iter().filter(|set| set.name.contains("avx")).collect();
        if let [wide, narrow] = fused.as_slice() {
            assert!(
                passes(&network, wide, 1) == passes(&network, narrow, 1),
                "{network:?}"
            );
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    for network in networks() {
        let (model, pool) = (model(&network), Pool::new(2));
        let inputs = normals("inputs", 9 * model.n_inputs());
        let mut workspace = MapWorkspace::new();
        let mut together = vec![0.0; 9 * model.n_outputs()];
        model.forward(&inputs, &mut together, &mut workspace, &pool);
        for row in [0, 8] {
            let mut alone = vec![0.0; model.n_outputs()];
            let input = &inputs[row * model.n_inputs()..][..model.n_inputs()];
            model.forward(input, &mut alone, &mut workspace, &pool);
            assert_eq!(
                alone,
                together[row * model.n_outputs()..][..model.n_outputs()]
            );
        }
    }
}

/// A rule of the 3 x 3 square around a cell, whether it has exactly two full neighbours, is learned from random maps and
/// holds on others.
#[test]
fn a_local_rule_is_learned() {
    let shape = MapShape {
        height: 8,
        width: 8,
        channels: 1,
    };
    let network = MapNetwork::cells(shape, 3, &[16, 16, 1]);
    let mut rng = mdp::Seed(0).stream("weights", 0);
    let mut model = MapModel::new(network, &Initialization::He, &mut rng);
    let mut maps = mdp::Seed(0).stream("maps", 0);
    let n_rows = 256;
    let inputs: Vec<f32> = (0..n_rows * 64)
        .map(|_| mdp::index(2, &mut maps) as f32)
        .collect();
    let targets: Vec<f32> = inputs.chunks_exact(64).flat_map(two_neighbours).collect();
    let (mut adam, mut workspace) = (
        Adam::new(model.parameters().len(), AdamConfig::adam(1e-8)),
        MapWorkspace::new(),
    );
    let pool = Pool::new(1);
    let mut gradient = vec![0.0; model.parameters().len()];
    for step in 0..400_u32 {
        let rows: Vec<u32> = (0..16).map(|i| (step * 16 + i) % 192).collect();
        let loss = |tile: MapTile<'_>, (): &mut ()| {
            for (i, output) in tile.outputs.iter().enumerate() {
                let target = targets[tile.rows[i / 64] as usize * 64 + i % 64];
                tile.d_outputs[i] = (output - target) / 1024.0;
            }
        };
        model.gradient(&inputs, &rows, &loss, &mut gradient, &mut workspace, &pool);
        adam.step(model.parameters_mut(), &gradient, 1e-2);
    }
    let mut outputs = vec![0.0; 64 * 64];
    model.forward(&inputs[192 * 64..], &mut outputs, &mut workspace, &pool);
    let right = outputs
        .iter()
        .zip(&targets[192 * 64..])
        .filter(|(said, is)| (**said > 0.5) == (**is > 0.5));
    let share = right.count() as f64 / 4096.0;
    assert!(share > 0.98, "{share}");
}

fn two_neighbours(map: &[f32]) -> Vec<f32> {
    let full = |row: i32, column: i32| {
        let inside = (0..8).contains(&row) && (0..8).contains(&column);
        inside && map[(row * 8 + column) as usize] > 0.5
    };
    let count = |cell: i32| {
        let around = [(-1, 0), (1, 0), (0, -1), (0, 1)];
        let n = around
            .iter()
            .filter(|(r, c)| full(cell / 8 + r, cell % 8 + c))
            .count();
        f32::from(u8::from(n == 2))
    };
    (0..64).map(count).collect()
}

#[test]
fn operations_are_counted() {
    let shape = MapShape {
        height: 16,
        width: 16,
        channels: 8,
    };
    let network = MapNetwork::cells(shape, 3, &[32, 32, 5]);
    let (first, second, last) = (8 * 32, 32 * 32, 32 * 5);
    let squares = 256.0 * 9.0;
    let expected = (
        squares * f64::from(2 * (first + second + last)),
        squares * f64::from(4 * first + 6 * second + 6 * last),
    );
    assert_eq!(network.n_operations(), expected);
}

#[test]
fn impossible_networks_are_refused() {
    let shape = MapShape {
        height: 6,
        width: 6,
        channels: 1,
    };
    for (layers, reason) in [
        (vec![], "has layers"),
        (vec![convolution(2, 3)], "odd"),
        (vec![convolution(3, 0)], "width zero"),
        (vec![convolution(3, 2), POOL], "convolution or dense"),
        (vec![dense(3), convolution(3, 2)], "dense layers follow"),
        (vec![MapLayer::MaxPool { size: 4 }, dense(1)], "divides"),
    ] {
        let network = MapNetwork {
            input: shape,
            layers,
        };
        let panic = std::panic::catch_unwind(|| MapModel::zeros(network)).unwrap_err();
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap();
        assert!(message.contains(reason), "{message}");
    }
}
