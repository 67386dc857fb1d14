//! PPO's hyperparameters.

use std::sync::Arc;

use rl::ppo::{Config, Exploration, Initialization, PRESETS, Trainer, Trunk};

use super::{
    Hyperparameter, NOT_NEGATIVE, POSITIVE, Preset, Situation, Training, UNIT, number, to_f32,
    to_usize,
};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Value};

/// Every hyperparameter, in the order in which `show` and the documents list them.
pub(super) const HYPERPARAMETERS: &[Hyperparameter<Config>] = &[
    steps!(
        steps,
        1,
        "environment steps in all; the last round may pass it"
    ),
    count!(n_environments, 1..=65_536, "environments side by side"),
    count!(n_steps, 1..=1_048_576, "steps of each environment a round"),
    count!(
        minibatch,
        1..=16_777_216,
        "samples a minibatch; the last of an epoch may be smaller"
    ),
    count!(epochs, 1..=1000, "passes over each round's steps"),
    number!(discount, UNIT, "discount factor"),
    number!(lambda, UNIT, "λ of generalised advantage estimation"),
    schedule!(learning_rate, "learning rate of Adam"),
    schedule!(clip, "clip range of the probability ratio"),
    optional!(value_clip, "limit on how far a value moves in one round"),
    number!(
        entropy_coefficient,
        NOT_NEGATIVE,
        "weight of the policy's entropy"
    ),
    number!(
        value_coefficient,
        NOT_NEGATIVE,
        "weight of the values' mean squared error"
    ),
    number!(
        max_gradient_norm,
        POSITIVE,
        "limit on the norm of the whole gradient"
    ),
    flag!(
        normalize_advantages,
        "make advantages mean 0 and deviation 1 a minibatch"
    ),
    optional!(
        target_kl,
        "stop a round's epochs where the KL passes 1.5 times this"
    ),
    flag!(
        normalize_observations,
        "normalise observations by running mean and deviation"
    ),
    flag!(
        normalize_rewards,
        "scale rewards by the running deviation of the discounted return"
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
        key: "trunk",
        kind: Kind::Choice(&["separate", "shared"]),
        meaning: "one network each for policy and value, or hidden layers that both share",
        get: |config| {
            Value::Text(match config.trunk {
                Trunk::Separate => "separate".into(),
                Trunk::Shared => "shared".into(),
            })
        },
        set: |config, value| {
            config.trunk = match value.as_text() {
                Some("shared") => Trunk::Shared,
                _ => Trunk::Separate,
            };
        },
    },
    Hyperparameter {
        key: "initialization",
        kind: Kind::Choice(&["orthogonal", "uniform"]),
        meaning: "how the weights begin: orthogonal, or uniform as PyTorch does unasked",
        get: |config| {
            Value::Text(match config.initialization {
                Initialization::Orthogonal => "orthogonal".into(),
                Initialization::Uniform => "uniform".into(),
            })
        },
        set: |config, value| {
            config.initialization = match value.as_text() {
                Some("uniform") => Initialization::Uniform,
                _ => Initialization::Orthogonal,
            };
        },
    },
    Hyperparameter {
        key: "exploration",
        kind: Kind::Choice(&["gaussian", "state-dependent"]),
        meaning: "noise of continuous actions: independent a step, or a function of the state (gSDE)",
        get: |config| {
            Value::Text(match config.exploration {
                Exploration::Gaussian { .. } => "gaussian".into(),
                Exploration::StateDependent { .. } => "state-dependent".into(),
            })
        },
        set: |config, value| {
            config.exploration = match value.as_text() {
                Some("state-dependent") => Exploration::StateDependent {
                    log_std: 0.0,
                    resample_every: None,
                },
                _ => Exploration::Gaussian { log_std: 0.0 },
            };
        },
    },
    // The two that follow refine `exploration`, hence stand after it.
    Hyperparameter {
        key: "exploration_log_std",
        kind: Kind::Number {
            low: -20.0,
            high: 5.0,
        },
        meaning: "log of the noise's deviation at the start",
        get: |config| match config.exploration {
            Exploration::Gaussian { log_std } | Exploration::StateDependent { log_std, .. } => {
                number(log_std)
            }
        },
        set: |config, value| match &mut config.exploration {
            Exploration::Gaussian { log_std } | Exploration::StateDependent { log_std, .. } => {
                *log_std = to_f32(value);
            }
        },
    },
    Hyperparameter {
        key: "exploration_resample_every",
        kind: Kind::Optional(&Kind::Count {
            low: 1,
            high: 1_048_576,
        }),
        meaning: "steps after which state-dependent noise is drawn anew; \"none\" for once a round",
        get: |config| match config.exploration {
            Exploration::StateDependent {
                resample_every: Some(every),
                ..
            } => Value::Count(every as u64),
            _ => Value::Nothing,
        },
        set: |config, value| {
            if let Exploration::StateDependent { resample_every, .. } = &mut config.exploration {
                *resample_every = (*value != Value::Nothing).then(|| to_usize(value));
            }
        },
    },
    number!(adam_epsilon, POSITIVE, "ε of Adam"),
];

pub(super) fn presets() -> Vec<Preset> {
    super::presets(PRESETS, HYPERPARAMETERS)
}

pub(super) fn config(choice: &OptimizerChoice) -> Config {
    let mut config = Config::preset(choice.preset).expect("a checked optimizer names a preset");
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
