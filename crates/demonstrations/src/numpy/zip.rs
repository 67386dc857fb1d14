//! The part of ZIP that NumPy writes, with every size checked before it is believed.
//!
//! The layout is that of PKWARE's APPNOTE 6.3: a directory at the end of the file says where each entry lies, how long
//! it is stored and how long it will be. Sizes of 4 GiB and more stand in the fields of ZIP64, which are read and written.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::{Crc, CrcReader, bufread::DeflateDecoder};

use crate::Error;

/// The most arrays that one archive may hold.
const MOST_ENTRIES: u64 = 256;
/// The longest directory: room for every entry with a name and a comment of more than usual length.
const MOST_DIRECTORY: u64 = 1 << 20;
/// The end record without its comment.
const END: usize = 22;
/// The record before it that says where the end record of ZIP64 is.
const LOCATOR: usize = 20;
/// The least that deflate can shrink anything to: 1032 times (RFC 1951: 258 bytes for two bits).
const MOST_SHRUNK: u64 = 1032;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// What a field of 32 bits holds whose value stands in ZIP64's.
const ELSEWHERE: u64 = u32::MAX as u64;

const DAMAGED: &str = "the archive is damaged here; write it again";
const NO_END: &str = "the archive is cut off or is no .npz archive; write it again with np.savez or np.savez_compressed";

/// What the directory says of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, `.npy` and all.
    pub name: String,
    /// Bytes once unpacked.
    pub size: u64,
    flags: u16,
    method: u16,
    checksum: u32,
    stored: u64,
    offset: u64,
}

impl Entry {
    /// Its name, `.npy` left off.
    #[must_use]
    pub fn array_name(&self) -> &str {
        self.name.strip_suffix(".npy").unwrap_or(&self.name)
    }

    /// What keeps it from being read from a file of this length, from the directory alone, and the way out.
    #[must_use]
    pub fn problem(&self, length: u64) -> Option<String> {
        if self.flags & 1 != 0 {
            return Some("this is encrypted; write the archive with np.savez".to_owned());
        }
        if ![STORED, DEFLATED].contains(&self.method) {
            return Some(format!(
                "this is packed by method {}; only stored and deflated entries are read, as np.savez and np.savez_compressed write them",
                self.method
            ));
        }
        let packed_too_well = match self.method {
            STORED => self.size != self.stored,
            _ => self.size / MOST_SHRUNK > self.stored,
        };
        if packed_too_well {
            return Some(format!(
                "this claims {} bytes from {} stored ones, which cannot be; write the archive again",
                self.size, self.stored
            ));
        }
        let end = self.offset.checked_add(self.stored);
        end.is_none_or(|end| end > length)
            .then(|| NO_END.to_owned())
    }

    /// Its content as a stream.
    ///
    /// # Errors
    /// If the file has no such entry at its place: what is wrong, and the way out.
    pub fn open<R: Read + Seek>(&self, mut file: R) -> Result<Content<R>, String> {
        let damaged = |_: io::Error| DAMAGED.to_owned();
        file.seek(SeekFrom::Start(self.offset)).map_err(damaged)?;
        let mut header = [0; 30];
        file.read_exact(&mut header).map_err(damaged)?;
        if header[..4] != *b"PK\x03\x04" {
            return Err(DAMAGED.to_owned());
        }
        let skipped = i64::from(short(&header, 26)) + i64::from(short(&header, 28));
        file.seek(SeekFrom::Current(skipped)).map_err(damaged)?;
        let stored = BufReader::with_capacity(1 << 16, file.take(self.stored));
        let bytes = match self.method {
            STORED => Bytes::Stored(stored),
            _ => Bytes::Deflated(Box::new(DeflateDecoder::new(stored))),
        };
        Ok(Content {
            bytes: CrcReader::new(BufReader::with_capacity(1 << 16, bytes.take(self.size))),
            checksum: self.checksum,
        })
    }
}

/// The content of an entry, unpacked as it is read.
#[derive(Debug)]
pub struct Content<R: Read> {
    bytes: CrcReader<BufReader<io::Take<Bytes<R>>>>,
    checksum: u32,
}

#[derive(Debug)]
enum Bytes<R: Read> {
    Stored(BufReader<io::Take<R>>),
    Deflated(Box<DeflateDecoder<BufReader<io::Take<R>>>>),
}

impl<R: Read> Read for Bytes<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Stored(bytes) => bytes.read(to),
            Bytes::Deflated(bytes) => bytes.read(to),
        }
    }
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(to)
    }
}

impl<R: Read> Content<R> {
    /// That all was read, and was what the archive says it was.
    ///
    /// # Errors
    /// If it was not: what is wrong, and the way out.
    pub fn finish(mut self) -> Result<(), String> {
        let is_all = self.bytes.fill_buf().is_ok_and(<[u8]>::is_empty);
        let is_sound = self.bytes.crc().sum() == self.checksum;
        let mut rest = self.bytes.into_inner().into_inner().into_inner();
        match rest.read(&mut [0]) {
            Ok(0) if is_all && is_sound => Ok(()),
            _ => Err(DAMAGED.to_owned()),
        }
    }
}

