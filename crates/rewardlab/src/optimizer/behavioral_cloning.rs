//! The hyperparameters of behavioural cloning.

use std::sync::Arc;

use imitation::behavioral_cloning::{Config, PRESETS, Trainer, Validation};

use super::{Hyperparameter, NOT_NEGATIVE, POSITIVE, Preset, Situation, Training, number, to_f32};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Value};

/// Every hyperparameter, in the order in which `show` and the documents list them.
pub(super) const HYPERPARAMETERS: &[Hyperparameter<Config>] = &[
    count!(epochs, 1..=1_000_000, "passes over the demonstrations"),
    count!(
        minibatch,
        1..=16_777_216,
        "samples a minibatch; the last of an epoch may be smaller"
    ),
    schedule!(learning_rate, "learning rate of Adam"),
    number!(
        entropy_weight,
        NOT_NEGATIVE,
        "weight of the policy's entropy"
    ),
    number!(
        l2_weight,
        NOT_NEGATIVE,
        "weight of half the sum of squared parameters"
    ),
    optional!(max_gradient_norm, "limit on the norm of the whole gradient"),
    Hyperparameter {
        key: "validation_share",
        kind: Kind::Number {
            low: 0.0,
            high: 0.9,
        },
        meaning: "share of the episodes that are held back to judge by; 0 for none",
        get: |config| Value::Number(config.validation.map_or(0.0, |validation| validation.share)),
        set: |config, value| {
            let share = value.as_number().expect("the kind was checked");
            let patience = config
                .validation
                .map_or(PATIENCE, |validation| validation.patience);
            config.validation = (share > 0.0).then_some(Validation { share, patience });
        },
    },
    // Refines `validation_share`, hence stands after it.
    Hyperparameter {
        key: "patience",
        kind: Kind::Count {
            low: 1,
            high: 1_000_000,
        },
        meaning: "epochs in which what is held back grows no more likely, after which nothing more is learned",
        get: |config| {
            let patience = config
                .validation
                .map_or(PATIENCE, |validation| validation.patience);
            Value::Count(patience as u64)
        },
        set: |config, value| {
            if let Some(validation) = &mut config.validation {
                validation.patience = super::to_usize(value);
            }
        },
    },
    flag!(
        normalize_observations,
        "normalise observations by mean and deviation of the demonstrations"
    ),
    widths!(),
    Hyperparameter {
        key: "activation",
        kind: Kind::Choice(&["tanh", "relu"]),
        meaning: "activation of the hidden layers",
        get: |config| super::activation(config.activation),
        set: |config, value| config.activation = super::to_activation(value),
    },
    Hyperparameter {
        key: "log_std",
        kind: LOG_STD,
        meaning: "log of the deviation of continuous actions at the start",
        get: |config| number(config.log_std),
        set: |config, value| config.log_std = to_f32(value),
    },
    Hyperparameter {
        key: "least_log_std",
        kind: Kind::Optional(&LOG_STD),
        meaning: "least log of that deviation; \"none\" for no floor",
        get: |config| config.least_log_std.map_or(Value::Nothing, number),
        set: |config, value| {
            config.least_log_std = (*value != Value::Nothing).then(|| to_f32(value));
        },
    },
    number!(adam_epsilon, POSITIVE, "ε of Adam"),
];

/// Patience where nothing is held back, and so nothing waits.
const PATIENCE: usize = 10;

const LOG_STD: Kind = Kind::Number {
    low: -20.0,
    high: 5.0,
};

pub(super) fn presets() -> Vec<Preset> {
    super::presets(PRESETS, HYPERPARAMETERS)
}

pub(super) fn training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let mut config = Config::preset(choice.preset).expect("a checked optimizer names a preset");
    super::configure(HYPERPARAMETERS, &choice.settings, &mut config);
    let Situation { seed, ref pool, .. } = *situation;
    let environment = situation.environments(1);
    let demonstrations = situation.demonstrations();
    let learner = Trainer::new(config, demonstrations, environment, seed, Arc::clone(pool))?;
    Ok(Training {
        n_steps: learner.n_planned(),
        learner: Box::new(learner),
    })
}
