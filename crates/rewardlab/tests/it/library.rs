//! The library: runs, what they leave, kills and resumption.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rewardlab::{Experiment, Player, Resumed, RunEvent, RunRecord, read_trajectories, resume, run};

use crate::tiny;

fn silent(_: &RunEvent<'_>) {}

fn experiment(name: &str, more: &[&str]) -> Experiment {
    Experiment::load(name, &tiny(more)).unwrap()
}

fn bytes(folder: &Path, file: &str) -> Vec<u8> {
    fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

const FINAL: &str = "checkpoints/final.safetensors";

#[test]
fn a_run_leaves_what_is_promised() {
    let root = tempfile::tempdir().unwrap();
    let sets = [
        "optimizer.n_environments=16",
        "optimizer.n_steps=64",
        "optimizer.minibatch=256",
    ];
    let finished = run(
        &experiment("cleaning-robot", &sets),
        root.path(),
        2,
        &mut silent,
    )
    .unwrap();
    let mut files: Vec<String> = fs::read_dir(&finished.path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "checkpoints",
            "events.out.tfevents.0.rewardlab",
            "experiment.toml",
            "finals.json",
            "metrics.jsonl",
            "report.html",
            "run.lock",
            "trajectories.parquet",
            "verdict.json"
        ]
    );
    let mut checkpoints: Vec<String> = fs::read_dir(finished.path.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    checkpoints.sort();
    assert_eq!(
        checkpoints,
        [
            "0000.safetensors",
            "0001.safetensors",
            "0002.safetensors",
            "0003.safetensors",
            "0004.safetensors",
            "final.safetensors"
        ]
    );
    assert_eq!(
        bytes(&finished.path, "checkpoints/0004.safetensors"),
        bytes(&finished.path, FINAL)
    );
    let pressures: Vec<u64> = finished
        .record
        .checkpoints
        .iter()
        .map(|checkpoint| checkpoint.pressure)
        .collect();
    assert_eq!(pressures, [0, 1024, 2048, 3072, 4096]);
    let (names, groups) = read_trajectories(&finished.path.join("trajectories.parquet")).unwrap();
    assert_eq!(names.components, finished.record.component_names);
    let players: Vec<Player> = groups.iter().map(|group| group.player).collect();
    let sampled = [Player::Sampled; 5];
    assert_eq!(
        players,
        [&sampled[..], &[Player::Greedy, Player::Reference]].concat()
    );
    for (group, checkpoint) in groups.iter().zip(&finished.record.checkpoints) {
        for (number, recorded) in &group.episodes {
            let proxy = checkpoint.sampled.proxy[*number as usize];
            assert_eq!(
                recorded.trajectory.reward_return(),
                proxy,
                "recorded episodes are evaluated ones"
            );
        }
    }
    let read = RunRecord::read(&finished.path).unwrap();
    let mut written = finished.record.clone();
    written.experiment.written_by = read.experiment.written_by.clone();
    assert_eq!(read, written);
}

#[test]
fn the_resolved_experiment_gives_the_same_numbers_on_any_threads() {
    let root = tempfile::tempdir().unwrap();
    let first = run(
        &experiment("ppo-cartpole", &["run.seed=3"]),
        root.path(),
        1,
        &mut silent,
    )
    .unwrap();
    let resolved = first.path.join("experiment.toml");
    let again = Experiment::load(&resolved.to_string_lossy(), &[]).unwrap();
    let second = run(&again, root.path(), 3, &mut silent).unwrap();
    assert_ne!(first.path, second.path);
    for file in [
        FINAL,
        "metrics.jsonl",
        "finals.json",
        "trajectories.parquet",
        "experiment.toml",
    ] {
        assert!(
            bytes(&first.path, file) == bytes(&second.path, file),
            "{file} differs"
        );
    }
}

/// Runs until `stop` says so, and falls over there as a killed process does: nothing after it is written.
fn killed(experiment: &Experiment, root: &Path, stop: &dyn Fn(&RunEvent<'_>) -> bool) -> PathBuf {
    let mut folder = PathBuf::new();
    let mut observer = |event: &RunEvent<'_>| {
        if let RunEvent::Begun { folder: path, .. } = event {
            folder = path.to_path_buf();
        }
        if stop(event) {
            std::panic::resume_unwind(Box::new("killed"));
        }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| run(experiment, root, 2, &mut observer)));
    assert!(outcome.is_err(), "the run was killed");
    folder
}

fn check_resumes(name: &str, sets: &[&str]) {
    let root = tempfile::tempdir().unwrap();
    let experiment = experiment(name, sets);
    let whole = run(&experiment, root.path(), 2, &mut silent).unwrap();
    let steps = experiment.optimizer.settings.count("steps");
    let at_checkpoint = |number| move |event: &RunEvent<'_>| matches!(event, RunEvent::Checkpoint(metrics) if metrics.checkpoint == number);
    let in_the_middle = move |event: &RunEvent<'_>| matches!(event, RunEvent::Iteration(iteration) if iteration.n_steps > steps / 2);
    let judging = |event: &RunEvent<'_>| matches!(event, RunEvent::Auditing);
    let stops: [&dyn Fn(&RunEvent<'_>) -> bool; 5] = [
        &at_checkpoint(0),
        &at_checkpoint(1),
        &at_checkpoint(3),
        &in_the_middle,
        &judging,
    ];
    for (number, stop) in stops.into_iter().enumerate() {
        let folder = killed(&experiment, root.path(), stop);
        let Resumed::Finished(resumed) = resume(&folder, 1, &mut silent).unwrap() else {
            panic!("stop {number} of {name} left a finished run");
        };
        for file in [
            FINAL,
            "metrics.jsonl",
            "finals.json",
            "trajectories.parquet",
        ] {
            let is_same = bytes(&resumed.path, file) == bytes(&whole.path, file);
            assert!(is_same, "{file} differs after stop {number} of {name}");
        }
        assert_eq!(resumed.outcome, whole.outcome);
        assert!(matches!(
            resume(&folder, 1, &mut silent),
            Ok(Resumed::WasFinished(_))
        ));
    }
}

#[test]
fn a_killed_ppo_run_ends_as_it_would_have() {
    let sets = [
        "optimizer.n_environments=4",
        "optimizer.normalize_rewards=true",
        "optimizer.normalize_observations=true",
    ];
    check_resumes("ppo-cartpole", &sets);
}

#[test]
fn a_killed_run_of_our_own_environment_ends_as_it_would_have() {
    let sets = [
        "optimizer.n_environments=8",
        "optimizer.n_steps=64",
        "optimizer.minibatch=128",
    ];
    check_resumes("coast-runners", &sets);
}

#[test]
fn a_killed_continuous_run_ends_as_it_would_have() {
    check_resumes(
        "ppo-pendulum",
        &["optimizer.n_steps=256", "optimizer.minibatch=256"],
    );
}

#[test]
fn a_killed_dqn_run_ends_as_it_would_have() {
    check_resumes(
        "dqn-cartpole",
        &["optimizer.steps=3000", "optimizer.hidden=[16]"],
    );
}

#[test]
fn a_damaged_state_is_refused_and_left_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let experiment = experiment("ppo-cartpole", &[]);
    let folder = killed(
        &experiment,
        root.path(),
        &|event| matches!(event, RunEvent::Checkpoint(metrics) if metrics.checkpoint == 2),
    );
    let state = folder.join("checkpoints/resume.state");
    let mut damaged = fs::read(&state).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&state, &damaged).unwrap();
    let metrics = bytes(&folder, "metrics.jsonl");
    let said = resume(&folder, 1, &mut silent).unwrap_err().to_string();
    assert!(
        said.contains("resume.state") && said.contains("is damaged"),
        "{said}"
    );
    assert_eq!(bytes(&folder, "metrics.jsonl"), metrics);
    assert_eq!(fs::read(&state).unwrap(), damaged);
}