/// Finds the end record, and reads the directory that it names.
///
/// # Errors
/// If there is none, or it names more than is read: what is wrong, and the way out.
pub fn directory(file: &mut (impl Read + Seek)) -> Result<Vec<Entry>, String> {
    let length = file.seek(SeekFrom::End(0)).map_err(|_| NO_END)?;
    let tail_length = length.min((END + LOCATOR) as u64 + u64::from(u16::MAX));
    let tail = part(file, length - tail_length, tail_length)?;
    let at = (0..tail.len().saturating_sub(END - 1))
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06"))
        .ok_or(NO_END)?;
    let end = &tail[at..];
    let mut place = Place {
        n_entries: u64::from(short(end, 10)),
        size: u64::from(long(end, 12)),
        offset: u64::from(long(end, 16)),
    };
    if let Some(locator) = at.checked_sub(LOCATOR).map(|start| &tail[start..at])
        && locator.starts_with(b"PK\x06\x07")
    {
        place = large_place(file, double(locator, 8))?;
    }
    if place.offset == ELSEWHERE || place.n_entries > MOST_ENTRIES || place.size > MOST_DIRECTORY {
        return Err(format!(
            "the archive names {} arrays in a directory of {} bytes; at most {MOST_ENTRIES} arrays are read",
            place.n_entries, place.size
        ));
    }
    if place
        .offset
        .checked_add(place.size)
        .is_none_or(|end| end > length)
    {
        return Err(NO_END.to_owned());
    }
    let listed = part(file, place.offset, place.size)?;
    let mut entries = vec![];
    let mut rest = listed.as_slice();
    for _ in 0..place.n_entries {
        let (entry, after) = listed_entry(rest).ok_or(NO_END)?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() {
        return Err(NO_END.to_owned());
    }
    Ok(entries)
}

/// Where the directory is.
struct Place {
    n_entries: u64,
    size: u64,
    offset: u64,
}

/// The same from the end record of ZIP64.
fn large_place(file: &mut (impl Read + Seek), at: u64) -> Result<Place, String> {
    let record = part(file, at, 56)?;
    if record.len() < 56 || !record.starts_with(b"PK\x06\x06") {
        return Err(NO_END.to_owned());
    }
    Ok(Place {
        n_entries: double(&record, 32),
        size: double(&record, 40),
        offset: double(&record, 48),
    })
}

fn part(file: &mut (impl Read + Seek), start: u64, length: u64) -> Result<Vec<u8>, String> {
    let mut bytes = vec![];
    let mut read = || {
        file.seek(SeekFrom::Start(start))?;
        file.by_ref().take(length).read_to_end(&mut bytes)
    };
    read().map_err(|_| NO_END)?;
    Ok(bytes)
}

/// One record of the directory, and what follows it.
fn listed_entry(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    const FIXED: usize = 46;
    let fixed = bytes.get(..FIXED)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return None;
    }
    let name_end = FIXED + usize::from(short(fixed, 28));
    let extra_end = name_end + usize::from(short(fixed, 30));
    let after = extra_end + usize::from(short(fixed, 32));
    let mut large = large_fields(bytes.get(name_end..extra_end)?);
    // A field of ZIP64 is there for each field here that has no room for its value, in this order.
    let mut field = |at: usize| match u64::from(long(fixed, at)) {
        ELSEWHERE => large.next(),
        value => Some(value),
    };
    let (size, stored) = (field(24)?, field(20)?);
    let entry = Entry {
        name: String::from_utf8_lossy(bytes.get(FIXED..name_end)?).into_owned(),
        flags: short(fixed, 8),
        method: short(fixed, 10),
        checksum: long(fixed, 16),
        stored,
        size,
        offset: field(42)?,
    };
    Some((entry, bytes.get(after..)?))
}

/// The fields of ZIP64 among the extra ones.
fn large_fields(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let Some((field, after)) = rest.split_at_checked(usize::from(short(head, 2))) else {
            break;
        };
        if short(head, 0) == 1 {
            found = field;
        }
        extra = after;
    }
    found.chunks_exact(8).map(|bytes| double(bytes, 0))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn double(bytes: &[u8], at: usize) -> u64 {
    u64::from(long(bytes, at)) | u64::from(long(bytes, at + 4)) << 32
}

/// Writes an archive of arrays that grow side by side, each in a file of its own until the end.
pub(crate) struct ArchiveWriter {
    path: PathBuf,
    arrays: Vec<Growing>,
}

/// An array that is not finished.
struct Growing {
    name: &'static str,
    place: PathBuf,
    file: BufWriter<File>,
}

impl Drop for Growing {
    fn drop(&mut self) {
        // It is gone already where the system lets go of the name of a file that is open.
        let _ = fs::remove_file(&self.place);
    }
}

