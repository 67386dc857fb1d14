//! The file of one episode as a table, in Arrow or in Parquet.

use std::path::Path;

use super::array::{Array, Row};
use crate::arrow::{self, Batch, Column, Kind};
use crate::fault::Fault;
use crate::native::{NestedColumn, NestedFile};
use crate::{Error, Place};

/// Columns of equally many rows, found by the names that lead to them.
pub(super) trait Table {
    /// Rows of all columns.
    fn n_rows(&self) -> u64;

    /// Whether there is such a column.
    fn has(&self, names: &[String]) -> bool;

    /// The first `n_rows` rows of a column, if they take at most `most` bytes.
    fn array(&mut self, names: &[String], n_rows: u64, most: u64) -> Result<Array, Fault>;
}

/// The only batch of an Arrow file.
struct ArrowTable {
    reader: arrow::Reader,
    batch: Batch,
}

/// Opens an Arrow file.
pub(super) fn arrow(path: &Path) -> Result<Box<dyn Table>, Error> {
    let mut reader = arrow::Reader::open(path)?;
    let batch = reader.next_batch().map_err(Fault::of(path))?;
    let more = reader.next_batch().map_err(Fault::of(path))?;
    match (batch, more) {
        (Some(batch), None) => Ok(Box::new(ArrowTable { reader, batch })),
        _ => {
            let problem = "an episode is one batch, and this file has none or several";
            Err(Error::malformed(path, Place::Whole, problem, super::MEND))
        }
    }
}

/// Opens a Parquet file.
pub(super) fn parquet(path: &Path) -> Result<Box<dyn Table>, Error> {
    Ok(Box::new(NestedFile::open(path)?))
}

impl ArrowTable {
    fn find(&self, names: &[String]) -> Result<&Column, Fault> {
        let (first, below) = names
            .split_first()
            .ok_or_else(|| Fault::damaged("a column without a name"))?;
        below
            .iter()
            .try_fold(self.batch.column(first)?, |column, name| column.child(name))
    }
}

impl Table for ArrowTable {
    fn n_rows(&self) -> u64 {
        self.batch.rows
    }

    fn has(&self, names: &[String]) -> bool {
        self.find(names).is_ok()
    }

    fn array(&mut self, names: &[String], n_rows: u64, most: u64) -> Result<Array, Fault> {
        let column = self.find(names)?.clone();
        array(&mut self.reader, &column, n_rows, most)
    }
}

impl Table for NestedFile {
    fn n_rows(&self) -> u64 {
        self.n_rows()
    }

    fn has(&self, names: &[String]) -> bool {
        self.has(names)
    }

    fn array(&mut self, names: &[String], n_rows: u64, most: u64) -> Result<Array, Fault> {
        Ok(match self.column(names, n_rows, most)? {
            NestedColumn::Numbers {
                number,
                bytes,
                width,
            } => Array::Numbers {
                number,
                bytes,
                row: Row::Length(width),
            },
            NestedColumn::Sequences(sequences) => Array::Frames(sequences),
        })
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
