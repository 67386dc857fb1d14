//! The global heap: collections of sequences of varying length.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Place;
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};

/// The largest collection that is read: h5py begins a new one every 4096 bytes, but an object may be larger.
const MOST_BYTES: u64 = 1 << 30;

/// The collection read last; elements of a dataset mostly follow each other in one.
#[derive(Debug, Default)]
pub(super) struct GlobalHeap {
    address: Option<u64>,
    bytes: Vec<u8>,
    objects: BTreeMap<u32, Range<usize>>,
}

impl GlobalHeap {
    /// Object `index` of the collection at `address`.
    pub(super) fn object(
        &mut self,
        pieces: &mut Pieces,
        address: u64,
        index: u32,
    ) -> Result<&[u8], Fault> {
        if self.address != Some(address) {
            self.load(pieces, address)
                .map_err(|fault| fault.at(Place::Byte(address)))?;
        }
        match self.objects.get(&index) {
            Some(range) => Ok(&self.bytes[range.clone()]),
            None => {
                Err(Fault::damaged(format!("the heap has no object {index}"))
                    .at(Place::Byte(address)))
            }
        }
    }

    fn load(&mut self, pieces: &mut Pieces, address: u64) -> Result<(), Fault> {
        self.address = None;
        self.objects.clear();
        let head = pieces.read(address, 16)?;
        let mut cursor = Cursor::new(&head);
        if cursor.take(4)? != b"GCOL" || cursor.u8()? != 1 {
            return Err(Fault::damaged("no collection of a heap is here"));
        }
        cursor.take(3)?;
        let size = cursor.u64()?;
        if MOST_BYTES < size {
            return Err(Fault::damaged(format!(
                "a heap of {size} bytes, at most {MOST_BYTES} are read"
            )));
        }
        pieces.read_into(address, size, &mut self.bytes)?;
        let mut cursor = Cursor::new(&self.bytes);
        cursor.take(16)?;
        while 16 <= cursor.left() {
            let index = u32::from(cursor.u16()?);
            cursor.take(6)?;
            let size = cursor.u64()?;
            if index == 0 {
                break;
            }
            let start = cursor.taken();
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            cursor.take(size)?;
            self.objects.insert(index, start..start + size);
            cursor.take((size.next_multiple_of(8) - size).min(cursor.left()))?;
        }
        self.address = Some(address);
        Ok(())
    }
}
