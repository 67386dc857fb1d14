//! `rewardlab rollout`: play one episode and print every step.

use std::io::Write;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use mdp::{End, Rng, Seed, Space};
use rl::Play;
use serde_json::{Map, Value, json};

use super::output;
use super::player::Player;
use crate::experiment::{Values, environment_with};
use crate::registry::{EnvironmentEntry, RecordedEpisode, Task};

/// Play one episode of an environment and print every step
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab rollout cartpole
  rewardlab rollout coast-runners --policy driver --seed 3
  rewardlab rollout coast-runners --policy runs/coast-runners/20261124T065046Z-0
  rewardlab rollout cartpole --actions 0,1,1,0 --json
  rewardlab rollout pendulum --actions 0.5,-1.2
  rewardlab rollout coast-runners --set environment.course=canal --policy looper

Actions are separated by commas: numbers, or the names of the environment's actions (or their first letters where
these differ). Where an action has several numbers, these are separated by colons, as in 1:0:2. The episode stops
when the actions do.")]
pub(super) struct Rollout {
    /// Name of an environment (`rewardlab list`)
    environment: String,
    /// A scripted policy of the environment, `random`, a checkpoint, or the folder of a run (its final policy)
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "random",
        conflicts_with = "actions"
    )]
    policy: String,
    /// Take the most probable actions instead of drawing them
    #[arg(long, conflicts_with = "actions")]
    greedy: bool,
    /// Actions to take, separated by commas
    #[arg(long, value_name = "ACTIONS", allow_hyphen_values = true)]
    actions: Option<String>,
    /// Seed of the episode
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Stop after this many steps
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    steps: usize,
    /// Override a setting of the environment: environment.key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Rollout {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let (entry, values) = environment_with(&self.environment, &self.set)?;
        let task = entry.make(&values).map_err(crate::Error::Environment)?;
        let recorded = self.play(entry, task.as_ref())?;
        if self.json {
            return output::object(out, &self.object(entry, &values, task.as_ref(), &recorded));
        }
        print(out, task.as_ref(), &recorded)?;
        Ok(0)
    }

    fn play(&self, entry: &EnvironmentEntry, task: &dyn Task) -> Result<RecordedEpisode> {
        let rng = Seed(self.seed).stream("rollout", 0);
        let space = task.action_space();
        if let Some(actions) = &self.actions {
            let actions = parse_actions(actions, &space, task.action_names())?;
            let mut next = |step: usize, _: &[f32], _: &mut Rng| actions.get(step).cloned();
            let recorded = task.play_with(&mut next, self.steps, rng);
            let n_steps = recorded.trajectory.steps.len();
            if n_steps < actions.len() && n_steps < self.steps {
                bail!(
                    "the episode ended after {n_steps} steps and {} actions are named; leave out the last {}",
                    actions.len(),
                    actions.len() - n_steps
                );
            }
            return Ok(recorded);
        }
        let play = if self.greedy {
            Play::Greedy
        } else {
            Play::Sampled
        };
        Player::named(&self.policy, play, entry, task)?.play(task, self.steps, rng)
    }

    fn object(
        &self,
        entry: &EnvironmentEntry,
        values: &Values,
        task: &dyn Task,
        recorded: &RecordedEpisode,
    ) -> Value {
        let trajectory = &recorded.trajectory;
        let steps: Vec<Value> = (0..trajectory.steps.len())
            .map(|t| step_object(task, recorded, t))
            .collect();
        let settings: Map<String, Value> = values
            .iter()
            .map(|(key, value)| (key.to_owned(), json_value(value)))
            .collect();
        json!({
            "environment": entry.name,
            "settings": settings,
            "seed": self.seed,
            "policy": self.actions.is_none().then_some(&self.policy),
            "steps": steps,
            "final_observation": trajectory.observations.last().map(|values| short(values)),
            "return": trajectory.reward_return(),
            "intent_return": trajectory.intent_return(),
            "success": recorded.success,
        })
    }
}

pub(super) fn json_value(value: &crate::settings::Value) -> Value {
    use crate::settings::Value as Setting;
    match value {
        Setting::Flag(flag) => json!(flag),
        Setting::Count(count) => json!(count),
        Setting::Number(number) => json!(number),
        Setting::Text(text) => json!(text),
        Setting::Counts(counts) => json!(counts),
        Setting::Linear(_) | Setting::Nothing => json!(value.to_string()),
    }
}

fn end_word(end: Option<End>) -> Option<&'static str> {
    match end {
        Some(End::Terminated) => Some("terminated"),
        Some(End::Truncated) => Some("truncated"),
        None => None,
    }
}

/// Single-precision numbers by their shortest decimal form.
fn short(values: &[f32]) -> Vec<Value> {
    values
        .iter()
        .map(|x| serde_json::from_str(&x.to_string()).unwrap_or(Value::Null))
        .collect()
}

