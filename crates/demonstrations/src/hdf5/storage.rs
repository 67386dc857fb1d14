//! Where the elements of a dataset are, and what was done to their bytes.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::UNDEFINED;
use crate::fault::Fault;
use crate::pieces::Cursor;

const REPACK: &str =
    "write it again with h5py without libver=\"latest\", or with `h5repack -l CHUNK`";

/// Where the elements are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Layout {
    /// In the object header.
    Compact(Vec<u8>),
    /// In one piece; nowhere, where nothing was written.
    Contiguous { address: Option<u64> },
    /// In chunks that a version 1 B-tree finds; nowhere, where nothing was written. One extent an axis.
    Chunked {
        tree: Option<u64>,
        extents: Vec<u64>,
    },
    /// In a single chunk of `size` bytes.
    Single {
        address: Option<u64>,
        size: Option<u64>,
        skipped: u32,
        extents: Vec<u64>,
    },
}

/// Reads a data layout message for elements of `element` bytes.
pub(super) fn layout(body: &[u8], element: u32) -> Result<Layout, Fault> {
    let mut cursor = Cursor::new(body);
    let (version, class) = (cursor.u8()?, cursor.u8()?);
    match (version, class) {
        (3..=5, 0) => {
            let n = cursor.u16()?;
            Ok(Layout::Compact(cursor.take(usize::from(n))?.to_vec()))
        }
        (3..=5, 1) => Ok(Layout::Contiguous {
            address: defined(cursor.u64()?),
        }),
        (3, 2) => {
            let n_axes = usize::from(cursor.u8()?);
            let tree = defined(cursor.u64()?);
            let extents = (0..n_axes)
                .map(|_| cursor.u32().map(u64::from))
                .collect::<Result<_, _>>()?;
            Ok(Layout::Chunked {
                tree,
                extents: without_element(extents, element)?,
            })
        }
        (4..=5, 2) => single(cursor, element),
        (3..=5, 3) => Err(Fault::new(
            "a virtual dataset, whose elements are in other files",
            "write it again with h5py, its elements in the file itself",
        )),
        _ => Err(Fault::new(
            format!("a data layout of version {version} and class {class}, which is not read"),
            REPACK,
        )),
    }
}

fn single(mut cursor: Cursor<'_>, element: u32) -> Result<Layout, Fault> {
    let (flags, n_axes, width) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let width = usize::from(width);
    let extents = (0..n_axes)
        .map(|_| cursor.unsigned(width))
        .collect::<Result<_, _>>()?;
    let extents = without_element(extents, element)?;
    let index = cursor.u8()?;
    let name = match index {
        1 => {
            let is_filtered = flags & 2 != 0;
            let size = is_filtered.then(|| cursor.u64()).transpose()?;
            let skipped = if is_filtered { cursor.u32()? } else { 0 };
            let address = defined(cursor.u64()?);
            return Ok(Layout::Single {
                address,
                size,
                skipped,
                extents,
            });
        }
        2 => "an implicit index",
        3 => "a fixed array",
        4 => "an extensible array",
        5 => "a version 2 B-tree",
        index => {
            return Err(Fault::damaged(format!(
                "chunks with the unknown index {index}"
            )));
        }
    };
    Err(Fault::new(
        format!("its chunks are found by {name}, which is not read"),
        REPACK,
    ))
}

/// The extents of a chunk, of which the last is the size of an element.
fn without_element(mut extents: Vec<u64>, element: u32) -> Result<Vec<u64>, Fault> {
    let last = extents.pop();
    if last != Some(u64::from(element)) || extents.is_empty() || extents.contains(&0) {
        let problem = format!(
            "chunks of {extents:?} elements of {last:?} bytes, where elements have {element}"
        );
        return Err(Fault::damaged(problem));
    }
    Ok(extents)
}

fn defined(address: u64) -> Option<u64> {
    (address != UNDEFINED).then_some(address)
}

/// One thing that was done to the bytes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    Deflate,
    Shuffle,
}

