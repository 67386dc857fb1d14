//! Settings of behavioural cloning, and named presets with their sources.

use nn::{Activation, Initialization, Schedule};
use rl::{Error, PolicyShape, Preset, settings_named};

/// Settings of behavioural cloning. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Passes over the demonstrations.
    pub epochs: usize,
    /// Samples a minibatch; the last of an epoch may be smaller.
    pub minibatch: usize,
    /// Learning rate over the training.
    pub learning_rate: Schedule,
    /// Weight w_e of the entropy.
    pub entropy_weight: f32,
    /// Weight w_2 of half the sum of squared parameters.
    pub l2_weight: f32,
    /// Limit on the norm of the whole gradient; none for no limit.
    pub max_gradient_norm: Option<f32>,
    /// Hold some episodes back, and stop where they no longer grow more likely.
    pub validation: Option<Validation>,
    /// Whether observations are normalised by the mean and deviation of the demonstrations.
    pub normalize_observations: bool,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// How the weights begin.
    pub initialization: Initialization,
    /// Log of the deviation of continuous actions at the start.
    pub log_std: f32,
    /// Least log of that deviation, as it is learned; none for no floor.
    pub least_log_std: Option<f32>,
    /// ε of Adam.
    pub adam_epsilon: f32,
}

/// Episodes that are held back to judge by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// Share of the episodes, above 0 and below 1; one at least.
    pub share: f64,
    /// Epochs without improvement after which nothing more is learned, at least 1.
    pub patience: usize,
}

/// All presets.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "default",
        source: "this project: chosen on CartPole, Acrobot, Pendulum and driving",
        config: default,
    },
    Preset {
        name: "imitation",
        source: "imitation 1.0.1, algorithms/bc.py and FeedForward32Policy; 4 epochs as its DAgger",
        config: imitation,
    },
    Preset {
        name: "imitation-tuned",
        source: "imitation 1.0.1, scripts/config/tuned_hps/bc_seals_hopper_best_hp_eval.json",
        config: imitation_tuned,
    },
];

fn default() -> Config {
    Config {
        epochs: 100,
        minibatch: 64,
        learning_rate: Schedule::LinearToZero(3e-3),
        entropy_weight: 0.0,
        l2_weight: 1e-6,
        max_gradient_norm: Some(1.0),
        validation: None,
        normalize_observations: true,
        hidden: vec![64, 64],
        activation: Activation::Tanh,
        initialization: orthogonal(),
        log_std: 0.0,
        least_log_std: Some(-4.0),
        adam_epsilon: 1e-5,
    }
}

fn imitation() -> Config {
    Config {
        epochs: 4,
        minibatch: 32,
        learning_rate: Schedule::Constant(1e-3),
        entropy_weight: 1e-3,
        l2_weight: 0.0,
        max_gradient_norm: None,
        validation: None,
        normalize_observations: false,
        hidden: vec![32, 32],
        activation: Activation::Tanh,
        initialization: orthogonal(),
        log_std: 0.0,
        least_log_std: None,
        adam_epsilon: 1e-8,
    }
}

fn imitation_tuned() -> Config {
    Config {
        epochs: 20,
        minibatch: 64,
        learning_rate: Schedule::Constant(0.000_717_243_5),
        l2_weight: 1.361_019e-6,
        normalize_observations: true,
        ..imitation()
    }
}

/// As Stable-Baselines3 begins the policies that `imitation` clones into.
fn orthogonal() -> Initialization {
    Initialization::Orthogonal {
        hidden_gain: std::f32::consts::SQRT_2,
        output_gain: 0.01,
    }
}

impl Config {
    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Config> {
        settings_named(PRESETS, name)
    }

    /// What the policy looks like.
    pub(crate) fn shape(&self) -> PolicyShape {
        PolicyShape {
            hidden: self.hidden.clone(),
            activation: self.activation,
            initialization: self.initialization.clone(),
            log_std: self.log_std,
            normalize_observations: self.normalize_observations,
        }
    }

    /// Checks every setting.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (key, value) in [("epochs", self.epochs), ("minibatch", self.minibatch)] {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        if self.hidden.contains(&0) {
            return Err(setting("hidden", 0, "every layer needs at least one unit"));
        }
        let not_negative = [
            ("learning_rate", self.learning_rate.at(0.0) as f32),
            ("entropy_weight", self.entropy_weight),
            ("l2_weight", self.l2_weight),
            (
                "max_gradient_norm",
                self.max_gradient_norm.unwrap_or_default(),
            ),
            ("adam_epsilon", self.adam_epsilon),
        ];
        for (key, value) in not_negative {
            if !(value.is_finite() && value >= 0.0) {
                return Err(setting(key, value, "it must be finite and not negative"));
            }
        }
        for (key, value) in [
            ("log_std", self.log_std),
            ("least_log_std", self.least_log_std.unwrap_or_default()),
        ] {
            if !value.is_finite() {
                return Err(setting(key, value, "it must be finite"));
            }
        }
        self.validation.map_or(Ok(()), Validation::check)
    }
}

impl Validation {
    fn check(self) -> Result<(), Error> {
        if !(0.0 < self.share && self.share < 1.0) {
            return Err(setting(
                "validation share",
                self.share,
                "it must lie between 0 and 1",
            ));
        }
        if self.patience == 0 {
            return Err(setting("patience", 0, "it must be at least 1"));
        }
        Ok(())
    }
}

pub(crate) fn setting(key: &'static str, value: impl ToString, allowed: &'static str) -> Error {
    Error::Setting {
        key,
        value: value.to_string(),
        allowed,
    }
}
