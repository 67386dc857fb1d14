//! Algorithms by name: their hyperparameters as a table, their presets, and the learner that they make.

use std::sync::Arc;

use feedback::Annotators;
use mdp::{Seed, Trajectories};
use nn::{Pool, Schedule};
use rl::{Learner, VectorEnvironment};

use crate::Error;
use crate::experiment::{OptimizerChoice, Values};
use crate::registry::Task;
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
mod adversarial;
mod backward;
mod behavioral_cloning;
mod dagger;
mod dqn;
mod ppo;
mod preferences;
mod procedure_cloning;

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
pub(crate) const POSITIVE_COUNT: Kind = Kind::NumberAbove {
    low: 0.0,
    high: 1e15,
};
pub(crate) const POSITIVE: Kind = Kind::NumberAbove {
    low: 0.0,
    high: 1e6,
};

/// An algorithm that makes a policy: pushed against a reward, or after an expert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Proximal policy optimisation.
    Ppo,
    /// Deep Q-learning.
    Dqn,
    /// Behavioural cloning.
    BehavioralCloning,
    /// Dataset aggregation.
    Dagger,
    /// Generative adversarial imitation learning.
    Gail,
    /// Adversarial inverse reinforcement learning.
    Airl,
    /// Cloning of an expert's computation.
    ProcedureCloning,
    /// From one demonstration, backward from its end.
    Backward,
    /// From comparisons of segments.
    Preferences,
}

/// What an algorithm learns from beside rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: from rewards alone.
    Nothing,
    /// Demonstrations.
    Demonstrations,
    /// An expert that can be asked.
    Expert,
    /// Annotators who compare.
    Annotators,
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
    pub const ALL: [Algorithm; 9] = [
        Algorithm::Ppo,
        Algorithm::Dqn,
        Algorithm::BehavioralCloning,
        Algorithm::Dagger,
        Algorithm::Gail,
        Algorithm::Airl,
        Algorithm::ProcedureCloning,
        Algorithm::Backward,
        Algorithm::Preferences,
    ];

    /// Its name in experiments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Ppo => "ppo",
            Algorithm::Dqn => "dqn",
            Algorithm::BehavioralCloning => "bc",
            Algorithm::Dagger => "dagger",
            Algorithm::Gail => "gail",
            Algorithm::Airl => "airl",
            Algorithm::ProcedureCloning => "procedure-cloning",
            Algorithm::Backward => "backward",
            Algorithm::Preferences => "preferences",
        }
    }

    /// The algorithm of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Algorithm> {
        Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// What its steps count.
    #[must_use]
    pub fn pressure_unit(self) -> &'static str {
        match self {
            Algorithm::BehavioralCloning | Algorithm::ProcedureCloning => "samples learned from",
            _ => "environment steps",
        }
    }

    /// Whether it learns from the environment's reward.
    #[must_use]
    pub fn sees_reward(self) -> bool {
        matches!(self, Algorithm::Ppo | Algorithm::Dqn | Algorithm::Backward)
    }

    /// Whether it learns a reward beside the policy.
    #[must_use]
    pub fn learns_reward(self) -> bool {
        matches!(
            self,
            Algorithm::Gail | Algorithm::Airl | Algorithm::Preferences
        )
    }

    /// What it learns from beside rewards.
    #[must_use]
    pub fn needs(self) -> Needs {
        match self {
            Algorithm::Ppo | Algorithm::Dqn => Needs::Nothing,
            Algorithm::Dagger => Needs::Expert,
            Algorithm::Preferences => Needs::Annotators,
            Algorithm::BehavioralCloning
            | Algorithm::Gail
            | Algorithm::Airl
            | Algorithm::ProcedureCloning
            | Algorithm::Backward => Needs::Demonstrations,
        }
    }

    /// Its presets.
    #[must_use]
    pub fn presets(self) -> Vec<Preset> {
        match self {
            Algorithm::Ppo => ppo::presets(),
            Algorithm::Dqn => dqn::presets(),
            Algorithm::BehavioralCloning => behavioral_cloning::presets(),
            Algorithm::Dagger => dagger::presets(),
            Algorithm::Gail => adversarial::gail_presets(),
            Algorithm::Airl => adversarial::airl_presets(),
            Algorithm::ProcedureCloning => procedure_cloning::presets(),
            Algorithm::Backward => backward::presets(),
            Algorithm::Preferences => preferences::presets(),
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
            Algorithm::BehavioralCloning => settings(behavioral_cloning::HYPERPARAMETERS, preset),
            Algorithm::Dagger => dagger::settings(preset),
            Algorithm::Gail => adversarial::gail_settings(preset),
            Algorithm::Airl => adversarial::airl_settings(preset),
            Algorithm::ProcedureCloning => settings(procedure_cloning::HYPERPARAMETERS, preset),
            Algorithm::Backward => settings(backward::HYPERPARAMETERS, preset),
            Algorithm::Preferences => preferences::settings(preset),
        }
    }
}

