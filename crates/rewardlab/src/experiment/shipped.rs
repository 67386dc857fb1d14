//! The experiments that every copy of rewardlab carries.

use super::Experiment;
use crate::Error;

/// An experiment inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedExperiment {
    /// Its name.
    pub name: &'static str,
    /// Its TOML.
    pub text: &'static str,
}

impl ShippedExperiment {
    /// Checks it, with overrides on top.
    ///
    /// # Errors
    /// [`Error::Experiment`] with every problem, which lie in the overrides.
    pub fn parse(&self, overrides: &[String]) -> Result<Experiment, Error> {
        let file = format!("experiments/{}.toml", self.name);
        Experiment::parse(self.name, &file, self.text, overrides)
    }
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(ShippedExperiment {
            name: $name,
            text: include_str!(concat!("../../../../experiments/", $name, ".toml")),
        }),*]
    };
}

/// The shipped experiments, in the order in which `list` shows them.
#[must_use]
pub fn shipped() -> &'static [ShippedExperiment] {
    shipped![
        "coast-runners",
        "coast-runners-honest",
        "cleaning-robot",
        "cleaning-robot-honest",
        "nail-factory-count",
        "nail-factory-count-honest",
        "nail-factory-weight",
        "nail-factory-weight-honest",
        "boat-race",
        "boat-race-honest",
        "tomato-watering",
        "tomato-watering-honest",
        "tampered-sensor",
        "tampered-sensor-honest",
        "tampered-function",
        "tampered-function-honest",
        "tampered-register",
        "tampered-register-honest",
        "tampered-feedback",
        "tampered-feedback-honest",
        "montezuma-rooms-sparse",
        "montezuma-rooms-bonus",
        "ppo-cartpole",
        "ppo-acrobot",
        "ppo-pendulum",
        "ppo-mountaincar-continuous",
        "dqn-cartpole",
        "bc-cartpole",
        "bc-driving",
        "dagger-driving",
        "gail-cartpole",
        "airl-cartpole",
        "rlhf-cartpole",
        "grasp-one-camera",
        "grasp-two-cameras",
        "irl-gridworld",
        "irl-gridworld-arrivals",
        "procedure-cloning-mazes",
        "backward-screens",
        "assistant-served",
        "assistant-asks",
    ]
}
