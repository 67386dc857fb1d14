//! Segments of what a policy did lately, to be compared.

mod save;
#[cfg(test)]
mod tests;

use std::ops::Range;

use mdp::{Rng, Segment, index};

/// Times that a pair of twice the same segment is drawn anew.
const MAX_REDRAWS: usize = 16;

/// Where in an episode a segment may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Where its whole length fits into the episode; an episode that is shorter is one segment. In long episodes ends
    /// are rarely seen. The way of the library `imitation`, which takes no shorter episodes.
    Fitting,
    /// At any step: a segment that reaches the end of its episode is shorter. Every step is in as many segments as every
    /// other but for those near a beginning, so that ends are seen as often as they happen.
    Anywhere,
}

/// Steps of several environments side by side, `[T, N]` time-major, as a round collects them.
#[derive(Clone, Copy, Debug)]
pub struct Collected<'a> {
    /// Environments side by side, N.
    pub n_environments: usize,
    /// `[T N, F]`, features of the observations acted on.
    pub observations: &'a [f32],
    /// `[T N, A]`, values of the action space.
    pub actions: &'a [f32],
    /// `[T N, F]`, features of the true successors.
    pub next_observations: &'a [f32],
    /// `[T N]`, what the environment paid.
    pub rewards: &'a [f64],
    /// `[T N]`, what the designer meant, where it is known.
    pub intents: Option<&'a [f64]>,
    /// `[T N]`, whether the environment terminated with the step.
    pub terminated: &'a [bool],
    /// `[T N]`, whether the episode ended with the step, in either way.
    pub ended: &'a [bool],
    /// `[T N, S]`, the states acted in; empty where none were recorded.
    pub states: &'a [f64],
    /// `[T N, S]`, the states that truly followed; empty where none were recorded.
    pub next_states: &'a [f64],
}

/// The latest steps of every environment, of which segments are drawn. An episode may run through several rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentSteps {
    n_features: usize,
    n_action_values: usize,
    n_state_values: usize,
    max_steps: usize,
    columns: Vec<Column>,
}

/// The steps of one environment in order, one array a field.
#[derive(Clone, Debug, Default, PartialEq)]
struct Column {
    observations: Vec<f32>,
    actions: Vec<f32>,
    next_observations: Vec<f32>,
    rewards: Vec<f64>,
    intents: Option<Vec<f64>>,
    terminated: Vec<bool>,
    ended: Vec<bool>,
    states: Vec<f64>,
    next_states: Vec<f64>,
}

/// Steps of one episode that lie one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    column: usize,
    steps: Range<usize>,
    /// Whether its last step ended the episode; else the episode goes on, out of sight.
    is_ended: bool,
}

/// A place where a segment was drawn.
type Place = (usize, Range<usize>);

impl RecentSteps {
    /// Room for the last `max_steps` steps of each of `n_environments` environments; none yet.
    ///
    /// # Panics
    /// If there is no environment or no room.
    #[must_use]
    pub fn new(
        n_environments: usize,
        n_features: usize,
        n_action_values: usize,
        n_state_values: usize,
        max_steps: usize,
    ) -> RecentSteps {
        assert!(n_environments > 0, "at least one environment");
        assert!(max_steps > 0, "room for at least one step");
        RecentSteps {
            n_features,
            n_action_values,
            n_state_values,
            max_steps,
            columns: vec![Column::default(); n_environments],
        }
    }

