//! The latest steps in checkpoints.

use rl::{Arrays, Error};

use super::{Column, RecentSteps};

impl RecentSteps {
    /// Puts everything that is kept.
    pub(crate) fn save(&self, arrays: &mut Arrays) {
        let lengths = self.columns.iter().map(|column| column.ended.len() as u64);
        arrays.put_u64("recent.lengths", lengths.collect::<Vec<_>>());
        let numbers = |of: fn(&Column) -> &[f32]| -> Vec<f32> {
            self.columns.iter().flat_map(of).copied().collect()
        };
        arrays.put_f32("recent.observations", numbers(|c| &c.observations));
        arrays.put_f32("recent.actions", numbers(|c| &c.actions));
        arrays.put_f32(
            "recent.next_observations",
            numbers(|c| &c.next_observations),
        );
        let numbers = |of: fn(&Column) -> &[f64]| -> Vec<f64> {
            self.columns.iter().flat_map(of).copied().collect()
        };
        arrays.put_f64("recent.rewards", numbers(|c| &c.rewards));
        let intents = numbers(|c| c.intents.as_deref().unwrap_or_default());
        arrays.put_f64("recent.intents", intents);
        arrays.put_f64("recent.states", numbers(|c| &c.states));
        arrays.put_f64("recent.next_states", numbers(|c| &c.next_states));
        let flags = |of: fn(&Column) -> &[bool]| -> Vec<u64> {
            let flags = self.columns.iter().flat_map(of);
            flags.map(|flag| u64::from(*flag)).collect()
        };
        arrays.put_u64("recent.terminated", flags(|c| &c.terminated));
        arrays.put_u64("recent.ended", flags(|c| &c.ended));
    }

    /// The same room with what [`RecentSteps::save`] put there.
    ///
    /// # Errors
    /// If it is missing or of other environments.
    pub(crate) fn restored(&self, arrays: &mut Arrays) -> Result<RecentSteps, Error> {
        let lengths = arrays.take_u32_of("recent.lengths", self.columns.len())?;
        let lengths: Vec<usize> = lengths.iter().map(|length| *length as usize).collect();
        let n: usize = lengths.iter().sum();
        let (features, values, states) =
            (self.n_features, self.n_action_values, self.n_state_values);
        let mut observations = arrays.take_f32_of("recent.observations", n * features)?;
        let mut actions = arrays.take_f32_of("recent.actions", n * values)?;
        let mut next_observations = arrays.take_f32_of("recent.next_observations", n * features)?;
        let mut rewards = arrays.take_f64_of("recent.rewards", n)?;
        let mut intents = arrays.take_f64("recent.intents")?;
        if intents.len() != n && !intents.is_empty() {
            let problem = format!("`recent.intents` has {} numbers", intents.len());
            return Err(Error::Saved(problem));
        }
        let mut numbers = arrays.take_f64_of("recent.states", n * states)?;
        let mut next_numbers = arrays.take_f64_of("recent.next_states", n * states)?;
        let mut terminated = arrays.take_u64_of("recent.terminated", n)?;
        let mut ended = arrays.take_u64_of("recent.ended", n)?;
        let flags = |from: &mut Vec<u64>, n: usize| -> Vec<bool> {
            from.drain(..n).map(|flag| flag != 0).collect()
        };
        let columns = lengths.iter().map(|n| Column {
            observations: observations.drain(..n * features).collect(),
            actions: actions.drain(..n * values).collect(),
            next_observations: next_observations.drain(..n * features).collect(),
            rewards: rewards.drain(..n).collect(),
            intents: (!intents.is_empty()).then(|| intents.drain(..n).collect()),
            terminated: flags(&mut terminated, *n),
            ended: flags(&mut ended, *n),
            states: numbers.drain(..n * states).collect(),
            next_states: next_numbers.drain(..n * states).collect(),
        });
        Ok(RecentSteps {
            columns: columns.collect(),
            ..*self
        })
    }
}
