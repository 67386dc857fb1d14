//! Parquet files of other libraries: columns in structures, and lists of numbers.

use std::fs::File;
use std::path::Path;

use parquet::basic::{ConvertedType, LogicalType};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::ColumnDescriptor;

use super::pages::{Pages, Source};
use super::read::guarded;
use super::thrift;
use crate::error::shortened;
use crate::fault::Fault;
use crate::pieces::{Number, Pieces};
use crate::{Error, Place};

/// The most columns of a file, and the most bytes of its footer.
const MOST_COLUMNS: usize = 1 << 12;
const MOST_FOOTER: u64 = 1 << 26;
/// Numbers that are decoded at once.
const BLOCK: usize = 1 << 16;
const MEND: &str = "write the file with the library that the format belongs to";

/// A Parquet file open for reading.
pub(crate) struct NestedFile {
    source: Source,
    length: u64,
    metadata: ParquetMetaData,
}

/// Pages of lists: a list may go on in the next page, and ends with the last.
struct Whole(Pages);

impl PageReader for Whole {
    fn get_next_page(&mut self) -> parquet::errors::Result<Option<Page>> {
        self.0.get_next_page()
    }

    fn peek_next_page(&mut self) -> parquet::errors::Result<Option<PageMetadata>> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> parquet::errors::Result<()> {
        self.0.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> parquet::errors::Result<bool> {
        Ok(self.0.is_at_end())
    }
}

impl Iterator for Whole {
    type Item = parquet::errors::Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// What a column holds.
pub(crate) enum NestedColumn {
    /// Numbers in bytes, and how many a row has.
    Numbers {
        number: Number,
        bytes: Vec<u8>,
        width: u64,
    },
    /// A sequence of bytes a row.
    Sequences(Vec<Vec<u8>>),
}

impl NestedFile {
    /// Opens a file and reads what it says of its columns.
    pub(crate) fn open(path: &Path) -> Result<NestedFile, Error> {
        let mut pieces = Pieces::open(path)?;
        let length = pieces.length();
        let footer = footer(&mut pieces).map_err(Fault::of(path))?;
        let of_footer = |problem: String| {
            let place = Place::Part("footer".to_owned());
            Error::malformed(path, place, problem, crate::fault::DAMAGED)
        };
        match thrift::n_columns(&footer) {
            Some(n) if n <= MOST_COLUMNS => {}
            Some(n) => {
                return Err(of_footer(format!(
                    "it has {n} columns, at most {MOST_COLUMNS} are read"
                )));
            }
            None => return Err(of_footer("its columns make no sense".to_owned())),
        }
        let metadata =
            guarded(|| ParquetMetaDataReader::decode_metadata(&footer)).map_err(of_footer)?;
        let file = File::open(path).map_err(Error::reading(path))?;
        Ok(NestedFile {
            source: Source::new(file),
            length,
            metadata,
        })
    }

    /// Rows that the file states.
    pub(crate) fn n_rows(&self) -> u64 {
        u64::try_from(self.metadata.file_metadata().num_rows()).unwrap_or_default()
    }

    /// Whether there is a column of these names.
    pub(crate) fn has(&self, names: &[String]) -> bool {
        self.find(names).is_ok()
    }

    /// The first `n_rows` rows of a column, if they take at most `most` bytes.
    pub(crate) fn column(
        &self,
        names: &[String],
        n_rows: u64,
        most: u64,
    ) -> Result<NestedColumn, Fault> {
        let part = format!("column `{}`", shortened(&names.join(".")));
        self.read(names, n_rows, most)
            .map_err(|fault| fault.within(part))
    }

    /// The only column that these names lead to; a list of numbers has two more.
    fn find(&self, names: &[String]) -> Result<usize, Fault> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        let leads = |column: &ColumnDescriptor| {
            let parts = column.path().parts();
            let below = parts.strip_prefix(names);
            below.is_some_and(|below| {
                below.is_empty() || (below.len() == 2 && column.max_rep_level() == 1)
            })
        };
        let mut found = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| leads(column));
        match (found.next(), found.next()) {
            (Some((index, _)), None) => Ok(index),
            (None, _) => Err(Fault::new("there is no such column", MEND)),
            (Some(_), Some(_)) => Err(Fault::new(
                "it is several columns, numbers are expected",
                MEND,
            )),
        }
    }

