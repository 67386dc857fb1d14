//! The loss of PPO against a slow, obvious version in double precision, and finite differences of that.

use mdp::{Rng, Rollout, Seed, normal, uniform, uniform_in};
use nn::{HeadInputs, Tile};

use super::{Loss, LossSums, Standard};

const N: usize = 150;

/// A rollout of one step in `N` environments, with numbers that bring out both sides of every clip.
struct Case {
    distribution: nn::Head,
    n_outputs: usize,
    rollout: Rollout,
    advantages: Vec<f32>,
    targets: Vec<f32>,
    outputs: Vec<f32>,
    free: Vec<f32>,
    value_clip: Option<f32>,
}

fn case(distribution: nn::Head, value_clip: Option<f32>, rng: &mut Rng) -> Case {
    let (n_outputs, width) = (distribution.n_outputs() + 1, distribution.action_width());
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| normal(rng) as f32).collect() };
    let mut rollout = Rollout::new(1, N, 1, width);
    rollout.values = draw(N);
    let (outputs, free) = (draw(N * n_outputs), draw(distribution.n_free()));
    let (advantages, targets) = (draw(N), draw(N));
    let mut case = Case {
        distribution,
        n_outputs,
        rollout,
        advantages,
        targets,
        outputs,
        free,
        value_clip,
    };
    for row in 0..N {
        let action = match &case.distribution {
            nn::Head::Categorical { n_actions } => {
                vec![(uniform(rng) * *n_actions as f64).floor() as f32]
            }
            nn::Head::MultiDiscrete { sizes } => sizes
                .iter()
                .map(|n| (uniform(rng) * *n as f64).floor() as f32)
                .collect(),
            _ => (0..width).map(|_| normal(rng) as f32).collect(),
        };
        case.rollout.actions[row * width..][..width].copy_from_slice(&action);
        // Ratios from 0.6 to 1.6: some inside the clip range of 0.2, some outside.
        let outputs: Vec<f64> = case.row(row).iter().map(|x| f64::from(*x)).collect();
        let free: Vec<f64> = case.free.iter().map(|x| f64::from(*x)).collect();
        let (log_prob, _) = case.log_prob_and_entropy(row, &outputs, &free);
        case.rollout.log_probs[row] = (log_prob + uniform_in(-0.5, 0.5, rng)) as f32;
        // Values near the old ones, so that some move less than the value clip and some more.
        case.outputs[(row + 1) * n_outputs - 1] =
            case.rollout.values[row] + uniform_in(-0.5, 0.5, rng) as f32;
    }
    case
}

impl Case {
    fn row(&self, row: usize) -> &[f32] {
        &self.outputs[row * self.n_outputs..][..self.n_outputs]
    }

    fn log_prob_and_entropy(&self, row: usize, outputs: &[f64], free: &[f64]) -> (f64, f64) {
        let width = self.rollout.n_action_values;
        let action = &self.rollout.actions[row * width..][..width];
        let softmax = |logits: &[f64], choice: f32| {
            let sum: f64 = logits.iter().map(|x| x.exp()).sum();
            let log = |x: &f64| x - sum.ln();
            let entropy = -logits.iter().map(|x| log(x).exp() * log(x)).sum::<f64>();
            (log(&logits[choice as usize]), entropy)
        };
        match &self.distribution {
            nn::Head::Categorical { n_actions } => softmax(&outputs[..*n_actions], action[0]),
            nn::Head::MultiDiscrete { sizes } => {
                let mut start = 0;
                let mut total = (0.0, 0.0);
                for (size, choice) in sizes.iter().zip(action) {
                    let part = softmax(&outputs[start..start + size], *choice);
                    total = (total.0 + part.0, total.1 + part.1);
                    start += size;
                }
                total
            }
            nn::Head::Gaussian { .. } => {
                let constant = 0.5 * (2.0 * std::f64::consts::PI).ln();
                action.iter().zip(outputs).zip(free).fold(
                    (0.0, 0.0),
                    |total, ((a, mean), log_std)| {
                        let z = (f64::from(*a) - mean) / log_std.exp();
                        (
                            total.0 - 0.5 * z * z - log_std - constant,
                            total.1 + 0.5 + constant + log_std,
                        )
                    },
                )
            }
            other => panic!("{other:?} is checked in `nn`"),
        }
    }

    /// The loss of one row from its definition.
    fn row_loss(&self, row: usize, outputs: &[f64], free: &[f64]) -> f64 {
        let (log_prob, entropy) = self.log_prob_and_entropy(row, outputs, free);
        let ratio = (log_prob - f64::from(self.rollout.log_probs[row])).exp();
        let advantage = f64::from(self.advantages[row]);
        let surrogate = (ratio * advantage).min(ratio.clamp(0.8, 1.2) * advantage);
        let value = outputs[self.n_outputs - 1];
        let (old, target) = (
            f64::from(self.rollout.values[row]),
            f64::from(self.targets[row]),
        );
        let squared = match self.value_clip {
            None => (value - target).powi(2),
            Some(limit) => {
                let limit = f64::from(limit);
                let clipped = old + (value - old).clamp(-limit, limit);
                (value - target).powi(2).max((clipped - target).powi(2))
            }
        };
        (-surrogate + 0.5 * squared - 0.01 * entropy) / N as f64
    }

