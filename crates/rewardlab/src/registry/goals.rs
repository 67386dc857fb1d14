//! Problems with several goals, each pursued as an environment of its own.

#[cfg(test)]
mod tests;

use envs::{BlockWords, CourierTaxi, DoorsKeysGems, GoalExpert, GoalProblem, Pursuit};

use super::task::{Task, TypedTask};
use super::{EnvironmentEntry, choice, limited, time_limit};
use crate::experiment::Values;
use crate::settings::{Kind, Setting, Value};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![courier_taxi(), doors_keys_gems(), block_words()]
}

const POLICIES: &[(&str, &str)] = &[(
    "expert",
    "goes a shortest way to the goal, all next steps on one alike",
)];

/// The goal by its number, from 1.
fn goal(n_goals: u64, meaning: &'static str) -> Setting {
    Setting {
        key: "goal",
        kind: Kind::Count {
            low: 1,
            high: n_goals,
        },
        default: Some(Value::Count(1)),
        meaning,
    }
}

fn steps(_: &Values) -> (&'static str, &'static str) {
    let both = "steps to the goal, negative";
    (both, both)
}

fn pursued<P: GoalProblem + Clone + 'static>(problem: P, values: &Values) -> Box<dyn Task> {
    let goal = usize::try_from(values.count("goal")).expect("the range was checked") - 1;
    let pursuit = Pursuit::new(problem, goal).expect("the range was checked");
    let expert = GoalExpert::new(pursuit.clone());
    let task = TypedTask::new(limited(pursuit, values)).enumerable();
    task.with("expert", expert).boxed()
}

fn problem<'v>(values: &'v Values, key: &str) -> &'v str {
    values.text(key).unwrap_or_default()
}

fn courier_taxi() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "courier-taxi",
        about: "a passenger is fetched and brought to one of three stands, which a watcher has to guess",
        meanings: steps,
        settings: vec![
            choice(
                "origin",
                &CourierTaxi::PROBLEMS,
                "red",
                "the stand at which the passenger waits: the four published problems",
            ),
            goal(
                3,
                "where the passenger wants to: the other stands in the order red, green, yellow, blue",
            ),
            time_limit(100),
        ],
        policies: POLICIES,
        seconds_per_step: 0.2,
        make: |values| {
            let taxi = CourierTaxi::new(problem(values, "origin"));
            Ok(pursued(taxi.map_err(|error| error.to_string())?, values))
        },
    }
}

fn doors_keys_gems() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "doors-keys-gems",
        about: "doors that each take a key, and three gems, of which a watcher has to guess the one that is wanted",
        meanings: steps,
        settings: vec![
            choice(
                "problem",
                &DoorsKeysGems::PROBLEMS,
                "3",
                "the map, by its published number",
            ),
            goal(3, "the gem that is wanted"),
            time_limit(200),
        ],
        policies: POLICIES,
        seconds_per_step: 0.2,
        make: |values| {
            let gems = DoorsKeysGems::published(problem(values, "problem"));
            Ok(pursued(gems.map_err(|error| error.to_string())?, values))
        },
    }
}

fn block_words() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "block-words",
        about: "letter blocks that are stacked into one of five words, which a watcher has to guess",
        meanings: steps,
        settings: vec![
            choice(
                "problem",
                &BlockWords::PROBLEMS,
                "0",
                "the towers at the start, by their published number: with the words draw, crow, rope, power and wade; \
                 trash, shut, crush, truck and curt; mother, tome, two, throw and thaw",
            ),
            goal(5, "the word that is wanted, by its place among the five"),
            time_limit(100),
        ],
        policies: POLICIES,
        seconds_per_step: 0.4,
        make: |values| {
            let words = BlockWords::published(problem(values, "problem"));
            Ok(pursued(words.map_err(|error| error.to_string())?, values))
        },
    }
}
