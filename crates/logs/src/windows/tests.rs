//! Where a log is cut.

use super::cut;
use crate::log::Record;

fn records(pressures: &[f64]) -> Vec<Record> {
    pressures
        .iter()
        .map(|&pressure| Record {
            pressure,
            proxy: 0.0,
            intent: None,
        })
        .collect()
}

/// The number of records of each window.
fn check(pressures: &[f64], start: f64, n_windows: usize, least: usize, expected: &[usize]) {
    let windows = cut(&records(pressures), start, n_windows, least);
    let sizes: Vec<usize> = windows.iter().map(ExactSizeIterator::len).collect();
    assert_eq!(sizes, expected, "{pressures:?}");
    assert_eq!(windows.first().map(|window| window.start), Some(0));
    assert!(windows.is_sorted_by(|a, b| a.end == b.start));
}

#[test]
fn a_record_on_a_boundary_belongs_to_the_earlier_window() {
    let even: Vec<f64> = (1..=8).map(f64::from).collect();
    check(&even, 0.0, 4, 1, &[2, 2, 2, 2]);
    check(&even, 0.0, 3, 1, &[2, 3, 3]);
    check(&even, 0.0, 100, 1, &[1; 8]);
    check(&even, 0.0, 1, 1, &[8]);
}

#[test]
fn windows_are_of_equal_pressure_and_empty_ones_are_left_out() {
    check(&[1.0, 2.0, 3.0, 50.0, 100.0], 0.0, 10, 1, &[3, 1, 1]);
    // From a start of its own: 100 to 110 in five windows of 2.
    check(
        &[100.0, 101.0, 105.0, 109.0, 110.0],
        100.0,
        5,
        1,
        &[2, 1, 2],
    );
}

#[test]
fn a_short_window_is_lengthened_and_the_next_has_what_is_left_of_its_share() {
    let even: Vec<f64> = (1..=12).map(f64::from).collect();
    check(&even, 0.0, 4, 3, &[3, 3, 3, 3]);
    // Each third has four records: five take one of the next, which then has three and takes two.
    check(&even, 0.0, 3, 5, &[5, 7]);
    check(&even, 0.0, 6, 3, &[3, 3, 3, 3]);
    // A long share keeps its end.
    check(
        &[1.0, 2.0, 3.0, 4.0, 4.2, 4.4, 4.6, 8.0],
        0.0,
        2,
        2,
        &[4, 4],
    );
    check(&[4.0, 5.0, 6.0, 7.0, 8.0], 0.0, 2, 2, &[2, 3]);
}

#[test]
fn too_few_records_make_one_window() {
    check(&[1.0, 2.0], 0.0, 20, 30, &[2]);
    // No extent: nothing can be told apart.
    check(&[5.0, 5.0, 5.0], 5.0, 20, 1, &[3]);
    check(&[5.0], 0.0, 20, 1, &[1]);
}

#[test]
fn pressures_too_large_for_a_difference_are_one_window() {
    check(&[-1e308, 1e308], -1e308, 20, 1, &[2]);
}
