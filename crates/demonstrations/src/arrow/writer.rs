//! Writing a stream or a file: the schema, then batches.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::builder::{Builder, Value, Written};
use super::{CONTINUATION, MAGIC};
use crate::gymnasium::Dtype;

/// Metadata of version 5, the only one that is written today.
const VERSION: Value = Value::I16(4);

/// A column of a batch, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Array {
    /// Numbers in little-endian bytes.
    Numbers(Dtype, Vec<u8>),
    /// Flags.
    Flags(Vec<bool>),
    /// Texts.
    Texts(Vec<String>),
    /// Lists: where each begins among the elements, and where the last ends.
    Lists(Vec<usize>, Box<Array>),
    /// Lists of one length.
    Fixed(usize, Box<Array>),
    /// Named parts, of so many rows.
    Struct(usize, Vec<(String, Array)>),
}

impl Array {
    /// Rows.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Array::Numbers(dtype, bytes) => bytes.len() / dtype.size(),
            Array::Flags(flags) => flags.len(),
            Array::Texts(texts) => texts.len(),
            Array::Lists(starts, _) => starts.len().saturating_sub(1),
            Array::Fixed(length, array) => array.rows() / length.max(&1),
            Array::Struct(rows, _) => *rows,
        }
    }
}

/// An Arrow file or stream being written.
#[derive(Debug)]
pub(crate) struct Writer {
    out: BufWriter<File>,
    position: u64,
    /// Key and value beside the schema.
    note: Option<(String, String)>,
    /// What a schema was written for; none before the first batch.
    template: Option<Vec<(String, Array)>>,
    /// Start, bytes of metadata and bytes of body of each batch; none in a stream, which has no list of them.
    blocks: Option<Vec<[u64; 3]>>,
}

impl Writer {
    /// Begins a stream, which says `note` beside its schema.
    pub(crate) fn stream(path: &Path, note: Option<(String, String)>) -> io::Result<Writer> {
        let out = BufWriter::with_capacity(1 << 16, File::create(path)?);
        Ok(Writer {
            out,
            position: 0,
            note,
            template: None,
            blocks: None,
        })
    }

    /// Begins a file, which ends with a list of its batches.
    pub(crate) fn file(path: &Path) -> io::Result<Writer> {
        let mut writer = Writer::stream(path, None)?;
        writer.blocks = Some(vec![]);
        writer.put(MAGIC)?;
        writer.put(&[0; 2])?;
        Ok(writer)
    }

    /// Writes a batch of columns that have equally many rows, and whose names and types are those of the first batch.
    pub(crate) fn batch(&mut self, columns: Vec<(String, Array)>) -> io::Result<()> {
        if self.template.is_none() {
            let mut builder = Builder::default();
            let schema = schema(&mut builder, &columns, self.note.as_ref());
            let metadata = message(builder, 1, schema, 0);
            self.message(&metadata, &[])?;
        }
        let mut parts = Parts::default();
        for (_, array) in &columns {
            parts.add(array);
        }
        let rows = columns.first().map_or(0, |(_, array)| array.rows());
        let mut builder = Builder::default();
        let (nodes, buffers) = (
            builder.structs(&parts.nodes, 2),
            builder.structs(&parts.buffers, 2),
        );
        let rows = Value::I64(rows as i64);
        let batch = builder.table(&[Some(rows), Some(Value::Of(nodes)), Some(Value::Of(buffers))]);
        let metadata = message(builder, 3, batch, parts.body.len());
        let start = self.position;
        self.message(&metadata, &parts.body)?;
        if let Some(blocks) = &mut self.blocks {
            blocks.push([start, metadata.len() as u64 + 8, parts.body.len() as u64]);
        }
        // Types are all that the footer needs of it.
        self.template.get_or_insert(columns);
        Ok(())
    }

