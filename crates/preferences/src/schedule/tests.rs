//! Schedules against their formulas, and shares against largest remainders.

use mdp::{Seed, index, uniform};

use super::*;

#[test]
fn rates_are_those_of_their_formulas() {
    let rates = |schedule: QuerySchedule| [0.0, 0.5, 1.0].map(|t| schedule.rate(t, 4e6 * t));
    assert_eq!(rates(QuerySchedule::Constant), [1.0, 1.0, 1.0]);
    assert_eq!(rates(QuerySchedule::Hyperbolic), [1.0, 1.0 / 1.5, 0.5]);
    assert_eq!(rates(QuerySchedule::InverseQuadratic), [1.0, 0.8, 0.5]);
    assert_eq!(
        rates(QuerySchedule::CHRISTIANO_ROBOTS),
        [1.0, 0.5, 1.0 / 3.0]
    );
    assert_eq!(rates(QuerySchedule::CHRISTIANO_ATARI)[2], 5.0 / 9.0);
}

/// Shares 254.37, 203.50, 169.58, 145.36 and 127.19 of 900: the two that are left go to the third and the second.
#[test]
fn rounds_follow_the_schedule_after_the_initial_ones() {
    let numbers = comparisons_per_round(1000, 0.1, QuerySchedule::Hyperbolic, 5, 1);
    assert_eq!(numbers, [100, 254, 204, 170, 145, 127]);
}

#[test]
fn one_round_gets_everything() {
    for schedule in [QuerySchedule::Constant, QuerySchedule::CHRISTIANO_ROBOTS] {
        assert_eq!(comparisons_per_round(7, 0.25, schedule, 1, 100), [2, 5]);
    }
}

#[test]
fn parts_sum_to_the_whole_and_are_within_one_of_their_shares() {
    let mut rng = Seed(0).stream("apportion", 0);
    for _ in 0..500 {
        let weights: Vec<f64> = (0..1 + index(20, &mut rng))
            .map(|_| uniform(&mut rng))
            .collect();
        let total = index(1000, &mut rng);
        let parts = apportion(total, &weights);
        assert_eq!(parts.iter().sum::<usize>(), total);
        let sum: f64 = weights.iter().sum();
        for (part, weight) in parts.iter().zip(&weights) {
            let share = total as f64 * weight / sum;
            assert!(
                (*part as f64 - share).abs() < 1.0 + 1e-9,
                "{part} of {share}"
            );
        }
    }
}

#[test]
fn equals_are_served_in_order_and_nothing_gets_nothing() {
    assert_eq!(apportion(5, &[1.0, 1.0, 1.0]), [2, 2, 1]);
    assert_eq!(apportion(1, &[0.0, 2.0, 0.0]), [0, 1, 0]);
    assert_eq!(apportion(0, &[1.0, 2.0]), [0, 0]);
}
