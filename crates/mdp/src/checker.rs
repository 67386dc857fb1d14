//! The checker that every environment passes.

use thiserror::Error;

use crate::{Action, Environment, Episode, Observation, Seed, Space, StateVector, Step, uniform};

/// What is wrong with an environment.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EnvironmentFault {
    /// An observation lies outside the space that was declared for it.
    #[error("step {step}: observation {observation:?} lies outside {space:?}")]
    ObservationOutside {
        /// Steps taken before.
        step: usize,
        /// The observation.
        observation: Vec<f32>,
        /// The declared space.
        space: Space,
    },
    /// A reward, a component or an intent is not a finite number.
    #[error("step {step}: {what} is {value}, not a finite number")]
    NotFinite {
        /// Steps taken before.
        step: usize,
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// The components do not sum to the reward, or are not as many as their names.
    #[error("step {step}: components {components:?} do not make up reward {reward}")]
    Components {
        /// Steps taken before.
        step: usize,
        /// The components.
        components: Vec<f64>,
        /// The reward.
        reward: f64,
    },
    /// Intent was given at one step and not at another.
    #[error("step {step}: intent is given at some steps and absent at others")]
    IntentComesAndGoes {
        /// Steps taken before.
        step: usize,
    },
    /// The same seed gave another trajectory.
    #[error("step {step}: the same seed gave another trajectory")]
    NotDeterministic {
        /// Steps taken before.
        step: usize,
    },
    /// What a step draws is not what is listed of it.
    #[error("{place}: {problem}")]
    Outcomes {
        /// Which state and action.
        place: String,
        /// What differs.
        problem: String,
    },
    /// A saved state did not come back as it was.
    #[error("step {step}: a saved state was not restored: {reason}")]
    StateNotRestored {
        /// Steps taken before.
        step: usize,
        /// What went wrong.
        reason: String,
    },
    /// A return left the bounds that were declared.
    #[error("the {what} return {value} of an episode lies outside the declared {bounds:?}")]
    ReturnOutside {
        /// Reward or intent.
        what: &'static str,
        /// The return.
        value: f64,
        /// The declared bounds.
        bounds: (f64, f64),
    },
    /// No episode ended although the environment promised it.
    #[error("no episode ended in {n_steps} steps; wrap the environment in `TimeLimit`")]
    NeverEnds {
        /// Steps taken.
        n_steps: usize,
    },
}

/// Plays `n_steps` random steps and checks what every environment promises: spaces respected, finite rewards
/// whose components sum to them, intent always or never, the same trajectory for the same seed, states that
/// are saved and restored exactly, declared return bounds kept, and an end reached.
///
/// # Errors
/// The first fault found.
pub fn check_environment<E: Environment>(
    environment: &E,
    n_steps: usize,
    seed: Seed,
) -> Result<(), EnvironmentFault> {
    let mut n_taken = 0;
    let mut n_episodes = 0;
    let mut intent_known = None;
    while n_taken < n_steps {
        let steps = check_episode(environment, n_taken, n_steps - n_taken, seed, n_episodes)?;
        for (index, step) in steps.iter().enumerate() {
            if *intent_known.get_or_insert(step.intent.is_some()) != step.intent.is_some() {
                return Err(EnvironmentFault::IntentComesAndGoes {
                    step: n_taken + index,
                });
            }
        }
        n_taken += steps.len();
        if steps.last().is_some_and(Step::is_last) {
            check_returns(environment, &steps)?;
            n_episodes += 1;
        }
    }
    if n_episodes == 0 {
        return Err(EnvironmentFault::NeverEnds { n_steps });
    }
    Ok(())
}

fn check_episode<E: Environment>(
    environment: &E,
    n_before: usize,
    n_steps: usize,
    seed: Seed,
    index: u64,
) -> Result<Vec<Step>, EnvironmentFault> {
    let (observations, actions) = (environment.observation_space(), environment.action_space());
    let mut choices = seed.stream("check actions", index);
    let mut episode = Episode::new(environment, seed.stream("check", index));
    let mut twin = Episode::new(environment, seed.stream("check", index));
    let mut steps = Vec::new();
    while episode.end().is_none() && steps.len() < n_steps {
        let at = n_before + steps.len();
        let observation = episode.observation().to_value();
        if !observations.contains(&observation) {
            return Err(EnvironmentFault::ObservationOutside {
                step: at,
                observation,
                space: observations,
            });
        }
        check_state(episode.state(), at)?;
        let action = E::Action::from_value(&actions.sample(&mut choices));
        let step = episode.step(&action).expect("the episode is not over");
        check_step(&step, environment.component_names().len(), at)?;
        let repeats = twin.observation().to_value() == observation
            && twin.step(&action) == Ok(step)
            && twin.state().hash() == episode.state().hash();
        if !repeats {
            return Err(EnvironmentFault::NotDeterministic { step: at });
        }
        // A random glance at the space must not depend on the environment's own stream.
        let _ = uniform(&mut choices);
        steps.push(step);
    }
    Ok(steps)
}

fn check_state<S: StateVector>(state: &S, step: usize) -> Result<(), EnvironmentFault> {
    let mut saved = Vec::new();
    state.write(&mut saved);
    let mut again = Vec::new();
    S::read(&saved)
        .map_err(|error| EnvironmentFault::StateNotRestored {
            step,
            reason: error.to_string(),
        })?
        .write(&mut again);
    let same = saved.len() == again.len()
        && saved
            .iter()
            .zip(&again)
            .all(|(a, b)| a.to_bits() == b.to_bits());
    if same {
        return Ok(());
    }
    Err(EnvironmentFault::StateNotRestored {
        step,
        reason: format!("{saved:?} came back as {again:?}"),
    })
}

fn check_step(step: &Step, n_components: usize, at: usize) -> Result<(), EnvironmentFault> {
    let components = step.components.as_slice();
    let numbers = std::iter::once(("reward", step.reward))
        .chain(step.intent.map(|intent| ("intent", intent)))
        .chain(components.iter().map(|term| ("a component", *term)));
    for (what, value) in numbers {
        if !value.is_finite() {
            return Err(EnvironmentFault::NotFinite {
                step: at,
                what,
                value,
            });
        }
    }
    let sum: f64 = components.iter().sum();
    let tolerance = 1e-9 * (1.0 + step.reward.abs());
    if components.len() != n_components
        || (n_components > 0 && (sum - step.reward).abs() > tolerance)
    {
        return Err(EnvironmentFault::Components {
            step: at,
            components: components.to_vec(),
            reward: step.reward,
        });
    }
    Ok(())
}

fn check_returns<E: Environment>(environment: &E, steps: &[Step]) -> Result<(), EnvironmentFault> {
    let bounds = environment.return_bounds(u32::try_from(steps.len()).unwrap_or(u32::MAX));
    let reward: f64 = steps.iter().map(|step| step.reward).sum();
    let intent: Option<f64> = steps.iter().map(|step| step.intent).sum();
    let checks = [
        ("reward", Some(reward), bounds.reward),
        ("intent", intent, bounds.intent),
    ];
    for (what, value, bounds) in checks {
        if let (Some(value), Some(bounds)) = (value, bounds) {
            let slack = 1e-9 * (1.0 + bounds.0.abs() + bounds.1.abs());
            if !(bounds.0 - slack <= value && value <= bounds.1 + slack) {
                return Err(EnvironmentFault::ReturnOutside {
                    what,
                    value,
                    bounds,
                });
            }
        }
    }
    Ok(())
}
