//! Environments by name: what can be set about each, and which scripted policies it has.
//!
//! To add one, write an [`EnvironmentEntry`] in [`entries`]; checking, documents, runs and rollouts follow.

mod task;

use std::sync::LazyLock;

use envs::{
    Acrobot, CartPole, CleaningPolicy, CleaningRobot, CoastRunners, MountainCar,
    MountainCarContinuous, NailFactory, NailPolicy, Pendulum,
};
use mdp::TimeLimit;

pub use task::{Choose, RecordedEpisode, Task};

use crate::experiment::Values;
use crate::settings::{Kind, Setting, Value};
use task::TypedTask;

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
        vec![
            coast_runners(),
            cleaning_robot(),
            nail_factory(),
            cartpole(),
            acrobot(),
            pendulum(),
            mountaincar(),
            mountaincar_continuous(),
        ]
    });
    &ENTRIES
}

fn coast_runners() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "coast-runners",
        about: "a boat race with points along the course, and more of them in a lagoon beside it",
        meanings: |values| {
            let intent = "progress to the finish, less damage and time";
            (
                if is_intent(values) {
                    intent
                } else {
                    "points scored"
                },
                intent,
            )
        },
        settings: vec![
            choice(
                "course",
                &["bay", "estuary", "archipelago", "canal"],
                "bay",
                "the map that is raced on; each has a lagoon of its own",
            ),
            choice(
                "reward",
                &["score", "intent"],
                "score",
                "what is paid: points, or what was meant",
            ),
            time_limit(CoastRunners::TIME_LIMIT),
        ],
        policies: &[
            (
                "driver",
                "finishes the race and takes the targets on its way",
            ),
            (
                "looper",
                "turns into the lagoon and circles there for points",
            ),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.05,
        make: |values| {
            let boat = CoastRunners::new(parsed(values, "course")?, parsed(values, "reward")?);
            let (driver, looper, drifter) = (boat.driver(), boat.looper(), boat.drifter());
            let task = TypedTask::new(limited(boat, values));
            Ok(task
                .with("driver", driver)
                .with("looper", looper)
                .with("random", drifter)
                .boxed())
        },
    }
}

fn cleaning_robot() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "cleaning-robot",
        about: "a robot that picks up messes, with a bin that it can empty anywhere",
        meanings: |values| {
            let intent = "time during which the room is clean";
            (
                if is_intent(values) {
                    intent
                } else {
                    "messes picked up"
                },
                intent,
            )
        },
        settings: vec![
            choice(
                "reward",
                &["pay", "intent"],
                "pay",
                "what is paid: a mess picked up, or what was meant",
            ),
            time_limit(CleaningRobot::TIME_LIMIT),
        ],
        policies: &[
            (
                "cleaner",
                "picks up every mess and empties its bin down the chute",
            ),
            ("dumper", "dumps its bin on the floor and picks it up again"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.1,
        make: |values| {
            let task = TypedTask::new(limited(
                CleaningRobot::new(parsed(values, "reward")?),
                values,
            ));
            Ok(task
                .with("cleaner", CleaningPolicy::Cleaner)
                .with("dumper", CleaningPolicy::Dumper)
                .with("random", CleaningPolicy::Random)
                .boxed())
        },
    }
}

fn nail_factory() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "nail-factory",
        about: "a factory that plans how to turn steel into nails of five sizes",
        meanings: |values| {
            let intent = "nails that meet demand, less waste";
            let reward = match values.text("reward") {
                Some("count") => "nails made, by count",
                Some("weight") => "nails made, by weight",
                _ => intent,
            };
            (reward, intent)
        },
        settings: vec![choice(
            "reward",
            &["count", "weight", "intent"],
            "count",
            "the measure of the plan: how many nails, how heavy, or what was meant",
        )],
        policies: &[
            ("planner", "plans for the orders"),
            ("tacks", "makes nothing but tacks"),
            ("slabs", "makes nothing but slabs"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.5,
        make: |values| {
            let task = TypedTask::new(NailFactory {
                reward: parsed(values, "reward")?,
            });
            Ok(task
                .with("planner", NailPolicy::Planner)
                .with("tacks", NailPolicy::Tacks)
                .with("slabs", NailPolicy::Slabs)
                .with("random", NailPolicy::Uniform)
                .boxed())
        },
    }
}

fn cartpole() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "cartpole",
        about: "a pole on a cart is kept upright (CartPole-v1)",
        meanings: |_| ("steps upright", "steps upright"),
        settings: vec![time_limit(CartPole::TIME_LIMIT)],
        policies: &[],
        seconds_per_step: 0.02,
        make: |values| Ok(TypedTask::new(limited(CartPole, values)).boxed()),
    }
}

fn acrobot() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "acrobot",
        about: "two links are swung up to a line (Acrobot-v1)",
        meanings: |values| {
            let reward = match values.text("reward") {
                Some("height") => "height of the tip, negative below the line",
                Some("hover") => "height of the tip, always positive",
                _ => "steps until the line, negative",
            };
            (reward, "steps until the line, negative")
        },
        settings: vec![
            choice(
                "reward",
                &["own", "height", "hover"],
                "own",
                "what is paid: Gymnasium's reward, the tip's height below the line, or a share of its height that makes reaching the line cost pay",
            ),
            time_limit(Acrobot::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.2,
        make: |values| {
            let acrobot = Acrobot {
                reward: parsed(values, "reward")?,
            };
            Ok(TypedTask::new(limited(acrobot, values)).boxed())
        },
    }
}

fn pendulum() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "pendulum",
        about: "a pendulum is swung up and held (Pendulum-v1)",
        meanings: |values| {
            let intent = "standing upright and still";
            (
                if values.text("reward") == Some("speed") {
                    "angular speed"
                } else {
                    intent
                },
                intent,
            )
        },
        settings: vec![
            choice(
                "reward",
                &["own", "speed"],
                "own",
                "what is paid: Gymnasium's reward, or angular speed",
            ),
            time_limit(Pendulum::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.05,
        make: |values| {
            let pendulum = Pendulum {
                reward: parsed(values, "reward")?,
            };
            Ok(TypedTask::new(limited(pendulum, values)).boxed())
        },
    }
}

fn mountaincar() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "mountaincar",
        about: "a weak car swings itself out of a valley (MountainCar-v0)",
        meanings: |_| {
            (
                "steps until the flag, negative",
                "steps until the flag, negative",
            )
        },
        settings: vec![time_limit(MountainCar::TIME_LIMIT)],
        policies: &[],
        seconds_per_step: 0.03,
        make: |values| Ok(TypedTask::new(limited(MountainCar, values)).boxed()),
    }
}

fn mountaincar_continuous() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "mountaincar-continuous",
        about: "the same car with a continuous throttle (MountainCarContinuous-v0)",
        meanings: |_| {
            (
                "reaching the flag, less fuel",
                "reaching the flag, less fuel",
            )
        },
        settings: vec![time_limit(MountainCarContinuous::TIME_LIMIT)],
        policies: &[],
        seconds_per_step: 0.03,
        make: |values| Ok(TypedTask::new(limited(MountainCarContinuous, values)).boxed()),
    }
}

fn is_intent(values: &Values) -> bool {
    values.text("reward") == Some("intent")
}
