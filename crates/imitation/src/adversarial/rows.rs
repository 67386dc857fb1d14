//! Transitions side by side: what a discriminator tells apart.

use std::collections::VecDeque;

use mdp::{End, Space, Trajectories};
use rl::ppo::Round;
use rl::{Arrays, Error};

/// What a transition leads to, or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The episode goes on after it, or would have but for its time limit.
    Inner,
    /// The environment terminated with it.
    Final,
    /// The absorbing state after the end, which leads to itself.
    Absorbing,
}

/// Transitions of one environment, one array a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rows {
    pub(crate) n_features: usize,
    pub(crate) n_action_values: usize,
    /// `[n, F]`, features, not normalised; zeros for the absorbing state.
    pub(crate) observations: Vec<f32>,
    /// `[n, A]`, values of the action space as they were played; zeros for the absorbing state.
    pub(crate) actions: Vec<f32>,
    /// `[n, F]`, features of the true successors.
    pub(crate) next_observations: Vec<f32>,
    pub(crate) kinds: Vec<Kind>,
}

impl Rows {
    pub(crate) fn new(n_features: usize, n_action_values: usize) -> Rows {
        Rows {
            n_features,
            n_action_values,
            observations: vec![],
            actions: vec![],
            next_observations: vec![],
            kinds: vec![],
        }
    }

    /// All steps of demonstrations, and an absorbing state after each end where they are modelled.
    pub(crate) fn of_demonstrations(demonstrations: &Trajectories, with_absorbing: bool) -> Rows {
        let space = demonstrations.observation_space();
        let n_features = rl::n_features(space);
        let mut rows = Rows::new(n_features, demonstrations.action_space().n_values());
        let mut features = vec![];
        for episode in demonstrations.episodes() {
            let n_steps = episode.n_steps(rows.n_action_values);
            features.resize((n_steps + 1) * n_features, 0.0);
            rl::write_features(space, episode.observations, &mut features);
            rows.observations
                .extend_from_slice(&features[..n_steps * n_features]);
            rows.next_observations
                .extend_from_slice(&features[n_features..]);
            rows.actions.extend_from_slice(episode.actions);
            rows.kinds.resize(rows.kinds.len() + n_steps, Kind::Inner);
            if episode.end == Some(End::Terminated) && n_steps > 0 {
                *rows.kinds.last_mut().expect("the episode has steps") = Kind::Final;
                if with_absorbing {
                    rows.push_absorbing();
                }
            }
        }
        rows
    }

    /// All steps of a round in their order, and behind them an absorbing state for each end where they are modelled.
    pub(crate) fn of_round(round: &Round<'_>, with_absorbing: bool) -> Rows {
        let n = round.terminated.len();
        let n_final = round.terminated.iter().filter(|end| **end).count();
        let kind = |end: &bool| if *end { Kind::Final } else { Kind::Inner };
        let mut rows = Rows {
            n_features: round.observations.len() / n,
            n_action_values: round.actions.len() / n,
            observations: round.observations.to_vec(),
            actions: round.actions.to_vec(),
            next_observations: round.next_observations.to_vec(),
            kinds: round.terminated.iter().map(kind).collect(),
        };
        if with_absorbing {
            (0..n_final).for_each(|_| rows.push_absorbing());
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    pub(crate) fn push_absorbing(&mut self) {
        let (n_features, n_values) = (self.n_features, self.n_action_values);
        let longer = |values: &mut Vec<f32>, n: usize| values.resize(values.len() + n, 0.0);
        longer(&mut self.observations, n_features);
        longer(&mut self.actions, n_values);
        longer(&mut self.next_observations, n_features);
        self.kinds.push(Kind::Absorbing);
    }

    /// Adds a copy of a row of others.
    pub(crate) fn push_from(&mut self, others: &Rows, index: usize) {
        let (n_features, n_values) = (self.n_features, self.n_action_values);
        self.observations
            .extend_from_slice(&others.observations[index * n_features..][..n_features]);
        self.actions
            .extend_from_slice(&others.actions[index * n_values..][..n_values]);
        self.next_observations
            .extend_from_slice(&others.next_observations[index * n_features..][..n_features]);
        self.kinds.push(others.kinds[index]);
    }

    pub(crate) fn clear(&mut self) {
        self.observations.clear();
        self.actions.clear();
        self.next_observations.clear();
        self.kinds.clear();
    }
}

/// The transitions of the last rounds, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer {
    rounds: VecDeque<Rows>,
}

impl Buffer {
    /// Adds a round, and forgets the oldest where there are more than `most`.
    pub(crate) fn push(&mut self, rows: Rows, most: usize) {
        while self.rounds.len() >= most {
            self.rounds.pop_front();
        }
        self.rounds.push_back(rows);
    }

