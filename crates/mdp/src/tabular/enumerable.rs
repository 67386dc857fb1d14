//! Environments whose dynamics can be listed, and not only drawn from.

use std::collections::BTreeMap;

use crate::checker::EnvironmentFault;
use crate::{Action as _, Environment, LimitedState, Seed, StateVector, Step, TimeLimit, index};

/// One way in which a step may go.
#[derive(Clone, Debug)]
pub struct Outcome<S> {
    /// Probability, positive.
    pub probability: f64,
    /// State that follows.
    pub next_state: S,
    /// Reward, intent and end.
    pub step: Step,
}

/// Where a map draws a state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What holds in this state beside its place, in words; states of one layer share one map.
    pub layer: String,
    /// Column from the left, from 0.
    pub column: usize,
    /// Row from the top, from 0.
    pub row: usize,
}

/// The map on which states have their places, row by row from the top: `#` is a wall, a space is floor, any other
/// character marks what stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GridMap {
    /// Rows of one character a cell.
    pub rows: Vec<String>,
    /// What the characters mean, but for walls and floor.
    pub legend: Vec<(char, String)>,
}

/// An environment whose dynamics can be listed: what [`Environment::step`] draws from, with its probabilities.
///
/// Such an environment with finitely many states becomes a [`crate::TabularMdp`] by [`crate::tabulate`].
///
/// # Design
/// A trait of its own, and not a part of [`Environment`]: most environments cannot be listed, and a method that says
/// so at run time would be found out too late. [`check_outcomes`] holds the two accounts of the dynamics together.
pub trait Enumerable: Environment {
    /// The states in which an episode may begin, with their probabilities.
    fn initial_states(&self) -> Vec<(f64, Self::State)>;

    /// All that a step may do in a state that is not final: probabilities are positive and sum to 1. Random
    /// observations have no part in it.
    fn outcomes(&self, state: &Self::State, action: &Self::Action) -> Vec<Outcome<Self::State>>;

    /// Where a map draws the state.
    fn place(&self, state: &Self::State) -> Option<Place> {
        let _ = state;
        None
    }

    /// The map on which states have places.
    fn map(&self) -> Option<GridMap> {
        None
    }

    /// Whether this action reaches for the reward channel itself: these are the edges that are cut to measure the
    /// incentive to tamper.
    fn tampers(&self, state: &Self::State, action: &Self::Action) -> bool {
        let _ = (state, action);
        false
    }

    /// What the reward function that the episode began with would have paid; absent where it cannot change.
    fn frozen_reward(
        &self,
        state: &Self::State,
        action: &Self::Action,
        outcome: &Outcome<Self::State>,
    ) -> Option<f64> {
        let _ = (state, action, outcome);
        None
    }

