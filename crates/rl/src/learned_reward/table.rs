//! A reward of the states and actions of a finite MDP.

use std::collections::{BTreeMap, HashMap};

use mdp::{Space, Tabulated};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::Transitions;
use crate::Error;

/// The metadata key of the description.
const KEY: &str = "reward_table";
/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;
/// The most states and rewards that are read.
const MOST: usize = 100_000_000;

/// What the states and actions of a finite MDP are called.
#[derive(Clone, Copy, Debug)]
pub struct MdpNames<'t> {
    /// The numbers of each state; empty where the MDP was made of nothing but tables.
    pub states: &'t [Vec<f64>],
    /// Each state in words.
    pub state_labels: &'t [String],
    /// The name of each action.
    pub action_names: &'t [String],
}

/// A reward for each state and action of a finite MDP.
///
/// The states are known by their numbers where they have any, so that an environment can be paid by the table; and by
/// their labels otherwise. In an environment under a time limit the step count behind the numbers is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct RewardTable {
    description: Description,
    /// `[S, n]`; empty where states have no numbers.
    states: Vec<Vec<f64>>,
    /// `[S, A]`.
    rewards: Vec<f64>,
    /// Row of each state, by the bits of its numbers.
    rows: BTreeMap<Vec<u64>, usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u32,
    method: String,
    state_labels: Vec<String>,
    action_names: Vec<String>,
}

impl<'t> From<&'t Tabulated> for MdpNames<'t> {
    fn from(tables: &'t Tabulated) -> MdpNames<'t> {
        MdpNames {
            states: &tables.states,
            state_labels: &tables.state_labels,
            action_names: &tables.action_names,
        }
    }
}

impl RewardTable {
    /// A table of rewards `[S, A]` for an MDP. `method` says how it was learned.
    ///
    /// # Errors
    /// If there is not one finite number for each state and action, or two states are the same.
    pub fn new(mdp: MdpNames<'_>, rewards: Vec<f64>, method: &str) -> Result<RewardTable, Error> {
        let description = Description {
            version: VERSION,
            method: method.to_owned(),
            state_labels: mdp.state_labels.to_vec(),
            action_names: mdp.action_names.to_vec(),
        };
        RewardTable::checked(description, mdp.states.to_vec(), rewards).map_err(Error::Reward)
    }

    fn checked(
        description: Description,
        states: Vec<Vec<f64>>,
        rewards: Vec<f64>,
    ) -> Result<RewardTable, String> {
        let (n_states, n_actions) = (
            description.state_labels.len(),
            description.action_names.len(),
        );
        if n_states.checked_mul(n_actions) != Some(rewards.len()) || rewards.is_empty() {
            return Err(format!(
                "it holds {} rewards for {n_states} states and {n_actions} actions",
                rewards.len()
            ));
        }
        if let Some(at) = rewards.iter().position(|reward| !reward.is_finite()) {
            let label = &description.state_labels[at / n_actions];
            return Err(format!(
                "the reward {} of {label} is not finite",
                rewards[at]
            ));
        }
        if !states.is_empty() && states.len() != n_states {
            return Err(format!(
                "it holds the numbers of {} of {n_states} states",
                states.len()
            ));
        }
        let mut rows = BTreeMap::new();
        for (row, state) in states.iter().enumerate() {
            if let Some(other) = rows.insert(key(state), row) {
                let labels = &description.state_labels;
                return Err(format!(
                    "{} and {} are the same state",
                    labels[other], labels[row]
                ));
            }
        }
        Ok(RewardTable {
            description,
            states,
            rewards,
            rows,
        })
    }

