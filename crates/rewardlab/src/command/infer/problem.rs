//! What is asked: a finite MDP, and demonstrations in its states and actions.

use std::collections::BTreeMap;
use std::path::Path;

use ::demonstrations::Limits;
use anyhow::{Context as _, Result, bail};
use imitation::{Demonstration, Features, FeaturesOf};
use mdp::{Discount, Space, TabularMdp, Tabulated, Trajectories};
use serde_json::{Value, json};

use super::{Infer, RewardOf};
use crate::experiment::environment_with;
use crate::registry::{self, Tabulation};

/// The discount of environments, where none is asked for.
const DISCOUNT: f64 = 0.99;
/// One demonstration in so many is held back to be predicted.
const HELD_BACK: usize = 5;
/// The most numbers that features may take.
const MOST_FEATURES: usize = 50_000_000;

/// A finite MDP and what was demonstrated in it.
pub(super) struct Problem {
    pub(super) tables: Tabulated,
    /// The states and actions of each demonstration, by number.
    pub(super) demonstrations: Vec<Demonstration>,
    /// Where each demonstration came to, by number; none where that is no state of the MDP.
    pub(super) last: Vec<Option<usize>>,
}

impl Problem {
    pub(super) fn read(infer: &Infer) -> Result<Problem> {
        let (tables, action_space) = tables(infer)?;
        let path = &infer.demonstrations;
        let read = ::demonstrations::read(path, &Limits::GENEROUS)?;
        let (demonstrations, last) = steps(&tables, &action_space, &read.trajectories)
            .map_err(|problem| anyhow::anyhow!("{}: {problem}", path.display()))?;
        if demonstrations.iter().all(Vec::is_empty) {
            bail!(
                "{}: there are no steps to learn from; record some demonstrations",
                path.display()
            );
        }
        Ok(Problem {
            tables,
            demonstrations,
            last,
        })
    }

    pub(super) fn mdp(&self) -> &TabularMdp {
        &self.tables.mdp
    }

    pub(super) fn n_steps(&self) -> usize {
        self.demonstrations.iter().map(Vec::len).sum()
    }

    pub(super) fn longest(&self) -> usize {
        self.demonstrations.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Demonstrations that are learned from, and those that are held back to be predicted; none where there are too few.
    pub(super) fn held_back(&self) -> Option<(Vec<Demonstration>, Vec<Demonstration>)> {
        if self.demonstrations.len() < HELD_BACK {
            return None;
        }
        let (mut seen, mut held) = (vec![], vec![]);
        for (number, steps) in self.demonstrations.iter().enumerate() {
            match number % HELD_BACK == HELD_BACK - 1 {
                true => held.push(steps.clone()),
                false => seen.push(steps.clone()),
            }
        }
        let has_steps = |all: &[Demonstration]| all.iter().any(|steps| !steps.is_empty());
        (has_steps(&seen) && has_steps(&held)).then_some((seen, held))
    }

    /// How well demonstrations that were held back are predicted, beside taking all actions alike.
    pub(super) fn held_out_object(&self, nats: Option<f64>) -> Value {
        match nats {
            None => Value::Null,
            Some(nats) => json!({ "log_likelihood_a_step": nats, "uniform": self.uniform() }),
        }
    }

    /// Log-likelihood a step of taking all actions alike.
    pub(super) fn uniform(&self) -> f64 {
        -(self.mdp().n_actions() as f64).ln()
    }

    /// Features that a reward is linear in: as the fits take them, and as numbers, `[S, A, K]`.
    pub(super) fn features(&self, of: RewardOf) -> Result<(Features, Vec<f64>)> {
        let (n_states, n_actions) = (self.mdp().n_states(), self.mdp().n_actions());
        let n_rows = n_states * n_actions;
        let n_features = match of {
            RewardOf::Actions => n_rows,
            _ => n_states,
        };
        if n_rows.saturating_mul(n_features) > MOST_FEATURES {
            bail!(
                "{n_states} states and {n_actions} actions are too many for a reward of each of them; infer goals with `--method goals`"
            );
        }
        let mut values = vec![0.0; n_rows * n_features];
        for row in 0..n_rows {
            let features = &mut values[row * n_features..][..n_features];
            match of {
                RewardOf::Actions => features[row] = 1.0,
                RewardOf::States => features[row / n_actions] = 1.0,
                RewardOf::Arrivals => {
                    for t in self.mdp().transitions(row / n_actions, row % n_actions) {
                        features[t.next_state] += t.probability;
                    }
                }
            }
        }
        let kind = FeaturesOf::StatesAndActions;
        let features = Features::new(kind, n_features, n_actions, values.clone());
        Ok((features, values))
    }

    /// How often each state was acted in, for each demonstration: `[S]`.
    pub(super) fn state_visits(&self) -> Vec<f64> {
        let mut visits = vec![0.0; self.mdp().n_states()];
        for (state, _) in self.demonstrations.iter().flatten() {
            visits[*state] += 1.0 / self.demonstrations.len() as f64;
        }
        visits
    }
}

/// Mean logarithm of the probability of a step, where `log` says that of an action in a state at a time.
pub(super) fn mean_log(
    demonstrations: &[Demonstration],
    log: impl Fn(usize, usize, usize) -> f64,
) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for steps in demonstrations {
        for (time, (state, action)) in steps.iter().enumerate() {
            sum += log(time, *state, *action);
            n += 1.0;
        }
    }
    sum / n
}

