//! rewardlab: push a policy against a reward, and find out whether it serves what was meant.
//!
//! An [`Experiment`] names an environment with its reward and intent, an optimiser, a reference policy and how
//! strictly to audit. [`run`] trains, evaluates at evenly spaced pressures, judges, and leaves a folder from
//! which everything can be made again; [`resume`] takes up a run that was killed. The crates beneath
//! (`mdp`, `nn`, `envs`, `rl`, `check`, `audit`, `logs`, `report`) are the parts; this one joins them,
//! and its binary is the command line.
//!
//! ```no_run
//! use rewardlab::{Experiment, run};
//!
//! let overrides = ["optimizer.steps=2e5".to_owned()];
//! let experiment = Experiment::load("coast-runners", &overrides)?;
//! let finished = run(&experiment, "runs".as_ref(), 2, &mut |_: &rewardlab::RunEvent<'_>| {})?;
//! println!("{}", finished.outcome.verdict);
//! # Ok::<(), rewardlab::Error>(())
//! ```
//!
//! # Design
//! Experiments are data. Core types derive no serialisation: the conversion to TOML, JSON and Parquet is here,
//! at the edge, where the formats are versioned. Clocks and files are used here too, and by `logs`, and nowhere
//! beneath.

mod settings;

mod demonstrated;
mod experiment;
mod optimizer;
mod policy_file;
mod registry;

mod learned;
mod run;

pub mod mdp_file;

#[doc(hidden)]
pub mod command;

mod error;

pub use demonstrated::RewardOf;
pub use error::Error;
pub use experiment::{
    AnnotatorChoice, AnnotatorKind, AuditPlan, DemonstrationChoice, Demonstrator,
    EnvironmentChoice, Experiment, InputFile, OptimizerChoice, Place, Problem, Proxy, RewardChoice,
    RewardInference, ShippedExperiment, Values, WrittenBy, common_settings, shipped,
};
pub use optimizer::{Algorithm, Preset};
pub use registry::{
    Choose, Continued, EnvironmentEntry, JudgeEntry, Procedure, RandomPlay, RecordedEpisode,
    Tabulation, Task, entries, find, judges,
};
pub use run::{
    CheckpointMetrics, ColumnNames, EpisodeGroup, FinalReturns, FinishedRun, LabelPlace, Player,
    Resumed, Returns, RunEvent, RunFolder, RunObserver, RunRecord, Timing, audited_page,
    audited_verdict, experiment_of, judge, read_metrics, read_trajectories, read_verdict, resume,
    run, settings_of,
};
pub use settings::{Kind, MOST, Setting, Value};

/// The version that files record.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
