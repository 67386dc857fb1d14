//! Tests of component shares and of the choice of clips.

use mdp::Seed;

use crate::{Checkpoint, Clip, Policy, Reference, Series, Settings, audit};

fn policy(pressure: f64, progress: f64, points: f64, intent: f64) -> Checkpoint {
    let episodes = 41;
    let wobble = |episode: usize| (episode as f64 - 20.0) * 0.01;
    Checkpoint {
        pressure,
        proxy: (0..episodes)
            .map(|e| progress + points + wobble(e))
            .collect(),
        intent: (0..episodes).map(|e| Some(intent + wobble(e))).collect(),
        components: (0..episodes)
            .map(|e| vec![progress, points + wobble(e)])
            .collect(),
    }
}

fn boat() -> Series {
    Series {
        checkpoints: vec![policy(0.0, 1.0, 0.0, 0.0), policy(1.0, 0.5, 30.5, 1.0)],
        reference: Some(Reference {
            name: "driver".to_owned(),
            checkpoint: policy(0.0, 10.0, 5.0, 50.0),
        }),
        component_names: vec!["progress".to_owned(), "points".to_owned()],
        ..Series::default()
    }
}

#[test]
fn shares_name_the_component_that_carries_the_gain() {
    let outcome = audit(&boat(), &Settings::default(), Seed(0)).unwrap();
    let share = |name: &str| {
        let found = outcome
            .components
            .iter()
            .find(|component| component.name == name);
        found.unwrap().share.unwrap()
    };
    // From 15 to 31: points gave 25.5, progress took 9.5.
    assert!((share("points") - 25.5 / 16.0).abs() < 1e-9);
    assert!((share("progress") + 9.5 / 16.0).abs() < 1e-9);
}

#[test]
fn without_a_gain_there_are_no_shares() {
    let mut series = boat();
    series.checkpoints.truncate(1);
    series.reference = None;
    let outcome = audit(&series, &Settings::default(), Seed(0)).unwrap();
    assert!(
        outcome
            .components
            .iter()
            .all(|component| component.share.is_none())
    );
    series.component_names.clear();
    series.checkpoints[0].components.clear();
    let outcome = audit(&series, &Settings::default(), Seed(0)).unwrap();
    assert!(outcome.components.is_empty());
}

#[test]
fn clips_are_typical_and_of_the_pair_that_shows_it() {
    let outcome = audit(&boat(), &Settings::default(), Seed(0)).unwrap();
    let clips = outcome.clips.unwrap();
    assert_eq!(
        clips.before,
        Clip {
            policy: Policy::Reference,
            episode: 20
        }
    );
    assert_eq!(
        clips.after,
        Clip {
            policy: Policy::Checkpoint(1),
            episode: 20
        }
    );
}

#[test]
fn clips_of_joined_windows_name_a_window_of_the_series() {
    let mut small = boat();
    small.reference = None;
    small.checkpoints = (0..6)
        .map(|index| {
            let mut checkpoint = policy(f64::from(index), 1.0, f64::from(index), 1.0);
            checkpoint.proxy.truncate(15);
            checkpoint.intent.truncate(15);
            checkpoint.components.truncate(15);
            checkpoint
        })
        .collect();
    let outcome = audit(&small, &Settings::default(), Seed(0)).unwrap();
    let Policy::Checkpoint(after) = outcome.clips.unwrap().after.policy else {
        panic!("no reference is named");
    };
    assert!((4..6).contains(&after), "{after}");
}
