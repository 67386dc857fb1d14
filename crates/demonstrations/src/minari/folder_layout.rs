//! Episodes in a folder each: `0/part-0.arrow` or `0/part-0.parquet`, beside a `metadata.json` of its own.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::array::Array;
use super::columns::columns;
use super::metadata::{self, Metadata};
use super::table::{self, Table};
use super::{INFOS, Layout, Load, SUCCESS, Save};
use crate::fault::Fault;
use crate::gymnasium::{self, Step};
use crate::{Episode, Error, Place, arrow, native, pieces};

/// The file of an episode.
fn file(layout: Layout) -> &'static str {
    match layout {
        Layout::Parquet => "part-0.parquet",
        Layout::Arrow | Layout::Hdf5 => "part-0.arrow",
    }
}

pub(super) struct Loader {
    layout: Layout,
    folder: PathBuf,
    path: PathBuf,
    table: Option<Box<dyn Table>>,
    notes: Value,
}

impl Loader {
    pub(super) fn open(folder: &Path, layout: Layout, n_episodes: u64) -> Result<Loader, Error> {
        if folder.join(n_episodes.to_string()).exists() {
            let problem =
                format!("`total_episodes` is {n_episodes}, and there is an episode {n_episodes}");
            let place = Place::Part(metadata::FILE.to_owned());
            return Err(Error::malformed(folder, place, problem, super::MEND));
        }
        let (folder, path) = (folder.to_owned(), folder.to_owned());
        Ok(Loader {
            layout,
            folder,
            path,
            table: None,
            notes: Value::Null,
        })
    }

    fn malformed(&self, problem: impl std::fmt::Display) -> Error {
        Error::malformed(&self.path, Place::Whole, problem, super::MEND)
    }
}

impl Load for Loader {
    fn episode(&mut self, index: u64) -> Result<u64, Error> {
        let folder = self.folder.join(index.to_string());
        self.path = folder.join(file(self.layout));
        self.notes = notes(&folder.join(metadata::FILE))?;
        let table = match self.layout {
            Layout::Parquet => table::parquet(&self.path)?,
            Layout::Arrow | Layout::Hdf5 => table::arrow(&self.path)?,
        };
        let n_steps = table.n_rows().checked_sub(1);
        let n_steps = n_steps.ok_or_else(|| self.malformed("an episode without an observation"))?;
        self.table = Some(table);
        match self.notes["total_steps"].as_u64() {
            Some(stated) if stated != n_steps => Err(self.malformed(format!(
                "`total_steps` of its metadata.json is {stated}, it has {n_steps} steps"
            ))),
            _ => Ok(n_steps),
        }
    }

    fn array(
        &mut self,
        field: &str,
        below: &[Step<'_>],
        n_rows: u64,
        most: u64,
    ) -> Result<Array, Error> {
        let below = below.iter().map(|step| match step {
            Step::Name(name) => (*name).to_owned(),
            Step::Index(index) => index.to_string(),
        });
        let names: Vec<String> = std::iter::once(field.to_owned()).chain(below).collect();
        match &mut self.table {
            Some(table) => table
                .array(&names, n_rows, most)
                .map_err(Fault::of(&self.path)),
            None => Err(self.malformed("no episode is open")),
        }
    }

    fn info(&mut self, name: &str, n_rows: u64, most: u64) -> Result<Option<Array>, Error> {
        let names = [INFOS.to_owned(), name.to_owned()];
        let table = self.table.as_mut().filter(|table| table.has(&names));
        table
            .map(|table| table.array(&names, n_rows, most))
            .transpose()
            .map_err(Fault::of(&self.path))
    }

    fn note(&mut self, name: &str) -> Result<Option<f64>, Error> {
        Ok(self.notes[name].as_f64())
    }

    fn file(&self) -> &Path {
        &self.path
    }
}

/// What is said of an episode as a whole.
fn notes(path: &Path) -> Result<Value, Error> {
    let text = pieces::text(path, metadata::MOST_BYTES)?;
    gymnasium::parse(&text).map_err(|error| {
        let place = Place::Line(error.line() as u64);
        Error::malformed(path, place, format!("it is no JSON ({error})"), super::MEND)
    })
}

pub(super) struct Saver {
    layout: Layout,
    folder: PathBuf,
    n_episodes: u64,
    n_bytes: u64,
}

impl Saver {
    pub(super) fn create(folder: &Path, layout: Layout) -> Saver {
        Saver {
            layout,
            folder: folder.to_owned(),
            n_episodes: 0,
            n_bytes: 0,
        }
    }
}

impl Save for Saver {
    fn push(&mut self, metadata: &Metadata, episode: &Episode) -> Result<(), Error> {
        let folder = self.folder.join(self.n_episodes.to_string());
        fs::create_dir(&folder).map_err(Error::writing(&folder))?;
        let path = folder.join(file(self.layout));
        let columns = columns(metadata, episode, &path)?;
        let write = || {
            match self.layout {
                Layout::Parquet => native::write_nested(&path, &columns)?,
                Layout::Arrow | Layout::Hdf5 => {
                    let mut writer = arrow::Writer::file(&path)?;
                    writer.batch(columns)?;
                    writer.finish()?;
                }
            }
            fs::metadata(&path).map(|metadata| metadata.len())
        };
        self.n_bytes += write().map_err(Error::writing(&path))?;
        let n_steps = episode.rewards.as_ref().map_or(0, Vec::len);
        let mut notes = json!({ "id": self.n_episodes, "total_steps": n_steps });
        if let Some(success) = episode.success {
            notes[SUCCESS] = json!(i32::from(success));
        }
        let path = folder.join(metadata::FILE);
        fs::write(&path, notes.to_string()).map_err(Error::writing(&path))?;
        self.n_episodes += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<u64, Error> {
        Ok(self.n_bytes)
    }

    fn file(&self) -> PathBuf {
        self.folder
            .join(self.n_episodes.to_string())
            .join(file(self.layout))
    }
}
