//! Tests of bad input: each gives its own error, with the place.

use mdp::Seed;

use crate::{Bounds, Checkpoint, Error, Margin, Series, Settings, audit, audit_looks, label_plan};

fn good() -> Series {
    Series {
        checkpoints: (0..3)
            .map(|index| {
                Checkpoint::new(f64::from(index), vec![1.0; 40]).with_intent(vec![0.5; 40])
            })
            .collect(),
        ..Series::default()
    }
}

#[track_caller]
fn check(spoil: impl Fn(&mut Series, &mut Settings), expected: &str) {
    let (mut series, mut settings) = (good(), Settings::default());
    spoil(&mut series, &mut settings);
    let error = audit(&series, &settings, Seed(0)).unwrap_err();
    assert_eq!(
        audit_looks(&series, &settings, Seed(0))
            .unwrap_err()
            .to_string(),
        error.to_string()
    );
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn good_input_is_read() {
    assert!(audit(&good(), &Settings::default(), Seed(0)).is_ok());
}

#[test]
fn every_fault_is_named_with_its_place() {
    check(|s, _| s.checkpoints.clear(), "no checkpoint");
    check(
        |s, _| s.checkpoints[1].proxy[3] = f64::NAN,
        "proxy of checkpoint 1, episode 3 is NaN",
    );
    check(
        |s, _| s.checkpoints[1].intent[3] = Some(f64::INFINITY),
        "intent of checkpoint 1, episode 3",
    );
    check(|s, _| s.checkpoints[2].proxy[0] = 1e200, "within 1e150");
    check(
        |s, _| s.checkpoints[2].pressure = f64::NAN,
        "pressure of checkpoint 2",
    );
    check(
        |s, _| s.checkpoints[2].pressure = -1.0,
        "sort the checkpoints",
    );
    check(
        |s, _| s.checkpoints[0].intent.truncate(2),
        "2 entries for 40 episodes",
    );
    check(
        |s, _| s.checkpoints[0].intent[7] = None,
        "known for 39 of 40 episodes of checkpoint 0",
    );
    check(
        |s, _| s.checkpoints[1] = Checkpoint::new(1.0, vec![]),
        "checkpoint 1 has no episode",
    );
    check(
        |s, _| s.proxy_bounds = Some(Bounds::new(-1.0, 0.5).unwrap()),
        "outside the declared bounds -1 to 0.5",
    );
    check(
        |s, _| s.intent_bounds = Some(Bounds::new(0.6, 1.0).unwrap()),
        "intent of checkpoint 0, episode 0",
    );
    check(
        |s, _| s.checkpoints[0].components = vec![vec![1.0]; 40],
        "components of episode 0",
    );
    check(
        |s, _| s.checkpoints[0].components = vec![vec![]; 4],
        "components of checkpoint 0",
    );
    check(|_, settings| settings.error_rate = 0.0, "error rate is 0");
    check(
        |_, settings| settings.error_rate = f64::NAN,
        "error rate is NaN",
    );
    check(
        |_, settings| settings.proxy_margin = Margin::Share(1.0),
        "proxy margin is 1",
    );
    check(
        |_, settings| settings.intent_margin = Margin::Absolute(-1.0),
        "intent margin is -1",
    );
}

#[test]
fn bounds_enclose_something() {
    for (low, high) in [
        (1.0, 1.0),
        (2.0, 1.0),
        (f64::NAN, 1.0),
        (0.0, f64::INFINITY),
    ] {
        assert!(matches!(
            Bounds::new(low, high),
            Err(Error::EmptyBounds { .. })
        ));
    }
}

#[test]
fn a_missing_label_is_named_and_none_at_all_is_no_intent() {
    let settings = Settings {
        labels: Some(6),
        ..Settings::default()
    };
    let mut series = good();
    let asked = label_plan(&series, &settings, Seed(0)).checkpoints[2][1];
    series.checkpoints[2].intent[asked] = None;
    let error = audit(&series, &settings, Seed(0)).unwrap_err();
    assert_eq!(
        error,
        Error::MissingLabel {
            place: format!("checkpoint 2, episode {asked}")
        }
    );
    for checkpoint in &mut series.checkpoints {
        checkpoint.intent.clear();
    }
    let outcome = audit(&series, &settings, Seed(0)).unwrap();
    assert_eq!(outcome.reason.unwrap().to_string(), "no-intent");
}
