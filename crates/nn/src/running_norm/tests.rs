//! Running moments against those of everything at once.

use super::RunningNorm;
use crate::reference::{assert_close, normals};

#[test]
fn batches_merge_to_the_moments_of_all() {
    let mut rows = normals("rows", 3 * 400);
    for row in rows.chunks_exact_mut(3) {
        row[1] = 1000.0 + 0.1 * row[1];
        row[2] = 5.0;
    }
    let mut norm = RunningNorm::new(3);
    for batch in [&rows[..3], &rows[3..300], &[], &rows[300..]] {
        norm.update(batch);
    }
    for feature in 0..3 {
        let values: Vec<f64> = rows[feature..]
            .iter()
            .step_by(3)
            .map(|v| f64::from(*v))
            .collect();
        let mean = values.iter().sum::<f64>() / 400.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 400.0;
        // The start counts as 1e-4 rows of mean 0 and variance 1.
        let share = 1e-4 / 400.0001;
        assert!((norm.mean()[feature] - mean).abs() < 1e-9 + share * mean.abs());
        let from_start = share * (1.0 + mean * mean) * 1.01;
        assert!((norm.variance()[feature] - variance).abs() < 1e-9 + from_start);
    }
}

#[test]
fn normalised_numbers_are_standard_and_limited() {
    let mut norm = RunningNorm::new(2);
    norm.update(&[1.0, 10.0, 3.0, 30.0]);
    // Means 2 and 20, deviations 1 and 10, up to the start's 1e-4 rows.
    let rows = [3.0, 10.0, 2.0, 1e6];
    let mut out = [0.0; 4];
    norm.normalize(&rows, &mut out);
    assert_close(&out, &[1.0, -1.0, 0.0, 10.0], 0.01, "normalised");
    let mut in_place = rows;
    norm.normalize_in_place(&mut in_place);
    assert_eq!(in_place, out);
}

#[test]
fn a_frozen_normalization_does_not_learn() {
    let mut norm = RunningNorm::new(1);
    norm.update(&[1.0, 3.0]);
    let frozen = norm.frozen();
    let (mut before, mut after) = ([0.0], [0.0]);
    frozen.normalize(&[2.5], &mut before);
    norm.update(&[100.0, 300.0]);
    frozen.normalize(&[2.5], &mut after);
    assert_eq!(before, after);
    norm.normalize(&[2.5], &mut after);
    assert_ne!(before, after);
}

#[test]
fn a_fresh_norm_leaves_numbers_nearly_alone() {
    let mut out = [0.0; 2];
    RunningNorm::new(2).normalize(&[0.5, -3.0], &mut out);
    assert_close(&out, &[0.5, -3.0], 1e-6, "untouched");
}

#[test]
fn a_saved_state_goes_on_with_the_same_bits() {
    let mut norm = RunningNorm::new(3);
    norm.update(&normals("rows", 30));
    let mut again = RunningNorm::from_state(3, &norm.state()).expect("its own state");
    assert_eq!(norm, again);
    norm.update(&normals("more", 30));
    again.update(&normals("more", 30));
    assert_eq!(norm, again);
}

#[test]
fn states_that_make_no_sense_are_refused() {
    for (n_features, state) in [
        (1, &[][..]),
        (0, &[1.0]),
        (2, &[1.0, 0.0, 1.0]),
        (1, &[0.0, 0.0, 1.0]),
        (1, &[f64::NAN, 0.0, 1.0]),
        (1, &[1.0, f64::INFINITY, 1.0]),
        (1, &[1.0, 0.0, -1.0]),
        (1, &[1.0, 0.0, f64::NAN]),
        (usize::MAX, &[1.0]),
    ] {
        let refused = RunningNorm::from_state(n_features, state);
        assert!(refused.is_err(), "{n_features} features of {state:?}");
    }
}
