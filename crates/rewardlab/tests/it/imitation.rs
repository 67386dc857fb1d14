//! Runs that imitate, and rewards that were learned: what they leave can be used again, wherever it goes.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::Lab;

const AUDIT: [&str; 5] = [
    "audit.checkpoints=3",
    "audit.episodes=30",
    "evaluation.greedy_episodes=5",
    "evaluation.greedy_episodes_per_checkpoint=2",
    "evaluation.reference_episodes=30",
];

/// Runs an experiment with few checkpoints and gives its object.
fn run(lab: &Lab, experiment: &str, set: &[&str]) -> Value {
    let mut arguments = vec!["run", experiment, "--json", "--threads", "2"];
    for setting in AUDIT.iter().chain(set) {
        arguments.extend(["--set", setting]);
    }
    let output = lab.call(&arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn folder(lab: &Lab, object: &Value) -> PathBuf {
    lab.path().join(object["run"].as_str().unwrap())
}

/// The greedy policy's mean intent at the end of a run.
fn last_intent(lab: &Lab, object: &Value) -> f64 {
    let finals = fs::read_to_string(folder(lab, object).join("finals.json")).unwrap();
    let finals: Value = serde_json::from_str(&finals).unwrap();
    let intents = finals["greedy"]["episodes"]["intent"].as_array().unwrap();
    intents.iter().map(|x| x.as_f64().unwrap()).sum::<f64>() / intents.len() as f64
}

#[test]
fn cloning_and_asking_an_expert_balance_the_pole() {
    let lab = Lab::new();
    let cloned = run(&lab, "bc-cartpole", &["optimizer.epochs=30"]);
    assert!(last_intent(&lab, &cloned) > 400.0);
    let set = ["optimizer.algorithm=dagger", "optimizer.steps=5000"];
    let asked = run(&lab, "bc-cartpole", &set);
    assert!(last_intent(&lab, &asked) > 400.0);
}

#[test]
fn a_reward_that_was_learned_is_paid_and_checked() {
    let lab = Lab::new();
    let imitated = run(&lab, "gail-cartpole", &["optimizer.steps=2048"]);
    let reward = folder(&lab, &imitated).join("learned-reward.safetensors");
    assert!(reward.is_file());
    let path = format!("reward.path={}", reward.display());
    let set = [path.as_str(), "optimizer.steps=2048"];
    let trained = run(&lab, "ppo-cartpole", &set);
    let copy = folder(&lab, &trained).join("reward.safetensors");
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&reward).unwrap());
    // Where the first file went does not matter any more.
    fs::remove_file(&reward).unwrap();
    let again = lab.call(&["report", folder(&lab, &trained).to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(0));
    // States of a pole cannot be listed: estimates decide nothing, but are made.
    let checked = lab.call(&[
        "check",
        "cartpole",
        "--reward",
        copy.to_str().unwrap(),
        "--episodes",
        "4",
    ]);
    assert_eq!(
        checked.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let strange = lab.call(&["check", "acrobot", "--reward", copy.to_str().unwrap()]);
    assert_eq!(strange.status.code(), Some(2));
    let said = String::from_utf8_lossy(&strange.stderr);
    assert!(
        said.contains("it reads 4 features of an observation, the environment gives 6"),
        "{said}"
    );
}

#[test]
fn what_is_inferred_from_laps_can_be_sound_or_not() {
    let lab = Lab::new();
    let verdict_of = |of: &str| {
        let of = format!("reward.of={of}");
        let object = run(&lab, "irl-gridworld", &[&of, "optimizer.steps=8192"]);
        let reward = folder(&lab, &object).join("reward.safetensors");
        let checked = lab.call(&["check", "boat-race", "--reward", reward.to_str().unwrap()]);
        checked.status.code()
    };
    assert_eq!(verdict_of("actions"), Some(0));
    assert_eq!(verdict_of("arrivals"), Some(1));
}

#[test]
fn demonstrations_in_a_file_go_into_the_run() {
    let lab = Lab::new();
    let file = lab.path().join("laps.parquet");
    let recorded = lab.call(&[
        "demos",
        "record",
        "cartpole",
        "--policy",
        "balancer",
        "--episodes",
        "5",
        file.to_str().unwrap(),
    ]);
    assert_eq!(
        recorded.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&recorded.stderr)
    );
    let path = format!("demonstrations.path={}", file.display());
    let text = "[environment]\nname = \"cartpole\"\n[optimizer]\nalgorithm = \"bc\"\npreset = \"default\"\nepochs = 3\n[demonstrations]\nepisodes = 4\n";
    fs::write(lab.path().join("mine.toml"), text).unwrap();
    let object = run(&lab, "mine.toml", &[&path]);
    let inside = folder(&lab, &object);
    assert!(inside.join("demonstrations.parquet").is_file());
    fs::remove_file(&file).unwrap();
    // The resolved experiment runs again, from the copy beside it, to the same numbers.
    let resolved = inside.join("experiment.toml");
    let again = run(&lab, resolved.to_str().unwrap(), &[]);
    let metrics = |object: &Value| fs::read(folder(&lab, object).join("metrics.jsonl")).unwrap();
    assert_eq!(metrics(&object), metrics(&again));
}

#[test]
fn what_is_missing_or_strange_is_told_before_anything_is_written() {
    let lab = Lab::new();
    let check = |arguments: &[&str], expected: &str| {
        let output = lab.call(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    check(
        &[
            "run",
            "ppo-cartpole",
            "--set",
            "optimizer.algorithm=gail",
            "--set",
            "optimizer.preset=default",
        ],
        "gail needs demonstrations; add [demonstrations] with path, a file, or policy",
    );
    check(
        &[
            "run",
            "bc-cartpole",
            "--set",
            "demonstrations.policy=balanser",
        ],
        "demonstrations.policy = \"balanser\" is no policy of cartpole; did you mean \"balancer\"?",
    );
    check(
        &[
            "run",
            "ppo-cartpole",
            "--set",
            "reward.path=nothing.safetensors",
        ],
        "nothing.safetensors: cannot read the learned reward",
    );
    fs::write(lab.path().join("text.safetensors"), "no reward").unwrap();
    check(
        &[
            "run",
            "ppo-cartpole",
            "--set",
            "reward.path=text.safetensors",
        ],
        "text.safetensors: is no learned reward",
    );
    check(
        &[
            "run",
            "ppo-cartpole",
            "--set",
            "reward.infer=maximum-causal-entropy",
            "--set",
            "demonstrations.policy=balancer",
        ],
        "the states of this environment cannot be listed",
    );
    for (experiment, set) in [
        ("gail-cartpole", ""),
        ("irl-gridworld", "reward.of=arrivals"),
    ] {
        let mut arguments = vec!["run", experiment, "--set", "demonstrations.episodes=0"];
        arguments.extend(["--set", set].iter().filter(|_| !set.is_empty()));
        check(
            &arguments,
            "demonstrations.episodes = 0 leaves no step to learn from",
        );
    }
    check(
        &["check", "boat-race", "--reward", "gone.safetensors"],
        "gone.safetensors: there is no such file of a learned reward",
    );
    let laps = lab.path().join("laps.parquet");
    let record = ["demos", "record", "boat-race", laps.to_str().unwrap()];
    let recorded = lab.call(&[&record[..], &["--policy", "intended", "--episodes", "2"]].concat());
    assert_eq!(recorded.status.code(), Some(0));
    check(
        &["infer", "frozen-lake", laps.to_str().unwrap()],
        "it was recorded in boat-race, not in frozen-lake",
    );
    let path = format!("demonstrations.path={}", laps.display());
    check(
        &["run", "bc-cartpole", "--set", &path],
        "it was recorded in boat-race, not in cartpole",
    );
    assert!(!lab.path().join("runs").exists());
}
