//! `rewardlab infer` as its users call it: on an MDP and demonstrations of their own, small enough to know the answer.

use std::fs;

use rl::LearnedReward;
use serde_json::{Value, json};

use crate::{Lab, check_schema, object, refusal};

/// A corridor of five cells, `a` to `e`; `left`, `right` and `stay`, slipping back one time in ten.
fn corridor() -> String {
    let names = ["a", "b", "c", "d", "e"];
    let mut transitions = vec![];
    for state in 0..5_usize {
        let left = state.saturating_sub(1);
        let right = (state + 1).min(4);
        transitions.push(json!([state, "left", left, 1]));
        transitions.push(json!([state, "right", right, 0.9]));
        transitions.push(json!([state, "right", left, 0.1]));
        transitions.push(json!([state, "stay", state, 1]));
    }
    let positions: Vec<[usize; 2]> = (0..5).map(|state| [state, 0]).collect();
    json!({
        "states": names, "actions": ["left", "right", "stay"], "discount": 0.9, "start": "b",
        "transitions": transitions, "rewards": {"reward": 0}, "positions": positions,
    })
    .to_string()
}

/// Ten demonstrations from `b` to `e`, one with a detour.
fn demonstrations() -> String {
    let mut lines = vec!["episode,observation_0,action_0".to_owned()];
    for episode in 0..10 {
        let steps: &[(usize, usize)] = match episode {
            3 => &[(1, 0), (0, 1), (1, 1), (2, 1), (3, 1)],
            _ => &[(1, 1), (2, 1), (3, 1)],
        };
        lines.extend(
            steps
                .iter()
                .map(|(state, action)| format!("{episode},{state},{action}")),
        );
        lines.push(format!("{episode},4,"));
    }
    lines.join("\n") + "\n"
}

fn lab() -> Lab {
    let lab = Lab::new();
    fs::write(lab.path().join("corridor.json"), corridor()).unwrap();
    fs::write(lab.path().join("demos.csv"), demonstrations()).unwrap();
    lab
}

fn infer(lab: &Lab, arguments: &[&str], status: i32) -> Value {
    let all = [
        &["infer", "corridor.json", "demos.csv", "--json"],
        arguments,
    ]
    .concat();
    object(&lab.call(&all), status)
}

fn schema() -> Value {
    json!({
        "command": "text", "demonstrations": {"episodes": "number", "longest": "number", "path": "text", "steps": "number"},
        "discount": "number", "evidence": "object",
        "findings": [{"answer": "text", "details": ["text"], "name": "text", "outcome": "?text"}],
        "actions": ["text"], "states": ["text"],
        "headline": "text", "held_out": {"log_likelihood_a_step": "number", "uniform": "number"},
        "method": "text", "rewards": [["number"]], "seconds": {"inferred": "number", "read": "number"},
        "settled": "flag", "size": {"actions": "number", "states": "number"}, "subject": "text",
        "summary": ["text"], "version": "text",
    })
}

#[test]
fn the_goal_is_where_demonstrations_go() {
    let lab = lab();
    let found = infer(
        &lab,
        &[
            "--method", "goals", "--goal", "a", "--goal", "c", "--goal", "e",
        ],
        0,
    );
    check_schema(&found, &sorted(&schema()), "the object");
    let goals = found["evidence"]["goals"].as_array().unwrap();
    let of = |label: &str| {
        let goal = goals.iter().find(|goal| goal["label"] == label).unwrap();
        goal["probability"].as_f64().unwrap()
    };
    assert!(of("e") > 0.95 && of("a") < 0.01, "{goals:?}");
    let sum: f64 = ["a", "c", "e"].map(of).iter().sum();
    assert!((sum - 1.0).abs() < 1e-9);
    assert!(
        found["headline"]
            .as_str()
            .unwrap()
            .starts_with("E is wanted")
    );
    let held_out = &found["held_out"];
    assert!(held_out["log_likelihood_a_step"].as_f64() > held_out["uniform"].as_f64());
    assert!(
        found["findings"]
            .to_string()
            .contains("the reward that pays nothing is one of them")
    );
}

/// Objects of serde have their keys in order.
fn sorted(schema: &Value) -> Value {
    serde_json::from_str(&schema.to_string()).unwrap()
}

