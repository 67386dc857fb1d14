//! The gradient against differences, and what is found against the expert who demonstrated, wherever it was cut.

use mdp::{Discount, Seed, TabularMdp, Transition, uniform};

use super::*;
use crate::experts::demonstrate;
use crate::reward_model::{Features, FeaturesOf, LinearReward};

/// Six states, three actions, three outcomes each, one in ten ends.
fn drawn(seed: u64) -> TabularMdp {
    let rng = &mut Seed(seed).stream("random MDP for choices", 0);
    let mut rows = vec![];
    for _ in 0..18 {
        let weights: Vec<f64> = (0..3).map(|_| uniform(rng) + 0.05).collect();
        let sum: f64 = weights.iter().sum();
        let outcome = |w: &f64| Transition {
            probability: w / sum,
            next_state: mdp::index(6, rng),
            reward: 0.0,
            terminates: uniform(rng) < 0.1,
        };
        rows.push(weights.iter().map(outcome).collect());
    }
    TabularMdp::new(3, rows, vec![1.0 / 6.0; 6], Discount::new(0.9).unwrap()).unwrap()
}

#[test]
fn the_gradient_is_that_of_the_likelihood() {
    let mdp = drawn(0);
    let rng = &mut Seed(0).stream("point", 0);
    let mut reward = LinearReward::new(Features::each_state_and_action(6, 3));
    let shares: Vec<f64> = (0..18).map(|_| uniform(rng) / 9.0).collect();
    let point: Vec<f64> = (0..18).map(|_| 2.0 * uniform(rng) - 1.0).collect();
    let mut choices = Choices {
        mdp: &mdp,
        shares,
        precision: 0.3,
        tolerance: 0.0,
        reward: &mut reward,
    };
    let mut gradient = vec![0.0; 18];
    choices.evaluate(&point, &mut gradient).unwrap();
    for weight in 0..18 {
        let mut value = |by: f64| {
            let mut moved = point.clone();
            moved[weight] += by;
            choices.evaluate(&moved, &mut [0.0; 18]).unwrap().0
        };
        let difference = (value(1e-5) - value(-1e-5)) / 2e-5;
        assert!(
            (difference - gradient[weight]).abs() < 1e-7,
            "{difference}, {}",
            gradient[weight]
        );
    }
}

#[test]
fn demonstrations_that_were_cut_say_the_same() {
    let mdp = drawn(1);
    let rng = &mut Seed(1).stream("shown", 0);
    let features: Vec<f64> = (0..36).map(|_| 2.0 * uniform(rng) - 1.0).collect();
    let features = Features::new(FeaturesOf::StatesAndActions, 2, 3, features);
    let mut truth = LinearReward::new(features.clone());
    truth.set_parameters(&[1.5, -1.0]);
    let policy = soft_value_iteration(&mdp, &truth.rewards(), 1.0, 1e-12, 1_000).policy();
    for max_steps in [1, 4, 50] {
        let shown = demonstrate(&mdp, &policy, 40_000 / max_steps, max_steps, rng);
        let mut reward = LinearReward::new(features.clone());
        let config = LikelihoodConfig::with_precision(0.0);
        let found = likeliest_reward(&mdp, &shown, &mut reward, &config).unwrap();
        assert_eq!(found.stop, Stop::Converged);
        for (found, truth) in reward.parameters().iter().zip([1.5, -1.0]) {
            assert!(
                (found - truth).abs() < 0.15,
                "{max_steps} steps: {found} for {truth}"
            );
        }
        let apart = found.policy.iter().zip(&policy).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 0.05);
    }
}

#[test]
fn a_prior_keeps_rewards_finite() {
    let mdp = drawn(2);
    let shown = vec![vec![(0, 1)], vec![(2, 0), (3, 0)]];
    let mut reward = LinearReward::new(Features::each_state_and_action(6, 3));
    let config = LikelihoodConfig::with_precision(0.01);
    let found = likeliest_reward(&mdp, &shown, &mut reward, &config).unwrap();
    assert_eq!(found.stop, Stop::Converged);
    assert!(found.policy[1] > 0.8 && found.policy[6] > 0.8 && found.policy[9] > 0.8);
    assert!(found.log_likelihood < 0.0 && found.rewards.iter().all(|r| r.abs() < 100.0));
    let undiscounted = mdp.with_discount(Discount::new(1.0).unwrap());
    let error = likeliest_reward(&undiscounted, &shown, &mut reward, &config).unwrap_err();
    assert_eq!(error, Error::NoHorizon);
}
