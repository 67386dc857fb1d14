//! Settings of PPO, and named presets with their sources.

use mdp::{Rng, Space};
use nn::{Activation, AdamConfig, MlpShape, Model, Schedule};

use crate::head::{Head, MAX_ACTION_VALUES};
use crate::learner::settings_named;
use crate::{Error, Preset};

/// Settings of PPO. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Environment steps in all; the last round may pass it.
    pub steps: u64,
    /// Environments side by side, N.
    pub n_environments: usize,
    /// Steps of each environment a round, T.
    pub n_steps: usize,
    /// Samples a minibatch; the last of an epoch may be smaller.
    pub minibatch: usize,
    /// Passes over each rollout.
    pub epochs: usize,
    /// Discount factor γ.
    pub discount: f32,
    /// λ of generalised advantage estimation.
    pub lambda: f32,
    /// Learning rate over the training.
    pub learning_rate: Schedule,
    /// Clip range ε over the training.
    pub clip: Schedule,
    /// Limit on how far a value may move in one round; none for no clipping.
    pub value_clip: Option<f32>,
    /// Weight of the entropy.
    pub entropy_coefficient: f32,
    /// Weight of the mean squared error of the values.
    pub value_coefficient: f32,
    /// Limit on the norm of the whole gradient.
    pub max_gradient_norm: f32,
    /// Whether advantages are made mean 0, deviation 1 a minibatch.
    pub normalize_advantages: bool,
    /// Stop the epochs of a round where the KL passes 1.5 times this.
    pub target_kl: Option<f32>,
    /// Whether observations are normalised by running mean and deviation.
    pub normalize_observations: bool,
    /// Whether rewards are scaled by the running deviation of the discounted return.
    pub normalize_rewards: bool,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// One network for policy and value, or one each.
    pub trunk: Trunk,
    /// How the weights begin.
    pub initialization: Initialization,
    /// How continuous actions explore.
    pub exploration: Exploration,
    /// ε of Adam.
    pub adam_epsilon: f32,
}

/// Whether policy and value share their hidden layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trunk {
    /// One network each.
    Separate,
    /// One network whose outputs hold both.
    Shared,
}

/// How the weights begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialization {
    /// Orthogonal with gains √2 (hidden), 0.01 (policy) and 1 (value), zero biases.
    Orthogonal,
    /// Uniform within one over the square root of the number of inputs, as PyTorch does unasked.
    Uniform,
}

/// How continuous actions explore. Discrete actions are drawn from their probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exploration {
    /// Independent normal noise a step, with a log-deviation that does not depend on the state.
    Gaussian {
        /// Log of the deviation at the start.
        log_std: f32,
    },
    /// Noise that is a fixed function of the state for some steps (Raffin et al., 2022).
    StateDependent {
        /// Log of the deviation of the noise weights at the start.
        log_std: f32,
        /// Steps after which a new function is drawn; none for once a rollout.
        resample_every: Option<usize>,
    },
}

/// All presets.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "sb3",
        source: "Stable-Baselines3 2.9, defaults of PPO",
        config: sb3,
    },
    Preset {
        name: "cleanrl",
        source: "CleanRL, ppo.py",
        config: cleanrl,
    },
    Preset {
        name: "rl-zoo-cartpole",
        source: "rl-baselines3-zoo, hyperparams/ppo.yml, CartPole-v1",
        config: rl_zoo_cartpole,
    },
    Preset {
        name: "rl-zoo-acrobot",
        source: "rl-baselines3-zoo, hyperparams/ppo.yml, Acrobot-v1",
        config: rl_zoo_acrobot,
    },
    Preset {
        name: "rl-zoo-mountaincar",
        source: "rl-baselines3-zoo, hyperparams/ppo.yml, MountainCar-v0",
        config: rl_zoo_mountaincar,
    },
    Preset {
        name: "rl-zoo-pendulum",
        source: "rl-baselines3-zoo, hyperparams/ppo.yml, Pendulum-v1",
        config: rl_zoo_pendulum,
    },
    Preset {
        name: "rl-zoo-mountaincar-continuous",
        source: "rl-baselines3-zoo, hyperparams/ppo.yml, MountainCarContinuous-v0",
        config: rl_zoo_mountaincar_continuous,
    },
    Preset {
        name: "wide-batch",
        source: "this project: many environments and large minibatches, for environments that step in microseconds",
        config: wide_batch,
    },
];

