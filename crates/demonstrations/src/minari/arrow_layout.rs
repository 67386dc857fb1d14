//! Episodes as Arrow files: `0/part-0.arrow`, `1/part-0.arrow`, ..., each beside a `metadata.json` of its own.
//!
//! All columns of an episode of T steps have T + 1 rows; the last row of all but the observations is filled up.

use std::fs;
use std::path::{Path, PathBuf};

use mdp::End;
use serde_json::{Value, json};

use super::array::{Array, Row};
use super::metadata::{self, Metadata};
use super::{
    ACTIONS, INFOS, INTENTS, Load, OBSERVATIONS, REWARDS, STATES, SUCCESS, Save, TERMINATIONS,
    TRUNCATIONS, flags, leaf_bytes,
};
use crate::arrow::{self, Batch, Column, Kind};
use crate::fault::Fault;
use crate::gymnasium::{self, Dtype, Part, Step, Tree};
use crate::pieces;
use crate::{Episode, Error, Place};

/// The file of an episode.
const FILE: &str = "part-0.arrow";

pub(super) struct Loader {
    folder: PathBuf,
    path: PathBuf,
    open: Option<(arrow::Reader, Batch)>,
    notes: Value,
}

impl Loader {
    pub(super) fn open(folder: &Path, n_episodes: u64) -> Result<Loader, Error> {
        let beyond = folder.join(n_episodes.to_string());
        if beyond.exists() {
            let problem =
                format!("`total_episodes` is {n_episodes}, and there is an episode {n_episodes}");
            return Err(Error::malformed(
                folder,
                Place::Part(metadata::FILE.to_owned()),
                problem,
                super::MEND,
            ));
        }
        Ok(Loader {
            folder: folder.to_owned(),
            path: folder.to_owned(),
            open: None,
            notes: Value::Null,
        })
    }

    /// Reads columns of the episode's batch.
    fn read(
        &mut self,
        read: impl FnOnce(&mut arrow::Reader, &Batch) -> Result<Array, Fault>,
    ) -> Result<Array, Error> {
        let Some((reader, batch)) = &mut self.open else {
            return Err(Error::malformed(
                &self.path,
                Place::Whole,
                "no episode is open",
                super::MEND,
            ));
        };
        read(reader, batch).map_err(Fault::of(&self.path))
    }
}

/// The rows of a column as an array.
fn array(
    reader: &mut arrow::Reader,
    column: &Column,
    n_rows: u64,
    most: u64,
) -> Result<Array, Fault> {
    let (length, numbers) = match column.kind {
        Kind::Fixed { length } => {
            let places = column.places(reader.pieces(), 0, n_rows)?;
            let child = column
                .children
                .first()
                .ok_or_else(|| column.unexpected("lists of numbers"))?;
            let n = places.last().copied().unwrap_or_default();
            check(n, most)?;
            (length, child.numbers(reader.pieces(), 0, n)?)
        }
        Kind::Bytes { .. } => {
            return Ok(Array::Frames(column.sequences(
                reader.pieces(),
                0,
                n_rows,
                most,
            )?));
        }
        _ => {
            check(n_rows, most)?;
            (1, column.numbers(reader.pieces(), 0, n_rows)?)
        }
    };
    let (number, bytes) = numbers;
    Ok(Array::Numbers {
        number,
        bytes,
        row: Row::Length(length),
    })
}

fn check(n: u64, most: u64) -> Result<(), Fault> {
    match n.checked_mul(8).is_some_and(|n| n <= most) {
        true => Ok(()),
        false => Err(Fault::new(
            format!("{n} numbers, more than {most} bytes"),
            "an episode that long is not read; cut it",
        )),
    }
}

