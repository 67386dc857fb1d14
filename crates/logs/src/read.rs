//! Paths in, a log out.

use std::path::PathBuf;

use crate::error::Error;
use crate::log::{Format, Log, Mapping};
use crate::monitor::MonitorReader;
use crate::sources::{find, open, whole};
use crate::step_log::read_step_log;
use crate::table::TableReader;
use crate::tensorboard::TensorBoardReader;

/// Reads the files, or the folders that hold them, of one run.
///
/// The format is told by the content. Several files make one run: parallel monitor files are merged
/// in order of time, tables in order of pressure, event files in the order of their names.
///
/// # Errors
///
/// The first problem met, with the file, the place and the mend; see [`Error`].
pub fn read(paths: &[PathBuf], mapping: &Mapping) -> Result<Log, Error> {
    if paths.is_empty() {
        return Err(Error::NoPath);
    }
    let sources = find(paths)?;
    let mut log = match sources.format {
        Format::Monitor => {
            let mut reader = MonitorReader::new(mapping);
            for file in &sources.files {
                reader.read(file, open(file)?)?;
            }
            reader.finish()?
        }
        Format::Csv => {
            let mut reader = TableReader::new(mapping, Format::Csv);
            for file in &sources.files {
                reader.read_csv(file, open(file)?)?;
            }
            reader.finish()?
        }
        Format::JsonLines => {
            let mut reader = TableReader::new(mapping, Format::JsonLines);
            for file in &sources.files {
                reader.read_json(file, open(file)?)?;
            }
            reader.finish()?
        }
        Format::TensorBoard => {
            let mut reader = TensorBoardReader::new(mapping);
            for file in &sources.files {
                reader.read(file, open(file)?)?;
            }
            reader.finish()?
        }
        Format::StepLog => match &sources.files[..] {
            [file] => read_step_log(file, open(file)?, mapping)?,
            files => {
                return Err(whole(
                    &files[1],
                    "a run has one step log, and this is a second one",
                    "audit one at a time",
                ));
            }
        },
    };
    log.notes.splice(0..0, sources.notes);
    Ok(log)
}
