//! What did a run that we did not write record?
//!
//! [`read`] takes the files of another library (Stable-Baselines3 monitor files, CSV, JSON Lines,
//! TensorBoard event files, or the step log of `docs/step-log.md`) and gives a [`Log`]: records of
//! proxy and intent in order of pressure. [`audit_log`] cuts it into windows and asks the audit.
//!
//! Files are read as a stream with bounds on every allocation; nothing in a file can make a reader
//! panic or run code. Reading files is this crate's purpose, so it alone among the libraries does
//! input; it writes nothing, asks no clock and draws no random number.

mod evidence;
mod log;
mod read;
mod sources;
mod verdict;
mod windows;

mod monitor;
mod step_log;
mod table;
mod tensorboard;

mod crc32c;
mod error;
mod json;
mod lines;
mod separated;

pub use crc32c::{crc32c, masked as masked_crc32c};
pub use error::{Error, Field, Place, Role};
pub use log::{Format, Log, MOST_RECORDS, Mapping, Record, RecordKind};
pub use read::read;
pub use step_log::{
    Recomputation, STEP_LOG_FORMAT, STEP_LOG_VERSION, StepChange, StepEnd, StepEpisode, StepHeader,
    StepLog, StepRecord, StepTransform,
};
pub use verdict::{LogOutcome, LogSettings, OTHER_WINDOWS, WINDOWS, WindowVerdict, audit_log};
