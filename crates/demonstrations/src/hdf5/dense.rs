//! Links of large groups in the newer style: a version 2 B-tree of identifiers, and the fractal heap that they lead to.

use super::UNDEFINED;
use super::checksum;
use crate::Place;
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};

/// The most links in a group.
const MOST_LINKS: u64 = 1 << 24;
/// The type of records that hold a hash of the name and an identifier.
const NAMES: u8 = 5;

/// The link messages that a link info message leads to; none where the links are messages themselves.
pub(super) fn links(pieces: &mut Pieces, info: &[u8]) -> Result<Vec<Vec<u8>>, Fault> {
    let mut cursor = Cursor::new(info);
    let (version, flags) = (cursor.u8()?, cursor.u8()?);
    if version != 0 {
        return Err(Fault::damaged(format!(
            "links of version {version}, 0 is read"
        )));
    }
    cursor.take(if flags & 1 != 0 { 8 } else { 0 })?;
    let (heap, tree) = (cursor.u64()?, cursor.u64()?);
    if heap == UNDEFINED {
        return Ok(vec![]);
    }
    let heap = Heap::read(pieces, heap).map_err(|fault| fault.at(Place::Byte(heap)))?;
    let tree = Tree::read(pieces, tree).map_err(|fault| fault.at(Place::Byte(tree)))?;
    let identifiers = tree.records(pieces)?;
    identifiers
        .iter()
        .map(|record| heap.object(pieces, &record[4..]))
        .collect()
}

/// A version 2 B-tree.
struct Tree {
    node_size: u32,
    record_size: u16,
    depth: u16,
    root: u64,
    n_root: u16,
    n_records: u64,
    /// For each level from the leaves: bytes of a number of records in a node, and in a node and all below it.
    widths: Vec<(usize, usize)>,
}

impl Tree {
    fn read(pieces: &mut Pieces, address: u64) -> Result<Tree, Fault> {
        let bytes = pieces.read(address, 38)?;
        let mut cursor = Cursor::new(checksum::verified(&bytes, "a B-tree")?);
        let (signature, version, kind) = (cursor.take(4)?, cursor.u8()?, cursor.u8()?);
        if signature != b"BTHD" || version != 0 || kind != NAMES {
            return Err(Fault::damaged("no tree of links is here"));
        }
        let (node_size, record_size, depth) = (cursor.u32()?, cursor.u16()?, cursor.u16()?);
        cursor.take(2)?;
        let (root, n_root, n_records) = (cursor.u64()?, cursor.u16()?, cursor.u64()?);
        if MOST_LINKS < n_records || 16 < depth || record_size < 5 || node_size < 64 {
            return Err(Fault::damaged(format!(
                "a tree of {n_records} records of {record_size} bytes, nodes of {node_size}, {depth} levels"
            )));
        }
        let widths = widths(node_size, record_size, depth);
        Ok(Tree {
            node_size,
            record_size,
            depth,
            root,
            n_root,
            n_records,
            widths,
        })
    }

    fn records(&self, pieces: &mut Pieces) -> Result<Vec<Vec<u8>>, Fault> {
        let mut records = vec![];
        if 0 < self.n_records {
            self.visit(
                pieces,
                self.root,
                u64::from(self.n_root),
                self.depth,
                &mut records,
            )?;
        }
        if records.len() as u64 != self.n_records {
            let problem = format!("a tree of {} links holds {}", self.n_records, records.len());
            return Err(Fault::damaged(problem));
        }
        Ok(records)
    }

    /// Visits a node of `n` records, `depth` levels above the leaves. Each node adds a record, and no more are taken
    /// than the tree states, so that no cycle is followed for long.
    fn visit(
        &self,
        pieces: &mut Pieces,
        address: u64,
        n: u64,
        depth: u16,
        records: &mut Vec<Vec<u8>>,
    ) -> Result<(), Fault> {
        let damaged = |problem: &str| Fault::damaged(problem).at(Place::Byte(address));
        if n == 0 || self.n_records < records.len() as u64 + n {
            return Err(damaged("a node of a tree of links holds none or too many"));
        }
        let (of_node, of_all) = self.widths[usize::from(depth)];
        let (signature, pointer) = match depth {
            0 => (b"BTLF", 0),
            1 => (b"BTIN", 8 + of_node),
            _ => (b"BTIN", 8 + of_node + of_all),
        };
        let n_pointers = if depth == 0 { 0 } else { n + 1 };
        let n_bytes = 6 + n * u64::from(self.record_size) + n_pointers * pointer as u64 + 4;
        if u64::from(self.node_size) < n_bytes {
            return Err(damaged("a node of a tree of links holds more than fits"));
        }
        let bytes = pieces.read(address, n_bytes)?;
        let content = checksum::verified(&bytes, "a node of a tree of links")
            .map_err(|fault| fault.at(Place::Byte(address)))?;
        let mut cursor = Cursor::new(content);
        if cursor.take(4)? != signature || cursor.take(2)? != [0, NAMES] {
            return Err(damaged("no node of a tree of links is here"));
        }
        for _ in 0..n {
            records.push(cursor.take(usize::from(self.record_size))?.to_vec());
        }
        for _ in 0..n_pointers {
            let (child, n_child) = (cursor.u64()?, cursor.unsigned(of_node)?);
            cursor.take(if 1 < depth { of_all } else { 0 })?;
            self.visit(pieces, child, n_child, depth - 1, records)?;
        }
        Ok(())
    }
}

