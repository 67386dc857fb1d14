//! `rewardlab check`: is a reward sound, before anything is trained on it?

pub(super) mod maps;
mod mend;
mod object;
mod page;
mod sampled;
mod subject;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ::check::{Question, Stage};
use ::report::CheckPage;
use anyhow::Result;
use clap::Args;
use mdp::{Discount, Tabulated};
use serde_json::Value;

use super::output::{self, shell_path};
use crate::run;
use subject::Subject;

/// Check a reward on a finite MDP, exactly and before anything is trained: an environment by name, or a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab check boat-race
  rewardlab check whisky-and-gold --horizon 100 --report whisky.html
  rewardlab check mine.json --reward pay --against wish --discount 0.95
  rewardlab check mine.npz --shaping bonus --json

The intent is the reward named \"intent\" where --against names no other. Shares may be written as 1% or 0.01. The exit
status is 0 where the reward is sound, 1 where it is not (the worst policy near optimal for it loses more than the
tolerance, a shaping term is not potential-based, or tampering pays), 2 for bad input, and 3 where it is not decided.")]
pub(super) struct Check {
    /// Name of an environment (`rewardlab list`), or a file with an MDP: JSON or .npz
    #[arg(value_name = "ENVIRONMENT-OR-FILE")]
    subject: String,
    /// The reward that an optimiser would be given, by name, or the file of a learned one [default: reward, else the
    /// first there is]
    #[arg(long, value_name = "NAME")]
    reward: Option<String>,
    /// What the reward is held against, by name or file [default: intent, where there is one]
    #[arg(long, value_name = "NAME")]
    against: Option<String>,
    /// A part of the reward that is meant as shaping; may be repeated [default: those named shaping]
    #[arg(long, value_name = "NAME")]
    shaping: Vec<String>,
    /// The policy that losses are taken against: optimal (for the intent), uniform, a scripted policy of the
    /// environment, or a file with an action for each state
    #[arg(long, value_name = "POLICY", default_value = "optimal")]
    reference: String,
    /// How much of the intent's range may be lost
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = share)]
    tolerance: f64,
    /// How near to optimal for the reward a policy must be to count as optimal, as a share of the reward's range
    #[arg(long, value_name = "SHARE", default_value = "0.01%", value_parser = share)]
    within: f64,
    /// Discount factor from 0 to 1 [default: the file's; 0.99 for environments, 1 with --horizon]
    #[arg(long, value_name = "FACTOR", value_parser = discount)]
    discount: Option<Discount>,
    /// Cut episodes after this many steps, and put their count into the state [default: no time limit]
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    horizon: Option<u32>,
    /// The most states that are listed
    #[arg(long, value_name = "STATES", default_value_t = 200_000)]
    limit: usize,
    /// Set something about the environment: key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Episodes of each policy, where the environment cannot be listed and estimates take the place of exact answers
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = episodes)]
    episodes: usize,
    /// Seed of these episodes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write a report to this HTML file, too
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// A share from 0 to 1, as a number or a percentage.
fn share(text: &str) -> Result<f64, String> {
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) => (digits, 100.0),
        None => (text, 1.0),
    };
    let value = digits.trim().parse::<f64>().map(|value| value / scale);
    match value {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("write a share from 0 to 1, such as 0.01 or 1%".to_owned()),
    }
}

fn episodes(text: &str) -> Result<usize, String> {
    let n = text.parse().ok().filter(|n| (2..=1_000_000).contains(n));
    n.ok_or_else(|| "write a whole number from 2 to 1000000".to_owned())
}

pub(super) fn discount(text: &str) -> Result<Discount, String> {
    let factor = text.parse().ok().and_then(Discount::new);
    factor.ok_or_else(|| "write a number from 0 to 1, such as 0.99".to_owned())
}

/// The discount where none is asked for and nothing ends an episode but the environment.
const DISCOUNT: f64 = 0.99;

