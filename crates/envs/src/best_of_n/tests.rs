//! The estimator against every subset, drawn one by one.

use proptest::prelude::*;

use super::best_of_n_curve;

/// Mean over all subsets of n draws of the proxy and intent of the best one; ties by lot.
fn over_all_subsets(proxy: &[f64], intent: &[f64], n: usize) -> (f64, f64) {
    let mut sums = (0.0, 0.0, 0.0);
    for subset in 0_u32..1 << proxy.len() {
        if subset.count_ones() as usize != n {
            continue;
        }
        let chosen = || (0..proxy.len()).filter(|i| subset >> i & 1 == 1);
        let best = chosen().map(|i| proxy[i]).fold(f64::MIN, f64::max);
        let tied: Vec<f64> = chosen()
            .filter(|i| proxy[*i] == best)
            .map(|i| intent[i])
            .collect();
        sums.0 += 1.0;
        sums.1 += best;
        sums.2 += tied.iter().sum::<f64>() / tied.len() as f64;
    }
    (sums.1 / sums.0, sums.2 / sums.0)
}

proptest! {
    #[test]
    fn equals_the_mean_over_all_subsets(draws in prop::collection::vec((0_i32..6, -5.0_f64..5.0), 1..9)) {
        let proxy: Vec<f64> = draws.iter().map(|draw| f64::from(draw.0)).collect();
        let intent: Vec<f64> = draws.iter().map(|draw| draw.1).collect();
        let ns: Vec<usize> = (1..=draws.len()).collect();
        for point in best_of_n_curve(&proxy, &intent, &ns) {
            let (expected_proxy, expected_intent) = over_all_subsets(&proxy, &intent, point.n);
            prop_assert!((point.proxy - expected_proxy).abs() < 1e-9);
            prop_assert!((point.intent - expected_intent).abs() < 1e-9);
        }
    }
}

#[test]
fn one_draw_is_no_pressure() {
    let point = best_of_n_curve(&[3.0, 1.0], &[0.5, 1.5], &[1])[0];
    assert_eq!((point.kl, point.proxy, point.intent), (0.0, 2.0, 1.0));
}
