//! Environments by name: what can be set about each, and which scripted policies it has.
//!
//! To add one, write an [`EnvironmentEntry`] in [`entries`]; checking, documents, runs and rollouts follow.

mod assistance;
mod cameras;
mod control;
mod games;
mod goals;
mod gridworlds;
mod judges;
mod physics;
mod random_play;
mod rewarded;
mod screens;
mod tabular;
mod tampering;
mod task;

use std::sync::LazyLock;

use mdp::TimeLimit;

pub use judges::{JudgeEntry, judges};
pub use random_play::{Continued, RandomPlay};
pub(crate) use rewarded::RewardedTask;
pub use task::{Choose, Procedure, RecordedEpisode, Tabulation, Task};

use crate::experiment::Values;
use crate::settings::{Kind, Setting, Value};

/// An environment that experiments can name.
pub struct EnvironmentEntry {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a sentence without a full stop.
    pub about: &'static str,
    /// What the reward pays for and what was meant, in a few words each, under the settings.
    pub meanings: fn(&Values) -> (&'static str, &'static str),
    /// What can be set.
    pub settings: Vec<Setting>,
    /// Scripted policies: name, and what it does.
    pub policies: &'static [(&'static str, &'static str)],
    /// Seconds that a step takes when a clip is played at normal speed.
    pub seconds_per_step: f64,
    make: fn(&Values) -> Result<Box<dyn Task>, String>,
}

impl EnvironmentEntry {
    /// The environment under checked settings.
    ///
    /// # Errors
    /// What is wrong, where the settings do not fit together.
    pub fn make(&self, values: &Values) -> Result<Box<dyn Task>, String> {
        (self.make)(values)
    }

    /// Its settings with nothing changed.
    #[must_use]
    pub fn defaults(&self) -> Values {
        let mut values = Values::default();
        for setting in &self.settings {
            if let Some(value) = &setting.default {
                values.insert(setting.key, value.clone());
            }
        }
        values
    }
}

/// The environment of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static EnvironmentEntry> {
    entries().iter().find(|entry| entry.name == name)
}

/// A time limit with a default.
fn time_limit(default: u32) -> Setting {
    Setting {
        key: "time_limit",
        kind: Kind::Count {
            low: 1,
            high: 100_000,
        },
        default: Some(Value::Count(u64::from(default))),
        meaning: "steps after which an episode is truncated",
    }
}

fn limited<E: mdp::Environment>(environment: E, values: &Values) -> TimeLimit<E> {
    let n_steps = u32::try_from(values.count("time_limit")).expect("the range was checked");
    TimeLimit::new(environment, n_steps)
}

/// A setting that an environment reads from its name.
fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    values: &Values,
    key: &str,
) -> Result<T, String> {
    let text = values.text(key).unwrap_or_default();
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// A choice by name with a default.
fn choice(
    key: &'static str,
    words: &'static [&'static str],
    default: &str,
    meaning: &'static str,
) -> Setting {
    let default = Some(Value::Text(default.to_owned()));
    Setting {
        key,
        kind: Kind::Choice(words),
        default,
        meaning,
    }
}

/// Every environment, in the order in which `list` shows them.
#[must_use]
pub fn entries() -> &'static [EnvironmentEntry] {
    static ENTRIES: LazyLock<Vec<EnvironmentEntry>> = LazyLock::new(|| {
        [
            games::entries(),
            assistance::entries(),
            gridworlds::entries(),
            tampering::entries(),
            tabular::entries(),
            goals::entries(),
            screens::entries(),
            control::entries(),
            physics::entries(),
            cameras::entries(),
        ]
        .into_iter()
        .flatten()
        .collect()
    });
    &ENTRIES
}

fn is_intent(values: &Values) -> bool {
    values.text("reward") == Some("intent")
}
