//! Distributions against their definitions in `f64`, finite differences and frequencies.

use super::{Head, HeadInputs};
use crate::reference::{assert_close, difference, normals, wide};

/// Outputs that belong to something else, such as a value, in every output row.
const OTHERS: usize = 2;

fn heads() -> Vec<Head> {
    vec![
        Head::Categorical { n_actions: 1 },
        Head::Categorical { n_actions: 4 },
        Head::Categorical { n_actions: 70 },
        Head::MultiDiscrete {
            sizes: vec![2, 1, 5],
        },
        Head::Gaussian { n_actions: 3 },
        Head::SquashedGaussian { n_actions: 2 },
        Head::StateDependent {
            n_actions: 2,
            n_latents: 5,
        },
        Head::StateDependent {
            n_actions: 1,
            n_latents: 70,
        },
    ]
}

/// A batch for a head: outputs, latents and free parameters, in one vector that can be differentiated, and actions.
struct Batch {
    outputs: Vec<f32>,
    latent: Vec<f32>,
    free: Vec<f32>,
    actions: Vec<f32>,
}

fn n_latents(head: &Head) -> usize {
    match head {
        Head::StateDependent { n_latents, .. } => *n_latents,
        _ => 0,
    }
}

fn batch(head: &Head, n_rows: usize) -> Batch {
    let mut actions = normals("actions", n_rows * head.action_width());
    let sizes = match head {
        Head::Categorical { n_actions } => vec![*n_actions],
        Head::MultiDiscrete { sizes } => sizes.clone(),
        _ => Vec::new(),
    };
    for (i, action) in actions.iter_mut().enumerate() {
        if !sizes.is_empty() {
            *action = (i * 7 % sizes[i % sizes.len()]) as f32;
        } else if matches!(head, Head::SquashedGaussian { .. }) {
            *action = action.tanh();
        }
    }
    let free = normals("free", head.n_free())
        .iter()
        .map(|f| 0.3 * f - 0.5)
        .collect();
    Batch {
        outputs: normals("outputs", n_rows * (head.n_outputs() + OTHERS)),
        latent: normals("latent", n_rows * n_latents(head)),
        free,
        actions,
    }
}

impl Batch {
    fn inputs(&self, head: &Head) -> HeadInputs<'_> {
        HeadInputs {
            outputs: &self.outputs,
            stride: head.n_outputs() + OTHERS,
            latent: &self.latent,
            free: &self.free,
        }
    }
}

/// Log-probability and entropy of one row by definition.
fn slow(head: &Head, outputs: &[f64], latent: &[f64], free: &[f64], action: &[f64]) -> (f64, f64) {
    let two_pi = 2.0 * std::f64::consts::PI;
    let normal = |mean: f64, variance: f64, x: f64| {
        let log_prob = -0.5 * (x - mean).powi(2) / variance - 0.5 * (two_pi * variance).ln();
        (log_prob, 0.5 + 0.5 * (two_pi * variance).ln())
    };
    let choice = |logits: &[f64], action: f64| {
        let sum: f64 = logits.iter().map(|z| z.exp()).sum();
        let log_probs: Vec<f64> = logits.iter().map(|z| (z.exp() / sum).ln()).collect();
        (
            log_probs[action as usize],
            -log_probs.iter().map(|l| l.exp() * l).sum::<f64>(),
        )
    };
    let mut total = (0.0, 0.0);
    let mut add = |part: (f64, f64)| {
        total.0 += part.0;
        total.1 += part.1;
    };
    match head {
        Head::Categorical { n_actions } => add(choice(&outputs[..*n_actions], action[0])),
        Head::MultiDiscrete { sizes } => {
            let mut first = 0;
            for (size, action) in sizes.iter().zip(action) {
                add(choice(&outputs[first..first + size], *action));
                first += size;
            }
        }
        Head::Gaussian { n_actions } => {
            for j in 0..*n_actions {
                add(normal(outputs[j], (2.0 * free[j]).exp(), action[j]));
            }
        }
        Head::SquashedGaussian { n_actions } => {
            for j in 0..*n_actions {
                let (log_prob, _) = normal(outputs[j], (2.0 * free[j]).exp(), action[j].atanh());
                let log_prob = log_prob - (1.0 - action[j].powi(2) + 1e-6).ln();
                add((log_prob, -log_prob));
            }
        }
        Head::StateDependent {
            n_actions,
            n_latents,
        } => {
            for a in 0..*n_actions {
                let part = |j: usize| latent[j].powi(2) * free[j * n_actions + a].exp().powi(2);
                let variance = (0..*n_latents).map(part).sum::<f64>() + 1e-6;
                add(normal(outputs[a], variance, action[a]));
            }
        }
    }
    total
}

