//! What the elements of a dataset are, and in which shape they stand.

use crate::fault::Fault;
use crate::pieces::{Cursor, Number};

/// The type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Datatype {
    /// A number.
    Number(Number),
    /// False or true: an enumeration over one byte.
    Flag,
    /// A sequence of bytes of any length, kept in the global heap.
    Bytes,
    /// Something that demonstrations do not need, by its name.
    Other(&'static str),
}

/// Types may hold types; so deep at most.
const DEEPEST: usize = 4;

/// Reads a datatype message: the type, and the bytes that an element takes.
pub(super) fn datatype(body: &[u8]) -> Result<(Datatype, u32), Fault> {
    parse(&mut Cursor::new(body), DEEPEST)
}

fn parse(cursor: &mut Cursor<'_>, depth: usize) -> Result<(Datatype, u32), Fault> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Fault::damaged("a type holds types more than 4 deep"));
    };
    let class_and_version = cursor.u8()?;
    let (class, version) = (class_and_version & 15, class_and_version >> 4);
    let bits = cursor.unsigned(3)? as u32;
    let size = cursor.u32()?;
    if size == 0 {
        return Err(Fault::damaged("a type has elements of 0 bytes"));
    }
    let datatype = match class {
        0 => whole(cursor, bits, size)?,
        1 => float(cursor, bits, size)?,
        2 => Datatype::Other("a time"),
        3 => Datatype::Other("text"),
        4 => Datatype::Other("a bit field"),
        5 => Datatype::Other("opaque"),
        6 => Datatype::Other("compound"),
        7 => Datatype::Other("a reference"),
        8 => enumeration(cursor, version, bits & 0xffff, depth)?,
        9 if bits & 15 == 1 => Datatype::Other("text of varying length"),
        9 => match parse(cursor, depth)? {
            (
                Datatype::Number(Number::Whole {
                    bytes: 1,
                    signed: false,
                    ..
                }),
                _,
            ) => Datatype::Bytes,
            _ => Datatype::Other("a sequence of varying length"),
        },
        10 => Datatype::Other("an array"),
        class => {
            return Err(Fault::damaged(format!(
                "a type of the unknown class {class}"
            )));
        }
    };
    if datatype == Datatype::Bytes && size != 16 {
        return Err(Fault::damaged(format!(
            "a sequence is kept in {size} bytes, 16 are possible"
        )));
    }
    Ok((datatype, size))
}

fn whole(cursor: &mut Cursor<'_>, bits: u32, size: u32) -> Result<Datatype, Fault> {
    let (offset, precision) = (cursor.u16()?, cursor.u16()?);
    let is_plain = matches!(size, 1 | 2 | 4 | 8) && offset == 0 && u32::from(precision) == 8 * size;
    Ok(match is_plain {
        true => Datatype::Number(Number::Whole {
            bytes: size as usize,
            signed: bits & 8 != 0,
            big_endian: bits & 1 != 0,
        }),
        false => Datatype::Other("a whole number of unusual size"),
    })
}

fn float(cursor: &mut Cursor<'_>, bits: u32, size: u32) -> Result<Datatype, Fault> {
    let (offset, precision) = (cursor.u16()?, cursor.u16()?);
    let fields = [cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?];
    let bias = cursor.u32()?;
    let layout = (size, offset, precision, fields, bias);
    let is_ieee = matches!(
        layout,
        (8, 0, 64, [52, 11, 0, 52], 1023)
            | (4, 0, 32, [23, 8, 0, 23], 127)
            | (2, 0, 16, [10, 5, 0, 10], 15)
    );
    // Bit 6 with bit 0 would be the order of a VAX.
    Ok(match is_ieee && bits & 0x40 == 0 {
        true => Datatype::Number(Number::Float {
            bytes: size as usize,
            big_endian: bits & 1 != 0,
        }),
        false => Datatype::Other("a number of unusual size"),
    })
}

/// An enumeration: false and true as h5py writes them, or something else.
fn enumeration(
    cursor: &mut Cursor<'_>,
    version: u8,
    n_members: u32,
    depth: usize,
) -> Result<Datatype, Fault> {
    let (base, _) = parse(cursor, depth)?;
    let (Datatype::Number(Number::Whole { bytes: 1, .. }), 2) = (base, n_members) else {
        return Ok(Datatype::Other("an enumeration"));
    };
    let mut names = vec![];
    for _ in 0..n_members {
        names.push(name(cursor, version < 3)?);
    }
    let values = cursor.take(2)?;
    let is_flag = names == [b"FALSE", b"TRUE" as &[u8]] && values == [0, 1];
    Ok(match is_flag {
        true => Datatype::Flag,
        false => Datatype::Other("an enumeration"),
    })
}

/// Bytes up to a null, which in older versions are filled up to a multiple of 8.
pub(super) fn name<'b>(cursor: &mut Cursor<'b>, padded: bool) -> Result<&'b [u8], Fault> {
    let mut rest = cursor.clone();
    let all = rest.take(rest.left())?;
    let n = all.iter().position(|byte| *byte == 0);
    let n = n.ok_or_else(|| Fault::damaged("a name does not end"))?;
    cursor.take(if padded { (n + 8) / 8 * 8 } else { n + 1 })?;
    Ok(&all[..n])
}

/// Reads a dataspace message: the extents; none for a single element.
pub(super) fn dataspace(body: &[u8]) -> Result<Vec<u64>, Fault> {
    let mut cursor = Cursor::new(body);
    let (version, rank, _flags) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let is_null = match version {
        1 => {
            cursor.take(5)?;
            false
        }
        2 => cursor.u8()? == 2,
        version => {
            return Err(Fault::damaged(format!(
                "a dataspace of version {version}, 1 and 2 are read"
            )));
        }
    };
    if is_null {
        return Ok(vec![0]);
    }
    if 32 < rank {
        return Err(Fault::damaged(format!(
            "a dataset of {rank} axes, at most 32 are possible"
        )));
    }
    (0..rank).map(|_| cursor.u64()).collect()
}
