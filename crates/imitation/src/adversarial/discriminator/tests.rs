//! What a discriminator learns from, against finite differences of its whole objective.

use mdp::{Rng, Seed, normal};
use nn::{Activation, Pool};

use super::*;
use crate::adversarial::GradientPenalty;

const N_STATE: usize = 3;
const N_INPUTS: usize = 5;

fn config(penalty: Option<GradientPenalty>) -> DiscriminatorConfig {
    DiscriminatorConfig {
        hidden: vec![7, 6],
        activation: Activation::Tanh,
        learning_rate: 1e-2,
        n_updates: 1,
        batch: 20,
        buffer_rounds: 1,
        normalize_observations: true,
        penalty,
    }
}

fn forms() -> [Form; 3] {
    let shaped = |state_only| Form::Shaped {
        discount: 0.9,
        hidden: vec![5],
        state_only,
    };
    [Form::Plain, shaped(false), shaped(true)]
}

/// Random transitions, the demonstrated ones shifted.
fn batch(rng: &mut Rng) -> Batch {
    let n = 40;
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| normal(rng) as f32).collect() };
    let mut batch = Batch {
        n,
        inputs: draw(n * N_INPUTS),
        next_states: draw(n * N_STATE),
        log_probs: draw(n),
        continues: (0..n)
            .map(|row| f32::from(u8::from(row % 5 != 0)))
            .collect(),
        states: vec![],
    };
    for x in &mut batch.inputs[..n / 2 * N_INPUTS] {
        *x += 0.5;
    }
    let states = batch.inputs.chunks_exact(N_INPUTS);
    batch.states = states.flat_map(|row| row[..N_STATE].to_vec()).collect();
    batch
}

/// A discriminator with weights everywhere.
fn discriminator(form: Form, penalty: Option<GradientPenalty>, rng: &mut Rng) -> Discriminator {
    let mut discriminator = Discriminator::new(form, &config(penalty), N_STATE, N_INPUTS, rng);
    let mut parameters = discriminator.parameters();
    for parameter in &mut parameters {
        *parameter += 0.3 * normal(rng) as f32;
    }
    discriminator.set_parameters(&parameters);
    discriminator
}

/// Mean cross-entropy, by the definition.
fn cross_entropy(discriminator: &mut Discriminator, batch: &Batch, pool: &Pool) -> f64 {
    let mut judgement = Judgement::default();
    discriminator.judge(batch, &mut judgement, pool);
    let losses = judgement.logits.iter().enumerate().map(|(row, logit)| {
        let d = 1.0 / (1.0 + (-f64::from(*logit)).exp());
        if row < batch.n / 2 {
            -d.ln()
        } else {
            -(1.0 - d).ln()
        }
    });
    losses.sum::<f64>() / batch.n as f64
}

/// `mean (‖∇ f‖ - target)²`, the slopes of what f reads taken by differences of f.
fn penalty(discriminator: &mut Discriminator, batch: &Batch, target: f64, pool: &Pool) -> f64 {
    const STEP: f32 = 5e-3;
    let mut squares = vec![0.0; batch.n];
    for axis in 0..N_INPUTS + N_STATE {
        let mut value_at = |by: f32| {
            let mut moved = batch.clone();
            for row in 0..batch.n {
                match axis.checked_sub(N_INPUTS) {
                    None => {
                        moved.inputs[row * N_INPUTS + axis] += by;
                        if axis < N_STATE {
                            moved.states[row * N_STATE + axis] += by;
                        }
                    }
                    Some(axis) => moved.next_states[row * N_STATE + axis] += by,
                }
            }
            let mut judgement = Judgement::default();
            discriminator.judge(&moved, &mut judgement, pool);
            judgement.shaped
        };
        let (up, down) = (value_at(STEP), value_at(-STEP));
        for (square, (up, down)) in squares.iter_mut().zip(up.iter().zip(&down)) {
            *square += (f64::from(up - down) / f64::from(2.0 * STEP)).powi(2);
        }
    }
    let apart = squares
        .iter()
        .map(|square| (square.sqrt() - target).powi(2));
    apart.sum::<f64>() / batch.n as f64
}

