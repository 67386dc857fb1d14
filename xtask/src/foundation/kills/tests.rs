//! Tests of the seeded moments, the fingerprint and the killing itself.

use super::*;

#[test]
fn moments_are_spread_over_the_whole_run_and_repeat() {
    let mut moments = Draws::new(0);
    let drawn: Vec<f64> = (0..1_000).map(|_| moments.uniform()).collect();
    assert!(drawn.iter().all(|moment| (0.0..1.0).contains(moment)));
    for tenth in 0..10 {
        let count = drawn
            .iter()
            .filter(|moment| (**moment * 10.0) as usize == tenth)
            .count();
        assert!(
            (60..=140).contains(&count),
            "{count} of 1000 in tenth {tenth}"
        );
    }
    let mut again = Draws::new(0);
    assert!(drawn.iter().all(|moment| *moment == again.uniform()));
}

#[test]
fn fingerprints_are_those_of_the_published_vectors() {
    assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
}

#[test]
fn a_process_that_outlives_the_moment_is_killed_and_one_that_does_not_is_not() {
    assert!(kill_after(Command::new("sleep").arg("60"), 0.0).unwrap());
    assert!(!kill_after(&mut Command::new("true"), 0.5).unwrap());
    assert!(kill_after(&mut Command::new("false"), 0.5).is_err());
}
