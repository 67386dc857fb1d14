//! Settings of the backward algorithm, and where they come from.

use nn::{Activation, AdamConfig, Schedule};
use rl::{Error, Preset};

/// Settings of the backward algorithm. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Environment steps of the whole training.
    pub steps: u64,
    /// Environments that are stepped side by side.
    pub n_environments: usize,
    /// Steps that each of them takes a round.
    pub n_steps: usize,
    /// Steps before those of a round that are passed through the network again to rebuild its memory, and masked from the
    /// loss; 0 for networks without memory.
    pub burn_in: usize,
    /// Environments in a minibatch, with all their steps, for networks with memory; the same number of rows for others.
    pub minibatch_environments: usize,
    /// Passes over a round.
    pub epochs: usize,
    /// Discount γ.
    pub discount: f32,
    /// λ of generalised advantage estimation.
    pub lambda: f32,
    /// Limit ε of the ratio of probabilities, and of the step of a value where values are clipped.
    pub clip: f32,
    /// Whether the step of a value is clipped too.
    pub clip_values: bool,
    /// Learning rate over the training.
    pub learning_rate: Schedule,
    /// Added to the root of Adam's second moment.
    pub adam_epsilon: f32,
    /// Weight of the mean entropy over the training.
    pub entropy_coefficient: Schedule,
    /// Weight of half the mean squared error of the values.
    pub value_coefficient: f32,
    /// Weight of half the sum of the squared parameters.
    pub l2_coefficient: f32,
    /// Greatest norm of a gradient; none leaves it as it is.
    pub max_gradient_norm: Option<f32>,
    /// Whether the optimiser is given the sign of each reward instead of the reward. What an episode scores is not
    /// clipped.
    pub clip_rewards: bool,
    /// Whether observations are normalised by the mean and deviation of those seen.
    pub normalize_observations: bool,
    /// The network.
    pub network: NetworkShape,
    /// How episodes begin and end.
    pub curriculum: CurriculumConfig,
}

/// What the network looks like.
#[derive(Clone, Debug, PartialEq)]
pub enum NetworkShape {
    /// Two perceptrons side by side, for the policy and for the value; for observations that say it all.
    FeedForward {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
        /// What follows each hidden layer.
        activation: Activation,
    },
    /// A layer, a gated recurrent unit, and a last layer that reads both, for policy and value together; for observations
    /// that leave something out.
    Recurrent {
        /// Width of the layer.
        encoder: usize,
        /// What follows it.
        activation: Activation,
        /// Numbers that are remembered.
        units: usize,
    },
}

/// How episodes begin and end.
#[derive(Clone, Debug, PartialEq)]
pub struct CurriculumConfig {
    /// Steps of the demonstration over which the start points of the workers are spread.
    pub window: usize,
    /// Share of the window's points from which the demonstration must be matched before the window moves back.
    pub success_share: f64,
    /// Steps between two looks at how the points do.
    pub moves_every: usize,
    /// Steps by which the window moves forward again when no point succeeds often enough.
    pub retreat: usize,
    /// Share of episodes that begin at a point drawn between the worker's own and the end.
    pub sampled_share: f64,
    /// Steps by which an episode's score may lag the demonstration's before it is cut.
    pub allowed_lag: usize,
    /// An episode that has the demonstration's score goes on for `exp(x U)` steps, `U` uniform in 0 to 1: the x.
    pub extra_exponent: f64,
    /// Steps before a start point that are played back to rebuild the network's memory, and masked from the loss.
    pub prior_steps: usize,
    /// Steps after a start point in which choices are drawn with more entropy.
    pub near_start: usize,
    /// What the logits are divided by there.
    pub temperature: f32,
}

/// What is shipped, the first being what to begin with.
pub const PRESETS: [Preset<Config>; 3] = [
    Preset {
        name: "small",
        source: "the published recipe for small networks on a few cores: narrower window, larger steps, minibatches; \
                 chosen on seed 0 of `montezuma-screens`",
        config: small,
    },
    Preset {
        name: "small-recurrent",
        source: "the same with a memory: 16 steps played back before a start, sequences that begin 16 steps earlier",
        config: small_recurrent,
    },
    Preset {
        name: "published",
        source: "openai/atari-reset: `train_atari.py`, `atari_reset/ppo.py` and `wrappers.py`, counts of frames divided by \
                 the four that an action took, on one machine, with a dense layer where the convolutions were",
        config: published,
    },
];