/// Holds a gradient against central differences along random directions, which single precision can bear.
fn check_gradient(
    discriminator: &mut Discriminator,
    gradient: &[f32],
    objective: &mut dyn FnMut(&mut Discriminator) -> f64,
    rng: &mut Rng,
) {
    const STEP: f32 = 1e-2;
    let parameters = discriminator.parameters();
    for _ in 0..12 {
        let direction: Vec<f32> = parameters.iter().map(|_| normal(rng) as f32).collect();
        let mut value_at = |by: f32| {
            let pairs = parameters.iter().zip(&direction);
            let moved: Vec<f32> = pairs.map(|(x, v)| x + by * v).collect();
            discriminator.set_parameters(&moved);
            objective(discriminator)
        };
        let difference = |value_at: &mut dyn FnMut(f32) -> f64, step: f32| {
            (value_at(step) - value_at(-step)) / f64::from(2.0 * step)
        };
        // Richardson: the error of the fourth order is left.
        let whole = difference(&mut value_at, STEP);
        let half = difference(&mut value_at, STEP / 2.0);
        let expected = (4.0 * half - whole) / 3.0;
        discriminator.set_parameters(&parameters);
        let pairs = gradient.iter().zip(&direction);
        let found: f64 = pairs.map(|(g, v)| f64::from(g * v)).sum();
        let close = 5e-3 * (1.0 + expected.abs());
        assert!((found - expected).abs() < close, "{found} {expected}");
    }
}

#[test]
fn the_gradient_of_the_cross_entropy_is_that_of_finite_differences() {
    let pool = Pool::new(1);
    for (index, form) in forms().into_iter().enumerate() {
        let mut rng = Seed(index as u64).stream("cross-entropy", 0);
        let mut discriminator = discriminator(form, None, &mut rng);
        let batch = batch(&mut rng);
        let mut judgement = Judgement::default();
        discriminator.judge(&batch, &mut judgement, &pool);
        discriminator.write_gradient(&batch, &d_cross_entropy(&judgement.logits), &pool);
        let gradient = discriminator.gradient.clone();
        let mut objective = |d: &mut Discriminator| cross_entropy(d, &batch, &pool);
        check_gradient(&mut discriminator, &gradient, &mut objective, &mut rng);
        let found = Update::of(&judgement.logits).loss;
        assert!((found - cross_entropy(&mut discriminator, &batch, &pool)).abs() < 1e-6);
    }
}

#[test]
fn the_gradient_of_the_penalty_is_that_of_finite_differences() {
    let pool = Pool::new(1);
    for target in [0.0, 1.0] {
        for (index, form) in forms().into_iter().enumerate() {
            let mut rng = Seed(index as u64).stream("penalty", 0);
            let mut discriminator = discriminator(form, None, &mut rng);
            let batch = batch(&mut rng);
            discriminator.gradient.fill(0.0);
            let found = discriminator.add_penalty(&batch, 2.0, target as f32, &pool);
            let expected = penalty(&mut discriminator, &batch, target, &pool);
            assert!(
                (found - expected).abs() < 1e-2 * expected,
                "{found} {expected}"
            );
            let gradient = discriminator.gradient.clone();
            let mut objective = |d: &mut Discriminator| 2.0 * penalty(d, &batch, target, &pool);
            check_gradient(&mut discriminator, &gradient, &mut objective, &mut rng);
        }
    }
}

#[test]
fn a_penalty_keeps_the_slope_of_what_could_be_told_apart_without_end() {
    // Demonstrations and the policy's transitions do not overlap: without a penalty the logits run away.
    let mut gaps = vec![];
    for weight in [None, Some(10.0)] {
        let penalty = weight.map(|weight| GradientPenalty {
            weight,
            target: 1.0,
        });
        let mut rng = Seed(3).stream("apart", 0);
        let mut discriminator =
            Discriminator::new(Form::Plain, &config(penalty), N_STATE, N_INPUTS, &mut rng);
        let mut batch = batch(&mut rng);
        for (index, x) in batch.inputs.iter_mut().enumerate() {
            *x = 0.1 * *x + if index < 20 * N_INPUTS { 0.5 } else { -0.5 };
        }
        let mut last = Update::default();
        for _ in 0..300 {
            last = discriminator
                .update(&batch, &mut rng, &Pool::new(2), 0)
                .unwrap();
        }
        assert_eq!(
            (last.accuracy_on_expert, last.accuracy_on_policy),
            (1.0, 1.0)
        );
        gaps.push(last.logit_gap);
    }
    // The middles lie √5 apart, so a slope of 1 allows a gap of that much.
    assert!(gaps[0] > 8.0 && gaps[1] < 3.5, "{gaps:?}");
}

#[test]
fn a_fresh_discriminator_tells_nothing_apart() {
    let mut rng = Seed(0).stream("fresh", 0);
    let mut fresh = Discriminator::new(Form::Plain, &config(None), N_STATE, N_INPUTS, &mut rng);
    let batch = batch(&mut rng);
    let update = fresh.update(&batch, &mut rng, &Pool::new(1), 0).unwrap();
    assert!((update.loss - std::f64::consts::LN_2).abs() < 1e-9);
    assert!((update.entropy - std::f64::consts::LN_2).abs() < 1e-9);
    assert_eq!(update.logit_gap, 0.0);
    // And it learns.
    let mut judgement = Judgement::default();
    fresh.judge(&batch, &mut judgement, &Pool::new(1));
    assert!(Update::of(&judgement.logits).loss < update.loss);
}
