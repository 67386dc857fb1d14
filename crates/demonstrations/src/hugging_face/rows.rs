//! The rows of all files of a dataset, one after the other.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{MEND, STATE};
use crate::arrow::{self, Batch, Column, Kind};
use crate::error::shortened;
use crate::fault::Fault;
use crate::pieces::{self, Number, Pieces};
use crate::{Error, Place};

/// The largest file of JSON that is read.
const MOST_JSON: u64 = 1 << 24;

/// A small file of JSON.
pub(super) fn json(path: &Path) -> Result<Value, Error> {
    let text = pieces::text(path, MOST_JSON)?;
    serde_json::from_str(&text).map_err(|error| {
        let place = Place::Line(error.line() as u64);
        Error::malformed(path, place, format!("it is no JSON ({error})"), MEND)
    })
}

/// The Arrow files that `state.json` names, in its order.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let path = folder.join(STATE);
    let state = json(&path)?;
    let malformed = |problem: &str, mend| Error::malformed(&path, Place::Whole, problem, mend);
    if state["_indices_files"]
        .as_array()
        .is_some_and(|files| !files.is_empty())
    {
        let mend = "call `flatten_indices` before saving";
        return Err(malformed(
            "its rows are picked by other files, `_indices_files`, which is not read",
            mend,
        ));
    }
    let files = state["_data_files"]
        .as_array()
        .ok_or_else(|| malformed("there is no list `_data_files`", MEND))?;
    let name = |file: &Value| {
        let name = file["filename"].as_str().unwrap_or_default();
        // A name that leads out of the folder is no name of a file in it.
        let is_plain = Path::new(name)
            .file_name()
            .is_some_and(|plain| plain == name);
        match is_plain {
            true => Ok(folder.join(name)),
            false => {
                let problem = format!(
                    "`_data_files` names {}, which is no file beside it",
                    shortened(&file.to_string())
                );
                Err(malformed(&problem, MEND))
            }
        }
    };
    files.iter().map(name).collect()
}

/// Goes through the rows of Arrow files.
#[derive(Debug)]
pub(super) struct Rows {
    files: Vec<PathBuf>,
    /// The file that is read, counted from 1; 0 before the first.
    n_opened: usize,
    open: Option<(arrow::Reader, Option<Batch>)>,
    /// Rows of the batch that were given.
    n_given: u64,
}

/// A row of a batch.
pub(super) struct RowOf<'r> {
    /// The file.
    pub(super) path: &'r Path,
    batch: &'r Batch,
    pieces: &'r mut Pieces,
    row: u64,
}

/// What a column holds in one row: nested lists whose extents agree.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nested {
    /// Extents, the first over time; those that follow a 0 are not known.
    pub(super) shape: Vec<u64>,
    pub(super) number: Number,
    pub(super) bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn new(files: Vec<PathBuf>) -> Rows {
        Rows {
            files,
            n_opened: 0,
            open: None,
            n_given: 0,
        }
    }

    /// The next row, until there are none.
    pub(super) fn next_row(&mut self) -> Result<Option<RowOf<'_>>, Error> {
        loop {
            let has_rows = |open: &(arrow::Reader, Option<Batch>)| {
                open.1
                    .as_ref()
                    .is_some_and(|batch| self.n_given < batch.rows)
            };
            if self.open.as_ref().is_some_and(has_rows) {
                break;
            }
            if !self.advance()? {
                return Ok(None);
            }
        }
        let row = self.n_given;
        self.n_given += 1;
        let path = &self.files[self.n_opened - 1];
        Ok(self.open.as_mut().and_then(|(reader, batch)| {
            Some(RowOf {
                path,
                batch: batch.as_ref()?,
                pieces: reader.pieces(),
                row,
            })
        }))
    }

    /// Goes to the next batch, or to the next file; false where there is none.
    fn advance(&mut self) -> Result<bool, Error> {
        self.n_given = 0;
        if let Some((reader, batch)) = &mut self.open {
            let path = &self.files[self.n_opened - 1];
            *batch = reader.next_batch().map_err(Fault::of(path))?;
            if batch.is_some() {
                return Ok(true);
            }
        }
        let Some(path) = self.files.get(self.n_opened) else {
            return Ok(false);
        };
        self.n_opened += 1;
        self.open = Some((arrow::Reader::open(path)?, None));
        Ok(true)
    }
}

impl RowOf<'_> {
    /// Whether there is such a column.
    pub(super) fn has(&self, name: &str) -> Result<bool, Error> {
        Ok(self
            .batch
            .optional(name)
            .map_err(Fault::of(self.path))?
            .is_some())
    }

    /// The numbers of a column, if they take at most `most` bytes.
    pub(super) fn nested(&mut self, name: &str, most: u64) -> Result<Nested, Error> {
        let column = self.batch.column(name);
        column
            .and_then(|column| nested(column, self.pieces, self.row, most))
            .map_err(|fault| Fault::of(self.path)(fault.within(format!("column `{name}`"))))
    }

    /// The flag of a column.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Error> {
        let column = self.batch.column(name);
        let numbers = column.and_then(|column| column.numbers(self.pieces, self.row, 1));
        let (number, bytes) = numbers.map_err(Fault::of(self.path))?;
        Ok(number
            .decode(&bytes)
            .first()
            .is_some_and(|flag| *flag != 0.0))
    }

    /// The texts of a column.
    pub(super) fn texts(&mut self, name: &str, most: u64) -> Result<Vec<Vec<u8>>, Error> {
        let read = |column: &Column| {
            let places = column.places(self.pieces, self.row, 1)?;
            let texts = column
                .children
                .first()
                .ok_or_else(|| column.unexpected("lists of texts"))?;
            texts.sequences(self.pieces, places[0], places[1] - places[0], most)
        };
        self.batch
            .column(name)
            .and_then(read)
            .map_err(Fault::of(self.path))
    }
}

fn nested(column: &Column, pieces: &mut Pieces, row: u64, most: u64) -> Result<Nested, Fault> {
    let mut shape = vec![];
    let (mut column, mut start, mut n) = (column, row, 1);
    while matches!(column.kind, Kind::List { .. } | Kind::Fixed { .. }) {
        if most / 8 < n {
            return Err(Fault::new(
                format!("{n} lists, more than {most} bytes hold"),
                "cut the trajectory",
            ));
        }
        let places = column.places(pieces, start, n)?;
        let extent = places.get(1).map_or(0, |end| end - places[0]);
        if let Some(index) = places
            .windows(2)
            .position(|pair| pair[1] - pair[0] != extent)
        {
            let problem = format!(
                "list {index} has {} elements, the first one {extent}",
                places[index + 1] - places[index]
            );
            return Err(Fault::new(
                problem,
                "all observations of a trajectory have one shape, and so have its actions",
            ));
        }
        shape.push(extent);
        (start, n) = (places[0], n * extent);
        column = column
            .children
            .first()
            .ok_or_else(|| column.unexpected("lists of numbers"))?;
    }
    if most / 8 < n {
        return Err(Fault::new(
            format!("{n} numbers, more than {most} bytes hold"),
            "cut the trajectory",
        ));
    }
    let (number, bytes) = column.numbers(pieces, start, n)?;
    Ok(Nested {
        shape,
        number,
        bytes,
    })
}
