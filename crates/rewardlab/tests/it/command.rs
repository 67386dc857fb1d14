//! The command: what it prints, with which exit status, and what it refuses.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Lab, check_schema, object, refusal};

fn interval() -> Value {
    json!({ "mean": "number", "low": "?number", "high": "?number" })
}

fn returns() -> Value {
    json!({
        "n_episodes": "number", "proxy": "number", "proxy_deviation": "number", "intent": "?number",
        "intent_deviation": "?number", "components": "object", "episode_length": "number",
        "terminated_rate": "number", "finish_rate": "?number",
    })
}

/// The schema of `evidence`, as in `docs/commands/run.md`.
fn evidence() -> Value {
    let estimate = json!({
        "members": "?list", "pressure": "?number", "episodes": "number", "labelled": "number",
        "proxy": interval(), "intent": "?object",
    });
    let check = json!({
        "name": "text", "status": "text", "smallest_effect": "?number", "unit": "text", "note": "text",
    });
    let component =
        json!({ "name": "text", "before": "number", "after": "number", "share": "?number" });
    json!({
        "reason": "?text", "statement": "text", "remarks": ["text"], "error_rate": "number",
        "proxy_margin": "number", "intent_margin": "number", "reference_name": "text",
        "reference": "?object", "checkpoints": [estimate], "witness": "?object", "peak": "?object",
        "onset": "?object", "smallest_visible_fall": "?number", "labels_used": "number",
        "checks": [check], "components": [component], "recurrence": "?object", "clips": "?object",
        "loophole": "?text", "mend": "?text",
    })
}

/// The schema of a run, as in `docs/commands/run.md`.
fn run_schema() -> Value {
    let mut evidence = evidence();
    let mut reference = returns();
    reference["name"] = json!("text");
    evidence["outcomes"] = json!({
        "greedy_return": "number", "finish_rate": "?number", "final": returns(), "greedy": returns(),
        "reference": "?object",
    });
    json!({
        "verdict": "text", "evidence": evidence, "experiment": "text", "seed": "number", "run": "text",
        "n_steps": "number", "training_seconds": "number", "evaluation_seconds": "number",
        "steps_per_second": "number", "profile": { "collect": "number", "update": "number" },
        "greedy_return": "number", "threads": "number", "version": "text", "instruction_set": "text",
    })
}