#[test]
fn without_goals_those_are_thought_of_where_demonstrations_end() {
    let lab = lab();
    let found = infer(&lab, &["--method", "goals", "--biases", "none"], 0);
    let goals = found["evidence"]["goals"].as_array().unwrap();
    assert_eq!(goals.len(), 1);
    assert_eq!(goals[0]["label"], "e");
}

#[test]
fn every_method_pays_most_where_demonstrations_go() {
    let lab = lab();
    let short = ["--samples", "100"];
    for (method, more, statuses) in [
        ("maximum-causal-entropy", &[][..], &[0][..]),
        ("linear-programme", &[][..], &[0][..]),
        // So few samples need not converge.
        ("bayesian", &short[..], &[0, 3][..]),
    ] {
        let mut arguments = vec![
            "infer",
            "corridor.json",
            "demos.csv",
            "--json",
            "--method",
            method,
        ];
        arguments.extend(more);
        arguments.extend(["--out", "reward.safetensors", "--report", "report.html"]);
        let output = lab.call(&arguments);
        let status = output.status.code().unwrap();
        assert!(
            statuses.contains(&status),
            "{method}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let found = object(&output, status);
        assert_eq!(found["settled"], status == 0, "{method}");
        let reward =
            |state: usize, action: usize| found["rewards"][state][action].as_f64().unwrap();
        // To come nearer is paid more than to go away, wherever somebody was.
        for state in 1..4 {
            assert!(
                reward(3, 1) > reward(state, 0),
                "{method}: {}",
                found["rewards"]
            );
        }
        let bytes = fs::read(lab.path().join("reward.safetensors")).unwrap();
        let LearnedReward::Table(table) = LearnedReward::from_bytes(&bytes).unwrap() else {
            panic!("no table");
        };
        assert_eq!(table.method(), method);
        let page = fs::read_to_string(lab.path().join("report.html")).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("What may be so"));
    }
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let lab = lab();
    let arguments = [
        "--method",
        "bayesian",
        "--samples",
        "50",
        "--biases",
        "none",
    ];
    let rewards = || {
        let all = [
            &["infer", "corridor.json", "demos.csv", "--json"],
            &arguments[..],
        ]
        .concat();
        let output = lab.call(&all);
        let status = output.status.code().unwrap();
        object(&output, status)["rewards"].clone()
    };
    assert_eq!(rewards(), rewards());
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    let lab = lab();
    fs::write(
        lab.path().join("far.csv"),
        "episode,observation_0,action_0\n0,9,1\n0,9,\n",
    )
    .unwrap();
    fs::write(
        lab.path().join("wild.csv"),
        "episode,observation_0,action_0\n0,1,7\n0,2,\n",
    )
    .unwrap();
    let told = |arguments: &[&str]| {
        let all = [&["infer", "corridor.json"], arguments].concat();
        refusal(&lab.call(&all))
    };
    for (arguments, says) in [
        (
            &["demos.csv", "--method", "goals", "--goal", "f"][..],
            "there is no state \"f\" to be a goal; name one as the MDP does, such as \"a\"",
        ),
        (
            &["demos.csv", "--method", "goals", "--discount", "1"],
            "set --discount 0.99",
        ),
        (
            &[
                "demos.csv",
                "--method",
                "linear-programme",
                "--discount",
                "1",
            ],
            "set --discount 0.99",
        ),
        (&["demos.csv", "--set", "wind=1"], "leave --set out"),
        (&["demos.csv", "--limit", "3"], "5 states and --limit is 3"),
        (&["far.csv"], "far.csv"),
        (
            &["wild.csv"],
            "takes the action [7.0] at step 0, which is none of the MDP",
        ),
        (&["missing.csv"], "missing.csv"),
        (
            &["demos.csv", "--out", "r.safetensors", "--report", "r.txt"],
            ".html",
        ),
    ] {
        let message = told(arguments);
        assert!(
            message.starts_with("error: ") && message.contains(says),
            "{arguments:?}: {message}"
        );
    }
    for name in ["r.safetensors", "r.txt"] {
        assert!(!lab.path().join(name).exists(), "{name} was written");
    }
    let message = refusal(&lab.call(&["infer", "frozen-lak", "demos.csv"]));
    assert!(
        message.contains("did you mean \"frozen-lake\"?"),
        "{message}"
    );
}
