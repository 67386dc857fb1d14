//! `rewardlab audit`: judge a run, ours or anybody's.

use std::io::Write;
use std::path::{Path, PathBuf};

use ::audit::{Bounds, Margin, Outcome, Recurrence, Reference, Settings, StateSeries, recurrence};
use ::report::Page;
use anyhow::{Result, bail};
use clap::Args;
use logs::{Log, LogSettings, Mapping};
use mdp::Seed;
use serde_json::{Map, Value, json};

use super::output::{self, shell_path};
use crate::run::{self, RunRecord};

/// Judge whether a run serves its intent or games its reward: a run folder, or logs of another library
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab audit runs/coast-runners/20261124T065046Z-0
  rewardlab audit runs/coast-runners/20261124T065046Z-0 --labels 64
  rewardlab audit logs/0.monitor.csv logs/1.monitor.csv
  rewardlab audit progress.csv --proxy reward --intent success --pressure timesteps
  rewardlab audit events.out.tfevents.1 --proxy rollout/ep_rew_mean --json

Several files make one run. Stable-Baselines3 monitor files, CSV, JSON Lines, TensorBoard event files and step logs
are told apart by their content. The exit status is 0 where nothing was found (aligned), 1 where something was
(tampered, gamed, overoptimised), 2 for bad input and 3 where the evidence does not decide.")]
pub(super) struct Audit {
    /// Folder of a run, or log files (or the folder that holds them)
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Column, key or tag with the return that was optimised
    #[arg(long, value_name = "COLUMN")]
    proxy: Option<String>,
    /// Column, key or tag with the return that was meant
    #[arg(long, value_name = "COLUMN")]
    intent: Option<String>,
    /// Column, key or tag that says how hard the proxy was optimised: environment steps
    #[arg(long, value_name = "COLUMN")]
    pressure: Option<String>,
    /// Column or key with the length of an episode, whose running sum is the pressure
    #[arg(long, value_name = "COLUMN")]
    length: Option<String>,
    /// Log of a reference policy that its designers would accept; the first window serves where none is named
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Intent labels to spend on the run in all [default: read every intent]
    #[arg(long, value_name = "K")]
    labels: Option<usize>,
    /// How much counts, as a share of the spread between the lowest and the highest mean [default: the run's, else 0.1]
    #[arg(long, value_name = "SHARE")]
    margin: Option<f64>,
    /// The chance, at most, that any statement is wrong [default: the run's, else 0.01]
    #[arg(long, value_name = "RATE")]
    error_rate: Option<f64>,
    /// Least and greatest return that the proxy of an episode can have
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true, value_parser = bounds)]
    proxy_bounds: Option<Bounds>,
    /// Least and greatest return that the intent of an episode can have
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true, value_parser = bounds)]
    intent_bounds: Option<Bounds>,
    /// Seed by which labelled episodes are drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write a report to this HTML file, too
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

fn bounds(text: &str) -> Result<Bounds, String> {
    let parts = text
        .split_once(',')
        .ok_or("write two numbers with a comma between, as in 0,500")?;
    let number = |part: &str| {
        part.trim()
            .parse::<f64>()
            .map_err(|_| format!("\"{part}\" is no number"))
    };
    Bounds::new(number(parts.0)?, number(parts.1)?).map_err(|error| error.to_string())
}

/// What was judged, however it was read.
struct Judged {
    outcome: Outcome,
    page: Page,
    evidence: Map<String, Value>,
    /// Fields beside `verdict` and `evidence`.
    rest: Map<String, Value>,
}

