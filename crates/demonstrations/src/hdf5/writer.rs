//! Writing: superblock 0, groups as symbol tables, contiguous data. Every version of HDF5 reads and extends that.

use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::UNDEFINED;

/// Half the most symbols in a list, and half the most children of a node; both stand in the superblock.
const LEAF_K: u16 = 4;
const NODE_K: u16 = 16;
const SUPERBLOCK: usize = 96;

/// What the elements of a written dataset are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// A whole number of so many bytes with a sign.
    Signed(u8),
    /// A whole number of so many bytes without a sign.
    Unsigned(u8),
    /// An IEEE number of 4 bytes.
    Single,
    /// An IEEE number of 8 bytes.
    Double,
    /// False or true in one byte, as h5py writes them.
    Flag,
}

/// An HDF5 file being written from front to back.
#[derive(Debug)]
pub(crate) struct Writer {
    out: BufWriter<File>,
    position: u64,
}

impl Writer {
    /// Begins a file.
    pub(crate) fn create(path: &Path) -> io::Result<Writer> {
        let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
        out.write_all(&[0; SUPERBLOCK])?;
        Ok(Writer {
            out,
            position: SUPERBLOCK as u64,
        })
    }

    /// Writes a dataset whose elements are `bytes`, little-endian and row-major; gives its address.
    pub(crate) fn dataset(
        &mut self,
        element: Element,
        shape: &[u64],
        bytes: &[u8],
    ) -> io::Result<u64> {
        let data = match bytes.is_empty() {
            true => UNDEFINED,
            false => self.put(bytes)?,
        };
        let mut layout = vec![3, 1];
        layout.extend(data.to_le_bytes());
        layout.extend((bytes.len() as u64).to_le_bytes());
        // Space is allocated late, the fill value written if set, and it is the default one.
        let fill = vec![2, 2, 2, 1, 0, 0, 0, 0];
        self.object(&[
            (0x01, dataspace(shape)),
            (0x03, datatype(element)),
            (0x05, fill),
            (0x08, layout),
        ])
    }

    /// Writes a group of objects that are already written, with whole numbers as attributes; gives its address.
    pub(crate) fn group(
        &mut self,
        entries: Vec<(String, u64)>,
        attributes: &[(&str, i64)],
    ) -> io::Result<u64> {
        let (tree, heap) = self.symbol_table(entries)?;
        let mut messages = vec![(0x11, [tree.to_le_bytes(), heap.to_le_bytes()].concat())];
        messages.extend(
            attributes
                .iter()
                .map(|(name, value)| (0x0c, attribute(name, *value))),
        );
        self.object(&messages)
    }

