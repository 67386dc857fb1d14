//! The fast passes against the slow version, finite differences, and themselves on other threads and registers.

use super::{Statistics, Tile, shard_rows};
use crate::kernels::{Kernels, available_sets};
use crate::reference::{assert_close, difference, forward, normals, parts, wide};
use crate::{Activation, Initialization, MlpShape, Model, Pool, Workspace};

fn shape(inputs: usize, hidden: &[usize], outputs: usize, activation: Activation) -> MlpShape {
    MlpShape {
        inputs,
        hidden: hidden.to_vec(),
        outputs,
        activation,
    }
}

/// A model whose weights and biases are all of size one over the root of the width.
fn model(shapes: &[MlpShape], n_free: usize) -> Model {
    let mut rng = mdp::Seed(1).stream("weights", 0);
    let networks: Vec<_> = shapes
        .iter()
        .map(|shape| (shape.clone(), Initialization::PyTorchDefault))
        .collect();
    Model::new(&networks, &normals("free", n_free), &mut rng)
}

fn workspace(kernels: Option<&'static Kernels>) -> Workspace {
    Workspace {
        kernels,
        ..Workspace::new()
    }
}

/// Forward passes of a model agree with the slow version, on every instruction set.
fn check_forward(shapes: &[MlpShape], n_rows: usize) {
    let model = model(shapes, 3);
    let (n_inputs, n_latents) = (model.n_inputs(), model.n_latents());
    let inputs = normals("inputs", n_rows * n_inputs);
    let (shapes, parameters) = parts(&model);
    let (mut expected, mut expected_latent) = (Vec::new(), Vec::new());
    for row in inputs.chunks_exact(n_inputs) {
        let (outputs, latent) = forward(&shapes, &parameters, &wide(row));
        expected.extend(outputs);
        expected_latent.extend(latent);
    }
    for kernels in available_sets() {
        let mut workspace = workspace(Some(kernels));
        let pool = Pool::new(2);
        let mut outputs = vec![f32::NAN; n_rows * model.n_outputs()];
        model.forward(&inputs, &mut outputs, &mut workspace, &pool);
        let what = format!("{shapes:?}, {n_rows} rows, {kernels:?}");
        assert_close(&outputs, &expected, 2e-5, &what);
        let mut again = vec![f32::NAN; outputs.len()];
        let mut latent = vec![f32::NAN; n_rows * n_latents];
        model.forward_with_latent(&inputs, &mut again, &mut latent, &mut workspace, &pool);
        assert_eq!(outputs, again);
        assert_close(&latent, &expected_latent, 2e-5, &what);
    }
}

#[test]
fn forward_agrees_with_the_slow_version() {
    for activation in [Activation::Tanh, Activation::Relu] {
        for inputs in [1, 3, 8, 24] {
            for hidden in [&[5][..], &[64, 64], &[5, 33], &[]] {
                for outputs in 1..=6 {
                    let first = shape(inputs, hidden, outputs, activation);
                    let second = shape(inputs, &[7], 1, activation);
                    check_forward(&[first, second], 7);
                }
            }
        }
    }
}

#[test]
fn forward_agrees_at_every_batch_size() {
    for n_rows in [0, 1, 2, 64, 65, 300, 1000] {
        check_forward(&[shape(3, &[64, 5], 2, Activation::Tanh)], n_rows);
    }
    check_forward(&[shape(8, &[256, 256], 6, Activation::Relu)], 20);
    check_forward(
        &[
            shape(8, &[20], 30, Activation::Tanh),
            shape(8, &[], 9, Activation::Tanh),
        ],
        70,
    );
}

/// `Σ rows Σ outputs (½ y² + c y)` with `c` depending on row and output, plus `Σ rows c_0 Σ_k free_k³ latent_0`; the
/// latent's gradient does not count, as in the fast version.
fn slow_loss(
    model: &Model,
    parameters: &[f64],
    inputs: &[f32],
    rows: &[u32],
    latents: &[f64],
) -> f64 {
    let (shapes, _) = parts(model);
    let free = &parameters[parameters.len() - model.free().len()..];
    let mut loss = 0.0;
    for (row, latent) in rows.iter().zip(latents) {
        let input = &inputs[*row as usize * model.n_inputs()..][..model.n_inputs()];
        let (outputs, _) = forward(&shapes, parameters, &wide(input));
        for (j, y) in outputs.iter().enumerate() {
            loss += 0.5 * y * y + coefficient(*row, j) * y;
        }
        loss += free
            .iter()
            .map(|f| coefficient(*row, 0) * f * f * f * latent)
            .sum::<f64>();
    }
    loss
}

fn coefficient(row: u32, output: usize) -> f64 {
    (f64::from(row) * 1.7 + output as f64 * 0.9).sin()
}

