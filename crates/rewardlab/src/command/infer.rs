//! `rewardlab infer`: what was wanted, from demonstrations on a finite MDP.

mod bayesian;
mod goals;
mod identified;
mod maximum_entropy;
mod page;
mod problem;
mod programme;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ::report::{Finding, Outcome, Shares};
use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use mdp::Discount;
use rl::RewardTable;
use serde_json::{Map, Value, json};

use super::output::{self, shell_path};
use crate::demonstrated::RewardOf;
use crate::run;
use problem::Problem;

/// Infer goals or a reward from demonstrations on a finite MDP: an environment by name, or a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab infer frozen-lake demos.parquet
  rewardlab infer rooms.json demos.csv --method goals --goal kitchen --goal door
  rewardlab infer cliff-walking demos.parquet --method bayesian --report wanted.html
  rewardlab infer rooms.json demos.csv --out reward.safetensors

The answer is never a single reward: what else explains the demonstrations is part of it. A reward written with --out
is used by an experiment as `reward = { path = \"reward.safetensors\" }`. The exit status is 0 where the method came to
its end, 2 for bad input, and 3 where it stopped before: what it found is a first guess then.")]
pub(super) struct Infer {
    /// Name of an environment (`rewardlab list`), or a file with an MDP: JSON or .npz
    #[arg(value_name = "ENVIRONMENT-OR-FILE")]
    subject: String,
    /// File or folder of demonstrations: Parquet, CSV, .npz, Minari, or those of the library imitation
    #[arg(value_name = "DEMONSTRATIONS")]
    demonstrations: PathBuf,
    /// How it is inferred
    #[arg(long, value_enum, default_value_t = Method::MaximumCausalEntropy)]
    method: Method,
    /// What a reward is paid for
    #[arg(long, value_enum, default_value_t = RewardOf::Arrivals)]
    reward_of: RewardOf,
    /// A state that may be a goal, by name or number; may be repeated [default: where demonstrations end, and terminal
    /// states]
    #[arg(long, value_name = "STATE")]
    goal: Vec<String>,
    /// Whether the expert may be biased; with --method goals or bayesian [default: all for goals, none for bayesian, where
    /// they take long]
    #[arg(long, value_enum)]
    biases: Option<Biases>,
    /// How surely the expert prefers what is worth 1 more; may be repeated; with --method goals or bayesian [default: 10,
    /// 100 and 1000 for goals, 1 and 10 for rewards]
    #[arg(long, value_name = "BETA", value_parser = inverse_temperature)]
    inverse_temperature: Vec<f64>,
    /// Precision of a normal prior on the weights of the reward; with --method maximum-causal-entropy
    #[arg(long, value_name = "PRECISION", default_value_t = 0.01, value_parser = precision)]
    precision: f64,
    /// Samples of each of four chains; with --method bayesian
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = samples)]
    samples: usize,
    /// Seed of these chains
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Discount factor from 0 to 1 [default: the file's; 0.99 for environments]
    #[arg(long, value_name = "FACTOR", value_parser = super::check::discount)]
    discount: Option<Discount>,
    /// The most states that are listed
    #[arg(long, value_name = "STATES", default_value_t = 20_000)]
    limit: usize,
    /// Set something about the environment: key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Write the inferred reward to this safetensors file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write a report to this HTML file, too
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// How it is inferred what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// The reward under which the demonstrations are likeliest, for an expert who is as random as its return allows
    MaximumCausalEntropy,
    /// A posterior over rewards and biases, by a random walk
    Bayesian,
    /// The reward that sets the demonstrations apart most from other policies, for an expert who does not err
    LinearProgramme,
    /// The exact posterior over goals and biases
    Goals,
}

/// Which experts are thought possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Biases {
    /// Rational ones alone
    None,
    /// Rational, myopic, bounded, hyperbolic, over- and under-confident ones
    All,
}

fn inverse_temperature(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .ok()
        .filter(|beta: &f64| *beta > 0.0 && beta.is_finite());
    value.ok_or_else(|| "write a number above 0, such as 10".to_owned())
}

fn precision(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .ok()
        .filter(|p: &f64| *p >= 0.0 && p.is_finite());
    value.ok_or_else(|| "write a number of at least 0, such as 0.01".to_owned())
}

fn samples(text: &str) -> Result<usize, String> {
    let n = text.parse().ok().filter(|n| (4..=1_000_000).contains(n));
    n.ok_or_else(|| "write a whole number from 4 to 1000000".to_owned())
}

/// What a method found.
struct Found {
    /// Whether it came to its end.
    is_settled: bool,
    /// The finding in one sentence.
    headline: String,
    /// What it rests on.
    summary: Vec<String>,
    /// `[S, A]`, the one reward that is written and drawn.
    rewards: Vec<f64>,
    /// `[S, A]`, what is expected of the expert.
    policy: Vec<f64>,
    /// `[S]`, what shades the map.
    worth: Vec<f64>,
    /// What the shades mean.
    shading: &'static str,
    facts: Vec<(String, String, String)>,
    shares: Vec<Shares>,
    findings: Vec<Finding>,
    /// Log-likelihood a step of demonstrations held back, where there are enough.
    held_out: Option<f64>,
    /// The same for `--json`.
    evidence: Map<String, Value>,
}