/// What a learner is set into.
pub(crate) struct Situation<'s> {
    /// The environment.
    pub(crate) task: &'s dyn Task,
    /// What was demonstrated; there for algorithms that need it.
    pub(crate) demonstrations: Option<&'s Trajectories>,
    /// The scripted policy that can be asked; there for algorithms that need it.
    pub(crate) expert: Option<&'s str>,
    /// Makes those who compare; there for algorithms that ask.
    pub(crate) annotators: Option<&'s dyn Fn() -> Result<Box<dyn Annotators>, Error>>,
    /// The seed of every random stream.
    pub(crate) seed: Seed,
    /// The threads.
    pub(crate) pool: Arc<Pool>,
}

/// A training that is about to begin.
pub(crate) struct Training {
    /// The learner.
    pub(crate) learner: Box<dyn Learner>,
    /// Its steps in all, as [`Learner::n_steps`] counts them.
    pub(crate) n_steps: u64,
}

/// The training that an experiment asks for.
///
/// # Errors
/// If the hyperparameters do not fit together, the demonstrations are of another environment, or the algorithm cannot
/// act in the environment.
pub(crate) fn training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    match choice.algorithm {
        Algorithm::Ppo => ppo::training(choice, situation),
        Algorithm::Dqn => dqn::training(choice, situation),
        Algorithm::BehavioralCloning => behavioral_cloning::training(choice, situation),
        Algorithm::Dagger => dagger::training(choice, situation),
        Algorithm::Gail => adversarial::gail_training(choice, situation),
        Algorithm::Airl => adversarial::airl_training(choice, situation),
        Algorithm::ProcedureCloning => procedure_cloning::training(choice, situation),
        Algorithm::Backward => backward::training(choice, situation),
        Algorithm::Preferences => preferences::training(choice, situation),
    }
}

impl Situation<'_> {
    /// `n` environments to learn in.
    fn environments(&self, n: usize) -> Box<dyn VectorEnvironment> {
        self.task.vectorized(n, self.seed.child("environments", 0))
    }

    /// Those whom an algorithm asks.
    fn annotators(&self) -> Result<Box<dyn Annotators>, Error> {
        let make = self
            .annotators
            .expect("a checked experiment has annotators for an algorithm that asks");
        make()
    }

    /// The demonstrations of an algorithm that needs some.
    fn demonstrations(&self) -> &Trajectories {
        self.demonstrations
            .expect("a checked experiment has demonstrations for an algorithm that needs some")
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

/// The presets of an algorithm as values of its table.
fn presets<C>(presets: &[rl::Preset<C>], table: &[Hyperparameter<C>]) -> Vec<Preset> {
    let of = |each: &rl::Preset<C>| preset(each.name, each.source, table, &(each.config)());
    presets.iter().map(of).collect()
}

/// The same for an algorithm within which another one works, each with a table of its own.
fn nested_presets<C, I>(
    presets: &[rl::Preset<C>],
    own: &[Hyperparameter<C>],
    inner: &[Hyperparameter<I>],
    within: fn(&C) -> &I,
) -> Vec<Preset> {
    let of = |each: &rl::Preset<C>| {
        let config = (each.config)();
        let mut whole = preset(each.name, each.source, own, &config);
        for parameter in inner {
            let value = (parameter.get)(within(&config));
            whole.values.insert(parameter.key, value);
        }
        whole
    };
    presets.iter().map(of).collect()
}

/// Writes every value but those left out to a configuration.
fn configure_some<C>(
    table: &[Hyperparameter<C>],
    values: &Values,
    config: &mut C,
    is_left_out: fn(&str) -> bool,
) {
    for parameter in table.iter().filter(|parameter| !is_left_out(parameter.key)) {
        let value = values.get(parameter.key);
        let value = value.expect("a checked optimizer has every hyperparameter");
        (parameter.set)(config, value);
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
