//! The part of Thrift's compact protocol that says how large things will be, read before anybody believes it.
//!
//! Parquet keeps its footer and the header of each page in this encoding. The reader of the `parquet` crate trusts what
//! they declare: the children of a schema's element, the bytes that a page unpacks to, the values of a dictionary. Each
//! of them is looked at here first.

/// The deepest structure within a structure that is skipped.
const DEEPEST: usize = 16;

/// The types of the compact protocol that are asked for by name.
mod kind {
    pub(super) const I32: u8 = 5;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const STRUCT: u8 = 12;
}

/// Reads fields one after the other; every method gives nothing where the bytes end or make no sense.
#[derive(Clone, Copy, Debug)]
struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn advance(&mut self, n: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(n).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<i64> {
        let coded = self.varint()?;
        Some((coded >> 1) as i64 ^ -((coded & 1) as i64))
    }

    /// Type and number of the next field; a type of 0 ends the structure.
    fn field(&mut self, last: i64) -> Option<(u8, i64)> {
        let byte = self.byte()?;
        let kind = byte & 0x0f;
        match (kind, byte >> 4) {
            (0, _) => Some((0, last)),
            (_, 0) => Some((kind, self.integer()?)),
            (_, delta) => Some((kind, last + i64::from(delta))),
        }
    }

    /// Type and number of the elements of a list.
    fn list(&mut self) -> Option<(u8, u64)> {
        let byte = self.byte()?;
        let n = match byte >> 4 {
            15 => self.varint()?,
            n => u64::from(n),
        };
        Some((byte & 0x0f, n))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.advance(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.advance(8),
            kind::BINARY => {
                let n = self.varint()?;
                self.advance(n)
            }
            kind::LIST | 10 => {
                let (element, n) = self.list()?;
                (0..n).try_for_each(|_| self.skip_element(element, depth))
            }
            11 => {
                let n = self.varint()?;
                if n == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..n).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)
                })
            }
            kind::STRUCT => self.fields(|cursor, kind, _| cursor.skip(kind, depth)),
            _ => None,
        }
    }

    /// Within a list a flag takes a byte, as a field it takes none.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => self.advance(1),
            _ => self.skip(kind, depth),
        }
    }

    /// Hands over each field of a structure; whoever takes it must read it to its end.
    fn fields(&mut self, mut each: impl FnMut(&mut Self, u8, i64) -> Option<()>) -> Option<()> {
        let mut last = 0;
        loop {
            let (kind, id) = self.field(last)?;
            if kind == 0 {
                return Some(());
            }
            each(self, kind, id)?;
            last = id;
        }
    }
}

/// How many columns the schema in a footer has, if it is flat: one root with nothing but columns below it.
pub(super) fn n_flat_columns(footer: &[u8]) -> Option<usize> {
    let mut cursor = Cursor { rest: footer };
    let mut n_columns = None;
    cursor.fields(|cursor, kind, id| {
        if (kind, id) != (kind::LIST, 2) {
            return cursor.skip(kind, DEEPEST);
        }
        let (element, n) = cursor.list()?;
        if element != kind::STRUCT || n_columns.is_some() {
            return None;
        }
        for index in 0..n {
            let n_children = schema_element(cursor)?;
            let expected = if index == 0 { n - 1 } else { 0 };
            if u64::try_from(n_children).ok()? != expected {
                return None;
            }
        }
        n_columns = Some(usize::try_from(n.checked_sub(1)?).ok()?);
        Some(())
    })?;
    n_columns
}

/// The children of an element of the schema.
fn schema_element(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut n_children = 0;
    cursor.fields(|cursor, kind, id| {
        if (kind, id) != (kind::I32, 5) {
            return cursor.skip(kind, DEEPEST);
        }
        n_children = cursor.integer()?;
        Some(())
    })?;
    Some(n_children)
}

