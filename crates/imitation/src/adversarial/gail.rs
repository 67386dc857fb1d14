//! Generative adversarial imitation learning (Ho and Ermon, 2016).
//!
//! The discriminator `D(s, a) = 1 / (1 + exp(-l(s, a)))` is the probability that a transition was demonstrated; it learns
//! by the cross-entropy
//!
//! `½ (-E_expert[log D] - E_π[log(1 - D)]) (+ a gradient penalty)`,
//!
//! and the policy maximises the expected return of a reward that grows with l ([`RewardForm`]). The paper's labels are the other way
//! round; its policy minimises `E_π[log D_paper]`, which is the reward `-log(1 - D)`, [`RewardForm::Softplus`].
//!
//! # Details
//! The paper's generator is TRPO; here it is PPO, with all of its settings in [`Config::generator`]. Each update takes as
//! many demonstrated transitions as generated ones, drawn uniformly with replacement. The logit begins at 0 everywhere.
//! Actions are judged as they were played: continuous ones clipped to their bounds, without which a discriminator tells
//! the policy by actions that nobody could take. Rewards are scaled by a declared transform. See
//! [`AdversarialTrainer`] for what is reported, and `docs/methods/gail.md` for measured results.

use std::sync::Arc;

use mdp::{Seed, Trajectories};
use nn::{Activation, Pool, Schedule};
use rl::{Error, NetworkPolicy, Observer, Preset, VectorEnvironment, ppo};

use super::config::setting;
use super::{
    AdversarialTrainer, DiscriminatorConfig, Ends, GradientPenalty, RewardForm, RewardNormalization,
};

/// Settings of GAIL. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The policy's own learning; its steps are those of the whole training.
    pub generator: ppo::Config,
    /// The discriminator and its learning.
    pub discriminator: DiscriminatorConfig,
    /// What a logit is worth.
    pub reward: RewardForm,
    /// What comes after an end.
    pub ends: Ends,
    /// How rewards are scaled.
    pub normalization: RewardNormalization,
}

/// All presets.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "default",
        source: "this project: small environments with discrete actions; the gradient penalty and absorbing states of Kostrikov et al. (2019)",
        config: default,
    },
    Preset {
        name: "tabular",
        source: "this project: finite environments with short episodes, many short rounds",
        config: tabular,
    },
    Preset {
        name: "noisy",
        source: "this project: the preset `tabular` with ten times its entropy bonus, where a discriminator knows demonstrations by heart from what is seen beside the state",
        config: noisy,
    },
    Preset {
        name: "cartpole",
        source: "this project: the default with the steps that CartPole needs",
        config: cartpole,
    },
    Preset {
        name: "acrobot",
        source: "this project: the generator at the settings of rl-baselines3-zoo for Acrobot-v1, with an entropy bonus",
        config: acrobot,
    },
    Preset {
        name: "pendulum",
        source: "this project: the generator at the settings of rl-baselines3-zoo for Pendulum-v1, with plain Gaussian noise and a falling learning rate",
        config: pendulum,
    },
    Preset {
        name: "imitation-tutorial",
        source: "imitation 1.0.1, docs/tutorials/3_train_gail.ipynb, with PPO's rollouts and hidden layers as Stable-Baselines3 has them",
        config: imitation_tutorial,
    },
];

fn discriminator() -> DiscriminatorConfig {
    DiscriminatorConfig {
        hidden: vec![64, 64],
        activation: Activation::Tanh,
        learning_rate: 1e-3,
        n_updates: 8,
        batch: 256,
        buffer_rounds: 1,
        normalize_observations: true,
        penalty: Some(GradientPenalty {
            weight: 1.0,
            target: 1.0,
        }),
    }
}

fn default() -> Config {
    let sb3 = ppo::Config::preset("sb3").expect("a preset of PPO");
    Config {
        generator: ppo::Config {
            steps: 200_000,
            n_environments: 16,
            n_steps: 64,
            minibatch: 256,
            learning_rate: Schedule::LinearToZero(1e-3),
            entropy_coefficient: 0.01,
            ..sb3
        },
        discriminator: discriminator(),
        reward: RewardForm::Softplus,
        ends: Ends::Absorbing,
        normalization: RewardNormalization::Scale,
    }
}

