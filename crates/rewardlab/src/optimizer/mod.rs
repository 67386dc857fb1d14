//! Algorithms by name: their hyperparameters as a table, their presets, and the learner that they make.

use std::sync::Arc;

use mdp::Seed;
use nn::{Pool, Schedule};
use rl::{Learner, VectorEnvironment};

use crate::Error;
use crate::experiment::{OptimizerChoice, Values};
use crate::settings::{Kind, Setting, Value};

// How a field of a configuration becomes a row of its table.

macro_rules! count {
    ($field:ident, $low:literal..=$high:expr, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: Kind::Count {
                low: $low,
                high: $high,
            },
            meaning: $meaning,
            get: |config| Value::Count(config.$field as u64),
            set: |config, value| config.$field = $crate::optimizer::to_usize(value),
        }
    };
}

macro_rules! number {
    ($field:ident, $kind:expr, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: $kind,
            meaning: $meaning,
            get: |config| $crate::optimizer::number(config.$field),
            set: |config, value| config.$field = $crate::optimizer::to_f32(value),
        }
    };
}

macro_rules! optional {
    ($field:ident, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: Kind::Optional(&$crate::optimizer::POSITIVE),
            meaning: $meaning,
            get: |config| {
                config
                    .$field
                    .map_or(Value::Nothing, $crate::optimizer::number)
            },
            set: |config, value| {
                config.$field =
                    (*value != Value::Nothing).then(|| $crate::optimizer::to_f32(value));
            },
        }
    };
}

macro_rules! flag {
    ($field:ident, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: Kind::Flag,
            meaning: $meaning,
            get: |config| Value::Flag(config.$field),
            set: |config, value| config.$field = value.as_flag().expect("the kind was checked"),
        }
    };
}

macro_rules! schedule {
    ($field:ident, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: Kind::Schedule {
                low: 0.0,
                high: 100.0,
            },
            meaning: $meaning,
            get: |config| $crate::optimizer::schedule(config.$field),
            set: |config, value| config.$field = $crate::optimizer::to_schedule(value),
        }
    };
}

macro_rules! widths {
    () => {
        Hyperparameter {
            key: "hidden",
            kind: Kind::Counts {
                low: 1,
                high: 4096,
                most: 8,
            },
            meaning: "widths of the hidden layers",
            get: |config| $crate::optimizer::widths(&config.hidden),
            set: |config, value| config.hidden = $crate::optimizer::to_widths(value),
        }
    };
}

macro_rules! steps {
    ($field:ident, $low:literal, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: Kind::Count {
                low: $low,
                high: $crate::settings::MOST,
            },
            meaning: $meaning,
            get: |config| Value::Count(config.$field),
            set: |config, value| config.$field = value.as_count().expect("the kind was checked"),
        }
    };
}

// The macros above serve these modules.
mod dqn;
mod ppo;

#[cfg(test)]
mod tests;

pub(crate) const UNIT: Kind = Kind::Number {
    low: 0.0,
    high: 1.0,
};
pub(crate) const NOT_NEGATIVE: Kind = Kind::Number {
    low: 0.0,
    high: 1e6,
};
pub(crate) const POSITIVE: Kind = Kind::NumberAbove {
    low: 0.0,
    high: 1e6,
};

/// An algorithm that pushes a policy against a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Proximal policy optimisation.
    Ppo,
    /// Deep Q-learning.
    Dqn,
}

/// A named group of hyperparameters and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Where its numbers come from.
    pub source: &'static str,
    values: Values,
}

