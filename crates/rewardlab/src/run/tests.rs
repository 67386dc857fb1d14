//! The files of a run: what is written is read back, and damage is met with an error.

use std::path::PathBuf;

use mdp::Seed;
use nn::Pool;
use rl::Play;

use super::evaluate::play_network;
use super::metrics::{CheckpointMetrics, Returns};
use super::trajectories::{self, ColumnNames, EpisodeGroup, Player};
use super::*;
use crate::experiment::Experiment;
use crate::registry::{self, RecordedEpisode};

fn temporary(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn recorded(policy: &str, seed: u64) -> RecordedEpisode {
    let entry = registry::find("cleaning-robot").unwrap();
    let task = entry.make(&entry.defaults()).unwrap();
    task.play(policy, 1000, Seed(seed).stream("test", 0))
        .unwrap()
}

fn groups() -> (ColumnNames, Vec<EpisodeGroup>) {
    let entry = registry::find("cleaning-robot").unwrap();
    let task = entry.make(&entry.defaults()).unwrap();
    let n_features = task.vectorized(1, Seed(0)).n_features();
    let group = |player, checkpoint, episodes| EpisodeGroup {
        player,
        checkpoint,
        pressure: 12.5,
        episodes,
    };
    let groups = vec![
        group(
            Player::Sampled,
            Some(3),
            vec![(0, recorded("random", 0)), (1, recorded("dumper", 1))],
        ),
        group(Player::Reference, None, vec![(4, recorded("cleaner", 2))]),
    ];
    (training::column_names(task.as_ref(), n_features), groups)
}

#[test]
fn recorded_episodes_come_back_from_parquet_bit_by_bit() {
    let (names, groups) = groups();
    let mut bytes = vec![];
    trajectories::write(&mut bytes, &names, groups.clone()).unwrap();
    let (_folder, path) = temporary("trajectories.parquet", &bytes);
    let (read_names, read) = read_trajectories(&path).unwrap();
    assert_eq!(read_names, names);
    assert_eq!(read, groups);
}

#[test]
fn a_damaged_parquet_file_is_an_error_and_no_panic() {
    let (names, mut groups) = groups();
    groups.truncate(1);
    groups[0].episodes.truncate(1);
    let mut bytes = vec![];
    trajectories::write(&mut bytes, &names, groups).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    for length in (0..bytes.len()).step_by(997) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(read_trajectories(&path).is_err(), "cut to {length} bytes");
    }
    // A byte turned may go unseen in a number, but must not bring the program down.
    for index in (0..bytes.len())
        .step_by(61)
        .chain(bytes.len().saturating_sub(600)..bytes.len())
    {
        let mut damaged = bytes.clone();
        damaged[index] ^= 0x55;
        std::fs::write(&path, &damaged).unwrap();
        let _ = read_trajectories(&path);
    }
}

#[test]
fn a_foreign_parquet_file_is_refused() {
    let (_folder, path) = temporary("foreign.parquet", b"PAR1 and nothing more PAR1");
    let said = read_trajectories(&path).unwrap_err().to_string();
    assert!(
        said.contains("foreign.parquet") && said.contains("damaged"),
        "{said}"
    );
}

#[test]
fn metrics_come_back_and_a_line_cut_off_is_left_out() {
    let names = ["dust".to_owned()];
    let returns = |intent: Option<Vec<f64>>| Returns {
        proxy: vec![0.1 + 0.2, -1e-300],
        intent,
        components: vec![vec![1.0, f64::MIN_POSITIVE]],
        lengths: vec![3, 200],
        terminated: vec![true, false],
        successes: Some(vec![false, true]),
    };
    let checkpoint = |number| CheckpointMetrics {
        checkpoint: number,
        pressure: 1 << 40,
        sampled: returns(Some(vec![1.0 / 3.0, 2.0])),
        greedy: returns(None),
    };
    let mut text = checkpoint(0).to_line(&names);
    let second = checkpoint(1).to_line(&names);
    text.push_str(&second[..second.len() / 2]);
    let (_folder, path) = temporary("metrics.jsonl", text.as_bytes());
    assert_eq!(read_metrics(&path, &names).unwrap(), [checkpoint(0)]);
    let (_folder, path) = temporary("metrics.jsonl", b"{\"checkpoint\": 0}\n");
    assert!(
        read_metrics(&path, &names)
            .unwrap_err()
            .to_string()
            .contains("line 1 is no checkpoint 0")
    );
}

