//! Parquet: a column for everything that a row may have, those that are nowhere filled included.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use demonstrations::{Cell as Found, FlatTable, Place};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use super::record::Record;
use super::row::{Cell, Columns, Holds, Row};
use super::staged::Staged;
use super::{ReadRecords, WriteRecords, malformed, writing};
use crate::Error;

/// Bytes of the rows that make a row group, about.
const GROUP_BYTES: usize = 1 << 24;

/// Reads row by row.
pub(super) struct Reader {
    path: PathBuf,
    table: FlatTable,
}

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Reader, Error> {
        Ok(Reader {
            path: path.to_owned(),
            table: FlatTable::open(path)?,
        })
    }
}

impl ReadRecords for Reader {
    fn next_record(&mut self) -> Result<Option<Record>, Error> {
        let Some(cells) = self.table.next_row()? else {
            return Ok(None);
        };
        let mut row = Row::default();
        for (name, cell) in self.table.names().iter().zip(cells) {
            let cell = match cell {
                Found::Null => None,
                Found::Integer(number) => Some(Cell::Integer(number)),
                Found::Real(number) => Some(Cell::Real(number)),
                Found::Text(text) => Some(Cell::Text(text)),
            };
            row.put(name, cell);
        }
        let place = || Place::Part(format!("row {}", self.table.n_read()));
        let record = Record::from_row(row);
        record
            .map(Some)
            .map_err(|fault| malformed(&self.path, place(), fault))
    }
}

/// Writes a row group at a time.
pub(super) struct Writer {
    staged: Staged,
    file: SerializedFileWriter<BufWriter<File>>,
    rows: Vec<Row>,
    n_bytes: usize,
}

impl Writer {
    pub(super) fn create(path: &Path) -> Result<Writer, Error> {
        let (staged, file) = Staged::create(path)?;
        let properties = WriterProperties::builder()
            .set_created_by(format!("rewardlab {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::SNAPPY)
            .build();
        let out = BufWriter::new(file);
        let file = SerializedFileWriter::new(out, schema(), Arc::new(properties))
            .map_err(|error| failed(&staged, error))?;
        Ok(Writer {
            staged,
            file,
            rows: vec![],
            n_bytes: 0,
        })
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let written = write_group(&mut self.file, &self.rows);
        written.map_err(|error| failed(&self.staged, error))?;
        self.rows.clear();
        self.n_bytes = 0;
        Ok(())
    }
}

impl WriteRecords for Writer {
    fn push(&mut self, record: &Record) -> Result<(), Error> {
        let row = record.to_row();
        self.n_bytes += row.n_bytes();
        self.rows.push(row);
        if self.n_bytes >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.flush()?;
        let finished = self.file.finish();
        finished.map_err(|error| failed(&self.staged, error))?;
        self.staged.finish()
    }
}

fn failed(staged: &Staged, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => *source,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    };
    writing(staged.place(), source)
}

fn schema() -> TypePtr {
    let column = |(name, holds): (&str, Holds)| {
        let (kind, logical) = match holds {
            Holds::Integer => (PhysicalType::INT64, None),
            Holds::Moment => (
                PhysicalType::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
            ),
            Holds::Real => (PhysicalType::DOUBLE, None),
            Holds::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            Holds::Json => (PhysicalType::BYTE_ARRAY, Some(LogicalType::Json)),
        };
        let field = Type::primitive_type_builder(name, kind)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build();
        Arc::new(field.expect("the column makes a schema"))
    };
    let root = Type::group_type_builder("answers")
        .with_fields(Columns::ALL.into_iter().map(column).collect())
        .build();
    Arc::new(root.expect("the columns make a schema"))
}

fn write_group(
    file: &mut SerializedFileWriter<BufWriter<File>>,
    rows: &[Row],
) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    for (name, holds) in Columns::ALL {
        match holds {
            Holds::Integer | Holds::Moment => {
                put::<Int64Type>(&mut group, rows, name, |cell| match cell {
                    Cell::Integer(number) => Some(*number),
                    _ => None,
                })
            }
            Holds::Real => put::<DoubleType>(&mut group, rows, name, |cell| match cell {
                Cell::Real(number) => Some(*number),
                _ => None,
            }),
            Holds::Text | Holds::Json => {
                put::<ByteArrayType>(&mut group, rows, name, |cell| match cell {
                    Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                    Cell::Json(json) => Some(ByteArray::from(json.to_string().into_bytes())),
                    _ => None,
                })
            }
        }?;
    }
    group.close()?;
    Ok(())
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    rows: &[Row],
    name: &str,
    value: impl Fn(&Cell) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let mut levels = Vec::with_capacity(rows.len());
    let mut values = vec![];
    for row in rows {
        let found = row.get(name).and_then(&value);
        levels.push(i16::from(found.is_some()));
        values.extend(found);
    }
    let mut column = group.next_column()?.expect("the schema has another column");
    column
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    column.close()
}
