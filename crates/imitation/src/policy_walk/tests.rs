//! The walk against the exact posterior on the same grid, and the diagnostics against chains of known correlation.

use mdp::{Discount, TabularMdp, Transition, normal};

use super::*;
use crate::bayesian::{Hypotheses, Posterior, Task};
use crate::experts::demonstrate;
use crate::reward_model::{Features, FeaturesOf, LinearReward};

/// A ring of six states; 0 goes round one way and 1 the other, slipping with 1/10. Two features: being at 0, being at 3.
fn ring() -> (TabularMdp, Features) {
    let row = |row: usize| {
        let (state, action) = (row / 2, row % 2);
        let (there, back) = if action == 0 { (1, 5) } else { (5, 1) };
        [(0.9, there), (0.1, back)]
            .map(|(probability, by)| Transition {
                probability,
                next_state: (state + by) % 6,
                reward: 0.0,
                terminates: false,
            })
            .to_vec()
    };
    let rows = (0..12).map(row).collect();
    let discount = Discount::new(0.8).unwrap();
    let mdp = TabularMdp::new(2, rows, vec![1.0 / 6.0; 6], discount).unwrap();
    let mut values = vec![0.0; 12];
    values[0] = 1.0;
    values[3 * 2 + 1] = 1.0;
    (mdp, Features::new(FeaturesOf::States, 2, 2, values))
}

fn rewards(features: &Features, weights: &[f64]) -> Vec<f64> {
    let mut reward = LinearReward::new(features.clone());
    reward.set_parameters(weights);
    reward.rewards()
}

const EXPERTS: [Expert; 3] = [
    Expert {
        bias: Bias::Rational,
        inverse_temperature: 2.0,
    },
    Expert {
        bias: Bias::Myopic { discount: 0.2 },
        inverse_temperature: 2.0,
    },
    Expert {
        bias: Bias::AntiRational,
        inverse_temperature: 2.0,
    },
];

fn check(prior: WeightPrior, seed: u64) {
    let (mdp, features) = ring();
    let config = PolicyWalkConfig {
        n_samples: 3_000,
        step: 0.5,
        stride: 2,
        prior,
        ..PolicyWalkConfig::small()
    };
    let policy = EXPERTS[0]
        .policy(&mdp, &rewards(&features, &[1.0, 0.5]))
        .unwrap();
    let rng = &mut Seed(seed).stream("shown on the ring", 0);
    let shown = demonstrate(&mdp, &policy, 3, 8, rng);
    let grid: Vec<[f64; 2]> = (0..25)
        .map(|at| [at / 5, at % 5].map(|level| -1.0 + 0.5 * level as f64))
        .collect();
    let tasks: Vec<Task> = grid
        .iter()
        .map(|weights| Task::of_reward(&mdp, rewards(&features, weights)).unwrap())
        .collect();
    let density = |weights: &[f64; 2]| {
        let logs = weights.iter().map(|w| prior.log_density(*w, 1.0, 0.5));
        logs.sum::<f64>().exp()
    };
    let weights: Vec<f64> = grid
        .iter()
        .flat_map(|weights| [density(weights); 3])
        .collect();
    let hypotheses = Hypotheses::new(&tasks, &EXPERTS, Some(&weights)).unwrap();
    let exact = Posterior::of(&hypotheses, &shown).unwrap();

    let mut reward = LinearReward::new(features);
    let walk = policy_walk(&mdp, &mut reward, &EXPERTS, &shown, &config, Seed(seed)).unwrap();
    assert!(walk.stop() == Stop::Converged, "{:?}", walk.diagnostics);
    assert!(
        walk.acceptance
            .iter()
            .all(|share| 0.05 < *share && *share < 0.98)
    );
    // The expert moves about as freely as the slowest weight.
    let samples = walk
        .diagnostics
        .iter()
        .map(|d| d.effective_samples)
        .fold(f64::INFINITY, f64::min);
    assert!(samples > 100.0, "{samples}");
    let error = |p: f64| 5.0 * (p * (1.0 - p) / samples).sqrt() + 1e-3;
    for (found, exact) in walk.expert_probabilities().iter().zip(exact.experts()) {
        assert!(
            (found - exact).abs() < error(exact),
            "expert: {found} for {exact}"
        );
    }
    let n_samples = walk.experts.len() as f64;
    for (weights, exact) in grid.iter().zip(exact.tasks()) {
        let hits = walk.weights.chunks(2).filter(|sample| {
            sample
                .iter()
                .zip(weights)
                .all(|(a, b)| (a - b).abs() < 1e-9)
        });
        let found = hits.count() as f64 / n_samples;
        assert!(
            (found - exact).abs() < error(exact),
            "{weights:?}: {found} for {exact}"
        );
    }
}