    /// The derivatives that training uses.
    fn gradient(&self) -> (Vec<f32>, Vec<f32>, LossSums) {
        let loss = Loss {
            distribution: &self.distribution,
            free: &self.free,
            rollout: &self.rollout,
            advantages: &self.advantages,
            targets: &self.targets,
            standard: Standard::IDENTITY,
            clip: 0.2,
            value_clip: self.value_clip,
            value_coefficient: 0.5,
            entropy_coefficient: 0.01,
            weight: 1.0 / N as f32,
        };
        let rows: Vec<u32> = (0..N as u32).collect();
        let (mut d_outputs, mut d_free) =
            (vec![0.0; self.outputs.len()], vec![0.0; self.free.len()]);
        let mut sums = LossSums::default();
        let mut tile = Tile {
            rows: &rows,
            outputs: &self.outputs,
            latent: &[],
            d_outputs: &mut d_outputs,
            d_free: &mut d_free,
        };
        loss.tile(&mut tile, &mut sums);
        (d_outputs, d_free, sums)
    }
}

#[test]
fn the_gradient_of_the_loss_is_its_finite_difference() {
    let heads = [
        nn::Head::Categorical { n_actions: 4 },
        nn::Head::MultiDiscrete {
            sizes: vec![3, 2, 4],
        },
        nn::Head::Gaussian { n_actions: 3 },
    ];
    let mut rng = Seed(0).stream("loss", 0);
    for distribution in heads {
        for value_clip in [None, Some(0.2)] {
            let case = case(distribution.clone(), value_clip, &mut rng);
            check(&case);
        }
    }
}

fn check(case: &Case) {
    let (d_outputs, d_free, sums) = case.gradient();
    let to_f64 = |values: &[f32]| -> Vec<f64> { values.iter().map(|x| f64::from(*x)).collect() };
    let free = to_f64(&case.free);
    let h = 1e-6;
    let mut total = 0.0;
    let mut d_free_expected = vec![0.0; free.len()];
    for row in 0..N {
        let outputs = to_f64(case.row(row));
        total += case.row_loss(row, &outputs, &free);
        for k in 0..case.n_outputs {
            let shifted = |by: f64| {
                let mut outputs = outputs.clone();
                outputs[k] += by;
                case.row_loss(row, &outputs, &free)
            };
            let expected = (shifted(h) - shifted(-h)) / (2.0 * h);
            let found = f64::from(d_outputs[row * case.n_outputs + k]);
            assert!(
                (found - expected).abs() < 2e-6 + 1e-4 * expected.abs(),
                "row {row}, output {k}: {found} against {expected}"
            );
        }
        for (k, sum) in d_free_expected.iter_mut().enumerate() {
            let shifted = |by: f64| {
                let mut free = free.clone();
                free[k] += by;
                case.row_loss(row, &outputs, &free)
            };
            *sum += (shifted(h) - shifted(-h)) / (2.0 * h);
        }
    }
    for (found, expected) in d_free.iter().zip(&d_free_expected) {
        assert!(
            (f64::from(*found) - expected).abs() < 1e-4 * (1.0 + expected.abs()),
            "{found} against {expected}"
        );
    }
    let found = (sums.policy_loss + 0.5 * sums.value_loss - 0.01 * sums.entropy) / N as f64;
    assert!(
        (found - total).abs() < 1e-4 * (1.0 + total.abs()),
        "{found} against {total}"
    );
    assert!(
        0.2 < sums.n_clipped / sums.n && sums.n_clipped / sums.n < 0.9,
        "both sides of the clip occur"
    );
}

#[test]
fn advantages_are_standardised_over_the_rows_of_the_minibatch() {
    let advantages = [100.0, 1.0, 2.0, 3.0, -50.0];
    let standard = Standard::of(&[1, 2, 3], &advantages);
    let found: Vec<f32> = [1.0, 2.0, 3.0].iter().map(|a| standard.apply(*a)).collect();
    for (found, expected) in found.iter().zip([-1.0, 0.0, 1.0]) {
        assert!((found - expected).abs() < 1e-6);
    }
    assert_eq!(Standard::of(&[0], &advantages).apply(100.0), 100.0);
}

#[test]
fn a_head_reads_only_its_own_outputs() {
    let head = nn::Head::Categorical { n_actions: 2 };
    let evaluate = |value: f32| {
        let outputs = [0.3, -0.2, value];
        let inputs = HeadInputs {
            outputs: &outputs,
            stride: 3,
            latent: &[],
            free: &[],
        };
        let (mut log_prob, mut entropy) = ([0.0], [0.0]);
        head.evaluate(&inputs, &[1.0], &mut log_prob, &mut entropy);
        (log_prob, entropy)
    };
    assert_eq!(evaluate(0.0), evaluate(1e6));
}
