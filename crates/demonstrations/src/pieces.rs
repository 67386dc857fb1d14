//! A file read in pieces, each held against the length of the file before memory is taken for it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::fault::Fault;
use crate::{Error, Place};

/// A file open for reading at any place.
#[derive(Debug)]
pub(crate) struct Pieces {
    file: File,
    length: u64,
}

impl Pieces {
    /// Opens a file, which must be a file and no folder or device.
    pub(crate) fn open(path: &Path) -> Result<Pieces, Error> {
        let file = File::open(path).map_err(Error::reading(path))?;
        let metadata = file.metadata().map_err(Error::reading(path))?;
        if !metadata.is_file() {
            let mend = "give the file itself";
            return Err(Error::malformed(
                path,
                Place::Whole,
                "this is no file",
                mend,
            ));
        }
        let length = metadata.len();
        Ok(Pieces { file, length })
    }

    /// Bytes of the file.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// `n` bytes from `start`.
    pub(crate) fn read(&mut self, start: u64, n: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![];
        self.read_into(start, n, &mut bytes)?;
        Ok(bytes)
    }

    /// Replaces what is in `bytes` by `n` bytes from `start`.
    pub(crate) fn read_into(
        &mut self,
        start: u64,
        n: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let place = Place::Byte(start);
        if start.checked_add(n).is_none_or(|end| self.length < end) {
            let problem = format!("{n} bytes are expected here, the file has {}", self.length);
            return Err(Fault::damaged(problem).at(place));
        }
        bytes.clear();
        bytes.resize(n as usize, 0);
        let read = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.read_exact(bytes));
        read.map_err(|error| {
            let mend = "check that the disk is whole and nobody writes to the file";
            Fault::new(format!("{n} bytes cannot be read here: {error}"), mend).at(place)
        })
    }
}

/// A whole file of text, of at most `most` bytes.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Error> {
    let mut pieces = Pieces::open(path)?;
    let n = pieces.length();
    if most < n {
        let problem = format!("it has {n} bytes, at most {most} are read");
        return Err(Error::malformed(
            path,
            Place::Whole,
            problem,
            "write the file again",
        ));
    }
    let bytes = pieces.read(0, n).map_err(Fault::of(path))?;
    String::from_utf8(bytes).map_err(|error| {
        let place = Place::Byte(error.utf8_error().valid_up_to() as u64);
        Error::malformed(path, place, "it is no UTF-8", "write the file again")
    })
}

/// Takes numbers from bytes in order, little-endian unless said otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'b> {
    bytes: &'b [u8],
    taken: usize,
}

impl<'b> Cursor<'b> {
    /// At the start of `bytes`.
    pub(crate) fn new(bytes: &'b [u8]) -> Cursor<'b> {
        Cursor { bytes, taken: 0 }
    }

    /// Bytes not yet taken.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// Bytes already taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// The next `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> Result<&'b [u8], Fault> {
        if self.left() < n {
            let problem = format!(
                "{n} more bytes are expected in a part that has {} left",
                self.left()
            );
            return Err(Fault::damaged(problem));
        }
        let start = self.taken;
        self.taken += n;
        Ok(&self.bytes[start..self.taken])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Fault> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A number of `n` bytes, at most 8.
    pub(crate) fn unsigned(&mut self, n: usize) -> Result<u64, Fault> {
        let mut array = [0; 8];
        let bytes = self.take(n)?;
        let to = array.get_mut(..n).ok_or_else(|| {
            Fault::damaged(format!("a number of {n} bytes, at most 8 are possible"))
        })?;
        to.copy_from_slice(bytes);
        Ok(u64::from_le_bytes(array))
    }
}

/// Numbers of a file as they are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// A whole number with or without sign, of 1, 2, 4 or 8 bytes.
    Whole {
        bytes: usize,
        signed: bool,
        big_endian: bool,
    },
    /// An IEEE number of 2, 4 or 8 bytes.
    Float { bytes: usize, big_endian: bool },
}

impl Number {
    /// Bytes of one.
    pub(crate) fn size(self) -> usize {
        match self {
            Number::Whole { bytes, .. } | Number::Float { bytes, .. } => bytes,
        }
    }

    /// Whether it is no whole number by type.
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Number::Float { .. })
    }

    /// The numbers in `bytes`, which hold a whole number of them; whole numbers beyond 2^53 are rounded.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f64> {
        let chunks = bytes.chunks_exact(self.size());
        match self {
            Number::Whole {
                signed: true,
                big_endian,
                ..
            } => chunks
                .map(|chunk| signed(chunk, big_endian) as f64)
                .collect(),
            Number::Whole {
                signed: false,
                big_endian,
                ..
            } => chunks
                .map(|chunk| unsigned(chunk, big_endian) as f64)
                .collect(),
            Number::Float {
                bytes: 8,
                big_endian,
            } => chunks
                .map(|chunk| f64::from_bits(unsigned(chunk, big_endian)))
                .collect(),
            Number::Float {
                bytes: 4,
                big_endian,
            } => chunks
                .map(|chunk| f64::from(f32::from_bits(unsigned(chunk, big_endian) as u32)))
                .collect(),
            Number::Float { big_endian, .. } => chunks
                .map(|chunk| half(unsigned(chunk, big_endian) as u16))
                .collect(),
        }
    }
}

fn unsigned(chunk: &[u8], big_endian: bool) -> u64 {
    let of = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match big_endian {
        true => chunk.iter().fold(0, of),
        false => chunk.iter().rev().fold(0, of),
    }
}

fn signed(chunk: &[u8], big_endian: bool) -> i64 {
    let unused = 64 - 8 * chunk.len() as u32;
    (unsigned(chunk, big_endian) << unused) as i64 >> unused
}

/// An IEEE number of 16 bits: sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f64::from(bits & 0x3ff);
    match bits >> 10 & 0x1f {
        0 => sign * fraction * (-24_f64).exp2(),
        0x1f if fraction == 0.0 => sign * f64::INFINITY,
        0x1f => f64::NAN,
        exponent => sign * (1024.0 + fraction) * (f64::from(exponent) - 25.0).exp2(),
    }
}

#[cfg(test)]
mod tests;