#[test]
fn settings_that_the_optimizer_refuses_leave_no_folder() {
    let root = tempfile::tempdir().unwrap();
    let runs = root.path().join("runs");
    let sets = [
        "optimizer.n_environments=65536",
        "optimizer.n_steps=1048576",
    ];
    let said = run(&experiment("ppo-cartpole", &sets), &runs, 1, &mut silent).unwrap_err();
    assert!(said.to_string().contains("n_environments"), "{said}");
    let sets = ["optimizer.algorithm=dqn", "optimizer.preset=sb3"];
    let text = "[environment]\nname = \"pendulum\"\n[optimizer]\n";
    let sets = sets.map(str::to_owned);
    let continuous = Experiment::parse("x", "x.toml", text, &sets).unwrap();
    assert!(
        run(&continuous, &runs, 1, &mut silent)
            .unwrap_err()
            .to_string()
            .contains("dqn cannot act")
    );
    assert!(!runs.exists());
}

#[test]
fn runs_that_begin_in_one_second_have_folders_of_their_own() {
    let root = tempfile::tempdir().unwrap();
    let experiment = experiment("ppo-cartpole", &["optimizer.steps=256"]);
    let begun: Vec<PathBuf> = (0..4)
        .map(|_| killed(&experiment, root.path(), &|_| true))
        .collect();
    let mut names = begun.clone();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4, "{begun:?}");
    for folder in begun {
        assert!(matches!(
            resume(&folder, 1, &mut silent),
            Ok(Resumed::Finished(_))
        ));
    }
}
