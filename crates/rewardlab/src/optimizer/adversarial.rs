//! The hyperparameters of GAIL and AIRL: the discriminator's, and those of the PPO that learns from it.

use std::sync::Arc;

use imitation::{
    AdversarialTrainer, DiscriminatorConfig, Ends, GradientPenalty, RewardForm,
    RewardNormalization, airl, gail,
};
use mdp::{Seed, Trajectories};
use nn::Pool;
use rl::{VectorEnvironment, ppo};

use super::ppo::HYPERPARAMETERS as GENERATOR;
use super::{Hyperparameter, NOT_NEGATIVE, Preset, Situation, Training};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, Setting, Value};

/// A hyperparameter of the discriminator, for both algorithms.
macro_rules! of_discriminator {
    ($($key:literal, $kind:expr, $meaning:literal, $get:expr, $set:expr;)*) => {
        [$(Hyperparameter {
            key: $key,
            kind: $kind,
            meaning: $meaning,
            get: |config| {
                let get: fn(&DiscriminatorConfig) -> Value = $get;
                get(&config.discriminator)
            },
            set: |config, value| {
                let set: fn(&mut DiscriminatorConfig, &Value) = $set;
                set(&mut config.discriminator, value);
            },
        }),*]
    };
}

/// The discriminator's hyperparameters, those of both algorithms, and the algorithm's own.
macro_rules! table {
    ($config:ty, $($own:expr),* $(,)?) => {{
        const DISCRIMINATOR: [Hyperparameter<$config>; 8] = of_discriminator![
            "discriminator_hidden", Kind::Counts { low: 1, high: 4096, most: 8 }, "widths of the discriminator's hidden layers",
            |config| super::widths(&config.hidden), |config, value| config.hidden = super::to_widths(value);
            "discriminator_activation", Kind::Choice(&["tanh", "relu"]), "activation of the discriminator's hidden layers",
            |config| super::activation(config.activation), |config, value| config.activation = super::to_activation(value);
            "discriminator_learning_rate", NOT_NEGATIVE, "learning rate of the discriminator's Adam",
            |config| Value::Number(config.learning_rate), |config, value| config.learning_rate = as_number(value);
            "discriminator_updates", Kind::Count { low: 0, high: 1_000_000 }, "updates of the discriminator a round",
            |config| Value::Count(config.n_updates as u64), |config, value| config.n_updates = super::to_usize(value);
            "discriminator_batch", Kind::Count { low: 1, high: 1 << 20 }, "demonstrated transitions an update, and as many of the policy's",
            |config| Value::Count(config.batch as u64), |config, value| config.batch = super::to_usize(value);
            "discriminator_buffer_rounds", Kind::Count { low: 1, high: 10_000 }, "rounds whose transitions are told from demonstrations",
            |config| Value::Count(config.buffer_rounds as u64), |config, value| config.buffer_rounds = super::to_usize(value);
            "discriminator_normalize_observations", Kind::Flag, "normalise what the discriminator sees",
            |config| Value::Flag(config.normalize_observations), |config, value| config.normalize_observations = value.as_flag().expect("the kind was checked");
            "gradient_penalty", NOT_NEGATIVE, "weight of the penalty on the discriminator's slope; 0 for none",
            |config| super::number(config.penalty.map_or(0.0, |penalty| penalty.weight)), penalty;
        ];
        const ENDS: Hyperparameter<$config> = Hyperparameter {
            key: "ends",
            kind: Kind::Choice(&["absorbing", "worthless"]),
            meaning: "what comes after an end: an absorbing state that is judged as others are, or nothing",
            get: |config| Value::Text(match config.ends {
                Ends::Absorbing => "absorbing".into(),
                Ends::Worthless => "worthless".into(),
            }),
            set: |config, value| config.ends = match value.as_text() {
                Some("worthless") => Ends::Worthless,
                _ => Ends::Absorbing,
            },
        };
        const NORMALIZATION: Hyperparameter<$config> = Hyperparameter {
            key: "reward_normalization",
            kind: Kind::Choice(&["scale", "standardize", "none"]),
            meaning: "how learned rewards are brought to size: divided by the size of their discounted sums, made mean 0 and deviation 1, or not",
            get: |config| Value::Text(match config.normalization {
                RewardNormalization::Scale => "scale".into(),
                RewardNormalization::Standardize => "standardize".into(),
                RewardNormalization::None => "none".into(),
            }),
            set: |config, value| config.normalization = match value.as_text() {
                Some("standardize") => RewardNormalization::Standardize,
                Some("none") => RewardNormalization::None,
                _ => RewardNormalization::Scale,
            },
        };
        let [a, b, c, d, e, f, g, h] = DISCRIMINATOR;
        &[$($own,)* ENDS, NORMALIZATION, a, b, c, d, e, f, g, h]
    }};
}

