//! Runs: train, evaluate, audit, and leave a folder from which everything can be made again.

mod annotators;
mod channel;
mod evaluate;
mod evidence;
mod folder;
mod inputs;
mod metrics;
mod page;
mod record;
mod state;
mod tape;
mod tensorboard;
mod training;
mod trajectories;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nn::Pool;
use rl::{Iteration, Profile, Waiting};
use serde_json::Value;

pub use annotators::LabelPlace;
pub(crate) use evidence::evidence_of;
pub use evidence::settings_of;
pub use folder::RunFolder;
pub use metrics::{CheckpointMetrics, Returns, read_metrics};
pub use page::{audited_page, audited_verdict};
pub(crate) use page::{loophole, set_share, shown_loop};
pub use record::RunRecord;
pub use trajectories::{ColumnNames, EpisodeGroup, Player, read_trajectories};

pub(crate) use folder::read_bytes;
pub(crate) use training::FINAL_POLICY;

use crate::Error;
use crate::experiment::{Experiment, Proxy};
use annotators::Desk;
use inputs::Inputs;

/// The file with what was found, in the run's folder: the last one that a run writes.
pub(crate) const VERDICT: &str = "verdict.json";
/// The file with the final policy's greedy episodes and the reference's.
pub(crate) const FINALS: &str = "finals.json";
/// The file to be looked at.
pub(crate) const REPORT: &str = "report.html";

/// Something that happens in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunEvent<'e> {
    /// Training begins, or goes on where it was left.
    Begun {
        /// The run's folder.
        folder: &'e Path,
        /// Environment steps in all.
        steps: u64,
        /// Those that are done.
        n_steps: u64,
        /// Checkpoints that are there.
        checkpoints: &'e [CheckpointMetrics],
    },
    /// People are asked, and answer here. It comes before training begins.
    Asking(&'e LabelPlace),
    /// Training waits for people.
    Waiting(Waiting),
    /// A round of training is done.
    Iteration(&'e Iteration),
    /// A policy was evaluated and kept.
    Checkpoint(&'e CheckpointMetrics),
    /// Training is done; the final policy and the reference are being evaluated.
    Evaluating,
    /// The run is being judged.
    Auditing,
}

/// Whoever wants to know how a run goes.
pub trait RunObserver {
    /// Called after each event, on the thread that trains.
    fn on_event(&mut self, event: &RunEvent<'_>);
}

impl<F: FnMut(&RunEvent<'_>)> RunObserver for F {
    fn on_event(&mut self, event: &RunEvent<'_>) {
        self(event);
    }
}

/// Where the time of a run went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// Environment steps of training.
    pub n_steps: u64,
    /// Seconds in the training loop, evaluation left out.
    pub training_seconds: f64,
    /// Seconds in which policies were evaluated.
    pub evaluation_seconds: f64,
    /// Parts of the training loop.
    pub profile: Profile,
}

impl Timing {
    /// Environment steps a second of the training loop.
    #[must_use]
    pub fn steps_per_second(&self) -> f64 {
        self.n_steps as f64 / self.training_seconds.max(f64::MIN_POSITIVE)
    }

    fn from_json(value: &Value) -> Option<Timing> {
        Some(Timing {
            n_steps: value["n_steps"].as_u64()?,
            training_seconds: value["training_seconds"].as_f64()?,
            evaluation_seconds: value["evaluation_seconds"].as_f64()?,
            profile: Profile {
                collect: value["profile"]["collect"].as_f64()?,
                update: value["profile"]["update"].as_f64()?,
            },
        })
    }
}

/// What is evaluated once training is over.
#[derive(Clone, Debug, PartialEq)]
pub struct FinalReturns {
    /// The final policy, most probable actions.
    pub greedy: Returns,
    /// The reference policy by name, where the experiment has one.
    pub reference: Option<(String, Returns)>,
}

/// A run that is done.
#[derive(Debug)]
pub struct FinishedRun {
    /// Its folder.
    pub path: PathBuf,
    /// Everything that it recorded.
    pub record: RunRecord,
    /// What was found.
    pub outcome: audit::Outcome,
    /// The loop in which the late policy goes round, where it does.
    pub recurrence: Option<audit::Recurrence>,
    /// What is shown of it.
    pub page: report::Page,
}

/// Makes a new folder under `root` and runs an experiment in it, on `n_threads` threads. The numbers do not
/// depend on how many they are.
///
/// # Errors
/// If the experiment cannot be run, in which case no folder is left; if training diverges or the operating
/// system refuses, in which case what was recorded stays, and the run can be resumed.
pub fn run(
    experiment: &Experiment,
    root: &Path,
    n_threads: usize,
    observer: &mut dyn RunObserver,
) -> Result<FinishedRun, Error> {
    let inputs = Inputs::of(experiment)?;
    let pool = Arc::new(Pool::new(n_threads));
    // Whatever is wrong with the settings shows here, before anything is written.
    let desk = Desk::of(experiment)?;
    let training = training::training_of(experiment, &inputs, desk.as_ref(), &pool)?;
    let experiment = &inputs.relocated(experiment);
    let folder = RunFolder::create(root, experiment, |folder| inputs.write(folder))?;
    let place = Place {
        experiment,
        task: inputs.task.as_ref(),
        folder: &folder,
        desk: desk.as_deref(),
        n_threads,
    };
    place.finish(training, pool, observer)
}

/// What [`resume`] found.
#[derive(Debug)]
pub enum Resumed {
    /// The run was finished already; nothing was done.
    WasFinished(PathBuf),
    /// The run went on to its end.
    Finished(Box<FinishedRun>),
}

/// Continues a run that was killed, to the end that it would have had.
///
/// # Errors
/// If the folder is no run, is damaged, or is held by another process.
pub fn resume(
    path: &Path,
    n_threads: usize,
    observer: &mut dyn RunObserver,
) -> Result<Resumed, Error> {
    let folder = RunFolder::open(path)?;
    if training::is_finished(path) {
        return Ok(Resumed::WasFinished(path.to_owned()));
    }
    let experiment = experiment_of(path)?;
    let inputs = Inputs::of(&experiment)?;
    let pool = Arc::new(Pool::new(n_threads));
    let desk = Desk::of(&experiment)?;
    let training = training::training_of(&experiment, &inputs, desk.as_ref(), &pool)?;
    let place = Place {
        experiment: &experiment,
        task: inputs.task.as_ref(),
        folder: &folder,
        desk: desk.as_deref(),
        n_threads,
    };
    let finished = place.finish(training, pool, observer)?;
    Ok(Resumed::Finished(Box::new(finished)))
}

/// The resolved experiment of a run.
///
/// # Errors
/// If the folder is no run, or its experiment was changed to something that cannot be run.
pub fn experiment_of(path: &Path) -> Result<Experiment, Error> {
    let file = path.join("experiment.toml");
    if !file.is_file() {
        return Err(folder::not_a_run(path));
    }
    Experiment::load(&file.to_string_lossy(), &[])
}

/// Where a run takes place.
struct Place<'r> {
    experiment: &'r Experiment,
    task: &'r dyn crate::registry::Task,
    folder: &'r RunFolder,
    desk: Option<&'r Desk>,
    n_threads: usize,
}

impl Place<'_> {
    fn finish(
        &self,
        training: crate::optimizer::Training,
        pool: Arc<Pool>,
        observer: &mut dyn RunObserver,
    ) -> Result<FinishedRun, Error> {
        let Place {
            experiment,
            task,
            folder,
            desk,
            ..
        } = *self;
        if let Some(desk) = desk {
            desk.open(folder.path())?;
            if let Some(place) = desk.label_place() {
                observer.on_event(&RunEvent::Asking(&place));
            }
        }
        let run = training::Run::begin(experiment, task, folder, desk, training, pool)?;
        let trained = run.finish(observer)?;
        observer.on_event(&RunEvent::Auditing);
        let judged = judged_task(experiment, folder.path())?;
        let task = judged.as_deref().unwrap_or(task);
        let record = RunRecord {
            path: folder.path().to_owned(),
            experiment: experiment.clone(),
            component_names: task
                .component_names()
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
            checkpoints: trained.checkpoints,
            finals: trained.finals,
            timing: trained.timing,
            n_threads: self.n_threads as u64,
        };
        let finished = judge(record, task, &settings_of(experiment), None)?;
        folder.write(REPORT, report::page(&finished.page).as_bytes())?;
        folder.write(VERDICT, finished.to_json().to_string().as_bytes())?;
        folder.remove(state::FILE);
        Ok(finished)
    }
}