/// Everything that was done to the bytes of a chunk, in the order in which it was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filters(Vec<Filter>);

impl Filters {
    /// Reads a filter pipeline message.
    pub(super) fn parse(body: &[u8]) -> Result<Filters, Fault> {
        let mut cursor = Cursor::new(body);
        let (version, n_filters) = (cursor.u8()?, cursor.u8()?);
        if !matches!(version, 1 | 2) || 32 < n_filters {
            return Err(Fault::damaged(format!(
                "{n_filters} filters in a list of version {version}"
            )));
        }
        cursor.take(if version == 1 { 6 } else { 0 })?;
        let filters = (0..n_filters)
            .map(|_| filter(&mut cursor, version))
            .collect::<Result<_, _>>()?;
        Ok(Filters(filters))
    }

    /// The most bytes that `stored` bytes can become; deflate makes of one byte at most 1032.
    pub(super) fn most(&self, stored: u64) -> u64 {
        match self.0.contains(&Filter::Deflate) {
            true => stored.saturating_mul(1040),
            false => stored,
        }
    }

    /// The `expected` bytes as they were before, elements having `element` bytes; filters whose bit is set in
    /// `skipped` were not applied.
    pub(super) fn undo(
        &self,
        skipped: u32,
        bytes: Vec<u8>,
        expected: usize,
        element: usize,
    ) -> Result<Vec<u8>, Fault> {
        let mut bytes = bytes;
        for (index, filter) in self.0.iter().enumerate().rev() {
            if skipped >> index & 1 == 0 {
                bytes = match filter {
                    Filter::Deflate => inflate(&bytes, expected)?,
                    Filter::Shuffle => unshuffle(&bytes, element),
                };
            }
        }
        if bytes.len() == expected {
            return Ok(bytes);
        }
        Err(Fault::damaged(format!(
            "a chunk has {} bytes, {expected} are expected",
            bytes.len()
        )))
    }
}

fn filter(cursor: &mut Cursor<'_>, version: u8) -> Result<Filter, Fault> {
    let id = cursor.u16()?;
    let n_name = if version == 1 || 256 <= id {
        cursor.u16()?
    } else {
        0
    };
    let _flags = cursor.u16()?;
    let n_values = cursor.u16()?;
    cursor.take(usize::from(n_name))?;
    cursor.take(4 * usize::from(n_values))?;
    cursor.take(if version == 1 && n_values % 2 == 1 {
        4
    } else {
        0
    })?;
    let name = match id {
        1 => return Ok(Filter::Deflate),
        2 => return Ok(Filter::Shuffle),
        3 => "Fletcher32 (a checksum)".to_owned(),
        4 => "SZIP".to_owned(),
        5 => "N-Bit".to_owned(),
        6 => "scale and offset".to_owned(),
        32000 => "LZF".to_owned(),
        id => format!("filter {id}"),
    };
    let mend = "write it again with compression=\"gzip\" or none, or with `h5repack -f GZIP=1`";
    Err(Fault::new(
        format!("it is compressed with {name}, which is not read"),
        mend,
    ))
}

fn inflate(bytes: &[u8], expected: usize) -> Result<Vec<u8>, Fault> {
    let mut inflated = Vec::with_capacity(expected);
    let mut decoder = ZlibDecoder::new(bytes).take(expected as u64 + 1);
    match decoder.read_to_end(&mut inflated) {
        Ok(_) => Ok(inflated),
        Err(error) => Err(Fault::damaged(format!(
            "a chunk cannot be decompressed: {error}"
        ))),
    }
}

/// Puts the bytes of each element together again: first come the first bytes of all, then the second ones.
fn unshuffle(bytes: &[u8], element: usize) -> Vec<u8> {
    let n = bytes.len() / element;
    let mut whole = bytes.to_vec();
    for index in 0..n {
        for byte in 0..element {
            whole[index * element + byte] = bytes[byte * n + index];
        }
    }
    whole
}
