//! Separated values: records that may be quoted, and the table of them that a header names.

use std::io::BufRead;

use crate::error::{Error, shortened};
use crate::lines::{LONGEST_LINE, Lines};

/// Reads records of separated values (RFC 4180: quotes, doubled quotes, line breaks in quotes).
pub(crate) struct Separated<R> {
    lines: Lines<R>,
    separator: char,
    joined: String,
    /// The line on which the current record starts.
    first_line: u64,
    terminated: bool,
}

impl<R: BufRead> Separated<R> {
    pub(crate) fn new(lines: Lines<R>, separator: char) -> Self {
        Self {
            lines,
            separator,
            joined: String::new(),
            first_line: 0,
            terminated: true,
        }
    }

    pub(crate) fn line(&self) -> u64 {
        self.first_line
    }

    /// Whether a line ending followed the record read last.
    pub(crate) fn terminated(&self) -> bool {
        self.terminated
    }

    /// Reads the next record that is not blank into `fields`; false at the end of the file.
    pub(crate) fn next(&mut self, fields: &mut Vec<String>) -> Result<bool, Error> {
        loop {
            let Some(()) = self.gather()? else {
                return Ok(false);
            };
            if !self.joined.trim().is_empty() {
                break;
            }
        }
        split(&self.joined, self.separator, fields)
            .map(|()| true)
            .map_err(|problem| {
                self.lines
                    .malformed(problem, "quote a whole field, and double quotes inside it")
            })
    }

    /// Joins lines until every quote is closed.
    fn gather(&mut self) -> Result<Option<()>, Error> {
        self.joined.clear();
        let mut open = false;
        loop {
            let Some(line) = self.lines.next()? else {
                if open {
                    return Err(self.lines.malformed(
                        format!("the quote opened on line {} is not closed", self.first_line),
                        "close it, or remove the cut record",
                    ));
                }
                return Ok(None);
            };
            if self.joined.len() + line.text.len() > LONGEST_LINE {
                let problem = format!(
                    "the quote opened on line {} runs over more than {LONGEST_LINE} bytes",
                    self.first_line
                );
                return Err(self.lines.malformed(problem, "close it"));
            }
            if open {
                self.joined.push('\n');
            } else {
                self.first_line = line.number;
            }
            self.joined.push_str(line.text);
            self.terminated = line.terminated;
            open ^= line.text.matches('"').count() % 2 == 1;
            if !open {
                return Ok(Some(()));
            }
        }
    }

    /// An error at the record read last.
    pub(crate) fn malformed(&self, problem: String, mend: &str) -> Error {
        crate::lines::malformed_at(self.lines.path(), self.first_line, problem, mend)
    }
}

/// The separator of a header line: the one of `,`, `;` and tab that occurs most.
pub(crate) fn separator_of(header: &str) -> char {
    let count = |separator: char| header.matches(separator).count();
    [',', ';', '\t']
        .into_iter()
        .rev()
        .max_by_key(|&separator| count(separator))
        .unwrap_or(',')
}

pub(crate) fn split(record: &str, separator: char, fields: &mut Vec<String>) -> Result<(), String> {
    fields.clear();
    let mut rest = record;
    loop {
        let (field, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => match rest.find(separator) {
                Some(end) => (rest[..end].trim().to_owned(), &rest[end..]),
                None => (rest.trim().to_owned(), ""),
            },
        };
        fields.push(field);
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None if after.trim().is_empty() => return Ok(()),
            None => return Err(format!("{:?} follows a closing quote", shortened(after))),
        }
    }
}

/// The field after an opening quote, and what follows the closing one.
fn quoted_field(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find('"') else {
            return Err("a quote is not closed".to_owned());
        };
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return Ok((field, rest)),
        }
    }
}

/// A finite number, or what is wrong with the text.
pub(crate) fn finite(text: &str, column: &str) -> Result<f64, (String, &'static str)> {
    let column = shortened(column);
    if text.is_empty() {
        return Err((
            format!("column {column:?} is empty"),
            "fill it, or remove the row",
        ));
    }
    let Ok(number) = text.parse::<f64>() else {
        let mend = if text.contains(',') {
            "write numbers with a decimal point"
        } else {
            "write a number, or remove the row"
        };
        return Err((
            format!(
                "column {column:?} holds {:?}, not a number",
                shortened(text)
            ),
            mend,
        ));
    };
    if !number.is_finite() {
        return Err((
            format!("column {column:?} holds {:?}", shortened(text)),
            "a return must be finite: remove the row, or find out why the run diverged",
        ));
    }
    Ok(number)
}

pub(crate) fn ragged<R: BufRead>(table: &Separated<R>, found: usize, header: usize) -> Error {
    table.malformed(
        format!("the row has {found} fields where the header names {header}"),
        "mend the row or remove it",
    )
}

#[cfg(test)]
mod tests;
