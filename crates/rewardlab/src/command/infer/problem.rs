//! What is asked: a finite MDP, and demonstrations in its states and actions.

use std::path::Path;

use ::demonstrations::Limits;
use anyhow::{Context as _, Result, bail};
use imitation::{Demonstration, Features};
use mdp::{Discount, Space, TabularMdp, Tabulated};
use serde_json::{Value, json};

use super::Infer;
use crate::demonstrated::{RewardOf, check_recorded_in, steps};
use crate::experiment::environment_with;
use crate::registry::{self, Tabulation};

/// The discount of environments, where none is asked for.
const DISCOUNT: f64 = 0.99;
/// One demonstration in so many is held back to be predicted.
const HELD_BACK: usize = 5;

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
        let in_file = |problem: String| anyhow::anyhow!("{}: {problem}", path.display());
        if registry::find(&infer.subject).is_some() {
            check_recorded_in(&read.about, &infer.subject).map_err(in_file)?;
        }
        if read.trajectories.n_steps() == 0 {
            bail!(in_file(
                "there are no steps to learn from; record some demonstrations".into()
            ));
        }
        let (demonstrations, last) =
            steps(&tables, &action_space, &read.trajectories).map_err(in_file)?;
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
        of.features(self.mdp())
            .map_err(|problem| anyhow::anyhow!("{problem}; infer goals with `--method goals`"))
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