fn sb3() -> Config {
    Config {
        steps: 1_000_000,
        n_environments: 1,
        n_steps: 2048,
        minibatch: 64,
        epochs: 10,
        discount: 0.99,
        lambda: 0.95,
        learning_rate: Schedule::Constant(3e-4),
        clip: Schedule::Constant(0.2),
        value_clip: None,
        entropy_coefficient: 0.0,
        value_coefficient: 0.5,
        max_gradient_norm: 0.5,
        normalize_advantages: true,
        target_kl: None,
        normalize_observations: false,
        normalize_rewards: false,
        hidden: vec![64, 64],
        activation: Activation::Tanh,
        trunk: Trunk::Separate,
        initialization: Initialization::Orthogonal,
        exploration: Exploration::Gaussian { log_std: 0.0 },
        adam_epsilon: 1e-5,
    }
}

fn cleanrl() -> Config {
    Config {
        steps: 500_000,
        n_environments: 4,
        n_steps: 128,
        minibatch: 128,
        epochs: 4,
        learning_rate: Schedule::LinearToZero(2.5e-4),
        value_clip: Some(0.2),
        entropy_coefficient: 0.01,
        // CleanRL halves the squared error before weighing it with 0.5.
        value_coefficient: 0.25,
        ..sb3()
    }
}

fn rl_zoo_cartpole() -> Config {
    Config {
        steps: 100_000,
        n_environments: 8,
        n_steps: 32,
        minibatch: 256,
        epochs: 20,
        discount: 0.98,
        lambda: 0.8,
        learning_rate: Schedule::LinearToZero(1e-3),
        clip: Schedule::LinearToZero(0.2),
        ..sb3()
    }
}

fn rl_zoo_acrobot() -> Config {
    Config {
        steps: 1_000_000,
        n_environments: 16,
        n_steps: 256,
        epochs: 4,
        lambda: 0.94,
        normalize_observations: true,
        normalize_rewards: true,
        ..sb3()
    }
}

fn rl_zoo_mountaincar() -> Config {
    Config {
        n_steps: 16,
        lambda: 0.98,
        ..rl_zoo_acrobot()
    }
}

fn rl_zoo_pendulum() -> Config {
    Config {
        steps: 100_000,
        n_environments: 4,
        n_steps: 1024,
        discount: 0.9,
        learning_rate: Schedule::Constant(1e-3),
        exploration: Exploration::StateDependent {
            log_std: 0.0,
            resample_every: Some(4),
        },
        ..sb3()
    }
}

fn rl_zoo_mountaincar_continuous() -> Config {
    Config {
        steps: 20_000,
        n_steps: 8,
        minibatch: 256,
        discount: 0.9999,
        lambda: 0.9,
        learning_rate: Schedule::Constant(7.77e-5),
        clip: Schedule::Constant(0.1),
        entropy_coefficient: 0.00429,
        value_coefficient: 0.19,
        max_gradient_norm: 5.0,
        normalize_observations: true,
        normalize_rewards: true,
        initialization: Initialization::Uniform,
        exploration: Exploration::StateDependent {
            log_std: -3.29,
            resample_every: None,
        },
        ..sb3()
    }
}

fn wide_batch() -> Config {
    Config {
        steps: 3_000_000,
        n_environments: 128,
        n_steps: 128,
        minibatch: 2048,
        epochs: 4,
        learning_rate: Schedule::LinearToZero(1e-3),
        entropy_coefficient: 0.01,
        ..sb3()
    }
}

impl Config {
    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Config> {
        settings_named(PRESETS, name)
    }

