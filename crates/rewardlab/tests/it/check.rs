//! `check`: what it says of small environments and files, with which exit status, and what it refuses.

use std::fs;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::{Lab, check_schema, object, refusal};

/// Going on leads to a goal that is meant; staying in the second room is paid for ever.
const ROOMS: &str = r#"{
  "states": ["left", "right", "goal"], "actions": ["go", "stay"], "discount": 0.9, "start": "left",
  "terminals": ["goal"],
  "transitions": [
    ["left", "go", "right", 1], ["left", "stay", "left", 1],
    ["right", "go", "goal", 1], ["right", "stay", "right", 1]
  ],
  "positions": [[0, 0], [1, 0], [2, 0]],
  "map": ["  G"],
  "legend": {"G": "goal"},
  "rewards": {
    "reward": {"rows": [["left", "go", null, -1], ["right", "stay", null, 2]]},
    "intent": {"rows": [["right", "go", null, 1]]},
    "twice": {"rows": [["right", "go", null, 2]]},
    "shaping": {"rows": [["right", "stay", null, 2]]}
  }
}"#;

fn lab() -> Lab {
    let lab = Lab::new();
    fs::write(lab.path().join("rooms.json"), ROOMS).unwrap();
    lab
}

/// Checks the text and the exit status of a call.
#[track_caller]
fn check(arguments: &[&str], status: i32, expected: Expect) {
    let lab = lab();
    let mut command = lab.command(&[&["check"], arguments].concat());
    let output = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    expected.assert_eq(&String::from_utf8(output.stdout).unwrap());
}

