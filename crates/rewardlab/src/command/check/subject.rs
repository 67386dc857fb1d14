//! What is to be checked: an environment by name, or a finite MDP from a file; and the policies that can be named.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use mdp::{Discount, NamedReward, TabulateError, Tabulated};
use serde_json::Value;

use super::Check;
use crate::command::output::shell_path;
use crate::experiment::{Values, environment_with, shipped};
use crate::learned;
use crate::registry::{self, EnvironmentEntry, Tabulation, Task};
use crate::settings::Value as Setting;

/// The largest file of actions that is read.
const MOST_BYTES: u64 = 1 << 28;

/// An environment by name.
pub(super) struct Named {
    pub(super) entry: &'static EnvironmentEntry,
    pub(super) values: Values,
    pub(super) task: Box<dyn Task>,
}

/// What is to be checked.
pub(super) struct Subject {
    /// The environment; none where the MDP came from a file.
    pub(super) named: Option<Named>,
    /// The discount used.
    pub(super) discount: Discount,
    /// Steps after which episodes are cut, where the time is in the state.
    pub(super) horizon: Option<u32>,
    /// Whether it can be listed but for its size.
    pub(super) is_too_large: bool,
    /// Whether the task pays the learned reward that `--reward` names.
    pub(super) is_paid_by_file: bool,
    /// Its tables, or why there are none.
    pub(super) tables: Result<Tabulated, String>,
}

impl Subject {
    /// What is checked, in words: its name, and what was set about it.
    pub(super) fn title(check: &Check) -> String {
        match Subject::set(check).as_str() {
            "" => check.subject.clone(),
            set => format!("{} with {set}", check.subject),
        }
    }

    /// What was set about the environment: `reward=bonus`; empty where nothing was.
    pub(super) fn set(check: &Check) -> String {
        let set = check.set.iter().map(|argument| {
            let key = argument.strip_prefix("environment.");
            key.unwrap_or(argument)
        });
        set.collect::<Vec<_>>().join(", ")
    }

    /// Reads what the command names.
    pub(super) fn read(check: &Check) -> Result<Subject> {
        let path = Path::new(&check.subject);
        let is_path = path.is_file() || check.subject.contains('/') || {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("json" | "npz" | "npy"))
        };
        let mut subject = match registry::find(&check.subject).is_none() && is_path {
            true => from_file(check, path)?,
            false => from_registry(check)?,
        };
        subject.add_learned(check)?;
        Ok(subject)
    }

    /// Makes tables of the learned rewards whose files are named where names of rewards stand; where nothing can be
    /// listed, the one that `--reward` names is paid in play.
    fn add_learned(&mut self, check: &Check) -> Result<()> {
        let names = [check.reward.as_ref(), check.against.as_ref()];
        let names = names.into_iter().flatten().chain(&check.shaping);
        for name in names {
            let path = Path::new(name);
            let is_known = |tables: &Tabulated| tables.reward(name).is_some();
            let is_file = path.is_file();
            if !is_file
                && path
                    .extension()
                    .is_some_and(|extension| extension == "safetensors")
            {
                bail!("{name}: there is no such file of a learned reward");
            }
            if self.tables.as_ref().is_ok_and(is_known) || !is_file {
                continue;
            }
            match &mut self.tables {
                Ok(tables) => {
                    let reward = learned::read(path)?;
                    let task = self.named.as_ref().map(|named| named.task.as_ref());
                    let has_horizon = self.horizon.is_some();
                    let values = learned::values(&reward, tables, task, has_horizon);
                    let values = values.map_err(|problem| anyhow!("{name}: {problem}"))?;
                    tables.rewards.push(NamedReward {
                        name: name.clone(),
                        values,
                    });
                }
                Err(_) => self.pay(check, name)?,
            }
        }
        Ok(())
    }

    /// Lets the task pay the learned reward of a file.
    fn pay(&mut self, check: &Check, name: &str) -> Result<()> {
        if check.reward.as_deref() != Some(name) || check.against.as_deref() == Some("reward") {
            bail!(
                "{name} can be held against \"reward\", or stand after --against, only where states can be listed; name it after --reward, against the intent"
            );
        }
        let Some(named) = self.named.take() else {
            return Ok(());
        };
        let task = learned::paid_by(named.task, Path::new(name))?;
        self.named = Some(Named { task, ..named });
        self.is_paid_by_file = true;
        Ok(())
    }
}

