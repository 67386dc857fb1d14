//! The one demonstration: its states to begin at, and what it scored up to each of them.

use mdp::{EpisodeView, Trajectories};
use rl::{Error, VectorEnvironment, n_features, write_features};

/// One recorded episode in the form that start points need.
#[derive(Clone, Debug, PartialEq)]
pub struct Demonstration {
    /// `[T + 1]`, states in the form of [`mdp::StateVector`].
    pub(super) states: Vec<Vec<f64>>,
    /// `[T + 1, F]`.
    pub(super) features: Vec<f32>,
    pub(super) n_features: usize,
    /// `[T, A]`.
    pub(super) actions: Vec<f32>,
    pub(super) n_action_values: usize,
    /// `[T]`.
    pub(super) rewards: Vec<f64>,
    /// `[T + 1]`, sums of the rewards before each state.
    pub(super) scores: Vec<f64>,
}

impl Demonstration {
    /// The demonstration that an episode is.
    ///
    /// # Errors
    /// If there is no such episode, it has no step, no rewards or no states were recorded, or a reward is below 0: as in
    /// the published algorithm, an episode matches or lags the demonstration by its score, which must not fall.
    pub fn of(trajectories: &Trajectories, episode: usize) -> Result<Demonstration, Error> {
        if episode >= trajectories.n_episodes() || trajectories.length(episode) == 0 {
            return Err(Error::Setting {
                key: "demonstration",
                value: format!("episode {episode} of {}", trajectories.n_episodes()),
                allowed: "give the number, from 0, of an episode with at least one step",
            });
        }
        let EpisodeView {
            observations,
            actions,
            rewards,
            states,
            ..
        } = trajectories.episode(episode);
        let (Some(rewards), false) = (rewards, states.is_empty()) else {
            return Err(Error::Setting {
                key: "demonstration",
                value: "an episode without rewards or without states".to_owned(),
                allowed: "record both: episodes begin in its states, and are held against its rewards",
            });
        };
        if let Some(step) = rewards.iter().position(|reward| *reward < 0.0) {
            return Err(Error::Setting {
                key: "demonstration",
                value: format!("a reward of {} in step {step}", rewards[step]),
                allowed: "scores tell how far an episode has come only where no reward is below 0",
            });
        }
        let space = trajectories.observation_space();
        let n_situations = rewards.len() + 1;
        let mut features = vec![0.0; n_situations * n_features(space)];
        write_features(space, observations, &mut features);
        let mut scores = vec![0.0];
        for reward in rewards {
            scores.push(scores[scores.len() - 1] + reward);
        }
        let n_state_values = states.len() / n_situations;
        Ok(Demonstration {
            states: states
                .chunks_exact(n_state_values)
                .map(<[f64]>::to_vec)
                .collect(),
            n_features: n_features(space),
            features,
            n_action_values: actions.len() / rewards.len(),
            actions: actions.to_vec(),
            rewards: rewards.to_vec(),
            scores,
        })
    }

    /// Steps that it took.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.rewards.len()
    }

    /// Undiscounted sum of its rewards.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.scores[self.n_steps()]
    }

    /// Whether it was recorded in such an environment.
    pub(super) fn check_fits(&self, environment: &dyn VectorEnvironment) -> Result<(), Error> {
        let mut state = vec![];
        environment.state(0, &mut state);
        let n_values = environment.action_space().n_values();
        let pairs = [
            (
                "features of an observation",
                self.n_features,
                environment.n_features(),
            ),
            ("numbers of an action", self.n_action_values, n_values),
            ("numbers of a state", self.states[0].len(), state.len()),
        ];
        for (what, here, there) in pairs {
            if here != there {
                return Err(Error::Saved(format!(
                    "the demonstration has {here} {what}, the environment {there}"
                )));
            }
        }
        Ok(())
    }
}
