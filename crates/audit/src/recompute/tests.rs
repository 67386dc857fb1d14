//! Tests of recomputation.

use super::*;

fn step(reward: f64, components: &[f64], recomputed: Option<f64>) -> LoggedStep {
    LoggedStep {
        reward,
        components: components.to_vec(),
        recomputed,
    }
}

#[test]
fn agreement_is_counted_apart() {
    let steps = [
        step(1.0, &[0.4, 0.6], Some(1.0)),
        step(2.0, &[1.0, 0.5], None),
        step(0.0, &[], Some(0.0)),
        step(3.0, &[3.0], Some(-1.0)),
    ];
    let found = recompute(&steps, 1e-9);
    assert_eq!(
        found.component_sums,
        Agreement {
            compared: 3,
            differing: 1,
            first: Some(1),
            largest: 0.5
        }
    );
    assert_eq!(
        found.function,
        Agreement {
            compared: 3,
            differing: 1,
            first: Some(3),
            largest: 4.0
        }
    );
}

#[test]
fn tolerance_grows_with_size_and_nan_always_differs() {
    assert!(!differ(1000.0, 1000.005, 1e-5));
    assert!(differ(1.0, 1.005, 1e-5));
    assert!(!differ(0.0, 5e-6, 1e-5));
    assert!(differ(f64::NAN, f64::NAN, 1e-5));
    assert!(differ(f64::INFINITY, 1.0, 1e-5));
    let found = recompute(
        &[step(1.0, &[f64::NAN], None), step(1.0, &[2.0], None)],
        1e-9,
    );
    assert_eq!(found.component_sums.differing, 2);
    assert_eq!(found.component_sums.largest, f64::INFINITY);
}

#[test]
fn nothing_to_compare_is_nothing_compared() {
    assert_eq!(
        recompute(&[step(1.0, &[], None)], 1e-9),
        Recomputation::default()
    );
}