fn tabular() -> Config {
    let default = default();
    Config {
        generator: ppo::Config {
            steps: 100_000,
            n_steps: 16,
            minibatch: 128,
            epochs: 4,
            entropy_coefficient: 0.02,
            ..default.generator
        },
        discriminator: DiscriminatorConfig {
            batch: 128,
            buffer_rounds: 4,
            n_updates: 4,
            ..discriminator()
        },
        ..default
    }
}

fn noisy() -> Config {
    let tabular = tabular();
    Config {
        generator: ppo::Config {
            entropy_coefficient: 0.2,
            ..tabular.generator
        },
        ..tabular
    }
}

fn cartpole() -> Config {
    let default = default();
    Config {
        generator: ppo::Config {
            steps: 150_000,
            ..default.generator
        },
        ..default
    }
}

fn acrobot() -> Config {
    let zoo = ppo::Config::preset("rl-zoo-acrobot").expect("a preset of PPO");
    Config {
        generator: ppo::Config {
            normalize_rewards: false,
            steps: 300_000,
            entropy_coefficient: 0.01,
            ..zoo
        },
        reward: RewardForm::Logit,
        ..default()
    }
}

fn pendulum() -> Config {
    let zoo = ppo::Config::preset("rl-zoo-pendulum").expect("a preset of PPO");
    Config {
        generator: ppo::Config {
            steps: 300_000,
            learning_rate: Schedule::LinearToZero(1e-3),
            exploration: ppo::Exploration::Gaussian { log_std: 0.0 },
            ..zoo
        },
        discriminator: DiscriminatorConfig {
            n_updates: 16,
            buffer_rounds: 5,
            // A flat logit where nothing is to be told apart: with a slope of 1 asked for, seeds drifted away again.
            penalty: Some(GradientPenalty {
                weight: 1.0,
                target: 0.0,
            }),
            ..discriminator()
        },
        reward: RewardForm::Logit,
        // Pendulum never ends.
        ends: Ends::Worthless,
        ..default()
    }
}

fn imitation_tutorial() -> Config {
    let sb3 = ppo::Config::preset("sb3").expect("a preset of PPO");
    Config {
        generator: ppo::Config {
            steps: 200_000,
            n_environments: 8,
            learning_rate: Schedule::Constant(4e-4),
            discount: 0.95,
            epochs: 5,
            ..sb3
        },
        discriminator: DiscriminatorConfig {
            hidden: vec![32, 32],
            activation: Activation::Relu,
            batch: 1024,
            penalty: None,
            ..discriminator()
        },
        reward: RewardForm::Softplus,
        ends: Ends::Worthless,
        normalization: RewardNormalization::None,
    }
}

impl Config {
    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Config> {
        rl::settings_named(PRESETS, name)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        self.discriminator.check()?;
        check_ends(self.ends, self.normalization)
    }
}

/// Standardised rewards have no zero that an absorbing state could be worth.
pub(super) fn check_ends(ends: Ends, normalization: RewardNormalization) -> Result<(), Error> {
    if ends == Ends::Absorbing && normalization == RewardNormalization::Standardize {
        return Err(setting(
            "normalization",
            "standardize",
            "taking the mean off moves what the absorbing state is worth; set it to scale, or ends to worthless",
        ));
    }
    Ok(())
}

/// Imitates demonstrations for `config.generator.steps` environment steps.
///
/// # Errors
/// If a setting is impossible, the demonstrations are of other spaces than the environment's or are empty, or the
/// weights diverge.
pub fn train(
    config: Config,
    demonstrations: &Trajectories,
    environment: Box<dyn VectorEnvironment>,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<NetworkPolicy, Error> {
    let n_steps = config.generator.steps;
    let mut trainer =
        AdversarialTrainer::gail(config, Some(demonstrations), environment, seed, pool)?;
    rl::train_to(&mut trainer, n_steps, observer)?;
    Ok(trainer.network().clone())
}