fn step_object(task: &dyn Task, recorded: &RecordedEpisode, t: usize) -> Value {
    let trajectory = &recorded.trajectory;
    let step = &trajectory.steps[t];
    let action = &trajectory.actions[t];
    let name = action
        .first()
        .and_then(|x| task.action_names().get(*x as usize));
    let components: Map<String, Value> = task
        .component_names()
        .iter()
        .zip(step.components.as_slice())
        .map(|(name, term)| ((*name).to_owned(), json!(term)))
        .collect();
    json!({
        "step": t,
        "observation": short(&trajectory.observations[t]),
        "action": short(action),
        "action_name": if action.len() == 1 { name } else { None },
        "reward": step.reward,
        "components": components,
        "intent": step.intent,
        "end": end_word(step.end),
    })
}

fn print(out: &mut dyn Write, task: &dyn Task, recorded: &RecordedEpisode) -> Result<()> {
    let trajectory = &recorded.trajectory;
    for t in 0..trajectory.steps.len() {
        writeln!(out, "{t:>4}  {}", step_line(task, recorded, t))?;
    }
    if let Some(last) = trajectory.observations.last() {
        writeln!(out, "      [{}]", numbers(last))?;
    }
    let intent = trajectory.intent_return();
    let intent = intent.map_or(String::new(), |intent| {
        format!(", intent {}", round(intent))
    });
    let success = match recorded.success {
        Some(true) => ", done as meant",
        Some(false) => ", not done as meant",
        None => "",
    };
    let (n_steps, earned) = (trajectory.steps.len(), round(trajectory.reward_return()));
    writeln!(out, "{n_steps} steps, return {earned}{intent}{success}")?;
    Ok(())
}

/// Observation, action, reward with the components that are not 0, intent, end.
fn step_line(task: &dyn Task, recorded: &RecordedEpisode, t: usize) -> String {
    let (trajectory, names) = (&recorded.trajectory, task.action_names());
    let step = &trajectory.steps[t];
    let action = match trajectory.actions[t].as_slice() {
        [x] if (*x as usize) < names.len() => names[*x as usize].to_owned(),
        values => numbers(values),
    };
    let terms: Vec<String> = task
        .component_names()
        .iter()
        .zip(step.components.as_slice())
        .filter(|(_, term)| **term != 0.0)
        .map(|(name, term)| format!("{name} {}", round(*term)))
        .collect();
    let seen = numbers(&trajectory.observations[t]);
    let mut line = format!("[{seen}]  {action}  reward {}", round(step.reward));
    if !terms.is_empty() {
        line += &format!(" ({})", terms.join(", "));
    }
    if let Some(intent) = step.intent {
        line += &format!("  intent {}", round(intent));
    }
    if let Some(end) = end_word(step.end) {
        line += &format!("  {end}");
    }
    line
}

fn numbers(values: &[f32]) -> String {
    let texts: Vec<String> = values.iter().map(|x| round(f64::from(*x))).collect();
    texts.join(" ")
}

/// Four decimals at most.
fn round(x: f64) -> String {
    let text = format!("{x:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Reads actions separated by commas; the message for a wrong one says which it is and what is allowed.
fn parse_actions(text: &str, space: &Space, names: &[&str]) -> Result<Vec<Vec<f32>>> {
    let mut actions = vec![];
    for (index, word) in text.split(',').map(str::trim).enumerate() {
        let action = match named_action(word, names) {
            Some(number) => vec![number as f32],
            None => word
                .split(':')
                .map(|part| part.trim().parse::<f32>())
                .collect::<Result<_, _>>()
                .ok()
                .with_context(|| refused(index, word, "is no action", space, names))?,
        };
        if action.len() != space.n_values() {
            let problem = format!("has {} numbers, not {}", action.len(), space.n_values());
            bail!(refused(index, word, &problem, space, names));
        }
        if !space.contains(&action) {
            bail!(refused(index, word, "is out of range", space, names));
        }
        actions.push(action);
    }
    Ok(actions)
}

/// An action by its name, or by its first letter where only one name begins so.
pub(super) fn named_action(word: &str, names: &[&str]) -> Option<usize> {
    if word.is_empty() {
        return None;
    }
    if let Some(index) = names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(word))
    {
        return Some(index);
    }
    let mut letters = names.iter().enumerate().filter(|(_, name)| {
        word.chars().count() == 1 && name.to_lowercase().starts_with(&word.to_lowercase())
    });
    match (letters.next(), letters.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

pub(super) fn refused(
    index: usize,
    word: &str,
    problem: &str,
    space: &Space,
    names: &[&str],
) -> String {
    let allowed = match space {
        Space::Discrete { n } if names.len() == *n => {
            let named: Vec<String> = names
                .iter()
                .enumerate()
                .map(|(number, name)| format!("{number} {name}"))
                .collect();
            named.join(", ")
        }
        Space::Discrete { n } => format!("whole numbers from 0 to {}", n - 1),
        Space::MultiDiscrete { sizes } => {
            let ranges: Vec<String> = sizes.iter().map(|n| format!("0 to {}", n - 1)).collect();
            format!(
                "{} whole numbers with colons between: {}",
                sizes.len(),
                ranges.join(", ")
            )
        }
        Space::Continuous { low, high, .. } => {
            let ranges: Vec<String> = low
                .iter()
                .zip(high)
                .map(|(low, high)| format!("{low} to {high}"))
                .collect();
            ranges.join(", then ")
        }
        Space::Tuple(_) => format!("{} numbers with colons between", space.n_values()),
    };
    format!("action {index}, \"{word}\", {problem}; allowed: {allowed}")
}
