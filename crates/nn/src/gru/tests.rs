//! The fast passes against the slow version, finite differences, and themselves on other threads and registers.

use super::reference::{sequence, step};
use super::{RecurrentModel, RecurrentShape, RecurrentWorkspace, Sequences, shard_width};
use crate::kernels::{available_sets, gru};
use crate::reference::{assert_close, difference, normals, wide};
use crate::{Activation, Pool, Statistics, Tile};

fn shape(inputs: usize, encoder: usize, units: usize, outputs: usize) -> RecurrentShape {
    RecurrentShape {
        inputs,
        encoder,
        activation: Activation::Tanh,
        units,
        outputs,
    }
}

/// A model whose biases are not zero either.
fn model(shape: &RecurrentShape, n_free: usize) -> RecurrentModel {
    let mut rng = mdp::Seed(1).stream("weights", 0);
    let free = normals("free", n_free);
    let mut model = RecurrentModel::new(shape, &[(shape.outputs, 1.0)], &free, &mut rng);
    let n = model.parameters().len();
    for (weight, noise) in model.parameters_mut().iter_mut().zip(normals("noise", n)) {
        *weight += 0.1 * noise;
    }
    model
}

/// Sequences with forgetting in the middle of some of them, and a memory from before.
struct Data {
    n: usize,
    inputs: Vec<f32>,
    forgets: Vec<bool>,
    memory: Vec<f32>,
    weights: Vec<f32>,
}

impl Data {
    fn new(shape: &RecurrentShape, n_steps: usize, n: usize) -> Data {
        Data {
            n,
            inputs: normals("inputs", n_steps * n * shape.inputs),
            forgets: (0..n_steps * n).map(|row| row % 7 == 3).collect(),
            memory: normals("memory", n * shape.units)
                .iter()
                .map(|x| 0.3 * x)
                .collect(),
            weights: normals("loss", n_steps * n * shape.outputs),
        }
    }

    fn sequences(&self) -> Sequences<'_> {
        Sequences {
            n_sequences: self.n,
            inputs: &self.inputs,
            forgets: &self.forgets,
            memory: &self.memory,
        }
    }

    /// `Σ w o + o² / 2` over all rows of the chosen sequences, by the slow version.
    fn slow_loss(&self, shape: &RecurrentShape, parameters: &[f64], chosen: &[u32]) -> f64 {
        let n_steps = self.forgets.len() / self.n;
        let loss_of = |n: &u32| {
            let row = |t: usize| t * self.n + *n as usize;
            let inputs: Vec<Vec<f64>> = (0..n_steps)
                .map(|t| wide(&self.inputs[row(t) * shape.inputs..][..shape.inputs]))
                .collect();
            let forgets: Vec<bool> = (0..n_steps).map(|t| self.forgets[row(t)]).collect();
            let memory = wide(&self.memory[*n as usize * shape.units..][..shape.units]);
            let outputs = sequence(shape, parameters, &inputs, &forgets, &memory);
            let of_step = |(t, outputs): (usize, &Vec<f64>)| -> f64 {
                let weights = &self.weights[row(t) * shape.outputs..][..shape.outputs];
                let pairs = outputs.iter().zip(weights);
                pairs.map(|(o, w)| f64::from(*w) * o + 0.5 * o * o).sum()
            };
            outputs.iter().enumerate().map(of_step).sum::<f64>()
        };
        chosen.iter().map(loss_of).sum()
    }

    fn gradient(
        &self,
        model: &RecurrentModel,
        chosen: &[u32],
        workspace: &mut RecurrentWorkspace,
        n_threads: usize,
    ) -> (Vec<f32>, Count) {
        let n_outputs = model.shape().outputs;
        let loss = |tile: Tile<'_>, count: &mut Count| {
            let rows = tile.outputs.chunks_exact(n_outputs);
            let d_rows = tile.d_outputs.chunks_exact_mut(n_outputs);
            for ((outputs, d), row) in rows.zip(d_rows).zip(tile.rows) {
                let weights = &self.weights[*row as usize * n_outputs..][..n_outputs];
                for ((d, output), weight) in d.iter_mut().zip(outputs).zip(weights) {
                    *d = weight + output;
                    count.loss += f64::from(weight * output + 0.5 * output * output);
                }
                count.rows.push(*row);
                if let Some(free) = tile.d_free.first_mut() {
                    *free += 1.0;
                }
            }
        };
        let mut gradient = vec![f32::NAN; model.parameters().len()];
        let pool = Pool::new(n_threads);
        let count = model.gradient(
            &self.sequences(),
            chosen,
            &loss,
            &mut gradient,
            workspace,
            &pool,
        );
        (gradient, count)
    }
}

#[derive(Debug, Default, PartialEq)]
struct Count {
    loss: f64,
    rows: Vec<u32>,
}

impl Statistics for Count {
    fn merge(&mut self, later: Count) {
        self.loss += later.loss;
        self.rows.extend(later.rows);
    }
}

fn workspaces() -> Vec<RecurrentWorkspace> {
    let sets = available_sets().into_iter().zip(gru::available());
    sets.map(|kernels| RecurrentWorkspace {
        kernels: Some(kernels),
        ..RecurrentWorkspace::new()
    })
    .collect()
}

