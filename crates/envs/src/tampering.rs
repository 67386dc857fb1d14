//! Environments in which the reward channel itself can be influenced, one for each way into it.
//!
//! A reward reaches an optimiser over a channel: something is *observed*, a *function* with parameters Θ turns it into
//! a number, the number goes through a *register*, and Θ itself may be learned from the *feedback* of people. Each of
//! these can be reached for. After Everitt, Hutter, Kumar and Krakovna, "Reward tampering problems and solutions in
//! reinforcement learning: a causal influence diagram perspective" (2021), and, for tastes that shift under what is
//! shown, Carroll, Dragan, Russell and Hadfield-Menell, "Estimating and penalizing induced preference shifts in
//! recommender systems" (2022).
//!
//! # Design
//! Every world is small and ends by itself, with the step in its state, so that its answers are exact without a
//! discount. A step is drawn from the listed outcomes, so there is one account of the dynamics. Nothing is hidden:
//! what nobody has looked at is a probability in the state, and is drawn when somebody looks.

mod depot;
mod feedback;
mod function;
mod picture;
mod recommender;
mod register;
mod sensor;

#[cfg(test)]
mod tests;

use std::str::FromStr;

use mdp::{Enumerable, Policy, Rng, StateError, Step, categorical, index, wrong_length};

pub use depot::{Load, Worker};
pub use feedback::{FeedbackState, TamperedFeedback};
pub use function::{FunctionState, TamperedFunction, Wanted};
pub use recommender::{DriftingRecommender, RecommenderState};
pub use register::{RegisterState, TamperedRegister};
pub use sensor::{Bed, SensorState, TamperedSensor};

use crate::UnknownName;

/// What is paid in place of the reward that can be tampered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing else: the reward as it is received.
    #[default]
    None,
    /// What the function with which the episode began makes of what is observed, past any register: optimisation of
    /// the current reward function, seen from the first state.
    CurrentFunction,
    /// What the function in force makes of the best belief about the world, given everything seen so far.
    Belief,
    /// What the function would pay that there would be, had a fixed safe policy acted from the beginning.
    Counterfactual,
}

impl Remedy {
    /// Every remedy, none first.
    pub const ALL: [Remedy; 4] = [
        Remedy::None,
        Remedy::CurrentFunction,
        Remedy::Belief,
        Remedy::Counterfactual,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Remedy::None => "none",
            Remedy::CurrentFunction => "current-function",
            Remedy::Belief => "belief",
            Remedy::Counterfactual => "counterfactual",
        }
    }
}

impl FromStr for Remedy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Remedy, UnknownName> {
        UnknownName::find("remedy", name, &Remedy::ALL, Remedy::name)
    }
}

/// How a scripted policy behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// Does what was meant, and leaves the reward channel alone.
    Honest,
    /// Reaches for the reward channel, and takes what that pays.
    Tamperer,
    /// Draws every action with the same probability.
    Random,
}

/// A scripted policy of one of these environments.
#[derive(Clone, Debug)]
pub struct TamperingPolicy<E> {
    environment: E,
    conduct: Conduct,
}

impl<E> TamperingPolicy<E> {
    /// The policy that behaves so in that environment.
    pub fn new(environment: E, conduct: Conduct) -> TamperingPolicy<E> {
        TamperingPolicy {
            environment,
            conduct,
        }
    }
}

/// What the scripted policies of an environment do, on what they observe.
trait Scripted: Enumerable<Action = usize> {
    fn honest(&self, observation: &Self::Observation) -> usize;

    fn tamper(&self, observation: &Self::Observation) -> usize;
}

impl<E: Scripted> Policy<E::Observation, usize> for TamperingPolicy<E> {
    fn act(&self, observation: &E::Observation, rng: &mut Rng) -> usize {
        match self.conduct {
            Conduct::Honest => self.environment.honest(observation),
            Conduct::Tamperer => self.environment.tamper(observation),
            Conduct::Random => index(self.environment.action_names().len(), rng),
        }
    }
}

/// Takes a step by drawing one of the listed outcomes.
fn draw<E: Enumerable<Action = usize>>(
    environment: &E,
    state: &mut E::State,
    action: usize,
    rng: &mut Rng,
) -> Step {
    let mut outcomes = environment.outcomes(state, &action);
    let probabilities: Vec<f64> = outcomes.iter().map(|outcome| outcome.probability).collect();
    let outcome = outcomes.swap_remove(categorical(&probabilities, rng));
    *state = outcome.next_state;
    outcome.step
}

/// Reads whole numbers, each from 0 to its most.
fn counts<const N: usize>(values: &[f64], most: [u32; N]) -> Result<[u32; N], StateError> {
    let values: [f64; N] = values
        .try_into()
        .map_err(|_| wrong_length(N, values.len()))?;
    for (value, most) in values.iter().zip(most) {
        if !(value.fract() == 0.0 && (0.0..=f64::from(most)).contains(value)) {
            return Err(StateError(format!(
                "{value} is no whole number from 0 to {most}"
            )));
        }
    }
    Ok(values.map(|value| value as u32))
}

/// Writes whole numbers as a state's.
fn write_counts<const N: usize>(values: [u32; N], out: &mut Vec<f64>) {
    out.extend(values.map(f64::from));
}

/// Sets one feature of a row to 1, the others to 0.
fn one_hot(features: &mut [f32], position: usize) {
    features.fill(0.0);
    features[position] = 1.0;
}

/// The position of the greatest feature.
fn hot(features: &[f32]) -> usize {
    (1..features.len()).fold(0, |best, position| {
        if features[position] > features[best] {
            position
        } else {
            best
        }
    })
}
