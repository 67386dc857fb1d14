//! Tests of maximum-entropy inverse reinforcement learning.

use mdp::{
    Discount, Seed, Stop, TabularMdp, Transition, index, occupancy, soft_value_iteration, uniform,
};

use super::*;
use crate::{Features, LinearReward, NetworkReward};

/// A random MDP: 3 successors a row; where `ends`, each step ends an episode with probability 0.2.
fn random_mdp(
    n_states: usize,
    n_actions: usize,
    discount: f64,
    ends: bool,
    seed: u64,
) -> TabularMdp {
    let mut rng = Seed(seed).stream("mdp", 0);
    let mut builder = TabularMdp::builder(n_states, n_actions);
    for _ in 0..n_states * n_actions {
        let weights: Vec<f64> = (0..3).map(|_| 0.1 + uniform(&mut rng)).collect();
        let sum: f64 = weights.iter().sum::<f64>() / if ends { 0.8 } else { 1.0 };
        for weight in weights {
            builder.push(Transition {
                probability: weight / sum,
                next_state: index(n_states, &mut rng),
                reward: 0.0,
                terminates: false,
            });
        }
        if ends {
            builder.push(Transition {
                probability: 0.2,
                next_state: 0,
                reward: 0.0,
                terminates: true,
            });
        }
        builder.end_row();
    }
    let start = vec![1.0 / n_states as f64; n_states];
    builder
        .build(start, Discount::new(discount).unwrap())
        .unwrap()
}

fn random_rewards(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = Seed(seed).stream("rewards", 0);
    (0..n).map(|_| 2.0 * uniform(&mut rng) - 1.0).collect()
}

#[test]
fn a_soft_optimal_expert_is_matched_at_any_discount() {
    for discount in [0.0, 0.9, 0.99] {
        let mdp = random_mdp(12, 3, discount, false, 1);
        let expert = soft_value_iteration(&mdp, &random_rewards(36, 2), 1.0, 1e-12, 1000);
        let visits = occupancy(&mdp, &expert.policy()).unwrap();
        let mut reward = LinearReward::new(Features::each_state_and_action(12, 3));
        let config = MaximumEntropyConfig::causal(Horizon::Infinite);
        let found = maximum_entropy_irl(&mdp, &visits, &mut reward, &config).unwrap();
        assert_eq!(found.stop, Stop::Converged, "discount {discount}");
        assert!(found.error <= 1e-4, "discount {discount}: {}", found.error);
        for (own, expert) in found.policy.iter().zip(expert.policy()) {
            assert!((own - expert).abs() < 1e-2, "{own} against {expert}");
        }
    }
}

#[test]
fn a_finite_horizon_needs_no_discount() {
    let mdp = random_mdp(10, 3, 1.0, false, 4);
    let rewards: Vec<f64> = random_rewards(10, 5).iter().flat_map(|r| [*r; 3]).collect();
    let expert = soft_optimal(&mdp, &rewards, Horizon::Finite(20), Entropy::Causal).unwrap();
    for entropy in [Entropy::Causal, Entropy::Trajectory] {
        let config = MaximumEntropyConfig {
            entropy,
            ..MaximumEntropyConfig::causal(Horizon::Finite(20))
        };
        let mut reward = LinearReward::new(Features::each_state(10, 3));
        let found = maximum_entropy_irl(&mdp, &expert.visits, &mut reward, &config).unwrap();
        let states =
            |visits: &[f64]| -> Vec<f64> { visits.chunks(3).map(|v| v.iter().sum()).collect() };
        let (own, its) = (states(&found.visits), states(&expert.visits));
        let apart = own
            .iter()
            .zip(&its)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        // Trajectory entropy takes chance to be on its side, so its own policy misses what it hoped to match.
        match entropy {
            Entropy::Causal => assert!(apart < 2e-3, "{apart}"),
            Entropy::Trajectory => assert!(apart > 1e-2, "{apart}"),
        }
    }
}

#[test]
fn a_network_fits_too() {
    let mdp = random_mdp(10, 3, 0.9, false, 6);
    let rewards: Vec<f64> = random_rewards(10, 7).iter().flat_map(|r| [*r; 3]).collect();
    let expert = soft_optimal(&mdp, &rewards, Horizon::Infinite, Entropy::Causal).unwrap();
    let mut reward = NetworkReward::new(Features::each_state(10, 3), &[16], 1, Seed(0));
    let config = MaximumEntropyConfig {
        tolerance: 1e-3,
        ..MaximumEntropyConfig::causal(Horizon::Infinite)
    };
    let found = maximum_entropy_irl(&mdp, &expert.visits, &mut reward, &config).unwrap();
    assert!(found.error <= 1e-3, "{}", found.error);
}

#[test]
fn the_gradient_is_that_of_the_likelihood() {
    for (horizon, entropy) in [
        (Horizon::Infinite, Entropy::Causal),
        (Horizon::Finite(7), Entropy::Causal),
        (Horizon::Infinite, Entropy::Trajectory),
        (Horizon::Finite(7), Entropy::Trajectory),
    ] {
        let mdp = random_mdp(6, 2, 0.8, true, 8);
        let rewards = random_rewards(12, 9);
        let value = |rewards: &[f64]| {
            soft_optimal(&mdp, rewards, horizon, entropy)
                .unwrap()
                .start_value(&mdp)
        };
        let exact = soft_optimal(&mdp, &rewards, horizon, entropy)
            .unwrap()
            .believed_visits;
        for row in 0..12 {
            let mut moved = rewards.clone();
            moved[row] += 1e-4;
            let above = value(&moved);
            moved[row] -= 2e-4;
            let difference = (above - value(&moved)) / 2e-4;
            assert!(
                (difference - exact[row]).abs() < 1e-6,
                "{horizon:?}, {entropy:?}: {difference} against {}",
                exact[row]
            );
        }
    }
}

#[test]
fn demonstrations_are_counted_with_their_discount() {
    let mdp = random_mdp(3, 2, 0.5, false, 10);
    let counted = visits(&mdp, &[vec![(0, 1), (2, 0), (0, 1)], vec![(1, 0)]]).unwrap();
    assert_eq!(counted, [0.0, 0.625, 0.5, 0.0, 0.25, 0.0]);
    assert_eq!(visits(&mdp, &[]), Err(Error::NoDemonstrations));
    let error = visits(&mdp, &[vec![(0, 0), (3, 0)]])
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("demonstration 0, step 1: there is no state 3"),
        "{error}"
    );
    let config = MaximumEntropyConfig::causal(Horizon::Infinite);
    let mut reward = LinearReward::new(Features::each_state(3, 2));
    let undiscounted = mdp.with_discount(Discount::new(1.0).unwrap());
    let error = maximum_entropy_irl(&undiscounted, &counted, &mut reward, &config).unwrap_err();
    assert_eq!(error, Error::NoHorizon);
}