#[test]
fn the_walk_visits_as_the_exact_posterior_says() {
    check(WeightPrior::Uniform, 0);
    check(WeightPrior::Normal { deviation: 0.5 }, 1);
    check(WeightPrior::Laplace { scale: 0.3 }, 2);
    check(WeightPrior::Beta, 3);
}

#[test]
fn the_same_seed_walks_the_same_way() {
    let (mdp, features) = ring();
    let shown = vec![vec![(0, 0), (1, 0)]];
    let config = PolicyWalkConfig {
        burn_in: 10,
        n_samples: 20,
        ..PolicyWalkConfig::small()
    };
    let walk = |seed| {
        let mut reward = LinearReward::new(features.clone());
        policy_walk(
            &mdp,
            &mut reward,
            &EXPERTS[..1],
            &shown,
            &config,
            Seed(seed),
        )
        .unwrap()
    };
    assert_eq!(walk(0).weights, walk(0).weights);
    assert_ne!(walk(0).weights, walk(1).weights);
    assert_eq!(walk(0).expert_probabilities(), [1.0]);
    let (low, high) = walk(0).interval(0, 0.9);
    assert!(low <= walk(0).mean()[0] && walk(0).mean()[0] <= high);
    assert_eq!(walk(0).likeliest().0.len(), 2);
}

fn chains(correlation: f64, shift: f64) -> Vec<Vec<f64>> {
    (0..4)
        .map(|chain| {
            let rng = &mut Seed(0).stream("chain", chain);
            let mut x = normal(rng);
            (0..10_000)
                .map(|_| {
                    x = correlation * x + (1.0 - correlation * correlation).sqrt() * normal(rng);
                    x + shift * chain as f64
                })
                .collect()
        })
        .collect()
}

#[test]
fn effective_samples_of_known_correlation() {
    for correlation in [0.0, 0.5, 0.9] {
        let found = diagnostic(&chains(correlation, 0.0));
        let expected = 40_000.0 * (1.0 - correlation) / (1.0 + correlation);
        assert!(
            (found.effective_samples / expected - 1.0).abs() < 0.15,
            "{found:?}, {expected}"
        );
        assert!((found.r_hat - 1.0).abs() < 0.01);
    }
    assert!(diagnostic(&chains(0.0, 1.0)).r_hat > 1.2);
    assert!(diagnostic(&[vec![1.0; 10], vec![1.0; 10]]).r_hat.is_nan());
}

#[test]
fn what_is_out_of_range_is_told() {
    let (mdp, features) = ring();
    let told = |config: PolicyWalkConfig| {
        let mut reward = LinearReward::new(features.clone());
        let shown = [vec![(0, 0)]];
        policy_walk(&mdp, &mut reward, &EXPERTS, &shown, &config, Seed(0))
            .unwrap_err()
            .to_string()
    };
    let small = PolicyWalkConfig::small();
    assert_eq!(
        told(PolicyWalkConfig {
            n_chains: 1,
            ..small
        }),
        "the number of chains of the walk is 1; it must be at least 2"
    );
    assert_eq!(
        told(PolicyWalkConfig { step: 5.0, ..small }),
        "the spacing of weights of the walk is 5; it must be above 0 and at most twice the bound"
    );
}