    /// How it was learned.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.description.method
    }

    /// The reward of each state and action of an MDP, `[S, A]`: states are found by their numbers where both have
    /// them, by their labels otherwise. States that no policy reaches and that the table lacks get 0.
    ///
    /// # Errors
    /// If the actions are others, or the table lacks a state that can be reached.
    pub fn of(&self, mdp: MdpNames<'_>, reachable: &[bool]) -> Result<Vec<f64>, Error> {
        if mdp.action_names.len() != self.description.action_names.len() {
            return Err(Error::Reward(format!(
                "it knows {} actions, the MDP has {}",
                self.description.action_names.len(),
                mdp.action_names.len()
            )));
        }
        let n_actions = mdp.action_names.len();
        let by_numbers = !self.states.is_empty() && !mdp.states.is_empty();
        let labels: HashMap<&str, usize> = (self.description.state_labels.iter().enumerate())
            .map(|(row, label)| (label.as_str(), row))
            .collect();
        let mut rewards = Vec::with_capacity(mdp.state_labels.len() * n_actions);
        for (state, label) in mdp.state_labels.iter().enumerate() {
            let row = match by_numbers {
                true => self.row(&mdp.states[state]),
                false => labels.get(label.as_str()).copied(),
            };
            match row {
                Some(row) => rewards.extend(&self.rewards[row * n_actions..][..n_actions]),
                None if !reachable[state] => rewards.extend(std::iter::repeat_n(0.0, n_actions)),
                None => {
                    return Err(Error::Reward(format!(
                        "it was learned on other states: it has none for {label}"
                    )));
                }
            }
        }
        Ok(rewards)
    }

    /// The row of a state by its numbers, or by all but the last of them, which a time limit adds.
    fn row(&self, state: &[f64]) -> Option<usize> {
        let width = self.states.first().map_or(0, Vec::len);
        let state = state.get(..width)?;
        self.rows.get(&key(state)).copied()
    }

    pub(super) fn check_fits(&self, actions: &Space, n_state_values: usize) -> Result<(), Error> {
        let Some(state) = self.states.first() else {
            return Err(Error::Reward(
                "it knows states by name alone, as those of an MDP file, and no environment has such".into(),
            ));
        };
        if !(state.len()..=state.len() + 1).contains(&n_state_values) {
            return Err(Error::Reward(format!(
                "it knows states of {} numbers, the environment's have {n_state_values}",
                state.len()
            )));
        }
        let n_actions = self.description.action_names.len();
        if actions.n_choices() != Some(n_actions) {
            return Err(Error::Reward(format!(
                "it knows {n_actions} actions, the environment takes {actions}"
            )));
        }
        Ok(())
    }

    pub(super) fn rewards(&self, transitions: &Transitions<'_>, out: &mut [f64]) {
        assert_eq!(
            transitions.states.len(),
            out.len(),
            "a state for each transition"
        );
        let n_actions = self.description.action_names.len();
        let width = transitions.actions.len() / out.len().max(1);
        assert_eq!(width, 1, "actions are one choice each");
        for (index, reward) in out.iter_mut().enumerate() {
            let action = transitions.actions[index] as usize;
            // Whoever pays a table has checked that it has every state that can be reached.
            let row = self.row(&transitions.states[index]);
            *reward = row.map_or(0.0, |row| self.rewards[row * n_actions + action]);
        }
    }

    /// Whether bytes look like a table.
    pub(super) fn is_one(bytes: &[u8]) -> bool {
        SafeTensors::read_metadata(bytes).is_ok_and(|(_, header)| {
            let metadata = header.metadata().as_ref();
            metadata.is_some_and(|metadata| metadata.contains_key(KEY))
        })
    }

    /// The table as a safetensors file that describes itself. The same content gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let n_states = self.description.state_labels.len();
        let bytes = |values: &[f64]| -> Vec<u8> {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        let mut tensors = vec![(
            "rewards",
            vec![n_states, self.description.action_names.len()],
            bytes(&self.rewards),
        )];
        if let Some(first) = self.states.first() {
            let shape = vec![n_states, first.len()];
            tensors.push(("states", shape, bytes(&self.states.concat())));
        }
        let views = tensors.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F64, shape.clone(), bytes);
            (*name, view.expect("as many bytes as the shape says"))
        });
        let description = serde_json::to_string(&self.description);
        let description = description.expect("plain data has a JSON form");
        let header = HashMap::from([(KEY.to_owned(), description)]);
        safetensors::serialize(views, Some(header)).expect("a header below 100 MB")
    }

    /// Reads what [`RewardTable::to_bytes`] wrote.
    ///
    /// # Errors
    /// If the bytes are damaged or are no table of rewards.
    pub fn from_bytes(bytes: &[u8]) -> Result<RewardTable, Error> {
        read(bytes).map_err(Error::Reward)
    }
}

fn read(bytes: &[u8]) -> Result<RewardTable, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let metadata = header.metadata().as_ref();
    let description = metadata.and_then(|metadata| metadata.get(KEY));
    let description = description.ok_or_else(|| format!("no key `{KEY}`"))?;
    let description: Description =
        serde_json::from_str(description).map_err(|error| error.to_string())?;
    if description.version != VERSION {
        return Err(format!("version {} is not {VERSION}", description.version));
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let (shape, rewards) = numbers(&tensors, "rewards")?;
    let n_states = description.state_labels.len();
    if shape != [n_states, description.action_names.len()] {
        return Err(format!(
            "`rewards` has the shape {shape:?}, which fits no names"
        ));
    }
    let mut states = vec![];
    if tensors.names().contains(&"states") {
        let (shape, numbers) = numbers(&tensors, "states")?;
        match shape.as_slice() {
            [n, width] if *n == n_states && *width > 0 => {
                states = numbers.chunks_exact(*width).map(<[f64]>::to_vec).collect();
            }
            _ => {
                return Err(format!(
                    "`states` has the shape {shape:?}, which fits no names"
                ));
            }
        }
    }
    RewardTable::checked(description, states, rewards)
}

fn numbers(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f64>), String> {
    let tensor = tensors.tensor(name);
    let tensor = tensor.map_err(|_| format!("the tensor `{name}` is missing"))?;
    if tensor.dtype() != Dtype::F64 || tensor.data().len() / 8 > MOST {
        return Err(format!("`{name}` are no 64-bit numbers, or too many"));
    }
    let chunks = tensor.data().chunks_exact(8);
    let values = chunks.map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight bytes")));
    Ok((tensor.shape().to_vec(), values.collect()))
}

/// The bits of a state's numbers; the two zeros are one.
fn key(state: &[f64]) -> Vec<u64> {
    state
        .iter()
        .map(|number| (number + 0.0).to_bits())
        .collect()
}
