//! The screens that one demonstration leads through.

use envs::{MontezumaScreens, ScreensPolicy};

use super::task::TypedTask;
use super::{EnvironmentEntry, limited, time_limit};
use crate::settings::{Kind, Setting, Value};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![montezuma_screens()]
}

fn montezuma_screens() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "montezuma-screens",
        about: "six screens with ladders, a rope, pits, skulls, a key and a door, and actions that stick",
        meanings: |_| {
            (
                "points for key, door, jewels and treasure",
                "reaching the treasure",
            )
        },
        settings: vec![
            Setting {
                key: "stickiness",
                kind: Kind::Number {
                    low: 0.0,
                    high: 1.0,
                },
                default: Some(Value::Number(MontezumaScreens::default().stickiness)),
                meaning: "probability that the action before is carried out again instead of the one chosen",
            },
            time_limit(MontezumaScreens::TIME_LIMIT),
        ],
        policies: &[
            (
                "intended",
                "takes everything there is and ends with the treasure",
            ),
            (
                "dawdler",
                "leaves the jewels, and does something else in one step of four",
            ),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.08,
        make: |values| {
            let screens = MontezumaScreens {
                stickiness: values.number("stickiness"),
            };
            let task = TypedTask::new(limited(screens, values));
            let task = ScreensPolicy::ALL
                .iter()
                .fold(task, |task, policy| task.with(policy.name(), *policy));
            Ok(task.boxed())
        },
    }
}
