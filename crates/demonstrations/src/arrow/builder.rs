//! FlatBuffers, written.

/// Writes a FlatBuffer from its end to its beginning, so that everything that is pointed to is written before.
#[derive(Debug, Default)]
pub(super) struct Builder {
    /// The bytes in reverse order.
    reversed: Vec<u8>,
}

/// Something that was written: how many bytes lie from its start to the end of the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written(usize);

/// A field of a table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    U8(u8),
    I16(i16),
    I32(i32),
    I64(i64),
    Of(Written),
}

impl Builder {
    fn put(&mut self, bytes: &[u8]) {
        self.reversed.extend(bytes.iter().rev());
    }

    /// Fills up so that what ends `size` bytes later is aligned.
    fn align(&mut self, alignment: usize, size: usize) {
        while !(self.reversed.len() + size).is_multiple_of(alignment) {
            self.reversed.push(0);
        }
    }

    fn here(&self) -> Written {
        Written(self.reversed.len())
    }

    fn put_offset(&mut self, to: Written) {
        let offset = (self.reversed.len() + 4 - to.0) as u32;
        self.put(&offset.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) -> Written {
        self.align(4, text.len() + 1);
        self.reversed.push(0);
        self.put(text.as_bytes());
        self.put(&(text.len() as u32).to_le_bytes());
        self.here()
    }

    pub(super) fn vector(&mut self, elements: &[Written]) -> Written {
        self.align(4, 4 * elements.len());
        for element in elements.iter().rev() {
            self.put_offset(*element);
        }
        self.put(&(elements.len() as u32).to_le_bytes());
        self.here()
    }

    /// A vector of structs of whole numbers of 8 bytes, `width` of them each.
    pub(super) fn structs(&mut self, numbers: &[u64], width: usize) -> Written {
        self.align(8, 8 * numbers.len());
        for number in numbers.iter().rev() {
            self.put(&number.to_le_bytes());
        }
        self.put(&((numbers.len() / width) as u32).to_le_bytes());
        self.here()
    }

    /// A table; a field that is none is not written.
    pub(super) fn table(&mut self, fields: &[Option<Value>]) -> Written {
        let end = self.reversed.len();
        let mut places = vec![0; fields.len()];
        for size in [8, 4, 2, 1] {
            for (place, field) in places.iter_mut().zip(fields) {
                if let Some(value) = field.filter(|value| value.size() == size) {
                    self.align(size, size);
                    self.put_value(value);
                    *place = self.reversed.len();
                }
            }
        }
        let vtable = 4 + 2 * fields.len();
        self.align(4, 4);
        self.put(&(vtable as i32).to_le_bytes());
        let table = self.here();
        for place in places.iter().rev() {
            let within = if *place == 0 { 0 } else { table.0 - place };
            self.put(&(within as u16).to_le_bytes());
        }
        self.put(&((table.0 - end) as u16).to_le_bytes());
        self.put(&(vtable as u16).to_le_bytes());
        table
    }

    fn put_value(&mut self, value: Value) {
        match value {
            Value::U8(value) => self.put(&value.to_le_bytes()),
            Value::I16(value) => self.put(&value.to_le_bytes()),
            Value::I32(value) => self.put(&value.to_le_bytes()),
            Value::I64(value) => self.put(&value.to_le_bytes()),
            Value::Of(written) => self.put_offset(written),
        }
    }

    /// The whole buffer, a multiple of 8 bytes.
    pub(super) fn finish(mut self, root: Written) -> Vec<u8> {
        self.align(8, 4);
        self.put_offset(root);
        self.reversed.reverse();
        self.reversed
    }
}

impl Value {
    fn size(self) -> usize {
        match self {
            Value::U8(_) => 1,
            Value::I16(_) => 2,
            Value::I32(_) | Value::Of(_) => 4,
            Value::I64(_) => 8,
        }
    }
}
