//! What the metadata of a message says: the schema, and where the buffers of a batch are.

use std::collections::VecDeque;

use super::table::Table;
use crate::Place;
use crate::error::shortened;
use crate::fault::Fault;
use crate::pieces::{Cursor, Number, Pieces};

/// The most fields of a schema, those inside of others counted.
const MOST_FIELDS: usize = 1 << 12;
/// Lists of lists, so deep at most.
const DEEPEST: usize = 16;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number.
    Number(Number),
    /// False or true, a bit each.
    Flag,
    /// Text or bytes of any length, whose places have so many bytes.
    Bytes { offset: usize },
    /// A list of any length, whose places have so many bytes.
    List { offset: usize },
    /// A list of so many.
    Fixed { length: u64 },
    /// Several fields.
    Struct,
    /// Nothing at all.
    Null,
    /// A type that demonstrations do not need, with one buffer of values.
    Other,
}

/// A field of the schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    name: String,
    kind: Kind,
    children: Vec<Field>,
}

/// A column of a batch, or a part of one: which parts of the file hold it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Elements.
    pub(crate) rows: u64,
    /// Elements that are missing.
    pub(crate) nulls: u64,
    /// Start and length in bytes of the buffers after the one that says what is missing.
    buffers: Vec<(u64, u64)>,
    pub(crate) children: Vec<Column>,
}

/// Kinds of messages.
pub(super) const SCHEMA: u8 = 1;
pub(super) const BATCH: u8 = 3;

/// Reads the fields of a schema.
pub(super) fn schema(table: Table<'_>) -> Result<Vec<Field>, Fault> {
    if table.i16(0)? != 0 {
        return Err(Fault::new(
            "its numbers are big-endian",
            "write it on a machine that is little-endian",
        ));
    }
    let mut left = MOST_FIELDS;
    fields(table, 1, DEEPEST, &mut left)
}

fn fields(
    table: Table<'_>,
    field: usize,
    depth: usize,
    left: &mut usize,
) -> Result<Vec<Field>, Fault> {
    let tables = table.tables(field, *left)?;
    *left -= tables.len();
    if depth == 0 && !tables.is_empty() {
        return Err(Fault::damaged(format!(
            "fields inside of fields more than {DEEPEST} deep"
        )));
    }
    let mut fields_here = vec![];
    for table in tables {
        let name = table.text(0)?.unwrap_or_default().to_owned();
        if table.table(4)?.is_some() {
            let problem = format!(
                "column `{}` is a dictionary, which is not read",
                shortened(&name)
            );
            return Err(Fault::new(problem, "write the values themselves"));
        }
        let kind = kind(table, &name)?;
        let children = fields(table, 5, depth.saturating_sub(1), left)?;
        let expected = match kind {
            Kind::List { .. } | Kind::Fixed { .. } => children.len() == 1,
            Kind::Struct => true,
            _ => children.is_empty(),
        };
        if !expected {
            let problem = format!(
                "column `{}` has {} parts inside",
                shortened(&name),
                children.len()
            );
            return Err(Fault::damaged(problem));
        }
        fields_here.push(Field {
            name,
            kind,
            children,
        });
    }
    Ok(fields_here)
}

fn kind(field: Table<'_>, name: &str) -> Result<Kind, Fault> {
    let number = field.u8(2)?;
    let Some(details) = field.table(3)? else {
        return Err(Fault::damaged(format!(
            "column `{}` has no type",
            shortened(name)
        )));
    };
    let unread = |what: &str| {
        let problem = format!("column `{}` is {what}, which is not read", shortened(name));
        Err(Fault::new(
            problem,
            "write it as numbers, flags, text or lists of them",
        ))
    };
    Ok(match number {
        1 => Kind::Null,
        2 => match details.i32(0)? {
            bits @ (8 | 16 | 32 | 64) => Kind::Number(Number::Whole {
                bytes: bits as usize / 8,
                signed: details.u8(1)? != 0,
                big_endian: false,
            }),
            bits => return unread(&format!("a whole number of {bits} bits")),
        },
        3 => match details.i16(0)? {
            precision @ 0..=2 => Kind::Number(Number::Float {
                bytes: 2 << precision,
                big_endian: false,
            }),
            precision => return unread(&format!("a number of the precision {precision}")),
        },
        4 | 5 => Kind::Bytes { offset: 4 },
        6 => Kind::Flag,
        // Decimals, dates, times, intervals, bytes of fixed size, durations.
        7..=11 | 15 | 18 => Kind::Other,
        12 => Kind::List { offset: 4 },
        13 => Kind::Struct,
        16 => match u64::try_from(details.i32(0)?) {
            Ok(length) => Kind::Fixed { length },
            Err(_) => return unread("a list of negative length"),
        },
        19 | 20 => Kind::Bytes { offset: 8 },
        21 => Kind::List { offset: 8 },
        14 => return unread("a union"),
        17 => return unread("a map"),
        number => return unread(&format!("of the type number {number}")),
    })
}

