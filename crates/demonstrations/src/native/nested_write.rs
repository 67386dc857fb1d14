//! Writes columns in structures, and lists of numbers, to a Parquet file of one row group.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{BoolType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::arrow::Array;
use crate::gymnasium::Dtype;
use crate::pieces::Number;

/// Writes the columns of a file.
pub(crate) fn write_nested(path: &Path, columns: &[(String, Array)]) -> io::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    write(file, columns).map_err(|error| match error {
        ParquetError::External(error) => io::Error::other(error),
        error => io::Error::other(error),
    })
}

fn write(file: BufWriter<File>, columns: &[(String, Array)]) -> Result<()> {
    let fields = columns
        .iter()
        .map(|(name, array)| field(name, array))
        .collect::<Result<_>>()?;
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_created_by(format!("rewardlab {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, array) in columns {
        leaves(&mut group, array)?;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

fn field(name: &str, array: &Array) -> Result<TypePtr> {
    let required = Repetition::REQUIRED;
    let built = match array {
        Array::Numbers(dtype, _) => {
            let (physical, logical) = kind(*dtype);
            Type::primitive_type_builder(name, physical)
                .with_repetition(required)
                .with_logical_type(logical)
                .build()?
        }
        Array::Flags(_) => Type::primitive_type_builder(name, PhysicalType::BOOLEAN)
            .with_repetition(required)
            .build()?,
        Array::Fixed(_, inner) | Array::Lists(_, inner) => {
            let repeated = Type::group_type_builder("list")
                .with_repetition(Repetition::REPEATED)
                .with_fields(vec![field("element", inner)?])
                .build()?;
            Type::group_type_builder(name)
                .with_repetition(required)
                .with_logical_type(Some(LogicalType::List))
                .with_fields(vec![Arc::new(repeated)])
                .build()?
        }
        Array::Struct(_, parts) => {
            let fields = parts
                .iter()
                .map(|(name, part)| field(name, part))
                .collect::<Result<_>>()?;
            Type::group_type_builder(name)
                .with_repetition(required)
                .with_fields(fields)
                .build()?
        }
        Array::Texts(_) => return Err(ParquetError::General("texts are not written".to_owned())),
    };
    Ok(Arc::new(built))
}

/// How a type of numbers is stored, and what it is said to be.
fn kind(dtype: Dtype) -> (PhysicalType, Option<LogicalType>) {
    let logical = LogicalType::integer(8 * dtype.size() as i8, dtype.range().0 < 0.0);
    match dtype {
        Dtype::Float16 | Dtype::Float32 => (PhysicalType::FLOAT, None),
        Dtype::Float64 => (PhysicalType::DOUBLE, None),
        Dtype::Int64 | Dtype::Uint64 => (PhysicalType::INT64, Some(logical)),
        _ => (PhysicalType::INT32, Some(logical)),
    }
}

/// Writes the columns of an array.
fn leaves(group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>, array: &Array) -> Result<()> {
    match array {
        Array::Struct(_, parts) => parts.iter().try_for_each(|(_, part)| leaves(group, part)),
        Array::Fixed(length, inner) => list(group, inner, *length),
        Array::Flags(flags) => column::<BoolType>(group, flags, None),
        Array::Numbers(dtype, bytes) => numbers(group, *dtype, bytes, None),
        Array::Lists(..) | Array::Texts(_) => Err(ParquetError::General(
            "lists of any length are not written".to_owned(),
        )),
    }
}

fn list(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    inner: &Array,
    length: usize,
) -> Result<()> {
    match inner {
        Array::Numbers(dtype, bytes) => numbers(group, *dtype, bytes, Some(length)),
        _ => Err(ParquetError::General(
            "only lists of numbers are written".to_owned(),
        )),
    }
}

fn numbers(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    dtype: Dtype,
    bytes: &[u8],
    length: Option<usize>,
) -> Result<()> {
    let is_signed = dtype.range().0 < 0.0;
    let values = match dtype.is_whole() {
        true => Number::Whole {
            bytes: dtype.size(),
            signed: is_signed,
            big_endian: false,
        },
        false => Number::Float {
            bytes: dtype.size(),
            big_endian: false,
        },
    }
    .decode(bytes);
    match dtype {
        Dtype::Float16 | Dtype::Float32 => {
            let singles: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            column::<FloatType>(group, &singles, length)
        }
        Dtype::Float64 => column::<DoubleType>(group, &values, length),
        Dtype::Int64 => column::<Int64Type>(
            group,
            &values.iter().map(|value| *value as i64).collect::<Vec<_>>(),
            length,
        ),
        // Unsigned numbers keep their bits.
        Dtype::Uint64 => column::<Int64Type>(
            group,
            &values
                .iter()
                .map(|value| *value as u64 as i64)
                .collect::<Vec<_>>(),
            length,
        ),
        _ => column::<Int32Type>(
            group,
            &values
                .iter()
                .map(|value| *value as i64 as i32)
                .collect::<Vec<_>>(),
            length,
        ),
    }
}

/// Writes the values of one column, `length` of them a row where they are lists.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    values: &[T::T],
    length: Option<usize>,
) -> Result<()> {
    let mut column = group
        .next_column()?
        .ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    let (definitions, repetitions) = match length {
        None => (vec![], vec![]),
        Some(length) => {
            let repetition = |index: usize| i16::from(!index.is_multiple_of(length));
            (
                vec![1; values.len()],
                (0..values.len()).map(repetition).collect(),
            )
        }
    };
    column.typed::<T>().write_batch(
        values,
        length.map(|_| definitions.as_slice()),
        length.map(|_| repetitions.as_slice()),
    )?;
    column.close()
}