    /// The state in words, for people who read about it.
    fn state_label(&self, state: &Self::State) -> String {
        let mut values = vec![];
        state.write(&mut values);
        let names = self.state_names();
        let words = values
            .iter()
            .enumerate()
            .map(|(position, value)| match names.get(position) {
                Some(name) => format!("{name} {value}"),
                None => format!("{value}"),
            });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// With the step counter in its state; the step limit ends an episode as it does when it is played.
impl<E: Enumerable> Enumerable for TimeLimit<E> {
    fn initial_states(&self) -> Vec<(f64, Self::State)> {
        let limited = |(probability, state)| (probability, LimitedState { state, n_steps: 0 });
        let states = self.inner().initial_states();
        states.into_iter().map(limited).collect()
    }

    fn outcomes(&self, state: &Self::State, action: &E::Action) -> Vec<Outcome<Self::State>> {
        let n_steps = state.n_steps + 1;
        let outcomes = self.inner().outcomes(&state.state, action);
        let limited = |outcome: Outcome<E::State>| Outcome {
            probability: outcome.probability,
            step: self.limit(outcome.step, n_steps),
            next_state: LimitedState {
                state: outcome.next_state,
                n_steps,
            },
        };
        outcomes.into_iter().map(limited).collect()
    }

    fn place(&self, state: &Self::State) -> Option<Place> {
        self.inner().place(&state.state)
    }

    fn map(&self) -> Option<GridMap> {
        self.inner().map()
    }

    fn tampers(&self, state: &Self::State, action: &E::Action) -> bool {
        self.inner().tampers(&state.state, action)
    }

    fn frozen_reward(
        &self,
        state: &Self::State,
        action: &E::Action,
        outcome: &Outcome<Self::State>,
    ) -> Option<f64> {
        let inner = Outcome {
            probability: outcome.probability,
            next_state: outcome.next_state.state.clone(),
            step: outcome.step,
        };
        self.inner().frozen_reward(&state.state, action, &inner)
    }

    fn state_label(&self, state: &Self::State) -> String {
        let inner = self.inner().state_label(&state.state);
        format!("{inner}, step {}", state.n_steps)
    }
}

/// The numbers of a state as a key: equal states have equal keys.
pub(super) fn key(state: &impl StateVector) -> Vec<u64> {
    let mut values = vec![];
    state.write(&mut values);
    // -0.0 and 0.0 are one state.
    values.iter().map(|value| (value + 0.0).to_bits()).collect()
}

/// Draws a step as often as this to compare it with the listed outcomes.
const N_DRAWS: usize = 2_000;

/// Checks that `step` draws what `outcomes` lists, and `initial_state` what `initial_states` does, in `n_states`
/// states met by random play: the same next states with the same step, at rates that their probabilities allow.
///
/// A rate may be as far from its probability as a chance of one in a million allows (Hoeffding, 1963).
///
/// # Errors
/// What differs, and where.
pub fn check_outcomes<E: Enumerable>(
    environment: &E,
    n_states: usize,
    seed: Seed,
) -> Result<(), EnvironmentFault> {
    let mut rng = seed.stream("check outcomes", 0);
    let listed = environment.initial_states();
    let listed = listed.iter().map(|(p, state)| (*p, (key(state), None)));
    compare("initial_state", listed, || {
        (key(&environment.initial_state(&mut rng)), None)
    })?;
    let mut state = environment.initial_state(&mut rng);
    for _ in 0..n_states {
        let value = environment.action_space().sample(&mut rng);
        let action = E::Action::from_value(&value);
        let outcomes = environment.outcomes(&state, &action);
        let listed = outcomes.iter().map(|o| {
            (
                o.probability,
                (key(&o.next_state), Some(fingerprint(&o.step))),
            )
        });
        let place = format!("{}, action {value:?}", environment.state_label(&state));
        compare(&place, listed, || {
            let mut next_state = state.clone();
            let step = environment.step(&mut next_state, &action, &mut rng);
            (key(&next_state), Some(fingerprint(&step)))
        })?;
        let chosen = &outcomes[index(outcomes.len(), &mut rng)];
        state = if chosen.step.is_last() {
            environment.initial_state(&mut rng)
        } else {
            chosen.next_state.clone()
        };
    }
    Ok(())
}

type Key = (Vec<u64>, Option<String>);

/// Everything that a step says, rounded to what sums in another order leave alone.
fn fingerprint(step: &Step) -> String {
    let terms: Vec<String> = step
        .components
        .as_slice()
        .iter()
        .map(|term| format!("{:.9}", term + 0.0))
        .collect();
    let intent = step.intent.map(|intent| format!("{:.9}", intent + 0.0));
    format!(
        "{:.9} {terms:?} {intent:?} {:?}",
        step.reward + 0.0,
        step.end
    )
}

fn compare(
    place: &str,
    listed: impl Iterator<Item = (f64, Key)>,
    mut draw: impl FnMut() -> Key,
) -> Result<(), EnvironmentFault> {
    let fault = |problem| EnvironmentFault::Outcomes {
        place: place.to_owned(),
        problem,
    };
    let mut rates: BTreeMap<Key, (f64, usize)> = BTreeMap::new();
    let mut sum = 0.0;
    for (probability, key) in listed {
        if probability <= 0.0 {
            return Err(fault(format!(
                "lists an outcome of probability {probability}"
            )));
        }
        sum += probability;
        rates.entry(key).or_default().0 += probability;
    }
    if (sum - 1.0).abs() > 1e-9 {
        return Err(fault(format!("lists probabilities that sum to {sum}")));
    }
    // One outcome needs few draws; several need enough to tell their rates apart.
    let n_draws = if rates.len() == 1 { 8 } else { N_DRAWS };
    for _ in 0..n_draws {
        let key = draw();
        let Some((_, n_drawn)) = rates.get_mut(&key) else {
            let listed: Vec<&Key> = rates.keys().collect();
            return Err(fault(format!(
                "drew {key:?}, which is not among {listed:?}"
            )));
        };
        *n_drawn += 1;
    }
    let allowed = (2.0e6_f64.ln() / (2.0 * n_draws as f64)).sqrt();
    for (key, (probability, n_drawn)) in &rates {
        let rate = *n_drawn as f64 / n_draws as f64;
        if rates.len() > 1 && (rate - probability).abs() > allowed {
            return Err(fault(format!(
                "lists {key:?} with {probability}, drew it at a rate of {rate}"
            )));
        }
    }
    Ok(())
}
