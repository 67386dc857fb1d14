//! Many episodes as columns: what demonstrations are, and what learns from them reads.

use std::ops::Range;

use crate::{End, Space, Trajectory};

#[cfg(test)]
mod tests;

/// Episodes of any lengths, one array a field, nothing padded.
///
/// An episode of T steps has T actions and T + 1 observations: the last is of the true final state. A discrete action
/// or observation is one number, its index; a policy that reads one-hot features makes them of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories {
    observation_space: Space,
    action_space: Space,
    /// First step of each episode, and the number of all steps.
    starts: Vec<usize>,
    observations: Vec<f32>,
    actions: Vec<f32>,
    rewards: Option<Vec<f64>>,
    intents: Option<Vec<f64>>,
    n_state_values: usize,
    states: Vec<f64>,
    ends: Vec<Option<End>>,
}

/// One episode of [`Trajectories`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpisodeView<'t> {
    /// `[T + 1, F]`, values of the observation space.
    pub observations: &'t [f32],
    /// `[T, A]`, values of the action space.
    pub actions: &'t [f32],
    /// `[T]`, where rewards were recorded.
    pub rewards: Option<&'t [f64]>,
    /// `[T]`, where intents were recorded.
    pub intents: Option<&'t [f64]>,
    /// `[T + 1, S]`, states in the form of [`StateVector`](crate::StateVector); empty where none were recorded.
    pub states: &'t [f64],
    /// How it ended; none where the recording stopped before the episode did.
    pub end: Option<End>,
}

/// Why an episode does not belong to the others.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrajectoryError {
    /// A field has another length than the episode's steps ask for.
    #[error(
        "{field} holds {found} numbers, {expected} were expected for an episode of {n_steps} steps"
    )]
    Length {
        /// The field.
        field: &'static str,
        /// Numbers that it holds.
        found: usize,
        /// Numbers that it should hold.
        expected: usize,
        /// Steps of the episode.
        n_steps: usize,
    },
    /// A value lies outside its space.
    #[error("{field} {value:?} of step {step} is not {space}")]
    Outside {
        /// The field.
        field: &'static str,
        /// The value.
        value: Vec<f32>,
        /// The step, from 0.
        step: usize,
        /// The space in words.
        space: String,
    },
    /// Some episodes have a field that others lack.
    #[error("{field} is recorded in some episodes and missing in others; record it in all or none")]
    Uneven {
        /// The field.
        field: &'static str,
    },
    /// A number that is not finite.
    #[error("{field} {value} of step {step} is not finite")]
    NotFinite {
        /// The field.
        field: &'static str,
        /// The number.
        value: f64,
        /// The step, from 0.
        step: usize,
    },
}

impl Trajectories {
    /// No episodes yet.
    #[must_use]
    pub fn new(observation_space: Space, action_space: Space) -> Trajectories {
        Trajectories {
            observation_space,
            action_space,
            starts: vec![0],
            observations: vec![],
            actions: vec![],
            rewards: None,
            intents: None,
            n_state_values: 0,
            states: vec![],
            ends: vec![],
        }
    }

    /// Which observations are possible.
    #[must_use]
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// Which actions are possible.
    #[must_use]
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// Number of episodes.
    #[must_use]
    pub fn n_episodes(&self) -> usize {
        self.ends.len()
    }

