//! The pages of one column, each held against the bytes that are there before anything is allocated for it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{Compression, Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::PageHeader;

/// A file that several columns read from, each at its own place.
#[derive(Clone, Debug)]
pub(super) struct Source(Arc<Mutex<File>>);

impl Source {
    pub(super) fn new(file: File) -> Source {
        Source(Arc::new(Mutex::new(file)))
    }

    /// At most `n` bytes from `start`: fewer where the file ends.
    pub(super) fn read(&self, start: u64, n: u64) -> io::Result<Vec<u8>> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity(n as usize);
        file.by_ref().take(n).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The pages of one column of one row group.
pub(super) struct Pages {
    source: Source,
    at: u64,
    end: u64,
    is_packed: bool,
    /// Whether values may be null, so that pages begin with levels.
    is_optional: bool,
    has_dictionary: bool,
    /// Whether the values are texts, each with its length before it.
    is_text: bool,
}

/// What a page that is damaged is told.
fn damaged(problem: impl Into<String>) -> ParquetError {
    ParquetError::General(problem.into())
}

impl Pages {
    /// The pages of a column that lies within the first `length` bytes of the file.
    pub(super) fn new(source: Source, column: &ColumnChunkMetaData, length: u64) -> Result<Pages> {
        let outside = || damaged("a column lies outside of the file");
        let start = column
            .dictionary_page_offset()
            .unwrap_or(column.data_page_offset());
        let start = u64::try_from(start.min(column.data_page_offset())).map_err(|_| outside())?;
        let stored = u64::try_from(column.compressed_size()).map_err(|_| outside())?;
        let end = start
            .checked_add(stored)
            .filter(|end| *end <= length)
            .ok_or_else(outside)?;
        let is_packed = match column.compression() {
            Compression::UNCOMPRESSED => false,
            Compression::SNAPPY => true,
            other => {
                return Err(damaged(format!(
                    "its columns are packed with {other}, and only snappy and none are read"
                )));
            }
        };
        Ok(Pages {
            source,
            at: start,
            end,
            is_packed,
            is_optional: column.column_descr().max_def_level() > 0,
            has_dictionary: false,
            is_text: column.column_type() == PhysicalType::BYTE_ARRAY,
        })
    }

    /// Whether the last page was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.end
    }

    /// The next header, once all that it declares has been held against the file.
    fn next_header(&mut self) -> Result<PageHeader> {
        const USUAL: u64 = 256;
        const LONGEST: u64 = 1 << 16;
        let left = self.end - self.at;
        let mut found = None;
        for longest in [USUAL, LONGEST] {
            let bytes = self.source.read(self.at, left.min(longest))?;
            found = PageHeader::parse(&bytes);
            if found.is_some() {
                break;
            }
        }
        let (header, length) =
            found.ok_or_else(|| damaged("the header of a page makes no sense"))?;
        self.at += length as u64;
        self.check(&header)?;
        Ok(header)
    }

    fn check(&self, header: &PageHeader) -> Result<()> {
        /// The most that snappy can shrink anything to: 64 bytes for three, rounded up.
        const MOST_SHRUNK: i64 = 32;
        let left = (self.end - self.at) as i64;
        if !(0..=left).contains(&header.stored) {
            return Err(damaged(format!(
                "a page claims {} bytes where {left} are left",
                header.stored
            )));
        }
        let most = match self.is_packed {
            true => header.stored * MOST_SHRUNK + 64,
            false => header.stored,
        };
        if !(0..=most).contains(&header.size) {
            return Err(damaged(format!(
                "a page claims to unpack {} bytes to {}, which cannot be",
                header.stored, header.size
            )));
        }
        // A dictionary's values take at least a byte each; any number of nulls or of equal indices takes next to none.
        let most_values = if header.kind == DICTIONARY {
            header.size
        } else {
            i64::from(u32::MAX)
        };
        if header.kind != INDEX && !(0..=most_values).contains(&header.n_values) {
            return Err(damaged(format!(
                "a page claims {} values in {} bytes",
                header.n_values, header.size
            )));
        }
        Ok(())
    }

    /// The content of a page of which `levels` bytes are stored as they are.
    fn content(&mut self, header: &PageHeader, levels: usize) -> Result<Vec<u8>> {
        let bytes = self.source.read(self.at, header.stored as u64)?;
        self.at += header.stored as u64;
        if bytes.len() as i64 != header.stored || levels > bytes.len() {
            return Err(damaged("a page is cut off"));
        }
        if !self.is_packed || !header.is_packed {
            return Ok(bytes);
        }
        let mut content = vec![0; header.size as usize];
        let unpacked = content
            .get_mut(levels..)
            .ok_or_else(|| damaged("a page is shorter than its levels"))?;
        let is_whole = snap::raw::Decoder::new()
            .decompress(&bytes[levels..], unpacked)
            .is_ok_and(|n| n == unpacked.len());
        let is_nothing = unpacked.is_empty() && bytes.len() == levels;
        if !(is_whole || is_nothing) {
            return Err(damaged("a page cannot be unpacked"));
        }
        content[..levels].copy_from_slice(&bytes[..levels]);
        Ok(content)
    }

    /// The encoding of a page of values, where the dictionary that it may ask for has been read.
    fn encoding(&self, header: &PageHeader) -> Result<Encoding> {
        match encoding(header.encoding)? {
            Encoding::PLAIN => Ok(Encoding::PLAIN),
            other if self.has_dictionary => Ok(other),
            _ => Err(damaged("a page asks for a dictionary that is not there")),
        }
    }

