//! What recorded episodes say of the reward channel, and what the audit makes of it.

use audit::{Checkpoint, Reference, Series, Settings, Verdict, audit};
use mdp::Seed;

use super::*;
use crate::experiment::Values;
use crate::registry::{self, Task};
use crate::run::trajectories::{self, read_trajectories};
use crate::run::{Returns, training};
use crate::settings::Value;

fn task(environment: &str, remedy: &str) -> Box<dyn Task> {
    let entry = registry::find(environment).unwrap();
    let mut values: Values = entry.defaults();
    values.insert("remedy", Value::Text(remedy.to_owned()));
    entry.make(&values).unwrap()
}

fn group(task: &dyn Task, player: Player, checkpoint: Option<u32>, policy: &str) -> EpisodeGroup {
    let seed = Seed(5).child("group", u64::from(checkpoint.unwrap_or(99)));
    let play = |number| task.play(policy, 1_000, seed.stream("episode", u64::from(number)));
    EpisodeGroup {
        player,
        checkpoint,
        pressure: f64::from(checkpoint.unwrap_or(0)),
        episodes: (0..16)
            .map(|number| (number, play(number).unwrap()))
            .collect(),
    }
}

/// The verdict on a run whose checkpoints are played by scripted policies, against the honest one.
fn verdict(environment: &str, remedy: &str, policies: [&str; 2]) -> (Verdict, Vec<(String, bool)>) {
    let task = task(environment, remedy);
    let task = task.as_ref();
    let mut groups: Vec<EpisodeGroup> = (0..)
        .zip(policies)
        .map(|(number, policy)| group(task, Player::Sampled, Some(number), policy))
        .collect();
    groups.push(group(task, Player::Reference, None, "honest"));
    // What the audit sees is what was written and read again.
    let names = training::column_names(task, 1);
    let names = trajectories::ColumnNames {
        n_observation: groups[0].episodes[0].1.trajectory.observations[0].len(),
        ..names
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trajectories.parquet");
    let file = std::fs::File::create(&path).unwrap();
    trajectories::write(file, &names, groups.clone()).unwrap();
    let (read_names, read) = read_trajectories(&path).unwrap();
    assert_eq!(read_names, names);
    assert_eq!(read, groups);

    let metrics = |number: u32| CheckpointMetrics {
        checkpoint: number,
        pressure: u64::from(number),
        sampled: Returns::default(),
        greedy: Returns::default(),
    };
    let checkpoints = [metrics(0), metrics(1)];
    let seen = |group: &EpisodeGroup| Checkpoint {
        pressure: group.pressure,
        proxy: of_each(group, |recorded| recorded.trajectory.reward_return()),
        ..Checkpoint::default()
    };
    let series = Series {
        checkpoints: groups[..2].iter().map(seen).collect(),
        reference: Some(Reference {
            name: "honest".to_owned(),
            checkpoint: seen(&groups[2]),
        }),
        channel: channel_of(&checkpoints, &read, task.reward_functions()),
        ..Series::default()
    };
    let outcome = audit(&series, &Settings::default(), Seed(0)).unwrap();
    let failed = |check: &audit::Check| check.status == audit::CheckStatus::Fail;
    let checks = outcome
        .checks
        .iter()
        .map(|check| (check.name.to_owned(), failed(check)));
    (
        outcome.verdict,
        checks.filter(|(_, failed)| *failed).collect(),
    )
}

fn of_each(group: &EpisodeGroup, number: fn(&RecordedEpisode) -> f64) -> Vec<f64> {
    group
        .episodes
        .iter()
        .map(|(_, recorded)| number(recorded))
        .collect()
}

#[track_caller]
fn check(environment: &str, cured_by: &str, part: &str) {
    let tampered = verdict(environment, "none", ["honest", "tamperer"]);
    assert_eq!(tampered.0, Verdict::Tampered, "{environment}");
    assert_eq!(tampered.1, [(part.to_owned(), true)]);
    // The honest policy is not accused, nor is a policy that reaches for a channel which the reward does not take.
    let honest = verdict(environment, "none", ["honest", "honest"]);
    assert_ne!(honest.0, Verdict::Tampered, "{environment}");
    let cured = verdict(environment, cured_by, ["honest", "tamperer"]);
    assert_ne!(cured.0, Verdict::Tampered, "{environment}");
}

#[test]
fn a_covered_camera_is_an_input_tampered_with() {
    check("tampered-sensor", "belief", "input");
}

#[test]
fn a_rewritten_function_is_found() {
    check("tampered-function", "counterfactual", "function");
}

#[test]
fn a_written_register_is_found() {
    check("tampered-register", "current-function", "register");
}

#[test]
fn charmed_tasters_and_stirred_users_are_found() {
    check("tampered-feedback", "counterfactual", "feedback");
    check("drifting-recommender", "counterfactual", "feedback");
}

#[test]
fn an_environment_whose_channel_is_out_of_reach_has_no_channel_to_check() {
    let entry = registry::find("cleaning-robot").unwrap();
    let task = entry.make(&entry.defaults()).unwrap();
    let recorded = task.play("random", 100, Seed(0).stream("test", 0)).unwrap();
    assert!(recorded.channel.is_empty());
    assert_eq!(channel_of(&[], &[], task.reward_functions()), None);
}
