//! Choices of the best, against Plackett and Luce and simulated choosers.

use super::*;
use crate::bradley_terry::cross_entropy;

fn segment(intent: f64) -> Segment {
    Segment {
        terminated: vec![false],
        intents: Some(vec![intent]),
        ..Segment::default()
    }
}

#[test]
fn derivatives_are_those_of_the_loss() {
    let h = 1e-5;
    for noise_floor in [0.0, 0.2] {
        let returns = [0.3, -1.0, 2.0, 0.9];
        for chosen in 0..4 {
            let mut d = [0.0; 4];
            choice_loss(&returns, chosen, noise_floor, &mut d);
            for place in 0..4 {
                let at = |by: f64| {
                    let mut moved = returns;
                    moved[place] += by;
                    choice_loss(&moved, chosen, noise_floor, &mut [0.0; 4])
                };
                let slope = (at(h) - at(-h)) / (2.0 * h);
                assert!(
                    (slope - d[place]).abs() < 1e-8,
                    "{slope} is not {}",
                    d[place]
                );
            }
        }
    }
}

#[test]
fn the_best_of_two_is_a_comparison() {
    for noise_floor in [0.0, 0.1] {
        for (first, second) in [(0.4, 1.3), (30.0, -30.0), (-2.0, 2.0)] {
            for (chosen, target) in [(0, 1.0), (1, 0.0)] {
                let mut d = [0.0; 2];
                let loss = choice_loss(&[first, second], chosen, noise_floor, &mut d);
                let (expected, slope) = cross_entropy(first - second, target, noise_floor);
                assert!((loss - expected).abs() < 1e-9, "{loss} is not {expected}");
                assert!((d[0] - slope).abs() < 1e-9 && (d[1] + slope).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn losses_stay_finite_far_apart() {
    let mut d = [0.0; 3];
    let loss = choice_loss(&[1e4, 0.0, -1e4], 2, 0.0, &mut d);
    assert_eq!((loss, d), (2e4, [1.0, 0.0, -1.0]));
}

#[test]
fn choices_have_the_probabilities_of_the_model() {
    let segments = [0.0, 1.0, 2.5].map(segment);
    let segments: Vec<&Segment> = segments.iter().collect();
    let chooser = SimulatedChooser::new(Arc::new(feedback::Oracle), 0.5, 0.3, Seed(0)).unwrap();
    let n = 40_000;
    let mut counts = [0_u32; 3];
    for question in 0..n {
        match chooser.best(question, &segments).unwrap() {
            Label::Best { chosen, of: 3 } => counts[usize::from(chosen)] += 1,
            other => panic!("{other:?} is no choice of 3"),
        }
    }
    for (chosen, count) in counts.iter().enumerate() {
        let expected = (-choice_loss(&[0.0, 2.0, 5.0], chosen, 0.3, &mut [0.0; 3])).exp();
        let share = f64::from(*count) / n as f64;
        assert!(
            (share - expected).abs() < 0.01,
            "{chosen}: {share}, not {expected}"
        );
    }
}

#[test]
fn who_is_sure_takes_the_best_and_what_cannot_be_judged_is_refused() {
    let chooser = SimulatedChooser::new(Arc::new(feedback::Oracle), 0.0, 0.0, Seed(0)).unwrap();
    let [low, high, blind] = [segment(0.0), segment(1.0), Segment::default()];
    let best = chooser.best(0, &[&low, &high, &high]).unwrap();
    assert_eq!(best, Label::Best { chosen: 1, of: 3 });
    assert!(chooser.best(0, &[&low, &blind]).is_err());
    assert!(chooser.best(0, &[&low]).is_err());
    let oracle = Arc::new(feedback::Oracle);
    assert!(SimulatedChooser::new(oracle.clone(), -1.0, 0.0, Seed(0)).is_err());
    assert!(SimulatedChooser::new(oracle, 1.0, 2.0, Seed(0)).is_err());
}
