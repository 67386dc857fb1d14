//! Tests of the rewards that are fitted.

use mdp::Seed;

use super::{Features, FeaturesOf, LinearReward, NetworkReward, RewardModel};

fn features(of: FeaturesOf) -> Features {
    let n_rows = match of {
        FeaturesOf::States => 4,
        FeaturesOf::StatesAndActions => 12,
    };
    let values = (0..n_rows * 2).map(|i| f64::from(i * 7 % 11) / 5.0 - 1.0);
    Features::new(of, 2, 3, values.collect())
}

/// The gradient against central differences of `Σ w r`.
fn check(reward: &mut impl RewardModel, step: f64, tolerance: f64) {
    let weights: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 7) - 3.0).collect();
    let parameters: Vec<f64> = reward
        .parameters()
        .iter()
        .enumerate()
        .map(|(i, p)| p + 0.05 * (i as f64).sin())
        .collect();
    reward.set_parameters(&parameters);
    let gradient = reward.gradient(&weights);
    let mut weighted = |parameters: &[f64]| -> f64 {
        reward.set_parameters(parameters);
        reward
            .rewards()
            .iter()
            .zip(&weights)
            .map(|(r, w)| r * w)
            .sum()
    };
    for (i, exact) in gradient.iter().enumerate() {
        let mut moved = parameters.clone();
        moved[i] += step;
        let above = weighted(&moved);
        moved[i] -= 2.0 * step;
        let difference = (above - weighted(&moved)) / (2.0 * step);
        assert!(
            (difference - exact).abs() < tolerance,
            "parameter {i}: {difference} against {exact}"
        );
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    for of in [FeaturesOf::States, FeaturesOf::StatesAndActions] {
        check(&mut LinearReward::new(features(of)), 1e-4, 1e-7);
        check(
            &mut NetworkReward::new(features(of), &[8, 8], 1, Seed(3)),
            1e-2,
            5e-3,
        );
    }
}

#[test]
fn a_reward_of_states_pays_the_same_for_every_action() {
    let mut reward = LinearReward::new(Features::each_state(4, 3));
    reward.set_parameters(&[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(reward.rewards()[3..9], [2.0, 2.0, 2.0, 3.0, 3.0, 3.0]);
    let mut reward = LinearReward::new(Features::each_state_and_action(2, 3));
    reward.set_parameters(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(reward.rewards(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
}
