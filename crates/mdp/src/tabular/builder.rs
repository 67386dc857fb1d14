//! A finite MDP given row by row, and what can be wrong with it.

use super::{Discount, TabularMdp, Transition};

/// How far probabilities may be from summing to 1.
const SUM_TOLERANCE: f64 = 1e-9;

/// A finite MDP that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MdpError {
    /// Tables of the wrong length.
    #[error("{what} has {found} entries, expected {expected}")]
    Length {
        /// Which table.
        what: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// No states or no actions, or more states than a successor's number can name.
    #[error(
        "{n_states} states and {n_actions} actions make no MDP; there must be 1 to 4294967295 states and at least 1 action"
    )]
    Size {
        /// Number of states.
        n_states: usize,
        /// Number of actions.
        n_actions: usize,
    },
    /// Probabilities that are negative, not finite, or do not sum to 1.
    #[error("the probabilities of {place} sum to {sum}; they must lie from 0 to 1 and sum to 1")]
    Probabilities {
        /// Which ones.
        place: String,
        /// Their sum.
        sum: f64,
    },
    /// A successor that does not exist, or a reward that is not finite.
    #[error("state {state}, action {action}: transition {transition:?} is not possible")]
    Transition {
        /// State.
        state: usize,
        /// Action.
        action: usize,
        /// What was given.
        transition: Transition,
    },
    /// A state in which every action was cut.
    #[error("state {state} is left without any action; keep at least one")]
    NoAction {
        /// State.
        state: usize,
    },
}

/// Takes a finite MDP row by row, in the order `state * n_actions + action`.
#[derive(Clone, Debug)]
pub struct TabularMdpBuilder {
    mdp: TabularMdp,
    /// A successor too large for its storage, where one was given.
    wrong: Option<(usize, Transition)>,
}

impl TabularMdpBuilder {
    pub(super) fn new(n_states: usize, n_actions: usize) -> TabularMdpBuilder {
        TabularMdpBuilder {
            mdp: TabularMdp {
                n_states,
                n_actions,
                offsets: vec![0],
                probabilities: vec![],
                next_states: vec![],
                rewards: vec![],
                terminates: vec![],
                start: vec![],
                discount: Discount(0.0),
            },
            wrong: None,
        }
    }

    /// Adds a way to go on to the row that is being given.
    pub fn push(&mut self, transition: Transition) {
        let mdp = &mut self.mdp;
        if transition.next_state >= mdp.n_states || !transition.reward.is_finite() {
            let row = mdp.offsets.len() - 1;
            self.wrong.get_or_insert((row, transition));
        }
        mdp.probabilities.push(transition.probability);
        mdp.next_states.push(transition.next_state as u32);
        mdp.rewards.push(transition.reward);
        mdp.terminates.push(transition.terminates);
    }

    /// Ends the row of a state and an action.
    pub fn end_row(&mut self) {
        self.mdp.offsets.push(self.mdp.next_states.len());
    }

    /// Checks everything and gives the MDP.
    ///
    /// # Errors
    /// The first entry that is not possible.
    pub fn build(self, start: Vec<f64>, discount: Discount) -> Result<TabularMdp, MdpError> {
        let mdp = TabularMdp {
            start,
            discount,
            ..self.mdp
        };
        let (n_states, n_actions) = (mdp.n_states, mdp.n_actions);
        if n_states == 0 || u32::try_from(n_states).is_err() || n_actions == 0 {
            return Err(MdpError::Size {
                n_states,
                n_actions,
            });
        }
        check_length(
            "the transition table",
            mdp.offsets.len() - 1,
            n_states * n_actions,
        )?;
        check_length("the start", mdp.start.len(), n_states)?;
        if let Some((row, transition)) = self.wrong {
            return Err(MdpError::Transition {
                state: row / n_actions,
                action: row % n_actions,
                transition,
            });
        }
        check_probabilities(&mdp.start, || "the start".to_owned())?;
        for (row, ends) in mdp.offsets.windows(2).enumerate() {
            check_probabilities(&mdp.probabilities[ends[0]..ends[1]], || {
                format!("state {}, action {}", row / n_actions, row % n_actions)
            })?;
        }
        Ok(mdp)
    }
}

fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), MdpError> {
    if found == expected {
        return Ok(());
    }
    Err(MdpError::Length {
        what,
        found,
        expected,
    })
}

fn check_probabilities(
    probabilities: &[f64],
    place: impl FnOnce() -> String,
) -> Result<(), MdpError> {
    let sum: f64 = probabilities.iter().sum();
    let possible = probabilities.iter().all(|probability| *probability >= 0.0);
    if possible && (sum - 1.0).abs() <= SUM_TOLERANCE {
        return Ok(());
    }
    Err(MdpError::Probabilities {
        place: place(),
        sum,
    })
}