impl Infer {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        if let Some(path) = &self.report {
            run::check_report_place(path)?;
        }
        let began = Instant::now();
        let problem = Problem::read(&self)?;
        let read = began.elapsed().as_secs_f64();
        let mut found = match self.method {
            Method::MaximumCausalEntropy => maximum_entropy::infer(&self, &problem),
            Method::Bayesian => bayesian::infer(&self, &problem),
            Method::LinearProgramme => programme::infer(&self, &problem),
            Method::Goals => goals::infer(&self, &problem),
        }?;
        identified::add(&problem, &mut found)?;
        let seconds = json!({ "read": read, "inferred": began.elapsed().as_secs_f64() - read });
        if let Some(path) = &self.out {
            self.write_reward(path, &problem, &found)?;
        }
        let page = page::page(&self, &problem, &found);
        if let Some(path) = &self.report {
            run::write_report(path, &::report::inference_page(&page))?;
        }
        if self.json {
            output::object(out, &self.object(&problem, &found, &seconds))?;
        } else {
            let style = output::style();
            write!(out, "{}", ::report::terminal::inference(&page, &style))?;
            for (name, path) in [("report", &self.report), ("reward", &self.out)] {
                if let Some(path) = path {
                    let path = path.display().to_string();
                    write!(out, "{}", output::entry(name, &path, &style))?;
                }
            }
        }
        Ok(if found.is_settled { 0 } else { 3 })
    }

    fn method_name(&self) -> String {
        value_name(self.method)
    }

    /// Writes the reward beside its place and moves it there.
    fn write_reward(&self, path: &Path, problem: &Problem, found: &Found) -> Result<()> {
        let table = RewardTable::new(
            (&problem.tables).into(),
            found.rewards.clone(),
            &self.method_name(),
        )?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let cannot = || format!("{}: cannot write the reward", path.display());
        std::fs::write(&beside, table.to_bytes()).with_context(cannot)?;
        std::fs::rename(&beside, path).with_context(cannot)
    }

    /// The object that `--json` prints; `docs/commands/infer.md` has its fields.
    fn object(&self, problem: &Problem, found: &Found, seconds: &Value) -> Value {
        let tables = &problem.tables;
        let findings: Vec<Value> = found
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "name": finding.name,
                    "outcome": finding.outcome.map(outcome_word),
                    "answer": finding.answer,
                    "details": finding.details,
                })
            })
            .collect();
        json!({
            "method": self.method_name(),
            "settled": found.is_settled,
            "subject": self.subject,
            "headline": found.headline,
            "summary": found.summary,
            "rewards": found.rewards.chunks(tables.mdp.n_actions()).collect::<Vec<_>>(),
            "states": tables.state_labels,
            "actions": tables.action_names,
            "held_out": problem.held_out_object(found.held_out),
            "evidence": found.evidence,
            "findings": findings,
            "demonstrations": {
                "path": self.demonstrations,
                "episodes": problem.demonstrations.len(),
                "steps": problem.n_steps(),
                "longest": problem.longest(),
            },
            "discount": tables.mdp.discount().get(),
            "size": { "states": tables.mdp.n_states(), "actions": tables.mdp.n_actions() },
            "seconds": seconds,
            "command": self.command(),
            "version": crate::VERSION,
        })
    }

    /// The command that infers this again.
    fn command(&self) -> String {
        let quoted = |text: &str| shell_path(Path::new(text));
        let mut command = format!(
            "rewardlab infer {} {} --method {}",
            quoted(&self.subject),
            shell_path(&self.demonstrations),
            self.method_name()
        );
        let mut flag = |flag: &str, value: String| {
            command.push_str(&format!(" {flag} {}", quoted(&value)));
        };
        if self.reward_of != RewardOf::Arrivals {
            flag("--reward-of", value_name(self.reward_of));
        }
        for goal in &self.goal {
            flag("--goal", goal.clone());
        }
        if let Some(biases) = self.biases {
            flag("--biases", value_name(biases));
        }
        for beta in &self.inverse_temperature {
            flag("--inverse-temperature", beta.to_string());
        }
        if self.precision != 0.01 {
            flag("--precision", self.precision.to_string());
        }
        if self.samples != 1_000 {
            flag("--samples", self.samples.to_string());
        }
        if self.seed != 0 {
            flag("--seed", self.seed.to_string());
        }
        if let Some(discount) = self.discount {
            flag("--discount", discount.get().to_string());
        }
        if self.limit != 20_000 {
            flag("--limit", self.limit.to_string());
        }
        for argument in &self.set {
            flag("--set", argument.clone());
        }
        command
    }
}

/// A choice as it is typed.
fn value_name(choice: impl ValueEnum) -> String {
    let value = choice.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::NotMeasurable => "not-decided",
    }
}

fn finding(name: &str, outcome: Option<Outcome>, answer: String, details: Vec<String>) -> Finding {
    Finding {
        name: name.to_owned(),
        outcome,
        answer,
        details,
    }
}