#[test]
fn a_step_agrees_with_the_slow_version() {
    for shape in [shape(3, 5, 7, 2), shape(20, 32, 16, 9), shape(1, 1, 1, 1)] {
        for n_rows in [1, 2, 64, 300] {
            let model = model(&shape, 0);
            let inputs = normals("inputs", n_rows * shape.inputs);
            let before = normals("memory", n_rows * shape.units);
            let parameters = wide(model.parameters());
            let rows = inputs.chunks_exact(shape.inputs);
            let (mut expected, mut expected_memory) = (vec![], vec![]);
            for (input, memory) in rows.zip(before.chunks_exact(shape.units)) {
                let (outputs, after) = step(&shape, &parameters, &wide(input), &wide(memory));
                expected.extend(outputs);
                expected_memory.extend(after);
            }
            for mut workspace in workspaces() {
                let mut memory = before.clone();
                let mut outputs = vec![f32::NAN; n_rows * shape.outputs];
                let pool = Pool::new(2);
                model.step(&inputs, &mut memory, &mut outputs, &mut workspace, &pool);
                let what = format!("{shape:?}, {n_rows} rows");
                assert_close(&outputs, &expected, 2e-5, &what);
                assert_close(&memory, &expected_memory, 2e-5, &what);
            }
        }
    }
}

/// Every parameter's slope is that of the slow loss, through time and through what is forgotten.
#[test]
fn gradients_agree_with_finite_differences() {
    for (activation, n_steps, n) in [
        (Activation::Tanh, 9, 3),
        (Activation::Relu, 1, 2),
        (Activation::Tanh, 70, 2),
    ] {
        let shape = RecurrentShape {
            activation,
            ..shape(3, 4, 5, 2)
        };
        let model = model(&shape, 1);
        let data = Data::new(&shape, n_steps, n);
        let chosen: Vec<u32> = (0..n as u32).rev().collect();
        let parameters = wide(model.parameters());
        let loss = |parameters: &[f64]| data.slow_loss(&shape, parameters, &chosen);
        let n_learned = parameters.len() - 1;
        let mut expected: Vec<f64> = (0..n_learned)
            .map(|index| difference(loss, &parameters, index))
            .collect();
        expected.push((n_steps * n) as f64);
        for mut workspace in workspaces() {
            let (gradient, count) = data.gradient(&model, &chosen, &mut workspace, 2);
            let what = format!("{activation:?}, {n_steps} steps of {n}");
            assert_close(&gradient, &expected, 2e-3, &what);
            let error = (count.loss - loss(&parameters)).abs() / loss(&parameters).abs();
            assert!(error < 1e-4, "{what}: loss {}", count.loss);
        }
    }
}

#[test]
fn every_row_of_the_chosen_sequences_is_judged_once() {
    let shape = shape(2, 3, 4, 1);
    let model = model(&shape, 0);
    let data = Data::new(&shape, 30, 12);
    let chosen = [7, 0, 11, 3, 4, 5, 6, 8, 9];
    let (_, count) = data.gradient(&model, &chosen, &mut RecurrentWorkspace::new(), 1);
    let mut rows = count.rows;
    rows.sort_unstable();
    let mut expected: Vec<u32> = (0..30).flat_map(|t| chosen.map(|n| t * 12 + n)).collect();
    expected.sort_unstable();
    assert_eq!(rows, expected);
}

#[test]
fn the_bits_depend_neither_on_threads_nor_on_what_the_workspace_did_before() {
    let shape = shape(10, 24, 20, 3);
    let model = model(&shape, 2);
    for n in [1, 5, 8, 33, 80] {
        let data = Data::new(&shape, 20, n);
        let chosen: Vec<u32> = (0..n as u32).collect();
        let mut used = RecurrentWorkspace::new();
        let large = Data::new(&shape, 50, 90);
        large.gradient(&model, &(0..90).collect::<Vec<_>>(), &mut used, 3);
        let fresh = data.gradient(&model, &chosen, &mut RecurrentWorkspace::new(), 1);
        for n_threads in [1, 2, 3] {
            let again = data.gradient(&model, &chosen, &mut used, n_threads);
            assert_eq!(fresh, again, "{n} sequences on {n_threads} threads");
        }
    }
}

/// A sequence that is played a step at a time is the sequence of the gradient: the same loss.
#[test]
fn steps_one_by_one_are_the_sequence() {
    let shape = shape(4, 6, 5, 2);
    let model = model(&shape, 0);
    let data = Data::new(&shape, 15, 6);
    let chosen: Vec<u32> = (0..6).collect();
    let (_, count) = data.gradient(&model, &chosen, &mut RecurrentWorkspace::new(), 1);
    let (mut memory, mut loss) = (data.memory.clone(), 0.0);
    let mut workspace = RecurrentWorkspace::new();
    for t in 0..15 {
        for n in (0..6).filter(|n| data.forgets[t * 6 + n]) {
            memory[n * 5..(n + 1) * 5].fill(0.0);
        }
        let inputs = &data.inputs[t * 24..(t + 1) * 24];
        let mut outputs = vec![0.0; 12];
        model.step(
            inputs,
            &mut memory,
            &mut outputs,
            &mut workspace,
            &Pool::new(1),
        );
        for (output, weight) in outputs.iter().zip(&data.weights[t * 12..]) {
            loss += f64::from(weight * output + 0.5 * output * output);
        }
    }
    assert!((loss - count.loss).abs() < 1e-4 * loss.abs(), "{loss}");
}

#[test]
fn shards_depend_on_the_batch_alone_and_serve_two_threads() {
    for n in 1..300_usize {
        let width = shard_width(n);
        assert!((1..=super::GROUP).contains(&width));
        assert!(n < 2 || n.div_ceil(width) >= 2, "{n}");
        assert!(n.div_ceil(width) <= 19, "{n}");
    }
}