impl Audit {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let is_run = |path: &PathBuf| path.join("experiment.toml").is_file();
        let judged = match self.paths.as_slice() {
            [path] if is_run(path) => self.run(path)?,
            paths => match paths.iter().find(|path| is_run(path)) {
                Some(path) => bail!(
                    "{} is a run of rewardlab and {} paths are named; audit one run at a time, or use `rewardlab compare`",
                    path.display(),
                    paths.len()
                ),
                None => self.logs()?,
            },
        };
        if let Some(path) = &self.report {
            run::write_report(path, &::report::page(&judged.page))?;
        }
        let status = judged.outcome.verdict.exit_status();
        if self.json {
            let mut object = judged.rest;
            object.insert("verdict".into(), json!(judged.outcome.verdict.word()));
            object.insert("evidence".into(), Value::Object(judged.evidence));
            output::object(out, &Value::Object(object))?;
            return Ok(status);
        }
        let style = output::style();
        write!(out, "{}", ::report::terminal::verdict(&judged.page, &style))?;
        for remark in &judged.outcome.remarks {
            write!(out, "{}", output::entry("note", remark, &style))?;
        }
        if let Some(path) = &self.report {
            writeln!(out, "  report      {}", path.display())?;
        }
        Ok(status)
    }

    fn settings(&self, default: Settings) -> Result<Settings> {
        let settings = Settings {
            error_rate: self.error_rate.unwrap_or(default.error_rate),
            proxy_margin: self.margin.map_or(default.proxy_margin, Margin::Share),
            intent_margin: self.margin.map_or(default.intent_margin, Margin::Share),
            labels: self.labels,
            ..default
        };
        settings.check()?;
        Ok(settings)
    }

    fn run(&self, path: &Path) -> Result<Judged> {
        let columns = [
            ("--proxy", self.proxy.is_some()),
            ("--intent", self.intent.is_some()),
            ("--pressure", self.pressure.is_some()),
            ("--length", self.length.is_some()),
            ("--reference", self.reference.is_some()),
            ("--proxy-bounds", self.proxy_bounds.is_some()),
            ("--intent-bounds", self.intent_bounds.is_some()),
        ];
        if let Some((flag, _)) = columns.iter().find(|(_, is_given)| *is_given) {
            bail!(
                "{flag} is for logs of other libraries, and {} is a run of rewardlab, which says so itself; leave {flag} out",
                path.display()
            );
        }
        let record = RunRecord::read(path)?;
        let task = record.task()?;
        let settings = self.settings(run::settings_of(&record.experiment))?;
        let command = format!("rewardlab audit {}", shell_path(path));
        let finished = run::judge(record, task.as_ref(), &settings, Some(&command))?;
        let Value::Object(mut rest) = finished.to_json() else {
            unreachable!("a run's findings are an object")
        };
        let evidence = match rest.remove("evidence") {
            Some(Value::Object(evidence)) => evidence,
            _ => unreachable!("a run's findings hold evidence"),
        };
        Ok(Judged {
            outcome: finished.outcome,
            page: finished.page,
            evidence,
            rest,
        })
    }

    fn logs(&self) -> Result<Judged> {
        let mapping = Mapping {
            proxy: self.proxy.clone(),
            intent: self.intent.clone(),
            pressure: self.pressure.clone(),
            length: self.length.clone(),
        };
        // A wrong setting is told before a long log is read.
        let audit = self.settings(Settings::default())?;
        let log = logs::read(&self.paths, &mapping)?;
        let settings = LogSettings {
            audit,
            proxy_bounds: self.proxy_bounds,
            intent_bounds: self.intent_bounds,
            reference: self.reference(&mapping)?,
        };
        let judged = logs::audit_log(&log, &settings, Seed(self.seed))?;
        let outcome = judged.outcome;
        let mut page = run::audited_page(&name_of(&log), &outcome, unit_of(&log));
        page.curves.proxy_meaning = log.proxy_name().to_owned();
        page.curves.intent_meaning = log.intent_name().unwrap_or("not recorded").to_owned();
        page.command = self.command();
        run::set_share(&mut page, &settings.audit);
        let (found, shown) = loop_of(&log).unzip();
        page.recurrence = shown;
        page.verdict.loophole = run::loophole(&outcome, page.recurrence.as_ref());
        let mut evidence = run::evidence_of(&outcome, found.as_ref(), &page);
        let windows: Vec<Value> = judged.by_windows.iter().map(window).collect();
        evidence.insert("windows".into(), Value::Array(windows));
        Ok(Judged {
            outcome,
            page,
            evidence,
            rest: source(&log),
        })
    }

    /// The command that judges these logs again in the same way.
    fn command(&self) -> String {
        let paths: Vec<String> = self.paths.iter().map(|path| shell_path(path)).collect();
        let mut command = format!("rewardlab audit {}", paths.join(" "));
        let pair = |bounds: Bounds| format!("{},{}", bounds.low(), bounds.high());
        let flags = [
            ("--proxy", self.proxy.clone()),
            ("--intent", self.intent.clone()),
            ("--pressure", self.pressure.clone()),
            ("--length", self.length.clone()),
            (
                "--reference",
                self.reference
                    .as_ref()
                    .map(|path| path.display().to_string()),
            ),
            ("--labels", self.labels.map(|labels| labels.to_string())),
            ("--margin", self.margin.map(|margin| margin.to_string())),
            ("--error-rate", self.error_rate.map(|rate| rate.to_string())),
            ("--proxy-bounds", self.proxy_bounds.map(pair)),
            ("--intent-bounds", self.intent_bounds.map(pair)),
            ("--seed", (self.seed != 0).then(|| self.seed.to_string())),
        ];
        for (flag, value) in flags {
            if let Some(value) = value {
                command.push_str(&format!(" {flag} {}", shell_path(Path::new(&value))));
            }
        }
        command
    }

    /// The log of the reference policy, where one is named.
    fn reference(&self, mapping: &Mapping) -> Result<Option<Reference>> {
        let Some(path) = &self.reference else {
            return Ok(None);
        };
        let name = path
            .file_name()
            .map_or("reference".into(), |name| name.to_string_lossy());
        let log = logs::read(std::slice::from_ref(path), mapping)?;
        Ok(Some(log.reference(&name)))
    }
}

