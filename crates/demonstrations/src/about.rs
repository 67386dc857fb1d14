//! What a file of demonstrations says of itself.

use std::collections::{BTreeMap, BTreeSet};

use mdp::Space;

mod json;

/// What is known about episodes beside what happened in them.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Which observations are possible.
    pub observation_space: Space,
    /// Which actions are possible.
    pub action_space: Space,
    /// The environment's name: ours, or that of the library that recorded.
    pub environment: Option<String>,
    /// Settings of the environment that differ from its own, by name.
    pub settings: BTreeMap<String, String>,
    /// Who played: a policy's name, the run and checkpoint, or a person.
    pub expert: Option<String>,
    /// The seed from which the episodes were drawn.
    pub seed: Option<u64>,
    /// Names of the numbers of a recorded state, in order; empty where no states are recorded or nobody named them.
    pub state_names: Vec<String>,
    /// What other formats say and ours has no word for, kept as it was: keys begin with the format's name and a dot.
    pub other: BTreeMap<String, String>,
}

impl About {
    /// Nothing but the spaces.
    #[must_use]
    pub fn new(observation_space: Space, action_space: Space) -> About {
        About {
            observation_space,
            action_space,
            environment: None,
            settings: BTreeMap::new(),
            expert: None,
            seed: None,
            state_names: vec![],
            other: BTreeMap::new(),
        }
    }

    /// What the `n` numbers of a state are called in columns: by their names where each has one of its own that fits
    /// into a line of a table, by their positions otherwise.
    pub(crate) fn state_columns(&self, n: usize) -> Vec<String> {
        let is_plain =
            |name: &String| !name.contains([',', '"', '\n', '\r']) && name.trim() == name;
        let n_names = self.state_names.iter().collect::<BTreeSet<_>>().len();
        let has_names = self.state_names.len() == n && n_names == n;
        match has_names && self.state_names.iter().all(is_plain) {
            true => self.state_names.clone(),
            false => (0..n).map(|index| index.to_string()).collect(),
        }
    }
}