fn from_file(check: &Check, path: &Path) -> Result<Subject> {
    if !check.set.is_empty() {
        bail!(
            "--set {} is for environments by name, and {} is a file; leave --set out",
            check.set[0],
            path.display()
        );
    }
    if check.horizon.is_some() {
        bail!(
            "--horizon is for environments by name, and {} is a file; put the time into its states",
            path.display()
        );
    }
    let mut tables = crate::mdp_file::read(path)?;
    if let Some(discount) = check.discount {
        tables.mdp = tables.mdp.with_discount(discount);
    }
    let n_states = tables.mdp.n_states();
    if n_states > check.limit {
        bail!(
            "{} has {n_states} states and --limit is {}; raise the limit, which takes memory and time in proportion",
            path.display(),
            check.limit
        );
    }
    Ok(Subject {
        named: None,
        discount: tables.mdp.discount(),
        horizon: None,
        is_too_large: false,
        is_paid_by_file: false,
        tables: Ok(tables),
    })
}

fn from_registry(check: &Check) -> Result<Subject> {
    if registry::find(&check.subject).is_none() {
        refuse_experiment(&check.subject)?;
    }
    let set: Vec<String> = check
        .set
        .iter()
        .map(|argument| with_section(argument))
        .collect();
    let (entry, values) = environment_with(&check.subject, &set)?;
    let task = entry.make(&values).map_err(crate::Error::Environment)?;
    let tabulation = Tabulation {
        discount: check.discount_used(),
        horizon: check.horizon,
        limit: check.limit,
    };
    let mut is_too_large = false;
    let tables = match task.tabulate(&tabulation) {
        None => Err(format!(
            "the dynamics of {} cannot be listed state by state",
            entry.name
        )),
        Some(Ok(tables)) => Ok(tables),
        Some(Err(
            error @ (TabulateError::TooManyStates { .. }
            | TabulateError::TooManyTransitions { .. }
            | TabulateError::Actions { .. }),
        )) => Err(match error {
            TabulateError::TooManyStates { limit } => {
                is_too_large = true;
                format!("more than {limit} states of {} can be reached", entry.name)
            }
            TabulateError::TooManyTransitions { limit } => {
                is_too_large = true;
                format!("{} has more than {limit} transitions", entry.name)
            }
            other => other.to_string(),
        }),
        Some(Err(error)) => return Err(error).with_context(|| entry.name.to_owned()),
    };
    // What cannot be listed is played as it is, with its own time limit.
    let played = check
        .discount
        .unwrap_or(Discount::new(1.0).expect("it lies from 0 to 1"));
    Ok(Subject {
        named: Some(Named {
            entry,
            values,
            task,
        }),
        discount: if tables.is_ok() {
            tabulation.discount
        } else {
            played
        },
        horizon: tabulation.horizon,
        is_too_large,
        is_paid_by_file: false,
        tables,
    })
}

/// Says how the environment of an experiment is checked, where the name is that of an experiment.
fn refuse_experiment(name: &str) -> Result<()> {
    let Some(shipped) = shipped().iter().find(|shipped| shipped.name == name) else {
        return Ok(());
    };
    let choice = shipped.parse(&[])?.environment;
    let set = changed(choice.name, &choice.settings);
    let with = match set.is_empty() {
        true => String::new(),
        false => format!(" with {}", set.join(", ")),
    };
    let flags: String = set
        .iter()
        .map(|set| format!(" --set {}", shell_path(Path::new(set))))
        .collect();
    bail!(
        "\"{name}\" is an experiment on the environment {environment}{with}; check that with `rewardlab check {environment}{flags}`",
        environment = choice.name
    )
}

/// The settings of an environment that are not its defaults, as `key=value`.
fn changed(environment: &str, values: &Values) -> Vec<String> {
    let defaults = registry::find(environment).map(EnvironmentEntry::defaults);
    let is_default = |key: &str, value: &Setting| {
        let defaults = defaults.as_ref();
        defaults.and_then(|defaults| defaults.get(key)) == Some(value)
    };
    let changed = values.iter().filter(|(key, value)| !is_default(key, value));
    changed
        .map(|(key, value)| match value {
            Setting::Text(text) => format!("{key}={text}"),
            other => format!("{key}={}", other.to_toml().to_string().trim()),
        })
        .collect()
}

/// `key=value` as a setting of the environment, which other commands write as `environment.key=value`.
fn with_section(argument: &str) -> String {
    let has_section = argument
        .split_once('=')
        .is_some_and(|(key, _)| key.contains('.'));
    if has_section {
        argument.to_owned()
    } else {
        format!("environment.{argument}")
    }
}

