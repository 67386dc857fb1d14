//! Reading the messages of a stream or file one after the other.

use std::path::Path;

use super::message::{self, Column, Field};
use super::table::Table;
use super::{CONTINUATION, MAGIC};
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};
use crate::{Error, Place};

/// The largest metadata of a message.
const MOST_METADATA: u64 = 1 << 28;

/// An Arrow file or stream open for reading.
#[derive(Debug)]
pub(crate) struct Reader {
    pieces: Pieces,
    position: u64,
    /// Where messages end.
    end: u64,
    is_file: bool,
    fields: Vec<Field>,
}

/// One batch: its rows, and a column for each field.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) rows: u64,
    columns: Vec<Column>,
}

/// A message: its metadata, and where its body is and how many bytes that has.
type Message = (Vec<u8>, (u64, u64));

impl Reader {
    /// Opens a stream or a file, whichever it is, and reads its schema.
    pub(crate) fn open(path: &Path) -> Result<Reader, Error> {
        let pieces = Pieces::open(path)?;
        Reader::begin(pieces).map_err(Fault::of(path))
    }

    fn begin(mut pieces: Pieces) -> Result<Reader, Fault> {
        let length = pieces.length();
        if length < 8 {
            return Err(Fault::damaged(format!("{length} bytes are no Arrow file")));
        }
        let is_file = pieces.read(0, 8)?.starts_with(MAGIC);
        let mut end = length;
        if is_file {
            let n = MAGIC.len() as u64;
            if length < 8 + n || pieces.read(length - n, n)? != MAGIC {
                let problem = "an Arrow file that does not end as it begins";
                return Err(
                    Fault::new(problem, "it was cut off; copy it again").at(Place::Byte(length))
                );
            }
            end = length - n;
        }
        let position = if is_file { 8 } else { 0 };
        let mut reader = Reader {
            pieces,
            position,
            end,
            is_file,
            fields: vec![],
        };
        let Some((metadata, _)) = reader.message()? else {
            return Err(Fault::damaged("it has no schema"));
        };
        let message = Table::root(&metadata)?;
        match (message.u8(1)?, message.table(2)?) {
            (message::SCHEMA, Some(schema)) => reader.fields = message::schema(schema)?,
            _ => return Err(Fault::damaged("its first message is no schema")),
        }
        Ok(reader)
    }

    /// The next batch, until there are none.
    pub(crate) fn next_batch(&mut self) -> Result<Option<Batch>, Fault> {
        let start = self.position;
        let Some((metadata, body)) = self.message()? else {
            return Ok(None);
        };
        let read = || {
            let message = Table::root(&metadata)?;
            match (message.u8(1)?, message.table(2)?) {
                (message::BATCH, Some(batch)) => message::batch(batch, &self.fields, body),
                (kind, _) => Err(Fault::new(
                    format!("a message of kind {kind}, where batches are read"),
                    "write it again without dictionaries",
                )),
            }
        };
        let (rows, columns) = read().map_err(|fault| fault.at(Place::Byte(start)))?;
        Ok(Some(Batch { rows, columns }))
    }

    /// The file, to read columns from.
    pub(crate) fn pieces(&mut self) -> &mut Pieces {
        &mut self.pieces
    }

    /// The metadata of the next message, and where its body is and how long.
    fn message(&mut self) -> Result<Option<Message>, Fault> {
        let start = self.position;
        if start == self.end && !self.is_file {
            return Ok(None);
        }
        self.read_message(start)
            .map_err(|fault| fault.at(Place::Byte(start)))
    }

    fn read_message(&mut self, start: u64) -> Result<Option<Message>, Fault> {
        let prefix = self.pieces.read(start, 8)?;
        let mut cursor = Cursor::new(&prefix);
        let (continuation, n) = (cursor.u32()?, u64::from(cursor.u32()?));
        if continuation != CONTINUATION {
            return Err(Fault::damaged("no message of Arrow begins here"));
        }
        if n == 0 {
            return Ok(None);
        }
        if MOST_METADATA < n {
            return Err(Fault::damaged(format!(
                "a message with {n} bytes of metadata, at most {MOST_METADATA} are read"
            )));
        }
        let metadata = self.pieces.read(start + 8, n)?;
        let body = (start + 8 + n, Table::root(&metadata)?.size(3)?);
        let end = body.0.checked_add(body.1).filter(|end| *end <= self.end);
        self.position = end.ok_or_else(|| {
            Fault::damaged(format!(
                "a message of {} bytes, {} are left",
                body.1,
                self.end.saturating_sub(body.0)
            ))
        })?;
        Ok(Some((metadata, body)))
    }
}

impl Batch {
    /// The column that has this name.
    pub(crate) fn column(&self, name: &str) -> Result<&Column, Fault> {
        message::child(&self.columns, name)
    }

    /// The column that has this name, where there is one.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&Column>, Fault> {
        match self.columns.iter().any(|column| column.name == name) {
            true => self.column(name).map(Some),
            false => Ok(None),
        }
    }
}