fn small() -> Config {
    Config {
        steps: 30_000_000,
        n_environments: 64,
        n_steps: 128,
        burn_in: 0,
        minibatch_environments: 4,
        epochs: 4,
        discount: 0.998,
        lambda: 0.95,
        clip: 0.2,
        clip_values: false,
        learning_rate: Schedule::LinearToZero(1e-3),
        adam_epsilon: 1e-5,
        entropy_coefficient: Schedule::LinearToZero(5e-3),
        value_coefficient: 1.0,
        l2_coefficient: 0.0,
        max_gradient_norm: Some(0.5),
        clip_rewards: true,
        normalize_observations: false,
        network: NetworkShape::FeedForward {
            hidden: vec![64, 64],
            activation: Activation::Tanh,
        },
        curriculum: CurriculumConfig {
            window: 32,
            success_share: 0.2,
            moves_every: 128,
            retreat: 100,
            sampled_share: 0.2,
            allowed_lag: 50,
            extra_exponent: 7.0,
            prior_steps: 0,
            near_start: 100,
            temperature: 1.0,
        },
    }
}

fn small_recurrent() -> Config {
    let small = small();
    Config {
        burn_in: 16,
        network: NetworkShape::Recurrent {
            encoder: 64,
            activation: Activation::Tanh,
            units: 64,
        },
        curriculum: CurriculumConfig {
            prior_steps: 16,
            ..small.curriculum
        },
        ..small
    }
}

fn published() -> Config {
    Config {
        steps: 1_000_000_000,
        n_environments: 128,
        n_steps: 128,
        burn_in: 64,
        minibatch_environments: 128,
        epochs: 4,
        discount: 0.999,
        lambda: 0.95,
        clip: 0.1,
        clip_values: true,
        learning_rate: Schedule::Constant(1e-4),
        adam_epsilon: 1e-6,
        entropy_coefficient: Schedule::Constant(1e-4),
        value_coefficient: 0.5,
        l2_coefficient: 1e-7,
        max_gradient_norm: None,
        clip_rewards: true,
        normalize_observations: false,
        network: NetworkShape::Recurrent {
            encoder: 800,
            activation: Activation::Relu,
            units: 800,
        },
        curriculum: CurriculumConfig {
            window: 80,
            success_share: 0.2,
            moves_every: 1024,
            retreat: 25,
            sampled_share: 0.2,
            allowed_lag: 12,
            extra_exponent: 7.0,
            prior_steps: 128,
            near_start: 25,
            temperature: 2.0,
        },
    }
}

impl Config {
    /// The settings of the preset of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Config> {
        rl::settings_named(&PRESETS, name)
    }

    pub(super) fn adam(&self) -> AdamConfig {
        AdamConfig::adam(self.adam_epsilon)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let curriculum = &self.curriculum;
        let at_least_one = [
            ("n_environments", self.n_environments),
            ("n_steps", self.n_steps),
            ("minibatch_environments", self.minibatch_environments),
            ("epochs", self.epochs),
            ("curriculum.window", curriculum.window),
            ("curriculum.moves_every", curriculum.moves_every),
        ];
        let (rest, longest) = (self.burn_in, self.n_steps);
        let allowed = "a round must be at least as long, for its last steps are the next one's";
        refuse("burn_in", rest > longest, &rest, allowed)?;
        for (key, value) in at_least_one {
            refuse(key, value == 0, &value, "it must be at least 1")?;
        }
        let shares = [
            ("discount", f64::from(self.discount)),
            ("lambda", f64::from(self.lambda)),
            ("curriculum.success_share", curriculum.success_share),
            ("curriculum.sampled_share", curriculum.sampled_share),
        ];
        for (key, value) in shares {
            let allowed = "it must lie between 0 and 1";
            refuse(key, !(0.0..=1.0).contains(&value), &value, allowed)?;
        }
        let positive = [
            ("clip", self.clip),
            ("adam_epsilon", self.adam_epsilon),
            ("curriculum.temperature", curriculum.temperature),
        ];
        for (key, value) in positive {
            let is_positive = value.is_finite() && value > 0.0;
            refuse(key, !is_positive, &value, "it must be above 0")?;
        }
        let not_negative = [
            (
                "entropy_coefficient",
                self.entropy_coefficient.at(0.0) as f32,
            ),
            ("value_coefficient", self.value_coefficient),
            ("l2_coefficient", self.l2_coefficient),
            (
                "curriculum.extra_exponent",
                curriculum.extra_exponent as f32,
            ),
        ];
        for (key, value) in not_negative {
            let is_fine = value.is_finite() && value >= 0.0;
            refuse(key, !is_fine, &value, "it must be at least 0")?;
        }
        Ok(())
    }
}

fn refuse(
    key: &'static str,
    is_wrong: bool,
    value: &dyn std::fmt::Display,
    allowed: &'static str,
) -> Result<(), Error> {
    if !is_wrong {
        return Ok(());
    }
    Err(Error::Setting {
        key,
        value: value.to_string(),
        allowed,
    })
}