    pub(crate) fn len(&self) -> usize {
        self.rounds.iter().map(Rows::len).sum()
    }

    /// Copies the row of this number, counted from the oldest, to `to`.
    ///
    /// # Panics
    /// If there is no such row.
    pub(crate) fn copy_row(&self, mut index: usize, to: &mut Rows) {
        for rows in &self.rounds {
            if index < rows.len() {
                return to.push_from(rows, index);
            }
            index -= rows.len();
        }
        panic!("a row that the buffer holds");
    }

    /// Puts the youngest `most` rounds into a saved state.
    pub(crate) fn save(&self, most: usize, arrays: &mut Arrays) {
        let kept = self.rounds.len().min(most);
        arrays.put_u64("buffer.rounds", [kept as u64]);
        let kept = self.rounds.iter().skip(self.rounds.len() - kept);
        for (index, rows) in kept.enumerate() {
            let key = |field: &str| format!("buffer.{index}.{field}");
            arrays.put_f32(&key("observations"), rows.observations.as_slice());
            arrays.put_f32(&key("actions"), rows.actions.as_slice());
            arrays.put_f32(&key("next_observations"), rows.next_observations.as_slice());
            let kinds: Vec<u64> = rows.kinds.iter().map(|kind| kind.number()).collect();
            arrays.put_u64(&key("kinds"), kinds);
        }
    }

    /// Takes what [`Buffer::save`] put there.
    pub(crate) fn restore(
        arrays: &mut Arrays,
        n_features: usize,
        actions: &Space,
        most: usize,
    ) -> Result<Buffer, Error> {
        let n_action_values = actions.n_values();
        let n_rounds = arrays.take_u64_of("buffer.rounds", 1)?[0];
        if n_rounds > most as u64 {
            return Err(Error::Saved(format!(
                "`buffer.rounds` is {n_rounds}, the settings keep {most}"
            )));
        }
        let mut buffer = Buffer::default();
        for index in 0..n_rounds {
            let key = |field: &str| format!("buffer.{index}.{field}");
            let kinds = arrays.take_u64(&key("kinds"))?;
            let kinds: Option<Vec<Kind>> = kinds.into_iter().map(Kind::of_number).collect();
            let kinds = kinds
                .ok_or_else(|| Error::Saved(format!("`{}` holds unknown kinds", key("kinds"))))?;
            let n = kinds.len();
            let rows = Rows {
                n_features,
                n_action_values,
                observations: arrays.take_f32_of(&key("observations"), n * n_features)?,
                actions: arrays.take_f32_of(&key("actions"), n * n_action_values)?,
                next_observations: arrays.take_f32_of(&key("next_observations"), n * n_features)?,
                kinds,
            };
            let mut played = rows.actions.chunks_exact(n_action_values).zip(&rows.kinds);
            if let Some((action, _)) =
                played.find(|(action, kind)| **kind != Kind::Absorbing && !actions.contains(action))
            {
                return Err(Error::Saved(format!(
                    "`{}` holds {action:?}, which is not {actions}",
                    key("actions")
                )));
            }
            buffer.rounds.push_back(rows);
        }
        Ok(buffer)
    }
}

impl Kind {
    fn number(self) -> u64 {
        match self {
            Kind::Inner => 0,
            Kind::Final => 1,
            Kind::Absorbing => 2,
        }
    }

    fn of_number(number: u64) -> Option<Kind> {
        [Kind::Inner, Kind::Final, Kind::Absorbing]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}