const GAIL: &[Hyperparameter<gail::Config>] = table![
    gail::Config,
    Hyperparameter {
        key: "reward_form",
        kind: Kind::Choice(&["softplus", "log-d", "logit", "probability"]),
        meaning: "what a logit is worth to the policy",
        get: |config| Value::Text(config.reward.name().into()),
        set: |config, value| config.reward = form(value),
    },
];

const AIRL: &[Hyperparameter<airl::Config>] = table![
    airl::Config,
    Hyperparameter {
        key: "reward_form",
        kind: Kind::Choice(&[
            "logit",
            "softplus",
            "log-d",
            "probability",
            "shaped",
            "unshaped",
        ]),
        meaning: "what the policy is paid: a form of the logit f - log π, f itself (shaped), or g (unshaped)",
        get: |config| Value::Text(config.reward.name().into()),
        set: |config, value| config.reward = match value.as_text() {
            Some("shaped") => airl::Reward::Shaped,
            Some("unshaped") => airl::Reward::Unshaped,
            _ => airl::Reward::OfLogit(form(value)),
        },
    },
    Hyperparameter {
        key: "state_only",
        kind: Kind::Flag,
        meaning: "let g read the state alone",
        get: |config| Value::Flag(config.state_only),
        set: |config, value| config.state_only = value.as_flag().expect("the kind was checked"),
    },
    Hyperparameter {
        key: "potential_hidden",
        kind: Kind::Counts {
            low: 1,
            high: 4096,
            most: 8
        },
        meaning: "widths of the potential's hidden layers",
        get: |config| super::widths(&config.potential_hidden),
        set: |config, value| config.potential_hidden = super::to_widths(value),
    },
];

fn form(value: &Value) -> RewardForm {
    let named = |form: &RewardForm| Some(form.name()) == value.as_text();
    let form = RewardForm::ALL.into_iter().find(named);
    form.expect("the kind was checked")
}

fn as_number(value: &Value) -> f64 {
    value.as_number().expect("the kind was checked")
}

fn penalty(config: &mut DiscriminatorConfig, value: &Value) {
    let weight = super::to_f32(value);
    let target = config.penalty.map_or(1.0, |penalty| penalty.target);
    config.penalty = (weight > 0.0).then_some(GradientPenalty { weight, target });
}

/// Rewards are learned, and have a normalisation of their own.
fn is_left_out(key: &str) -> bool {
    key == "normalize_rewards"
}

pub(super) fn gail_presets() -> Vec<Preset> {
    super::nested_presets(gail::PRESETS, GAIL, GENERATOR, |config| &config.generator)
}

pub(super) fn airl_presets() -> Vec<Preset> {
    super::nested_presets(airl::PRESETS, AIRL, GENERATOR, |config| &config.generator)
}

pub(super) fn gail_settings(preset: Option<&Preset>) -> Vec<Setting> {
    settings(GAIL, preset)
}

pub(super) fn airl_settings(preset: Option<&Preset>) -> Vec<Setting> {
    settings(AIRL, preset)
}

fn settings<C>(own: &[Hyperparameter<C>], preset: Option<&Preset>) -> Vec<Setting> {
    let mut settings = super::settings(own, preset);
    settings.extend(super::settings(GENERATOR, preset));
    settings.retain(|setting| !is_left_out(setting.key));
    settings
}

pub(super) fn gail_training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let mut config = gail::Config::preset(choice.preset).expect(NAMED);
    super::configure(GAIL, &choice.settings, &mut config);
    training(
        choice,
        situation,
        config,
        |config| &mut config.generator,
        AdversarialTrainer::gail,
    )
}

pub(super) fn airl_training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let mut config = airl::Config::preset(choice.preset).expect(NAMED);
    super::configure(AIRL, &choice.settings, &mut config);
    training(
        choice,
        situation,
        config,
        |config| &mut config.generator,
        AdversarialTrainer::airl,
    )
}

const NAMED: &str = "a checked optimizer names a preset";

/// How [`AdversarialTrainer`] is made of a configuration.
type Make<C> = fn(
    C,
    Option<&Trajectories>,
    Box<dyn VectorEnvironment>,
    Seed,
    Arc<Pool>,
) -> Result<AdversarialTrainer, rl::Error>;

fn training<C>(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
    mut config: C,
    generator: fn(&mut C) -> &mut ppo::Config,
    make: Make<C>,
) -> Result<Training, Error> {
    let within = generator(&mut config);
    super::configure_some(GENERATOR, &choice.settings, within, is_left_out);
    let (n_steps, n) = (within.steps, within.n_environments);
    let demonstrations = Some(situation.demonstrations());
    let environment = situation.environments(n);
    let pool = Arc::clone(&situation.pool);
    let learner = make(config, demonstrations, environment, situation.seed, pool)?;
    Ok(Training {
        learner: Box::new(learner),
        n_steps,
    })
}
