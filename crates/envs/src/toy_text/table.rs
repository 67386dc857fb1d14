//! Environments that are a transition table: what they draw from, listed and drawn.

use mdp::{
    End, GridMap, Outcome, Place, ReturnBounds, Rng, Scene, Shape, Step, Transition, uniform,
};

/// A transition table, and what was meant by each of its entries.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    n_actions: usize,
    /// Where the row of `state * n_actions + action` begins, and where the last ends.
    offsets: Vec<usize>,
    entries: Vec<Entry>,
    /// Probability and number of the states in which an episode may begin.
    start: Vec<(f64, usize)>,
}

/// An entry of a row. Its probability may be 0, as in tables that a setting empties of chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    /// As in Gymnasium's tables: probability, next state, reward, terminated.
    pub(crate) transition: Transition,
    /// What the designer meant.
    pub(crate) intent: f64,
}

impl Entry {
    /// An entry whose reward is what was meant.
    pub(crate) fn as_meant(
        probability: f64,
        next_state: usize,
        reward: f64,
        terminates: bool,
    ) -> Entry {
        Entry {
            transition: Transition {
                probability,
                next_state,
                reward,
                terminates,
            },
            intent: reward,
        }
    }

    pub(crate) fn step(&self) -> Step {
        Step {
            intent: Some(self.intent),
            end: self.transition.terminates.then_some(End::Terminated),
            ..Step::of_reward(self.transition.reward)
        }
    }
}

impl Table {
    /// The table whose rows `row(state, action)` gives.
    pub(crate) fn new(
        n_states: usize,
        n_actions: usize,
        start: Vec<(f64, usize)>,
        row: impl Fn(usize, usize) -> Vec<Entry>,
    ) -> Table {
        let mut table = Table {
            n_actions,
            offsets: vec![0],
            entries: vec![],
            start,
        };
        for state in 0..n_states {
            for action in 0..n_actions {
                table.entries.extend(row(state, action));
                table.offsets.push(table.entries.len());
            }
        }
        table
    }

    pub(crate) fn n_states(&self) -> usize {
        (self.offsets.len() - 1) / self.n_actions
    }

    pub(crate) fn n_actions(&self) -> usize {
        self.n_actions
    }

    pub(crate) fn row(&self, state: usize, action: usize) -> &[Entry] {
        let row = state * self.n_actions + action;
        &self.entries[self.offsets[row]..self.offsets[row + 1]]
    }

    /// Draws a state in which an episode begins.
    pub(crate) fn draw_start(&self, rng: &mut Rng) -> usize {
        let drawn = draw(self.start.iter().map(|(probability, _)| *probability), rng);
        self.start[drawn].1
    }

    /// Draws an entry of a row.
    pub(crate) fn draw(&self, state: usize, action: usize, rng: &mut Rng) -> &Entry {
        let row = self.row(state, action);
        &row[draw(row.iter().map(|entry| entry.transition.probability), rng)]
    }

    pub(crate) fn start(&self) -> &[(f64, usize)] {
        &self.start
    }

    /// The entries of a row that can happen.
    pub(crate) fn outcomes(&self, state: usize, action: usize) -> Vec<Outcome<usize>> {
        let possible = self.row(state, action).iter();
        possible
            .filter(|entry| entry.transition.probability > 0.0)
            .map(|entry| Outcome {
                probability: entry.transition.probability,
                next_state: entry.transition.next_state,
                step: entry.step(),
            })
            .collect()
    }
}

/// A position, drawn with probabilities that sum to 1 but for rounding.
fn draw(probabilities: impl Iterator<Item = f64>, rng: &mut Rng) -> usize {
    let mut remaining = uniform(rng);
    let mut last = 0;
    for (position, probability) in probabilities.enumerate() {
        remaining -= probability;
        if remaining < 0.0 {
            return position;
        }
        if probability > 0.0 {
            last = position;
        }
    }
    last
}

/// What a table does not say about an environment; [`environment_of_table`] makes it one.
pub(crate) trait Tabled: Send + Sync {
    fn table(&self) -> &Table;