/// Reads where the columns of a batch are: its rows, and a column for each field. `body` is where buffers begin and
/// how many bytes they have.
pub(super) fn batch(
    table: Table<'_>,
    fields: &[Field],
    body: (u64, u64),
) -> Result<(u64, Vec<Column>), Fault> {
    if table.table(3)?.is_some() {
        let mend = "write it without compression, or convert it with the library that wrote it";
        return Err(Fault::new(
            "its buffers are compressed, which is not read",
            mend,
        ));
    }
    let rows = table.size(0)?;
    let pairs = |field| -> Result<VecDeque<(u64, u64)>, Fault> {
        let bytes = table.vector(field, 16)?.unwrap_or_default();
        bytes
            .chunks_exact(16)
            .map(|pair| {
                let mut cursor = Cursor::new(pair);
                Ok((cursor.u64()?, cursor.u64()?))
            })
            .collect()
    };
    let mut parts = Parts {
        nodes: pairs(1)?,
        buffers: pairs(2)?,
        body,
    };
    let columns = fields
        .iter()
        .map(|field| parts.column(field))
        .collect::<Result<Vec<_>, _>>()?;
    for column in &columns {
        if column.rows != rows {
            let problem = format!(
                "column `{}` has {} rows in a batch of {rows}",
                shortened(&column.name),
                column.rows
            );
            return Err(Fault::damaged(problem));
        }
    }
    Ok((rows, columns))
}

/// What a batch says of its fields, in the order of the schema.
struct Parts {
    nodes: VecDeque<(u64, u64)>,
    buffers: VecDeque<(u64, u64)>,
    body: (u64, u64),
}

impl Parts {
    fn column(&mut self, field: &Field) -> Result<Column, Fault> {
        let missing = || {
            Fault::damaged(format!(
                "a batch without all of column `{}`",
                shortened(&field.name)
            ))
        };
        let (rows, nulls) = self.nodes.pop_front().ok_or_else(missing)?;
        if i64::MAX as u64 <= rows || rows < nulls {
            return Err(Fault::damaged(format!(
                "a column of {rows} rows of which {nulls} are missing"
            )));
        }
        let n_buffers = match field.kind {
            Kind::Null => 0,
            Kind::Fixed { .. } | Kind::Struct => 1,
            Kind::Number(_) | Kind::Flag | Kind::List { .. } | Kind::Other => 2,
            Kind::Bytes { .. } => 3,
        };
        let mut buffers = vec![];
        for _ in 0..n_buffers {
            let (start, length) = self.buffers.pop_front().ok_or_else(missing)?;
            let end = start.checked_add(length).filter(|end| *end <= self.body.1);
            if end.is_none() {
                let problem = format!(
                    "a buffer of {length} bytes at {start} in a body of {}",
                    self.body.1
                );
                return Err(Fault::damaged(problem).at(Place::Byte(self.body.0)));
            }
            buffers.push((self.body.0 + start, length));
        }
        let children = field
            .children
            .iter()
            .map(|child| self.column(child))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Column {
            name: field.name.clone(),
            kind: field.kind,
            rows,
            nulls,
            buffers: buffers.into_iter().skip(1).collect(),
            children,
        })
    }
}

impl Column {
    /// The part of a struct that has this name.
    pub(crate) fn child(&self, name: &str) -> Result<&Column, Fault> {
        child(&self.children, name).map_err(|fault| fault.within(shortened(&self.name)))
    }

    /// `n` numbers from the element `start` on as bytes, and what they are; flags are numbers of one byte.
    pub(crate) fn numbers(
        &self,
        pieces: &mut Pieces,
        start: u64,
        n: u64,
    ) -> Result<(Number, Vec<u8>), Fault> {
        self.check(start, n)?;
        match self.kind {
            Kind::Number(number) => {
                let size = number.size() as u64;
                Ok((number, self.buffer(pieces, 0, start, n, size)?))
            }
            Kind::Flag => {
                let first = start / 8;
                let bits = self.buffer(pieces, 0, first, (start + n).div_ceil(8) - first, 1)?;
                let bit = |index: u64| bits[(index / 8 - first) as usize] >> (index % 8) & 1;
                let number = Number::Whole {
                    bytes: 1,
                    signed: false,
                    big_endian: false,
                };
                Ok((number, (start..start + n).map(bit).collect()))
            }
            _ => Err(self.unexpected("numbers")),
        }
    }

