//! The hyperparameters of procedure cloning and of the methods beside it.

use std::sync::Arc;

use imitation::procedure_cloning::{Config, Method, PRESETS, Trainer};

use super::{Hyperparameter, POSITIVE, Preset, Situation, Training};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Value};

/// Every hyperparameter, in the order in which `show` and the documents list them.
pub(super) const HYPERPARAMETERS: &[Hyperparameter<Config>] = &[
    Hyperparameter {
        key: "method",
        kind: Kind::Choice(&[
            "procedure",
            "final-board",
            "action",
            "augmented-action",
            "auxiliary-action",
        ]),
        meaning: "what is imitated: every round of the expert's computation, its last board, or the action alone, plainly, from augmented observations, or with the last board as a second task",
        get: |config| Value::Text(config.method.name().into()),
        set: |config, value| {
            let method = value.as_text().unwrap_or_default().parse::<Method>();
            config.method = method.expect("the kind was checked");
        },
    },
    steps!(steps, 1, "gradient steps in all"),
    steps!(round, 1, "gradient steps a round, after which it reports"),
    count!(minibatch, 1..=1_000_000, "samples a gradient step"),
    schedule!(learning_rate, "learning rate of Adam"),
    number!(adam_epsilon, POSITIVE, "ε of Adam"),
    count!(kernel, 1..=31, "side of the convolutions' squares, odd"),
    widths!(),
    Hyperparameter {
        key: "dense",
        kind: Kind::Counts {
            low: 1,
            high: 4096,
            most: 8,
        },
        meaning: "widths of the dense layers after the convolutions; none where boards are predicted",
        get: |config| super::widths(&config.dense),
        set: |config, value| config.dense = super::to_widths(value),
    },
    count!(
        agent_channel,
        0..=1_000,
        "channel of an observation that marks the agent's cell, from 0"
    ),
    count!(
        most_rounds,
        1..=1_000_000,
        "rounds of the procedure before the policy gives up and draws an action"
    ),
];

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
    let procedure = situation.task.procedure().ok_or_else(|| {
        Error::Environment(
            "procedure-cloning needs an environment whose expert shows its computation, such as mazes".into(),
        )
    })?;
    let environment = situation.environments(1);
    let demonstrations = situation.demonstrations();
    let pool = Arc::clone(pool);
    let learner = Trainer::new(config, demonstrations, &procedure, environment, seed, pool)?;
    Ok(Training {
        n_steps: learner.n_planned(),
        learner: Box::new(learner),
    })
}
