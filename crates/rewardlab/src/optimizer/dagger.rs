//! The hyperparameters of DAgger, and of the cloning within it.

use std::sync::Arc;

use imitation::dagger::{Beta, Config, PRESETS, Trainer};

use super::behavioral_cloning::HYPERPARAMETERS as CLONING;
use super::{Hyperparameter, Preset, Situation, Training, UNIT};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Setting, Value};

/// What DAgger adds to the hyperparameters of cloning.
const HYPERPARAMETERS: &[Hyperparameter<Config>] = &[
    steps!(
        steps,
        1,
        "environment steps in all, each labelled by the expert; the last round may pass it"
    ),
    count!(n_environments, 1..=65_536, "environments side by side"),
    count!(min_episodes, 1..=1_000_000, "episodes a round, at least"),
    count!(min_steps, 1..=1_000_000_000, "steps a round, at least"),
    Hyperparameter {
        key: "beta_rounds",
        kind: Kind::Optional(&Kind::Count {
            low: 1,
            high: 1_000_000,
        }),
        meaning: "rounds after which the learner plays alone, the expert's share falling in a straight line; \"none\" for an exponential fall",
        get: |config| match config.beta {
            Beta::Linear { rounds } => Value::Count(rounds),
            Beta::Exponential { .. } => Value::Nothing,
        },
        set: |config, value| {
            if let Some(rounds) = value.as_count() {
                config.beta = Beta::Linear { rounds };
            } else if let Beta::Linear { .. } = config.beta {
                config.beta = Beta::Exponential { decay: DECAY };
            }
        },
    },
    // Refines `beta_rounds`, hence stands after it.
    Hyperparameter {
        key: "beta_decay",
        kind: UNIT,
        meaning: "the expert's share of a round as a share of that of the round before, where it falls exponentially",
        get: |config| match config.beta {
            Beta::Linear { .. } => Value::Number(DECAY),
            Beta::Exponential { decay } => Value::Number(decay),
        },
        set: |config, value| {
            if let Beta::Exponential { decay } = &mut config.beta {
                *decay = value.as_number().expect("the kind was checked");
            }
        },
    },
];

/// The exponential fall where none was named.
const DECAY: f64 = 0.7;

/// Hyperparameters of cloning that make no sense where every round brings new data.
fn is_left_out(key: &str) -> bool {
    matches!(key, "validation_share" | "patience")
}

pub(super) fn presets() -> Vec<Preset> {
    super::nested_presets(PRESETS, HYPERPARAMETERS, CLONING, |config| &config.cloning)
}

pub(super) fn settings(preset: Option<&Preset>) -> Vec<Setting> {
    let mut settings = super::settings(HYPERPARAMETERS, preset);
    settings.extend(super::settings(CLONING, preset));
    settings.retain(|setting| !is_left_out(setting.key));
    settings
}

pub(super) fn training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let mut config = Config::preset(choice.preset).expect("a checked optimizer names a preset");
    super::configure(HYPERPARAMETERS, &choice.settings, &mut config);
    super::configure_some(CLONING, &choice.settings, &mut config.cloning, is_left_out);
    let Situation { seed, ref pool, .. } = *situation;
    let environment = situation.environments(config.n_environments);
    let expert = situation
        .expert
        .and_then(|policy| situation.task.expert(policy))
        .expect("a checked experiment names a scripted policy for an algorithm that asks one");
    let n_steps = config.steps;
    let demonstrations = situation.demonstrations;
    let pool = Arc::clone(pool);
    let learner = Trainer::new(config, expert, demonstrations, environment, seed, pool)?;
    Ok(Training {
        learner: Box::new(learner),
        n_steps,
    })
}
