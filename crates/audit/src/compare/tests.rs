//! Tests of the interquartile mean and its interval.

use mdp::normal;

use super::*;

#[test]
fn a_quarter_is_cut_on_each_side() {
    for (values, expected) in [
        (vec![3.0], 3.0),
        (vec![1.0, 3.0], 2.0),
        // Of three values the outer two keep a quarter of their weight each.
        (
            vec![0.0, 2.0, 100.0],
            (0.25 * 0.0 + 2.0 + 0.25 * 100.0) / 1.5,
        ),
        (vec![100.0, 1.0, 2.0, -50.0], 1.5),
        (vec![8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 4.5),
    ] {
        assert!(
            (interquartile_mean(&values) - expected).abs() < 1e-12,
            "{values:?}"
        );
    }
    assert!(interquartile_mean(&[]).is_nan());
}

#[test]
fn one_seed_gone_wrong_does_not_move_it() {
    let honest: Vec<f64> = (0..20).map(f64::from).collect();
    let mut spoiled = honest.clone();
    spoiled[19] = 1e9;
    assert_eq!(interquartile_mean(&honest), interquartile_mean(&spoiled));
}

#[test]
fn the_interval_covers_about_as_often_as_it_says() {
    let covered = (0..200_u64)
        .filter(|run| {
            let mut rng = Seed(*run).stream("seeds", 0);
            let scores: Vec<f64> = (0..20).map(|_| normal(&mut rng)).collect();
            let interval = interquartile_interval(&scores, 0.9, 400, Seed(*run));
            interval.low <= 0.0 && 0.0 <= interval.high
        })
        .count();
    // The percentile bootstrap of 20 values covers a little less than its level.
    assert!((160..=195).contains(&covered), "{covered} of 200");
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let scores = [1.0, 5.0, 2.0, 8.0, 3.0];
    let first = interquartile_interval(&scores, 0.95, 500, Seed(1));
    assert_eq!(first, interquartile_interval(&scores, 0.95, 500, Seed(1)));
    assert!(first.low <= first.mean && first.mean <= first.high);
    let none = interquartile_interval(&[], 0.95, 10, Seed(1));
    assert!(none.mean.is_nan() && none.low == f64::NEG_INFINITY);
}
