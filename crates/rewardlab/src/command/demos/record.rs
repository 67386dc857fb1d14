//! `rewardlab demos record`: episodes of a policy, or of a person.

use std::io::{BufRead, Write};

use ::demonstrations::WriteEpisodes;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use mdp::Seed;
use rl::Play;
use serde_json::json;

use super::game::{Game, Verdict};
use super::{Target, about_environment, browser, counted, episode_of, terminal};
use crate::command::output;
use crate::command::player::Player;
use crate::experiment::environment_with;

/// Record episodes of a scripted policy, a checkpoint or a run, or of a person at the keyboard
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab demos record coast-runners driver.parquet --policy driver --episodes 50
  rewardlab demos record cartpole expert.parquet --policy runs/ppo-cartpole/20261124T065046Z-0 --greedy
  rewardlab demos record frozen-lake mine.parquet --person terminal --episodes 5
  rewardlab demos record frozen-lake mine.parquet --person browser

A person plays in the terminal (where standard input is no terminal, one action a line) or in the browser, on a page
that this command serves to this machine alone. Episode i is drawn from the seed's stream i, whoever plays. What was
played to its end or was kept is written when the recording is finished.")]
pub(super) struct Record {
    /// Name of an environment (`rewardlab list`)
    environment: String,
    #[command(flatten)]
    target: Target,
    /// A scripted policy of the environment, `random`, a checkpoint, or the folder of a run (its final policy)
    #[arg(
        long,
        value_name = "POLICY",
        required_unless_present = "person",
        conflicts_with = "person"
    )]
    policy: Option<String>,
    /// Let a person play
    #[arg(long, value_enum, value_name = "WHERE")]
    person: Option<Place>,
    /// Take the most probable actions instead of drawing them
    #[arg(long, conflicts_with = "person")]
    greedy: bool,
    /// Episodes to record; a person may stop earlier
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    episodes: u64,
    /// Seed of the episodes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Stop an episode after this many steps
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    steps: usize,
    /// Override a setting of the environment: environment.key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Port of the page; by default one that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// Where a person plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Place {
    /// Keys in this terminal
    Terminal,
    /// Keys and buttons on a page of this machine
    Browser,
}

impl Record {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let (entry, values) = environment_with(&self.environment, &self.set)?;
        let task = entry.make(&values).map_err(crate::Error::Environment)?;
        self.target.checked_format()?;
        let mut about = about_environment(entry, &values, task.as_ref());
        about.seed = Some(self.seed);
        about.expert = Some(match (&self.policy, self.greedy) {
            (Some(policy), true) => format!("{policy}, greedy"),
            (Some(policy), false) => policy.clone(),
            (None, _) => "a person".to_owned(),
        });
        let mut tally = Tally::default();
        let mut writer = self.target.create(&about)?;
        if let Some(policy) = &self.policy {
            let play = if self.greedy {
                Play::Greedy
            } else {
                Play::Sampled
            };
            let player = Player::named(policy, play, entry, task.as_ref())?;
            for index in 0..self.episodes {
                let recorded = player.play(
                    task.as_ref(),
                    self.steps,
                    Seed(self.seed).stream("demonstration", index),
                )?;
                tally.keep(&recorded, writer.as_mut())?;
            }
        } else {
            let mut game = Game::new(
                entry.name,
                task.as_ref(),
                self.seed,
                self.episodes,
                self.steps,
            );
            self.let_play(&mut game, &mut |verdict| match verdict {
                Verdict::Kept(recorded) => tally.keep(recorded, writer.as_mut()),
                Verdict::Dropped => Ok(()),
            })?;
        }
        if tally.n_episodes == 0 {
            bail!("no episode was kept, and nothing is written; play one to its end, or keep it");
        }
        writer.finish()?;
        if self.json {
            let object = json!({
                "file": self.target.to,
                "episodes": tally.n_episodes,
                "steps": tally.n_steps,
                "mean_return": tally.sum_of_returns / tally.n_episodes as f64,
            });
            return output::object(out, &object);
        }
        let path = output::shell_path(&self.target.to);
        let (episodes, steps) = (
            counted(tally.n_episodes, "episode"),
            counted(tally.n_steps, "step"),
        );
        let mean = tally.sum_of_returns / tally.n_episodes as f64;
        writeln!(out, "{episodes}, {steps}, mean return {mean:.4}: {path}")?;
        Ok(0)
    }

    fn let_play(
        &self,
        game: &mut Game<'_>,
        judge: &mut dyn FnMut(Verdict<'_>) -> Result<()>,
    ) -> Result<()> {
        match self.person {
            Some(Place::Browser) => browser::play(game, self.port, judge),
            _ => {
                let mut lines = std::io::stdin().lock();
                terminal::play(game, &mut lines as &mut dyn BufRead, judge)
            }
        }
    }
}

/// What was kept so far.
#[derive(Debug, Default)]
struct Tally {
    n_episodes: usize,
    n_steps: usize,
    sum_of_returns: f64,
}

impl Tally {
    fn keep(
        &mut self,
        recorded: &crate::registry::RecordedEpisode,
        writer: &mut dyn WriteEpisodes,
    ) -> Result<()> {
        writer.push(&episode_of(recorded))?;
        self.n_episodes += 1;
        self.n_steps += recorded.trajectory.steps.len();
        self.sum_of_returns += recorded.trajectory.reward_return();
        Ok(())
    }
}
