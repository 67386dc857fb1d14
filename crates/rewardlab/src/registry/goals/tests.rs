//! Every goal of every problem can be pursued, and the expert gets there.

use mdp::{Discount, End, Seed};

use super::super::task::Tabulation;
use super::{EnvironmentEntry, Value, entries};
use crate::experiment::Values;

fn with(entry: &EnvironmentEntry, changes: &[(&'static str, Value)]) -> Values {
    let mut values = entry.defaults();
    for (key, value) in changes {
        values.insert(key, value.clone());
    }
    values
}

#[test]
fn experts_reach_their_goals() {
    for entry in entries().iter().filter(|entry| entry.name != "block-words") {
        for goal in 1..=3 {
            let task = entry
                .make(&with(entry, &[("goal", Value::Count(goal))]))
                .unwrap();
            let played = task
                .play("expert", 1_000, Seed(0).stream("episode", 0))
                .unwrap();
            assert_eq!(
                played.trajectory.end(),
                Some(End::Terminated),
                "{}",
                entry.name
            );
            assert_eq!(played.success, Some(true));
            let state = played.trajectory.states.last().unwrap();
            assert!(!task.draw(state).unwrap().is_empty() && task.scene().is_some());
        }
    }
}

#[test]
fn small_problems_become_finite_mdps_and_large_ones_say_so() {
    let tabulation = Tabulation {
        discount: Discount::new(0.99).unwrap(),
        horizon: None,
        limit: 10_000,
    };
    for entry in entries() {
        let task = entry.make(&entry.defaults()).unwrap();
        let tabulated = task.tabulate(&tabulation).unwrap();
        assert_eq!(
            tabulated.is_err(),
            entry.name == "block-words",
            "{}",
            entry.name
        );
    }
}
