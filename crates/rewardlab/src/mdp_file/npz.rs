//! Reads `.npz` archives: the part of ZIP that NumPy writes, with every size checked before it is believed.
//!
//! The layout is that of PKWARE's APPNOTE 6.3: a directory at the end of the file says where each entry lies, how long
//! it is stored and how long it will be. Entries are read as streams, so that an archive costs what its arrays cost.

use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::{CrcReader, bufread::DeflateDecoder};

use super::error::{Problems, quoted};
use super::node::{MOST_VALUES, Node};
use super::npy::{self, Budget};

/// The most arrays that one archive may hold.
const MOST_ENTRIES: usize = 256;
/// The longest directory: room for every entry with a name and a comment of more than usual length.
const MOST_DIRECTORY: u64 = 1 << 20;
/// The end record without its comment.
const END: usize = 22;
/// The least that deflate can shrink anything to: 1032 times (RFC 1951: 258 bytes for two bits).
const MOST_SHRUNK: u64 = 1032;

/// The arrays of an archive by name, `.npy` left off.
pub(super) fn parse(
    mut file: impl Read + Seek,
    problems: &mut Problems,
) -> Option<Vec<(Box<str>, Node)>> {
    let n_before = problems.n();
    let entries = directory(&mut file);
    let entries = problems.take("", entries)?;
    let entries = sound(entries, problems);
    let mut budget = Budget::default();
    let mut arrays = vec![];
    for entry in &entries {
        let array = entry.read(&mut file, &mut budget);
        if let Some(node) = problems.take(entry.array_name(), array) {
            arrays.push((entry.array_name().into(), node));
        }
    }
    (problems.n() == n_before).then_some(arrays)
}

/// What the directory says of one entry.
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    checksum: u32,
    stored: u64,
    size: u64,
    offset: u64,
}

impl Entry {
    fn array_name(&self) -> &str {
        self.name.strip_suffix(".npy").unwrap_or(&self.name)
    }

    /// What keeps it from being read, from the directory alone.
    fn problem(&self) -> Option<String> {
        if !self.name.ends_with(".npy") {
            return Some(
                "this is no array; an MDP holds nothing but `.npy` arrays, as np.savez writes them"
                    .to_owned(),
            );
        }
        if self.flags & 1 != 0 {
            return Some("this is encrypted; write the archive with np.savez".to_owned());
        }
        if ![STORED, DEFLATED].contains(&self.method) {
            return Some(format!(
                "this is packed by method {}; only stored and deflated entries are read, as np.savez and np.savez_compressed write them",
                self.method
            ));
        }
        if self.size > npy::MOST_BYTES {
            return Some(format!(
                "this claims {} bytes; at most {MOST_VALUES} numbers are read, write a large MDP sparsely",
                self.size
            ));
        }
        let packed_too_well = match self.method {
            STORED => self.size != self.stored,
            _ => self.size / MOST_SHRUNK > self.stored,
        };
        packed_too_well.then(|| {
            format!(
                "this claims {} bytes from {} stored ones, which cannot be; write the archive again",
                self.size, self.stored
            )
        })
    }

    fn read(&self, file: &mut (impl Read + Seek), budget: &mut Budget) -> Result<Node, String> {
        let damaged = |_: std::io::Error| DAMAGED.to_owned();
        file.seek(SeekFrom::Start(self.offset)).map_err(damaged)?;
        let mut header = [0; 30];
        file.read_exact(&mut header).map_err(damaged)?;
        if header[..4] != *b"PK\x03\x04" {
            return Err(DAMAGED.to_owned());
        }
        let skipped = i64::from(short(&header, 26)) + i64::from(short(&header, 28));
        file.seek(SeekFrom::Current(skipped)).map_err(damaged)?;
        let stored = BufReader::new(file.take(self.stored));
        if self.method == STORED {
            return self.checked(stored, budget);
        }
        self.checked(BufReader::new(DeflateDecoder::new(stored)), budget)
    }