fn slow_row(head: &Head, batch: &Batch, outputs: &[f64], free: &[f64], row: usize) -> (f64, f64) {
    let (stride, n_latents, width) = (
        head.n_outputs() + OTHERS,
        n_latents(head),
        head.action_width(),
    );
    slow(
        head,
        &outputs[row * stride..][..stride],
        &wide(&batch.latent[row * n_latents..][..n_latents]),
        free,
        &wide(&batch.actions[row * width..][..width]),
    )
}

#[test]
fn log_probs_and_entropies_are_as_defined() {
    for head in heads() {
        for n_rows in [0, 1, 63, 64, 130] {
            let batch = batch(&head, n_rows);
            let (mut log_probs, mut entropies) = (vec![f32::NAN; n_rows], vec![f32::NAN; n_rows]);
            head.evaluate(
                &batch.inputs(&head),
                &batch.actions,
                &mut log_probs,
                &mut entropies,
            );
            let (outputs, free) = (wide(&batch.outputs), wide(&batch.free));
            let (expected_log_probs, expected_entropies): (Vec<f64>, Vec<f64>) = (0..n_rows)
                .map(|row| slow_row(&head, &batch, &outputs, &free, row))
                .unzip();
            assert_close(&log_probs, &expected_log_probs, 1e-5, &format!("{head:?}"));
            assert_close(&entropies, &expected_entropies, 1e-5, &format!("{head:?}"));
        }
    }
}

#[test]
fn derivatives_agree_with_finite_differences() {
    for head in heads() {
        let n_rows = 67;
        let batch = batch(&head, n_rows);
        let (d_log_probs, d_entropies) = (normals("d log", n_rows), normals("d entropy", n_rows));
        let n_outputs = batch.outputs.len();
        let loss = |at: &[f64]| -> f64 {
            let (outputs, free) = at.split_at(n_outputs);
            let row = |row: usize| {
                let (log_prob, entropy) = slow_row(&head, &batch, outputs, free, row);
                f64::from(d_log_probs[row]) * log_prob + f64::from(d_entropies[row]) * entropy
            };
            (0..n_rows).map(row).sum()
        };
        let at = [wide(&batch.outputs), wide(&batch.free)].concat();
        // The derivatives are added to what is there.
        let (mut d_outputs, mut d_free) = (vec![1.0; n_outputs], vec![1.0; head.n_free()]);
        head.backward(
            &batch.inputs(&head),
            &batch.actions,
            &d_log_probs,
            &d_entropies,
            &mut d_outputs,
            &mut d_free,
        );
        let fast = [d_outputs, d_free].concat();
        let chosen: Vec<usize> = (0..at.len()).step_by(at.len().div_ceil(150)).collect();
        let expected: Vec<f64> = chosen
            .iter()
            .map(|i| 1.0 + difference(loss, &at, *i))
            .collect();
        let fast: Vec<f32> = chosen.iter().map(|i| fast[*i]).collect();
        assert_close(&fast, &expected, 2e-5, &format!("{head:?}"));
    }
}

#[test]
fn extreme_logits_stay_finite() {
    let head = Head::Categorical { n_actions: 3 };
    let outputs = [1e30, -1e30, 0.0, 88.0, -88.0, 0.0, -1e8, 0.0, 0.0];
    let inputs = HeadInputs {
        outputs: &outputs,
        stride: 3,
        latent: &[],
        free: &[],
    };
    let (mut log_probs, mut entropies) = ([0.0; 3], [0.0; 3]);
    head.evaluate(&inputs, &[0.0, 1.0, 2.0], &mut log_probs, &mut entropies);
    assert_close(
        &log_probs,
        &[0.0, -176.0, -std::f64::consts::LN_2],
        1e-6,
        "log-probabilities",
    );
    assert_close(
        &entropies,
        &[0.0, 0.0, std::f64::consts::LN_2],
        1e-6,
        "entropies",
    );
    let mut d_outputs = [0.0; 9];
    head.backward(
        &inputs,
        &[0.0, 1.0, 2.0],
        &[1.0; 3],
        &[1.0; 3],
        &mut d_outputs,
        &mut [],
    );
    assert!(d_outputs.iter().all(|d| d.is_finite()), "{d_outputs:?}");
}

/// Actions of the first row, again and again.
fn samples(head: &Head, batch: &Batch, n: usize) -> Vec<Vec<f32>> {
    let mut rng = mdp::Seed(5).stream("samples", 0);
    let mut noise = vec![0.0; head.n_noise()];
    (0..n)
        .map(|_| {
            head.draw_noise(&batch.free, &mut noise, &mut rng);
            let mut action = vec![f32::NAN; head.action_width()];
            head.sample(&batch.inputs(head), 0, &noise, &mut action, &mut rng);
            action
        })
        .collect()
}

