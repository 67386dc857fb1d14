//! Adversarial inverse reinforcement learning (Fu, Luo and Levine, 2018).
//!
//! The discriminator is made so that at its optimum it holds a reward: with
//!
//! `f(s, a, s') = g(s, a) + γ c Φ(s') - Φ(s)`, `D = exp f / (exp f + π(a|s))`, so `logit D = f - log π(a|s)`,
//!
//! c being 0 where the environment terminated and nothing comes after, else 1. Where π is the expert's, f is its
//! advantage, and where moreover the dynamics are deterministic and g reads the state alone, g is the reward up to a
//! constant: the shaping term takes up what depends on the dynamics, and g can be optimised under others.
//!
//! # Details
//! The policy's reward is [`Reward::OfLogit`], the paper's `log D - log(1 - D) = f - log π`, whose expectation is f and the
//! policy's entropy; or [`Reward::Shaped`], f alone, as the library `imitation` has it, with the entropy left to PPO's own
//! coefficient; or g. `log π` is that of the present policy for every transition, played actions included.
//! The rest is as in [`gail`](super::gail).

use std::sync::Arc;

use mdp::{Seed, Trajectories};
use nn::Pool;
use rl::{Error, NetworkPolicy, Observer, Preset, VectorEnvironment, ppo};

use super::gail::{self, check_ends};
use super::{
    AdversarialTrainer, DiscriminatorConfig, Ends, RewardForm, RewardNormalization, SignBias,
};

/// What the policy is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reward {
    /// A form of the logit `f - log π`; the paper's is [`RewardForm::Logit`].
    OfLogit(RewardForm),
    /// f.
    Shaped,
    /// g.
    Unshaped,
}

/// Settings of AIRL. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The policy's own learning; its steps are those of the whole training, its discount is γ.
    pub generator: ppo::Config,
    /// The discriminator and its learning; the hidden layers are those of g.
    pub discriminator: DiscriminatorConfig,
    /// Widths of the hidden layers of the potential Φ.
    pub potential_hidden: Vec<usize>,
    /// Whether g reads the state alone.
    pub state_only: bool,
    /// What the policy is paid.
    pub reward: Reward,
    /// What comes after an end.
    pub ends: Ends,
    /// How rewards are scaled.
    pub normalization: RewardNormalization,
}

/// All presets.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "default",
        source: "this project: small environments with discrete actions; the reward of imitation 1.0.1, the absorbing states of Kostrikov et al. (2019)",
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
];

fn like(gail: &str) -> Config {
    let gail = gail::Config::preset(gail).expect("a preset of GAIL");
    Config {
        generator: gail.generator,
        discriminator: gail.discriminator,
        potential_hidden: vec![32, 32],
        state_only: false,
        reward: Reward::Shaped,
        ends: Ends::Absorbing,
        normalization: RewardNormalization::Scale,
    }
}

fn default() -> Config {
    like("default")
}

fn tabular() -> Config {
    like("tabular")
}

fn noisy() -> Config {
    like("noisy")
}

fn cartpole() -> Config {
    like("cartpole")
}

fn acrobot() -> Config {
    like("acrobot")
}

fn pendulum() -> Config {
    let like = like("pendulum");
    let default = gail::Config::preset("default").expect("a preset of GAIL");
    Config {
        generator: ppo::Config {
            steps: 300_000,
            ..like.generator
        },
        discriminator: DiscriminatorConfig {
            n_updates: 16,
            ..default.discriminator
        },
        ..like
    }
}

impl Reward {
    /// Its name in settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reward::OfLogit(form) => form.name(),
            Reward::Shaped => "shaped",
            Reward::Unshaped => "unshaped",
        }
    }

    /// The bias that its sign brings where episodes can end.
    #[must_use]
    pub fn bias(self, ends: Ends) -> SignBias {
        match (self, ends) {
            (Reward::OfLogit(form), _) => form.bias(ends),
            (_, Ends::Absorbing) => SignBias::Absent,
            (_, Ends::Worthless) => SignBias::Mixed,
        }
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
        if self.potential_hidden.contains(&0) {
            let allowed = "every layer has a unit at least";
            return Err(super::config::setting("potential_hidden", "0", allowed));
        }
        check_ends(self.ends, self.normalization)
    }
}

/// Imitates demonstrations for `config.generator.steps` environment steps.
///
/// # Errors
/// As [`gail::train`].
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
        AdversarialTrainer::airl(config, Some(demonstrations), environment, seed, pool)?;
    rl::train_to(&mut trainer, n_steps, observer)?;
    Ok(trainer.network().clone())
}
