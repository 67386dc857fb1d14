//! One episode on its way from or to a file, and all of them with what is known about them.

use mdp::{End, EpisodeView, Trajectories};

use crate::About;

/// Episodes in memory, and what is known about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Demonstrations {
    /// What the file said of itself.
    pub about: About,
    /// The episodes.
    pub trajectories: Trajectories,
    /// Whether each episode did what was wanted, where that was recorded.
    pub successes: Vec<Option<bool>>,
}

/// One episode of T steps, owned; its buffers are used again for the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Episode {
    /// `[T + 1, F]`, values of the observation space; the last row is of the true final state.
    pub observations: Vec<f32>,
    /// `[T, A]`, values of the action space.
    pub actions: Vec<f32>,
    /// `[T]`, where rewards were recorded.
    pub rewards: Option<Vec<f64>>,
    /// `[T]`, where intents were recorded.
    pub intents: Option<Vec<f64>>,
    /// `[T + 1, S]`, states in the form of [`mdp::StateVector`]; empty where none were recorded.
    pub states: Vec<f64>,
    /// How it ended; none where the recording stopped before the episode did.
    pub end: Option<End>,
    /// Whether it did what was wanted, where the environment or a person said so.
    pub success: Option<bool>,
}

impl Episode {
    /// The episode as a part of [`Trajectories`].
    #[must_use]
    pub fn view(&self) -> EpisodeView<'_> {
        EpisodeView {
            observations: &self.observations,
            actions: &self.actions,
            rewards: self.rewards.as_deref(),
            intents: self.intents.as_deref(),
            states: &self.states,
            end: self.end,
        }
    }
}

impl Episode {
    /// Becomes a copy of `view`; whether it did what was wanted is not known then.
    pub fn assign(&mut self, view: EpisodeView<'_>) {
        let replace = |to: &mut Vec<f32>, from: &[f32]| {
            to.clear();
            to.extend_from_slice(from);
        };
        replace(&mut self.observations, view.observations);
        replace(&mut self.actions, view.actions);
        self.rewards = view.rewards.map(<[f64]>::to_vec);
        self.intents = view.intents.map(<[f64]>::to_vec);
        self.states.clear();
        self.states.extend_from_slice(view.states);
        self.end = view.end;
        self.success = None;
    }

    /// Holds nothing, ready for an episode with or without rewards and intents.
    pub(crate) fn clear(&mut self, has_rewards: bool, has_intents: bool) {
        self.observations.clear();
        self.actions.clear();
        self.states.clear();
        for (numbers, is_there) in [
            (&mut self.rewards, has_rewards),
            (&mut self.intents, has_intents),
        ] {
            match (is_there, numbers.as_mut()) {
                (true, Some(numbers)) => numbers.clear(),
                (true, None) => *numbers = Some(vec![]),
                (false, _) => *numbers = None,
            }
        }
        self.end = None;
        self.success = None;
    }

    /// Bytes that its numbers take.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        let of = |numbers: &Option<Vec<f64>>| numbers.as_ref().map_or(0, Vec::len);
        let singles = self.observations.len() + self.actions.len();
        let doubles = of(&self.rewards) + of(&self.intents) + self.states.len();
        4 * singles as u64 + 8 * doubles as u64
    }
}
