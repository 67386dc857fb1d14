//! TensorBoard event files: the record framing, and the few protobuf fields that hold scalars.
//!
//! A file is a sequence of records (`TFRecord`): the payload's length as a little-endian `u64`, the
//! masked CRC-32C of these eight bytes, the payload, its masked CRC-32C. A payload is an `Event`
//! message. What is read of it, by field number (tensorflow/core/util/event.proto, summary.proto,
//! tensor.proto): `Event` wall_time 1, step 2, summary 5; `Summary` value 1; `Value` tag 1,
//! simple_value 2, tensor 8; `TensorProto` dtype 1, tensor_content 4, float_val 5, double_val 6,
//! int_val 7, int64_val 10. All else is skipped.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use crate::crc32c::{crc32c, masked};
use crate::error::{Error, Field, Place, Role, shortened};
use crate::lines::unreadable;
use crate::log::{
    Format, Log, MOST_RECORDS, Mapping, Record, RecordKind, keep_with_intent, names_a_mean,
    too_many,
};

/// Larger payloads (images, graphs) hold no scalars of interest and are passed over.
const LARGEST_PAYLOAD: u64 = 4 << 20;
/// The most distinct tags that are remembered for messages.
const MOST_TAGS: usize = 1000;

/// One value of a tag.
#[derive(Debug, Clone, Copy)]
struct Point {
    step: i64,
    value: f64,
}

/// Gathers the event files of a run.
pub(crate) struct TensorBoardReader<'m> {
    mapping: &'m Mapping,
    files: Vec<PathBuf>,
    tags: BTreeMap<String, u64>,
    proxy: Series,
    intent: Series,
    notes: Vec<String>,
}

/// The values of one mapped tag, in file order.
#[derive(Default)]
struct Series {
    points: Vec<Point>,
    /// How many values a restarted run wrote again.
    overwritten: usize,
}

impl Series {
    /// A step below the last one means that the run was resumed from an earlier checkpoint: what it
    /// had written from there on is orphaned, as TensorBoard itself treats it.
    fn push(&mut self, point: Point) {
        if self
            .points
            .last()
            .is_some_and(|last| point.step < last.step)
        {
            let kept = self.points.partition_point(|old| old.step < point.step);
            self.overwritten += self.points.len() - kept;
            self.points.truncate(kept);
        }
        self.points.push(point);
    }
}