    /// Where the lists, texts or bytes from the element `start` on begin, and where the last of the `n` ends.
    pub(crate) fn places(
        &self,
        pieces: &mut Pieces,
        start: u64,
        n: u64,
    ) -> Result<Vec<u64>, Fault> {
        self.check(start, n)?;
        if let Kind::Fixed { length } = self.kind {
            let ends = start.checked_add(n).and_then(|end| end.checked_mul(length));
            let child = self.children.first().map_or(0, |child| child.rows);
            return match ends {
                Some(end) if end <= child => {
                    Ok((start..=start + n).map(|index| index * length).collect())
                }
                _ => Err(self.damaged("lists that reach beyond what is there")),
            };
        }
        let (size, most) = match self.kind {
            Kind::List { offset } => (offset, self.children.first().map_or(0, |child| child.rows)),
            Kind::Bytes { offset } => (offset, self.buffers[1].1),
            _ => return Err(self.unexpected("lists")),
        };
        if self.buffers[0].1 == 0 && self.rows == 0 {
            return Ok(vec![0]);
        }
        let bytes = self.buffer(pieces, 0, start, n + 1, size as u64)?;
        let mut cursor = Cursor::new(&bytes);
        let mut places = vec![];
        for _ in 0..=n {
            let place = cursor.unsigned(size)?;
            if most < place || places.last().is_some_and(|last| place < *last) {
                return Err(self.damaged(&format!("a list that ends at {place} of {most}")));
            }
            places.push(place);
        }
        Ok(places)
    }

    /// The texts or byte sequences from the element `start` on, if they take at most `most` bytes.
    pub(crate) fn sequences(
        &self,
        pieces: &mut Pieces,
        start: u64,
        n: u64,
        most: u64,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        if !matches!(self.kind, Kind::Bytes { .. }) {
            return Err(self.unexpected("bytes"));
        }
        let places = self.places(pieces, start, n)?;
        let length = places[n as usize] - places[0];
        if most < length {
            return Err(Fault::new(
                format!("{length} bytes, more than {most}"),
                "an episode that long is not read; cut it",
            ));
        }
        let bytes = self.buffer(pieces, 1, places[0], length, 1)?;
        let part = |pair: &[u64]| {
            bytes[(pair[0] - places[0]) as usize..(pair[1] - places[0]) as usize].to_vec()
        };
        Ok(places.windows(2).map(part).collect())
    }

    fn check(&self, start: u64, n: u64) -> Result<(), Fault> {
        if start.checked_add(n).is_none_or(|end| self.rows < end) {
            return Err(self.damaged(&format!(
                "{n} elements from {start} on are expected, {} are there",
                self.rows
            )));
        }
        if 0 < self.nulls {
            let problem = format!("{} of its {} elements are missing", self.nulls, self.rows);
            return Err(
                Fault::new(problem, "fill them before writing").within(shortened(&self.name))
            );
        }
        Ok(())
    }

    /// `n` elements of `size` bytes from a buffer.
    fn buffer(
        &self,
        pieces: &mut Pieces,
        index: usize,
        start: u64,
        n: u64,
        size: u64,
    ) -> Result<Vec<u8>, Fault> {
        let (at, length) = self.buffers[index];
        let range = start.checked_mul(size).zip(n.checked_mul(size));
        let range =
            range.filter(|(start, n)| start.checked_add(*n).is_some_and(|end| end <= length));
        match range {
            Some((start, n)) => pieces.read(at + start, n),
            None => Err(self.damaged(&format!("{n} elements in a buffer of {length} bytes"))),
        }
    }

    fn damaged(&self, problem: &str) -> Fault {
        Fault::damaged(problem).within(format!("column `{}`", shortened(&self.name)))
    }

    /// That a column of another type was expected.
    pub(crate) fn unexpected(&self, what: &str) -> Fault {
        let problem = format!("it holds {}, {what} are expected", self.kind.words());
        Fault::new(
            problem,
            "write the file with the library that the format belongs to",
        )
        .within(format!("column `{}`", shortened(&self.name)))
    }
}

/// The column that has this name.
pub(crate) fn child<'c>(columns: &'c [Column], name: &str) -> Result<&'c Column, Fault> {
    let mut found = columns.iter().filter(|column| column.name == name);
    let names = || {
        let names: Vec<String> = columns
            .iter()
            .map(|column| format!("`{}`", shortened(&column.name)))
            .collect();
        names.join(", ")
    };
    match (found.next(), found.next()) {
        (Some(column), None) => Ok(column),
        (Some(_), Some(_)) => Err(Fault::damaged(format!("there are two columns `{name}`"))),
        (None, _) => Err(Fault::new(
            format!("there is no column `{name}` among {}", names()),
            "write the file with the library that the format belongs to",
        )),
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Number(_) => "numbers",
            Kind::Flag => "flags",
            Kind::Bytes { .. } => "texts or bytes",
            Kind::List { .. } | Kind::Fixed { .. } => "lists",
            Kind::Struct => "named parts",
            Kind::Null => "nothing",
            Kind::Other => "dates, times or decimals",
        }
    }
}
