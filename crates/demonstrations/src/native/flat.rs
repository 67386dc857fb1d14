//! Rows of any flat Parquet file, with the care that files of episodes are read with.

use std::path::{Path, PathBuf};

use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::ParquetMetaData;

use super::pages::{Pages, Source};
use super::read::{AGAIN, open_flat};
use super::stream::Stream;
use crate::error::shortened;
use crate::{Error, Place};

/// Rows that are taken apart at once.
const BATCH: usize = 64;

/// What stands in one row and column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
}

/// A Parquet file whose columns lie side by side, read row by row. Memory holds some dozens of rows; what a file declares
/// is held against the bytes that are there before it is believed.
pub struct FlatTable {
    path: PathBuf,
    source: Source,
    length: u64,
    metadata: ParquetMetaData,
    names: Vec<String>,
    next_group: usize,
    streams: Vec<Stream>,
    rows_left: usize,
    n_rows: u64,
    batch: std::vec::IntoIter<Vec<Cell>>,
}

impl FlatTable {
    /// Opens a file.
    ///
    /// # Errors
    /// If it cannot be read, is no Parquet, or has columns within columns.
    pub fn open(path: &Path) -> Result<FlatTable, Error> {
        let (source, length, metadata) = open_flat(path)?;
        let schema = metadata.file_metadata().schema_descr();
        let names = schema.columns().iter();
        Ok(FlatTable {
            path: path.to_owned(),
            source,
            length,
            names: names.map(|column| column.name().to_owned()).collect(),
            metadata,
            next_group: 0,
            streams: vec![],
            rows_left: 0,
            n_rows: 0,
            batch: vec![].into_iter(),
        })
    }

    /// The columns' names, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The text of an entry of the file's own metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let entries = self.metadata.file_metadata().key_value_metadata()?;
        let entry = entries.iter().find(|entry| entry.key == key)?;
        entry.value.as_deref()
    }

    /// Rows that were given so far.
    #[must_use]
    pub fn n_read(&self) -> u64 {
        self.n_rows
    }

    /// The next row, a cell a column; none after the last.
    ///
    /// # Errors
    /// If the file is damaged, or a column is of a type that is not read: whole numbers of 4 and 8 bytes, numbers of 4
    /// and 8 bytes, and texts are.
    pub fn next_row(&mut self) -> Result<Option<Vec<Cell>>, Error> {
        loop {
            if let Some(row) = self.batch.next() {
                self.n_rows += 1;
                return Ok(Some(row));
            }
            if self.rows_left == 0 && !self.open_group()? {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// Opens the columns of the next row group that has rows.
    fn open_group(&mut self) -> Result<bool, Error> {
        while self.next_group < self.metadata.num_row_groups() {
            let group = self.metadata.row_group(self.next_group);
            self.next_group += 1;
            let n_rows = usize::try_from(group.num_rows()).ok();
            let n_rows = n_rows.ok_or_else(|| {
                let problem = format!("a row group of {} rows", group.num_rows());
                Error::malformed(&self.path, Place::Part("footer".into()), problem, AGAIN)
            })?;
            if n_rows == 0 {
                continue;
            }
            let stream = |column: usize| -> Result<Stream, Error> {
                let chunk = group.columns().get(column);
                let name = &self.names[column];
                let chunk = chunk.ok_or_else(|| self.damaged(name, "it is not there"))?;
                let is_read = matches!(
                    chunk.column_type(),
                    PhysicalType::INT32
                        | PhysicalType::INT64
                        | PhysicalType::FLOAT
                        | PhysicalType::DOUBLE
                        | PhysicalType::BYTE_ARRAY
                );
                if !is_read {
                    let problem = format!("it holds {}, which is not read", chunk.column_type());
                    return Err(self.damaged(name, &problem));
                }
                let pages = Pages::new(self.source.clone(), chunk, self.length);
                let pages = pages.map_err(|error| self.damaged(name, &error.to_string()))?;
                Ok(Stream::new(name.clone(), chunk.column_descr_ptr(), pages))
            };
            let streams: Result<Vec<Stream>, Error> = (0..self.names.len()).map(stream).collect();
            self.streams = streams?;
            self.rows_left = n_rows;
            return Ok(!self.streams.is_empty());
        }
        Ok(false)
    }

    /// Takes the next rows apart.
    fn fill(&mut self) -> Result<(), Error> {
        let n = self.rows_left.min(BATCH);
        let mut rows: Vec<Vec<Cell>> = vec![Vec::with_capacity(self.streams.len()); n];
        for index in 0..self.streams.len() {
            let stream = &mut self.streams[index];
            let cells = stream.fill(n).and_then(|()| stream.cells(n));
            let cells = cells.map_err(|problem| self.damaged(&self.names[index], &problem))?;
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(cell);
            }
        }
        self.rows_left -= n;
        self.batch = rows.into_iter();
        Ok(())
    }

    fn damaged(&self, column: &str, problem: &str) -> Error {
        let problem = problem.strip_prefix("Parquet error: ").unwrap_or(problem);
        let place = Place::Part(format!("column {}", shortened(column)));
        Error::malformed(&self.path, place, problem, AGAIN)
    }
}
