//! Running sizes against what they are said to be.

use super::*;

/// Rounds of two environments.
const ROUNDS: [(&[f32], &[bool]); 3] = [
    (&[1.0, 2.0, 6.0, -1.0], &[false, false, true, false]),
    (&[-4.0, 0.0], &[false, true]),
    (&[3.0, 3.0, 3.0, 5.0], &[false, false, false, false]),
];

fn transform(normalization: RewardNormalization, origin: Origin) -> Transform {
    let mut size = RewardSize::new(normalization, 0.5, 2);
    let mut last = None;
    for (rewards, ended) in ROUNDS {
        last = Some(size.transform(rewards, ended, origin));
    }
    last.unwrap()
}

/// Means of something a round, weighted by age.
fn weighted(rounds: [f64; 3]) -> f64 {
    let [first, second, third] = rounds;
    (DECAY * DECAY * first + DECAY * second + third) / (DECAY * DECAY + DECAY + 1.0)
}

#[test]
fn standardized_rewards_have_the_moments_of_the_rounds_weighted_by_age() {
    let found = transform(RewardNormalization::Standardize, Origin::Zero);
    let mean = weighted([2.0, -2.0, 3.5]);
    let square = weighted([10.5, 8.0, 13.0]);
    assert!((found.offset - mean).abs() < 1e-12);
    assert!((found.scale - (square - mean * mean).sqrt()).abs() < 1e-12);
}

#[test]
fn scaled_rewards_have_discounted_sums_of_size_1_and_keep_their_zero() {
    let plain = transform(RewardNormalization::Scale, Origin::Zero);
    // Sums of the environments: 1, 2, then 6.5 (which ends) and 0; then -4 and 0 (which ends); then 1 and 3, 3.5 and 6.5.
    let squares = weighted([
        (1.0 + 4.0 + 42.25) / 4.0,
        16.0 / 2.0,
        (1.0 + 9.0 + 12.25 + 42.25) / 4.0,
    ]);
    assert_eq!(plain.offset, 0.0);
    assert!((plain.scale - squares.sqrt()).abs() < 1e-12);
    let relative = transform(RewardNormalization::Scale, Origin::Absorbing(3.0));
    assert_eq!(relative.offset, 3.0);
    let mut rewards = [3.0, 4.0];
    relative.apply(&mut rewards);
    assert_eq!(rewards, [0.0, (1.0 / relative.scale) as f32]);
    let none = transform(RewardNormalization::None, Origin::Absorbing(3.0));
    assert_eq!((none.offset, none.scale), (3.0, 1.0));
}

#[test]
fn a_reward_that_is_the_absorbing_state_s_everywhere_is_not_blown_up() {
    let mut size = RewardSize::new(RewardNormalization::Scale, 0.9, 1);
    let found = size.transform(&[0.7, 0.7], &[false, false], Origin::Absorbing(0.7));
    assert_eq!(found.scale, 1.0);
    let mut size = RewardSize::new(RewardNormalization::Scale, 0.9, 1);
    for _ in 0..3 {
        let found = size.transform(&[0.7, 0.7, 0.7], &[false; 3], Origin::Mean);
        assert_eq!((found.offset, found.scale), (f64::from(0.7_f32), 1.0));
    }
}
