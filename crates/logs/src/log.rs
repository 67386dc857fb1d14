//! What every format is read into: records in order of pressure.

use std::path::{Path, PathBuf};

use crate::error::{Error, Place};
use crate::step_log::StepLog;

/// Which columns, keys or tags hold what. Names that are left out fall back on the format's own:
/// `r`, `l`, `t`, `intent` in monitor files, `proxy`, `intent`, `pressure` elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The return that was optimised.
    pub proxy: Option<String>,
    /// The return that was meant.
    pub intent: Option<String>,
    /// A number that never falls, in environment steps where possible.
    pub pressure: Option<String>,
    /// The length of an episode; its running sum is the pressure.
    pub length: Option<String>,
}

/// The formats that are told apart by their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `monitor.csv` of Stable-Baselines3: `#{json}`, then `r,l,t` and more columns.
    Monitor,
    /// Comma-, semicolon- or tab-separated values with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// A TensorBoard event file.
    TensorBoard,
    /// The step log of `docs/step-log.md`.
    StepLog,
}

impl Format {
    /// The format's name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monitor => "a Stable-Baselines3 monitor file",
            Self::Csv => "a CSV file",
            Self::JsonLines => "a JSON Lines file",
            Self::TensorBoard => "a TensorBoard event file",
            Self::StepLog => "a step log",
        }
    }
}

/// What one record stands for, hence what its spread says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// One episode; records spread as returns do.
    Episode,
    /// A mean over episodes that the log does not hold. Its spread is not that of returns, and
    /// successive means may share episodes.
    Mean,
}

/// One row of a log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Pressure spent when the record was written.
    pub pressure: f64,
    /// The return that was optimised.
    pub proxy: f64,
    /// The return that was meant. Either every record of a log has it or none.
    pub intent: Option<f64>,
}

/// The most records that are kept; a log with more is refused.
pub const MOST_RECORDS: usize = 4_000_000;

/// What a run recorded: at least one record, all finite, in order of pressure.
#[derive(Debug, Clone)]
pub struct Log {
    pub(crate) format: Format,
    pub(crate) kind: RecordKind,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) environment: Option<String>,
    pub(crate) proxy_name: String,
    pub(crate) intent_name: Option<String>,
    pub(crate) pressure_name: String,
    pub(crate) pressure_start: f64,
    pub(crate) records: Vec<Record>,
    pub(crate) notes: Vec<String>,
    pub(crate) step_log: Option<StepLog>,
}

impl Log {
    /// The format it was read from.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a record is an episode or a mean.
    pub fn kind(&self) -> RecordKind {
        self.kind
    }

    /// The files that were read, in reading order.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The environment's identity, where the log states it.
    pub fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// The column, key or tag that the proxy was read from.
    pub fn proxy_name(&self) -> &str {
        &self.proxy_name
    }

    /// The column, key or tag that the intent was read from, if there is one.
    pub fn intent_name(&self) -> Option<&str> {
        self.intent_name.as_deref()
    }

    /// What the pressure counts and where it was read from.
    pub fn pressure_name(&self) -> &str {
        &self.pressure_name
    }

    /// Pressure before the first record: 0 where lengths are summed, otherwise the first record's.
    pub fn pressure_start(&self) -> f64 {
        self.pressure_start
    }

    /// All records in order of pressure; never empty.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Whether the records carry intent.
    pub fn has_intent(&self) -> bool {
        self.intent_name.is_some()
    }

    /// What a reader should know: rows left out, assumptions made.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The steps, where the log is a step log.
    pub fn step_log(&self) -> Option<&StepLog> {
        self.step_log.as_ref()
    }
}

/// The error for a log of more than [`MOST_RECORDS`] records.
pub(crate) fn too_many(path: &Path, place: Place) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        place,
        problem: format!("the log has more than {MOST_RECORDS} records"),
        mend: "thin it, or audit a part of the run".to_owned(),
    }
}

/// Leaves out the records without intent where some have it, and says how many.
pub(crate) fn keep_with_intent(records: &mut Vec<Record>, notes: &mut Vec<String>) {
    let all = records.len();
    let carrying = records.iter().filter(|row| row.intent.is_some()).count();
    if carrying > 0 && carrying < all {
        records.retain(|row| row.intent.is_some());
        notes.push(format!(
            "{carrying} of {all} records carry both proxy and intent, and the others are left \
             out; this is sound if a schedule, and not the result, chose which carry it."
        ));
    }
}

/// Whether a field of this name holds means over episodes.
pub(crate) fn names_a_mean(name: &str) -> bool {
    let name = name.to_lowercase();
    ["mean", "average", "avg"]
        .iter()
        .any(|word| name.contains(word))
}
