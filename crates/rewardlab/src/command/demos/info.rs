//! `rewardlab demos info`: what a file of demonstrations holds.

use std::io::Write;
use std::path::PathBuf;

use ::demonstrations::{About, Episode, Format, open};
use anyhow::Result;
use clap::Args;
use mdp::End;
use serde_json::{Value, json};

use super::{LIMITS, for_each};
use crate::command::output;

/// Show what a file of demonstrations says of itself, and how long and how good its episodes are
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab demos info expert.parquet
  rewardlab demos info expert.npz --json

Every episode is read and held against its spaces, one at a time.")]
pub(super) struct Info {
    /// File or folder of demonstrations
    file: PathBuf,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// What is counted over all episodes.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) n_steps: usize,
    lengths: Vec<f64>,
    returns: Vec<f64>,
    intents: Vec<f64>,
    n_terminated: usize,
    n_truncated: usize,
    n_succeeded: usize,
    n_failed: usize,
    n_state: usize,
}

impl Counts {
    pub(super) fn add(&mut self, episode: &Episode, n_action: usize) {
        let view = episode.view();
        let n_steps = view.n_steps(n_action);
        self.n_steps += n_steps;
        self.lengths.push(n_steps as f64);
        self.returns.extend(view.reward_return());
        self.intents.extend(view.intent_return());
        self.n_terminated += usize::from(episode.end == Some(End::Terminated));
        self.n_truncated += usize::from(episode.end == Some(End::Truncated));
        self.n_succeeded += usize::from(episode.success == Some(true));
        self.n_failed += usize::from(episode.success == Some(false));
        self.n_state = episode.states.len() / (n_steps + 1);
    }

    fn n_open(&self) -> usize {
        self.lengths.len() - self.n_terminated - self.n_truncated
    }
}

/// Least, median, mean and greatest of some numbers.
struct Spread {
    least: f64,
    median: f64,
    mean: f64,
    most: f64,
}

impl Spread {
    fn of(numbers: &[f64]) -> Option<Spread> {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Spread {
            least: *sorted.first()?,
            median: sorted[(sorted.len() - 1) / 2].midpoint(sorted[sorted.len() / 2]),
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
            most: *sorted.last()?,
        })
    }

    fn line(&self) -> String {
        let [least, median, mean, most] =
            [self.least, self.median, self.mean, self.most].map(short);
        format!("{least} to {most}, median {median}, mean {mean}")
    }

    fn object(&self) -> Value {
        json!({ "min": self.least, "median": self.median, "mean": self.mean, "max": self.most })
    }
}

/// Four decimals at most.
fn short(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Info {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let format = Format::detect(&self.file)?;
        let mut reader = open(&self.file, &LIMITS)?;
        let about = reader.about().clone();
        let n_action = about.action_space.n_values();
        let mut counts = Counts::default();
        for_each(reader.as_mut(), |_, episode| {
            counts.add(episode, n_action);
            Ok(())
        })?;
        if self.json {
            return output::object(out, &object(format, &about, &counts));
        }
        for (name, text) in lines(format, &about, &counts) {
            writeln!(out, "{name:<13}{text}")?;
        }
        Ok(0)
    }
}

fn object(format: Format, about: &About, counts: &Counts) -> Value {
    let spread = |numbers: &[f64]| Spread::of(numbers).map(|spread| spread.object());
    json!({
        "format": format.word(),
        "about": about.to_json(),
        "episodes": counts.lengths.len(),
        "steps": counts.n_steps,
        "length": spread(&counts.lengths),
        "return": spread(&counts.returns),
        "intent_return": spread(&counts.intents),
        "ends": { "terminated": counts.n_terminated, "truncated": counts.n_truncated, "open": counts.n_open() },
        "success": { "yes": counts.n_succeeded, "no": counts.n_failed },
        "state_values": counts.n_state,
    })
}

fn lines(format: Format, about: &About, counts: &Counts) -> Vec<(&'static str, String)> {
    let mut lines = vec![("format", format.word().to_owned())];
    let settings: Vec<String> = about
        .settings
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    if let Some(environment) = &about.environment {
        let settings = if settings.is_empty() {
            String::new()
        } else {
            format!(" ({})", settings.join(", "))
        };
        lines.push((
            "environment",
            format!("{}{settings}", printable(environment)),
        ));
    }
    if let Some(expert) = &about.expert {
        lines.push(("expert", printable(expert)));
    }
    if let Some(seed) = about.seed {
        lines.push(("seed", seed.to_string()));
    }
    lines.push(("observation", about.observation_space.to_string()));
    lines.push(("action", about.action_space.to_string()));
    if counts.n_state > 0 {
        lines.push(("state", format!("{} numbers", counts.n_state)));
    }
    lines.push((
        "episodes",
        format!("{}, {} steps", counts.lengths.len(), counts.n_steps),
    ));
    for (name, numbers) in [
        ("length", &counts.lengths),
        ("return", &counts.returns),
        ("intent", &counts.intents),
    ] {
        if let Some(spread) = Spread::of(numbers) {
            lines.push((name, spread.line()));
        }
    }
    let (terminated, truncated) = (counts.n_terminated, counts.n_truncated);
    lines.push((
        "end",
        format!(
            "{terminated} terminated, {truncated} truncated, {} open",
            counts.n_open()
        ),
    ));
    if counts.n_succeeded + counts.n_failed > 0 {
        lines.push((
            "success",
            format!(
                "{} of {}",
                counts.n_succeeded,
                counts.n_succeeded + counts.n_failed
            ),
        ));
    }
    lines
}

/// Text of a file with what would steer a terminal left out.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}
