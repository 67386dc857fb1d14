//! `metrics.jsonl`: a line per checkpoint with the returns of its evaluation episodes, and what is made of them.

use std::path::Path;

use audit::{deviation, mean};
use mdp::End;
use rl::EpisodeOutcome;
use serde_json::{Map, Value, json};

use super::folder::read_bytes;
use crate::Error;

/// The returns of the evaluation episodes of one policy, aligned by episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Returns {
    /// Return of the reward.
    pub proxy: Vec<f64>,
    /// Return of the intent, where it is known.
    pub intent: Option<Vec<f64>>,
    /// Return of each reward component: `[component][episode]`.
    pub components: Vec<Vec<f64>>,
    /// Steps.
    pub lengths: Vec<u32>,
    /// Whether the environment itself ended the episode.
    pub terminated: Vec<bool>,
    /// Whether the task was done as meant, where that is a yes or no.
    pub successes: Option<Vec<bool>>,
}

impl Returns {
    /// The returns of played episodes.
    ///
    /// # Errors
    /// If a return is no finite number: the environment is at fault.
    pub fn of(outcomes: &[EpisodeOutcome]) -> Result<Returns, Error> {
        let finite = |what: &str, index: usize, value: f64| {
            if value.is_finite() {
                Ok(())
            } else {
                Err(Error::Environment(format!(
                    "the {what} return of evaluation episode {index} is {value}; mend the environment, whose rewards must be finite"
                )))
            }
        };
        for (index, outcome) in outcomes.iter().enumerate() {
            finite("reward", index, outcome.reward)?;
            finite("intent", index, outcome.intent.unwrap_or(0.0))?;
        }
        let n_components = outcomes
            .first()
            .map_or(0, |outcome| outcome.components.len());
        Ok(Returns {
            proxy: outcomes.iter().map(|outcome| outcome.reward).collect(),
            intent: outcomes.iter().map(|outcome| outcome.intent).collect(),
            components: (0..n_components)
                .map(|index| {
                    outcomes
                        .iter()
                        .map(|outcome| outcome.components[index])
                        .collect()
                })
                .collect(),
            lengths: outcomes.iter().map(|outcome| outcome.n_steps).collect(),
            terminated: outcomes
                .iter()
                .map(|outcome| outcome.end == End::Terminated)
                .collect(),
            successes: outcomes.iter().map(|outcome| outcome.success).collect(),
        })
    }

    /// Number of episodes.
    #[must_use]
    pub fn n_episodes(&self) -> usize {
        self.proxy.len()
    }

    /// Mean return of the reward.
    #[must_use]
    pub fn proxy_mean(&self) -> f64 {
        mean(&self.proxy)
    }

    /// Mean return of the intent, where it is known.
    #[must_use]
    pub fn intent_mean(&self) -> Option<f64> {
        self.intent.as_deref().map(mean)
    }

