//! Turns an environment whose dynamics can be listed into a finite MDP.

use std::collections::HashMap;

use super::enumerable::key;
use super::{Discount, Enumerable, GridMap, MdpError, Outcome, Place, TabularMdp, Transition};
use crate::{Action as _, Space, StateVector};

/// A table of rewards with its name: one value for each stored transition.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedReward {
    /// Its name.
    pub name: String,
    /// One value a stored transition.
    pub values: Vec<f64>,
}

/// A finite MDP with the names, the places and the other rewards that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tabulated {
    /// The dynamics, and the first of the rewards.
    pub mdp: TabularMdp,
    /// The numbers of each state (see [`StateVector`]); empty where the MDP was made of nothing but tables.
    pub states: Vec<Vec<f64>>,
    /// Each state in words.
    pub state_labels: Vec<String>,
    /// The name of each action.
    pub action_names: Vec<String>,
    /// What the optimiser is given as `reward`, then `intent` and `frozen` where there are such, then the reward's
    /// components as `reward.NAME`.
    pub rewards: Vec<NamedReward>,
    /// Which actions reach for the reward channel: `[S, A]`.
    pub tampering: Vec<bool>,
    /// Where a map draws each state.
    pub places: Vec<Option<Place>>,
    /// The map on which the states have places.
    pub map: Option<GridMap>,
}

impl Tabulated {
    /// The table of rewards of a name.
    #[must_use]
    pub fn reward(&self, name: &str) -> Option<&[f64]> {
        let found = self.rewards.iter().find(|reward| reward.name == name);
        found.map(|reward| reward.values.as_slice())
    }
}

/// An environment that does not become a finite MDP.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TabulateError {
    /// More states than allowed.
    #[error("more than {limit} states can be reached; raise the limit, or use methods that sample")]
    TooManyStates {
        /// The limit.
        limit: usize,
    },
    /// More transitions than allowed: few states, each with many ways on.
    #[error(
        "more than {limit} transitions can be reached; raise the limit of states, or use methods that sample"
    )]
    TooManyTransitions {
        /// The limit, which goes with that of the states.
        limit: usize,
    },
    /// Actions that cannot be counted.
    #[error("the actions are {space}, which cannot be counted")]
    Actions {
        /// The action space in words.
        space: String,
    },
    /// Dynamics that are no dynamics: a mistake in the environment.
    #[error("the environment lists impossible dynamics: {0}")]
    Dynamics(#[from] MdpError),
}

/// Lists every state that can be reached and what each action does there.
///
/// States are numbered in the order in which a search through the listed outcomes meets them, so the same environment
/// always gives the same tables. Every end of an episode terminates: under a [`crate::TimeLimit`] the returns are
/// those of the episodes as they are played.
///
/// # Errors
/// If more than `limit` states can be reached, or more transitions than there is room for (25 times as many, and a
/// million at least), or the actions cannot be counted.
pub fn tabulate<E: Enumerable>(
    environment: &E,
    discount: Discount,
    limit: usize,
) -> Result<Tabulated, TabulateError> {
    let space = environment.action_space();
    let Some(actions) = space.values() else {
        return Err(TabulateError::Actions {
            space: space.to_string(),
        });
    };
    let mut search = Search::new(environment, limit);
    search.begin()?;
    let actions: Vec<E::Action> = actions
        .iter()
        .map(|value| E::Action::from_value(value))
        .collect();
    let mut state = 0;
    while state < search.states.len() {
        search.expand(state, &actions)?;
        state += 1;
    }
    search.finish(actions.len(), discount)
}

/// Transitions a state for which there is room: five actions with five ways on each.
const TRANSITIONS_A_STATE: usize = 25;
/// Transitions for which there is always room.
const LEAST_ROOM: usize = 1_000_000;