#[test]
fn discrete_actions_are_as_frequent_as_they_are_probable() {
    let n = 20_000;
    for head in [
        Head::Categorical { n_actions: 4 },
        Head::Categorical { n_actions: 70 },
        Head::MultiDiscrete {
            sizes: vec![2, 1, 5],
        },
    ] {
        let mut batch = batch(&head, 1);
        let samples = samples(&head, &batch, n);
        for first in samples.iter().take(20).cloned().collect::<Vec<_>>() {
            let frequency =
                samples.iter().filter(|action| **action == first).count() as f64 / n as f64;
            batch.actions = first;
            let (mut log_prob, mut entropy) = ([0.0], [0.0]);
            head.evaluate(
                &batch.inputs(&head),
                &batch.actions,
                &mut log_prob,
                &mut entropy,
            );
            let probability = f64::from(log_prob[0]).exp();
            let five_deviations = 5.0 * (probability / n as f64).sqrt();
            assert!(
                (frequency - probability).abs() < five_deviations,
                "{head:?}: {frequency}, {probability}"
            );
        }
    }
}

#[test]
fn continuous_actions_have_their_mean_and_spread() {
    let n = 20_000;
    for head in [
        Head::Gaussian { n_actions: 3 },
        Head::SquashedGaussian { n_actions: 2 },
        Head::StateDependent {
            n_actions: 2,
            n_latents: 5,
        },
    ] {
        let batch = batch(&head, 1);
        let samples = samples(&head, &batch, n);
        for j in 0..head.action_width() {
            let value = |action: &Vec<f32>| match head {
                Head::SquashedGaussian { .. } => f64::from(action[j]).atanh(),
                _ => f64::from(action[j]),
            };
            let mean = samples.iter().map(value).sum::<f64>() / n as f64;
            let variance = samples
                .iter()
                .map(|a| (value(a) - mean).powi(2))
                .sum::<f64>()
                / n as f64;
            let expected = match &head {
                Head::StateDependent {
                    n_actions,
                    n_latents,
                } => (0..*n_latents)
                    .map(|k| {
                        let log_std = f64::from(batch.free[k * n_actions + j]);
                        f64::from(batch.latent[k]).powi(2) * (2.0 * log_std).exp()
                    })
                    .sum(),
                _ => (2.0 * f64::from(batch.free[j])).exp(),
            };
            let five_deviations = 5.0 * (expected / n as f64).sqrt();
            assert!(
                (mean - f64::from(batch.outputs[j])).abs() < five_deviations,
                "{head:?}: {mean}"
            );
            assert!(
                (variance / expected - 1.0).abs() < 0.06,
                "{head:?}: {variance}, {expected}"
            );
        }
    }
}

/// The log-probability of a squashed action is a density: it sums to one over the actions.
#[test]
fn squashed_densities_sum_to_one() {
    let head = Head::SquashedGaussian { n_actions: 1 };
    let n = 20_000;
    let actions: Vec<f32> = (0..n)
        .map(|i| -1.0 + 2.0 * (i as f32 + 0.5) / n as f32)
        .collect();
    let outputs = vec![0.3; n];
    let inputs = HeadInputs {
        outputs: &outputs,
        stride: 1,
        latent: &[],
        free: &[-0.7],
    };
    let (mut log_probs, mut entropies) = (vec![0.0; n], vec![0.0; n]);
    head.evaluate(&inputs, &actions, &mut log_probs, &mut entropies);
    let sum: f64 = log_probs
        .iter()
        .map(|l| f64::from(*l).exp() * 2.0 / n as f64)
        .sum();
    assert!((sum - 1.0).abs() < 1e-3, "{sum}");
    // Actions at the very edge, as sampling gives them when the mean is far out, are finite too.
    let inputs = HeadInputs {
        outputs: &[0.3, 0.3],
        stride: 1,
        latent: &[],
        free: &[-0.7],
    };
    head.evaluate(
        &inputs,
        &[1.0, -1.0],
        &mut log_probs[..2],
        &mut entropies[..2],
    );
    assert!(log_probs[..2].iter().all(|l| l.is_finite()));
}

#[test]
fn noise_that_is_kept_gives_the_same_action() {
    let head = Head::StateDependent {
        n_actions: 2,
        n_latents: 5,
    };
    let batch = batch(&head, 2);
    let mut rng = mdp::Seed(5).stream("noise", 0);
    let mut noise = vec![0.0; head.n_noise()];
    head.draw_noise(&batch.free, &mut noise, &mut rng);
    let mut act = |row| {
        let mut action = [0.0; 2];
        head.sample(&batch.inputs(&head), row, &noise, &mut action, &mut rng);
        action
    };
    assert_eq!(act(0), act(0));
    assert_ne!(act(0), act(1));
}