#[test]
fn tensorboard_files_are_read_by_a_reader_that_does_not_know_us() {
    let mut bytes = tensorboard::header(1.0);
    for step in 0..5_u64 {
        let scalars = [("proxy", step as f64), ("intent", -0.5)];
        bytes.extend(tensorboard::scalars(2.0, 1000 * step, &scalars));
    }
    let (_folder, path) = temporary("events.out.tfevents.1", &bytes);
    let mapping = logs::Mapping {
        proxy: Some("proxy".to_owned()),
        intent: Some("intent".to_owned()),
        ..logs::Mapping::default()
    };
    let log = logs::read(&[path], &mapping).unwrap();
    let records: Vec<(f64, f64, Option<f64>)> = log
        .records()
        .iter()
        .map(|record| (record.pressure, record.proxy, record.intent))
        .collect();
    assert_eq!(records.len(), 5);
    assert_eq!(records[4], (4000.0, 4.0, Some(-0.5)));
}

#[test]
fn recorded_episodes_are_those_of_the_evaluation() {
    let experiment = Experiment::load("coast-runners", &[]).unwrap();
    let inputs = Inputs::of(&experiment).unwrap();
    let task = &inputs.task;
    let pool = Arc::new(Pool::new(2));
    let learner = training::training_of(&experiment, &inputs, None, &pool)
        .unwrap()
        .learner;
    let policy = learner.policy();
    let played = play_network(
        task.as_ref(),
        policy.as_ref(),
        Play::Sampled,
        5,
        Seed(3),
        &pool,
    );
    assert_eq!((played.outcomes.len(), played.recorded.len()), (5, 5));
    for (outcome, recorded) in played.outcomes.iter().zip(&played.recorded) {
        let recorded = recorded.as_ref().unwrap();
        let trajectory = &recorded.trajectory;
        assert_eq!(trajectory.reward_return(), outcome.reward);
        assert_eq!(trajectory.intent_return(), outcome.intent);
        assert_eq!(trajectory.component_returns(), outcome.components);
        assert_eq!(trajectory.steps.len(), outcome.n_steps as usize);
        assert_eq!(trajectory.end(), Some(outcome.end));
        assert_eq!(recorded.success, outcome.success);
        assert_eq!(trajectory.states.len(), trajectory.steps.len() + 1);
        assert_eq!(trajectory.observations.len(), trajectory.states.len());
    }
    let alone = play_network(
        task.as_ref(),
        policy.as_ref(),
        Play::Sampled,
        5,
        Seed(3),
        &Pool::new(1),
    );
    assert_eq!(alone.outcomes, played.outcomes, "threads change nothing");
}

#[test]
fn a_run_of_recorded_episodes_stays_within_its_bytes() {
    let (names, groups) = groups();
    let episodes: Vec<RecordedEpisode> = groups
        .into_iter()
        .flat_map(|group| group.episodes)
        .map(|(_, recorded)| recorded)
        .collect();
    let played = |episodes: &[RecordedEpisode]| evaluate::Played {
        outcomes: vec![],
        recorded: episodes.iter().cloned().map(Some).collect(),
    };
    let bytes = episodes[0].trajectory.states.len() * names.row_bytes();
    assert_eq!(played(&episodes).within(&names, bytes - 1).len(), 0);
    assert_eq!(played(&episodes).within(&names, bytes * 2).len(), 2);
    assert_eq!(played(&episodes).within(&names, usize::MAX).len(), 3);
}
