//! Columns of text.

use unicode_width::UnicodeWidthChar;

use super::Style;
use super::text::{Tone, clean, paint, width};

/// The least width to which a column is cut.
const LEAST: usize = 8;

/// Blanks between columns.
const GAP: usize = 2;

/// A column: its heading and how its cells lie.
pub(super) struct Column {
    heading: String,
    right: bool,
    elastic: bool,
}

impl Column {
    pub(super) fn left(heading: &str) -> Column {
        Column {
            heading: clean(heading),
            right: false,
            elastic: false,
        }
    }

    pub(super) fn right(heading: &str) -> Column {
        Column {
            heading: clean(heading),
            right: true,
            elastic: false,
        }
    }

    /// A column that is cut where the terminal is too narrow.
    pub(super) fn elastic(heading: &str) -> Column {
        Column {
            heading: clean(heading),
            right: false,
            elastic: true,
        }
    }
}

/// One cell.
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(super) fn plain(text: String) -> Cell {
        Cell {
            text: clean(&text),
            tone: Tone::Plain,
        }
    }

    pub(super) fn toned(text: &str, tone: Tone) -> Cell {
        Cell {
            text: clean(text),
            tone,
        }
    }
}

/// The table; elastic columns give way until it fits.
pub(super) fn table(columns: &[Column], rows: &[Vec<Cell>], style: &Style) -> String {
    let widths = widths(columns, rows, style.width.max(40));
    let mut out = String::new();
    let heading: Vec<(&str, Tone)> = columns
        .iter()
        .map(|column| (column.heading.as_str(), Tone::Soft))
        .collect();
    line(&mut out, columns, &heading, &widths, style);
    for row in rows {
        let cells: Vec<(&str, Tone)> = row
            .iter()
            .map(|cell| (cell.text.as_str(), cell.tone))
            .collect();
        line(&mut out, columns, &cells, &widths, style);
    }
    out
}

fn widths(columns: &[Column], rows: &[Vec<Cell>], most: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = columns
        .iter()
        .map(|column| width(&column.heading))
        .collect();
    for row in rows {
        for (known, cell) in widths.iter_mut().zip(row) {
            *known = (*known).max(width(&cell.text));
        }
    }
    let room = most.saturating_sub(GAP * columns.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let widest = (0..columns.len())
            .filter(|index| columns[*index].elastic && widths[*index] > LEAST)
            .max_by_key(|index| widths[*index]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    widths
}

fn line(
    out: &mut String,
    columns: &[Column],
    cells: &[(&str, Tone)],
    widths: &[usize],
    style: &Style,
) {
    for (index, ((column, (text, tone)), room)) in columns.iter().zip(cells).zip(widths).enumerate()
    {
        if index > 0 {
            out.push_str(&" ".repeat(GAP));
        }
        let text = cut(text, *room);
        let blank = " ".repeat(room.saturating_sub(width(&text)));
        let painted = paint(&text, *tone, style);
        out.push_str(&if column.right {
            format!("{blank}{painted}")
        } else {
            format!("{painted}{blank}")
        });
    }
    out.push('\n');
}

/// The text, or its two ends around an ellipsis: names of runs begin alike and end apart.
fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.into();
    }
    let head = fitting(text.chars(), room.saturating_sub(1) / 3);
    let tail = fitting(text.chars().rev(), room.saturating_sub(1 + width(&head)));
    format!("{head}…{}", tail.chars().rev().collect::<String>())
}

/// The first letters that take no more than `room` columns.
fn fitting(letters: impl Iterator<Item = char>, room: usize) -> String {
    let mut taken = 0;
    letters
        .take_while(|letter| {
            taken += letter.width().unwrap_or(0);
            taken <= room
        })
        .collect()
}