    /// Checks every setting.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let positive = [
            ("n_environments", self.n_environments),
            ("n_steps", self.n_steps),
            ("minibatch", self.minibatch),
            ("epochs", self.epochs),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        if self.n_environments.saturating_mul(self.n_steps) > 1 << 24 {
            let value = self.n_environments.saturating_mul(self.n_steps);
            return Err(setting(
                "n_environments * n_steps",
                value,
                "a rollout holds at most 2^24 steps",
            ));
        }
        for (key, value) in [("discount", self.discount), ("lambda", self.lambda)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(setting(key, value, "it must lie in 0..=1"));
            }
        }
        let not_negative = [
            ("learning_rate", self.learning_rate.at(0.0) as f32),
            ("clip", self.clip.at(0.0) as f32),
            ("entropy_coefficient", self.entropy_coefficient),
            ("value_coefficient", self.value_coefficient),
            ("max_gradient_norm", self.max_gradient_norm),
            ("adam_epsilon", self.adam_epsilon),
        ];
        for (key, value) in not_negative {
            if !(value.is_finite() && value >= 0.0) {
                return Err(setting(key, value, "it must be finite and not negative"));
            }
        }
        Ok(())
    }

    pub(crate) fn head(&self, actions: &Space) -> Result<Head, Error> {
        let refused = || Error::ActionSpace {
            algorithm: "ppo",
            space: actions.to_string(),
        };
        if actions.n_values() > MAX_ACTION_VALUES {
            return Err(refused());
        }
        let (distribution, resample_every) = match actions {
            Space::Discrete { n } => (nn::Head::Categorical { n_actions: *n }, 0),
            Space::MultiDiscrete { sizes } => (
                nn::Head::MultiDiscrete {
                    sizes: sizes.clone(),
                },
                0,
            ),
            Space::Continuous { low, .. } => self.continuous_head(low.len())?,
            Space::Tuple(_) => return Err(refused()),
        };
        Ok(Head::over(distribution, actions, resample_every))
    }

    fn continuous_head(&self, n_actions: usize) -> Result<(nn::Head, usize), Error> {
        match self.exploration {
            Exploration::Gaussian { .. } => Ok((nn::Head::Gaussian { n_actions }, 0)),
            Exploration::StateDependent { resample_every, .. } => {
                let n_latents = *self.hidden.last().ok_or_else(|| {
                    setting(
                        "hidden",
                        "empty",
                        "state-dependent exploration needs a hidden layer",
                    )
                })?;
                let every = resample_every.unwrap_or(self.n_steps).max(1);
                Ok((
                    nn::Head::StateDependent {
                        n_actions,
                        n_latents,
                    },
                    every,
                ))
            }
        }
    }

    pub(crate) fn model(&self, n_features: usize, head: &Head, rng: &mut Rng) -> Model {
        let shape = |outputs| MlpShape {
            inputs: n_features,
            hidden: self.hidden.clone(),
            outputs,
            activation: self.activation,
        };
        let mlps = match self.trunk {
            Trunk::Separate => vec![
                (
                    shape(head.distribution().n_outputs()),
                    self.begin(&[(head.distribution().n_outputs(), 0.01)]),
                ),
                (shape(1), self.begin(&[(1, 1.0)])),
            ],
            Trunk::Shared => vec![(
                shape(head.distribution().n_outputs() + 1),
                self.begin(&[(head.distribution().n_outputs(), 0.01), (1, 1.0)]),
            )],
        };
        let log_std = match self.exploration {
            Exploration::Gaussian { log_std } | Exploration::StateDependent { log_std, .. } => {
                log_std
            }
        };
        Model::new(&mlps, &vec![log_std; head.distribution().n_free()], rng)
    }

    /// How a network begins whose outputs fall into groups, each with a gain.
    fn begin(&self, groups: &[(usize, f32)]) -> nn::Initialization {
        match self.initialization {
            Initialization::Orthogonal => nn::Initialization::OrthogonalGroups {
                hidden_gain: std::f32::consts::SQRT_2,
                groups: groups.to_vec(),
            },
            Initialization::Uniform => nn::Initialization::PyTorchDefault,
        }
    }

    pub(crate) fn adam(&self) -> AdamConfig {
        AdamConfig::adam(self.adam_epsilon)
    }
}

fn setting(key: &'static str, value: impl ToString, allowed: &'static str) -> Error {
    Error::Setting {
        key,
        value: value.to_string(),
        allowed,
    }
}
