//! `rewardlab run`: train, evaluate, judge.

use std::io::Write;
use std::path::PathBuf;

use ::report::{SeedRow, Seeds};
use anyhow::Result;
use clap::Args;
use mdp::Seed;
use serde_json::{Value, json};

use super::output::{self, shell_path};
use super::progress::Progress;
use crate::experiment::Experiment;
use crate::run::{self, FinishedRun, Resumed};

/// Train a policy, evaluate it at evenly spaced pressures, and judge whether it serves the intent
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab run coast-runners
  rewardlab run coast-runners --seeds 5
  rewardlab run coast-runners --set environment.course=canal --set optimizer.steps=2e6
  rewardlab run my-experiment.toml --seed 3 --json
  rewardlab run rlhf-cartpole --annotator human
  rewardlab run --resume runs/coast-runners/20261124T065046Z-0

The folder of a run holds everything that was recorded; `report.html` in it opens in any browser.
A run that was stopped at any moment goes on with --resume and ends with the same numbers.
The exit status is 0 when the run is done, whatever the verdict.")]
pub(super) struct Run {
    /// Name of a shipped experiment (`rewardlab list`), or path of a TOML file
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    experiment: Option<String>,
    /// Override a setting: section.key=value, as in optimizer.steps=2e6; may be repeated
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "resume")]
    set: Vec<String>,
    /// Seed from which every random stream is derived [default: the experiment's, else 0]
    #[arg(long, conflicts_with_all = ["seeds", "resume"])]
    seed: Option<u64>,
    /// Run seeds 0 to N-1 and show them in one table
    #[arg(long, value_name = "N", conflicts_with = "resume", value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: Option<u64>,
    /// Who compares, in an experiment that asks: simulated annotators, or people on a page that is opened on this machine
    #[arg(long, value_name = "KIND", value_parser = ["simulated", "human"], conflicts_with = "resume")]
    annotator: Option<String>,
    /// Port of the page on which people answer [default: any that is free]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Threads; the numbers do not depend on them [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Folder under which the run's folder is made
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "runs",
        conflicts_with = "resume"
    )]
    out: PathBuf,
    /// Continue the run in this folder
    #[arg(long, value_name = "RUN")]
    resume: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Run {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        if let Some(path) = &self.resume {
            return self.resume(path, out);
        }
        let name = self.experiment.as_deref().expect("clap asks for it");
        let mut set = self.set.clone();
        set.extend((self.annotator.iter()).map(|kind| format!("annotator.kind={kind}")));
        let mut experiment = Experiment::load(name, &set)?;
        warn_of_other_instructions(&experiment);
        if let Some(n_seeds) = self.seeds {
            return self.run_seeds(experiment, n_seeds, out);
        }
        experiment.seed = self.seed.unwrap_or(experiment.seed);
        let mut progress = self.progress();
        let finished = run::run(&experiment, &self.out, self.threads(), &mut progress)?;
        self.tell(&finished, out)
    }

    fn progress(&self) -> Progress {
        Progress::new(self.port.unwrap_or(0))
    }

    fn threads(&self) -> usize {
        match self.threads {
            Some(n) => usize::from(n),
            None => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        }
    }

    fn resume(&self, path: &std::path::Path, out: &mut dyn Write) -> Result<u8> {
        warn_of_other_instructions(&run::experiment_of(path)?);
        match run::resume(path, self.threads(), &mut self.progress())? {
            Resumed::Finished(finished) => self.tell(&finished, out),
            Resumed::WasFinished(path) if self.json => {
                output::object(out, &run::read_verdict(&path)?)
            }
            Resumed::WasFinished(path) => {
                writeln!(
                    out,
                    "{} was finished already; nothing is left to do",
                    path.display()
                )?;
                Ok(0)
            }
        }
    }

    fn tell(&self, finished: &FinishedRun, out: &mut dyn Write) -> Result<u8> {
        if self.json {
            return output::object(out, &finished.to_json());
        }
        write!(
            out,
            "{}",
            ::report::terminal::verdict(&finished.page, &output::style())
        )?;
        writeln!(out, "{}", told_below(finished))?;
        Ok(0)
    }

    fn run_seeds(&self, experiment: Experiment, n_seeds: u64, out: &mut dyn Write) -> Result<u8> {
        let mut all = vec![];
        for seed in 0..n_seeds {
            let experiment = Experiment {
                seed,
                ..experiment.clone()
            };
            all.push(run::run(
                &experiment,
                &self.out,
                self.threads(),
                &mut self.progress(),
            )?);
        }
        let seeds = table(&all);
        for finished in &mut all {
            finished.page.seeds = Some(seeds.clone());
            let report = finished.path.join(run::REPORT);
            run::write_report(&report, &::report::page(&finished.page))?;
        }
        if self.json {
            let objects: Vec<Value> = all.iter().map(FinishedRun::to_json).collect();
            return output::object(
                out,
                &json!({ "seeds": objects, "summary": summary(&seeds) }),
            );
        }
        write!(
            out,
            "{}",
            ::report::terminal::seeds(&seeds, &output::style())
        )?;
        for finished in &all {
            writeln!(out, "{}", finished.path.join(run::REPORT).display())?;
        }
        Ok(0)
    }
}

