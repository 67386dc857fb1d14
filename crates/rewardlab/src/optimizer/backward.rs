//! The hyperparameters of the backward algorithm.

use std::sync::Arc;

use imitation::backward::{Config, Demonstration, NetworkShape, PRESETS, Trainer};
use nn::Activation;

use super::{Hyperparameter, NOT_NEGATIVE, POSITIVE, Preset, Situation, Training, UNIT};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Value};

/// A field of the curriculum.
macro_rules! curriculum {
    ($field:ident, $key:literal, count $low:literal..=$high:expr, $meaning:literal) => {
        Hyperparameter {
            key: $key,
            kind: Kind::Count {
                low: $low,
                high: $high,
            },
            meaning: $meaning,
            get: |config| Value::Count(config.curriculum.$field as u64),
            set: |config, value| config.curriculum.$field = super::to_usize(value),
        }
    };
    ($field:ident, $key:literal, number $kind:expr, $meaning:literal) => {
        Hyperparameter {
            key: $key,
            kind: $kind,
            meaning: $meaning,
            get: |config| Value::Number(config.curriculum.$field),
            set: |config, value| {
                config.curriculum.$field = value.as_number().expect("the kind was checked");
            },
        }
    };
}

/// Every hyperparameter, in the order in which `show` and the documents list them.
pub(super) const HYPERPARAMETERS: &[Hyperparameter<Config>] = &[
    steps!(
        steps,
        1,
        "environment steps in all; the last round may pass it"
    ),
    count!(n_environments, 1..=65_536, "environments side by side"),
    count!(n_steps, 1..=1_048_576, "steps of each environment a round"),
    curriculum!(window, "window", count 1..=1_000_000, "steps of the demonstration over which start points are spread"),
    curriculum!(success_share, "success_share", number UNIT, "share of episodes from a point that must match the demonstration before the window moves back"),
    curriculum!(moves_every, "moves_every", count 1..=1_000_000_000, "steps between two looks at how the points do"),
    curriculum!(retreat, "retreat", count 0..=1_000_000, "steps by which the window moves forward again when no point succeeds"),
    curriculum!(sampled_share, "sampled_share", number UNIT, "share of episodes that begin at a later point, drawn"),
    curriculum!(allowed_lag, "allowed_lag", count 0..=1_000_000, "steps by which a score may lag the demonstration's before the episode is cut"),
    curriculum!(extra_exponent, "extra_exponent", number NOT_NEGATIVE, "x of the exp(x U) steps that an episode goes on for once it has the demonstration's score"),
    curriculum!(prior_steps, "prior_steps", count 0..=1_000_000, "steps before a start point that are played back to rebuild the network's memory"),
    curriculum!(near_start, "near_start", count 0..=1_000_000, "steps after a start point in which choices are drawn with more entropy"),
    Hyperparameter {
        key: "temperature",
        kind: POSITIVE,
        meaning: "what the logits are divided by there",
        get: |config| super::number(config.curriculum.temperature),
        set: |config, value| config.curriculum.temperature = super::to_f32(value),
    },
    count!(
        burn_in,
        0..=1_048_576,
        "steps before those of a round that rebuild the network's memory, masked from the loss"
    ),
    count!(
        minibatch_environments,
        1..=65_536,
        "environments in a minibatch, with all their steps"
    ),
    count!(epochs, 1..=1000, "passes over each round's steps"),
    number!(discount, UNIT, "discount factor"),
    number!(lambda, UNIT, "λ of generalised advantage estimation"),
    schedule!(learning_rate, "learning rate of Adam"),
    number!(clip, POSITIVE, "clip range of the probability ratio"),
    flag!(clip_values, "clip the step of a value, too"),
    schedule!(entropy_coefficient, "weight of the policy's entropy"),
    number!(
        value_coefficient,
        NOT_NEGATIVE,
        "weight of half the values' mean squared error"
    ),
    number!(
        l2_coefficient,
        NOT_NEGATIVE,
        "weight of half the sum of squared parameters"
    ),
    optional!(max_gradient_norm, "limit on the norm of the whole gradient"),
    flag!(
        clip_rewards,
        "give the optimiser the sign of each reward; what an episode scores is not clipped"
    ),
    flag!(
        normalize_observations,
        "normalise observations by running mean and deviation"
    ),
    Hyperparameter {
        key: "memory",
        kind: Kind::Optional(&Kind::Count { low: 1, high: 4096 }),
        meaning: "units of a gated recurrent unit; \"none\" for a network without memory",
        get: |config| match config.network {
            NetworkShape::FeedForward { .. } => Value::Nothing,
            NetworkShape::Recurrent { units, .. } => Value::Count(units as u64),
        },
        set: |config, value| {
            let (hidden, activation) = parts(&config.network);
            config.network = match value.as_count() {
                None => NetworkShape::FeedForward { hidden, activation },
                Some(_) => NetworkShape::Recurrent {
                    encoder: hidden.first().copied().unwrap_or(1),
                    activation,
                    units: super::to_usize(value),
                },
            };
        },
    },
    // The two that follow refine `memory`, hence stand after it.
    Hyperparameter {
        key: "hidden",
        kind: Kind::Counts {
            low: 1,
            high: 4096,
            most: 8,
        },
        meaning: "widths of the hidden layers; with memory the first is that of the layer before it, and there are no others",
        get: |config| super::widths(&parts(&config.network).0),
        set: |config, value| match &mut config.network {
            NetworkShape::FeedForward { hidden, .. } => *hidden = super::to_widths(value),
            NetworkShape::Recurrent { encoder, .. } => {
                *encoder = super::to_widths(value).first().copied().unwrap_or(1);
            }
        },
    },
    Hyperparameter {
        key: "activation",
        kind: Kind::Choice(&["tanh", "relu"]),
        meaning: "activation of the hidden layers",
        get: |config| super::activation(parts(&config.network).1),
        set: |config, value| match &mut config.network {
            NetworkShape::FeedForward { activation, .. }
            | NetworkShape::Recurrent { activation, .. } => {
                *activation = super::to_activation(value);
            }
        },
    },
    number!(adam_epsilon, POSITIVE, "ε of Adam"),
];

/// Widths of the hidden layers and their activation.
fn parts(network: &NetworkShape) -> (Vec<usize>, Activation) {
    match network {
        NetworkShape::FeedForward { hidden, activation } => (hidden.clone(), *activation),
        NetworkShape::Recurrent {
            encoder,
            activation,
            ..
        } => (vec![*encoder], *activation),
    }
}

pub(super) fn presets() -> Vec<Preset> {
    super::presets(&PRESETS, HYPERPARAMETERS)
}

pub(super) fn training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let mut config = Config::named(choice.preset).expect("a checked optimizer names a preset");
    super::configure(HYPERPARAMETERS, &choice.settings, &mut config);
    let Situation { seed, ref pool, .. } = *situation;
    let demonstration = Demonstration::of(situation.demonstrations(), 0)?;
    let environment = situation.environments(config.n_environments);
    let n_steps = config.steps;
    let pool = Arc::clone(pool);
    Ok(Training {
        learner: Box::new(Trainer::new(
            config,
            demonstration,
            environment,
            seed,
            pool,
        )?),
        n_steps,
    })
}
