//! Settings of DAgger, and named presets with their sources.

use nn::Schedule;
use rl::{Error, Preset, settings_named};

use crate::behavioral_cloning::{self, setting};

/// Settings of DAgger. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Environment steps in all, each of which the expert labels; the last round may pass it.
    pub steps: u64,
    /// Environments side by side.
    pub n_environments: usize,
    /// Episodes a round, at least.
    pub min_episodes: usize,
    /// Steps a round, at least.
    pub min_steps: usize,
    /// How much of a round the expert plays.
    pub beta: Beta,
    /// How the aggregate is cloned; its epochs are those of a round, its learning rate falls over all rounds, and it
    /// holds nothing back.
    pub cloning: behavioral_cloning::Config,
}

/// The probability β of a round that the expert acts in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beta {
    /// 1 in the first round, falling in a straight line to 0 after so many rounds, at least 1.
    Linear {
        /// Rounds after which the learner plays alone.
        rounds: u64,
    },
    /// This to the power of the number of the round, from 0.
    Exponential {
        /// Above 0, at most 1.
        decay: f64,
    },
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
        source: "imitation 1.0.1, algorithms/dagger.py, one environment",
        config: imitation,
    },
    Preset {
        name: "imitation-exponential",
        source: "imitation 1.0.1, algorithms/dagger.py with ExponentialBetaSchedule(0.7), one environment",
        config: imitation_exponential,
    },
];

fn default() -> Config {
    Config {
        steps: 20_000,
        n_environments: 8,
        min_episodes: 8,
        min_steps: 1_000,
        beta: Beta::Exponential { decay: 0.5 },
        cloning: behavioral_cloning::Config {
            epochs: 10,
            learning_rate: Schedule::LinearToZero(3e-3),
            ..behavioral_cloning::Config::preset("default").expect("a preset of this crate")
        },
    }
}

fn imitation() -> Config {
    Config {
        steps: 60_000,
        n_environments: 1,
        min_episodes: 3,
        min_steps: 500,
        beta: Beta::Linear { rounds: 15 },
        cloning: behavioral_cloning::Config::preset("imitation").expect("a preset of this crate"),
    }
}

fn imitation_exponential() -> Config {
    Config {
        beta: Beta::Exponential { decay: 0.7 },
        ..imitation()
    }
}

impl Beta {
    /// β of a round, from 0.
    #[must_use]
    pub fn at(self, round: u64) -> f64 {
        match self {
            Beta::Linear { rounds } => (1.0 - round as f64 / rounds as f64).max(0.0),
            Beta::Exponential { decay } => decay.powf(round as f64),
        }
    }

    fn check(self) -> Result<(), Error> {
        match self {
            Beta::Linear { rounds: 0 } => Err(setting("beta rounds", 0, "it must be at least 1")),
            Beta::Exponential { decay } if !(0.0 < decay && decay <= 1.0) => Err(setting(
                "beta decay",
                decay,
                "it must lie above 0 and not above 1",
            )),
            _ => Ok(()),
        }
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
        for (key, value) in [
            ("n_environments", self.n_environments),
            ("min_episodes", self.min_episodes),
            ("min_steps", self.min_steps),
        ] {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        if self.cloning.validation.is_some() {
            return Err(setting(
                "validation",
                "given",
                "leave it out: every round brings new data",
            ));
        }
        self.beta.check()?;
        self.cloning.check()
    }
}
