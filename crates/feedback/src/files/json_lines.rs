//! JSON Lines, packed with gzip or not.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use demonstrations::Place;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value as Json};

use super::record::{Fault, Record};
use super::row::{Cell, Row};
use super::staged::Staged;
use super::{ReadRecords, WriteRecords, malformed, reading, unfit, writing};
use crate::Error;

/// Longest line, in bytes.
const LONGEST_LINE: u64 = 1 << 24;

/// Reads line by line.
pub(super) struct Reader {
    path: PathBuf,
    lines: Box<dyn BufRead>,
    line: u64,
    bytes: Vec<u8>,
}

impl Reader {
    pub(super) fn open(path: &Path, is_packed: bool) -> Result<Reader, Error> {
        let file = File::open(path).map_err(|source| reading(path, source))?;
        let file = BufReader::new(file);
        let lines: Box<dyn BufRead> = match is_packed {
            true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
            false => Box::new(file),
        };
        Ok(Reader {
            path: path.to_owned(),
            lines,
            line: 0,
            bytes: vec![],
        })
    }

    /// Reads the next line that holds something; whether there is one.
    fn next_line(&mut self) -> Result<bool, Error> {
        loop {
            self.bytes.clear();
            self.line += 1;
            let mut limited = (&mut self.lines).take(LONGEST_LINE + 1);
            let read = limited.read_until(b'\n', &mut self.bytes);
            let n = read.map_err(|source| reading(&self.path, source))?;
            if n == 0 {
                return Ok(false);
            }
            if n as u64 > LONGEST_LINE {
                let fault = Fault::new(
                    format!("the line has more than {LONGEST_LINE} bytes"),
                    "write a row a line, with shorter texts",
                );
                return Err(malformed(&self.path, Place::Line(self.line), fault));
            }
            if !self.bytes.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn row(&self) -> Result<Row, Fault> {
        let parsed: Result<Json, _> = serde_json::from_slice(self.bytes.trim_ascii());
        let value = parsed.map_err(|error| {
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            let problem = format!("this is no JSON ({text}, column {})", error.column());
            Fault::new(problem, "write a JSON object a line")
        })?;
        let Json::Object(object) = value else {
            return Err(Fault::new(
                "this is JSON, but no object",
                "write a JSON object a line",
            ));
        };
        let mut row = Row::default();
        for (name, value) in object {
            let cell = match value {
                Json::Null => None,
                Json::String(text) => Some(Cell::Text(text)),
                Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                    (Some(number), _) => Some(Cell::Integer(number)),
                    (None, number) => number.map(Cell::Real),
                },
                other => Some(Cell::Json(other)),
            };
            row.put(&name, cell);
        }
        Ok(row)
    }
}

impl ReadRecords for Reader {
    fn next_record(&mut self) -> Result<Option<Record>, Error> {
        if !self.next_line()? {
            return Ok(None);
        }
        let record = self.row().and_then(Record::from_row);
        let record =
            record.map_err(|fault| malformed(&self.path, Place::Line(self.line), fault))?;
        Ok(Some(record))
    }
}

/// Writes line by line.
pub(super) struct Writer {
    staged: Staged,
    out: Out,
    is_pairs: bool,
}

enum Out {
    Plain(BufWriter<File>),
    Packed(GzEncoder<BufWriter<File>>),
}

impl Writer {
    pub(super) fn create(path: &Path, is_pairs: bool) -> Result<Writer, Error> {
        let (staged, file) = Staged::create(path)?;
        let file = BufWriter::new(file);
        let is_packed = path.extension().is_some_and(|ending| ending == "gz");
        Ok(Writer {
            staged,
            out: match is_packed {
                true => Out::Packed(GzEncoder::new(file, Compression::default())),
                false => Out::Plain(file),
            },
            is_pairs,
        })
    }
}

impl WriteRecords for Writer {
    fn push(&mut self, record: &Record) -> Result<(), Error> {
        let place = self.staged.place();
        let row = match self.is_pairs {
            true => record.to_pair().map_err(|fault| unfit(place, fault))?,
            false => Some(record.to_row()),
        };
        let Some(row) = row else {
            return Ok(());
        };
        let object: Map<String, Json> = row.into_cells().map(|(k, cell)| (k, json(cell))).collect();
        let mut line = Json::Object(object).to_string();
        line.push('\n');
        let written = match &mut self.out {
            Out::Plain(file) => file.write_all(line.as_bytes()),
            Out::Packed(file) => file.write_all(line.as_bytes()),
        };
        written.map_err(|source| writing(place, source))
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let Writer { staged, out, .. } = *self;
        let flushed = match out {
            Out::Plain(mut file) => file.flush(),
            Out::Packed(file) => file.finish().and_then(|mut file| file.flush()),
        };
        flushed.map_err(|source| writing(staged.place(), source))?;
        staged.finish()
    }
}

fn json(cell: Cell) -> Json {
    match cell {
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Text(text) => text.into(),
        Cell::Json(json) => json,
    }
}