impl Load for Loader {
    fn episode(&mut self, index: u64) -> Result<u64, Error> {
        let folder = self.folder.join(index.to_string());
        self.path = folder.join(FILE);
        self.notes = notes(&folder.join(metadata::FILE))?;
        let mut reader = arrow::Reader::open(&self.path)?;
        let batch = reader.next_batch().map_err(Fault::of(&self.path))?;
        let more = reader.next_batch().map_err(Fault::of(&self.path))?;
        let (Some(batch), None) = (batch, more) else {
            let problem = "an episode is one batch, and this file has none or several";
            return Err(Error::malformed(
                &self.path,
                Place::Whole,
                problem,
                super::MEND,
            ));
        };
        let n_rows = batch.rows;
        self.open = Some((reader, batch));
        let Some(n_steps) = n_rows.checked_sub(1) else {
            return Err(Error::malformed(
                &self.path,
                Place::Whole,
                "an episode without an observation",
                super::MEND,
            ));
        };
        match self.notes["total_steps"].as_u64() {
            Some(stated) if stated != n_steps => {
                let problem = format!(
                    "`total_steps` of its metadata.json is {stated}, it has {n_steps} steps"
                );
                Err(Error::malformed(
                    &self.path,
                    Place::Whole,
                    problem,
                    super::MEND,
                ))
            }
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
        self.read(|reader, batch| {
            let mut column = batch.column(field)?;
            for step in below {
                column = match step {
                    Step::Name(name) => column.child(name)?,
                    Step::Index(index) => column.child(&index.to_string())?,
                };
            }
            array(reader, column, n_rows, most)
        })
    }

    fn info(&mut self, name: &str, n_rows: u64, most: u64) -> Result<Option<Array>, Error> {
        let has_info = |batch: &Batch| {
            Ok(batch
                .optional(INFOS)?
                .is_some_and(|infos| infos.child(name).is_ok()))
        };
        match &self.open {
            Some((_, batch)) if has_info(batch).map_err(Fault::of(&self.path))? => self
                .read(|reader, batch| {
                    array(reader, batch.column(INFOS)?.child(name)?, n_rows, most)
                })
                .map(Some),
            _ => Ok(None),
        }
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
    folder: PathBuf,
    n_episodes: u64,
    n_bytes: u64,
}

impl Saver {
    pub(super) fn create(folder: &Path) -> Saver {
        Saver {
            folder: folder.to_owned(),
            n_episodes: 0,
            n_bytes: 0,
        }
    }
}

/// The values of a space as a column of `n_rows` rows, those that lack filled up with zeros.
fn values(
    root: &Tree,
    tree: &Tree,
    parts: &mut std::vec::IntoIter<Part<'_>>,
    flat: &[f32],
    n_rows: usize,
    file: &Path,
) -> Result<arrow::Array, Error> {
    let named: Vec<(String, &Tree)> = match tree {
        Tree::Leaf(_) => {
            let part = parts.next().expect("as many parts as leaves");
            let mut bytes = leaf_bytes(flat, root, &part, file)?;
            let dtype = part.leaf.dtype.written();
            let n = part.leaf.n_values();
            bytes.resize(n_rows * n * dtype.size(), 0);
            let numbers = arrow::Array::Numbers(dtype, bytes);
            // A single choice stands alone, whatever else has extents is a list, also if it is one of one number.
            return Ok(match part.leaf.space {
                mdp::Space::Discrete { .. } => numbers,
                _ => arrow::Array::Fixed(n, Box::new(numbers)),
            });
        }
        Tree::Dict(parts) => parts
            .iter()
            .map(|(name, tree)| (name.clone(), tree))
            .collect(),
        Tree::Tuple(parts) => parts
            .iter()
            .enumerate()
            .map(|(index, tree)| (index.to_string(), tree))
            .collect(),
    };
    let mut columns = vec![];
    for (name, tree) in named {
        columns.push((name, values(root, tree, parts, flat, n_rows, file)?));
    }
    Ok(arrow::Array::Struct(n_rows, columns))
}

/// Numbers as a column of `n_rows` rows, those that lack filled up with zeros.
fn doubles(numbers: &[f64], width: usize, n_rows: usize) -> arrow::Array {
    let mut bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    bytes.resize(8 * n_rows * width, 0);
    arrow::Array::Numbers(Dtype::Float64, bytes)
}

fn columns(
    metadata: &Metadata,
    episode: &Episode,
    file: &Path,
) -> Result<Vec<(String, arrow::Array)>, Error> {
    let rewards = episode.rewards.as_deref().unwrap_or_default();
    let n_rows = rewards.len() + 1;
    let of = |tree: &Tree, flat| {
        values(
            tree,
            tree,
            &mut tree.parts().into_iter(),
            flat,
            n_rows,
            file,
        )
    };
    let ended = |meaning| {
        let mut flags = flags(episode, meaning);
        flags.push(false);
        arrow::Array::Flags(flags)
    };
    let mut columns = vec![
        (
            OBSERVATIONS,
            of(&metadata.observation, &episode.observations)?,
        ),
        (ACTIONS, of(&metadata.action, &episode.actions)?),
        (REWARDS, doubles(rewards, 1, n_rows)),
        (TERMINATIONS, ended(End::Terminated)),
        (TRUNCATIONS, ended(End::Truncated)),
    ];
    let mut infos = vec![];
    if let Some(intents) = &episode.intents {
        infos.push((INTENTS.to_owned(), doubles(intents, 1, n_rows)));
    }
    if !episode.states.is_empty() {
        let width = episode.states.len() / n_rows;
        let states = doubles(&episode.states, width, n_rows);
        infos.push((
            STATES.to_owned(),
            arrow::Array::Fixed(width, Box::new(states)),
        ));
    }
    if !infos.is_empty() {
        columns.push((INFOS, arrow::Array::Struct(n_rows, infos)));
    }
    Ok(columns
        .into_iter()
        .map(|(name, array)| (name.to_owned(), array))
        .collect())
}

impl Save for Saver {
    fn push(&mut self, metadata: &Metadata, episode: &Episode) -> Result<(), Error> {
        let folder = self.folder.join(self.n_episodes.to_string());
        fs::create_dir(&folder).map_err(Error::writing(&folder))?;
        let path = folder.join(FILE);
        let columns = columns(metadata, episode, &path)?;
        let write = || {
            let mut writer = arrow::Writer::file(&path)?;
            writer.batch(columns)?;
            writer.finish()?;
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
        self.folder.join(self.n_episodes.to_string()).join(FILE)
    }
}