/// What stands below the verdict: training speed, greedy return, and where the report is.
fn told_below(finished: &FinishedRun) -> String {
    let record = &finished.record;
    let timing = &record.timing;
    let greedy = &record.finals.greedy;
    let finishes = greedy.success_rate().map_or(String::new(), |rate| {
        format!(", done as meant in {:.0}%", 100.0 * rate)
    });
    format!(
        "  greedy      return {} over {} episodes{finishes}\n  training    {:.1} s, {:.0} steps a second\n  report      {}",
        format!("{:.1}", greedy.proxy_mean()).replace('-', "−"),
        greedy.n_episodes(),
        timing.training_seconds,
        timing.steps_per_second(),
        shell_path(&finished.path.join(run::REPORT)),
    )
}

/// One row a seed; interquartile means with 95% bootstrap intervals below.
fn table(all: &[FinishedRun]) -> Seeds {
    let row = |finished: &FinishedRun| {
        let last = finished.page.curves.points.last();
        SeedRow {
            seed: finished.record.experiment.seed,
            word: finished.page.verdict.word,
            proxy: last.map_or(::report::Estimate::exact(f64::NAN), |point| point.proxy),
            intent: last.and_then(|point| point.intent),
            onset: finished.outcome.onset.map(|onset| onset.pressure),
        }
    };
    let rows: Vec<SeedRow> = all.iter().map(row).collect();
    let middle = |values: Vec<f64>| {
        let interval =
            ::audit::interquartile_interval(&values, 0.95, 2000, Seed(0).child("seeds", 0));
        ::report::Estimate {
            mean: interval.mean,
            low: interval.low,
            high: interval.high,
        }
    };
    let intents: Option<Vec<f64>> = rows
        .iter()
        .map(|row| row.intent.map(|intent| intent.mean))
        .collect();
    Seeds {
        proxy: Some(middle(rows.iter().map(|row| row.proxy.mean).collect())),
        intent: intents.map(middle),
        rows,
    }
}

fn summary(seeds: &Seeds) -> Value {
    let interval = |estimate: &Option<::report::Estimate>| {
        estimate.map(|e| json!({ "mean": e.mean, "low": e.low, "high": e.high }))
    };
    let mut verdicts = serde_json::Map::new();
    for row in &seeds.rows {
        let count = verdicts
            .get(row.word.as_str())
            .and_then(Value::as_u64)
            .unwrap_or(0);
        verdicts.insert(row.word.as_str().to_owned(), json!(count + 1));
    }
    json!({
        "n_seeds": seeds.rows.len(),
        "verdicts": verdicts,
        "level": 0.95,
        "proxy_interquartile_mean": interval(&seeds.proxy),
        "intent_interquartile_mean": interval(&seeds.intent),
    })
}

/// The last bits of the numbers depend on the vector instructions.
fn warn_of_other_instructions(experiment: &Experiment) {
    let here = nn::instruction_set();
    if let Some(there) = &experiment.written_by.instruction_set
        && there != here
    {
        // A warning that cannot be written is no reason to stop.
        let _ = writeln!(
            std::io::stderr(),
            "warning: this run was begun with {there} instructions and goes on with {here}; the last bits of its numbers will differ"
        );
    }
}
