//! `rewardlab demos convert`: from one format to another, and from the recording of a run.

use std::io::Write;
use std::path::{Path, PathBuf};

use ::demonstrations::{About, ReadEpisodes, Recorder, open, open_recording};
use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::info::Counts;
use super::{LIMITS, Target, about_environment, counted, for_each};
use crate::command::output;
use crate::registry;
use crate::run;

/// Write the episodes of a file, a folder or a run in another format
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab demos convert expert.parquet expert.npz
  rewardlab demos convert expert.npz expert.csv --replace
  rewardlab demos convert expert.parquet expert-v0 --format minari
  rewardlab demos convert runs/ppo-cartpole/20261124T065046Z-0 expert.parquet --player greedy

Of a run, the recorded evaluation episodes of one player are taken, by default those of its last checkpoint with
actions drawn as in training. Episodes are read and written one at a time.")]
pub(super) struct Convert {
    /// File or folder of demonstrations, or folder of a run
    from: PathBuf,
    #[command(flatten)]
    target: Target,
    /// Of a run: whose episodes
    #[arg(long, value_enum)]
    player: Option<PlayerWord>,
    /// Of a run: which checkpoint's, from 0; by default the last
    #[arg(long, value_name = "N")]
    checkpoint: Option<u32>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// Whose episodes a run records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlayerWord {
    /// A checkpoint, actions drawn as in training
    Sampled,
    /// A checkpoint, most probable actions
    Greedy,
    /// The reference policy
    Reference,
}

impl PlayerWord {
    fn word(self) -> &'static str {
        match self {
            PlayerWord::Sampled => "sampled",
            PlayerWord::Greedy => "greedy",
            PlayerWord::Reference => "reference",
        }
    }
}

impl Convert {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        self.target.checked_format()?;
        let mut reader = self.open()?;
        let about = reader.about().clone();
        let mut writer = self.target.create(&about)?;
        let mut counts = Counts::default();
        let n_episodes = for_each(reader.as_mut(), |_, episode| {
            counts.add(episode, about.action_space.n_values());
            writer.push(episode)
        })?;
        writer.finish()?;
        if self.json {
            let object =
                json!({ "file": self.target.to, "episodes": n_episodes, "steps": counts.n_steps });
            return output::object(out, &object);
        }
        let path = output::shell_path(&self.target.to);
        writeln!(
            out,
            "{}, {}: {path}",
            counted(n_episodes, "episode"),
            counted(counts.n_steps, "step")
        )?;
        Ok(0)
    }

    fn open(&self) -> Result<Box<dyn ReadEpisodes>> {
        if self.from.join("experiment.toml").is_file() {
            return self.open_run(&self.from);
        }
        if self.player.is_some() || self.checkpoint.is_some() {
            anyhow::bail!(
                "{}: is no folder of a run, and --player and --checkpoint choose among what a run recorded; leave them out",
                self.from.display()
            );
        }
        Ok(open(&self.from, &LIMITS)?)
    }

    fn open_run(&self, folder: &Path) -> Result<Box<dyn ReadEpisodes>> {
        let experiment = run::experiment_of(folder)?;
        let entry = registry::find(experiment.environment.name)
            .expect("an experiment names an environment that is there");
        let settings = &experiment.environment.settings;
        let task = entry.make(settings).map_err(crate::Error::Environment)?;
        let player = self.player.unwrap_or(PlayerWord::Sampled);
        let path = folder.join("trajectories.parquet");
        let mut last = None;
        let mut about = about_environment(entry, settings, task.as_ref());
        if self.checkpoint.is_none() && player != PlayerWord::Reference {
            // The first look only asks which checkpoint is the last.
            open_recording(&path, &LIMITS, &about, |recorder| {
                if recorder.player == player.word() {
                    last = last.max(recorder.checkpoint);
                }
                true
            })?;
        }
        let checkpoint = self.checkpoint.or(last);
        let wanted = |recorder: &Recorder| {
            recorder.player == player.word() && recorder.checkpoint == checkpoint
        };
        let of_checkpoint =
            checkpoint.map_or(String::new(), |index| format!(" checkpoint {index}"));
        about = About {
            expert: Some(format!(
                "{}{of_checkpoint} of {}",
                player.word(),
                experiment.name
            )),
            seed: Some(experiment.seed),
            ..about
        };
        Ok(open_recording(&path, &LIMITS, &about, wanted)?)
    }
}