#[test]
fn an_unsound_reward_is_shown_with_the_place_where_it_parts_from_the_intent() {
    check(
        &["rooms.json", "--shaping", "shaping"],
        1,
        expect![[r#"
            ✗ unsound  rooms.json: reward against intent
              Optimising reward can lose 100% of what intent can give. Among the policies within 0.01% of
              optimal for reward, the worst earns 0 under intent where the policy optimal for intent earns 0.9:
              a loss of 100% of its range (0 to 0.9). They part at right, where it does "stay" instead of "go".
              The term shaping is not potential-based: 100% of it is felt as a preference, and it can be farmed:
              going round in one state for ever is worth 17 where what was intended is worth 0.

              mend        100% of what that policy is paid beyond the reference it earns by "stay" at right: pay
                          less for that, or take what is meant into reward.
                          Replace shaping by γΦ(s′) − Φ(s) of some potential Φ of the state that is 0 where
                          episodes end, at the agent’s own discount γ: that changes no preference between
                          policies.

              optimal for reward,       optimal for intent
              and worst of those        g g G
              near optimal for
              reward
              g s G
              legend      g go, s stay, G goal

              return of the policy                            under reward  under intent
              optimal for reward                                        17             0
              optimal for intent                                        −1           0.9
              worst of those near optimal for reward                    17             0
              worst of those paid no less than the reference            17             0

            ✗ optimum     the worst policy within 0.01% of optimal loses 100% of the intent’s range; 1% is
                          tolerated
                          · at right: "stay" instead of "go"
                          · for information, policies within 1% of optimal lose at most 100%
              gap         paid no less than the policy optimal for intent (−1), a policy can deliver 0 of intent
                          where that delivers 0.9: 100% of the range
              equivalent  no: some policies are ordered differently, at an angle of 140.8°
                          · 63% of reward, potentials taken out, is not a multiple of intent
              hackable    yes, as almost any two rewards are over all stochastic policies
                          · one policy is paid 18 more and delivers 0.9 less than another by "stay" instead of
                          "go" at right
                          · so it is over deterministic policies, of which there are 4
                          · one policy is paid 18 more and delivers 0.9 less than another by "stay" instead of
                          "go" at right
              distances   STARC 1 (range), 0.942 (flow), 0.936 (value); DARD 0.928; EPIC 0.933; 0 is the same, 1
                          the opposite
                          · going from one policy to another that the reward pays no less loses at most 100% of
                          the intent’s range; the range distance promises at most 100% and at least 100%
                          · the flow distance promises at most 100%, the value distance promises at most 100%
            ✗ shaping     the term shaping is not potential-based; 100% of it can change a preference
                          · no potential fits right, from which one way: right "go", which ends the episode,
                          asks for Φ = 0
                          · and another: right "stay" → right "go", which ends the episode, asks for Φ = −2
                          · farmable cycle right "stay": from its entry it is worth 17 for ever, where what was
                          intended is worth 0
              checked     discount 0.9, states 3 (2 can be acted in), actions 2, transitions 6, tolerance 1%,
                          within 0.01%, reference optimal
        "#]],
    );
}

#[test]
fn a_sound_reward_is_shown_with_its_scale() {
    check(
        &["rooms.json", "--reward", "twice", "--against", "intent"],
        0,
        expect![[r#"
            ✓ sound  rooms.json: twice against intent
              Optimising twice serves intent. Among the policies within 0.01% of optimal for twice, the worst
              earns 0.9 under intent where the policy optimal for intent earns 0.9: within 1% of its range (0 to
              0.9).

              optimal for twice, and
              optimal for intent
              g g G
              legend      g go, G goal

              return of the policy                            under twice  under intent
              optimal for twice                                       1.8           0.9
              optimal for intent                                      1.8           0.9
              worst of those near optimal for twice                   1.8           0.9
              worst of those paid no less than the reference          1.8           0.9

            ✓ optimum     the worst policy within 0.01% of optimal loses 0.01% of the intent’s range; 1% is
                          tolerated
                          · for information, policies within 1% of optimal lose at most 1%
              gap         paid no less than the policy optimal for intent (1.8), a policy can deliver 0.9 of
                          intent where that delivers 0.9: no loss
              equivalent  yes: twice and intent order all policies alike
                          · twice = 2 × intent + γΦ(s′) − Φ(s) in expectation, relative residual 0
                          · Φ is 0 everywhere
              hackable    no: no policy is paid more and delivers less
                          · nor is it over deterministic policies, which are some of these
              distances   STARC 0 (range), 0 (flow), 0 (value); DARD 0; EPIC 0; 0 is the same, 1 the opposite
                          · going from one policy to another that the reward pays no less loses nothing of the
                          intent’s range
              checked     discount 0.9, states 3 (2 can be acted in), actions 2, transitions 6, tolerance 1%,
                          within 0.01%, reference optimal
        "#]],
    );
}

#[test]
fn exit_statuses_say_what_was_found() {
    let lab = lab();
    let statuses: [(&[&str], i32, &str); 7] = [
        (&["frozen-lake"], 0, "sound"),
        (&["boat-race"], 1, "unsound"),
        (&["boat-race", "--tolerance", "60%"], 0, "sound"),
        (&["rooms.json", "--reward", "intent"], 3, "undecided"),
        (&["tampered-register"], 1, "unsound"),
        (&["rooms.json", "--reference", "uniform"], 1, "unsound"),
        (&["cartpole", "--episodes", "20"], 3, "undecided"),
    ];
    for (arguments, status, verdict) in statuses {
        let call = [&["check"], arguments, &["--json"]].concat();
        let found = object(&lab.call(&call), status);
        assert_eq!(found["verdict"], verdict, "{arguments:?}");
    }
}

#[test]
fn what_it_prints_has_the_documented_fields() {
    let lab = lab();
    let found = object(&lab.call(&["check", "rooms.json", "--json"]), 1);
    let returns = json!({ "lowest": "number", "highest": "number" });
    let policy = json!({
        "role": "text", "name": "text", "reward": "number", "intent": "?number", "actions": "?list",
        "probabilities": "?list", "visits": ["number"],
    });
    let loss = json!({
        "within": "number", "amount": "number", "share": "number", "most_share": "number",
        "worst_reward": "number", "worst_intent": "number", "stop": "text",
    });
    let parting =
        json!({ "state": "number", "label": "text", "reference": "list", "worst": "list" });
    let evidence = json!({
        "headline": "text", "summary": ["text"], "advice": ["text"], "reasons": ["text"],
        "reward": "text", "against": "?text", "tolerance": "number", "within": "number",
        "endless": "?number", "reward_range": returns, "policies": [policy],
        "components": [{ "name": "text", "returns": ["number"] }],
        "optimum": {
            "reference": "text", "intent_range": returns, "loss": loss, "loss_at_tolerance": loss,
            "n_partings": "number", "partings": [parting], "gain": "?object",
        },
        "gap": {
            "loss": "number", "share": "number", "asked": "number", "reference_reward": "number",
            "reference_intent": "number", "worst_reward": "number", "worst_intent": "number",
            "multiplier": "number", "bound": "number", "iterations": "number", "stop": "text",
        },
        "equivalence": {
            "relation": "text", "scale": "number", "potential": ["number"],
            "relative_residual": "number", "tolerance": "number", "angle": "?number",
        },
        "hackability": {
            "stochastic": {
                "verdict": "text", "residual": "number", "angle": "number", "pair": "?object",
                "bound": "?number",
            },
            "deterministic": {
                "verdict": "text", "n_policies": "?number", "n_endless": "number", "pair": "?object",
            },
        },
        "distances": {
            "range": "number", "starc_flow": "number", "starc_value": "?number",
            "starc_value_potential": "?number", "epic": "?number", "dard": "?number",
            "worst_regret": { "loss": "number", "share": "number", "bound": "number", "stop": "text" },
            "bounds": "?object",
        },
        "shaping": [{
            "name": "text", "is_potential_based": "flag", "potential": "?list",
            "residual": "?number", "witness": "?object", "felt_share": "number", "farm": "?object",
        }],
        "tampering": "?object",
    });
    let schema = json!({
        "verdict": "text", "evidence": evidence, "subject": "text", "settings": "?object",
        "discount": "number", "horizon": "?number",
        "size": { "states": "number", "reachable": "number", "actions": "number", "transitions": "number" },
        "seconds": "object", "command": "text", "version": "text",
    });
    check_schema(&found, &schema, "check");
    // The tables of the file decide, to the digit: staying is paid 2 for ever after a first step.
    let policies = found["evidence"]["policies"].as_array().unwrap();
    let of = |role: &str| -> &Value { policies.iter().find(|each| each["role"] == role).unwrap() };
    let best = of("reward-optimal");
    assert_eq!(best["actions"], json!([0, 1, 0]));
    assert!((best["reward"].as_f64().unwrap() - 17.0).abs() < 1e-9);
    assert!((of("intent-optimal")["intent"].as_f64().unwrap() - 0.9).abs() < 1e-12);

    let sampled = object(
        &lab.call(&["check", "cartpole", "--json", "--episodes", "20"]),
        3,
    );
    assert_eq!(sampled["evidence"]["reasons"], json!(["not-listed"]));
    assert_eq!(sampled["size"], Value::Null);
    let again = object(
        &lab.call(&["check", "cartpole", "--json", "--episodes", "20"]),
        3,
    );
    assert_eq!(
        again["evidence"], sampled["evidence"],
        "the same seed gives the same estimates"
    );
}

#[test]
fn at_discount_1_what_never_ends_leaves_the_verdict_open() {
    let lab = lab();
    // Staying in the second room is paid for ever: no return is finite, and the potential part is answered. No table is
    // called shaping here, for a term that is none would be found wanting all the same.
    let plain = ROOMS.replace("\"shaping\":", "\"term\":");
    fs::write(lab.path().join("plain.json"), plain).unwrap();
    let endless = ["plain.json", "--discount", "1", "--json"];
    let found = object(&lab.call(&[&["check"], &endless[..]].concat()), 3);
    let evidence = &found["evidence"];
    assert_eq!(evidence["reasons"], json!(["not-solved", "endless"]));
    // Whoever ends has gone on to the goal, so the intent is indifferent between all who do.
    assert_eq!(evidence["equivalence"]["relation"], "one-trivial");
    assert_eq!(evidence["endless"], 0);
    assert_eq!(evidence["optimum"], Value::Null);
    // Two rewards that order alike all policies that end; staying for ever is not among these.
    let alike = [
        "rooms.json",
        "--reward",
        "twice",
        "--discount",
        "1",
        "--json",
    ];
    let found = object(&lab.call(&[&["check"], &alike[..]].concat()), 3);
    let evidence = &found["evidence"];
    assert_eq!(evidence["reasons"], json!(["endless"]));
    assert_eq!(evidence["distances"]["bounds"], Value::Null);
    let shown = lab.call(&[
        "check",
        "rooms.json",
        "--reward",
        "twice",
        "--discount",
        "1",
    ]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "yes: twice and intent order all policies that end alike",
        "From left it is possible never to end",
        "no constant bounds its visits",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
}

#[test]
fn a_horizon_puts_the_time_into_the_state() {
    let lab = lab();
    let call = ["check", "boat-race", "--horizon", "10", "--json"];
    let found = object(&lab.call(&call), 1);
    assert_eq!(found["horizon"], 10);
    assert_eq!(found["discount"], 1.0);
    // Eight cells in each of ten steps at most, and a final state of each.
    assert!(found["size"]["states"].as_u64().unwrap() <= 88);
    let policies = found["evidence"]["policies"].as_array().unwrap();
    let intent = policies
        .iter()
        .find(|each| each["role"] == "intent-optimal")
        .unwrap();
    assert!(
        (intent["intent"].as_f64().unwrap() - 10.0).abs() < 1e-9,
        "clockwise in every step"
    );
}

#[test]
fn what_is_advised_is_there() {
    let lab = lab();
    let advice = |arguments: &[&str], status: i32| -> String {
        let call = [&["check"], arguments, &["--json"]].concat();
        object(&lab.call(&call), status)["evidence"]["advice"].to_string()
    };
    // Experiments that exist, and settings that can be listed.
    let of = advice(&["cartpole", "--episodes", "2"], 3);
    assert!(of.contains("`rewardlab run ppo-cartpole`"), "{of}");
    let of = advice(
        &[
            "boat-race",
            "--horizon",
            "10",
            "--limit",
            "20",
            "--episodes",
            "2",
        ],
        3,
    );
    assert!(of.contains("Raise --limit above 20"), "{of}");
    // Remedies that cure this environment, and none that do not.
    let of = advice(&["tampered-sensor"], 1);
    assert!(
        of.contains("With `--set remedy=belief` tampering does not pay"),
        "{of}"
    );
    assert!(!of.contains("remedy=current-function"), "{of}");
    let cured = ["tampered-sensor", "--set", "remedy=belief"];
    let shown = lab.call(&[&["check"], &cured[..]].concat());
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("tampered-sensor with remedy=belief: reward"),
        "{shown}"
    );
    assert!(
        shown.contains("settings remedy=belief, discount"),
        "{shown}"
    );
}

#[test]
fn a_file_of_actions_is_a_reference() {
    let lab = lab();
    fs::write(lab.path().join("actions.txt"), "go\nstay\n0\n").unwrap();
    let call = [
        "check",
        "rooms.json",
        "--reference",
        "actions.txt",
        "--shaping",
        "intent",
        "--json",
    ];
    let found = object(&lab.call(&call), 1);
    assert_eq!(
        found["evidence"]["optimum"]["loss"]["share"]
            .as_f64()
            .unwrap()
            .max(1e-3),
        1e-3
    );
    let refused: [(&str, &str); 3] = [
        ("go\nstay\n", "has actions for 2 states where there are 3"),
        (
            "go\nrun\n0\n",
            "state 1: \"run\" is no action; allowed: 0 go, 1 stay",
        ),
        (
            "[[0.5, 0.4], 0, 0]",
            "state 0: [0.5,0.4] are no probabilities of 2 actions",
        ),
    ];
    for (text, message) in refused {
        fs::write(lab.path().join("actions.txt"), text).unwrap();
        let said = refusal(&lab.call(&call));
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn the_report_is_one_page_with_the_maps() {
    let lab = lab();
    let output = lab.call(&["check", "rooms.json", "--report", "rooms.html"]);
    assert_eq!(output.status.code(), Some(1));
    let html = fs::read_to_string(lab.path().join("rooms.html")).unwrap();
    assert!(html.starts_with("<!"));
    for text in [
        "Optimal for reward",
        "class=\"policy\"",
        "What to change",
        "rewardlab check rooms.json",
    ] {
        assert!(html.contains(text), "{text}");
    }
    let said = refusal(&lab.call(&["check", "rooms.json", "--report", "rooms.json"]));
    assert!(said.contains("name a path that ends in .html"), "{said}");
}

#[test]
fn bad_input_is_refused_with_the_way_out() {
    let lab = lab();
    let calls: [(&[&str], &str); 10] = [
        (
            &["boatrace"],
            "there is no environment \"boatrace\"; did you mean \"boat-race\"?",
        ),
        (
            &["boat-race-honest"],
            "check that with `rewardlab check boat-race --set reward=intent`",
        ),
        (&["missing.json"], "missing.json: cannot be read"),
        (
            &["rooms.json", "--reward", "pay"],
            "there is no reward \"pay\"; there are reward",
        ),
        (
            &["rooms.json", "--against", "wish"],
            "there is no reward \"wish\"",
        ),
        (
            &["rooms.json", "--reference", "nobody"],
            "there is no reference policy \"nobody\": there are optimal, uniform",
        ),
        (
            &["rooms.json", "--horizon", "3"],
            "put the time into its states",
        ),
        (&["rooms.json", "--set", "reward=own"], "leave --set out"),
        (
            &["rooms.json", "--limit", "2"],
            "has 3 states and --limit is 2",
        ),
        (&["boat-race", "--set", "speed=2"], "speed"),
    ];
    for (arguments, message) in calls {
        let said = refusal(&lab.call(&[&["check"], arguments].concat()));
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
    for arguments in [
        ["--tolerance", "2"],
        ["--discount", "1.5"],
        ["--within", "few"],
        ["--episodes", "1"],
    ] {
        let output = lab.call(&[&["check", "rooms.json"][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
}
