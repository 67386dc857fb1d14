//! Reward functions whose parameters lie in the state, where acts can change them.

use super::{Enumerable, Outcome, Tabulated};
use crate::{Action as _, StateVector as _, TimeLimit};

/// An environment whose reward function has parameters Θ that its state holds and that acts can change.
///
/// In each state the function can then be asked what it would pay with the parameters of another, which is what
/// planning by the current reward function needs (Everitt, Hutter, Kumar and Krakovna, 2021).
///
/// # Design
/// The function is *evaluated* on an outcome, and not read off a register that an act can write: that is why the
/// reward under the parameters in force may differ from the one that is received.
pub trait RewardParameters: Enumerable {
    /// The parameters.
    type Parameters: Clone + PartialEq;

    /// The parameters in force in a state.
    fn parameters(&self, state: &Self::State) -> Self::Parameters;

    /// What the function with these parameters makes of an outcome.
    fn reward_under(
        &self,
        parameters: &Self::Parameters,
        state: &Self::State,
        action: &Self::Action,
        outcome: &Outcome<Self::State>,
    ) -> f64;
}

impl<E: RewardParameters> RewardParameters for TimeLimit<E> {
    type Parameters = E::Parameters;

    fn parameters(&self, state: &Self::State) -> E::Parameters {
        self.inner().parameters(&state.state)
    }

    fn reward_under(
        &self,
        parameters: &E::Parameters,
        state: &Self::State,
        action: &E::Action,
        outcome: &Outcome<Self::State>,
    ) -> f64 {
        let inner = Outcome {
            probability: outcome.probability,
            next_state: outcome.next_state.state.clone(),
            step: outcome.step,
        };
        self.inner()
            .reward_under(parameters, &state.state, action, &inner)
    }
}

/// The reward function of each parameters that occur in a finite MDP, as tables.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterTables {
    /// Which parameters are in force in each state, as an index in `rewards`: `[S]`.
    pub of_state: Vec<usize>,
    /// A table of rewards for each parameters: one value a stored transition.
    pub rewards: Vec<Vec<f64>>,
}

/// The parameters of each state of a tabulated environment, and the reward of every transition under each of them.
///
/// # Panics
/// If `table` was not made of this environment.
pub fn tabulate_parameters<E: RewardParameters>(
    environment: &E,
    table: &Tabulated,
) -> ParameterTables {
    const FOREIGN: &str = "the table was made of this environment";
    let states = table.states.iter().map(|numbers| E::State::read(numbers));
    let states: Vec<E::State> = states.collect::<Result<_, _>>().expect(FOREIGN);
    let mut known: Vec<E::Parameters> = vec![];
    let mut number = |parameters: E::Parameters| {
        let found = known.iter().position(|other| *other == parameters);
        found.unwrap_or_else(|| {
            known.push(parameters);
            known.len() - 1
        })
    };
    let of_state = states
        .iter()
        .map(|state| number(environment.parameters(state)))
        .collect();
    let mdp = &table.mdp;
    let actions: Vec<E::Action> = environment
        .action_space()
        .values()
        .expect(FOREIGN)
        .iter()
        .map(|value| E::Action::from_value(value))
        .collect();
    assert_eq!(actions.len(), mdp.n_actions(), "{FOREIGN}");
    let reachable = mdp.reachable();
    let mut rewards = vec![vec![0.0; mdp.n_transitions()]; known.len()];
    // A final state pays nothing, whatever the parameters.
    for (state, from) in states
        .iter()
        .enumerate()
        .filter(|(state, _)| reachable[*state])
    {
        for (choice, action) in actions.iter().enumerate() {
            let row = mdp.row(state, choice);
            let outcomes = environment.outcomes(from, action);
            assert_eq!(outcomes.len(), row.len(), "{FOREIGN}");
            for (stored, outcome) in row.zip(&outcomes) {
                for (rewards, parameters) in rewards.iter_mut().zip(&known) {
                    rewards[stored] = environment.reward_under(parameters, from, action, outcome);
                }
            }
        }
    }
    ParameterTables { of_state, rewards }
}