    fn checked(&self, content: impl Read, budget: &mut Budget) -> Result<Node, String> {
        let mut content = CrcReader::new(content.take(self.size));
        let node = npy::read(&mut content, self.size, budget)?;
        if content.crc().sum() != self.checksum {
            return Err(DAMAGED.to_owned());
        }
        let mut rest = content.into_inner().into_inner();
        match rest.read(&mut [0]) {
            Ok(0) => Ok(node),
            _ => Err(DAMAGED.to_owned()),
        }
    }
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const DAMAGED: &str = "the archive is damaged here; write it again";
const NO_END: &str = "the archive is cut off or is no .npz archive; write it again with np.savez or np.savez_compressed";

/// Finds the end record, and reads the directory that it names.
fn directory(file: &mut (impl Read + Seek)) -> Result<Vec<Entry>, String> {
    let unreadable = |_: std::io::Error| NO_END.to_owned();
    let length = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let tail_length = length.min(END as u64 + u64::from(u16::MAX));
    file.seek(SeekFrom::Start(length - tail_length))
        .map_err(unreadable)?;
    let mut tail = vec![];
    file.by_ref()
        .take(tail_length)
        .read_to_end(&mut tail)
        .map_err(unreadable)?;
    let end = (0..tail.len().saturating_sub(END - 1))
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06"))
        .ok_or(NO_END)?;
    let end = &tail[end..];
    let n_entries = usize::from(short(end, 10));
    let (size, offset) = (u64::from(long(end, 12)), u64::from(long(end, 16)));
    if offset == u64::from(u32::MAX) || n_entries > MOST_ENTRIES || size > MOST_DIRECTORY {
        return Err(format!(
            "the archive names {n_entries} arrays in a directory of {size} bytes; at most {MOST_ENTRIES} arrays are read"
        ));
    }
    if offset + size > length {
        return Err(NO_END.to_owned());
    }
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let mut listed = vec![];
    file.by_ref()
        .take(size)
        .read_to_end(&mut listed)
        .map_err(unreadable)?;
    let mut entries = vec![];
    let mut rest = listed.as_slice();
    for _ in 0..n_entries {
        let (entry, after) = listed_entry(rest).ok_or(NO_END)?;
        if entry.offset + entry.stored > length && entry.stored <= npy::MOST_BYTES {
            return Err(NO_END.to_owned());
        }
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(NO_END.to_owned());
    }
    Ok(entries)
}

/// One record of the directory, and what follows it.
fn listed_entry(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    const FIXED: usize = 46;
    let fixed = bytes.get(..FIXED)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return None;
    }
    let name_length = usize::from(short(fixed, 28));
    let after = FIXED + name_length + usize::from(short(fixed, 30)) + usize::from(short(fixed, 32));
    let entry = Entry {
        name: String::from_utf8_lossy(bytes.get(FIXED..FIXED + name_length)?).into_owned(),
        flags: short(fixed, 8),
        method: short(fixed, 10),
        checksum: long(fixed, 16),
        stored: u64::from(long(fixed, 20)),
        size: u64::from(long(fixed, 24)),
        offset: u64::from(long(fixed, 42)),
    };
    Some((entry, bytes.get(after..)?))
}

/// The entries that may be read; a problem for each that may not.
fn sound(entries: Vec<Entry>, problems: &mut Problems) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    if entries.is_empty() {
        problems.add(
            "",
            "the archive holds no arrays; docs/mdp-files.md lists those of an MDP",
        );
    }
    let mut is_sound = |entry: &Entry| {
        let twice = (!seen.insert(entry.name.clone()))
            .then(|| "this array occurs twice; keep one of them".to_owned());
        let problem = entry.problem().or(twice);
        if let Some(problem) = &problem {
            let name = quoted(entry.array_name());
            problems.add(name.trim_matches('"'), problem);
        }
        problem.is_none()
    };
    entries
        .into_iter()
        .filter(|entry| is_sound(entry))
        .collect()
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
