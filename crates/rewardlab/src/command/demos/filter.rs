//! `rewardlab demos filter`: keep the episodes that are wanted.

use std::io::Write;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ::demonstrations::{Episode, open};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use mdp::End;
use serde_json::json;

use super::{LIMITS, Target, counted, for_each};
use crate::command::output;

/// Keep the episodes that fulfil every condition
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab demos filter all.parquet good.parquet --min-return 450
  rewardlab demos filter all.parquet whole.parquet --end terminated --success
  rewardlab demos filter all.parquet some.npz --episodes 0,3,10-19 --first 5

Conditions are joined by \"and\"; --first counts the episodes that fulfil all others. Where no episode is left, nothing
is written and the exit status is 2.")]
pub(super) struct Filter {
    /// File or folder of demonstrations
    from: PathBuf,
    #[command(flatten)]
    target: Target,
    /// Least return: the undiscounted sum of an episode's rewards
    #[arg(long, value_name = "R", allow_hyphen_values = true)]
    min_return: Option<f64>,
    /// Greatest return
    #[arg(long, value_name = "R", allow_hyphen_values = true)]
    max_return: Option<f64>,
    /// Fewest steps
    #[arg(long, value_name = "N")]
    min_length: Option<usize>,
    /// Most steps
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,
    /// How the episode ended
    #[arg(long, value_enum)]
    end: Option<EndWord>,
    /// Only episodes that did what was meant
    #[arg(long)]
    success: bool,
    /// Numbers of episodes from 0, and ranges of them: 0,3,10-19
    #[arg(long, value_name = "LIST", value_parser = parse_list)]
    episodes: Option<Numbers>,
    /// At most so many episodes, the first that fulfil the other conditions
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EndWord {
    /// The environment itself was over
    Terminated,
    /// A time limit cut it
    Truncated,
    /// The recording stopped before the episode did
    Open,
}

/// Numbers of episodes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbers(Vec<RangeInclusive<usize>>);

fn parse_list(text: &str) -> Result<Numbers, String> {
    let refused = |part: &str| format!("\"{part}\" is no number and no range such as 10-19");
    let one = |part: &str| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        match (low.trim().parse(), high.trim().parse()) {
            (Ok(low), Ok(high)) if low <= high => Ok(low..=high),
            _ => Err(refused(part)),
        }
    };
    text.split(',')
        .map(one)
        .collect::<Result<_, _>>()
        .map(Numbers)
}

impl Filter {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        self.target.checked_format()?;
        let mut reader = open(&self.from, &LIMITS)?;
        let about = reader.about().clone();
        let n_action = about.action_space.n_values();
        let mut writer = self.target.create(&about)?;
        let mut n_kept = 0;
        let asks_return = self.min_return.is_some() || self.max_return.is_some();
        let mut has_rewards = true;
        let n_episodes = for_each(reader.as_mut(), |number, episode| {
            has_rewards &= episode.rewards.is_some();
            if self.first.is_none_or(|first| n_kept < first)
                && self.keeps(number, episode, n_action)
            {
                writer.push(episode)?;
                n_kept += 1;
            }
            Ok(())
        })?;
        if asks_return && !has_rewards {
            bail!(
                "{}: no rewards are recorded; leave out --min-return and --max-return",
                self.from.display()
            );
        }
        if n_kept == 0 {
            bail!(
                "{}: none of its {} fulfils every condition; `rewardlab demos info` shows what there is",
                self.from.display(),
                counted(n_episodes, "episode")
            );
        }
        writer.finish()?;
        if self.json {
            let object =
                json!({ "file": self.target.to, "episodes": n_kept, "episodes_read": n_episodes });
            return output::object(out, &object);
        }
        let path = output::shell_path(&self.target.to);
        writeln!(
            out,
            "{n_kept} of {}: {path}",
            counted(n_episodes, "episode")
        )?;
        Ok(0)
    }

    fn keeps(&self, number: usize, episode: &Episode, n_action: usize) -> bool {
        let view = episode.view();
        let n_steps = view.n_steps(n_action);
        let is_return = |holds: &dyn Fn(f64) -> bool| view.reward_return().is_some_and(holds);
        let end = match episode.end {
            Some(End::Terminated) => EndWord::Terminated,
            Some(End::Truncated) => EndWord::Truncated,
            None => EndWord::Open,
        };
        self.min_return
            .is_none_or(|least| is_return(&|sum| least <= sum))
            && self
                .max_return
                .is_none_or(|most| is_return(&|sum| sum <= most))
            && self.min_length.is_none_or(|least| least <= n_steps)
            && self.max_length.is_none_or(|most| n_steps <= most)
            && self.end.is_none_or(|wanted| wanted == end)
            && (!self.success || episode.success == Some(true))
            && self
                .episodes
                .as_ref()
                .is_none_or(|Numbers(ranges)| ranges.iter().any(|range| range.contains(&number)))
    }
}
