//! A robot that serves a person, and may ask.

use envs::{Assistant, AssistantPolicy, AssistantSettings};

use super::task::TypedTask;
use super::{EnvironmentEntry, choice, is_intent, limited, parsed, time_limit};
use crate::settings::{Kind, Setting, Value};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![assistant()]
}

fn assistant() -> EnvironmentEntry {
    let share = |key, default, meaning| Setting {
        key,
        kind: Kind::Number {
            low: 0.0,
            high: 1.0,
        },
        default: Some(Value::Number(default)),
        meaning,
    };
    EnvironmentEntry {
        name: "assistant",
        about: "a person wants one of four things, and a robot may watch, ask, or bring one",
        meanings: |values| {
            let intent = "what was wanted, less the person's time";
            let reward = match is_intent(values) {
                true => intent,
                false => "serving anything, less the person's time",
            };
            (reward, intent)
        },
        settings: vec![
            choice(
                "reward",
                &["served", "intent"],
                "served",
                "what is paid: serving anything, or what was meant",
            ),
            share(
                "clarity",
                0.3,
                "how often the person reaches for what is wanted; otherwise for anything",
            ),
            share("honesty", 0.95, "how often an answer is right"),
            share("cost", 0.1, "what a question costs"),
            time_limit(Assistant::TIME_LIMIT),
        ],
        policies: &[
            (
                "asker",
                "asks until it is 90% sure, then brings what is wanted",
            ),
            ("watcher", "watches until it is 90% sure"),
            ("guesser", "brings what is likeliest at once"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.5,
        make: |values| {
            let assistant = Assistant::new(AssistantSettings {
                reward: parsed(values, "reward")?,
                clarity: values.number("clarity"),
                honesty: values.number("honesty"),
                cost: values.number("cost"),
            });
            let task = TypedTask::new(limited(assistant, values));
            let task = AssistantPolicy::ALL
                .iter()
                .fold(task, |task, policy| task.with(policy.name(), *policy));
            Ok(task.boxed())
        },
    }
}
