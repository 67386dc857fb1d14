//! What a file of demonstrations says of itself.

use std::collections::BTreeMap;

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
}
