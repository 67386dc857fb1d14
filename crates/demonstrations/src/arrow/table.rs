//! FlatBuffers tables, read with every place held against the bytes that are there.

use crate::fault::Fault;

/// A table inside of a FlatBuffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'b> {
    bytes: &'b [u8],
    start: usize,
    /// Where each field is from the start, two bytes each; 0 for a field that is not there.
    fields: &'b [u8],
}

impl<'b> Table<'b> {
    /// The table that a buffer begins with.
    pub(super) fn root(bytes: &'b [u8]) -> Result<Table<'b>, Fault> {
        Table::behind(bytes, 0)
    }

    /// The table that the offset at `at` leads to.
    fn behind(bytes: &'b [u8], at: usize) -> Result<Table<'b>, Fault> {
        let start = follow(bytes, at)?;
        let back = i64::from(i32::from_le_bytes(fixed(bytes, start)?));
        let vtable = usize::try_from(start as i64 - back).map_err(|_| outside(start))?;
        let n = usize::from(u16::from_le_bytes(fixed(bytes, vtable)?));
        let end = vtable.checked_add(n).ok_or_else(|| outside(vtable))?;
        let fields = bytes.get(vtable..end).and_then(|vtable| vtable.get(4..));
        let fields = fields.ok_or_else(|| outside(vtable))?;
        Ok(Table {
            bytes,
            start,
            fields,
        })
    }

    fn place(&self, field: usize) -> Option<usize> {
        let entry = self.fields.get(2 * field..2 * field + 2)?;
        let within = usize::from(u16::from_le_bytes([entry[0], entry[1]]));
        (within != 0).then_some(self.start + within)
    }

    fn scalar<const N: usize>(&self, field: usize) -> Result<[u8; N], Fault> {
        self.place(field)
            .map_or(Ok([0; N]), |at| fixed(self.bytes, at))
    }

    pub(super) fn u8(&self, field: usize) -> Result<u8, Fault> {
        Ok(self.scalar::<1>(field)?[0])
    }

    pub(super) fn i16(&self, field: usize) -> Result<i16, Fault> {
        Ok(i16::from_le_bytes(self.scalar(field)?))
    }

    pub(super) fn i32(&self, field: usize) -> Result<i32, Fault> {
        Ok(i32::from_le_bytes(self.scalar(field)?))
    }

    /// A number that may not be negative.
    pub(super) fn size(&self, field: usize) -> Result<u64, Fault> {
        let number = i64::from_le_bytes(self.scalar(field)?);
        u64::try_from(number)
            .map_err(|_| Fault::damaged(format!("its metadata states a size of {number}")))
    }

    /// A table, where it is there.
    pub(super) fn table(&self, field: usize) -> Result<Option<Table<'b>>, Fault> {
        self.place(field)
            .map(|at| Table::behind(self.bytes, at))
            .transpose()
    }

    /// A text, where it is there.
    pub(super) fn text(&self, field: usize) -> Result<Option<&'b str>, Fault> {
        let Some(bytes) = self.vector(field, 1)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| Fault::damaged("a name in its metadata is no UTF-8"))
    }

    /// The bytes of a vector whose elements have `size` bytes each.
    pub(super) fn vector(&self, field: usize, size: usize) -> Result<Option<&'b [u8]>, Fault> {
        let Some(at) = self.place(field) else {
            return Ok(None);
        };
        let start = follow(self.bytes, at)?;
        let n = u32::from_le_bytes(fixed(self.bytes, start)?) as usize;
        let end = n.checked_mul(size).and_then(|n| (start + 4).checked_add(n));
        let bytes = end.and_then(|end| self.bytes.get(start + 4..end));
        bytes.map(Some).ok_or_else(|| outside(start))
    }

    /// The tables of a vector, at most `most`.
    pub(super) fn tables(&self, field: usize, most: usize) -> Result<Vec<Table<'b>>, Fault> {
        let Some(offsets) = self.vector(field, 4)? else {
            return Ok(vec![]);
        };
        let n = offsets.len() / 4;
        if most < n {
            return Err(Fault::damaged(format!(
                "a list of {n} in its metadata, at most {most} are read"
            )));
        }
        let first = offsets.as_ptr().addr() - self.bytes.as_ptr().addr();
        (0..n)
            .map(|index| Table::behind(self.bytes, first + 4 * index))
            .collect()
    }
}

fn follow(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let forward = u32::from_le_bytes(fixed(bytes, at)?) as usize;
    at.checked_add(forward).ok_or_else(|| outside(at))
}

fn fixed<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    let end = at.checked_add(N).ok_or_else(|| outside(at))?;
    let bytes = bytes.get(at..end).ok_or_else(|| outside(at))?;
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    Ok(array)
}

fn outside(at: usize) -> Fault {
    Fault::damaged(format!(
        "its metadata leads to byte {at}, which it does not have"
    ))
}