/// How wide the numbers of records beside a pointer are, for pointers in nodes of each depth.
fn widths(node_size: u32, record_size: u16, depth: u16) -> Vec<(usize, usize)> {
    let (node_size, record_size) = (u64::from(node_size), u64::from(record_size));
    let most_in_leaf = (node_size - 10) / record_size;
    let of_node = width(most_in_leaf);
    let mut widths = vec![(0, 0), (of_node, 0)];
    let mut most_in_all = most_in_leaf;
    for level in 1..u64::from(depth) {
        let pointer = 8
            + of_node as u64
            + if 1 < level {
                width(most_in_all) as u64
            } else {
                0
            };
        let most = node_size.saturating_sub(10 + pointer) / (record_size + pointer);
        most_in_all = (most + 1).saturating_mul(most_in_all).saturating_add(most);
        widths.push((of_node, width(most_in_all)));
    }
    widths
}

/// Bytes that a number up to `most` takes.
fn width(most: u64) -> usize {
    (most.max(1).ilog2() / 8 + 1) as usize
}

/// A fractal heap.
struct Heap {
    offset_width: usize,
    length_width: usize,
    table_width: u64,
    start_size: u64,
    most_direct: u64,
    root: u64,
    /// Rows of the root's table; 0 where the root is a block of objects.
    n_rows: u64,
}

impl Heap {
    fn read(pieces: &mut Pieces, address: u64) -> Result<Heap, Fault> {
        let bytes = pieces.read(address, 146)?;
        let mut cursor = Cursor::new(checksum::verified(&bytes, "a heap of links")?);
        let (signature, version) = (cursor.take(4)?, cursor.u8()?);
        let (_identifier, filters, _flags, most_managed) =
            (cursor.u16()?, cursor.u16()?, cursor.u8()?, cursor.u32()?);
        if signature != b"FRHP" || version != 0 || filters != 0 {
            return Err(Fault::damaged("no plain heap of links is here"));
        }
        cursor.take(12 * 8)?;
        let (table_width, start_size, most_direct) = (cursor.u16()?, cursor.u64()?, cursor.u64()?);
        let (heap_bits, _start_rows, root, n_rows) =
            (cursor.u16()?, cursor.u16()?, cursor.u64()?, cursor.u16()?);
        let is_sane = table_width.is_power_of_two()
            && start_size.is_power_of_two()
            && most_direct.is_power_of_two()
            && start_size <= most_direct
            && most_direct <= 1 << 32
            && (1..=64).contains(&heap_bits)
            && n_rows <= 64;
        if !is_sane {
            let problem = format!(
                "a heap {table_width} blocks wide, of {start_size} to {most_direct} bytes, {heap_bits} bits"
            );
            return Err(Fault::damaged(problem));
        }
        Ok(Heap {
            offset_width: usize::from(heap_bits).div_ceil(8),
            length_width: width(most_direct.min(u64::from(most_managed))),
            table_width: u64::from(table_width),
            start_size,
            most_direct,
            root,
            n_rows: u64::from(n_rows),
        })
    }

    /// The object that an identifier names.
    fn object(&self, pieces: &mut Pieces, identifier: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut cursor = Cursor::new(identifier);
        let flags = cursor.u8()?;
        if flags >> 4 != 0 {
            return Err(Fault::damaged(format!(
                "a link is kept in a way that is not read ({flags:#04x})"
            )));
        }
        let (offset, length) = (
            cursor.unsigned(self.offset_width)?,
            cursor.unsigned(self.length_width)?,
        );
        let (block, start, size) = match self.n_rows {
            0 => (self.root, 0, self.start_size),
            n_rows => self.direct_block(pieces, self.root, n_rows, 0, offset)?,
        };
        let within = offset - start;
        if size < within.saturating_add(length) {
            let problem = format!("a link of {length} bytes does not fit its block of {size}");
            return Err(Fault::damaged(problem).at(Place::Byte(block)));
        }
        if pieces.read(block, 4)? != b"FHDB" {
            return Err(Fault::damaged("no block of links is here").at(Place::Byte(block)));
        }
        pieces.read(block + within, length)
    }

    /// Bytes of each block of a row.
    fn block_size(&self, row: u64) -> u64 {
        let doublings = row.saturating_sub(1) as u32;
        self.start_size
            .checked_shl(doublings)
            .filter(|size| size >> doublings == self.start_size)
            .unwrap_or(u64::MAX)
    }

    /// Rows of blocks that hold objects; blocks of later rows are tables.
    fn n_direct_rows(&self) -> u64 {
        u64::from((self.most_direct / self.start_size).ilog2()) + 2
    }

    /// The block of objects around `offset` below the table at `address`, which begins at `start`: address, start and
    /// size. Blocks shrink from table to table.
    fn direct_block(
        &self,
        pieces: &mut Pieces,
        address: u64,
        n_rows: u64,
        start: u64,
        offset: u64,
    ) -> Result<(u64, u64, u64), Fault> {
        let damaged = |problem: String| Fault::damaged(problem).at(Place::Byte(address));
        if pieces.read(address, 4)? != b"FHIB" {
            return Err(damaged("no table of blocks is here".to_owned()));
        }
        let mut row_start = start;
        for row in 0..n_rows {
            let size = self.block_size(row);
            let row_size = size.saturating_mul(self.table_width);
            if offset - row_start < row_size {
                let column = (offset - row_start) / size;
                let entry =
                    address + 13 + self.offset_width as u64 + 8 * (row * self.table_width + column);
                let child = Cursor::new(&pieces.read(entry, 8)?).u64()?;
                let child_start = row_start + column * size;
                if row < self.n_direct_rows() {
                    return Ok((child, child_start, size));
                }
                let of_first_row = self.start_size * self.table_width;
                let rows = u64::from((size / of_first_row).max(1).ilog2()) + 1;
                return self.direct_block(pieces, child, rows.min(row), child_start, offset);
            }
            row_start += row_size;
        }
        Err(damaged(format!("the heap has no byte {offset}")))
    }
}