struct Search<'e, E: Enumerable> {
    environment: &'e E,
    limit: usize,
    n_transitions: usize,
    numbers: HashMap<Vec<u64>, usize>,
    states: Vec<E::State>,
    /// Whether a state can be acted in; a final state is only ever arrived at.
    alive: Vec<bool>,
    start: Vec<(usize, f64)>,
    /// The outcomes of each state that was expanded; none yet, or never, elsewhere.
    rows: Vec<Option<Vec<Vec<Stored>>>>,
    tampering: Vec<Vec<bool>>,
}

/// A listed outcome with its successor's number.
struct Stored {
    transition: Transition,
    intent: Option<f64>,
    frozen: Option<f64>,
    components: crate::Components,
}

impl<'e, E: Enumerable> Search<'e, E> {
    fn new(environment: &'e E, limit: usize) -> Self {
        Search {
            environment,
            limit,
            n_transitions: 0,
            numbers: HashMap::new(),
            states: vec![],
            alive: vec![],
            start: vec![],
            rows: vec![],
            tampering: vec![],
        }
    }

    fn begin(&mut self) -> Result<(), TabulateError> {
        for (probability, state) in self.environment.initial_states() {
            let number = self.number(state)?;
            self.alive[number] = true;
            self.start.push((number, probability));
        }
        Ok(())
    }

    fn number(&mut self, state: E::State) -> Result<usize, TabulateError> {
        let next = self.states.len();
        let number = *self.numbers.entry(key(&state)).or_insert(next);
        if number == next {
            if next == self.limit {
                return Err(TabulateError::TooManyStates { limit: self.limit });
            }
            self.states.push(state);
            self.alive.push(false);
            self.rows.push(None);
            self.tampering.push(vec![]);
        }
        Ok(number)
    }

    /// Lists the outcomes of a state that can be acted in. A state that was passed over as final and turns out to be
    /// alive later is expanded then.
    fn expand(&mut self, number: usize, actions: &[E::Action]) -> Result<(), TabulateError> {
        let mut open = vec![number];
        while let Some(number) = open.pop() {
            if !self.alive[number] || self.rows[number].is_some() {
                continue;
            }
            let state = self.states[number].clone();
            let mut rows = Vec::with_capacity(actions.len());
            for action in actions {
                let mut row = vec![];
                for outcome in self.environment.outcomes(&state, action) {
                    let stored = self.store(&state, action, outcome)?;
                    let next_state = stored.transition.next_state;
                    if !stored.transition.terminates {
                        self.alive[next_state] = true;
                        if next_state < number {
                            open.push(next_state);
                        }
                    }
                    row.push(stored);
                }
                self.n_transitions += row.len();
                if self.n_transitions > self.most_transitions() {
                    return Err(TabulateError::TooManyTransitions {
                        limit: self.most_transitions(),
                    });
                }
                rows.push(row);
                let tampers = self.environment.tampers(&state, action);
                self.tampering[number].push(tampers);
            }
            self.rows[number] = Some(rows);
        }
        Ok(())
    }

    fn most_transitions(&self) -> usize {
        self.limit
            .saturating_mul(TRANSITIONS_A_STATE)
            .max(LEAST_ROOM)
    }

    fn store(
        &mut self,
        state: &E::State,
        action: &E::Action,
        outcome: Outcome<E::State>,
    ) -> Result<Stored, TabulateError> {
        let frozen = self.environment.frozen_reward(state, action, &outcome);
        let Outcome {
            probability,
            next_state,
            step,
        } = outcome;
        Ok(Stored {
            transition: Transition {
                probability,
                next_state: self.number(next_state)?,
                reward: step.reward,
                terminates: step.is_last(),
            },
            intent: step.intent,
            frozen,
            components: step.components,
        })
    }

