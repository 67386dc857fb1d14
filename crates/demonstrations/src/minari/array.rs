//! Arrays on their way between a file and the flat values of a space.

use crate::gymnasium::{Dtype, Leaf};
use crate::jpeg;
use crate::pieces::Number;

/// What a file holds under one name, row-major.
#[derive(Clone, Debug)]
pub(super) enum Array {
    /// Numbers, and the extents of a row; of some files only their product is known.
    Numbers {
        number: Number,
        bytes: Vec<u8>,
        row: Row,
    },
    /// A sequence of bytes a row: a compressed image.
    Frames(Vec<Vec<u8>>),
}

/// What is known of the extents of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    Extents(Vec<u64>),
    Length(u64),
}

/// Numbers that are decoded at once.
const BLOCK: usize = 1 << 12;

impl Array {
    /// All numbers; none of what are no numbers.
    pub(super) fn numbers(&self) -> Vec<f64> {
        match self {
            Array::Numbers { number, bytes, .. } => number.decode(bytes),
            Array::Frames(_) => vec![],
        }
    }

    /// Puts the rows where they belong in flat values of `width` numbers, from number `start` of each on.
    pub(super) fn scatter(
        &self,
        leaf: &Leaf,
        flat: &mut [f32],
        width: usize,
        start: usize,
    ) -> Result<(), String> {
        let Array::Numbers { number, bytes, row } = self else {
            return Err("it holds sequences of bytes, numbers are expected".to_owned());
        };
        let n = leaf.n_values();
        if bytes.is_empty() {
            return Ok(());
        }
        let fits = match row {
            Row::Extents(extents) => extents
                .iter()
                .map(|extent| *extent as usize)
                .eq(leaf.shape.iter().copied()),
            Row::Length(length) => *length == n as u64,
        };
        if !fits {
            return Err(format!(
                "a row has the extents {row:?}, the space says {:?}",
                leaf.shape
            ));
        }
        if number.is_float() && leaf.dtype.is_whole() {
            return Err(format!(
                "it holds floating point numbers, the space says {}",
                leaf.dtype.name()
            ));
        }
        for (block, bytes) in bytes.chunks(BLOCK * number.size()).enumerate() {
            for (index, exact) in number.decode(bytes).into_iter().enumerate() {
                let index = block * BLOCK + index;
                let value = exact as f32;
                if !number.is_float() && f64::from(value) != exact {
                    return Err(format!(
                        "{exact} in row {} cannot be told from its neighbours in 32 bits",
                        index / n
                    ));
                }
                flat[index / n * width + start + index % n] = value;
            }
        }
        Ok(())
    }

    /// Makes numbers of compressed images, where the space is one that Minari compresses.
    pub(super) fn decompressed(&mut self, leaf: &Leaf, has_jpeg: bool) -> Result<(), String> {
        if !has_jpeg || !leaf.is_image() {
            return Ok(());
        }
        let n_bytes = leaf.n_values();
        let mut bytes = vec![];
        let mut add = |frame: &[u8]| jpeg::decode(frame, &leaf.shape, &mut bytes);
        match self {
            Array::Frames(frames) => frames.iter().try_for_each(|frame| add(frame))?,
            // Frames of one size are a table of bytes.
            Array::Numbers {
                number: Number::Whole { bytes: 1, .. },
                bytes: table,
                row,
            } => {
                let size = match row {
                    Row::Extents(extents) => extents.iter().product(),
                    Row::Length(length) => *length,
                };
                table.chunks(size.max(1) as usize).try_for_each(add)?;
            }
            Array::Numbers { .. } => {
                return Err("it holds numbers, compressed images are expected".to_owned());
            }
        }
        let number = Number::Whole {
            bytes: 1,
            signed: false,
            big_endian: false,
        };
        debug_assert!(bytes.len().is_multiple_of(n_bytes));
        *self = Array::Numbers {
            number,
            bytes,
            row: Row::Length(n_bytes as u64),
        };
        Ok(())
    }
}

/// The bytes of one leaf of all rows.
pub(super) fn gather(
    flat: &[f32],
    width: usize,
    start: usize,
    leaf: &Leaf,
) -> Result<Vec<u8>, String> {
    let n = leaf.n_values();
    let dtype: Dtype = leaf.dtype.written();
    let mut bytes = Vec::with_capacity(flat.len() / width * n * dtype.size());
    for row in flat.chunks_exact(width) {
        for value in &row[start..start + n] {
            dtype.encode(*value, &mut bytes)?;
        }
    }
    Ok(bytes)
}