    /// Share of episodes in which the task was done as meant.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        self.successes.as_deref().map(share)
    }

    /// What is shown of them: means, deviations, shares.
    #[must_use]
    pub fn summary(&self, component_names: &[String]) -> Map<String, Value> {
        let mut summary = Map::new();
        summary.insert("n_episodes".into(), json!(self.n_episodes()));
        summary.insert("proxy".into(), json!(self.proxy_mean()));
        summary.insert("proxy_deviation".into(), json!(deviation(&self.proxy)));
        summary.insert("intent".into(), json!(self.intent_mean()));
        summary.insert(
            "intent_deviation".into(),
            json!(self.intent.as_deref().map(deviation)),
        );
        let components: Map<String, Value> = component_names
            .iter()
            .zip(&self.components)
            .map(|(name, returns)| (name.clone(), json!(mean(returns))))
            .collect();
        summary.insert("components".into(), Value::Object(components));
        let lengths: Vec<f64> = self.lengths.iter().map(|n| f64::from(*n)).collect();
        summary.insert("episode_length".into(), json!(mean(&lengths)));
        summary.insert("terminated_rate".into(), json!(share(&self.terminated)));
        summary.insert("finish_rate".into(), json!(self.success_rate()));
        summary
    }

    /// Everything, for files.
    pub(super) fn to_json(&self, component_names: &[String]) -> Value {
        let mut object = self.summary(component_names);
        let components: Map<String, Value> = component_names
            .iter()
            .zip(&self.components)
            .map(|(name, returns)| (name.clone(), json!(returns)))
            .collect();
        let episodes = json!({
            "proxy": self.proxy,
            "intent": self.intent,
            "components": components,
            "length": self.lengths,
            "terminated": self.terminated,
            "success": self.successes,
        });
        object.insert("episodes".into(), episodes);
        Value::Object(object)
    }

    /// Reads what [`Returns::to_json`] made.
    pub(super) fn from_json(value: &Value, component_names: &[String]) -> Option<Returns> {
        let episodes = &value["episodes"];
        let numbers = |value: &Value| -> Option<Vec<f64>> {
            value.as_array()?.iter().map(Value::as_f64).collect()
        };
        let flags = |value: &Value| -> Option<Vec<bool>> {
            value.as_array()?.iter().map(Value::as_bool).collect()
        };
        let optional = |value: &Value| !value.is_null();
        let lengths = episodes["length"].as_array()?.iter();
        let returns = Returns {
            proxy: numbers(&episodes["proxy"])?,
            intent: match &episodes["intent"] {
                value if optional(value) => Some(numbers(value)?),
                _ => None,
            },
            components: component_names
                .iter()
                .map(|name| numbers(&episodes["components"][name]))
                .collect::<Option<_>>()?,
            lengths: lengths
                .map(|n| u32::try_from(n.as_u64()?).ok())
                .collect::<Option<_>>()?,
            terminated: flags(&episodes["terminated"])?,
            successes: match &episodes["success"] {
                value if optional(value) => Some(flags(value)?),
                _ => None,
            },
        };
        returns.is_aligned().then_some(returns)
    }

    fn is_aligned(&self) -> bool {
        let n = self.proxy.len();
        n > 0
            && self.intent.as_ref().is_none_or(|intent| intent.len() == n)
            && self.components.iter().all(|returns| returns.len() == n)
            && self.lengths.len() == n
            && self.terminated.len() == n
            && self
                .successes
                .as_ref()
                .is_none_or(|successes| successes.len() == n)
    }
}

/// One checkpoint: how hard the reward had been optimised, and what the policy earned.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointMetrics {
    /// Its number, from 0.
    pub checkpoint: u32,
    /// Environment steps of training.
    pub pressure: u64,
    /// Episodes with actions drawn as in training.
    pub sampled: Returns,
    /// Episodes with the most probable actions.
    pub greedy: Returns,
}

impl CheckpointMetrics {
    /// The line of `metrics.jsonl`, newline included.
    pub(super) fn to_line(&self, component_names: &[String]) -> String {
        let mut line = Map::new();
        line.insert("checkpoint".into(), json!(self.checkpoint));
        line.insert("pressure".into(), json!(self.pressure));
        if let Value::Object(sampled) = self.sampled.to_json(component_names) {
            line.extend(sampled);
        }
        line.insert("greedy".into(), self.greedy.to_json(component_names));
        format!("{}\n", Value::Object(line))
    }

    fn from_line(line: &str, component_names: &[String]) -> Option<CheckpointMetrics> {
        let value: Value = serde_json::from_str(line).ok()?;
        Some(CheckpointMetrics {
            checkpoint: u32::try_from(value["checkpoint"].as_u64()?).ok()?,
            pressure: value["pressure"].as_u64()?,
            sampled: Returns::from_json(&value, component_names)?,
            greedy: Returns::from_json(&value["greedy"], component_names)?,
        })
    }
}

/// The largest `metrics.jsonl` that is read.
const MOST_BYTES: u64 = 1 << 30;

/// Reads the checkpoints of a run. A last line that was cut off by a kill is left out.
///
/// # Errors
/// If the file cannot be read or a whole line of it is no checkpoint.
pub fn read_metrics(
    path: &Path,
    component_names: &[String],
) -> Result<Vec<CheckpointMetrics>, Error> {
    let bytes = read_bytes(path, MOST_BYTES, "read the checkpoints")?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::file(path, "is no text; run the experiment again"))?;
    let mut checkpoints = vec![];
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let Some(whole) = line.strip_suffix('\n') else {
            break;
        };
        let checkpoint = CheckpointMetrics::from_line(whole, component_names)
            .filter(|checkpoint| checkpoint.checkpoint as usize == index);
        checkpoints.push(checkpoint.ok_or_else(|| {
            let problem = format!(
                "line {} is no checkpoint {index}; cut the file before it and resume the run",
                index + 1
            );
            Error::file(path, problem)
        })?);
    }
    Ok(checkpoints)
}

fn share(flags: &[bool]) -> f64 {
    flags.iter().filter(|flag| **flag).count() as f64 / flags.len() as f64
}
