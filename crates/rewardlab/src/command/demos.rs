//! `rewardlab demos`: record demonstrations, look at them, and turn one format into another.

mod browser;
mod convert;
mod filter;
mod game;
mod info;
mod picture;
mod record;
mod terminal;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};

use ::demonstrations::{
    About, Episode, Error, Format, Limits, ReadEpisodes, WriteEpisodes, create,
};
use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::experiment::Values;
use crate::registry::{EnvironmentEntry, RecordedEpisode, Task};

/// Record demonstrations, look at them, choose among them, and turn one format into another
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab demos record coast-runners driver.parquet --policy driver --episodes 50
  rewardlab demos record frozen-lake mine.parquet --person browser
  rewardlab demos info driver.parquet
  rewardlab demos filter driver.parquet best.parquet --min-return 10 --success
  rewardlab demos convert best.parquet best.npz
  rewardlab demos convert runs/coast-runners/20261124T065046Z-0 greedy.parquet --player greedy

Formats: parquet (our own), npz (NumPy), csv; the folders minari, minari-arrow and minari-parquet (Minari) and
hugging-face (the library imitation). docs/demonstrations.md describes them. What is read is told by its content, what
is written by --format or the ending of its name. A file is whole or not there.

Exit status: 0 done, 2 bad input or could not run.")]
pub(super) struct Demos {
    #[command(subcommand)]
    command: DemosCommand,
}

#[derive(Debug, Subcommand)]
enum DemosCommand {
    Record(record::Record),
    Info(info::Info),
    Convert(convert::Convert),
    Filter(filter::Filter),
}

impl Demos {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        match self.command {
            DemosCommand::Record(record) => record.execute(out),
            DemosCommand::Info(info) => info.execute(out),
            DemosCommand::Convert(convert) => convert.execute(out),
            DemosCommand::Filter(filter) => filter.execute(out),
        }
    }
}

/// What is held of one episode, and of all where they are held together.
const LIMITS: Limits = Limits::GENEROUS;

/// Where demonstrations are written.
#[derive(Debug, Args)]
struct Target {
    /// File or folder to write
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Format to write; by default the ending of the name tells: .parquet, .npz or .csv
    #[arg(long, value_name = "FORMAT", value_parser = format_of_word)]
    format: Option<Format>,
    /// Replace a file that is there
    #[arg(long)]
    replace: bool,
}

impl Target {
    /// Begins to write.
    fn create(&self, about: &About) -> Result<Box<dyn WriteEpisodes>> {
        Ok(create(&self.to, self.checked_format()?, about)?)
    }

    /// The format, where something may be written at the place.
    fn checked_format(&self) -> Result<Format> {
        let format = match self.format {
            Some(format) => format,
            None => format_of_ending(&self.to)?,
        };
        let path = self.to.display();
        if self.to.is_dir() {
            bail!("{path}: is a folder that is there; name another, or remove it");
        }
        if self.to.exists() && !self.replace {
            bail!("{path}: is there already; name another file, or add --replace");
        }
        Ok(format)
    }
}

fn words() -> String {
    let words: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
    words.join(", ")
}

fn format_of_word(word: &str) -> Result<Format, String> {
    let found = Format::ALL.into_iter().find(|format| format.word() == word);
    found.ok_or_else(|| format!("formats are {}", words()))
}

fn format_of_ending(path: &Path) -> Result<Format> {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    match format_of_word(&ending.to_ascii_lowercase()) {
        Ok(format) => Ok(format),
        Err(_) => bail!(
            "{}: its name does not end with .parquet, .npz or .csv; name the format with --format ({})",
            path.display(),
            words()
        ),
    }
}

/// Hands over every episode of a file, and gives their number.
fn for_each(
    reader: &mut dyn ReadEpisodes,
    mut each: impl FnMut(usize, &Episode) -> Result<(), Error>,
) -> Result<usize, Error> {
    let mut episode = Episode::default();
    let mut n_episodes = 0;
    while reader.next_episode(&mut episode)? {
        each(n_episodes, &episode)?;
        n_episodes += 1;
    }
    Ok(n_episodes)
}

/// What is known of episodes of an environment.
fn about_environment(entry: &EnvironmentEntry, values: &Values, task: &dyn Task) -> About {
    let defaults = entry.defaults();
    let changed = values
        .iter()
        .filter(|(key, value)| defaults.get(key) != Some(*value));
    About {
        environment: Some(entry.name.to_owned()),
        settings: changed
            .map(|(key, value)| (key.to_owned(), value.to_string()))
            .collect(),
        state_names: task.state_names(),
        ..About::new(task.observation_space(), task.action_space())
    }
}

/// An episode as it was recorded, in the form in which it is kept.
fn episode_of(recorded: &RecordedEpisode) -> Episode {
    let trajectory = &recorded.trajectory;
    Episode {
        observations: trajectory.observations.concat(),
        actions: trajectory.actions.concat(),
        rewards: Some(trajectory.steps.iter().map(|step| step.reward).collect()),
        intents: trajectory.steps.iter().map(|step| step.intent).collect(),
        states: trajectory.states.concat(),
        end: trajectory.end(),
        success: recorded.success,
    }
}

/// `1 episode`, `2 episodes`.
fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}
