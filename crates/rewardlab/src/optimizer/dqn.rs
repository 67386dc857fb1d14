//! DQN's hyperparameters.

use std::sync::Arc;

use rl::dqn::{Config, PRESETS, Prioritized, Trainer};

use super::{Hyperparameter, POSITIVE, Preset, Situation, Training, UNIT};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Value};

/// A number that the configuration keeps with 64 bits.
macro_rules! exact {
    ($field:ident, $meaning:literal) => {
        Hyperparameter {
            key: stringify!($field),
            kind: UNIT,
            meaning: $meaning,
            get: |config| Value::Number(config.$field),
            set: |config, value| config.$field = value.as_number().expect("the kind was checked"),
        }
    };
}

/// The exponents of prioritised replay as published, for when it is switched on.
const PRIORITIZED: Prioritized = Prioritized {
    alpha: 0.6,
    beta: 0.4,
};

/// Every hyperparameter, in the order in which `show` and the documents list them.
pub(super) const HYPERPARAMETERS: &[Hyperparameter<Config>] = &[
    steps!(
        steps,
        1,
        "environment steps in all; the last round may pass it"
    ),
    count!(n_environments, 1..=65_536, "environments side by side"),
    count!(buffer_size, 1..=100_000_000, "transitions kept for replay"),
    steps!(
        learning_starts,
        0,
        "steps of random actions before learning begins"
    ),
    count!(batch, 1..=1_048_576, "transitions a gradient step"),
    count!(
        train_every,
        1..=1_048_576,
        "environment steps between bursts of gradient steps"
    ),
    count!(gradient_steps, 1..=1_048_576, "gradient steps a burst"),
    steps!(
        target_every,
        1,
        "environment steps between copies to the target network"
    ),
    exact!(
        exploration_fraction,
        "share of the training over which exploration falls"
    ),
    exact!(
        exploration_initial,
        "probability of a random action at the start"
    ),
    exact!(
        exploration_final,
        "probability of a random action from then on"
    ),
    number!(discount, UNIT, "discount factor"),
    schedule!(learning_rate, "learning rate of Adam"),
    number!(
        max_gradient_norm,
        POSITIVE,
        "limit on the norm of the gradient"
    ),
    flag!(
        double,
        "let the online network choose the next action of a target"
    ),
    count!(
        n_step,
        1..=1000,
        "steps that a target looks ahead before it bootstraps"
    ),
    Hyperparameter {
        key: "prioritized",
        kind: Kind::Flag,
        meaning: "replay surprising transitions more often",
        get: |config| Value::Flag(config.prioritized.is_some()),
        set: |config, value| {
            config.prioritized = (*value == Value::Flag(true)).then_some(PRIORITIZED);
        },
    },
    // The two that follow refine `prioritized`, hence stand after it.
    Hyperparameter {
        key: "priority_exponent",
        kind: UNIT,
        meaning: "exponent of the priorities, where replay is prioritised",
        get: |config| Value::Number(config.prioritized.unwrap_or(PRIORITIZED).alpha),
        set: |config, value| {
            if let Some(prioritized) = &mut config.prioritized {
                prioritized.alpha = value.as_number().expect("the kind was checked");
            }
        },
    },
    Hyperparameter {
        key: "importance_exponent",
        kind: UNIT,
        meaning: "exponent of the importance weights at the start, where replay is prioritised; 1 at the end",
        get: |config| Value::Number(config.prioritized.unwrap_or(PRIORITIZED).beta),
        set: |config, value| {
            if let Some(prioritized) = &mut config.prioritized {
                prioritized.beta = value.as_number().expect("the kind was checked");
            }
        },
    },
    widths!(),
];

pub(super) fn presets() -> Vec<Preset> {
    super::presets(PRESETS, HYPERPARAMETERS)
}

pub(super) fn config(choice: &OptimizerChoice) -> Config {
    let preset = PRESETS.iter().find(|preset| preset.name == choice.preset);
    let mut config = (preset.expect("a checked optimizer names a preset").config)();
    super::configure(HYPERPARAMETERS, &choice.settings, &mut config);
    config
}

pub(super) fn training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let config = config(choice);
    let n_steps = config.steps;
    let environment = situation.environments(config.n_environments);
    let Situation { seed, ref pool, .. } = *situation;
    Ok(Training {
        learner: Box::new(Trainer::new(config, environment, seed, Arc::clone(pool))?),
        n_steps,
    })
}