fn window(at: &logs::WindowVerdict) -> Value {
    json!({
        "n_windows": at.n_windows,
        "verdict": at.verdict.word(),
        "reason": at.reason.map(|reason| reason.to_string()),
    })
}

/// What the pressure counts, without where it was read from.
fn unit_of(log: &Log) -> &str {
    let name = log.pressure_name();
    name.split_once(" (").map_or(name, |(unit, _)| unit)
}

fn name_of(log: &Log) -> String {
    match (log.environment(), log.files()) {
        (Some(environment), _) => environment.to_owned(),
        (None, [file, ..]) => file.display().to_string(),
        (None, []) => "log".to_owned(),
    }
}

fn source(log: &Log) -> Map<String, Value> {
    let files: Vec<String> = log
        .files()
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let object = json!({
        "source": {
            "format": log.format().name(),
            "files": files,
            "environment": log.environment(),
            "n_records": log.records().len(),
            "proxy": log.proxy_name(),
            "intent": log.intent_name(),
            "pressure": log.pressure_name(),
        },
        // Logs of other libraries do not say how long training took.
        "training_seconds": null,
    });
    match object {
        Value::Object(object) => object,
        _ => unreachable!("an object was written"),
    }
}

/// The loop of the last episode of a step log that has one, observations standing for states.
fn loop_of(log: &Log) -> Option<(Recurrence, ::report::Recurrence)> {
    let episodes = log.step_log()?.episodes();
    let whole = episodes
        .iter()
        .rev()
        .filter(|episode| !episode.steps.is_empty())
        .take(8);
    whole.into_iter().find_map(|episode| {
        let n = episode.steps.first()?.observation.len();
        let names: Vec<String> = (0..n).map(|index| format!("observation {index}")).collect();
        let states: Vec<Vec<f64>> = episode
            .steps
            .iter()
            .map(|step| step.observation.clone())
            .collect();
        let rewards: Vec<f64> = episode.steps.iter().map(|step| step.reward).collect();
        if n == 0 || states.iter().any(|state| state.len() != n) {
            return None;
        }
        let series = StateSeries {
            names: &names,
            states: &states,
            rewards: &rewards,
            scales: None,
        };
        let found = recurrence(&series)?;
        let shown = run::shown_loop(&found, rewards.len(), rewards.iter().sum(), None);
        Some((found, shown))
    })
}