    /// Ends the stream or file. At least one batch has been written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.put(&CONTINUATION.to_le_bytes())?;
        self.put(&[0; 4])?;
        if let Some(blocks) = self.blocks.take() {
            let mut builder = Builder::default();
            let columns = self.template.take().unwrap_or_default();
            let schema = schema(&mut builder, &columns, self.note.as_ref());
            let blocks: Vec<u64> = blocks.into_iter().flatten().collect();
            let blocks = builder.structs(&blocks, 3);
            let footer = builder.table(&[
                Some(VERSION),
                Some(Value::Of(schema)),
                None,
                Some(Value::Of(blocks)),
            ]);
            let footer = builder.finish(footer);
            self.put(&footer)?;
            self.put(&(footer.len() as u32).to_le_bytes())?;
            self.put(MAGIC)?;
        }
        self.out.flush()
    }

    fn message(&mut self, metadata: &[u8], body: &[u8]) -> io::Result<()> {
        self.put(&CONTINUATION.to_le_bytes())?;
        self.put(&(metadata.len() as u32).to_le_bytes())?;
        self.put(metadata)?;
        self.put(body)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// The nodes and buffers of a batch in the order of its fields.
#[derive(Debug, Default)]
struct Parts {
    /// Rows and missing ones of each field.
    nodes: Vec<u64>,
    /// Start and length of each buffer.
    buffers: Vec<u64>,
    body: Vec<u8>,
}

impl Parts {
    fn add(&mut self, array: &Array) {
        self.nodes.extend([array.rows() as u64, 0]);
        // Nothing is missing, so that no buffer says what is.
        self.buffer(&[]);
        match array {
            Array::Numbers(_, bytes) => self.buffer(bytes),
            Array::Flags(flags) => {
                let byte = |flags: &[bool]| {
                    flags
                        .iter()
                        .rev()
                        .fold(0, |byte, flag| byte << 1 | u8::from(*flag))
                };
                let bytes: Vec<u8> = flags.chunks(8).map(byte).collect();
                self.buffer(&bytes);
            }
            Array::Texts(texts) => {
                let ends = texts.iter().scan(0, |end, text| {
                    *end += text.len();
                    Some(*end)
                });
                self.places(std::iter::once(0).chain(ends));
                self.buffer(texts.concat().as_bytes());
            }
            Array::Lists(starts, array) => {
                self.places(starts.iter().copied());
                self.add(array);
            }
            Array::Fixed(_, array) => self.add(array),
            Array::Struct(_, parts) => parts.iter().for_each(|(_, array)| self.add(array)),
        }
    }

    /// Batches are cut long before a place exceeds 32 bits.
    fn places(&mut self, places: impl Iterator<Item = usize>) {
        let bytes: Vec<u8> = places
            .flat_map(|place| (place as u32).to_le_bytes())
            .collect();
        self.buffer(&bytes);
    }

    fn buffer(&mut self, bytes: &[u8]) {
        self.buffers
            .extend([self.body.len() as u64, bytes.len() as u64]);
        self.body.extend_from_slice(bytes);
        self.body.resize(self.body.len().next_multiple_of(8), 0);
    }
}

/// Wraps the header of a kind of message.
fn message(mut builder: Builder, kind: u8, header: Written, n_body: usize) -> Vec<u8> {
    let fields = [
        VERSION,
        Value::U8(kind),
        Value::Of(header),
        Value::I64(n_body as i64),
    ];
    let message = builder.table(&fields.map(Some));
    builder.finish(message)
}

fn schema(
    builder: &mut Builder,
    columns: &[(String, Array)],
    note: Option<&(String, String)>,
) -> Written {
    let fields: Vec<Written> = columns
        .iter()
        .map(|(name, array)| field(builder, name, array))
        .collect();
    let fields = builder.vector(&fields);
    let note = note.map(|(key, value)| {
        let (key, value) = (builder.text(key), builder.text(value));
        let note = builder.table(&[Some(Value::Of(key)), Some(Value::Of(value))]);
        Value::Of(builder.vector(&[note]))
    });
    builder.table(&[None, Some(Value::Of(fields)), note])
}

fn field(builder: &mut Builder, name: &str, array: &Array) -> Written {
    let children: Vec<Written> = match array {
        Array::Lists(_, inner) | Array::Fixed(_, inner) => vec![field(builder, "item", inner)],
        Array::Struct(_, parts) => parts
            .iter()
            .map(|(name, part)| field(builder, name, part))
            .collect(),
        Array::Numbers(..) | Array::Flags(_) | Array::Texts(_) => vec![],
    };
    let children = builder.vector(&children);
    let (number, details) = kind(array);
    let details = builder.table(&details);
    let name = builder.text(name);
    builder.table(&[
        Some(Value::Of(name)),
        Some(Value::U8(1)),
        Some(Value::U8(number)),
        Some(Value::Of(details)),
        None,
        Some(Value::Of(children)),
    ])
}

/// The number of a type, and the fields of its table.
fn kind(array: &Array) -> (u8, Vec<Option<Value>>) {
    match array {
        Array::Numbers(dtype, _) if dtype.is_whole() => {
            let is_signed = dtype.range().0 < 0.0;
            let bits = 8 * dtype.size() as i32;
            (
                2,
                vec![Some(Value::I32(bits)), Some(Value::U8(u8::from(is_signed)))],
            )
        }
        Array::Numbers(dtype, _) => (
            3,
            vec![Some(Value::I16(if dtype.size() == 8 { 2 } else { 1 }))],
        ),
        Array::Texts(_) => (5, vec![]),
        Array::Flags(_) => (6, vec![]),
        Array::Lists(..) => (12, vec![]),
        Array::Struct(..) => (13, vec![]),
        Array::Fixed(length, _) => (16, vec![Some(Value::I32(*length as i32))]),
    }
}