impl<'m> TensorBoardReader<'m> {
    pub(crate) fn new(mapping: &'m Mapping) -> Self {
        Self {
            mapping,
            files: Vec::new(),
            tags: BTreeMap::new(),
            proxy: Series::default(),
            intent: Series::default(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn read<R: BufRead>(&mut self, path: &Path, mut reader: R) -> Result<(), Error> {
        let mut payload = Vec::new();
        let (mut offset, mut n_records, mut n_skipped) = (0_u64, 0_u64, 0_u64);
        loop {
            let record = next_record(path, &mut reader, offset, &mut payload)?;
            match record {
                Framed::End => break,
                Framed::Cut => {
                    self.notes.push(format!(
                        "{}, byte {offset}: the last record is cut off, as when its writer is \
                         killed; {n_records} records are read.",
                        path.display()
                    ));
                    break;
                }
                Framed::Skipped { size } => {
                    n_skipped += 1;
                    offset += size;
                }
                Framed::Payload { size } => {
                    self.event(path, offset, &payload)?;
                    n_records += 1;
                    offset += size;
                }
            }
        }
        if n_skipped > 0 {
            self.notes.push(format!(
                "{}: {n_skipped} records of more than {LARGEST_PAYLOAD} bytes are passed over.",
                path.display()
            ));
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    fn event(&mut self, path: &Path, offset: u64, payload: &[u8]) -> Result<(), Error> {
        let malformed = |problem: String, mend: &str| Error::Malformed {
            path: path.to_owned(),
            place: Place::Byte(offset),
            problem,
            mend: mend.to_owned(),
        };
        let event = Event::parse(payload).ok_or_else(|| {
            malformed(
                "the record is no TensorBoard event".to_owned(),
                "give a file whose name holds tfevents",
            )
        })?;
        for scalar in event.scalars {
            self.remember(scalar.tag);
            let asked =
                |name: &Option<String>, usual: &str| name.as_deref().unwrap_or(usual) == scalar.tag;
            let is_proxy = asked(&self.mapping.proxy, "proxy");
            let is_intent = asked(&self.mapping.intent, "intent");
            if !is_proxy && !is_intent {
                continue;
            }
            let tag = shortened(scalar.tag);
            if !scalar.value.is_finite() {
                return Err(malformed(
                    format!("tag {tag:?} holds {} at step {}", scalar.value, event.step),
                    "a return must be finite: find out why the run diverged, or cut the log there",
                ));
            }
            if event.step < 0 {
                return Err(malformed(
                    format!("tag {tag:?} is written at step {}", event.step),
                    "give global_step when writing scalars",
                ));
            }
            let point = Point {
                step: event.step,
                value: scalar.value,
            };
            for (wanted, series) in [(is_proxy, &mut self.proxy), (is_intent, &mut self.intent)] {
                if wanted {
                    if series.points.len() == MOST_RECORDS {
                        return Err(too_many(path, Place::Byte(offset)));
                    }
                    series.push(point);
                }
            }
        }
        Ok(())
    }

    fn remember(&mut self, tag: &str) {
        if let Some(count) = self.tags.get_mut(tag) {
            *count += 1;
        } else if self.tags.len() < MOST_TAGS {
            self.tags.insert(tag.to_owned(), 1);
        }
    }

    pub(crate) fn finish(mut self) -> Result<Log, Error> {
        let path = self.files.first().cloned().unwrap_or_default();
        if let Some(name) = self
            .mapping
            .pressure
            .as_ref()
            .or(self.mapping.length.as_ref())
            && name != "step"
        {
            return Err(Error::Malformed {
                path,
                place: Place::Whole,
                problem: format!(
                    "the pressure of an event file is the step of its events, not {:?}",
                    shortened(name)
                ),
                mend: "leave --pressure out".to_owned(),
            });
        }
        let missing = |role: Role, asked: &Option<String>| Error::Missing {
            path: path.clone(),
            role,
            field: Field::Tag,
            asked: asked.clone(),
            available: self.tags.keys().cloned().collect(),
        };
        if self.proxy.points.is_empty() {
            return Err(missing(Role::Proxy, &self.mapping.proxy));
        }
        if self.intent.points.is_empty() && self.mapping.intent.is_some() {
            return Err(missing(Role::Intent, &self.mapping.intent));
        }
        let overwritten = self.proxy.overwritten + self.intent.overwritten;
        if overwritten > 0 {
            self.notes.push(format!(
                "Steps start again at an earlier one, as when a run is resumed: {overwritten} \
                 values that it wrote again are left out."
            ));
        }
        let mut records = joined(&self.proxy.points, &self.intent.points);
        keep_with_intent(&mut records, &mut self.notes);
        let proxy_name = self.mapping.proxy.clone().unwrap_or("proxy".to_owned());
        let has_intent = records[0].intent.is_some();
        if !has_intent && !self.intent.points.is_empty() {
            return Err(Error::Malformed {
                path,
                place: Place::Whole,
                problem: "proxy and intent share no step".to_owned(),
                mend: "write both tags at the same global_step".to_owned(),
            });
        }
        Ok(Log {
            format: Format::TensorBoard,
            kind: if names_a_mean(&proxy_name) {
                RecordKind::Mean
            } else {
                RecordKind::Episode
            },
            environment: None,
            intent_name: has_intent
                .then(|| self.mapping.intent.clone().unwrap_or("intent".to_owned())),
            proxy_name,
            pressure_name: "step".to_owned(),
            pressure_start: records[0].pressure,
            records,
            files: self.files,
            notes: self.notes,
            step_log: None,
        })
    }
}

/// Pairs the values of equal step, the i-th with the i-th where a step has several.
fn joined(proxy: &[Point], intent: &[Point]) -> Vec<Record> {
    let mut intents = intent.iter().peekable();
    let mut records = Vec::with_capacity(proxy.len());
    for point in proxy {
        while intents.next_if(|other| other.step < point.step).is_some() {}
        let partner = intents.next_if(|other| other.step == point.step);
        records.push(Record {
            pressure: point.step as f64,
            proxy: point.value,
            intent: partner.map(|other| other.value),
        });
    }
    records
}

/// What stands at an offset.
enum Framed {
    End,
    /// The file ends inside the record.
    Cut,
    /// Too large to hold scalars.
    Skipped {
        size: u64,
    },
    Payload {
        size: u64,
    },
}

fn next_record<R: BufRead>(
    path: &Path,
    reader: &mut R,
    offset: u64,
    payload: &mut Vec<u8>,
) -> Result<Framed, Error> {
    let io = |source| unreadable(path, source);
    let damaged = |what: &str| Error::Malformed {
        path: path.to_owned(),
        place: Place::Byte(offset),
        problem: format!("the checksum of the record's {what} does not match"),
        mend: "the file is damaged or no event file: copy it again".to_owned(),
    };
    let mut header = [0_u8; 12];
    match read_up_to(reader, &mut header).map_err(io)? {
        0 => return Ok(Framed::End),
        12 => {}
        _ => return Ok(Framed::Cut),
    }
    let (length_bytes, check) = header.split_at(8);
    if masked(crc32c(0, length_bytes)).to_le_bytes() != check {
        return Err(damaged("length"));
    }
    let length = length_bytes
        .iter()
        .rev()
        .fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    payload.clear();
    if length > LARGEST_PAYLOAD {
        let wanted = length.saturating_add(4);
        let passed = std::io::copy(&mut reader.take(wanted), &mut std::io::sink()).map_err(io)?;
        return Ok(if passed < wanted {
            Framed::Cut
        } else {
            Framed::Skipped { size: 12 + wanted }
        });
    }
    reader.take(length + 4).read_to_end(payload).map_err(io)?;
    if (payload.len() as u64) < length + 4 {
        return Ok(Framed::Cut);
    }
    let check = payload.split_off(length as usize);
    if masked(crc32c(0, payload)).to_le_bytes() != check[..] {
        return Err(damaged("payload"));
    }
    Ok(Framed::Payload { size: 16 + length })
}

/// Fills as much of `buffer` as the file still holds.
fn read_up_to<R: Read>(reader: &mut R, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether these first bytes of a file frame a record.
pub(crate) fn frames_a_record(start: &[u8]) -> bool {
    start
        .get(..12)
        .is_some_and(|header| masked(crc32c(0, &header[..8])).to_le_bytes() == header[8..])
}

/// The scalars of an `Event`.
struct Event<'a> {
    step: i64,
    scalars: Vec<Scalar<'a>>,
}

struct Scalar<'a> {
    tag: &'a str,
    value: f64,
}

impl<'a> Event<'a> {
    fn parse(message: &'a [u8]) -> Option<Self> {
        let mut event = Self {
            step: 0,
            scalars: Vec::new(),
        };
        for field in Fields(message) {
            match field? {
                (2, Wire::Varint(step)) => event.step = step as i64,
                (5, Wire::Bytes(summary)) => {
                    for field in Fields(summary) {
                        if let (1, Wire::Bytes(value)) = field?
                            && let Some(scalar) = parse_value(value)?
                        {
                            event.scalars.push(scalar);
                        }
                    }
                }
                _ => {}
            }
        }
        Some(event)
    }
}

/// A `Summary.Value`: the outer `None` is malformed, the inner one holds no scalar.
#[expect(
    clippy::option_option,
    reason = "malformed and absent are different answers"
)]
fn parse_value(message: &[u8]) -> Option<Option<Scalar<'_>>> {
    let mut tag = None;
    let mut value = None;
    for field in Fields(message) {
        match field? {
            (1, Wire::Bytes(bytes)) => tag = Some(std::str::from_utf8(bytes).ok()?),
            (2, Wire::Fixed32(bits)) => value = Some(f64::from(f32::from_bits(bits))),
            (8, Wire::Bytes(tensor)) => value = tensor_scalar(tensor)?.or(value),
            _ => {}
        }
    }
    Some(tag.zip(value).map(|(tag, value)| Scalar { tag, value }))
}

/// The number in a `TensorProto` of one number.
#[expect(
    clippy::option_option,
    reason = "malformed and absent are different answers"
)]
fn tensor_scalar(message: &[u8]) -> Option<Option<f64>> {
    const FLOAT: u64 = 1;
    const DOUBLE: u64 = 2;
    let mut kind = 0;
    let mut content: &[u8] = &[];
    let mut listed: Option<f64> = None;
    let mut n_listed = 0;
    for field in Fields(message) {
        let (number, wire) = field?;
        let values: Vec<f64> = match (number, wire) {
            (1, Wire::Varint(value)) => {
                kind = value;
                continue;
            }
            (4, Wire::Bytes(bytes)) => {
                content = bytes;
                continue;
            }
            (5, Wire::Fixed32(bits)) => vec![f64::from(f32::from_bits(bits))],
            (5, Wire::Bytes(packed)) => floats(packed),
            (6, Wire::Fixed64(bits)) => vec![f64::from_bits(bits)],
            (6, Wire::Bytes(packed)) => doubles(packed),
            (7 | 10, Wire::Varint(value)) => vec![value as i64 as f64],
            (7 | 10, Wire::Bytes(mut packed)) => match varint(&mut packed) {
                Some(value) if packed.is_empty() => vec![value as i64 as f64],
                _ => vec![0.0, 0.0],
            },
            _ => continue,
        };
        n_listed += values.len();
        listed = values.first().copied().or(listed);
    }
    let inside = match kind {
        FLOAT if content.len() == 4 => floats(content).first().copied(),
        DOUBLE if content.len() == 8 => doubles(content).first().copied(),
        _ => None,
    };
    Some(inside.or(listed.filter(|_| n_listed == 1)))
}

fn floats(packed: &[u8]) -> Vec<f64> {
    let (numbers, _) = packed.as_chunks::<4>();
    let numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
    numbers.map(f64::from).take(2).collect()
}

fn doubles(packed: &[u8]) -> Vec<f64> {
    let (numbers, _) = packed.as_chunks::<8>();
    let numbers = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes));
    numbers.take(2).collect()
}

/// A protobuf value by its wire type.
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// The fields of a protobuf message; yields `None` once, and ends, where it is malformed.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Wire<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = varint(&mut self.0)?;
        let wire = match key & 7 {
            0 => Wire::Varint(varint(&mut self.0)?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.chunk()?)),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.chunk()?)),
            _ => return None,
        };
        Some((key >> 3, wire))
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