    fn values(&mut self, header: &PageHeader) -> Result<Page> {
        if self.is_optional && header.size < 4 {
            return Err(damaged("a page is too short for its levels"));
        }
        let content = self.content(header, 0)?;
        let encoding = self.encoding(header)?;
        if self.is_text && encoding == Encoding::PLAIN {
            let (levels, texts) = match self.is_optional {
                true => levels_and_rest(&content)
                    .ok_or_else(|| damaged("the levels of a page do not fit it"))?,
                false => (None, content.as_slice()),
            };
            check_texts(levels, texts, header.n_values as u64)?;
        }
        Ok(Page::DataPage {
            buf: content.into(),
            num_values: header.n_values as u32,
            encoding,
            def_level_encoding: level_encoding(header.level_encodings[0])?,
            rep_level_encoding: level_encoding(header.level_encodings[1])?,
            statistics: None,
        })
    }

    fn dictionary(&mut self, header: &PageHeader) -> Result<Page> {
        self.has_dictionary = true;
        let content = self.content(header, 0)?;
        if self.is_text {
            check_texts(None, &content, header.n_values as u64)?;
        }
        Ok(Page::DictionaryPage {
            buf: content.into(),
            num_values: header.n_values as u32,
            encoding: encoding(header.encoding)?,
            is_sorted: false,
        })
    }

    fn values_of_second_layout(&mut self, header: &PageHeader) -> Result<Page> {
        let most = header.stored.min(header.size);
        let is_sound = header.level_bytes.iter().all(|n| (0..=most).contains(n))
            && header.level_bytes.iter().sum::<i64>() <= most
            && header
                .nulls_and_rows
                .iter()
                .all(|n| (0..=header.n_values).contains(n));
        if !is_sound {
            return Err(damaged("the levels of a page do not fit it"));
        }
        let levels = header.level_bytes.iter().sum::<i64>() as usize;
        let content = self.content(header, levels)?;
        let encoding = self.encoding(header)?;
        if self.is_text && encoding == Encoding::PLAIN {
            let start = header.level_bytes[1] as usize;
            let of_nulls = self.is_optional.then(|| &content[start..levels]);
            check_texts(of_nulls, &content[levels..], header.n_values as u64)?;
        }
        Ok(Page::DataPageV2 {
            buf: content.into(),
            num_values: header.n_values as u32,
            encoding,
            num_nulls: header.nulls_and_rows[0] as u32,
            num_rows: header.nulls_and_rows[1] as u32,
            def_levels_byte_len: header.level_bytes[0] as u32,
            rep_levels_byte_len: header.level_bytes[1] as u32,
            is_compressed: false,
            statistics: None,
        })
    }
}

const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;

/// The encodings that are read: those that Parquet's writers use unless they are told otherwise.
fn encoding(number: i64) -> Result<Encoding> {
    match number {
        0 => Ok(Encoding::PLAIN),
        2 => Ok(Encoding::PLAIN_DICTIONARY),
        8 => Ok(Encoding::RLE_DICTIONARY),
        other => Err(damaged(format!(
            "a column is encoded by method {other}, and only plain and dictionary encodings are read"
        ))),
    }
}

fn level_encoding(number: i64) -> Result<Encoding> {
    match number {
        3 => Ok(Encoding::RLE),
        other => Err(damaged(format!(
            "the levels of a page are encoded by method {other}, and only run lengths are read"
        ))),
    }
}

/// The levels at the start of a page of the first layout, and what follows them.
fn levels_and_rest(content: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, rest) = content.split_first_chunk::<4>()?;
    let (levels, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((Some(levels), rest))
}

/// That there are as many texts as values that are not null: the format's reader takes their number on trust.
fn check_texts(levels: Option<&[u8]>, texts: &[u8], n_values: u64) -> Result<()> {
    let cut_off = || damaged("its texts are cut off");
    let n_given = match levels {
        Some(levels) => n_not_null(levels, n_values).ok_or_else(cut_off)?,
        None => n_values,
    };
    let mut rest = texts;
    for _ in 0..n_given {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
        rest = after
            .get(u32::from_le_bytes(*length) as usize..)
            .ok_or_else(cut_off)?;
    }
    Ok(())
}

/// How many of the first `n` levels are 1, in runs of equal levels and groups of eight packed ones.
fn n_not_null(mut levels: &[u8], n: u64) -> Option<u64> {
    let (mut n_seen, mut n_given) = (0, 0);
    while n_seen < n {
        let head = varint(&mut levels)?;
        let left = n - n_seen;
        if head & 1 == 0 {
            let (level, rest) = levels.split_first()?;
            levels = rest;
            n_given += (head >> 1).min(left) * u64::from(*level);
            n_seen += (head >> 1).min(left);
            if head == 0 {
                return None;
            }
            continue;
        }
        let (groups, rest) = levels.split_at_checked(usize::try_from(head >> 1).ok()?)?;
        levels = rest;
        let bits = groups
            .iter()
            .flat_map(|group| (0..8).map(move |bit| u64::from(group >> bit & 1)));
        n_given += bits.take(usize::try_from(left).ok()?).sum::<u64>();
        n_seen += 8 * (head >> 1);
        if head == 1 {
            return None;
        }
    }
    Some(n_given)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        while self.at < self.end {
            let header = self.next_header()?;
            return match header.kind {
                0 => self.values(&header).map(Some),
                INDEX => {
                    self.at += header.stored as u64;
                    continue;
                }
                DICTIONARY => self.dictionary(&header).map(Some),
                3 => self.values_of_second_layout(&header).map(Some),
                other => Err(damaged(format!("a page is of the unknown kind {other}"))),
            };
        }
        Ok(None)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(damaged("pages are read in order"))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(damaged("pages are read in order"))
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
