//! Demonstrations in the states and actions of a finite MDP, by number, and what a reward for them may pay for.

use std::collections::BTreeMap;

use ::demonstrations::About;
use clap::ValueEnum;
use imitation::{Demonstration, Features, FeaturesOf};
use mdp::{Space, TabularMdp, Tabulated, Trajectories};

use crate::registry;

/// The most numbers that features may take.
const MOST_FEATURES: usize = 50_000_000;

/// What an inferred reward may pay for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RewardOf {
    /// Arriving in a state
    Arrivals,
    /// Acting in a state
    States,
    /// Each action in each state
    Actions,
}

impl RewardOf {
    /// Its names in experiments and on the command line, in the order of [`RewardOf::ALL`].
    pub const NAMES: &'static [&'static str] = &["arrivals", "states", "actions"];
    /// All of them, the first being what is taken unasked.
    pub const ALL: [RewardOf; 3] = [RewardOf::Arrivals, RewardOf::States, RewardOf::Actions];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        RewardOf::NAMES[self as usize]
    }

    /// The one of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<RewardOf> {
        RewardOf::ALL.into_iter().find(|of| of.name() == name)
    }

    /// Features that such a reward is linear in: as the fits take them, and as numbers, `[S, A, K]`.
    ///
    /// # Errors
    /// If they are too many, in words.
    pub(crate) fn features(self, mdp: &TabularMdp) -> Result<(Features, Vec<f64>), String> {
        let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
        let n_rows = n_states * n_actions;
        let n_features = match self {
            RewardOf::Actions => n_rows,
            _ => n_states,
        };
        if n_rows.saturating_mul(n_features) > MOST_FEATURES {
            return Err(format!(
                "{n_states} states and {n_actions} actions are too many for a reward of each of them"
            ));
        }
        let mut values = vec![0.0; n_rows * n_features];
        for (row, features) in values.chunks_exact_mut(n_features).enumerate() {
            match self {
                RewardOf::Actions => features[row] = 1.0,
                RewardOf::States => features[row / n_actions] = 1.0,
                RewardOf::Arrivals => {
                    for t in mdp.transitions(row / n_actions, row % n_actions) {
                        features[t.next_state] += t.probability;
                    }
                }
            }
        }
        let kind = FeaturesOf::StatesAndActions;
        let features = Features::new(kind, n_features, n_actions, values.clone());
        Ok((features, values))
    }
}

/// Refuses demonstrations of another environment of ours. Names that other libraries gave say nothing here.
///
/// # Errors
/// If they were recorded in another one, in words.
pub(crate) fn check_recorded_in(about: &About, environment: &str) -> Result<(), String> {
    match about.environment.as_deref() {
        Some(other) if other != environment && registry::find(other).is_some() => Err(format!(
            "it was recorded in {other}, not in {environment}; name demonstrations of {environment}"
        )),
        _ => Ok(()),
    }
}

/// The states and actions of each episode, and the state after the last.
pub(crate) type Steps = (Vec<Demonstration>, Vec<Option<usize>>);