/// The same loss as the fast version sees it; it counts its rows.
fn fast_loss(free: &[f32]) -> impl Fn(Tile<'_>, &mut f64) + Sync {
    move |tile, count| {
        let n_outputs = tile.outputs.len() / tile.rows.len();
        let n_latents = tile.latent.len() / tile.rows.len();
        for (r, row) in tile.rows.iter().enumerate() {
            for j in 0..n_outputs {
                let at = r * n_outputs + j;
                assert_eq!(tile.d_outputs[at], 0.0);
                tile.d_outputs[at] = tile.outputs[at] + coefficient(*row, j) as f32;
            }
            for (d, f) in tile.d_free.iter_mut().zip(free) {
                *d += 3.0 * f * f * coefficient(*row, 0) as f32 * tile.latent[r * n_latents];
            }
        }
        *count += tile.rows.len() as f64;
    }
}

/// The gradient of a model agrees with finite differences of the slow version, at up to 60 parameters.
fn check_gradient(shapes: &[MlpShape], n_rows: usize) {
    let model = model(shapes, 2);
    let n_inputs = model.n_inputs();
    let n_available = 2 * n_rows + 3;
    let inputs = normals("inputs", n_available * n_inputs);
    // Some rows twice, most not at all, none in order.
    let rows: Vec<u32> = (0..n_rows)
        .map(|i| ((i * 37 + 5) % n_available) as u32)
        .collect();
    let (shapes, parameters) = parts(&model);
    let latent = |row: &u32| {
        let input = &inputs[*row as usize * n_inputs..][..n_inputs];
        forward(&shapes, &parameters, &wide(input)).1[0]
    };
    let latents: Vec<f64> = rows.iter().map(latent).collect();
    let n = parameters.len();
    let chosen: Vec<usize> = (0..n).step_by(n.div_ceil(60)).chain(n - 2..n).collect();
    let loss = |parameters: &[f64]| slow_loss(&model, parameters, &inputs, &rows, &latents);
    let expected: Vec<f64> = chosen
        .iter()
        .map(|i| difference(loss, &parameters, *i))
        .collect();
    for kernels in available_sets() {
        let mut gradient = vec![f32::NAN; n];
        let loss = fast_loss(model.free());
        let mut workspace = workspace(Some(kernels));
        let count = model.gradient(
            &inputs,
            &rows,
            &loss,
            &mut gradient,
            &mut workspace,
            &Pool::new(2),
        );
        assert_eq!(count, n_rows as f64);
        let gradient: Vec<f32> = chosen.iter().map(|i| gradient[*i]).collect();
        let what = format!("{shapes:?}, {n_rows} rows, {kernels:?}");
        assert_close(&gradient, &expected, 1e-4, &what);
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    for activation in [Activation::Tanh, Activation::Relu] {
        for inputs in [1, 3, 8] {
            for hidden in [&[][..], &[5], &[16, 33], &[5, 64]] {
                for outputs in [1, 4, 8, 9, 17] {
                    let first = shape(inputs, hidden, outputs, activation);
                    check_gradient(&[first, shape(inputs, &[6], 1, activation)], 5);
                }
            }
        }
    }
}

#[test]
fn gradients_agree_at_every_batch_size() {
    for n_rows in [1, 7, 31, 32, 33, 64, 100, 600] {
        check_gradient(&[shape(3, &[6, 5], 2, Activation::Tanh)], n_rows);
    }
    // Shards of several tiles, with narrow and wide outputs.
    check_gradient(&[shape(2, &[5], 2, Activation::Tanh)], 1500);
    check_gradient(&[shape(2, &[5], 10, Activation::Relu)], 1100);
    check_gradient(&[shape(24, &[64, 64], 5, Activation::Tanh)], 40);
    check_gradient(&[shape(4, &[256, 256], 2, Activation::Relu)], 3);
}

#[test]
fn an_empty_batch_has_no_gradient() {
    let model = model(&[shape(3, &[6], 2, Activation::Tanh)], 2);
    let mut gradient = vec![f32::NAN; model.parameters().len()];
    let loss = fast_loss(model.free());
    let count = model.gradient(
        &[],
        &[],
        &loss,
        &mut gradient,
        &mut Workspace::new(),
        &Pool::new(1),
    );
    assert_eq!(count, 0.0);
    assert!(gradient.iter().all(|value| *value == 0.0));
}

/// Rows of a batch, in the order in which they were merged.
#[derive(Default)]
struct Order(Vec<u32>);

impl Statistics for Order {
    fn merge(&mut self, later: Order) {
        self.0.extend(later.0);
    }
}

#[test]
fn the_number_of_threads_does_not_show() {
    let shapes = [
        shape(8, &[64, 64], 4, Activation::Tanh),
        shape(8, &[24], 1, Activation::Relu),
    ];
    let model = model(&shapes, 4);
    let pools = [1, 2, 3].map(Pool::new);
    for n_rows in [1, 64, 100, 256, 1500] {
        let inputs = normals("inputs", n_rows * 8);
        let rows: Vec<u32> = (0..n_rows as u32).rev().collect();
        let results = pools.each_ref().map(|pool| {
            let mut gradient = vec![f32::NAN; model.parameters().len()];
            let mut outputs = vec![f32::NAN; n_rows * model.n_outputs()];
            let mut workspace = Workspace::new();
            let loss = |tile: Tile<'_>, order: &mut Order| {
                order.0.extend(tile.rows);
                fast_loss(model.free())(tile, &mut 0.0);
            };
            let order = model.gradient(&inputs, &rows, &loss, &mut gradient, &mut workspace, pool);
            assert_eq!(order.0, rows, "statistics in the order of the batch");
            model.forward(&inputs, &mut outputs, &mut workspace, pool);
            gradient.extend(outputs);
            gradient.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
        });
        assert_eq!(results[0], results[1]);
        assert_eq!(results[0], results[2]);
    }
}

