//! Answers in files: JSON Lines and Parquet with the same columns.
//!
//! One row an answer, with what it is about, so that a file stands alone. `docs/feedback.md` lists the columns. Files of
//! pairs `chosen` and `rejected` are read, too.
//!
//! Rows are read and written one by one. Nothing in a file makes a reader panic or allocate without bound: lines and
//! texts have a greatest length, and sizes that a Parquet file declares are held against the bytes that are there.

mod json_lines;
mod record;
mod row;
mod staged;
mod table;

#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::Path;

use demonstrations::{Error as FileError, Place};

use crate::{Comparison, Comparisons, Error, Item, Kind, Reply, Store, Which};

pub use record::{Record, RecordItem};

/// Bytes of texts that comparisons in memory have at most: beyond that, data are a question for a database.
const MOST_BYTES: usize = 1 << 31;

/// How answers are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    /// A JSON object a line; packed with gzip where the name ends with `.gz`.
    JsonLines,
    /// Parquet.
    Parquet,
    /// A JSON object a line with the texts `chosen` and `rejected`, as preference data for language models are passed
    /// on. It keeps what was preferred and nothing else.
    ChosenRejected,
}

impl AnswerFormat {
    /// All of them.
    pub const ALL: [AnswerFormat; 3] = [
        AnswerFormat::JsonLines,
        AnswerFormat::Parquet,
        AnswerFormat::ChosenRejected,
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AnswerFormat::JsonLines => "jsonl",
            AnswerFormat::Parquet => "parquet",
            AnswerFormat::ChosenRejected => "chosen-rejected",
        }
    }

    /// The one that the ending of a name tells.
    #[must_use]
    pub fn of_ending(path: &Path) -> Option<AnswerFormat> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        match plain {
            _ if plain.ends_with(".jsonl") || plain.ends_with(".ndjson") => {
                Some(AnswerFormat::JsonLines)
            }
            _ if name.ends_with(".parquet") => Some(AnswerFormat::Parquet),
            _ => None,
        }
    }
}

/// Gives the rows of a file one by one.
pub trait ReadRecords {
    /// The next row; none after the last.
    ///
    /// # Errors
    /// If the file cannot be read, or the row is not what its columns promise; the message names the line.
    fn next_record(&mut self) -> Result<Option<Record>, Error>;
}

/// Takes rows one by one. A file is in its place once it is finished, and not before.
pub trait WriteRecords {
    /// Adds a row.
    ///
    /// # Errors
    /// If it cannot be written, or the format has no way to say it.
    fn push(&mut self, record: &Record) -> Result<(), Error>;

    /// Moves the file into its place.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// Opens a file of answers; its content tells what it is.
///
/// # Errors
/// If it cannot be read or is none.
pub fn open_records(path: &Path) -> Result<Box<dyn ReadRecords>, Error> {
    let mut start = [0; 4];
    let n = read_start(path, &mut start)?;
    match &start[..n] {
        b"PAR1" => Ok(Box::new(table::Reader::open(path)?)),
        start => Ok(Box::new(json_lines::Reader::open(
            path,
            start.starts_with(&[0x1f, 0x8b]),
        )?)),
    }
}

fn read_start(path: &Path, start: &mut [u8]) -> Result<usize, Error> {
    let mut read = || -> std::io::Result<usize> {
        let mut file = std::fs::File::open(path)?;
        let mut n = 0;
        while n < start.len() {
            match file.read(&mut start[n..])? {
                0 => break,
                more => n += more,
            }
        }
        Ok(n)
    };
    read().map_err(|source| reading(path, source))
}

/// Begins a file of answers.
///
/// # Errors
/// If it cannot be written.
pub fn create_records(path: &Path, format: AnswerFormat) -> Result<Box<dyn WriteRecords>, Error> {
    match format {
        AnswerFormat::JsonLines => Ok(Box::new(json_lines::Writer::create(path, false)?)),
        AnswerFormat::ChosenRejected => Ok(Box::new(json_lines::Writer::create(path, true)?)),
        AnswerFormat::Parquet => Ok(Box::new(table::Writer::create(path)?)),
    }
}

impl Comparisons {
    /// The comparisons in a file, a store, or the store in the folder of a run. Answers of other kinds and questions
    /// without an answer are passed over.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub fn read(place: &str) -> Result<Comparisons, Error> {
        let path = Path::new(place);
        if crate::is_address(place) || path.is_dir() || is_sqlite(path) {
            return Store::open(place)?.comparisons(None);
        }
        let mut reader = open_records(path)?;
        let mut comparisons = Comparisons::new();
        let mut n_bytes = 0;
        while let Some(record) = reader.next_record()? {
            n_bytes += record.items.iter().map(RecordItem::n_bytes).sum::<usize>();
            if n_bytes > MOST_BYTES {
                let problem =
                    format!("the comparisons of {place} take more than {MOST_BYTES} bytes");
                return Err(Error::refused(problem, "import them into a store in parts"));
            }
            comparisons.push_record(record);
        }
        Ok(comparisons)
    }

    fn push_record(&mut self, record: Record) {
        let (Kind::Comparison, Some(Reply::Preference(preference))) = (record.kind, record.reply)
        else {
            return;
        };
        let left = match record.shown.as_deref() {
            Some([0, ..]) => Some(Which::First),
            Some([1, ..]) => Some(Which::Second),
            _ => None,
        };
        let positions: Vec<usize> = record
            .items
            .into_iter()
            .map(|item| {
                self.item(Item {
                    id: item.id,
                    text: item.text,
                    traits: item.traits,
                })
            })
            .collect();
        let [first, second] = positions[..] else {
            return;
        };
        let annotator = record.annotator.map(|name| self.annotator(&name));
        self.push(Comparison {
            first,
            second,
            preference,
            annotator,
            left,
            at: record.at,
            seconds: record.seconds,
        });
    }
}

fn is_sqlite(path: &Path) -> bool {
    let mut start = [0; 16];
    let n = read_start(path, &mut start);
    n.is_ok_and(|n| &start[..n] == b"SQLite format 3\0")
}

/// That a file cannot be read.
fn reading(path: &Path, source: std::io::Error) -> Error {
    Error::File(FileError::Io {
        path: path.to_owned(),
        doing: "read",
        mend: "check that it is there and that you may read it",
        source,
    })
}

/// That a file cannot be written.
fn writing(path: &Path, source: std::io::Error) -> Error {
    Error::File(FileError::Io {
        path: path.to_owned(),
        doing: "written",
        mend: "check that its folder is there, that you may write to it and that the disk has room",
        source,
    })
}

/// That a row is not what its columns promise.
fn malformed(path: &Path, place: Place, fault: record::Fault) -> Error {
    Error::File(FileError::Malformed {
        path: path.to_owned(),
        place,
        problem: fault.problem,
        mend: fault.mend,
    })
}

/// That a format has no way to say something.
fn unfit(path: &Path, fault: record::Fault) -> Error {
    Error::File(FileError::Unfit {
        path: path.to_owned(),
        problem: fault.problem,
        mend: fault.mend,
    })
}