/// The MDP, and which actions are possible.
fn tables(infer: &Infer) -> Result<(Tabulated, Space)> {
    let path = Path::new(&infer.subject);
    let named = registry::find(&infer.subject);
    if named.is_none() && (path.is_file() || infer.subject.contains('/')) {
        return from_file(infer, path);
    }
    let set: Vec<String> = infer.set.iter().map(|set| with_section(set)).collect();
    let (entry, values) = environment_with(&infer.subject, &set)?;
    let task = entry.make(&values).map_err(crate::Error::Environment)?;
    let default = Discount::new(DISCOUNT).expect("it lies from 0 to 1");
    let tabulation = Tabulation {
        discount: infer.discount.unwrap_or(default),
        horizon: None,
        limit: infer.limit,
    };
    let tables = task.tabulate(&tabulation).with_context(|| {
        format!(
            "the dynamics of {} cannot be listed state by state; what is wanted in it can be learned from demonstrations by an experiment",
            entry.name
        )
    })?;
    let tables = tables.with_context(|| entry.name.to_owned())?;
    Ok((tables, task.action_space()))
}

fn from_file(infer: &Infer, path: &Path) -> Result<(Tabulated, Space)> {
    if let Some(set) = infer.set.first() {
        bail!(
            "--set {set} is for environments by name, and {} is a file; leave --set out",
            path.display()
        );
    }
    let mut tables = crate::mdp_file::read(path)?;
    if let Some(discount) = infer.discount {
        tables.mdp = tables.mdp.with_discount(discount);
    }
    let n_states = tables.mdp.n_states();
    if n_states > infer.limit {
        bail!(
            "{} has {n_states} states and --limit is {}; raise the limit, which takes memory and time in proportion",
            path.display(),
            infer.limit
        );
    }
    let n = tables.mdp.n_actions();
    Ok((tables, Space::Discrete { n }))
}

/// `key=value` as a setting of the environment.
fn with_section(argument: &str) -> String {
    let key = argument.split_once('=').map_or(argument, |(key, _)| key);
    match key.contains('.') {
        true => argument.to_owned(),
        false => format!("environment.{argument}"),
    }
}

/// The states and actions of each episode, and the state after the last.
type Steps = (Vec<Demonstration>, Vec<Option<usize>>);

fn steps(
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
            let action = action_number(action_space, value).filter(|action| *action < n_actions);
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

/// The number of an action in the order in which environments are tabulated; none where it is no action.
fn action_number(space: &Space, value: &[f32]) -> Option<usize> {
    if !space.contains(value) {
        return None;
    }
    match space {
        Space::MultiDiscrete { sizes } => Some(
            sizes
                .iter()
                .zip(value)
                .fold(0, |number, (size, choice)| number * size + *choice as usize),
        ),
        _ => value.first().map(|choice| *choice as usize),
    }
}
