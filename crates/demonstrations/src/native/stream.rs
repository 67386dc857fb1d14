//! One column of a row group, some rows at a time.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;

use super::flat::Cell;
use super::pages::Pages;
use super::read::guarded;

/// Bytes of texts that are read at once.
const MOST_TEXT: usize = 1 << 28;

/// A column, and the values of the rows that were read last.
pub(super) struct Stream {
    name: String,
    is_optional: bool,
    /// A level a row: 0 where the value is null. Empty where no value may be.
    levels: Vec<i16>,
    values: Values,
}

/// Values without the nulls between them.
enum Values {
    Int32(Box<ColumnReaderImpl<Int32Type>>, Vec<i32>),
    Int64(Box<ColumnReaderImpl<Int64Type>>, Vec<i64>),
    Float(Box<ColumnReaderImpl<FloatType>>, Vec<f32>),
    Double(Box<ColumnReaderImpl<DoubleType>>, Vec<f64>),
    Text(Box<ColumnReaderImpl<ByteArrayType>>, Vec<ByteArray>),
    Wide(
        Box<ColumnReaderImpl<FixedLenByteArrayType>>,
        Vec<FixedLenByteArray>,
    ),
    /// No column that holds anything of ours is of another type.
    Other,
}

impl Stream {
    pub(super) fn new(name: String, column: ColumnDescPtr, pages: Pages) -> Stream {
        let is_optional = column.max_def_level() > 0;
        let values = match get_column_reader(column, Box::new(pages)) {
            ColumnReader::Int32ColumnReader(reader) => Values::Int32(Box::new(reader), vec![]),
            ColumnReader::Int64ColumnReader(reader) => Values::Int64(Box::new(reader), vec![]),
            ColumnReader::FloatColumnReader(reader) => Values::Float(Box::new(reader), vec![]),
            ColumnReader::DoubleColumnReader(reader) => Values::Double(Box::new(reader), vec![]),
            ColumnReader::ByteArrayColumnReader(reader) => Values::Text(Box::new(reader), vec![]),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                Values::Wide(Box::new(reader), vec![])
            }
            _ => Values::Other,
        };
        Stream {
            name,
            is_optional,
            levels: vec![],
            values,
        }
    }

    /// The column's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads exactly `n` rows, or says what is wrong.
    pub(super) fn fill(&mut self, n: usize) -> Result<(), String> {
        self.levels.clear();
        let levels = self.is_optional.then_some(&mut self.levels);
        let values = &mut self.values;
        guarded(|| match values {
            Values::Int32(reader, values) => read(reader, n, levels, values),
            Values::Int64(reader, values) => read(reader, n, levels, values),
            Values::Float(reader, values) => read(reader, n, levels, values),
            Values::Double(reader, values) => read(reader, n, levels, values),
            Values::Text(reader, values) => read(reader, n, levels, values),
            Values::Wide(reader, values) => read(reader, n, levels, values),
            Values::Other => Err(ParquetError::General(
                "it is of a type that is not read".into(),
            )),
        })
    }

    /// Rows whose value is null.
    pub(super) fn nulls(&self) -> impl Iterator<Item = usize> {
        self.levels
            .iter()
            .enumerate()
            .filter(|(_, level)| **level == 0)
            .map(|(row, _)| row)
    }

    /// Whether just those rows are null that are null in `other`.
    pub(super) fn has_nulls_as(&self, other: &Stream) -> bool {
        match (self.levels.is_empty(), other.levels.is_empty()) {
            (false, false) => self.levels == other.levels,
            _ => self.nulls().eq(other.nulls()),
        }
    }

    /// The rows of the values, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        let n_required = if self.is_optional { 0 } else { self.n_values() };
        let given = self
            .levels
            .iter()
            .enumerate()
            .filter(|(_, level)| **level > 0)
            .map(|(row, _)| row);
        given.chain(0..n_required)
    }

    fn n_values(&self) -> usize {
        match &self.values {
            Values::Int32(_, values) => values.len(),
            Values::Int64(_, values) => values.len(),
            Values::Float(_, values) => values.len(),
            Values::Double(_, values) => values.len(),
            Values::Text(_, values) => values.len(),
            Values::Wide(_, values) => values.len(),
            Values::Other => 0,
        }
    }

    /// Adds the numbers, nulls left out; none of a column that holds no numbers.
    pub(super) fn append_doubles(&self, to: &mut Vec<f64>) {
        match &self.values {
            Values::Int32(_, values) => to.extend(values.iter().map(|value| f64::from(*value))),
            Values::Int64(_, values) => to.extend(values.iter().map(|value| *value as f64)),
            Values::Float(_, values) => to.extend(values.iter().map(|value| f64::from(*value))),
            Values::Double(_, values) => to.extend_from_slice(values),
            Values::Text(..) | Values::Wide(..) | Values::Other => {}
        }
    }

    /// Puts value i at `i * stride`.
    pub(super) fn scatter_singles(&self, to: &mut [f32], stride: usize) {
        match &self.values {
            Values::Int32(_, values) => scatter(values, to, stride, |value| value as f32),
            Values::Int64(_, values) => scatter(values, to, stride, |value| value as f32),
            Values::Float(_, values) => scatter(values, to, stride, |value| value),
            Values::Double(_, values) => scatter(values, to, stride, |value| value as f32),
            Values::Text(..) | Values::Wide(..) | Values::Other => {}
        }
    }

    /// Puts value i at `i * stride`.
    pub(super) fn scatter_doubles(&self, to: &mut [f64], stride: usize) {
        match &self.values {
            Values::Int32(_, values) => scatter(values, to, stride, f64::from),
            Values::Int64(_, values) => scatter(values, to, stride, |value| value as f64),
            Values::Float(_, values) => scatter(values, to, stride, f64::from),
            Values::Double(_, values) => scatter(values, to, stride, |value| value),
            Values::Text(..) | Values::Wide(..) | Values::Other => {}
        }
    }

    /// Rows of `n` numbers of 4 bytes each, the least significant first.
    pub(super) fn wide(&self, n: usize, to: &mut Vec<f32>) -> Result<(), (String, String)> {
        to.clear();
        let Values::Wide(_, rows) = &self.values else {
            return Ok(());
        };
        for row in rows {
            if row.data().len() != 4 * n {
                let problem = format!("a row has {} bytes, not {}", row.data().len(), 4 * n);
                return Err((self.name.clone(), problem));
            }
            let numbers = row.data().chunks_exact(4);
            to.extend(
                numbers.map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
            );
        }
        Ok(())
    }

    /// The rows that were read last, `n` of them.
    pub(super) fn cells(&self, n: usize) -> Result<Vec<Cell>, String> {
        let given: Vec<Cell> = match &self.values {
            Values::Int32(_, values) => cells(values, |value| Cell::Integer(value.into())),
            Values::Int64(_, values) => cells(values, Cell::Integer),
            Values::Float(_, values) => cells(values, |value| Cell::Real(value.into())),
            Values::Double(_, values) => cells(values, Cell::Real),
            Values::Text(_, values) => texts(values)?,
            Values::Wide(..) | Values::Other => {
                return Err("it is of a type that is not read".to_owned());
            }
        };
        let mut cells = vec![Cell::Null; n];
        for (row, cell) in self.rows().zip(given) {
            if let Some(place) = cells.get_mut(row) {
                *place = cell;
            }
        }
        Ok(cells)
    }

    /// The texts and their rows, nulls left out.
    pub(super) fn texts(&self) -> Vec<(usize, ByteArray)> {
        match &self.values {
            Values::Text(_, values) => self.rows().zip(values.iter().cloned()).collect(),
            _ => vec![],
        }
    }
}