    fn read(&self, names: &[String], n_rows: u64, most: u64) -> Result<NestedColumn, Fault> {
        let index = self.find(names)?;
        let mut gathered: Option<NestedColumn> = None;
        for group in self.metadata.row_groups() {
            let left = n_rows - gathered.as_ref().map_or(0, NestedColumn::rows);
            let of_group = u64::try_from(group.num_rows()).unwrap_or_default();
            let column = group.column(index);
            let read = guarded(|| {
                let pages = Whole(Pages::new(self.source.clone(), column, self.length)?);
                let reader = get_column_reader(column.column_descr_ptr(), Box::new(pages));
                read_group(reader, column.column_descr(), left.min(of_group), most)
            });
            let more = read.map_err(Fault::damaged)?;
            gathered = Some(match gathered {
                None => more,
                Some(before) => before.joined(more)?,
            });
        }
        match gathered {
            Some(column) if column.rows() == n_rows => Ok(column),
            column => {
                let n = column.map_or(0, |column| column.rows());
                Err(Fault::damaged(format!(
                    "it has {n} rows, {n_rows} are expected"
                )))
            }
        }
    }
}

impl NestedColumn {
    fn rows(&self) -> u64 {
        match self {
            NestedColumn::Numbers {
                number,
                bytes,
                width,
            } => (bytes.len() / number.size()) as u64 / (*width).max(1),
            NestedColumn::Sequences(sequences) => sequences.len() as u64,
        }
    }

    fn joined(self, more: NestedColumn) -> Result<NestedColumn, Fault> {
        match (self, more) {
            (
                NestedColumn::Numbers {
                    number,
                    mut bytes,
                    width,
                },
                NestedColumn::Numbers {
                    bytes: more,
                    width: of_more,
                    ..
                },
            ) if width == of_more || more.is_empty() => {
                bytes.extend(more);
                Ok(NestedColumn::Numbers {
                    number,
                    bytes,
                    width,
                })
            }
            (NestedColumn::Sequences(mut sequences), NestedColumn::Sequences(more)) => {
                sequences.extend(more);
                Ok(NestedColumn::Sequences(sequences))
            }
            _ => Err(Fault::damaged("its rows have different lengths")),
        }
    }
}

fn footer(pieces: &mut Pieces) -> Result<Vec<u8>, Fault> {
    let length = pieces.length();
    let cut_off = || {
        Fault::new(
            "a Parquet file that does not end as it begins",
            "it was cut off; copy it again",
        )
    };
    let end = length.checked_sub(8).ok_or_else(cut_off)?;
    let tail = pieces.read(end, 8)?;
    if &tail[4..] != b"PAR1" {
        return Err(cut_off());
    }
    let n = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    match end.checked_sub(n).filter(|_| n <= MOST_FOOTER) {
        Some(start) => pieces.read(start, n),
        None => Err(Fault::damaged(format!(
            "its footer claims {n} bytes of {length}"
        ))),
    }
}

fn general(problem: impl Into<String>) -> ParquetError {
    ParquetError::General(problem.into())
}

/// Reads `n_rows` rows of a column of one row group.
fn read_group(
    reader: ColumnReader,
    column: &ColumnDescriptor,
    n_rows: u64,
    most: u64,
) -> parquet::errors::Result<NestedColumn> {
    let gather = Gather {
        column,
        n_rows,
        most,
    };
    let whole = |bytes, signed| Number::Whole {
        bytes,
        signed,
        big_endian: false,
    };
    let is_signed = !is_unsigned(column);
    let float = |bytes| Number::Float {
        bytes,
        big_endian: false,
    };
    match reader {
        ColumnReader::BoolColumnReader(reader) => {
            gather.numbers(reader, whole(1, false), |flag, to| to.push(u8::from(*flag)))
        }
        ColumnReader::Int32ColumnReader(reader) => {
            gather.numbers(reader, whole(4, is_signed), |value, to| {
                to.extend(value.to_le_bytes())
            })
        }
        ColumnReader::Int64ColumnReader(reader) => {
            gather.numbers(reader, whole(8, is_signed), |value, to| {
                to.extend(value.to_le_bytes())
            })
        }
        ColumnReader::FloatColumnReader(reader) => {
            gather.numbers(reader, float(4), |value, to| to.extend(value.to_le_bytes()))
        }
        ColumnReader::DoubleColumnReader(reader) => {
            gather.numbers(reader, float(8), |value, to| to.extend(value.to_le_bytes()))
        }
        ColumnReader::ByteArrayColumnReader(reader) if column.max_rep_level() == 0 => {
            let mut sequences: Vec<Vec<u8>> = vec![];
            gather.each(reader, |values: &[ByteArray], _| {
                sequences.extend(values.iter().map(|value| value.data().to_vec()));
                Ok(sequences.iter().map(Vec::len).sum())
            })?;
            Ok(NestedColumn::Sequences(sequences))
        }
        _ => Err(general("it is of a type that is not read")),
    }
}

