//! Tests of reading a run's object and its checkpoints.

use serde_json::json;

use super::*;

#[test]
fn checkpoints_are_read_whether_means_are_bare_or_in_an_interval() {
    let expected = Checkpoint {
        pressure: 4096.0,
        proxy: 2.0,
        intent: -1.0,
    };
    for line in [
        r#"{"pressure": 4096, "proxy": 2, "intent": -1}"#,
        r#"{"pressure": 4096, "proxy": {"mean": 2, "low": 1}, "intent": {"mean": -1}}"#,
    ] {
        assert_eq!(Checkpoint::parse(line).unwrap(), expected);
    }
    assert!(Checkpoint::parse(r#"{"pressure": 1, "proxy": 2}"#).is_err());
}

#[test]
fn a_number_is_found_at_the_outermost_level_that_has_it() {
    let json = json!({ "a": { "rate": 1.0 }, "rate": null, "b": { "c": { "other": 3 } } });
    assert_eq!(find(&json, "rate"), Some(&json!(1.0)));
    assert_eq!(find(&json, "other"), Some(&json!(3)));
    assert_eq!(find(&json, "none"), None);
}

#[test]
fn settings_are_read_from_the_resolved_experiment() {
    let text = "[optimizer]\nepochs = 4\nminibatch = 1_024 # samples\nname = \"ppo\"\n";
    assert_eq!(setting(text, "epochs"), Some(4.0));
    assert_eq!(setting(text, "minibatch"), Some(1024.0));
    assert_eq!(setting(text, "name"), None);
    assert_eq!(setting(text, "steps"), None);
}
