//! Tests against tabulated values and against exhaustive enumeration.

use super::*;

#[track_caller]
fn close(measured: f64, expected: f64, tolerance: f64) {
    assert!(
        (measured - expected).abs() <= tolerance,
        "{measured} is not within {tolerance} of {expected}"
    );
}

#[test]
fn quantiles_of_students_t_are_those_of_the_tables() {
    for (probability, degrees, expected) in [
        (0.975, 1.0, 12.706),
        (0.95, 5.0, 2.015),
        (0.975, 9.0, 2.262),
        (0.95, 18.0, 1.734),
        (0.975, 1e6, 1.960),
    ] {
        close(student_quantile(probability, degrees), expected, 1e-3);
    }
    close(student_cdf(0.0, 7.0), 0.5, 1e-12);
    // With one degree of freedom t is Cauchy: the distribution function is known in closed form.
    close(
        student_cdf(-2.0, 1.0),
        0.5 - 2.0_f64.atan() / std::f64::consts::PI,
        1e-12,
    );
}

#[test]
fn welch_agrees_with_the_equal_sized_hand_calculation() {
    let welch = Welch::new(&[1.0, 2.0, 3.0, 4.0], &[2.0, 3.0, 4.0, 5.0]);
    close(welch.difference, -1.0, 1e-12);
    close(
        welch.standard_error,
        (2.0 * (5.0 / 3.0) / 4.0_f64).sqrt(),
        1e-12,
    );
    close(welch.degrees, 6.0, 1e-9);
    let (low, high) = welch.interval();
    close((low + high) / 2.0, -1.0, 1e-6);
    close(high - low, 2.0 * 2.447 * welch.standard_error, 1e-3);
    assert!(0.15 < welch.probability_below() && welch.probability_below() < 0.16);
    assert!(welch.detectable() > 1.944 * welch.standard_error);
}

#[test]
fn samples_without_spread_are_compared_exactly() {
    assert_eq!(
        Welch::new(&[500.0; 3], &[500.0; 3]).probability_below(),
        1.0
    );
    assert_eq!(
        Welch::new(&[499.0; 3], &[500.0; 3]).probability_below(),
        0.0
    );
    assert_eq!(mann_whitney_below(&[500.0; 3], &[500.0; 3]), 1.0);
}

/// Every way to split twelve ranks in two halves, counted: the exact p value.
fn exact_mann_whitney_below(ours: &[f64], theirs: &[f64]) -> f64 {
    let values = [ours, theirs].concat();
    let rank_sum = |mask: u32| -> f64 {
        let chosen = |index: &usize| mask >> index & 1 == 1;
        (0..values.len())
            .filter(chosen)
            .map(|index| {
                values
                    .iter()
                    .filter(|value| **value <= values[index])
                    .count() as f64
            })
            .sum()
    };
    let observed = rank_sum((1 << ours.len()) - 1);
    let masks: Vec<u32> = (0..1_u32 << values.len())
        .filter(|mask| mask.count_ones() as usize == ours.len())
        .collect();
    masks
        .iter()
        .filter(|mask| rank_sum(**mask) <= observed)
        .count() as f64
        / masks.len() as f64
}

#[test]
fn the_rank_test_is_near_the_exact_one() {
    let theirs = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0];
    for shift in [-4.3, -2.6, -1.2, 0.1, 2.4] {
        let ours = theirs.map(|value| value + shift);
        close(
            mann_whitney_below(&ours, &theirs),
            exact_mann_whitney_below(&ours, &theirs),
            0.02,
        );
    }
}

#[test]
fn the_median_is_the_middle() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
}