/// What the header of a page declares. Numbers that are missing are -1, which no check lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// 0: values; 1: an index; 2: a dictionary; 3: values in the second layout.
    pub(super) kind: i64,
    /// Bytes once unpacked.
    pub(super) size: i64,
    /// Bytes in the file.
    pub(super) stored: i64,
    /// Values, nulls among them.
    pub(super) n_values: i64,
    /// How they are encoded.
    pub(super) encoding: i64,
    /// How the levels of the first layout are encoded: definition, repetition.
    pub(super) level_encodings: [i64; 2],
    /// Nulls and rows, in the second layout.
    pub(super) nulls_and_rows: [i64; 2],
    /// Bytes of the levels, in the second layout: definition, repetition.
    pub(super) level_bytes: [i64; 2],
    /// Whether the values are packed, in the second layout.
    pub(super) is_packed: bool,
}

impl PageHeader {
    /// The header at the start of `bytes`, and how long it is.
    pub(super) fn parse(bytes: &[u8]) -> Option<(PageHeader, usize)> {
        let mut header = PageHeader {
            kind: -1,
            size: -1,
            stored: -1,
            n_values: -1,
            encoding: -1,
            level_encodings: [-1; 2],
            nulls_and_rows: [-1; 2],
            level_bytes: [-1; 2],
            is_packed: true,
        };
        let mut cursor = Cursor { rest: bytes };
        cursor.fields(|cursor, kind, id| {
            match (kind, id) {
                (kind::I32, 1) => header.kind = cursor.integer()?,
                (kind::I32, 2) => header.size = cursor.integer()?,
                (kind::I32, 3) => header.stored = cursor.integer()?,
                (kind::STRUCT, 5 | 7) => header.first_layout(cursor)?,
                (kind::STRUCT, 8) => header.second_layout(cursor)?,
                _ => cursor.skip(kind, DEEPEST)?,
            }
            Some(())
        })?;
        Some((header, bytes.len() - cursor.rest.len()))
    }

    /// The header of a page of values in the first layout, or of a dictionary: both begin alike.
    fn first_layout(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.fields(|cursor, kind, id| {
            match (kind, id) {
                (kind::I32, 1) => self.n_values = cursor.integer()?,
                (kind::I32, 2) => self.encoding = cursor.integer()?,
                (kind::I32, 3 | 4) => self.level_encodings[id as usize - 3] = cursor.integer()?,
                _ => cursor.skip(kind, DEEPEST)?,
            }
            Some(())
        })
    }

    fn second_layout(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.fields(|cursor, kind, id| {
            match (kind, id) {
                (kind::I32, 1) => self.n_values = cursor.integer()?,
                (kind::I32, 2 | 3) => self.nulls_and_rows[id as usize - 2] = cursor.integer()?,
                (kind::I32, 4) => self.encoding = cursor.integer()?,
                (kind::I32, 5 | 6) => self.level_bytes[id as usize - 5] = cursor.integer()?,
                (1 | 2, 7) => self.is_packed = kind == 1,
                _ => cursor.skip(kind, DEEPEST)?,
            }
            Some(())
        })
    }
}

/// How many columns the schema in a footer has, if it is a tree of structures no deeper than [`DEEPEST`].
pub(super) fn n_columns(footer: &[u8]) -> Option<usize> {
    let mut cursor = Cursor { rest: footer };
    let mut n_columns = None;
    cursor.fields(|cursor, kind, id| {
        if (kind, id) != (kind::LIST, 2) {
            return cursor.skip(kind, DEEPEST);
        }
        let (element, n) = cursor.list()?;
        if element != kind::STRUCT || n_columns.is_some() || n == 0 {
            return None;
        }
        // Elements that are still to come, in each structure that is not complete.
        let mut missing: Vec<u64> = vec![1];
        let mut n_leaves = 0;
        for _ in 0..n {
            let n_children = u64::try_from(schema_element(cursor)?).ok()?;
            while missing.last() == Some(&0) {
                missing.pop();
            }
            *missing.last_mut()? -= 1;
            match n_children {
                0 => n_leaves += 1,
                n_children if n_children <= n && missing.len() < DEEPEST => {
                    missing.push(n_children)
                }
                _ => return None,
            }
        }
        if missing.iter().any(|n| *n != 0) {
            return None;
        }
        n_columns = Some(n_leaves);
        Some(())
    })?;
    n_columns
}
