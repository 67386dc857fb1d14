//! Chunks of a dataset: the version 1 B-tree that finds them, and putting them together.

use super::storage::Filters;
use crate::Place;
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};

/// Where a chunk is, and which part of the dataset it holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    /// First element along each axis.
    pub(super) start: Vec<u64>,
    pub(super) address: u64,
    pub(super) stored: u64,
    /// A bit for each filter that was not applied.
    pub(super) skipped: u32,
}

/// How a dataset is cut.
#[derive(Clone, Debug)]
pub(super) struct Grid<'g> {
    /// Elements of the dataset along each axis.
    pub(super) shape: &'g [u64],
    /// Elements of a chunk along each axis.
    pub(super) extents: &'g [u64],
    /// Bytes of an element.
    pub(super) element: usize,
}

impl Grid<'_> {
    /// How many chunks there should be; none where that is beyond counting.
    fn n_chunks(&self) -> Option<u64> {
        let axes = self.shape.iter().zip(self.extents);
        axes.map(|(n, extent)| n.div_ceil(*extent))
            .try_fold(1, u64::checked_mul)
    }

    /// Bytes of one chunk; none where that is beyond counting.
    fn chunk_bytes(&self) -> Option<u64> {
        self.extents
            .iter()
            .try_fold(self.element as u64, |n, extent| n.checked_mul(*extent))
    }

    /// Reads all chunks into the dataset's `n_bytes` bytes, row-major.
    pub(super) fn assemble(
        &self,
        pieces: &mut Pieces,
        chunks: &[Chunk],
        filters: &Filters,
        n_bytes: usize,
    ) -> Result<Vec<u8>, Fault> {
        let Some(chunk_bytes) = self.chunk_bytes().filter(|n| *n <= MOST_CHUNK_BYTES) else {
            return Err(Fault::damaged(format!(
                "chunks of {:?} elements, which no memory holds",
                self.extents
            )));
        };
        if self.n_chunks() != Some(chunks.len() as u64) {
            let problem = format!(
                "{} chunks are there for a dataset of {:?} elements",
                chunks.len(),
                self.shape
            );
            return Err(Fault::new(
                problem,
                "not all of it was written; write it again",
            ));
        }
        let mut all = vec![];
        for chunk in chunks {
            if filters.most(chunk.stored) < chunk_bytes {
                let problem = format!(
                    "a chunk of {chunk_bytes} bytes is stored in {}",
                    chunk.stored
                );
                return Err(Fault::damaged(problem).at(Place::Byte(chunk.address)));
            }
            // Only now is it known that the file holds something for what is allocated.
            all.resize(n_bytes, 0);
            let stored = pieces.read(chunk.address, chunk.stored)?;
            let bytes = filters
                .undo(chunk.skipped, stored, chunk_bytes as usize, self.element)
                .map_err(|fault| fault.at(Place::Byte(chunk.address)))?;
            self.copy(&chunk.start, &bytes, &mut all);
        }
        Ok(all)
    }

    /// Copies the part of a chunk that lies in the dataset, a run along the last axis at a time.
    fn copy(&self, start: &[u64], chunk: &[u8], all: &mut [u8]) {
        let rank = self.shape.len();
        let within: Vec<u64> = (0..rank)
            .map(|axis| self.extents[axis].min(self.shape[axis] - start[axis]))
            .collect();
        let run = within[rank - 1] as usize * self.element;
        let n_runs: u64 = within[..rank - 1].iter().product();
        let mut index = vec![0; rank];
        for _ in 0..n_runs {
            let (mut from, mut to) = (0, 0);
            for axis in 0..rank {
                from = from * self.extents[axis] + index[axis];
                to = to * self.shape[axis] + start[axis] + index[axis];
            }
            let (from, to) = (from as usize * self.element, to as usize * self.element);
            all[to..to + run].copy_from_slice(&chunk[from..from + run]);
            advance(&mut index[..rank - 1], &within);
        }
    }
}

/// The largest chunk that the format allows.
const MOST_CHUNK_BYTES: u64 = u32::MAX as u64;

/// Counts `index` one up, its last axis fastest.
fn advance(index: &mut [u64], within: &[u64]) {
    for axis in (0..index.len()).rev() {
        index[axis] += 1;
        if index[axis] < within[axis] {
            return;
        }
        index[axis] = 0;
    }
}

/// Finds the chunks of a dataset in the order of their starts.
pub(super) fn find(pieces: &mut Pieces, tree: u64, grid: &Grid<'_>) -> Result<Vec<Chunk>, Fault> {
    let mut chunks = vec![];
    visit(pieces, tree, None, grid, &mut chunks)?;
    Ok(chunks)
}

/// Visits a node. Levels fall from node to child, and starts rise, so that no cycle is followed for long.
fn visit(
    pieces: &mut Pieces,
    address: u64,
    level: Option<u8>,
    grid: &Grid<'_>,
    chunks: &mut Vec<Chunk>,
) -> Result<(), Fault> {
    let damaged = |problem: String| Fault::damaged(problem).at(Place::Byte(address));
    let head = pieces.read(address, 24)?;
    let mut cursor = Cursor::new(&head);
    let (signature, kind, here, n_children) =
        (cursor.take(4)?, cursor.u8()?, cursor.u8()?, cursor.u16()?);
    if signature != b"TREE" || kind != 1 || level.is_some_and(|level| level != here) {
        return Err(damaged("no node of a chunk index is here".to_owned()));
    }
    if n_children == 0 && level.is_some() {
        return Err(damaged("a node of a chunk index is empty".to_owned()));
    }
    let key = 8 + 8 * (grid.shape.len() as u64 + 1);
    let body = pieces.read(address + 24, u64::from(n_children) * (key + 8))?;
    let mut cursor = Cursor::new(&body);
    for _ in 0..n_children {
        let (stored, skipped) = (u64::from(cursor.u32()?), cursor.u32()?);
        let start = grid
            .shape
            .iter()
            .map(|_| cursor.u64())
            .collect::<Result<Vec<_>, _>>()?;
        let _element = cursor.u64()?;
        let child = cursor.u64()?;
        if 0 < here {
            visit(pieces, child, Some(here - 1), grid, chunks)?;
            continue;
        }
        let fits = start.iter().zip(grid.shape.iter().zip(grid.extents));
        let fits = fits
            .into_iter()
            .all(|(start, (n, extent))| start < n && start % extent == 0);
        if !fits
            || chunks
                .last()
                .is_some_and(|last: &Chunk| start <= last.start)
        {
            return Err(damaged(format!(
                "a chunk begins at {start:?} in a dataset of {:?}",
                grid.shape
            )));
        }
        chunks.push(Chunk {
            start,
            address: child,
            stored,
            skipped,
        });
    }
    Ok(())
}