fn cells<T: Copy>(values: &[T], cell: impl Fn(T) -> Cell) -> Vec<Cell> {
    values.iter().map(|value| cell(*value)).collect()
}

fn texts(values: &[ByteArray]) -> Result<Vec<Cell>, String> {
    // Equal texts share their bytes until here, so a small file could ask for any amount.
    let n_bytes: usize = values.iter().map(ByteArray::len).sum();
    if n_bytes > MOST_TEXT {
        let problem = format!("some rows hold {n_bytes} bytes, at most {MOST_TEXT} are read");
        return Err(problem);
    }
    let text = |value: &ByteArray| match std::str::from_utf8(value.data()) {
        Ok(text) => Ok(Cell::Text(text.to_owned())),
        Err(_) => Err("a text is no UTF-8".to_owned()),
    };
    values.iter().map(text).collect()
}

fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    n: usize,
    mut levels: Option<&mut Vec<i16>>,
    values: &mut Vec<T::T>,
) -> Result<(), ParquetError> {
    values.clear();
    let mut n_read = 0;
    while n_read < n {
        let (n_more, _, _) =
            reader.read_records(n - n_read, levels.as_deref_mut(), None, values)?;
        if n_more == 0 {
            return Err(ParquetError::General("it ends early".into()));
        }
        n_read += n_more;
    }
    Ok(())
}

fn scatter<T: Copy, U>(values: &[T], to: &mut [U], stride: usize, convert: impl Fn(T) -> U) {
    for (value, to) in values.iter().zip(to.iter_mut().step_by(stride)) {
        *to = convert(*value);
    }
}