/// How long each part of the analysis took.
pub(super) type Seconds = Vec<(&'static str, f64)>;

impl Check {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let began = Instant::now();
        let subject = Subject::read(&self)?;
        let listed = began.elapsed().as_secs_f64();
        match &subject.tables {
            Ok(tables) => self.exact(out, &subject, tables, listed),
            Err(why) => self.sampled(out, &subject, why, listed),
        }
    }

    /// The exact answers on a finite MDP.
    fn exact(
        &self,
        out: &mut dyn Write,
        subject: &Subject,
        tables: &Tabulated,
        listed: f64,
    ) -> Result<u8> {
        let names: Vec<&str> = tables
            .rewards
            .iter()
            .map(|reward| reward.name.as_str())
            .collect();
        let reward = match &self.reward {
            Some(name) => name.as_str(),
            None if names.contains(&"reward") => "reward",
            None => names.first().copied().unwrap_or("reward"),
        };
        let intent = names.contains(&"intent") && reward != "intent";
        let against = self.against.as_deref().or(intent.then_some("intent"));
        let reference = subject::reference(&self.reference, subject, tables)?;
        let question = Question {
            tables,
            reward,
            against,
            shaping: self.shaping_terms(reward, &names),
            reference: reference
                .as_deref()
                .map(|policy| (self.reference.as_str(), policy)),
            tolerance: self.tolerance,
            within: self.within,
        };
        let mut clock = Clock::new(listed);
        let mut findings = ::check::findings(&question, &mut |stage| clock.begin(word(stage)))?;
        if findings.reasons.contains(&::check::Reason::Tampering) && reward == "reward" {
            let cures = subject.named.as_ref();
            let cures = cures.and_then(|named| mend::of_tampering(self, named));
            findings.summary.advice.splice(0..0, cures);
        }
        let seconds = clock.finish();
        let page = page::page(self, subject, tables, &findings);
        self.write(out, &page, || {
            object::object(self, subject, tables, &findings, &seconds)
        })?;
        Ok(findings.soundness.exit_status())
    }

    /// Estimates, where the environment cannot be listed. They are no exact answers and decide nothing.
    fn sampled(
        &self,
        out: &mut dyn Write,
        subject: &Subject,
        why: &str,
        listed: f64,
    ) -> Result<u8> {
        let mut clock = Clock::new(listed);
        clock.begin("sampled");
        let found = sampled::sample(self, subject, why)?;
        let seconds = clock.finish();
        let page = found.page(self, subject);
        let object = found.object(self, subject, &seconds);
        self.write(out, &page, || object)?;
        Ok(::check::Soundness::Undecided.exit_status())
    }

    /// The terms of the reward that are meant as shaping.
    fn shaping_terms<'n>(&'n self, reward: &str, names: &[&'n str]) -> Vec<&'n str> {
        if !self.shaping.is_empty() {
            return self.shaping.iter().map(String::as_str).collect();
        }
        // A table called `shaping` is the part of `reward` that is meant so.
        let own = format!("{reward}.shaping");
        let is_shaping = |name: &&&str| **name == own || reward == "reward" && **name == "shaping";
        names.iter().filter(is_shaping).copied().collect()
    }

    /// Writes the report where one is asked for, and the object or the page.
    fn write(
        &self,
        out: &mut dyn Write,
        page: &CheckPage,
        object: impl FnOnce() -> Value,
    ) -> Result<()> {
        if let Some(path) = &self.report {
            run::write_report(path, &::report::check_page(page))?;
        }
        if self.json {
            output::object(out, &object())?;
            return Ok(());
        }
        let style = output::style();
        write!(out, "{}", ::report::terminal::check(page, &style))?;
        if let Some(path) = &self.report {
            let path = path.display().to_string();
            write!(out, "{}", output::entry("report", &path, &style))?;
        }
        Ok(())
    }

    /// The discount of an environment that is listed.
    fn discount_used(&self) -> Discount {
        // Under a horizon every episode ends, and returns are those of episodes as they are played.
        let default = match self.horizon {
            Some(_) => 1.0,
            None => DISCOUNT,
        };
        let default = Discount::new(default).expect("it lies from 0 to 1");
        self.discount.unwrap_or(default)
    }

    /// The command that checks this again.
    fn command(&self) -> String {
        let quoted = |text: &str| shell_path(Path::new(text));
        let mut command = format!("rewardlab check {}", quoted(&self.subject));
        let mut flag = |flag: &str, value: String| {
            command.push_str(&format!(" {flag} {}", quoted(&value)));
        };
        for (name, value) in [("--reward", &self.reward), ("--against", &self.against)] {
            if let Some(value) = value {
                flag(name, value.clone());
            }
        }
        for name in &self.shaping {
            flag("--shaping", name.clone());
        }
        if self.reference != "optimal" {
            flag("--reference", self.reference.clone());
        }
        if self.tolerance != 0.01 {
            flag("--tolerance", self.tolerance.to_string());
        }
        if self.within != 0.0001 {
            flag("--within", self.within.to_string());
        }
        if let Some(discount) = self.discount {
            flag("--discount", discount.get().to_string());
        }
        if let Some(horizon) = self.horizon {
            flag("--horizon", horizon.to_string());
        }
        if self.limit != 200_000 {
            flag("--limit", self.limit.to_string());
        }
        if self.episodes != 200 {
            flag("--episodes", self.episodes.to_string());
        }
        if self.seed != 0 {
            flag("--seed", self.seed.to_string());
        }
        for argument in &self.set {
            flag("--set", argument.clone());
        }
        command
    }
}

/// The word by which `--json` knows a part of the analysis.
fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Gap => "gap",
        Stage::Equivalence => "equivalence",
        Stage::Hackability => "hackability",
        Stage::Distances => "distances",
        Stage::Shaping => "shaping",
        Stage::Tampering => "tampering",
    }
}

/// Measures how long each part takes.
struct Clock {
    since: Instant,
    now: &'static str,
    seconds: Seconds,
}

impl Clock {
    fn new(listed: f64) -> Clock {
        Clock {
            since: Instant::now(),
            now: "prepare",
            seconds: vec![("read", listed)],
        }
    }

    fn begin(&mut self, part: &'static str) {
        self.seconds
            .push((self.now, self.since.elapsed().as_secs_f64()));
        (self.now, self.since) = (part, Instant::now());
    }

    fn finish(mut self) -> Seconds {
        self.begin("");
        self.seconds
    }
}