/// The states and actions of demonstrations in a finite MDP, by number.
///
/// # Errors
/// What does not fit, in words: a state, an action or a move that the MDP does not have.
pub(crate) fn steps(
    tables: &Tabulated,
    action_space: &Space,
    trajectories: &Trajectories,
) -> Result<Steps, String> {
    let numbering = Numbering::of(tables, trajectories)?;
    let n_values = trajectories.action_space().n_values();
    if n_values != action_space.n_values() {
        return Err(format!(
            "its actions are {}, those of the MDP {action_space}",
            trajectories.action_space()
        ));
    }
    let n_actions = tables.mdp.n_actions();
    let (mut all, mut last) = (vec![], vec![]);
    for (number, episode) in trajectories.episodes().enumerate() {
        let states = numbering.states(&episode);
        let mut steps = vec![];
        let actions = episode.actions.chunks_exact(n_values);
        for (step, (state, action)) in states.iter().zip(actions).enumerate() {
            let state = state.ok_or_else(|| {
                format!("demonstration {number} is in no state of the MDP at step {step}; infer on the MDP that it was recorded in")
            })?;
            let value = action;
            let action = action_space
                .number_of(value)
                .filter(|action| *action < n_actions);
            let action = action.ok_or_else(|| {
                format!("demonstration {number} takes the action {value:?} at step {step}, which is none of the MDP's {n_actions}, numbered from 0; correct it, or leave the demonstration out")
            })?;
            let next = states.get(step + 1).copied().flatten();
            let mut ways = tables.mdp.transitions(state, action);
            if let Some(next) = next
                && !ways.any(|way| way.next_state == next && way.probability > 0.0)
            {
                return Err(format!(
                    "demonstration {number} goes from {} by {} to {} at step {step}, which the MDP cannot; infer on the MDP that it was recorded in",
                    tables.state_labels[state],
                    tables.action_names[action],
                    tables.state_labels[next]
                ));
            }
            steps.push((state, action));
        }
        last.push(states.last().copied().flatten());
        all.push(steps);
    }
    Ok((all, last))
}

/// How the states of an MDP are known in demonstrations.
enum Numbering {
    /// Observations are their numbers, of so many.
    Observed(usize),
    /// Recorded states, of `n_recorded` numbers, begin with theirs, of `width`; a step count may follow.
    Recorded {
        n_recorded: usize,
        width: usize,
        known: BTreeMap<Vec<u64>, usize>,
    },
    /// Recorded states are their numbers.
    Counted(usize),
    /// A state is one number, and observations show it.
    Shown(BTreeMap<Vec<u64>, usize>),
}

impl Numbering {
    fn of(tables: &Tabulated, trajectories: &Trajectories) -> Result<Numbering, String> {
        let n_states = tables.mdp.n_states();
        let width = tables.states.first().map_or(0, Vec::len);
        let recorded = trajectories.n_state_values();
        let states = tables.states.iter().enumerate();
        if width > 0 && (width..=width + 1).contains(&recorded) {
            return Ok(Numbering::Recorded {
                n_recorded: recorded,
                width,
                known: states
                    .map(|(state, numbers)| (bits(numbers), state))
                    .collect(),
            });
        }
        match trajectories.observation_space() {
            _ if width == 0 && recorded == 1 => Ok(Numbering::Counted(n_states)),
            // An environment may show less than its state, so its observations alone say nothing.
            Space::Discrete { n } if width == 0 && *n <= n_states => {
                Ok(Numbering::Observed(n_states))
            }
            Space::Discrete { .. } if width == 1 => {
                let known = states.map(|(state, numbers)| (bits(numbers), state));
                Ok(Numbering::Shown(known.collect()))
            }
            space => Err(format!(
                "it records {} of {recorded} numbers and observations of {space}, by which none of the {n_states} states of the MDP is known; record states, or number them as the MDP does",
                if recorded == 0 {
                    "no states, states"
                } else {
                    "states"
                }
            )),
        }
    }

    /// The number of each state of an episode, the last among them.
    fn states(&self, episode: &mdp::EpisodeView<'_>) -> Vec<Option<usize>> {
        let whole = |number: f64, n: usize| {
            let is_one = number >= 0.0 && number.fract() == 0.0 && number < n as f64;
            is_one.then_some(number as usize)
        };
        match self {
            Numbering::Observed(n) => {
                let numbers = episode.observations.iter();
                numbers.map(|x| whole(f64::from(*x), *n)).collect()
            }
            Numbering::Shown(known) => {
                let numbers = episode.observations.iter();
                numbers
                    .map(|x| known.get(&bits(&[f64::from(*x)])).copied())
                    .collect()
            }
            Numbering::Counted(n) => episode.states.iter().map(|x| whole(*x, *n)).collect(),
            Numbering::Recorded {
                n_recorded,
                width,
                known,
            } => {
                let rows = episode.states.chunks_exact(*n_recorded);
                rows.map(|row| known.get(&bits(&row[..*width])).copied())
                    .collect()
            }
        }
    }
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|x| (x + 0.0).to_bits()).collect()
}