    /// Number of steps of all episodes together.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.starts[self.n_episodes()]
    }

    /// Steps of one episode.
    #[must_use]
    pub fn length(&self, episode: usize) -> usize {
        self.starts[episode + 1] - self.starts[episode]
    }

    /// Numbers a recorded state has; 0 where none were recorded.
    #[must_use]
    pub fn n_state_values(&self) -> usize {
        self.n_state_values
    }

    /// Whether rewards were recorded.
    #[must_use]
    pub fn has_rewards(&self) -> bool {
        self.rewards.is_some()
    }

    /// Whether intents were recorded.
    #[must_use]
    pub fn has_intents(&self) -> bool {
        self.intents.is_some()
    }

    /// `[N steps, A]`, the actions of all episodes one after the other.
    #[must_use]
    pub fn actions(&self) -> &[f32] {
        &self.actions
    }

    /// `[N steps]`, the rewards of all episodes one after the other.
    #[must_use]
    pub fn rewards(&self) -> Option<&[f64]> {
        self.rewards.as_deref()
    }

    /// One episode.
    #[must_use]
    pub fn episode(&self, index: usize) -> EpisodeView<'_> {
        let steps = self.starts[index]..self.starts[index + 1];
        let situations = steps.start + index..steps.end + index + 1;
        let of = |width: usize, range: &Range<usize>| range.start * width..range.end * width;
        EpisodeView {
            observations: &self.observations[of(self.observation_space.n_values(), &situations)],
            actions: &self.actions[of(self.action_space.n_values(), &steps)],
            rewards: self.rewards.as_ref().map(|rewards| &rewards[steps.clone()]),
            intents: self.intents.as_ref().map(|intents| &intents[steps.clone()]),
            states: &self.states[of(self.n_state_values, &situations)],
            end: self.ends[index],
        }
    }

    /// All episodes in order.
    pub fn episodes(&self) -> impl ExactSizeIterator<Item = EpisodeView<'_>> {
        (0..self.n_episodes()).map(|index| self.episode(index))
    }

    /// Adds an episode.
    ///
    /// # Errors
    /// If a field has a wrong length, a value lies outside its space, a number is not finite, or some episodes have
    /// rewards, intents or states and others none. Nothing is added then.
    pub fn push(&mut self, episode: EpisodeView<'_>) -> Result<(), TrajectoryError> {
        let n_steps = self.check(&episode)?;
        let n_state_values = episode.states.len() / (n_steps + 1);
        if self.n_episodes() == 0 {
            self.rewards = episode.rewards.map(|_| vec![]);
            self.intents = episode.intents.map(|_| vec![]);
            self.n_state_values = n_state_values;
        }
        extend(&mut self.rewards, episode.rewards);
        extend(&mut self.intents, episode.intents);
        self.observations.extend_from_slice(episode.observations);
        self.actions.extend_from_slice(episode.actions);
        self.states.extend_from_slice(episode.states);
        self.starts.push(self.n_steps() + n_steps);
        self.ends.push(episode.end);
        Ok(())
    }

    /// The steps of an episode that [`Trajectories::push`] would take; adds nothing.
    ///
    /// # Errors
    /// As [`Trajectories::push`].
    pub fn check(&self, episode: &EpisodeView<'_>) -> Result<usize, TrajectoryError> {
        let n_steps = self.check_lengths(episode)?;
        check_values("observation", episode.observations, &self.observation_space)?;
        check_values("action", episode.actions, &self.action_space)?;
        check_finite("reward", episode.rewards.unwrap_or_default(), 1)?;
        check_finite("intent", episode.intents.unwrap_or_default(), 1)?;
        let n_state_values = episode.states.len() / (n_steps + 1);
        check_finite("state", episode.states, n_state_values)?;
        Ok(n_steps)
    }

    /// Adds a recorded episode, its observations being values of the space.
    ///
    /// # Errors
    /// As [`Trajectories::push`].
    pub fn push_trajectory(&mut self, trajectory: &Trajectory) -> Result<(), TrajectoryError> {
        let rewards: Vec<f64> = trajectory.steps.iter().map(|step| step.reward).collect();
        let intents: Option<Vec<f64>> = trajectory.steps.iter().map(|step| step.intent).collect();
        self.push(EpisodeView {
            observations: &trajectory.observations.concat(),
            actions: &trajectory.actions.concat(),
            rewards: Some(&rewards),
            intents: intents.as_deref(),
            states: &trajectory.states.concat(),
            end: trajectory.end(),
        })
    }

    /// The episodes of these numbers, in this order.
    ///
    /// # Panics
    /// If there is no such episode.
    #[must_use]
    pub fn select(&self, episodes: &[usize]) -> Trajectories {
        let mut selected =
            Trajectories::new(self.observation_space.clone(), self.action_space.clone());
        for index in episodes {
            selected
                .push(self.episode(*index))
                .expect("the episode was accepted before");
        }
        selected
    }

    fn check_lengths(&self, episode: &EpisodeView<'_>) -> Result<usize, TrajectoryError> {
        let n_steps = episode.actions.len() / self.action_space.n_values();
        let expect = |field, found, expected| {
            if found == expected {
                Ok(())
            } else {
                Err(TrajectoryError::Length {
                    field,
                    found,
                    expected,
                    n_steps,
                })
            }
        };
        let n_observation = self.observation_space.n_values();
        expect(
            "actions",
            episode.actions.len(),
            n_steps * self.action_space.n_values(),
        )?;
        expect(
            "observations",
            episode.observations.len(),
            (n_steps + 1) * n_observation,
        )?;
        for (field, values) in [("rewards", episode.rewards), ("intents", episode.intents)] {
            expect(field, values.map_or(n_steps, <[f64]>::len), n_steps)?;
        }
        let is_first = self.n_episodes() == 0;
        let n_state_values = if is_first {
            episode.states.len() / (n_steps + 1)
        } else {
            self.n_state_values
        };
        for (field, here, others) in [
            ("rewards", episode.rewards.is_some(), self.has_rewards()),
            ("intents", episode.intents.is_some(), self.has_intents()),
            (
                "states",
                !episode.states.is_empty(),
                self.n_state_values > 0,
            ),
        ] {
            if !is_first && here != others {
                return Err(TrajectoryError::Uneven { field });
            }
        }
        expect(
            "states",
            episode.states.len(),
            (n_steps + 1) * n_state_values,
        )?;
        Ok(n_steps)
    }
}

impl EpisodeView<'_> {
    /// Steps of the episode, for actions of `n_action_values` numbers.
    #[must_use]
    pub fn n_steps(&self, n_action_values: usize) -> usize {
        self.actions.len() / n_action_values
    }

    /// Undiscounted sum of the rewards, where they were recorded.
    #[must_use]
    pub fn reward_return(&self) -> Option<f64> {
        Some(self.rewards?.iter().sum())
    }

    /// Undiscounted sum of the intents, where they were recorded.
    #[must_use]
    pub fn intent_return(&self) -> Option<f64> {
        Some(self.intents?.iter().sum())
    }
}

fn extend(all: &mut Option<Vec<f64>>, more: Option<&[f64]>) {
    if let (Some(all), Some(more)) = (all, more) {
        all.extend_from_slice(more);
    }
}

fn check_values(field: &'static str, values: &[f32], space: &Space) -> Result<(), TrajectoryError> {
    for (step, value) in values.chunks_exact(space.n_values()).enumerate() {
        if !space.contains(value) {
            return Err(TrajectoryError::Outside {
                field,
                value: value.to_vec(),
                step,
                space: space.to_string(),
            });
        }
    }
    Ok(())
}

fn check_finite(field: &'static str, values: &[f64], width: usize) -> Result<(), TrajectoryError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(TrajectoryError::NotFinite {
            field,
            value: values[index],
            step: index / width,
        }),
    }
}