    /// Writes the root group and closes the file.
    pub(crate) fn finish(mut self, entries: Vec<(String, u64)>) -> io::Result<()> {
        let (tree, heap) = self.symbol_table(entries)?;
        let root = self.object(&[(0x11, [tree.to_le_bytes(), heap.to_le_bytes()].concat())])?;
        let mut superblock = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0".to_vec();
        superblock.extend(LEAF_K.to_le_bytes());
        superblock.extend(NODE_K.to_le_bytes());
        superblock.extend([0; 4]);
        for address in [0, UNDEFINED, self.position, UNDEFINED, 0, root] {
            superblock.extend(address.to_le_bytes());
        }
        // The root's entry repeats where its tree and heap are.
        superblock.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        superblock.extend(tree.to_le_bytes());
        superblock.extend(heap.to_le_bytes());
        debug_assert_eq!(superblock.len(), SUPERBLOCK);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&superblock)?;
        self.out.flush()
    }

    /// Writes bytes, filled up to a multiple of 8; gives their address.
    fn put(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.position;
        self.out.write_all(bytes)?;
        let padding = bytes.len().next_multiple_of(8) - bytes.len();
        self.out.write_all(&[0; 8][..padding])?;
        self.position += (bytes.len() + padding) as u64;
        Ok(address)
    }

    /// Writes an object header of version 1 with these messages.
    fn object(&mut self, messages: &[(u16, Vec<u8>)]) -> io::Result<u64> {
        let mut body = vec![];
        for (kind, message) in messages {
            let size = message.len().next_multiple_of(8);
            body.extend(kind.to_le_bytes());
            body.extend((size as u16).to_le_bytes());
            body.extend([0; 4]);
            body.extend(message);
            body.resize(body.len() + size - message.len(), 0);
        }
        let mut header = vec![1, 0];
        header.extend((messages.len() as u16).to_le_bytes());
        header.extend(1_u32.to_le_bytes());
        header.extend((body.len() as u32).to_le_bytes());
        header.extend([0; 4]);
        header.extend(body);
        self.put(&header)
    }

    /// Writes the names of a group and the tree that finds them; gives the addresses of tree and heap.
    fn symbol_table(&mut self, mut entries: Vec<(String, u64)>) -> io::Result<(u64, u64)> {
        entries.sort();
        // The first name is the empty one, to the left of all.
        let mut names = vec![0; 8];
        let mut starts = vec![];
        for (name, _) in &entries {
            starts.push(names.len() as u64);
            names.extend(name.as_bytes());
            names.resize((names.len() + 1).next_multiple_of(8), 0);
        }
        let data = self.put(&names)?;
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        // 1 means that nothing is free.
        for field in [names.len() as u64, 1, data] {
            heap.extend(field.to_le_bytes());
        }
        let heap = self.put(&heap)?;
        let tree = self.tree(&entries, &starts)?;
        Ok((tree, heap))
    }

    fn tree(&mut self, entries: &[(String, u64)], starts: &[u64]) -> io::Result<u64> {
        let most = 2 * usize::from(LEAF_K);
        let symbols: Vec<(&(String, u64), u64)> =
            entries.iter().zip(starts.iter().copied()).collect();
        // Each child with the last name below it.
        let mut children = vec![];
        for list in symbols.chunks(most) {
            let mut node = b"SNOD\x01\0".to_vec();
            node.extend((list.len() as u16).to_le_bytes());
            for ((_, object), name) in list {
                node.extend(name.to_le_bytes());
                node.extend(object.to_le_bytes());
                node.extend([0; 24]);
            }
            node.resize(8 + 40 * most, 0);
            let last = list.last().map_or(0, |(_, name)| *name);
            children.push((self.put(&node)?, last));
        }
        let mut level = 0;
        loop {
            children = self.level(&children, level)?;
            if let [(root, _)] = children[..] {
                return Ok(root);
            }
            level += 1;
        }
    }

    /// Writes the nodes of one level of a tree; gives each with the last name below it.
    fn level(&mut self, children: &[(u64, u64)], level: u8) -> io::Result<Vec<(u64, u64)>> {
        let most = 2 * usize::from(NODE_K);
        let node_size = (24 + 8 * (2 * most + 1)) as u64;
        let first = self.position;
        let n_nodes = children.len().div_ceil(most).max(1);
        let mut written = vec![];
        let mut before = 0;
        for index in 0..n_nodes {
            let start = index * most;
            let held = &children[start..children.len().min(start + most)];
            let sibling = |there: bool, index: usize| match there {
                true => first + index as u64 * node_size,
                false => UNDEFINED,
            };
            let mut node = b"TREE\0".to_vec();
            node.push(level);
            node.extend((held.len() as u16).to_le_bytes());
            node.extend(sibling(0 < index, index.wrapping_sub(1)).to_le_bytes());
            node.extend(sibling(index + 1 < n_nodes, index + 1).to_le_bytes());
            node.extend(u64::to_le_bytes(before));
            for (child, last) in held {
                node.extend(child.to_le_bytes());
                node.extend(last.to_le_bytes());
                before = *last;
            }
            node.resize(node_size as usize, 0);
            written.push((self.put(&node)?, before));
        }
        Ok(written)
    }
}

fn dataspace(shape: &[u64]) -> Vec<u8> {
    let mut message = vec![1, shape.len() as u8, 0, 0, 0, 0, 0, 0];
    message.extend(shape.iter().flat_map(|extent| extent.to_le_bytes()));
    message
}

fn datatype(element: Element) -> Vec<u8> {
    match element {
        Element::Signed(bytes) => whole(bytes, 8),
        Element::Unsigned(bytes) => whole(bytes, 0),
        Element::Single => float(4, 31, [23, 8, 0, 23], 127),
        Element::Double => float(8, 63, [52, 11, 0, 52], 1023),
        Element::Flag => {
            let mut message = vec![0x18, 2, 0, 0, 1, 0, 0, 0];
            message.extend(whole(1, 8));
            message.extend(b"FALSE\0\0\0TRUE\0\0\0\0\x00\x01");
            message
        }
    }
}

fn whole(bytes: u8, sign: u8) -> Vec<u8> {
    vec![0x10, sign, 0, 0, bytes, 0, 0, 0, 0, 0, 8 * bytes, 0]
}

/// Little-endian, the leading bit of the fraction implied.
fn float(bytes: u8, sign_bit: u8, fields: [u8; 4], bias: u32) -> Vec<u8> {
    let mut message = vec![0x11, 0x20, sign_bit, 0, bytes, 0, 0, 0, 0, 0, 8 * bytes, 0];
    message.extend(fields);
    message.extend(bias.to_le_bytes());
    message
}

fn attribute(name: &str, value: i64) -> Vec<u8> {
    let (datatype, dataspace) = (whole(8, 8), dataspace(&[]));
    let mut message = vec![1, 0];
    for length in [name.len() + 1, datatype.len(), dataspace.len()] {
        message.extend((length as u16).to_le_bytes());
    }
    message.extend(name.as_bytes());
    message.resize((message.len() + 1).next_multiple_of(8), 0);
    message.extend(datatype);
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend(dataspace);
    message.extend(value.to_le_bytes());
    message
}