impl ArchiveWriter {
    /// Begins an archive with arrays of these names.
    pub(crate) fn create(path: &Path, names: &[&'static str]) -> Result<ArchiveWriter, Error> {
        let mut arrays = vec![];
        for name in names {
            let mut place = path.to_owned().into_os_string();
            place.push(format!(".{name}"));
            let place = PathBuf::from(place);
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(true);
            let file = options.open(&place).map_err(Error::writing(path))?;
            // Killed at any moment, nothing is left over; a system that refuses has it removed at the end.
            let _ = fs::remove_file(&place);
            arrays.push(Growing {
                name,
                place,
                file: BufWriter::with_capacity(1 << 16, file),
            });
        }
        Ok(ArchiveWriter {
            path: path.to_owned(),
            arrays,
        })
    }

    /// The array of this position among the names, to be written to.
    pub(crate) fn array(&mut self, index: usize) -> &mut impl Write {
        &mut self.arrays[index].file
    }

    /// Puts the arrays together, each behind its header; those whose header is none are left out.
    pub(crate) fn finish(self, headers: &[Option<Vec<u8>>]) -> Result<(), Error> {
        let ArchiveWriter { path, mut arrays } = self;
        let mut write = || -> io::Result<()> {
            let mut file = BufWriter::with_capacity(1 << 16, File::create(&path)?);
            let mut directory = vec![];
            let mut n_entries = 0;
            for (array, header) in arrays.iter_mut().zip(headers) {
                let Some(header) = header else { continue };
                let offset = file.stream_position()?;
                let entry = array.pack(&mut file, header, offset)?;
                entry.list(&mut directory);
                n_entries += 1;
            }
            let offset = file.stream_position()?;
            file.write_all(&directory)?;
            file.write_all(&end_records(n_entries, directory.len() as u64, offset))?;
            file.flush()
        };
        write().map_err(Error::writing(&path))
    }
}

impl Growing {
    /// Copies the array to the archive behind its headers; what the directory says of it.
    fn pack(
        &mut self,
        archive: &mut BufWriter<File>,
        header: &[u8],
        offset: u64,
    ) -> io::Result<Entry> {
        let file = &mut self.file;
        file.flush()?;
        let size = header.len() as u64 + file.stream_position()?;
        file.seek(SeekFrom::Start(0))?;
        let mut entry = Entry {
            name: format!("{}.npy", self.name),
            size,
            flags: 0,
            method: STORED,
            checksum: 0,
            stored: size,
            offset,
        };
        archive.write_all(&entry.local_header())?;
        let mut checksum = Crc::new();
        checksum.update(header);
        archive.write_all(header)?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let n = file.get_mut().read(&mut buffer)?;
            if n == 0 {
                break;
            }
            checksum.update(&buffer[..n]);
            archive.write_all(&buffer[..n])?;
        }
        entry.checksum = checksum.sum();
        // The checksum stands before the content, and is known behind it.
        let end = archive.stream_position()?;
        archive.seek(SeekFrom::Start(offset))?;
        archive.write_all(&entry.local_header())?;
        archive.seek(SeekFrom::Start(end))?;
        Ok(entry)
    }
}

/// The version of the format that ZIP64 came with; the day that ZIP counts from, for no clock is asked.
const VERSION: u16 = 45;
const FIRST_DAY: u16 = (1 << 5) | 1;

impl Entry {
    /// What stands before the content: sizes as ZIP64 has them, whatever they are.
    fn local_header(&self) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        for field in [VERSION, 0, self.method, 0, FIRST_DAY] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [self.checksum, u32::MAX, u32::MAX] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [self.name.len() as u16, 20] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(self.name.as_bytes());
        for field in [1_u16, 16] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [self.size, self.stored] {
            bytes.extend(field.to_le_bytes());
        }
        bytes
    }

    /// Adds its record to the directory.
    fn list(&self, directory: &mut Vec<u8>) {
        directory.extend(b"PK\x01\x02");
        for field in [VERSION, VERSION, 0, self.method, 0, FIRST_DAY] {
            directory.extend(field.to_le_bytes());
        }
        for field in [self.checksum, u32::MAX, u32::MAX] {
            directory.extend(field.to_le_bytes());
        }
        for field in [self.name.len() as u16, 28, 0, 0, 0, 0, 0] {
            directory.extend(field.to_le_bytes());
        }
        directory.extend(u32::MAX.to_le_bytes());
        directory.extend(self.name.as_bytes());
        for field in [1_u16, 24] {
            directory.extend(field.to_le_bytes());
        }
        for field in [self.size, self.stored, self.offset] {
            directory.extend(field.to_le_bytes());
        }
    }
}

/// The end records: ZIP64's, where it is, and the old one, which has room for small archives only.
fn end_records(n_entries: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut bytes = b"PK\x06\x06".to_vec();
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; 8]);
    for field in [n_entries, n_entries, size, offset] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07");
    bytes.extend([0; 4]);
    bytes.extend((offset + size).to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06");
    bytes.extend([0; 4]);
    for field in [n_entries as u16, n_entries as u16] {
        bytes.extend(field.to_le_bytes());
    }
    for field in [size.min(ELSEWHERE) as u32, u32::MAX] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend([0; 2]);
    bytes
}
