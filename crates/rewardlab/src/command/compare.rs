//! `rewardlab compare`: several runs side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use ::report::{ComparedRun, Comparison, Difference};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::output::{self, shell_path};
use crate::run::{self, FinishedRun, RunRecord};

/// Compare runs: their verdicts, their returns, and the settings in which they differ
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab compare runs/coast-runners/20261124T065046Z-0 runs/coast-runners-honest/20261124T065312Z-0
  rewardlab compare runs/coast-runners/* --report comparison.html")]
pub(super) struct Compare {
    /// Folders of finished runs
    #[arg(required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// Write the comparison to an HTML file, too
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let mut all = vec![];
        for path in &self.runs {
            let record = RunRecord::read(path)?;
            let task = record.task()?;
            let settings = run::settings_of(&record.experiment);
            all.push(run::judge(record, task.as_ref(), &settings, None)?);
        }
        let comparison = self.comparison(&all)?;
        if let Some(path) = &self.report {
            run::write_report(path, &::report::compare_page(&comparison))?;
        }
        if self.json {
            return output::object(out, &object(&all, &comparison));
        }
        write!(
            out,
            "{}",
            ::report::terminal::compare(&comparison, &output::style())
        )?;
        Ok(0)
    }

    fn comparison(&self, all: &[FinishedRun]) -> Result<Comparison> {
        let paths: Vec<String> = self.runs.iter().map(|path| shell_path(path)).collect();
        Ok(Comparison {
            title: "Runs compared".to_owned(),
            runs: names(all)
                .into_iter()
                .zip(all)
                .map(|(name, finished)| ComparedRun {
                    name,
                    word: finished.page.verdict.word,
                    curves: finished.page.curves.clone(),
                    onset: finished.outcome.onset.map(|onset| onset.pressure),
                    training_seconds: Some(finished.record.timing.training_seconds),
                })
                .collect(),
            differences: differences(all)?,
            command: format!("rewardlab compare {}", paths.join(" ")),
        })
    }
}

/// Experiment and seed where that tells the runs apart, otherwise their folders.
fn names(all: &[FinishedRun]) -> Vec<String> {
    let short = |finished: &FinishedRun| {
        let experiment = &finished.record.experiment;
        format!("{}, seed {}", experiment.name, experiment.seed)
    };
    let distinct: BTreeSet<String> = all.iter().map(short).collect();
    let is_distinct = distinct.len() == all.len();
    let long = |finished: &FinishedRun| finished.path.display().to_string();
    all.iter()
        .map(|finished| {
            if is_distinct {
                short(finished)
            } else {
                long(finished)
            }
        })
        .collect()
}

/// Settings in which the resolved experiments differ, by dotted key.
fn differences(all: &[FinishedRun]) -> Result<Vec<Difference>> {
    let mut flat = vec![];
    for finished in all {
        let toml = finished.record.experiment.to_toml("", "");
        let document: toml_edit::DocumentMut = toml.parse()?;
        let mut values = BTreeMap::new();
        for (section, item) in document.iter() {
            match item.as_table() {
                Some(table) => values.extend(table.iter().map(|(key, item)| {
                    (
                        format!("{section}.{key}"),
                        item.to_string().trim().to_owned(),
                    )
                })),
                None => _ = values.insert(section.to_owned(), item.to_string().trim().to_owned()),
            }
        }
        flat.push(values);
    }
    let keys: BTreeSet<&String> = flat.iter().flat_map(BTreeMap::keys).collect();
    let difference = |key: &String| Difference {
        key: key.clone(),
        values: flat.iter().map(|values| values.get(key).cloned()).collect(),
    };
    Ok(keys
        .into_iter()
        .filter(|key| *key != "description" && *key != "run.experiment")
        .map(difference)
        .filter(|difference| {
            difference
                .values
                .iter()
                .any(|value| *value != difference.values[0])
        })
        .collect())
}

fn object(all: &[FinishedRun], comparison: &Comparison) -> Value {
    let runs: Vec<Value> = all
        .iter()
        .zip(&comparison.runs)
        .map(|(finished, compared)| {
            let last = finished
                .record
                .checkpoints
                .last()
                .expect("a run has a checkpoint");
            json!({
                "name": compared.name,
                "run": finished.path.display().to_string(),
                "verdict": finished.outcome.verdict.word(),
                "proxy": last.sampled.proxy_mean(),
                "intent": last.sampled.intent_mean(),
                "greedy_return": finished.record.finals.greedy.proxy_mean(),
                "onset": compared.onset,
                "training_seconds": compared.training_seconds,
            })
        })
        .collect();
    let differences: Vec<Value> = comparison
        .differences
        .iter()
        .map(|difference| json!({ "key": difference.key, "values": difference.values }))
        .collect();
    json!({ "runs": runs, "differences": differences })
}
