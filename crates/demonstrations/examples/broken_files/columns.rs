//! Broken Parquet: sound files that were changed, and files of other columns.

use std::sync::Arc;

use anyhow::Result;
use demonstrations::Format;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::{Broken, replaced, sound};

/// Values of a column; none is null.
enum Column {
    Int(Vec<Option<i32>>),
    Float(Vec<Option<f32>>),
    Text(Vec<Option<&'static str>>),
}

use Column::{Float, Int, Text};

/// A file of columns, with what it says of itself.
fn table(columns: &[(&str, Column)], about: Option<&str>) -> Result<Vec<u8>> {
    let kinds = columns.iter().map(|(name, column)| {
        let kind = match column {
            Int(_) => "INT32",
            Float(_) => "FLOAT",
            Text(_) => "BYTE_ARRAY",
        };
        format!("OPTIONAL {kind} {name};")
    });
    let message = format!("message rows {{ {} }}", kinds.collect::<String>());
    let entries = about.map(|about| vec![KeyValue::new("rewardlab".to_owned(), about.to_owned())]);
    let properties = WriterProperties::builder()
        .set_key_value_metadata(entries)
        .build();
    let mut bytes = vec![];
    let schema = Arc::new(parse_message_type(&message)?);
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
    let mut rows = file.next_row_group()?;
    for (_, column) in columns {
        let mut writer = rows.next_column()?.expect("the schema has another column");
        let writing = match column {
            Int(values) => put::<Int32Type>(&mut writer, values.clone()),
            Float(values) => put::<FloatType>(&mut writer, values.clone()),
            Text(values) => {
                let texts = values
                    .iter()
                    .map(|text| text.map(ByteArray::from))
                    .collect();
                put::<ByteArrayType>(&mut writer, texts)
            }
        };
        writing?;
        writer.close()?;
    }
    rows.close()?;
    file.close()?;
    Ok(bytes)
}

fn put<T: DataType>(
    writer: &mut parquet::file::writer::SerializedColumnWriter<'_>,
    values: Vec<Option<T::T>>,
) -> Result<()> {
    let levels: Vec<i16> = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    writer
        .typed::<T>()
        .write_batch(&values, Some(&levels), None)?;
    Ok(())
}

/// One episode of two steps with one column changed, or without it where nothing takes its place.
fn changed(name: &'static str, column: Option<Column>) -> Result<Vec<u8>> {
    let mut columns = vec![
        ("step", Int(vec![Some(0), Some(1), Some(2)])),
        (
            "observation_0",
            Float(vec![Some(0.5), Some(0.25), Some(0.0)]),
        ),
        ("action_0", Int(vec![Some(0), Some(1), None])),
        ("reward", Float(vec![Some(1.0), Some(1.0), None])),
        ("end", Text(vec![None, Some("terminated"), None])),
    ];
    let index = columns
        .iter()
        .position(|(here, _)| *here == name)
        .expect("there is such a column");
    match column {
        Some(column) => columns[index].1 = column,
        None => drop(columns.remove(index)),
    }
    table(&columns, None)
}

/// The episode of [`changed`] under what is said of it.
fn said(about: &str) -> Result<Vec<u8>> {
    let columns = [
        ("step", Int(vec![Some(0), Some(1)])),
        ("observation_0", Float(vec![Some(0.5), Some(0.25)])),
        ("action_0", Int(vec![Some(3), None])),
    ];
    table(&columns, Some(about))
}

const BOX: &str = r#"{"kind":"continuous","shape":[1],"low":-1,"high":1}"#;

fn spaces(observation: &str, action: &str) -> String {
    format!(
        r#"{{"format":"rewardlab demonstrations","version":1,"observation_space":{observation},"action_space":{action}}}"#
    )
}

pub(crate) fn files() -> Result<Vec<Broken>> {
    let whole = sound(Format::Parquet, 4)?;
    let length = whole.len();
    let cut = whole[..length / 2].to_vec();
    let mut footer = whole.clone();
    footer[length - 8..length - 4].copy_from_slice(&0x7fff_fff0_u32.to_le_bytes());
    let mut scrambled = whole.clone();
    let footer_length = u32::from_le_bytes([
        whole[length - 8],
        whole[length - 7],
        whole[length - 6],
        whole[length - 5],
    ]);
    for byte in &mut scrambled[length - 8 - footer_length as usize..][..40] {
        *byte ^= 0x5a;
    }
    // A page of 400 equal numbers 10 times over, which says that it unpacks to a megabyte: 0x15 begins each field of the
    // header, and the sizes are as many bytes as before.
    let wide = sound(Format::Parquet, 400)?;
    let bomb = replaced(
        &wide,
        &[0x15, 0x00, 0x15, 0x80, 0xfa, 0x01],
        &[0x15, 0x00, 0x15, 0xfe, 0xff, 0x7f],
    )?;
    let nested = {
        let schema = Arc::new(parse_message_type(
            "message rows { REQUIRED group inner { REQUIRED INT32 step; } }",
        )?);
        let mut bytes = vec![];
        SerializedFileWriter::new(&mut bytes, schema, Arc::default())?.close()?;
        bytes
    };
    let deep = format!(
        "{}{}{}",
        r#"{"kind":"tuple","parts":["#.repeat(5000),
        BOX,
        "]}".repeat(5000)
    );
    let less_deep = format!(
        "{}{}{}",
        r#"{"kind":"tuple","parts":["#.repeat(20),
        BOX,
        "]}".repeat(20)
    );
    let two = r#"{"kind":"discrete","n":2}"#;
    let broken = |name, broken, says, bytes| Broken {
        name,
        broken,
        says,
        bytes,
    };
    Ok(vec![
        broken(
            "cut.parquet",
            "cut off in the middle",
            "it is not there, the file is cut off",
            cut,
        ),
        broken(
            "footer.parquet",
            "a footer of 2 GiB",
            "it claims 2147483632 bytes",
            footer,
        ),
        broken(
            "scrambled.parquet",
            "a footer of other bytes",
            ", footer: ",
            scrambled,
        ),
        broken(
            "bomb.parquet",
            "a page that says it unpacks to 600 times its size",
            "which cannot be",
            bomb,
        ),
        broken(
            "nested.parquet",
            "columns within columns",
            "do not lie side by side",
            nested,
        ),
        broken(
            "no-action.parquet",
            "no column of actions",
            "there is no column action_0",
            changed("action_0", None)?,
        ),
        broken(
            "text.parquet",
            "text where numbers belong",
            "the column observation_0 holds BYTE_ARRAY and no numbers",
            changed(
                "observation_0",
                Some(Text(vec![Some("a"), Some("b"), Some("c")])),
            )?,
        ),
        broken(
            "null.parquet",
            "an observation that is null",
            "column observation_0: a number is missing",
            changed(
                "observation_0",
                Some(Float(vec![Some(0.5), None, Some(0.0)])),
            )?,
        ),
        broken(
            "no-reward.parquet",
            "a reward that is null where there is an action",
            "column reward: a number is missing where the column action_0 has one",
            changed("reward", Some(Float(vec![Some(1.0), None, None])))?,
        ),
        broken(
            "no-final.parquet",
            "no row of the final observation",
            "the row of its final observation is missing",
            all_steps()?,
        ),
        broken(
            "steps.parquet",
            "a step that is missing",
            "step 1: its number is 2",
            changed("step", Some(Int(vec![Some(0), Some(2), Some(3)])))?,
        ),
        broken(
            "nan.parquet",
            "NaN among the observations",
            "observation [NaN] of step 1",
            changed(
                "observation_0",
                Some(Float(vec![Some(0.5), Some(f32::NAN), Some(0.0)])),
            )?,
        ),
        broken(
            "infinite.parquet",
            "an infinite reward",
            "reward inf of step 0 is not finite",
            changed(
                "reward",
                Some(Float(vec![Some(f32::INFINITY), Some(1.0), None])),
            )?,
        ),
        broken(
            "end.parquet",
            "an end of another word",
            "its end is \"done\", not terminated or truncated",
            changed("end", Some(Text(vec![None, Some("done"), None])))?,
        ),
        broken(
            "after-end.parquet",
            "a step after the end",
            "the episode goes on after its end",
            changed("end", Some(Text(vec![Some("truncated"), None, None])))?,
        ),
        broken(
            "no-json.parquet",
            "metadata that is no JSON",
            "it is no JSON",
            said("{\"format\":")?,
        ),
        broken(
            "deep.parquet",
            "metadata 5000 tuples deep",
            "it is no JSON (recursion limit",
            said(&spaces(&deep, two))?,
        ),
        broken(
            "tuples.parquet",
            "a space of 20 tuples in each other",
            "holds tuples 8 deep",
            said(&spaces(&less_deep, two))?,
        ),
        broken(
            "version.parquet",
            "metadata of a version to come",
            "its version is 99",
            said(&spaces(BOX, two).replace("\"version\":1", "\"version\":99"))?,
        ),
        broken(
            "kind.parquet",
            "a space of an unknown kind",
            "is of the kind \"graph\"",
            said(&spaces(r#"{"kind":"graph"}"#, two))?,
        ),
        broken(
            "huge-space.parquet",
            "a space of more numbers than memory holds",
            "at most 16777216 numbers are read",
            said(&spaces(
                r#"{"kind":"continuous","shape":[16000000,16000000],"low":0,"high":1}"#,
                two,
            ))?,
        ),
        broken(
            "outside.parquet",
            "an action that its space does not hold",
            "action [3.0] of step 0 is not one of 2 choices",
            said(&spaces(BOX, two))?,
        ),
        broken(
            "wide.parquet",
            "more columns than the space has numbers",
            "an action has 1 numbers in its columns and 2 in its space",
            said(&spaces(BOX, r#"{"kind":"multi_discrete","sizes":[4,4]}"#))?,
        ),
    ])
}

/// An episode in which every row has a step.
fn all_steps() -> Result<Vec<u8>> {
    let columns = [
        ("step", Int(vec![Some(0), Some(1)])),
        ("observation_0", Float(vec![Some(0.5), Some(0.25)])),
        ("action_0", Int(vec![Some(0), Some(1)])),
    ];
    table(&columns, None)
}