#[test]
fn run_prints_one_object_of_its_schema_and_audit_report_and_compare_read_the_run() {
    let lab = Lab::new();
    let ran = lab.run("ppo-cartpole", &[]);
    check_schema(&ran, &run_schema(), "run");
    let other = lab.run("ppo-cartpole", &["--seed", "1"]);
    let path = ran["run"].as_str().unwrap();
    let written: Value =
        serde_json::from_slice(&fs::read(lab.path().join(path).join("verdict.json")).unwrap())
            .unwrap();
    assert_eq!(written, ran);

    let output = lab.call(&["audit", path, "--json"]);
    let status = match ran["verdict"].as_str().unwrap() {
        "aligned" => 0,
        "inconclusive" => 3,
        _ => 1,
    };
    let audited = object(&output, status);
    check_schema(&audited, &run_schema(), "audit");
    assert_eq!(audited["verdict"], ran["verdict"]);
    assert_eq!(audited["evidence"], ran["evidence"]);
    let wide = object(&lab.call(&["audit", path, "--json", "--labels", "4"]), 3);
    assert_eq!(wide["evidence"]["labels_used"], 4);

    let report = lab.path().join(path).join("report.html");
    let html = fs::read(&report).unwrap();
    fs::remove_file(&report).unwrap();
    let made = object(&lab.call(&["report", path, "--json"]), 0);
    check_schema(
        &made,
        &json!({ "report": "text", "run": "text", "verdict": "text" }),
        "report",
    );
    assert!(
        fs::read(&report).unwrap() == html,
        "the report is made again byte by byte"
    );

    let paths = [path, other["run"].as_str().unwrap()];
    let compared = object(
        &lab.call(&[
            "compare", paths[0], paths[1], "--json", "--report", "c.html",
        ]),
        0,
    );
    let row = json!({
        "name": "text", "run": "text", "verdict": "text", "proxy": "number", "intent": "?number",
        "greedy_return": "number", "onset": "?number", "training_seconds": "number",
    });
    let difference = json!({ "key": "text", "values": ["?text"] });
    check_schema(
        &compared,
        &json!({ "runs": [row], "differences": [difference] }),
        "compare",
    );
    assert_eq!(
        compared["differences"],
        json!([{ "key": "run.seed", "values": ["0", "1"] }])
    );
    assert!(
        fs::read_to_string(lab.path().join("c.html"))
            .unwrap()
            .starts_with("<!")
    );

    let resumed = object(&lab.call(&["run", "--resume", path, "--json"]), 0);
    assert_eq!(resumed, ran, "a finished run says what it found");
    let toml = lab.path().join(path).join("experiment.toml");
    let text = fs::read_to_string(&toml).unwrap();
    let here = format!(
        "instruction_set = \"{}\"",
        ran["instruction_set"].as_str().unwrap()
    );
    fs::write(&toml, text.replace(&here, "instruction_set = \"abacus\"")).unwrap();
    let said = lab.call(&["run", "--resume", path]);
    assert!(
        String::from_utf8_lossy(&said.stderr).contains("warning: this run was begun with abacus")
    );
    assert_eq!(said.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&said.stdout).contains("was finished already"));

    let listed = object(&lab.call(&["list", "--json"]), 0);
    let setting =
        json!({ "key": "text", "allowed": "text", "default": "?text", "meaning": "text" });
    let policy = json!({ "name": "text", "meaning": "text" });
    let schema = json!({
        "experiments": [{ "name": "text", "description": "text", "environment": "text", "algorithm": "text" }],
        "environments": [{ "name": "text", "about": "text", "settings": [setting], "policies": [policy] }],
        "presets": [{ "algorithm": "text", "name": "text", "source": "text" }],
        "runs": [{ "run": "text", "verdict": "?text" }],
    });
    check_schema(&listed, &schema, "list");
    assert_eq!(listed["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn several_seeds_make_one_table() {
    let lab = Lab::new();
    let ran = lab.run(
        "ppo-cartpole",
        &["--seeds", "2", "--set", "optimizer.steps=1024"],
    );
    let summary = json!({
        "n_seeds": "number", "verdicts": "object", "level": "number",
        "proxy_interquartile_mean": interval(), "intent_interquartile_mean": interval(),
    });
    check_schema(
        &ran,
        &json!({ "seeds": [run_schema()], "summary": summary }),
        "run --seeds",
    );
    assert_eq!(ran["seeds"][0]["seed"], 0);
    assert_eq!(ran["seeds"][1]["seed"], 1);
    assert_eq!(lab.runs().len(), 2, "a folder a seed");
}

#[test]
fn a_process_that_is_killed_is_resumed_to_the_same_weights() {
    let lab = Lab::new();
    let sets = [
        "--set",
        "optimizer.steps=16384",
        "--set",
        "audit.checkpoints=9",
    ];
    let whole = lab.run("ppo-cartpole", &sets);
    let before = lab.runs();
    let mut arguments = vec!["run", "ppo-cartpole"];
    for argument in crate::TINY {
        arguments.extend(["--set", argument]);
    }
    arguments.extend(sets);
    let mut child = lab
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let folder = loop {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the run never reached a checkpoint"
        );
        let new = lab.runs().into_iter().find(|run| !before.contains(run));
        let has_checkpoint =
            |run: &std::path::PathBuf| run.join("checkpoints/0002.safetensors").exists();
        if let Some(run) = new.filter(has_checkpoint) {
            break run;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !folder.join("verdict.json").exists(),
        "the run was killed before its end"
    );
    let said = refusal(&lab.call(&["report", folder.to_str().unwrap()]));
    assert!(
        said.contains("not finished") && said.contains("--resume"),
        "{said}"
    );
    let resumed = object(
        &lab.call(&["run", "--resume", folder.to_str().unwrap(), "--json"]),
        0,
    );
    assert_eq!(resumed["verdict"], whole["verdict"]);
    let weights =
        |run: &std::path::Path| fs::read(run.join("checkpoints/final.safetensors")).unwrap();
    let whole = lab.path().join(whole["run"].as_str().unwrap());
    assert!(weights(&folder) == weights(&whole));
}

#[test]
fn rollout_prints_every_step() {
    let lab = Lab::new();
    let step = json!({
        "step": "number", "observation": ["number"], "action": ["number"], "action_name": "?text",
        "reward": "number", "components": "object", "intent": "?number", "end": "?text",
    });
    let schema = json!({
        "environment": "text", "settings": "object", "seed": "number", "policy": "?text", "steps": [step],
        "final_observation": ["number"], "return": "number", "intent_return": "?number", "success": "?flag",
    });
    let check = |arguments: &[&str], n_steps: usize| {
        let mut all = vec!["rollout"];
        all.extend(arguments);
        all.push("--json");
        let rolled = object(&lab.call(&all), 0);
        check_schema(&rolled, &schema, "rollout");
        assert_eq!(rolled["steps"].as_array().unwrap().len(), n_steps);
        rolled
    };
    check(&["cartpole", "--actions", "0,1,r,left"], 4);
    check(&["pendulum", "--actions", "-0.5,1.25"], 2);
    check(&["nail-factory", "--actions", "0:1:2:3:4:3:0"], 1);
    check(
        &[
            "coast-runners",
            "--policy",
            "looper",
            "--set",
            "environment.time_limit=30",
        ],
        30,
    );
    let full = check(&["cleaning-robot", "--policy", "cleaner"], 200);
    assert_eq!(full["steps"][199]["end"], "truncated");
    assert_eq!(
        full,
        check(&["cleaning-robot", "--policy", "cleaner"], 200),
        "the same seed, the same episode"
    );
    let text = lab.call(&["rollout", "cartpole", "--actions", "1"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("right  reward 1  intent 1"));
}

#[test]
fn a_checkpoint_plays() {
    let lab = Lab::new();
    let ran = lab.run("ppo-cartpole", &["--set", "optimizer.steps=512"]);
    let path = ran["run"].as_str().unwrap();
    let rolled = object(
        &lab.call(&[
            "rollout", "cartpole", "--policy", path, "--greedy", "--json",
        ]),
        0,
    );
    assert!(!rolled["steps"].as_array().unwrap().is_empty());
    let file = format!("{path}/checkpoints/0000.safetensors");
    let said = refusal(&lab.call(&["rollout", "acrobot", "--policy", &file]));
    assert!(said.contains("0000.safetensors"), "{said}");
    let weights = lab.path().join("broken.safetensors");
    fs::write(&weights, b"not weights").unwrap();
    let said = refusal(&lab.call(&["rollout", "cartpole", "--policy", "broken.safetensors"]));
    assert!(said.contains("broken.safetensors"), "{said}");
}

#[test]
fn bad_input_is_refused_with_the_place_and_leaves_nothing() {
    let lab = Lab::new();
    fs::write(
        lab.path().join("bad.toml"),
        "[environment]\nname = \"cartpol\"\n",
    )
    .unwrap();
    fs::write(lab.path().join("log.csv"), "r,l\n1,2\nnan,3\n").unwrap();
    let check = |arguments: &[&str], parts: &[&str]| {
        let said = refusal(&lab.call(arguments));
        for part in parts {
            assert!(
                said.contains(part),
                "{arguments:?} said {said:?}, not {part:?}"
            );
        }
    };
    check(
        &["run", "bad.toml"],
        &[
            "bad.toml:2:1",
            "cartpol",
            "did you mean \"cartpole\"?",
            "optimizer.algorithm",
        ],
    );
    check(
        &["run", "cost-runners"],
        &["did you mean \"coast-runners\"?"],
    );
    check(&["run", "no/such.toml"], &["no/such.toml"]);
    check(
        &["run", "ppo-cartpole", "--set", "optimizer.stps=3"],
        &["--set optimizer.stps=3", "did you mean steps?"],
    );
    check(&["run"], &["--help"]);
    check(&["run", "--resume", "nowhere"], &["nowhere", "not there"]);
    check(&["run", "--resume", "."], &["experiment.toml"]);
    check(&["show", "x"], &["no experiment \"x\""]);
    check(&["report", "nowhere"], &["nowhere"]);
    check(&["compare", "nowhere"], &["--help"]);
    check(&["compare", "nowhere", "elsewhere"], &["nowhere"]);
    check(&["audit", "nowhere.csv"], &["nowhere.csv"]);
    check(
        &["audit", "log.csv", "--proxy", "r", "--pressure", "l"],
        &["log.csv", "line 3"],
    );
    check(&["audit", "log.csv", "--proxy-bounds", "3"], &["comma"]);
    check(&["audit", "log.csv", "--proxy-bounds", "3,1"], &["3", "1"]);
    check(
        &["audit", "log.csv", "--proxy", "r", "--margin", "2"],
        &["margin", "2"],
    );
    check(&["rollout", "cartpol"], &["did you mean \"cartpole\"?"]);
    check(
        &["rollout", "cartpole", "--actions", "0,2"],
        &["action 1", "\"2\"", "out of range", "0 left, 1 right"],
    );
    check(
        &["rollout", "cartpole", "--actions", "0,up"],
        &["\"up\"", "is no action"],
    );
    check(
        &["rollout", "pendulum", "--actions", "0:1"],
        &["has 2 numbers, not 1"],
    );
    check(
        &["rollout", "pendulum", "--actions", "3"],
        &["out of range", "-2 to 2"],
    );
    check(
        &["rollout", "pendulum", "--actions", "nan"],
        &["out of range"],
    );
    check(
        &["rollout", "coast-runners", "--policy", "drivr"],
        &["drivr", "driver, looper, random"],
    );
    check(
        &["rollout", "cartpole", "--set", "environment.course=bay"],
        &["time_limit"],
    );
    check(&["completions", "tcsh"], &["tcsh"]);
    assert!(!lab.path().join("runs").exists(), "nothing is left behind");
}

#[test]
fn show_prints_an_experiment_that_can_be_run() {
    let lab = Lab::new();
    let output = lab.call(&["show", "coast-runners", "--set", "environment.course=canal"]);
    assert_eq!(output.status.code(), Some(0));
    fs::write(lab.path().join("mine.toml"), &output.stdout).unwrap();
    let shown = object(&lab.call(&["show", "mine.toml", "--json"]), 0);
    assert_eq!(shown["environment"]["course"], "canal");
    assert_eq!(shown["name"], "coast-runners");
}

#[test]
fn foreign_logs_are_judged() {
    let lab = Lab::new();
    // 400 episodes: the proxy rises throughout; the intent does, or falls.
    let log = |sign: f64| {
        let mut text = "#{\"env_id\": \"Test-v0\"}\nr,l,t,intent\n".to_owned();
        for episode in 0..400 {
            let noise = f64::from((episode * 7919) % 101) / 101.0;
            let rise = f64::from(episode) / 10.0;
            text += &format!(
                "{},{},{},{}\n",
                rise + noise,
                10,
                episode,
                sign * rise + noise
            );
        }
        text
    };
    fs::write(lab.path().join("good.monitor.csv"), log(1.0)).unwrap();
    fs::write(lab.path().join("bad.monitor.csv"), log(-1.0)).unwrap();
    let windows = json!({ "n_windows": "number", "verdict": "text", "reason": "?text" });
    let mut evidence = evidence();
    evidence["windows"] = json!([windows]);
    let source = json!({
        "format": "text", "files": ["text"], "environment": "?text", "n_records": "number",
        "proxy": "text", "intent": "?text", "pressure": "text",
    });
    let schema = json!({
        "verdict": "text", "evidence": evidence, "source": source, "training_seconds": "?number",
    });
    let good = object(&lab.call(&["audit", "good.monitor.csv", "--json"]), 0);
    check_schema(&good, &schema, "audit");
    assert_eq!(good["verdict"], "aligned");
    let bad = object(
        &lab.call(&["audit", "bad.monitor.csv", "--json", "--report", "bad.html"]),
        1,
    );
    check_schema(&bad, &schema, "audit");
    assert_eq!(bad["verdict"], "gamed");
    assert!(lab.path().join("bad.html").exists());
    let text = lab.call(&["audit", "bad.monitor.csv"]);
    assert_eq!(text.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&text.stdout).contains("gamed"));
}

#[test]
fn help_has_examples_on_every_command() {
    let lab = Lab::new();
    let commands = [
        "run",
        "list",
        "show",
        "audit",
        "report",
        "compare",
        "rollout",
        "completions",
    ];
    for command in commands {
        let output = lab.call(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Examples:"), "{command}: {text}");
    }
    let version = lab.call(&["--version"]);
    assert_eq!(
        String::from_utf8(version.stdout).unwrap().trim(),
        format!("rewardlab {}", rewardlab::VERSION)
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = lab.call(&["completions", shell]);
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{shell}"
        );
    }
}
