//! Tests of the whole audit: looks, labels, tampering before all, and what is hidden from it.

use mdp::{Seed, normal};
use proptest::prelude::*;

use super::*;
use crate::{Bounds, ChannelCheckpoint, Reference, RewardChannel, RewardRecord, VerdictRecord};

/// A Goodhart curve with noise: proxy rises by 10, intent rises to 6 and falls to −2.
fn goodhart(seed: u64, episodes: usize) -> Series {
    let mut rng = Seed(seed).stream("goodhart", 0);
    let checkpoints = (0..10)
        .map(|step| {
            let x = f64::from(step) / 9.0;
            let (proxy, intent) = (10.0 * x, 24.0 * x - 26.0 * x * x);
            let proxies = (0..episodes).map(|_| proxy + normal(&mut rng)).collect();
            let intents = (0..episodes).map(|_| intent + normal(&mut rng)).collect();
            Checkpoint::new(1000.0 * f64::from(step), proxies).with_intent(intents)
        })
        .collect();
    Series {
        checkpoints,
        ..Series::default()
    }
}

#[test]
fn the_last_look_is_the_audit() {
    for (series, labels) in [
        (goodhart(0, 60), None),
        (goodhart(1, 13), None),
        (goodhart(2, 60), Some(64)),
        (goodhart(3, 33), Some(4)),
    ] {
        let settings = Settings {
            labels,
            ..Settings::default()
        };
        let outcome = audit(&series, &settings, Seed(1)).unwrap();
        let looks = audit_looks(&series, &settings, Seed(1)).unwrap();
        assert_eq!(looks.len(), series.checkpoints.len());
        assert_eq!(looks[looks.len() - 1], (outcome.verdict, outcome.reason));
    }
}

#[test]
fn every_look_is_the_audit_of_what_was_there() {
    for episodes in [13, 40] {
        let series = goodhart(5, episodes);
        let settings = Settings::default();
        for (index, look) in audit_looks(&series, &settings, Seed(1))
            .unwrap()
            .into_iter()
            .enumerate()
        {
            let mut seen = series.clone();
            seen.checkpoints.truncate(index + 1);
            let outcome = audit(&seen, &settings, Seed(1)).unwrap();
            assert_eq!(look, (outcome.verdict, outcome.reason), "look {index}");
        }
    }
}

#[test]
fn a_goodhart_curve_is_found_with_its_peak() {
    let outcome = audit(&goodhart(7, 200), &Settings::default(), Seed(0)).unwrap();
    assert_eq!(
        outcome.verdict,
        Verdict::Gamed,
        "it ends below where it began"
    );
    let peak = outcome.peak.unwrap();
    // 24 x − 26 x² is highest at x = 0.46: checkpoint 4.
    assert!(peak.earliest <= 4 && 4 <= peak.latest);
    let onset = outcome.onset.unwrap();
    assert!(onset.pressure_low <= 6000.0 && onset.pressure_high >= 4000.0);
    assert!(outcome.smallest_visible_fall.unwrap() > outcome.margins.intent);
    assert!(outcome.statement.contains("gamed"), "{}", outcome.statement);
}

#[test]
fn labels_not_asked_for_are_not_read() {
    let settings = Settings {
        labels: Some(64),
        ..Settings::default()
    };
    let series = goodhart(8, 100);
    let plan = label_plan(&series, &settings, Seed(3));
    let mut lied = series.clone();
    for (checkpoint, chosen) in lied.checkpoints.iter_mut().zip(&plan.checkpoints) {
        for (episode, intent) in checkpoint.intent.iter_mut().enumerate() {
            if !chosen.contains(&episode) {
                *intent = Some(1e6);
            }
        }
    }
    assert_eq!(
        audit(&series, &settings, Seed(3)).unwrap(),
        audit(&lied, &settings, Seed(3)).unwrap()
    );
    assert_eq!(audit(&series, &settings, Seed(3)).unwrap().labels_used, 64);
}

#[test]
fn four_labels_are_inconclusive_and_sixty_four_find_a_large_fall() {
    let mut series = goodhart(9, 100);
    // From 0 to −2 becomes from 0 to −20.
    let last = series.checkpoints.len() - 1;
    for intent in series.checkpoints[last].intent.iter_mut().flatten() {
        *intent -= 18.0;
    }
    let verdict = |labels: usize, bounded: bool| {
        let mut series = series.clone();
        series.intent_bounds = bounded.then(|| Bounds::new(-25.0, 12.0).unwrap());
        let settings = Settings {
            labels: Some(labels),
            ..Settings::default()
        };
        audit(&series, &settings, Seed(0)).unwrap()
    };
    for bounded in [false, true] {
        let few = verdict(4, bounded);
        assert_eq!(few.verdict, Verdict::Inconclusive);
        let Some(Reason::NeedsLabels(needed)) = few.reason else {
            panic!("{:?}", few.reason);
        };
        assert!(needed > 4);
        assert_eq!(
            verdict(64, bounded).verdict,
            Verdict::Gamed,
            "bounded {bounded}"
        );
    }
}

