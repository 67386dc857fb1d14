//! Lines of a text file, one at a time, with their number and a bound on their length.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Place};

/// The longest line, or quoted record over several lines, that is read.
pub(crate) const LONGEST_LINE: usize = 1 << 20;

/// One line without its line ending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) number: u64,
    pub(crate) text: &'a str,
    /// Whether a line ending followed. A file that its writer was killed over lacks it.
    pub(crate) terminated: bool,
}

/// Reads a text file line by line into one reused buffer.
pub(crate) struct Lines<R> {
    path: PathBuf,
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    offset: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(path: &Path, reader: R) -> Self {
        Self {
            path: path.to_owned(),
            reader,
            buffer: Vec::new(),
            number: 0,
            offset: 0,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The next line, `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>, Error> {
        self.buffer.clear();
        let read = (&mut self.reader)
            .take(LONGEST_LINE as u64 + 1)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| unreadable(&self.path, source))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let start = self.offset;
        self.offset += read as u64;
        let terminated = self.buffer.last() == Some(&b'\n');
        if !terminated && read > LONGEST_LINE {
            return Err(self.malformed(
                format!("the line is longer than {LONGEST_LINE} bytes"),
                "write one record a line, and summarise large observations",
            ));
        }
        if terminated {
            self.buffer.pop();
            if self.buffer.last() == Some(&b'\r') {
                self.buffer.pop();
            }
        }
        let mut bytes = &self.buffer[..];
        if self.number == 1 {
            bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(Line {
                number: self.number,
                text,
                terminated,
            })),
            Err(error) => Err(Error::Malformed {
                path: self.path.clone(),
                place: Place::Line(self.number),
                problem: format!(
                    "byte {} of the file is not UTF-8",
                    start + error.valid_up_to() as u64
                ),
                mend: "save the file as UTF-8".to_owned(),
            }),
        }
    }

    /// An error at the line read last.
    pub(crate) fn malformed(&self, problem: String, mend: &str) -> Error {
        malformed_at(&self.path, self.number, problem, mend)
    }
}

pub(crate) fn malformed_at(path: &Path, line: u64, problem: String, mend: &str) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        place: Place::Line(line),
        problem,
        mend: mend.to_owned(),
    }
}

pub(crate) fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        mend: "check that it exists and that you may read it",
        source,
    }
}

#[cfg(test)]
mod tests;
