//! A finished run as its folder holds it.

use std::path::{Path, PathBuf};

use audit::{Bounds, Checkpoint, Series};
use mdp::Seed;
use serde_json::{Value, json};

use super::metrics::{CheckpointMetrics, Returns, read_metrics};
use super::{FINALS, FinalReturns, Timing, VERDICT, experiment_of, read_bytes, training};
use crate::Error;
use crate::experiment::Experiment;
use crate::registry::Task;

/// Everything that a run recorded, but for its recorded episodes.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Its folder.
    pub path: PathBuf,
    /// The resolved experiment.
    pub experiment: Experiment,
    /// Names of the reward's terms.
    pub component_names: Vec<String>,
    /// Its checkpoints in order of pressure.
    pub checkpoints: Vec<CheckpointMetrics>,
    /// What was evaluated at the end.
    pub finals: FinalReturns,
    /// Where the time went.
    pub timing: Timing,
    /// Threads that it ran on.
    pub n_threads: u64,
}

/// The largest `finals.json` or `verdict.json` that is read.
const MOST_BYTES: u64 = 1 << 30;

impl RunRecord {
    /// Reads the folder of a finished run.
    ///
    /// # Errors
    /// If it is no run's folder, the run is not finished, or a file is damaged.
    pub fn read(path: &Path) -> Result<RunRecord, Error> {
        let experiment = experiment_of(path)?;
        if !training::is_finished(path) {
            let problem = format!(
                "is a run that is not finished; continue it with `rewardlab run --resume {}`",
                path.display()
            );
            return Err(Error::file(path, problem));
        }
        let task = super::judged_task(&experiment, path)?;
        let task = task.map_or_else(|| experiment.task(), Ok)?;
        let component_names: Vec<String> = task
            .component_names()
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let metrics = path.join(training::metrics_file(experiment.audit.proxy));
        let checkpoints = read_metrics(&metrics, &component_names)?;
        if checkpoints.is_empty() {
            return Err(Error::file(
                metrics,
                "holds no checkpoint; run the experiment again",
            ));
        }
        let finals = read_json(&path.join(FINALS))?;
        let finals = FinalReturns::from_json(&finals, &component_names)
            .ok_or_else(|| damaged(&path.join(FINALS)))?;
        let verdict = read_json(&path.join(VERDICT))?;
        let timing = Timing::from_json(&verdict).ok_or_else(|| damaged(&path.join(VERDICT)))?;
        let last = checkpoints[checkpoints.len() - 1].pressure;
        if last != timing.n_steps {
            let problem = format!(
                "ends at {last} steps where the run ended at {}; bring the file back, or run the experiment again",
                timing.n_steps
            );
            return Err(Error::file(metrics, problem));
        }
        Ok(RunRecord {
            path: path.to_owned(),
            experiment,
            component_names,
            checkpoints,
            finals,
            timing,
            n_threads: verdict["threads"].as_u64().unwrap_or(0),
        })
    }

    /// The environment that the run is judged in.
    ///
    /// # Errors
    /// If a file of the run is damaged.
    pub fn task(&self) -> Result<Box<dyn Task>, Error> {
        let task = super::judged_task(&self.experiment, &self.path)?;
        task.map_or_else(|| self.experiment.task(), Ok)
    }

    /// The run as the audit sees it.
    pub(super) fn series(&self, task: &dyn Task) -> Series {
        let bounds = task.vectorized(1, Seed(0)).return_bounds();
        let declared =
            |pair: Option<(f64, f64)>| pair.and_then(|(low, high)| Bounds::new(low, high).ok());
        Series {
            checkpoints: self
                .checkpoints
                .iter()
                .map(|checkpoint| checkpoint_of(checkpoint.pressure as f64, &checkpoint.sampled))
                .collect(),
            reference: self
                .finals
                .reference
                .as_ref()
                .map(|(name, returns)| audit::Reference {
                    name: name.clone(),
                    checkpoint: checkpoint_of(0.0, returns),
                }),
            proxy_bounds: declared(bounds.reward),
            intent_bounds: declared(bounds.intent),
            component_names: self.component_names.clone(),
            ..Series::default()
        }
    }
}

fn checkpoint_of(pressure: f64, returns: &Returns) -> Checkpoint {
    let n_episodes = returns.n_episodes();
    Checkpoint {
        pressure,
        proxy: returns.proxy.clone(),
        intent: returns
            .intent
            .iter()
            .flatten()
            .map(|intent| Some(*intent))
            .collect(),
        components: if returns.components.is_empty() {
            vec![]
        } else {
            (0..n_episodes)
                .map(|episode| {
                    returns
                        .components
                        .iter()
                        .map(|term| term[episode])
                        .collect()
                })
                .collect()
        },
    }
}

impl FinalReturns {
    pub(super) fn to_json(&self, component_names: &[String]) -> String {
        let reference = self.reference.as_ref().map(
            |(name, returns)| json!({ "name": name, "returns": returns.to_json(component_names) }),
        );
        json!({ "greedy": self.greedy.to_json(component_names), "reference": reference })
            .to_string()
    }

    fn from_json(value: &Value, component_names: &[String]) -> Option<FinalReturns> {
        let reference = &value["reference"];
        Some(FinalReturns {
            greedy: Returns::from_json(&value["greedy"], component_names)?,
            reference: if reference.is_null() {
                None
            } else {
                let name = reference["name"].as_str()?.to_owned();
                Some((
                    name,
                    Returns::from_json(&reference["returns"], component_names)?,
                ))
            },
        })
    }
}

pub(super) fn read_json(path: &Path) -> Result<Value, Error> {
    let bytes = read_bytes(path, MOST_BYTES, "read the file")?;
    serde_json::from_slice(&bytes).map_err(|_| damaged(path))
}

fn damaged(path: &Path) -> Error {
    Error::file(path, "is damaged; run the experiment again")
}
