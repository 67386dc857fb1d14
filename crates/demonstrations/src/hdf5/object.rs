//! Object headers: the list of messages that say what an object is.

use std::collections::BTreeSet;

use super::checksum;
use crate::Place;
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};

/// Kinds of messages, numbered as in the format.
pub(super) mod kind {
    pub(in super::super) const DATASPACE: u16 = 0x01;
    pub(in super::super) const LINK_INFO: u16 = 0x02;
    pub(in super::super) const DATATYPE: u16 = 0x03;
    pub(in super::super) const LINK: u16 = 0x06;
    pub(in super::super) const EXTERNAL_FILES: u16 = 0x07;
    pub(in super::super) const LAYOUT: u16 = 0x08;
    pub(in super::super) const FILTERS: u16 = 0x0b;
    pub(in super::super) const ATTRIBUTE: u16 = 0x0c;
    pub(in super::super) const CONTINUATION: u16 = 0x10;
    pub(in super::super) const SYMBOL_TABLE: u16 = 0x11;
}

/// The most blocks of one header, and the most bytes that they take together.
const MOST_BLOCKS: usize = 1 << 12;
const MOST_BYTES: u64 = 1 << 28;

/// One message of a header.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) kind: u16,
    /// Whether the body only says where the message itself is.
    pub(super) is_shared: bool,
    pub(super) body: Vec<u8>,
}

/// All messages of the object whose header is at `address`.
pub(super) fn messages(pieces: &mut Pieces, address: u64) -> Result<Vec<Message>, Fault> {
    read(pieces, address).map_err(|fault| fault.at(Place::Byte(address)))
}

/// How the messages of a header are laid out.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two { numbered: bool },
}

fn read(pieces: &mut Pieces, address: u64) -> Result<Vec<Message>, Fault> {
    let prefix = pieces.read(address, 16)?;
    let mut cursor = Cursor::new(&prefix);
    let (version, start, n_bytes) = match &prefix[..4] {
        b"OHDR" => {
            cursor.take(4)?;
            prefix_two(cursor, address)?
        }
        _ if prefix[0] == 1 => {
            cursor.take(8)?;
            (
                Version::One,
                address.saturating_add(16),
                u64::from(cursor.u32()?),
            )
        }
        _ => return Err(Fault::damaged("no object begins here")),
    };
    let mut headers = Headers {
        pieces,
        version,
        visited: BTreeSet::new(),
        n_bytes: 0,
    };
    headers.collect(address, start, n_bytes)
}

fn prefix_two(mut cursor: Cursor<'_>, address: u64) -> Result<(Version, u64, u64), Fault> {
    let (version, flags) = (cursor.u8()?, cursor.u8()?);
    if version != 2 {
        return Err(Fault::damaged(format!(
            "an object header of version {version}, 1 and 2 are read"
        )));
    }
    let skipped = if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
    // At most 26 bytes: the length follows the times, which may lie beyond the 16 bytes that are read first.
    let numbered = flags & 0x04 != 0;
    let size = 1 << (flags & 3);
    Ok((
        Version::Two { numbered },
        address.saturating_add(6 + skipped),
        size,
    ))
}

struct Headers<'p> {
    pieces: &'p mut Pieces,
    version: Version,
    visited: BTreeSet<u64>,
    n_bytes: u64,
}

impl Headers<'_> {
    /// Collects the messages of the first block and of those that continue it.
    ///
    /// In version 1 the first block is `n_bytes` of messages at `start`; in version 2 a number of `n_bytes` bytes
    /// stands there, which says how many bytes of messages follow it.
    fn collect(&mut self, address: u64, start: u64, n_bytes: u64) -> Result<Vec<Message>, Fault> {
        let first = match self.version {
            Version::One => self.block(start, n_bytes)?,
            Version::Two { .. } => {
                let size = self.pieces.read(start, n_bytes)?;
                let size = Cursor::new(&size).unsigned(size.len())?;
                let before = start - address + n_bytes;
                let whole = self.block(address, before.saturating_add(size).saturating_add(4))?;
                checksum::verified(&whole, "an object header")?[before as usize..].to_vec()
            }
        };
        let mut messages = vec![];
        let mut continuations = self.parse(&first, &mut messages)?;
        while let Some((start, n_bytes)) = continuations.pop() {
            let block = self.block(start, n_bytes)?;
            let content = match self.version {
                Version::One => &block[..],
                Version::Two { .. } => {
                    let content = checksum::verified(&block, "an object header's continuation")?;
                    content.strip_prefix(b"OCHK").ok_or_else(|| {
                        Fault::damaged(
                            "an object header's continuation does not begin with its signature",
                        )
                    })?
                }
            };
            continuations.extend(self.parse(content, &mut messages)?);
        }
        Ok(messages)
    }

    fn block(&mut self, start: u64, n_bytes: u64) -> Result<Vec<u8>, Fault> {
        self.n_bytes = self.n_bytes.saturating_add(n_bytes);
        if !self.visited.insert(start) {
            let problem =
                format!("an object header continues at byte {start}, where it has been before");
            return Err(Fault::damaged(problem));
        }
        if MOST_BLOCKS < self.visited.len() || MOST_BYTES < self.n_bytes {
            let problem = format!(
                "an object header of {} bytes in {} pieces; at most {MOST_BYTES} in {MOST_BLOCKS} are read",
                self.n_bytes,
                self.visited.len()
            );
            return Err(Fault::damaged(problem));
        }
        self.pieces.read(start, n_bytes)
    }

    /// Adds the messages of a block, and gives where it is continued.
    fn parse(&self, block: &[u8], messages: &mut Vec<Message>) -> Result<Vec<(u64, u64)>, Fault> {
        let mut cursor = Cursor::new(block);
        let mut continuations = vec![];
        let prefix = match self.version {
            Version::One => 8,
            Version::Two { numbered } => 4 + if numbered { 2 } else { 0 },
        };
        while prefix <= cursor.left() {
            let (kind, n_bytes, flags) = match self.version {
                Version::One => {
                    let (kind, n_bytes, flags) = (cursor.u16()?, cursor.u16()?, cursor.u8()?);
                    cursor.take(3)?;
                    (kind, n_bytes, flags)
                }
                Version::Two { numbered } => {
                    let (kind, n_bytes, flags) = (cursor.u8()?, cursor.u16()?, cursor.u8()?);
                    cursor.take(if numbered { 2 } else { 0 })?;
                    (u16::from(kind), n_bytes, flags)
                }
            };
            let body = cursor.take(usize::from(n_bytes))?;
            if kind == kind::CONTINUATION {
                let mut place = Cursor::new(body);
                continuations.push((place.u64()?, place.u64()?));
            } else {
                let is_shared = flags & 0x02 != 0;
                messages.push(Message {
                    kind,
                    is_shared,
                    body: body.to_vec(),
                });
            }
        }
        Ok(continuations)
    }
}

/// The only message of a kind, or none.
pub(super) fn one(messages: &[Message], kind: u16) -> Result<Option<&Message>, Fault> {
    let mut found = messages.iter().filter(|message| message.kind == kind);
    let first = found.next();
    if found.next().is_some() {
        return Err(Fault::damaged(format!(
            "an object has two messages of kind {kind:#04x}"
        )));
    }
    match first {
        Some(message) if message.is_shared => Err(Fault::new(
            format!(
                "an object shares its message of kind {kind:#04x} with another, which is not read"
            ),
            "write it again with h5py, without named types",
        )),
        first => Ok(first),
    }
}
