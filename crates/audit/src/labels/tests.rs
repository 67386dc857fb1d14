//! Tests of the labelled design: how many, where, and without bias.

use mdp::{normal, uniform};

use super::*;
use crate::Reference;

fn series(episodes: &[usize], reference: Option<usize>) -> Series {
    Series {
        checkpoints: episodes
            .iter()
            .enumerate()
            .map(|(index, count)| Checkpoint::new(index as f64, vec![0.0; *count]))
            .collect(),
        reference: reference.map(|count| Reference {
            name: "expert".to_owned(),
            checkpoint: Checkpoint::new(0.0, vec![0.0; count]),
        }),
        ..Series::default()
    }
}

fn plan(series: &Series, labels: usize) -> LabelPlan {
    let settings = Settings {
        labels: Some(labels),
        ..Settings::default()
    };
    label_plan(series, &settings, Seed(5))
}

#[test]
fn exactly_as_many_labels_as_allowed() {
    let run = series(&[100; 20], None);
    for labels in [0, 1, 2, 4, 16, 64, 65, 96, 500, 2000, 5000] {
        let plan = plan(&run, labels);
        // Fewer policies are served than exist until there are enough labels for all.
        let served = (labels / 32).clamp(2, 20);
        assert_eq!(plan.labels(), labels.min(served * 100), "{labels}");
        for chosen in &plan.checkpoints {
            assert!(
                chosen.windows(2).all(|pair| pair[0] < pair[1]),
                "distinct, in order"
            );
            assert!(chosen.iter().all(|episode| *episode < 100));
        }
    }
}

#[test]
fn labels_go_to_the_ends_first() {
    let counts = |plan: &LabelPlan| plan.checkpoints.iter().map(Vec::len).collect::<Vec<_>>();
    let unnamed = plan(&series(&[100; 5], None), 64);
    assert_eq!(counts(&unnamed), [32, 0, 0, 0, 32]);
    let named = plan(&series(&[100; 5], Some(100)), 64);
    assert_eq!(
        (named.reference.len(), counts(&named)),
        (32, vec![0, 0, 0, 0, 32])
    );
    let more = plan(&series(&[100; 5], None), 96);
    assert_eq!(counts(&more), [32, 0, 32, 0, 32]);
}

#[test]
fn every_episode_is_as_likely_as_its_block_says() {
    let run = series(&[10, 10], None);
    let mut drawn = [0_u32; 10];
    for seed in 0..2_000 {
        let settings = Settings {
            labels: Some(6),
            ..Settings::default()
        };
        for episode in &label_plan(&run, &settings, Seed(seed)).checkpoints[0] {
            drawn[*episode] += 1;
        }
    }
    // Three labels among ten episodes: blocks 0..3, 3..6, 6..10.
    for (episode, count) in drawn.into_iter().enumerate() {
        let expected = if episode < 6 { 2_000.0 / 3.0 } else { 500.0 };
        let error = (f64::from(count) - expected).abs();
        assert!(
            error < 4.0 * f64::sqrt(expected),
            "episode {episode}: {count}"
        );
    }
}

/// Whatever the prediction, even a bad one, the terms have the mean of the intent; a good one narrows them.
#[test]
fn terms_are_unbiased_and_a_good_prediction_narrows_them() {
    let spread_of = |slope: f64, weight: f64| {
        let prediction = Prediction {
            intercept: 0.3,
            slope,
            weight,
            limits: None,
        };
        let mut terms = Vec::new();
        for run in 0..600 {
            let mut rng = Seed(run).stream("terms", 0);
            let proxy: Vec<f64> = (0..40).map(|_| normal(&mut rng)).collect();
            let intent: Vec<f64> = proxy
                .iter()
                .map(|x| 2.0 + x + 0.2 * normal(&mut rng))
                .collect();
            let checkpoint = Checkpoint::new(0.0, proxy).with_intent(intent);
            let chosen: Vec<usize> = blocks(40, 4)
                .map(|block| block.start + mdp::index(block.len(), &mut rng))
                .collect();
            terms.extend(
                block_terms(&checkpoint, &chosen, &prediction)
                    .iter()
                    .map(|term| term.intent),
            );
        }
        let mean = crate::sequences::mean(&terms);
        let deviation = crate::sequences::deviation(&terms);
        assert!(
            (mean - 2.0).abs() < 4.0 * deviation / (terms.len() as f64).sqrt(),
            "{mean}"
        );
        deviation
    };
    let alone = spread_of(0.0, 0.0);
    assert!(spread_of(1.0, 1.0) < 0.5 * alone);
    assert!(
        spread_of(-1.0, 1.0) > alone,
        "a bad prediction costs width, not truth"
    );
}

#[test]
fn terms_stay_within_the_stated_overhang() {
    let mut rng = Seed(9).stream("overhang", 0);
    for _ in 0..200 {
        let proxy: Vec<f64> = (0..30).map(|_| uniform(&mut rng)).collect();
        let intent: Vec<f64> = (0..30).map(|_| uniform(&mut rng).round()).collect();
        let checkpoint = Checkpoint::new(0.0, proxy).with_intent(intent);
        let prediction = Prediction {
            intercept: -1.0,
            slope: 4.0,
            weight: 0.7,
            limits: Some((0.0, 1.0)),
        };
        let chosen: Vec<usize> = blocks(30, 5)
            .map(|block| block.start + mdp::index(block.len(), &mut rng))
            .collect();
        for term in block_terms(&checkpoint, &chosen, &prediction) {
            let overhang = prediction.overhang();
            assert!(-overhang <= term.intent && term.intent <= 1.0 + overhang);
        }
    }
}

#[test]
fn a_prediction_needs_earlier_labels_that_vary() {
    let line: Vec<(f64, f64)> = (0..20)
        .map(|i| (f64::from(i), 2.0 * f64::from(i)))
        .collect();
    assert_eq!(Prediction::fit(&line[..9], None), Prediction::default());
    assert_eq!(
        Prediction::fit(&[(1.0, 2.0); 20], None),
        Prediction::default()
    );
    let fitted = Prediction::fit(&line, None);
    assert!((fitted.weight - 1.0).abs() < 1e-9 && (fitted.slope - 2.0).abs() < 1e-9);
}
