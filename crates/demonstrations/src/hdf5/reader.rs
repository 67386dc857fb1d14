//! Reading: objects by address, datasets as bytes.

use std::path::Path;

use super::chunks::{self, Grid};
use super::datatype::{self, Datatype};
use super::global_heap::GlobalHeap;
use super::group::{self, Entries};
use super::object::{self, Message, kind, one};
use super::storage::{self, Filters, Layout};
use super::superblock;
use crate::Error;
use crate::fault::Fault;
use crate::pieces::{Cursor, Number, Pieces};

/// An HDF5 file open for reading.
#[derive(Debug)]
pub(crate) struct Reader {
    pieces: Pieces,
    root: u64,
    heap: GlobalHeap,
}

/// A dataset: its type, its shape, and where its elements are.
#[derive(Clone, Debug)]
pub(crate) struct Dataset {
    pub(crate) datatype: Datatype,
    /// Elements along each axis.
    pub(crate) shape: Vec<u64>,
    element: u32,
    layout: Layout,
    filters: Filters,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Attribute {
    /// One number.
    Number(f64),
    /// Anything else.
    Other,
}

impl Reader {
    /// Opens a file and finds its root.
    pub(crate) fn open(path: &Path) -> Result<Reader, Error> {
        let mut pieces = Pieces::open(path)?;
        let root = superblock::root(&mut pieces).map_err(Fault::of(path))?;
        Ok(Reader {
            pieces,
            root,
            heap: GlobalHeap::default(),
        })
    }

    /// The objects of the root group.
    pub(crate) fn root(&mut self) -> Result<Entries, Fault> {
        self.entries(self.root)
    }

    /// The objects of the group at an address.
    pub(crate) fn entries(&mut self, address: u64) -> Result<Entries, Fault> {
        let messages = object::messages(&mut self.pieces, address)?;
        if !group::is_group(&messages) {
            return Err(Fault::new(
                "this is no group",
                "a group is expected here; write the file with Minari",
            ));
        }
        group::entries(&mut self.pieces, &messages)
    }

    /// The dataset at an address.
    pub(crate) fn dataset(&mut self, address: u64) -> Result<Dataset, Fault> {
        let messages = object::messages(&mut self.pieces, address)?;
        if group::is_group(&messages) {
            return Err(Fault::new(
                "this is a group",
                "a dataset is expected here; write the file with Minari",
            ));
        }
        dataset(&messages)
    }

    /// The attributes of the object at an address.
    pub(crate) fn attributes(&mut self, address: u64) -> Result<Vec<(String, Attribute)>, Fault> {
        let messages = object::messages(&mut self.pieces, address)?;
        let held = messages
            .iter()
            .filter(|message| message.kind == kind::ATTRIBUTE && !message.is_shared);
        held.map(|message| attribute(&message.body)).collect()
    }

    /// All elements, row-major, if they take at most `most` bytes.
    pub(crate) fn bytes(&mut self, dataset: &Dataset, most: u64) -> Result<Vec<u8>, Fault> {
        let n_bytes = dataset.n_bytes().filter(|n| *n <= most).ok_or_else(|| {
            let problem = format!(
                "{:?} elements of {} bytes, more than {most} bytes",
                dataset.shape, dataset.element
            );
            Fault::new(problem, "an episode that long is not read; cut it")
        })?;
        let grid = |extents| Grid {
            shape: &dataset.shape,
            extents,
            element: dataset.element as usize,
        };
        let bytes = match &dataset.layout {
            _ if n_bytes == 0 => vec![],
            Layout::Compact(bytes) => bytes.clone(),
            Layout::Contiguous {
                address: Some(address),
            } => self.pieces.read(*address, n_bytes)?,
            Layout::Chunked {
                tree: Some(tree),
                extents,
            } if extents.len() == dataset.shape.len() => {
                let grid = grid(extents);
                let chunks = chunks::find(&mut self.pieces, *tree, &grid)?;
                grid.assemble(
                    &mut self.pieces,
                    &chunks,
                    &dataset.filters,
                    n_bytes as usize,
                )?
            }
            Layout::Single {
                address: Some(address),
                size,
                skipped,
                extents,
            } if extents.len() == dataset.shape.len() => {
                let grid = grid(extents);
                let chunk = chunks::Chunk {
                    start: vec![0; extents.len()],
                    address: *address,
                    stored: size.unwrap_or_else(|| {
                        extents
                            .iter()
                            .fold(u64::from(dataset.element), |n, extent| {
                                n.saturating_mul(*extent)
                            })
                    }),
                    skipped: *skipped,
                };
                grid.assemble(
                    &mut self.pieces,
                    &[chunk],
                    &dataset.filters,
                    n_bytes as usize,
                )?
            }
            Layout::Contiguous { address: None }
            | Layout::Chunked { tree: None, .. }
            | Layout::Single { address: None, .. } => {
                return Err(Fault::new(
                    "its elements were never written",
                    "write the file again",
                ));
            }
            Layout::Chunked { .. } | Layout::Single { .. } => {
                return Err(Fault::damaged(format!(
                    "chunks of other axes than its {:?} elements",
                    dataset.shape
                )));
            }
        };
        match bytes.len() as u64 == n_bytes {
            true => Ok(bytes),
            false => Err(Fault::damaged(format!(
                "{} bytes for {:?} elements",
                bytes.len(),
                dataset.shape
            ))),
        }
    }