#[test]
fn the_width_of_the_registers_does_not_show() {
    let shapes = [
        shape(8, &[64, 40], 4, Activation::Tanh),
        shape(8, &[24], 11, Activation::Relu),
    ];
    let model = model(&shapes, 4);
    let inputs = normals("inputs", 200 * 8);
    let rows: Vec<u32> = (0..200).collect();
    let gradient = |kernels| {
        let mut gradient = vec![f32::NAN; model.parameters().len()];
        let (loss, mut workspace) = (fast_loss(model.free()), workspace(Some(kernels)));
        model.gradient(
            &inputs,
            &rows,
            &loss,
            &mut gradient,
            &mut workspace,
            &Pool::new(1),
        );
        gradient.into_iter().map(f32::to_bits).collect::<Vec<u32>>()
    };
    let fused = available_sets().into_iter().filter(|set| set.is_fused());
    let gradients: Vec<_> = fused.map(gradient).collect();
    assert!(gradients.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_row_does_not_see_its_neighbours() {
    let model = model(
        &[
            shape(5, &[33, 64], 3, Activation::Tanh),
            shape(5, &[], 9, Activation::Relu),
        ],
        0,
    );
    let inputs = normals("inputs", 200 * 5);
    let (mut workspace, pool) = (Workspace::new(), Pool::new(2));
    let mut all = vec![0.0; 200 * 12];
    model.forward(&inputs, &mut all, &mut workspace, &pool);
    for (row, expected) in all.chunks_exact(12).enumerate() {
        let mut alone = [0.0; 12];
        model.forward(&inputs[row * 5..][..5], &mut alone, &mut workspace, &pool);
        assert_eq!(alone, expected);
    }
}

#[test]
fn a_workspace_serves_models_in_turn() {
    let models = [
        model(&[shape(8, &[64, 20], 4, Activation::Tanh)], 3),
        model(
            &[
                shape(3, &[18, 17], 7, Activation::Relu),
                shape(3, &[], 2, Activation::Tanh),
            ],
            0,
        ),
        model(&[shape(8, &[60, 19], 9, Activation::Tanh)], 1),
    ];
    // A model that has diverged leaves nothing but NaN behind, wherever something is left.
    let mut diverged = model(
        &[
            shape(16, &[80, 80], 8, Activation::Relu),
            shape(16, &[80], 16, Activation::Relu),
        ],
        0,
    );
    diverged.parameters_mut().fill(f32::NAN);
    let pool = Pool::new(1);
    let gradient = |model: &Model, inputs: &[f32], workspace: &mut Workspace| {
        let rows: Vec<u32> = (0..50).collect();
        let mut gradient = vec![0.0; model.parameters().len()];
        let loss = fast_loss(model.free());
        model.gradient(inputs, &rows, &loss, &mut gradient, workspace, &pool);
        gradient
    };
    let mut shared = Workspace::new();
    for model in models.iter().chain(&models) {
        gradient(&diverged, &[f32::NAN; 50 * 16], &mut shared);
        let inputs = normals("inputs", 50 * model.n_inputs());
        let expected = gradient(model, &inputs, &mut Workspace::new());
        assert!(expected.iter().all(|value| value.is_finite()));
        assert_eq!(gradient(model, &inputs, &mut shared), expected);
    }
}

#[test]
fn numbers_that_are_not_finite_show() {
    let model = model(
        &[
            shape(3, &[64], 2, Activation::Tanh),
            shape(3, &[64], 1, Activation::Relu),
        ],
        0,
    );
    let mut outputs = [0.0; 6];
    let inputs = [0.0, f32::NAN, 0.0, 1.0, 2.0, 3.0];
    model.forward(&inputs, &mut outputs, &mut Workspace::new(), &Pool::new(1));
    assert!(outputs[..3].iter().all(|value| value.is_nan()));
    assert!(outputs[3..].iter().all(|value| value.is_finite()));
}

#[test]
fn shards_depend_on_the_batch_and_suit_it() {
    for n_rows in 1..10_000_usize {
        let n_shards = n_rows.div_ceil(shard_rows(n_rows));
        assert!(
            n_shards <= super::MAX_SHARDS,
            "{n_rows} rows make {n_shards} shards"
        );
        assert!(
            n_rows < 64 || n_shards >= 2,
            "{n_rows} rows keep one thread busy"
        );
    }
}