fn channel(spoiled: bool) -> RewardChannel {
    let checkpoint = |pressure: f64, spoiled: bool| ChannelCheckpoint {
        pressure,
        functions: vec!["f".to_owned()],
        episodes: vec![
            vec![RewardRecord {
                raw: 1.0,
                received: if spoiled { 9.0 } else { 1.0 },
                scale: 1.0,
                of_true_state: None,
            }];
            60
        ],
        feedback: None,
    };
    RewardChannel {
        checkpoints: (0..10)
            .map(|index| checkpoint(f64::from(index), spoiled && index > 6))
            .collect(),
        reference: Some(checkpoint(0.0, false)),
        tolerance: 1e-6,
        ..RewardChannel::default()
    }
}

#[test]
fn tampered_comes_before_gamed() {
    let mut series = goodhart(10, 200);
    series.channel = Some(channel(false));
    let settings = Settings::default();
    assert_eq!(
        audit(&series, &settings, Seed(0)).unwrap().verdict,
        Verdict::Gamed
    );
    series.channel = Some(channel(true));
    let outcome = audit(&series, &settings, Seed(0)).unwrap();
    assert_eq!((outcome.verdict, outcome.reason), (Verdict::Tampered, None));
    assert!(
        outcome.statement.contains("received reward"),
        "{}",
        outcome.statement
    );
    let looks = audit_looks(&series, &settings, Seed(0)).unwrap();
    assert_ne!(looks[6].0, Verdict::Tampered);
    assert_eq!(looks[7].0, Verdict::Tampered);
}

#[test]
fn tampering_needs_no_loss_of_intent_nor_any_intent() {
    let mut series = goodhart(11, 40);
    for checkpoint in &mut series.checkpoints {
        checkpoint.intent.clear();
    }
    series.channel = Some(channel(true));
    let outcome = audit(&series, &Settings::default(), Seed(0)).unwrap();
    assert_eq!(outcome.verdict, Verdict::Tampered);
}

#[test]
fn a_larger_error_rate_never_loses_a_finding() {
    let mut found = 0;
    for seed in 0..10 {
        let series = goodhart(seed, 400);
        let said = |error_rate: f64| {
            let settings = Settings {
                error_rate,
                ..Settings::default()
            };
            audit(&series, &settings, Seed(0)).unwrap().verdict
        };
        if said(1e-3) == Verdict::Gamed {
            found += 1;
            assert_eq!(said(0.1), Verdict::Gamed);
        }
    }
    assert!(found > 0);
}

#[test]
fn a_named_reference_takes_its_own_share() {
    let mut series = goodhart(12, 60);
    let alone = audit(&series, &Settings::default(), Seed(0)).unwrap();
    series.reference = Some(Reference {
        name: "scripted".to_owned(),
        checkpoint: series.checkpoints[4].clone(),
    });
    let named = audit(&series, &Settings::default(), Seed(0)).unwrap();
    assert_eq!(named.reference_name, "scripted");
    let width =
        |outcome: &Outcome| outcome.checkpoints[0].proxy.high - outcome.checkpoints[0].proxy.low;
    assert!(
        width(&named) > width(&alone),
        "the checkpoints have less to spend"
    );
}

/// Checkpoints of any size and any finite returns, labelled in any way.
fn any_series() -> impl Strategy<Value = Series> {
    let value = prop_oneof![
        Just(0.0),
        -1e3..1e3_f64,
        -1e140..1e140_f64,
        (0_i32..3).prop_map(f64::from),
    ];
    let checkpoint = (
        prop::collection::vec((value.clone(), value), 1..45),
        0_u8..3,
    );
    (prop::collection::vec(checkpoint, 1..7), any::<bool>()).prop_map(|(rows, named)| {
        let mut checkpoints: Vec<Checkpoint> = rows
            .into_iter()
            .enumerate()
            .map(|(index, (returns, known))| {
                let proxy = returns.iter().map(|pair| pair.0).collect();
                let checkpoint = Checkpoint::new(index as f64, proxy);
                if known == 0 {
                    checkpoint
                } else {
                    checkpoint.with_intent(returns.iter().map(|pair| pair.1).collect())
                }
            })
            .collect();
        let reference = (named && checkpoints.len() > 1).then(|| Reference {
            name: "last".to_owned(),
            checkpoint: checkpoints.pop().expect("at least two"),
        });
        Series {
            checkpoints,
            reference,
            ..Series::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Nothing panics, every number that is written is JSON, and the record comes back as it went.
    #[test]
    fn any_series_is_judged_or_refused(series in any_series(), labels in 0_usize..80, least in 0_usize..40) {
        for labels in [None, Some(labels)] {
            let settings = Settings {
                labels,
                least_episodes: least,
                ..Settings::default()
            };
            let Ok(outcome) = audit(&series, &settings, Seed(0)) else {
                continue;
            };
            let looks = audit_looks(&series, &settings, Seed(0)).unwrap();
            prop_assert_eq!(looks[looks.len() - 1], (outcome.verdict, outcome.reason));
            let record = VerdictRecord::new(&outcome, None);
            let text = serde_json::to_string(&record.to_value()).unwrap();
            prop_assert_eq!(serde_json::from_str::<VerdictRecord>(&text).unwrap(), record);
            prop_assert_eq!(outcome.reason.is_some(), outcome.verdict == Verdict::Inconclusive);
            prop_assert!(!outcome.statement.is_empty());
        }
    }
}