    /// All elements of a dataset of byte sequences, if they take at most `most` bytes together.
    pub(crate) fn sequences(
        &mut self,
        dataset: &Dataset,
        most: u64,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let references = self.bytes(dataset, most)?;
        let mut left = most;
        let mut sequences = vec![];
        for reference in references.chunks_exact(16) {
            let mut cursor = Cursor::new(reference);
            let (length, address, index) = (cursor.u32()?, cursor.u64()?, cursor.u32()?);
            let object = match length {
                0 => &[],
                _ => self.heap.object(&mut self.pieces, address, index)?,
            };
            let sequence = object.get(..length as usize).ok_or_else(|| {
                Fault::damaged(format!(
                    "a sequence of {length} bytes is kept in {}",
                    object.len()
                ))
            })?;
            left = left.checked_sub(u64::from(length)).ok_or_else(|| {
                Fault::new(
                    format!("its sequences take more than {most} bytes"),
                    "an episode that long is not read; cut it",
                )
            })?;
            sequences.push(sequence.to_vec());
        }
        Ok(sequences)
    }
}

impl Dataset {
    fn n_bytes(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(u64::from(self.element), |n, extent| n.checked_mul(*extent))
    }
}

fn dataset(messages: &[Message]) -> Result<Dataset, Fault> {
    if messages
        .iter()
        .any(|message| message.kind == kind::EXTERNAL_FILES)
    {
        let problem = "its elements are in other files, which are not followed";
        return Err(Fault::new(
            problem,
            "write it again with the elements in the file itself",
        ));
    }
    let expect = |kind, what: &str| {
        let message = one(messages, kind)?;
        message.ok_or_else(|| Fault::damaged(format!("a dataset without {what}")))
    };
    let (datatype, element) = datatype::datatype(&expect(kind::DATATYPE, "a type")?.body)?;
    let shape = datatype::dataspace(&expect(kind::DATASPACE, "a shape")?.body)?;
    let layout = storage::layout(&expect(kind::LAYOUT, "a layout")?.body, element)?;
    let filters = match one(messages, kind::FILTERS)? {
        Some(message) => Filters::parse(&message.body)?,
        None => Filters::default(),
    };
    Ok(Dataset {
        datatype,
        shape,
        element,
        layout,
        filters,
    })
}

/// The name of an attribute, and what it holds if that is one number.
fn attribute(body: &[u8]) -> Result<(String, Attribute), Fault> {
    let mut cursor = Cursor::new(body);
    let (version, flags) = (cursor.u8()?, cursor.u8()?);
    let (n_name, n_datatype, n_dataspace) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    if !(1..=3).contains(&version) {
        return Err(Fault::damaged(format!(
            "an attribute of version {version}, 1 to 3 are read"
        )));
    }
    cursor.take(if version == 3 { 1 } else { 0 })?;
    let padded = |n: u16| match version {
        1 => usize::from(n).next_multiple_of(8),
        _ => usize::from(n),
    };
    let name = cursor.take(padded(n_name))?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(name).into_owned();
    let datatype = cursor.take(padded(n_datatype))?;
    let dataspace = cursor.take(padded(n_dataspace))?;
    // Types that are shared or not numbers need no second look: nobody asks for them.
    if version != 1 && flags & 3 != 0 {
        return Ok((name, Attribute::Other));
    }
    let (datatype, _) = datatype::datatype(datatype)?;
    let is_single = datatype::dataspace(dataspace)?
        .iter()
        .all(|extent| *extent == 1);
    Ok((
        name,
        match datatype {
            Datatype::Number(number) if is_single => {
                Attribute::Number(one_number(number, &mut cursor)?)
            }
            _ => Attribute::Other,
        },
    ))
}

fn one_number(number: Number, cursor: &mut Cursor<'_>) -> Result<f64, Fault> {
    let bytes = cursor.take(number.size())?;
    Ok(number.decode(bytes).first().copied().unwrap_or_default())
}