    /// Steps that are kept, of all environments together.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.columns.iter().map(|column| column.ended.len()).sum()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.columns.fill(Column::default());
    }

    /// Adds the steps of a round behind those that are there, and forgets the oldest beyond the room.
    ///
    /// # Panics
    /// If an array has another length than the others ask for.
    pub fn push(&mut self, steps: &Collected<'_>) {
        let n = self.columns.len();
        assert_eq!(steps.n_environments, n, "as many environments as before");
        self.check(steps);
        for row in 0..steps.ended.len() {
            let (features, values, numbers) =
                (self.n_features, self.n_action_values, self.n_state_values);
            let column = &mut self.columns[row % n];
            let extend = |to: &mut Vec<f32>, from: &[f32], width: usize| {
                to.extend_from_slice(&from[row * width..][..width]);
            };
            extend(&mut column.observations, steps.observations, features);
            extend(&mut column.actions, steps.actions, values);
            extend(
                &mut column.next_observations,
                steps.next_observations,
                features,
            );
            column.rewards.push(steps.rewards[row]);
            if let Some(intents) = steps.intents {
                column
                    .intents
                    .get_or_insert_with(Vec::new)
                    .push(intents[row]);
            }
            column.terminated.push(steps.terminated[row]);
            column.ended.push(steps.ended[row]);
            column
                .states
                .extend_from_slice(&steps.states[row * numbers..][..numbers]);
            column
                .next_states
                .extend_from_slice(&steps.next_states[row * numbers..][..numbers]);
        }
        for column in &mut self.columns {
            let surplus = column.ended.len().saturating_sub(self.max_steps);
            column.forget(
                surplus,
                self.n_features,
                self.n_action_values,
                self.n_state_values,
            );
        }
    }

    fn check(&self, steps: &Collected<'_>) {
        let rows = steps.ended.len();
        assert!(
            rows.is_multiple_of(steps.n_environments),
            "steps are [T, N]"
        );
        for (what, found, width) in [
            ("observations", steps.observations.len(), self.n_features),
            ("actions", steps.actions.len(), self.n_action_values),
            (
                "next observations",
                steps.next_observations.len(),
                self.n_features,
            ),
            ("rewards", steps.rewards.len(), 1),
            ("intents", steps.intents.map_or(rows, <[f64]>::len), 1),
            ("terminated", steps.terminated.len(), 1),
            ("states", steps.states.len(), self.n_state_values),
            ("next states", steps.next_states.len(), self.n_state_values),
        ] {
            assert_eq!(found, rows * width, "{what} of {rows} steps");
        }
        for column in &self.columns {
            assert!(
                column.ended.is_empty() || column.intents.is_some() == steps.intents.is_some(),
                "intents are known of all steps or of none"
            );
        }
    }

    /// Draws `n` segments of `length` steps with replacement: an episode with probability proportional to the steps of
    /// it that are kept, then a beginning, each possible one alike. None if there is nothing that a segment can be of.
    ///
    /// A segment lies within one episode. It is shorter than `length` where its episode ends, never where the kept steps
    /// begin or end.
    ///
    /// # Panics
    /// If the length is 0.
    #[must_use]
    pub fn draw(
        &self,
        n: usize,
        length: usize,
        beginning: Beginning,
        rng: &mut Rng,
    ) -> Option<Vec<Segment>> {
        let stretches = self.stretches(length);
        let places = (0..n).map(|_| draw_place(&stretches, length, beginning, rng));
        let places: Option<Vec<Place>> = places.collect();
        Some(places?.iter().map(|place| self.segment(place)).collect())
    }

    /// Draws `n` pairs, each as [`RecentSteps::draw`] draws two, but not twice the same where there is another.
    ///
    /// # Panics
    /// If the length is 0.
    #[must_use]
    pub fn draw_pairs(
        &self,
        n: usize,
        length: usize,
        beginning: Beginning,
        rng: &mut Rng,
    ) -> Option<Vec<(Segment, Segment)>> {
        let stretches = self.stretches(length);
        let mut pairs = Vec::with_capacity(n);
        for _ in 0..n {
            let first = draw_place(&stretches, length, beginning, rng)?;
            let mut second = draw_place(&stretches, length, beginning, rng)?;
            for _ in 0..MAX_REDRAWS {
                if first != second {
                    break;
                }
                second = draw_place(&stretches, length, beginning, rng)?;
            }
            pairs.push((self.segment(&first), self.segment(&second)));
        }
        Some(pairs)
    }

    /// What segments of `length` steps can be drawn of: parts of episodes that are over, and of others where the whole
    /// length fits.
    fn stretches(&self, length: usize) -> Vec<Stretch> {
        assert!(length > 0, "segments of at least one step");
        let mut stretches = vec![];
        for (column, steps) in self.columns.iter().enumerate() {
            let mut start = 0;
            for (step, ended) in steps.ended.iter().enumerate() {
                if *ended || step + 1 == steps.ended.len() {
                    stretches.push(Stretch {
                        column,
                        steps: start..step + 1,
                        is_ended: *ended,
                    });
                    start = step + 1;
                }
            }
        }
        stretches.retain(|stretch| stretch.is_ended || length <= stretch.steps.len());
        stretches
    }

    fn segment(&self, (column, steps): &Place) -> Segment {
        let of = |width: usize| steps.start * width..steps.end * width;
        let column = &self.columns[*column];
        let (features, numbers) = (self.n_features, self.n_state_values);
        let mut states = column.states[of(numbers)].to_vec();
        states.extend_from_slice(&column.next_states[of(numbers)][(steps.len() - 1) * numbers..]);
        Segment {
            n_features: features,
            n_action_values: self.n_action_values,
            n_state_values: numbers,
            observations: column.observations[of(features)].to_vec(),
            actions: column.actions[of(self.n_action_values)].to_vec(),
            next_observations: column.next_observations[of(features)].to_vec(),
            terminated: column.terminated[steps.clone()].to_vec(),
            rewards: column.rewards[steps.clone()].to_vec(),
            intents: column
                .intents
                .as_ref()
                .map(|intents| intents[steps.clone()].to_vec()),
            states,
        }
    }
}

impl Column {
    fn forget(&mut self, n: usize, n_features: usize, n_action_values: usize, n_states: usize) {
        self.observations.drain(..n * n_features);
        self.actions.drain(..n * n_action_values);
        self.next_observations.drain(..n * n_features);
        self.rewards.drain(..n);
        if let Some(intents) = &mut self.intents {
            intents.drain(..n);
        }
        self.terminated.drain(..n);
        self.ended.drain(..n);
        self.states.drain(..n * n_states);
        self.next_states.drain(..n * n_states);
    }
}

/// A stretch in proportion to its steps, then a beginning in it.
fn draw_place(
    stretches: &[Stretch],
    length: usize,
    beginning: Beginning,
    rng: &mut Rng,
) -> Option<Place> {
    let n_steps: usize = stretches.iter().map(|stretch| stretch.steps.len()).sum();
    if n_steps == 0 {
        return None;
    }
    let mut step = index(n_steps, rng);
    let stretch = stretches.iter().find(|stretch| {
        let is_here = step < stretch.steps.len();
        if !is_here {
            step -= stretch.steps.len();
        }
        is_here
    });
    let stretch = stretch.expect("a step of one of them");
    let n = stretch.steps.len();
    let n_beginnings = match (beginning, stretch.is_ended) {
        (Beginning::Anywhere, true) => n,
        _ => n.saturating_sub(length) + 1,
    };
    let start = stretch.steps.start + index(n_beginnings, rng);
    let end = stretch.steps.end.min(start + length);
    Some((stretch.column, start..end))
}
