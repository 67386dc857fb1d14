//! Tests of quantilizers.

use mdp::Seed;
use proptest::prelude::*;

use super::*;
use crate::draw::{Ends, draw_mdp, normals};

proptest! {
    #[test]
    fn costs_and_divergences_stay_within_what_theory_allows(
        options in proptest::collection::vec((0.0..1.0_f64, -3_i32..3, 0.0..5.0_f64), 1..20),
        share in 0.01..=1.0_f64,
    ) {
        let total: f64 = options.iter().map(|option| option.0 + 1e-3).sum();
        let base: Vec<f64> = options.iter().map(|option| (option.0 + 1e-3) / total).collect();
        let values: Vec<f64> = options.iter().map(|option| f64::from(option.1)).collect();
        let costs: Vec<f64> = options.iter().map(|option| option.2).collect();
        let found = quantilize(&base, &values, share).expect("it fits");
        prop_assert!((found.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        for (kept, base) in found.probabilities.iter().zip(&base) {
            prop_assert!(*kept >= 0.0 && *kept <= base / share + 1e-9);
        }
        let base_cost: f64 = base.iter().zip(&costs).map(|(p, cost)| p * cost).sum();
        prop_assert!(found.mean(&costs) <= found.cost_bound(base_cost) + 1e-9);
        prop_assert!(found.kl <= found.kl_bound() + 1e-9);
        prop_assert!(found.chi_squared <= found.chi_squared_bound() + 1e-9);
        let base_value: f64 = base.iter().zip(&values).map(|(p, value)| p * value).sum();
        prop_assert!(found.mean(&values) >= base_value - 1e-9);
        prop_assert!((found.mean(&values) - by_drawing_lots(&base, &values, share)).abs() < 1e-6);
    }
}

/// The mean value of the best `share`, from the base cut into a million equal slips of paper.
fn by_drawing_lots(base: &[f64], values: &[f64], share: f64) -> f64 {
    let mut order: Vec<usize> = (0..base.len()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let n_kept = 1e6 * share;
    let (mut sum, mut taken) = (0.0, 0.0);
    for index in order {
        let slips = f64::min(1e6 * base[index], n_kept - taken);
        sum += slips * values[index];
        taken += slips;
    }
    sum / taken
}

#[test]
fn many_equal_options_give_the_divergences_in_full() {
    let base = vec![1.0 / 64.0; 64];
    let values: Vec<f64> = (0..64).map(f64::from).collect();
    let found = quantilize(&base, &values, 0.25).expect("it fits");
    assert!((found.kl - 4.0_f64.ln()).abs() < 1e-12);
    assert!((found.chi_squared - 3.0).abs() < 1e-12);
    assert_eq!(found.probabilities.iter().filter(|p| **p > 0.0).count(), 16);
    assert!(
        found.probabilities[48..]
            .iter()
            .all(|p| (p - 1.0 / 16.0).abs() < 1e-15)
    );
    // The worst cost there is sits on the best options, and is reached.
    let costs: Vec<f64> = (0..64)
        .map(|index| f64::from(u8::from(index >= 48)))
        .collect();
    assert!((found.mean(&costs) - found.cost_bound(0.25)).abs() < 1e-12);
}

#[test]
fn tied_options_are_kept_alike() {
    let found = quantilize(&[0.2, 0.3, 0.5], &[1.0, 1.0, 0.0], 0.25).expect("it fits");
    assert!((found.probabilities[0] - 0.4).abs() < 1e-12);
    assert!((found.probabilities[1] - 0.6).abs() < 1e-12);
    assert_eq!(found.probabilities[2], 0.0);
    let all = quantilize(&[0.2, 0.3, 0.5], &[1.0, 2.0, 0.0], 1.0).expect("it fits");
    assert!(
        all.probabilities
            .iter()
            .zip([0.2, 0.3, 0.5])
            .all(|(a, b)| (a - b).abs() < 1e-12)
    );
    assert!(all.kl < 1e-12 && all.chi_squared < 1e-12);
}

#[test]
fn a_quantilizer_over_policies_is_certified_against_its_base() {
    let mut n_bounded = 0;
    for seed in 0..40 {
        let rng = &mut Seed(seed).stream("quantilizer", 0);
        let mdp = draw_mdp(5, 3, Ends::Discounted, rng);
        let reward = normals(15, rng);
        let noise = normals(15, rng);
        let intent: Vec<f64> = reward.iter().zip(noise).map(|(r, n)| r + 0.5 * n).collect();
        let policies: Vec<Vec<f64>> = (0..20)
            .map(|_| {
                let actions: Vec<usize> = (0..5).map(|_| mdp::index(3, rng)).collect();
                mdp::deterministic(&actions, 3)
            })
            .collect();
        let base = vec![0.05; 20];
        let found =
            quantilize_policies(&mdp, &reward, &intent, &policies, &base, 0.2).expect("fits");
        let certificate = &found.certificate;
        assert!(
            certificate.chi_squared <= found.choice.chi_squared + 1e-9,
            "seed {seed}"
        );
        assert!(found.choice.chi_squared <= 4.0 + 1e-9);
        assert!(certificate.reward_gain >= -1e-12);
        if let Ok(bound) = certificate.bound {
            n_bounded += 1;
            assert!(bound <= certificate.intent_gain + 1e-10, "seed {seed}");
        }
    }
    assert!(n_bounded > 20, "{n_bounded}");
}

#[test]
fn a_quantilizer_over_actions_lies_between_its_base_and_the_optimal_policy() {
    for seed in 0..20 {
        let rng = &mut Seed(seed).stream("quantilizer", 1);
        let mdp = draw_mdp(6, 4, Ends::Discounted, rng);
        let reward = normals(24, rng);
        let base = vec![0.25; 24];
        let earned = |share: f64| {
            let policy = quantilized_policy(&mdp, &reward, &base, share).expect("it fits");
            for (kept, base) in policy.iter().zip(&base) {
                assert!(*kept <= base / share + 1e-12);
            }
            mdp::policy_return(&mdp, &reward, &policy).expect("discounted")
        };
        let range = crate::return_range(&mdp, &reward).expect("it has one");
        let uniform = mdp::policy_return(&mdp, &reward, &base).expect("discounted");
        assert!((earned(1.0) - uniform).abs() < 1e-9);
        assert!((earned(0.25) - range.highest).abs() < 1e-7 * (1.0 + range.width()));
        assert!(earned(0.5) >= uniform - 1e-9 && earned(0.5) <= range.highest + 1e-9);
    }
}

#[test]
fn what_is_no_distribution_or_share_is_refused() {
    let message = |base: &[f64], values: &[f64], share: f64| {
        let error = quantilize(base, values, share).expect_err("it does not fit");
        error.to_string()
    };
    assert!(message(&[0.5, 0.4], &[0.0, 1.0], 0.5).contains("sum to 0.9"));
    assert!(message(&[0.5, 0.5], &[0.0], 0.5).contains("the base has 2 values"));
    assert!(message(&[0.5, 0.5], &[0.0, f64::NAN], 0.5).contains("NaN at index 1"));
    for share in [0.0, -0.1, 1.1, f64::NAN] {
        assert!(message(&[0.5, 0.5], &[0.0, 1.0], share).contains("is not a share"));
    }
}