#[test]
fn modes_are_the_most_likely() {
    for head in heads() {
        let mut batch = batch(&head, 3);
        for row in 0..3 {
            let mut mode = vec![f32::NAN; head.action_width()];
            head.mode(&batch.inputs(&head), row, &mut mode);
            if let Head::SquashedGaussian { .. } = head {
                let means = &batch.outputs[row * (2 + OTHERS)..][..2];
                let expected: Vec<f64> = means.iter().map(|mean| f64::from(*mean).tanh()).collect();
                assert_close(&mode, &expected, 1e-6, "tanh of the mean");
                continue;
            }
            let width = head.action_width();
            let mut log_probs = [0.0; 3];
            head.evaluate(
                &batch.inputs(&head),
                &batch.actions,
                &mut log_probs,
                &mut [0.0; 3],
            );
            let other = log_probs[row];
            batch.actions[row * width..][..width].copy_from_slice(&mode);
            head.evaluate(
                &batch.inputs(&head),
                &batch.actions,
                &mut log_probs,
                &mut [0.0; 3],
            );
            assert!(other <= log_probs[row], "{head:?}");
        }
    }
}

#[test]
fn actions_that_do_not_exist_are_refused() {
    let head = Head::Categorical { n_actions: 3 };
    let inputs = HeadInputs {
        outputs: &[0.0; 3],
        stride: 3,
        latent: &[],
        free: &[],
    };
    for action in [3.0, -1.0, 0.5, f32::NAN] {
        let evaluate = || head.evaluate(&inputs, &[action], &mut [0.0], &mut [0.0]);
        assert!(std::panic::catch_unwind(evaluate).is_err(), "{action}");
    }
}

/// Log-probabilities, entropies and the gradient of `log p · d_log_probs + H · d_entropies`, with no other outputs.
fn all(
    head: &Head,
    inputs: &HeadInputs<'_>,
    actions: &[f32],
    d_log_probs: [f32; 2],
    d_entropies: [f32; 2],
) -> Vec<f32> {
    let (mut log_probs, mut entropies) = ([0.0; 2], [0.0; 2]);
    head.evaluate(inputs, actions, &mut log_probs, &mut entropies);
    let (mut d_outputs, mut d_free) = ([0.0; 4], vec![0.0; head.n_free()]);
    head.backward(
        inputs,
        actions,
        &d_log_probs,
        &d_entropies,
        &mut d_outputs,
        &mut d_free,
    );
    [&log_probs[..], &entropies, &d_outputs, &d_free].concat()
}

/// The numbers that `StateDependentNoiseDistribution` of Stable-Baselines3 2.9.2 gives with PyTorch 2.15.
#[test]
fn state_dependent_exploration_is_that_of_stable_baselines() {
    let head = Head::StateDependent {
        n_actions: 2,
        n_latents: 3,
    };
    let inputs = HeadInputs {
        outputs: &[0.3, -0.2, 1.0, 0.5],
        stride: 2,
        latent: &[0.9, -0.4, 0.1, -0.3, 0.7, 0.8],
        free: &[-0.5, 0.1, 0.2, -1.0, -2.0, 0.0],
    };
    let fast = all(
        &head,
        &inputs,
        &[0.1, 0.4, 1.5, -0.6],
        [1.0, -2.0],
        [0.5, 0.25],
    );
    #[rustfmt::skip]
    let expected = [
        -1.75080657, -2.5117619, 2.53725338, 2.60944128,
        -0.372537643, 0.587664425, -1.2889483, 2.69528055,
        -0.167651385, -0.239097178, 1.32357049, -0.0611996725, 0.0241128318, -0.561911881,
    ];
    assert_close(&fast, &expected, 1e-6, "gSDE");
}

/// The numbers that `SquashedDiagGaussianDistribution` of Stable-Baselines3 2.9.2 gives with PyTorch 2.15.
#[test]
fn squashed_actions_are_those_of_stable_baselines() {
    let head = Head::SquashedGaussian { n_actions: 2 };
    let inputs = HeadInputs {
        outputs: &[0.3, -0.2, 1.0, 0.5],
        stride: 2,
        latent: &[],
        free: &[-0.5, 0.1],
    };
    let fast = all(
        &head,
        &inputs,
        &[0.1, 0.4, 0.95, -0.6],
        [1.0, -2.0],
        [0.0, 0.0],
    );
    #[rustfmt::skip]
    let expected = [
        -1.46687686, -0.186805725, 1.46687686, 0.186805725,
        -0.542744815, 0.510600507, -4.52202845, 1.95373237,
        -2.65296888, -1.01265466,
    ];
    assert_close(&fast, &expected, 2e-6, "squashed");
}
