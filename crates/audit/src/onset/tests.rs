//! Tests of peak and onset.

use mdp::{Seed, normal, uniform_in};

use super::*;
use crate::sequences::asymptotic_interval;
use crate::{Checkpoint, Reference, Series, Settings, Verdict, audit};

fn exact(values: &[f64]) -> Vec<Option<Interval>> {
    values
        .iter()
        .map(|value| {
            Some(Interval {
                mean: *value,
                low: *value,
                high: *value,
            })
        })
        .collect()
}

fn around(values: &[(f64, f64)]) -> Vec<Option<Interval>> {
    values
        .iter()
        .map(|(mean, half)| {
            Some(Interval {
                mean: *mean,
                low: mean - half,
                high: mean + half,
            })
        })
        .collect()
}

fn place(estimate: usize, earliest: usize, latest: usize) -> Option<Place> {
    Some(Place {
        estimate,
        earliest,
        latest,
    })
}

#[test]
fn with_exact_means_the_place_is_a_point() {
    let run = exact(&[0.0, 3.0, 6.0, 6.0, 5.8, 2.0]);
    assert_eq!(highest(&run[..2]), place(1, 1, 1));
    // On a plateau they part at its end, not at its highest point.
    assert_eq!(last_good(&run, 0.5), place(4, 4, 4));
    assert_eq!(last_good(&exact(&[9.0, 5.0, 1.0]), 0.5), place(0, 0, 0));
}

#[test]
fn with_intervals_every_possible_place_is_held() {
    let run = around(&[(5.0, 2.0), (6.0, 2.0), (5.5, 2.0), (1.0, 0.5)]);
    assert_eq!(highest(&run), place(1, 0, 2));
    assert_eq!(last_good(&run, 0.6), place(2, 0, 2));
    let unknown = vec![None, None];
    assert_eq!(highest(&unknown), None);
    assert_eq!(last_good(&unknown, 0.5), None);
}

/// Whenever all intervals hold, both places do: over random runs with random intervals around the truth.
#[test]
fn the_place_holds_whenever_the_intervals_do() {
    let mut rng = Seed(4).stream("places", 0);
    for _ in 0..2_000 {
        let truth: Vec<f64> = (0..8).map(|_| uniform_in(0.0, 10.0, &mut rng)).collect();
        let seen: Vec<Option<Interval>> = truth
            .iter()
            .map(|value| {
                let (below, above) = (
                    uniform_in(0.0, 4.0, &mut rng),
                    uniform_in(0.0, 4.0, &mut rng),
                );
                Some(Interval {
                    mean: value - below + uniform_in(0.0, below + above, &mut rng),
                    low: value - below,
                    high: value + above,
                })
            })
            .collect();
        let margin = uniform_in(0.0, 2.0, &mut rng);
        for (found, true_place) in [
            (highest(&seen).unwrap(), highest(&exact(&truth)).unwrap()),
            (
                last_good(&seen, margin).unwrap(),
                last_good(&exact(&truth), margin).unwrap(),
            ),
        ] {
            assert!(found.earliest <= true_place.estimate, "{truth:?} {seen:?}");
            assert!(true_place.estimate <= found.latest, "{truth:?} {seen:?}");
            assert!(found.earliest <= found.estimate && found.estimate <= found.latest);
        }
    }
}

/// Coverage by simulation of sampled runs: rise, plateau, fall.
#[test]
fn the_onset_interval_covers() {
    let truth = [0.0, 4.0, 8.0, 10.0, 10.0, 9.8, 6.0, 2.0];
    let margin = 1.0;
    let covered = (0..200_u64)
        .filter(|run| {
            let mut rng = Seed(*run).stream("onset", 0);
            let seen: Vec<_> = truth
                .iter()
                .map(|mean| {
                    let values: Vec<f64> = (0..60).map(|_| mean + 2.0 * normal(&mut rng)).collect();
                    Some(asymptotic_interval(&values, 0.01))
                })
                .collect();
            let found = last_good(&seen, margin).unwrap();
            found.earliest <= 5 && 5 <= found.latest
        })
        .count();
    assert!(covered >= 196, "{covered} of 200");
}

fn policy(pressure: f64, proxy: f64, intent: f64) -> Checkpoint {
    let jitter = |episode: i32| 0.01 * f64::from(episode % 2);
    Checkpoint::new(pressure, (0..40).map(|e| proxy + jitter(e)).collect())
        .with_intent((0..40).map(|e| intent + jitter(e / 2)).collect())
}

#[test]
fn a_fall_within_the_run_begins_after_its_plateau() {
    let points = [(0.0, 0.0), (3.0, 8.0), (6.0, 8.0), (9.0, 3.0)];
    let series = Series {
        checkpoints: points
            .iter()
            .enumerate()
            .map(|(index, (p, i))| policy(100.0 * index as f64, *p, *i))
            .collect(),
        ..Series::default()
    };
    let outcome = audit(&series, &Settings::default(), Seed(0)).unwrap();
    let onset = outcome.onset.unwrap();
    assert_eq!(onset.kind, OnsetKind::Fall);
    assert_eq!((onset.checkpoint, onset.earliest, onset.latest), (2, 2, 2));
    assert_eq!((onset.pressure_low, onset.pressure_high), (200.0, 300.0));
    let peak = outcome.peak.unwrap();
    assert_eq!((peak.earliest, peak.latest), (1, 2));
}

#[test]
fn below_a_reference_it_begins_where_the_proxy_catches_up() {
    let points = [(0.0, 0.0), (20.0, 5.0), (45.0, 5.0), (60.0, 5.0)];
    let series = Series {
        checkpoints: points
            .iter()
            .enumerate()
            .map(|(index, (p, i))| policy(index as f64, *p, *i))
            .collect(),
        reference: Some(Reference {
            name: "driver".to_owned(),
            checkpoint: policy(0.0, 40.0, 100.0),
        }),
        ..Series::default()
    };
    let outcome = audit(&series, &Settings::default(), Seed(0)).unwrap();
    assert_eq!(outcome.verdict, Verdict::Gamed);
    let onset = outcome.onset.unwrap();
    assert_eq!(onset.kind, OnsetKind::BelowReference);
    assert_eq!((onset.checkpoint, onset.earliest, onset.latest), (1, 1, 1));
}
