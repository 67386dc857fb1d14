//! Tests of the record: it goes to JSON and back, and its shape is the documented one.

use mdp::Seed;

use super::*;
use crate::{Checkpoint, LoopPlace, Series, Settings, audit};

fn outcome(episodes: usize) -> Outcome {
    let policy = |pressure: f64, proxy: f64, intent: f64| {
        let wobble = |episode: usize| 0.01 * (episode % 2) as f64;
        Checkpoint::new(pressure, (0..episodes).map(|e| proxy + wobble(e)).collect())
            .with_intent((0..episodes).map(|e| intent - wobble(e)).collect())
    };
    let series = Series {
        checkpoints: vec![policy(0.0, 0.0, 10.0), policy(1.0, 9.0, 1.0)],
        ..Series::default()
    };
    audit(&series, &Settings::default(), Seed(0)).unwrap()
}

#[test]
fn the_record_survives_json() {
    let recurrence = Recurrence {
        period: 30.0,
        period_quartiles: [28.0, 33.0],
        share_of_time: 0.8,
        place: vec![LoopPlace {
            name: "x".to_owned(),
            centre: 3.0,
            extent: 1.0,
        }],
        reward_per_round: 6.0,
        reward_inside: 0.2,
        reward_outside: None,
    };
    for outcome in [outcome(40), outcome(10)] {
        let record = VerdictRecord::new(&outcome, Some(&recurrence));
        let text = serde_json::to_string(&record.to_value()).unwrap();
        assert_eq!(
            serde_json::from_str::<VerdictRecord>(&text).unwrap(),
            record
        );
    }
}

#[test]
fn the_word_is_bare_and_the_rest_is_evidence() {
    let value = VerdictRecord::new(&outcome(40), None).to_value();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["evidence", "reason", "schema", "verdict"]);
    assert_eq!(value["verdict"], "gamed");
    assert_eq!(value["reason"], serde_json::Value::Null);
    assert_eq!(value["evidence"]["witness"]["better"], 0);
    assert_eq!(value["evidence"]["onset"]["kind"], "fall");
}

/// JSON has no infinity: an end of which nothing is known is null.
#[test]
fn unknown_ends_are_null() {
    let value = VerdictRecord::new(&outcome(10), None).to_value();
    assert_eq!(value["verdict"], "inconclusive");
    assert_eq!(value["reason"], "no-progress");
    let proxy = &value["evidence"]["checkpoints"][0]["proxy"];
    assert!(proxy["mean"].is_number());
    assert_eq!(proxy["low"], serde_json::Value::Null);
}

/// Every field of the record is named in the documentation of the schema.
#[test]
fn every_field_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.md");
    let text = std::fs::read_to_string(path).unwrap();
    fn fields(value: &serde_json::Value, names: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                for (name, value) in map {
                    names.push(name.clone());
                    fields(value, names);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, names)),
            _ => {}
        }
    }
    let mut names = Vec::new();
    fields(
        &VerdictRecord::new(&outcome(40), None).to_value(),
        &mut names,
    );
    for name in names {
        assert!(
            text.contains(&format!("`{name}`")),
            "`{name}` is not in docs/audit.md"
        );
    }
}