/// One hyperparameter of a configuration `C`.
struct Hyperparameter<C> {
    key: &'static str,
    kind: Kind,
    meaning: &'static str,
    get: fn(&C) -> Value,
    set: fn(&mut C, &Value),
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 2] = [Algorithm::Ppo, Algorithm::Dqn];

    /// Its name in experiments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Ppo => "ppo",
            Algorithm::Dqn => "dqn",
        }
    }

    /// The algorithm of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Its presets.
    #[must_use]
    pub fn presets(self) -> Vec<Preset> {
        match self {
            Algorithm::Ppo => ppo::presets(),
            Algorithm::Dqn => dqn::presets(),
        }
    }

    /// The preset of a name.
    #[must_use]
    pub fn preset(self, name: &str) -> Option<Preset> {
        self.presets()
            .into_iter()
            .find(|preset| preset.name == name)
    }

    /// Its hyperparameters, the preset's values as defaults.
    #[must_use]
    pub fn settings(self, preset: Option<&Preset>) -> Vec<Setting> {
        match self {
            Algorithm::Ppo => settings(ppo::HYPERPARAMETERS, preset),
            Algorithm::Dqn => settings(dqn::HYPERPARAMETERS, preset),
        }
    }
}

/// The learner that an experiment asks for. `environment` gives any number of environments under a seed.
///
/// # Errors
/// If the hyperparameters do not fit together or the algorithm cannot act in the environment.
pub(crate) fn learner(
    choice: &OptimizerChoice,
    environment: impl Fn(usize, Seed) -> Box<dyn VectorEnvironment>,
    seed: Seed,
    pool: Arc<Pool>,
) -> Result<Box<dyn Learner>, Error> {
    match choice.algorithm {
        Algorithm::Ppo => ppo::learner(choice, environment, seed, pool),
        Algorithm::Dqn => dqn::learner(choice, environment, seed, pool),
    }
}

fn settings<C>(table: &[Hyperparameter<C>], preset: Option<&Preset>) -> Vec<Setting> {
    table
        .iter()
        .map(|parameter| Setting {
            key: parameter.key,
            kind: parameter.kind,
            default: preset.and_then(|preset| preset.values.get(parameter.key).cloned()),
            meaning: parameter.meaning,
        })
        .collect()
}

fn preset<C>(
    name: &'static str,
    source: &'static str,
    table: &[Hyperparameter<C>],
    config: &C,
) -> Preset {
    let mut values = Values::default();
    for parameter in table {
        values.insert(parameter.key, (parameter.get)(config));
    }
    Preset {
        name,
        source,
        values,
    }
}

/// Writes every value to a configuration.
fn configure<C>(table: &[Hyperparameter<C>], values: &Values, config: &mut C) {
    for parameter in table {
        let value = values
            .get(parameter.key)
            .expect("a checked optimizer has every hyperparameter");
        (parameter.set)(config, value);
    }
}

/// A number by its shortest decimal form, so that files hold `0.001` and give back the same bits.
fn number(x: f32) -> Value {
    Value::Number(x.to_string().parse().expect("a printed number can be read"))
}

fn to_f32(value: &Value) -> f32 {
    value.as_number().expect("the kind was checked") as f32
}

fn to_usize(value: &Value) -> usize {
    usize::try_from(value.as_count().expect("the kind was checked")).expect("the range was checked")
}

fn schedule(schedule: Schedule) -> Value {
    match schedule {
        Schedule::Constant(x) => Value::Number(x),
        Schedule::LinearToZero(from) => Value::Linear(from),
    }
}

fn to_schedule(value: &Value) -> Schedule {
    match value {
        Value::Linear(from) => Schedule::LinearToZero(*from),
        constant => Schedule::Constant(constant.as_number().expect("the kind was checked")),
    }
}

fn widths(hidden: &[usize]) -> Value {
    Value::Counts(hidden.iter().map(|width| *width as u64).collect())
}

fn to_widths(value: &Value) -> Vec<usize> {
    let widths = value.as_counts().expect("the kind was checked");
    widths.iter().map(|width| *width as usize).collect()
}

fn activation(activation: nn::Activation) -> Value {
    Value::Text(match activation {
        nn::Activation::Tanh => "tanh".into(),
        nn::Activation::Relu => "relu".into(),
    })
}

fn to_activation(value: &Value) -> nn::Activation {
    match value.as_text() {
        Some("relu") => nn::Activation::Relu,
        _ => nn::Activation::Tanh,
    }
}