/// The environment as a finished run is judged in it, where that is another than it was trained in: paid by the reward
/// that was learned beside the policy, where that is the proxy.
fn judged_task(
    experiment: &Experiment,
    folder: &Path,
) -> Result<Option<Box<dyn crate::registry::Task>>, Error> {
    match experiment.audit.proxy {
        Proxy::Environment => Ok(None),
        Proxy::Learned => {
            let file = folder.join(training::LEARNED_REWARD);
            crate::learned::paid_by(experiment.task()?, &file).map(Some)
        }
    }
}

/// Judges a run by what it recorded.
///
/// # Errors
/// If a file of the run is damaged, or the audit's settings are out of range.
pub fn judge(
    record: RunRecord,
    task: &dyn crate::registry::Task,
    settings: &audit::Settings,
    command: Option<&str>,
) -> Result<FinishedRun, Error> {
    let path = record.path.join(training::TRAJECTORIES);
    let (names, groups) = read_trajectories(&path)?;
    let mut series = record.series(task);
    series.channel = channel::channel_of(&record.checkpoints, &groups, task.reward_functions());
    let seed = mdp::Seed(record.experiment.seed).child("audit", 0);
    let outcome = audit::audit(&series, settings, seed)?;
    let page::RunPage {
        mut page,
        recurrence,
    } = page::of_run(&record, task, &outcome, &names, &groups, command)?;
    page::set_share(&mut page, settings);
    Ok(FinishedRun {
        path: record.path.clone(),
        record,
        outcome,
        recurrence,
        page,
    })
}

/// What a finished run found, as it stands in `verdict.json`.
///
/// # Errors
/// If the run is not finished or the file is damaged.
pub fn read_verdict(path: &Path) -> Result<Value, Error> {
    record::read_json(&path.join(VERDICT))
}

/// Whether a report may be written to this place.
///
/// # Errors
/// If it does not end in `.html`, and may be a file that a report would overwrite.
pub(crate) fn check_report_place(path: &Path) -> Result<(), Error> {
    let is_html = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
    if !is_html {
        return Err(Error::file(
            path,
            "is no place for a report, which would overwrite it; name a path that ends in .html",
        ));
    }
    Ok(())
}

/// Writes a report to any place, whole or not at all.
///
/// # Errors
/// As [`check_report_place`]; if the operating system refuses.
pub(crate) fn write_report(path: &Path, html: &str) -> Result<(), Error> {
    check_report_place(path)?;
    folder::write_file(path, html.as_bytes())
}
