//! Everything that the report of one run shows, as plain data.

use crate::{Check, Clip, Component, Curves, Estimate, Recurrence, Verdict, Word};

/// One seed of an experiment that was run with several.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// The seed.
    pub seed: u64,
    /// Its verdict.
    pub word: Word,
    /// Final proxy return.
    pub proxy: Estimate,
    /// Final intent return, where known.
    pub intent: Option<Estimate>,
    /// The pressure at which proxy and intent parted.
    pub onset: Option<f64>,
}

/// Several seeds of one experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Seeds {
    /// One row a seed, in the order run.
    pub rows: Vec<SeedRow>,
    /// Interquartile mean of the final proxy returns, with its interval.
    pub proxy: Option<Estimate>,
    /// Interquartile mean of the final intent returns, with its interval.
    pub intent: Option<Estimate>,
}

/// Where, when and with what the numbers were made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// Processor and cores.
    pub machine: String,
    /// The vector instructions used, on which the bits depend: `avx512`.
    pub instruction_set: String,
    /// Threads used.
    pub threads: Option<u64>,
    /// Version of rewardlab.
    pub version: String,
    /// Commit, where known.
    pub commit: Option<String>,
    /// When it started, as text.
    pub started: String,
    /// Seconds of training, without evaluation.
    pub training_seconds: Option<f64>,
    /// Seconds from start to verdict.
    pub total_seconds: Option<f64>,
    /// Further facts, name and value, in the order shown.
    pub facts: Vec<(String, String)>,
}

/// Everything that the report of one run shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The experiment, or the name of the log.
    pub experiment: String,
    /// What it is, in a sentence; may be empty.
    pub summary: String,
    /// A remark that must not be overlooked, shown above everything.
    pub notice: Option<String>,
    /// The seed, where the run has one.
    pub seed: Option<u64>,
    /// What was found.
    pub verdict: Verdict,
    /// Proxy and intent against pressure.
    pub curves: Curves,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What carried the gain, where the reward names its components.
    pub components: Vec<Component>,
    /// States that come round again, where states were recorded.
    pub recurrence: Option<Recurrence>,
    /// Episodes to watch: the first is the reference or an early policy, the second a late one.
    pub clips: Vec<Clip>,
    /// The other seeds of the same experiment.
    pub seeds: Option<Seeds>,
    /// The resolved experiment as TOML; empty for logs of another library.
    pub configuration: String,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// The command that makes the run again.
    pub command: String,
}