    fn finish(self, n_actions: usize, discount: Discount) -> Result<Tabulated, TabulateError> {
        let n_states = self.states.len();
        let mut builder = TabularMdp::builder(n_states, n_actions);
        let mut tables = Tables::new(self.environment.component_names());
        for (number, rows) in self.rows.iter().enumerate() {
            for action in 0..n_actions {
                match rows {
                    Some(rows) => rows[action].iter().for_each(|stored| {
                        builder.push(stored.transition);
                        tables.push(stored);
                    }),
                    None => {
                        builder.push(finality(number));
                        tables.push_final();
                    }
                }
                builder.end_row();
            }
        }
        let mut start = vec![0.0; n_states];
        for (number, probability) in self.start {
            start[number] += probability;
        }
        let environment = self.environment;
        let mdp = builder.build(start, discount)?;
        let no_tampering = vec![false; n_actions];
        let tampering = self.tampering.iter().flat_map(|row| {
            let row = if row.is_empty() { &no_tampering } else { row };
            row.iter().copied()
        });
        Ok(Tabulated {
            tampering: tampering.collect(),
            rewards: tables.finish(&mdp),
            mdp,
            state_labels: self
                .states
                .iter()
                .map(|s| environment.state_label(s))
                .collect(),
            places: self.states.iter().map(|s| environment.place(s)).collect(),
            states: self.states.iter().map(numbers).collect(),
            action_names: action_names(environment, n_actions),
            map: environment.map(),
        })
    }
}

/// A final state leads nowhere and pays nothing.
fn finality(number: usize) -> Transition {
    Transition {
        probability: 1.0,
        next_state: number,
        reward: 0.0,
        terminates: true,
    }
}

fn numbers(state: &impl StateVector) -> Vec<f64> {
    let mut values = vec![];
    state.write(&mut values);
    values
}

fn action_names(environment: &impl Enumerable, n_actions: usize) -> Vec<String> {
    let names = environment.action_names();
    if names.len() == n_actions {
        return names.iter().map(|name| (*name).to_owned()).collect();
    }
    match environment.action_space() {
        Space::MultiDiscrete { .. } => {
            let values = environment.action_space().values().unwrap_or_default();
            let words = |value: &Vec<f32>| {
                value
                    .iter()
                    .map(f32::to_string)
                    .collect::<Vec<_>>()
                    .join("/")
            };
            values.iter().map(words).collect()
        }
        _ => (0..n_actions).map(|action| action.to_string()).collect(),
    }
}

/// The rewards beside the first.
struct Tables {
    names: &'static [&'static str],
    intent: Option<Vec<f64>>,
    frozen: Option<Vec<f64>>,
    components: Vec<Vec<f64>>,
}

impl Tables {
    fn new(names: &'static [&'static str]) -> Tables {
        Tables {
            names,
            intent: Some(vec![]),
            frozen: Some(vec![]),
            components: vec![vec![]; names.len()],
        }
    }

    /// A reward that is absent anywhere is absent as a whole.
    fn push(&mut self, stored: &Stored) {
        for (table, value) in [
            (&mut self.intent, stored.intent),
            (&mut self.frozen, stored.frozen),
        ] {
            match (table.as_mut(), value) {
                (Some(table), Some(value)) => table.push(value),
                _ => *table = None,
            }
        }
        for (position, table) in self.components.iter_mut().enumerate() {
            table.push(
                stored
                    .components
                    .as_slice()
                    .get(position)
                    .copied()
                    .unwrap_or(0.0),
            );
        }
    }

    fn push_final(&mut self) {
        for table in [&mut self.intent, &mut self.frozen].into_iter().flatten() {
            table.push(0.0);
        }
        self.components.iter_mut().for_each(|table| table.push(0.0));
    }

    fn finish(self, mdp: &TabularMdp) -> Vec<NamedReward> {
        let named = |name: &str, values| NamedReward {
            name: name.to_owned(),
            values,
        };
        let mut rewards = vec![named("reward", mdp.rewards().to_vec())];
        rewards.extend(self.intent.map(|values| named("intent", values)));
        rewards.extend(self.frozen.map(|values| named("frozen", values)));
        for (name, values) in self.names.iter().zip(self.components) {
            rewards.push(named(&format!("reward.{name}"), values));
        }
        rewards
    }
}