    fn action_names(&self) -> &'static [&'static str];

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds;

    fn is_success(&self, state: usize) -> Option<bool> {
        let _ = state;
        None
    }

    fn place(&self, state: usize) -> Option<Place> {
        let _ = state;
        None
    }

    fn map(&self) -> Option<GridMap> {
        None
    }

    fn scene(&self) -> Option<Scene> {
        None
    }

    fn draw(&self, state: usize) -> Vec<Shape> {
        let _ = state;
        vec![]
    }

    fn state_label(&self, state: usize) -> String {
        format!("state {state}")
    }
}

/// Makes a [`Tabled`] type an environment whose states, observations and actions are the numbers of its table.
///
/// A macro and not a blanket implementation: the traits belong to another crate.
macro_rules! environment_of_table {
    ($name:ty) => {
        impl $name {
            /// The ways in which an action may go on in a state, in the published order. Probabilities may be 0.
            ///
            /// # Panics
            /// If there is no such state or action.
            pub fn transitions(
                &self,
                state: usize,
                action: usize,
            ) -> impl ExactSizeIterator<Item = mdp::Transition> + '_ {
                let row = $crate::toy_text::table::Tabled::table(self).row(state, action);
                row.iter().map(|entry| entry.transition)
            }
        }

        impl mdp::Environment for $name {
            type State = usize;
            type Observation = usize;
            type Action = usize;

            fn initial_state(&self, rng: &mut mdp::Rng) -> usize {
                $crate::toy_text::table::Tabled::table(self).draw_start(rng)
            }

            fn observe(&self, state: &usize, _rng: &mut mdp::Rng) -> usize {
                *state
            }

            fn step(&self, state: &mut usize, action: &usize, rng: &mut mdp::Rng) -> mdp::Step {
                let table = $crate::toy_text::table::Tabled::table(self);
                let entry = table.draw(*state, *action, rng);
                *state = entry.transition.next_state;
                entry.step()
            }

            fn observation_space(&self) -> mdp::Space {
                let n = $crate::toy_text::table::Tabled::table(self).n_states();
                mdp::Space::Discrete { n }
            }

            fn action_space(&self) -> mdp::Space {
                let n = $crate::toy_text::table::Tabled::table(self).n_actions();
                mdp::Space::Discrete { n }
            }

            fn action_names(&self) -> &'static [&'static str] {
                $crate::toy_text::table::Tabled::action_names(self)
            }

            fn state_names(&self) -> Vec<String> {
                vec!["state".to_owned()]
            }

            fn return_bounds(&self, n_steps: u32) -> mdp::ReturnBounds {
                $crate::toy_text::table::Tabled::return_bounds(self, n_steps)
            }

            fn scene(&self) -> Option<mdp::Scene> {
                $crate::toy_text::table::Tabled::scene(self)
            }

            fn draw(&self, state: &usize) -> Vec<mdp::Shape> {
                let known = *state < $crate::toy_text::table::Tabled::table(self).n_states();
                if !known {
                    return vec![];
                }
                $crate::toy_text::table::Tabled::draw(self, *state)
            }

            fn is_success(&self, state: &usize) -> Option<bool> {
                $crate::toy_text::table::Tabled::is_success(self, *state)
            }
        }

        impl mdp::Enumerable for $name {
            fn initial_states(&self) -> Vec<(f64, usize)> {
                let table = $crate::toy_text::table::Tabled::table(self);
                table.start().to_vec()
            }

            fn outcomes(&self, state: &usize, action: &usize) -> Vec<mdp::Outcome<usize>> {
                $crate::toy_text::table::Tabled::table(self).outcomes(*state, *action)
            }

            fn place(&self, state: &usize) -> Option<mdp::Place> {
                $crate::toy_text::table::Tabled::place(self, *state)
            }

            fn map(&self) -> Option<mdp::GridMap> {
                $crate::toy_text::table::Tabled::map(self)
            }

            fn state_label(&self, state: &usize) -> String {
                $crate::toy_text::table::Tabled::state_label(self, *state)
            }
        }
    };
}

pub(crate) use environment_of_table;