/// The policy that `--reference` names, `[S, A]`; none for the intent's own optimal policy.
pub(super) fn reference(
    name: &str,
    subject: &Subject,
    tables: &Tabulated,
) -> Result<Option<Vec<f64>>> {
    let n_rows = tables.mdp.n_states() * tables.mdp.n_actions();
    let uniform = || vec![1.0 / tables.mdp.n_actions() as f64; n_rows];
    let scripts = subject
        .named
        .as_ref()
        .map_or(&[][..], |named| named.entry.policies);
    let is_scripted = scripts.iter().any(|(script, _)| *script == name);
    match name {
        "optimal" => Ok(None),
        // The scripted policy of that name draws every action with the same probability, wherever there is one.
        "uniform" | "random" => Ok(Some(uniform())),
        _ => match &subject.named {
            Some(named) if is_scripted => scripted(name, named, subject, tables).map(Some),
            _ if Path::new(name).is_file() => actions(Path::new(name), tables).map(Some),
            _ => {
                let mut known = vec!["optimal", "uniform"];
                known.extend(scripts.iter().map(|(script, _)| *script));
                known.dedup();
                bail!(
                    "there is no reference policy \"{name}\": there are {}, and no file of actions of that path is there",
                    known.join(", ")
                )
            }
        },
    }
}

/// What a scripted policy does in each state, where that is the same whenever one asks.
fn scripted(name: &str, named: &Named, subject: &Subject, tables: &Tabulated) -> Result<Vec<f64>> {
    let n_actions = tables.mdp.n_actions();
    let space = named.task.action_space();
    let mut policy = vec![0.0; tables.mdp.n_states() * n_actions];
    let reachable = tables.mdp.reachable();
    for (state, numbers) in tables.states.iter().enumerate() {
        let mut action = 0;
        if reachable[state] {
            // Without a horizon the states do not count steps; the policy is asked at the first.
            let mut numbers = numbers.clone();
            numbers.extend(subject.horizon.is_none().then_some(0.0));
            let value = named.task.scripted_action(name, &numbers).with_context(|| {
                format!(
                    "the policy \"{name}\" cannot be written as a table: in {} it draws its action; choose another reference",
                    tables.state_labels[state]
                )
            })?;
            action = space
                .number_of(&value)
                .context("a scripted policy takes no action of its environment")?;
        }
        policy[state * n_actions + action] = 1.0;
    }
    Ok(policy)
}

/// Reads a file of actions: one a line for each state in order, by name or number; or JSON, a list with an action or a
/// list of probabilities for each state.
fn actions(path: &Path, tables: &Tabulated) -> Result<Vec<f64>> {
    let bytes = crate::run::read_bytes(path, MOST_BYTES, "read the actions")?;
    let file = || path.display().to_string();
    let text = String::from_utf8(bytes).with_context(|| format!("{}: it is no text", file()))?;
    let rows: Vec<Value> = if text.trim_start().starts_with('[') {
        serde_json::from_str(&text).with_context(file)?
    } else {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("# "));
        lines.map(|line| Value::String(line.to_owned())).collect()
    };
    let (n_states, n_actions) = (tables.mdp.n_states(), tables.mdp.n_actions());
    if rows.len() != n_states {
        bail!(
            "{}: it has actions for {} states where there are {n_states}; give one for each, final states included",
            file(),
            rows.len()
        );
    }
    let mut policy = vec![0.0; n_states * n_actions];
    for (state, row) in rows.iter().enumerate() {
        let out = &mut policy[state * n_actions..][..n_actions];
        read_row(row, &tables.action_names, out)
            .map_err(|problem| anyhow::anyhow!("{}: state {state}: {problem}", file()))?;
    }
    Ok(policy)
}

/// One state's action or probabilities.
fn read_row(row: &Value, names: &[String], out: &mut [f64]) -> Result<(), String> {
    let allowed = || {
        let named: Vec<String> = names
            .iter()
            .take(12)
            .enumerate()
            .map(|(n, name)| format!("{n} {name}"))
            .collect();
        named.join(", ")
    };
    match row {
        Value::Array(values) => {
            let numbers: Option<Vec<f64>> = values.iter().map(Value::as_f64).collect();
            let numbers = numbers.unwrap_or_default();
            let sum: f64 = numbers.iter().sum();
            let fits = numbers.len() == out.len() && numbers.iter().all(|p| *p >= 0.0);
            if !fits || (sum - 1.0).abs() > 1e-9 {
                return Err(format!(
                    "{row} are no probabilities of {} actions; they must lie from 0 to 1 and sum to 1",
                    out.len()
                ));
            }
            out.copy_from_slice(&numbers);
        }
        Value::String(_) | Value::Number(_) => {
            let word = row.as_str().map_or_else(|| row.to_string(), str::to_owned);
            let by_name = names.iter().position(|name| *name == word);
            let number = by_name.or_else(|| word.parse().ok().filter(|n| *n < out.len()));
            let number =
                number.ok_or_else(|| format!("\"{word}\" is no action; allowed: {}", allowed()))?;
            out[number] = 1.0;
        }
        other => return Err(format!("{other} is no action; allowed: {}", allowed())),
    }
    Ok(())
}