fn is_unsigned(column: &ColumnDescriptor) -> bool {
    let of_logical =
        |logical: &LogicalType| matches!(logical, LogicalType::Integer(whole) if !whole.is_signed);
    let converted = [
        ConvertedType::UINT_8,
        ConvertedType::UINT_16,
        ConvertedType::UINT_32,
        ConvertedType::UINT_64,
    ];
    column.logical_type_ref().is_some_and(of_logical)
        || converted.contains(&column.converted_type())
}

/// What is wanted of a column.
struct Gather<'c> {
    column: &'c ColumnDescriptor,
    n_rows: u64,
    most: u64,
}

impl Gather<'_> {
    fn numbers<T: DataType>(
        &self,
        reader: ColumnReaderImpl<T>,
        number: Number,
        put: impl Fn(&T::T, &mut Vec<u8>),
    ) -> parquet::errors::Result<NestedColumn> {
        let (mut bytes, mut width) = (vec![], None);
        self.each(reader, |values: &[T::T], n_rows| {
            let of_row = values.len().checked_div(n_rows).unwrap_or_default();
            if values.len() != of_row * n_rows || width.is_some_and(|width| width != of_row) {
                return Err(general("its rows have different lengths"));
            }
            width = Some(of_row);
            values.iter().for_each(|value| put(value, &mut bytes));
            Ok(bytes.len())
        })?;
        let width = width.unwrap_or(1) as u64;
        Ok(NestedColumn::Numbers {
            number,
            bytes,
            width,
        })
    }

    /// Gives the values of some rows at a time to `take`, which says how many bytes it holds by then.
    fn each<T: DataType>(
        &self,
        mut reader: ColumnReaderImpl<T>,
        mut take: impl FnMut(&[T::T], usize) -> parquet::errors::Result<usize>,
    ) -> parquet::errors::Result<()> {
        let (mut left, mut at_once) = (usize::try_from(self.n_rows).unwrap_or(usize::MAX), 1);
        let (mut definitions, mut repetitions, mut values) = (vec![], vec![], vec![]);
        while 0 < left {
            definitions.clear();
            repetitions.clear();
            values.clear();
            let (n_rows, _, _) = reader.read_records(
                left.min(at_once),
                (0 < self.column.max_def_level()).then_some(&mut definitions),
                (0 < self.column.max_rep_level()).then_some(&mut repetitions),
                &mut values,
            )?;
            if n_rows == 0 {
                return Err(general(format!("{left} of its rows are missing")));
            }
            if definitions
                .iter()
                .any(|level| *level != self.column.max_def_level())
            {
                return Err(general("some of its values are missing"));
            }
            // Rows of a list begin where nothing is repeated, and all are equally long.
            let width = values.len() / n_rows;
            let begins = |(index, level): (usize, &i16)| {
                (*level == 0) == (width != 0 && index.is_multiple_of(width))
            };
            if !repetitions.iter().enumerate().all(begins) {
                return Err(general("its rows have different lengths"));
            }
            if self.most < take(&values, n_rows)? as u64 {
                return Err(general(format!("it takes more than {} bytes", self.most)));
            }
            left -= n_rows;
            // The first row tells how many are as many numbers as are decoded at once.
            at_once = (BLOCK / width.max(1)).max(1);
        }
        Ok(())
    }
}
