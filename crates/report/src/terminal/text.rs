//! Wrapping, colouring and cleaning of text.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;
use crate::Word;
use crate::prose::Prose;

/// What a stretch of text is, from which its colour follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Soft,
    Strong,
    Proxy,
    Intent,
    Word(Word),
}

impl Tone {
    /// The parameters of the escape sequence that begins it.
    fn code(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Soft => "2",
            Tone::Strong => "1",
            Tone::Proxy => "33",
            Tone::Intent => "36",
            Tone::Word(Word::Aligned) => "1;32",
            Tone::Word(Word::Overoptimised) => "1;33",
            Tone::Word(Word::Gamed) => "1;31",
            Tone::Word(Word::Tampered) => "1;35",
            Tone::Word(Word::Inconclusive) => "1;34",
        }
    }
}

/// Text in the colour of its tone, where colours are understood.
pub(super) fn paint(text: &str, tone: Tone, style: &Style) -> String {
    if style.color && tone != Tone::Plain && !text.is_empty() {
        format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code())
    } else {
        text.into()
    }
}

/// Text from data, with every character replaced that could steer a terminal or reorder what it shows.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\t' | '\r' => ' ',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                '\u{fffd}'
            }
            control if control.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Prose in lines no wider than the terminal, the first indented by `first`, the others by `rest`; ends with a newline.
pub(super) fn wrap(prose: &Prose, first: usize, rest: usize, style: &Style) -> String {
    let letters: Vec<(char, bool)> = prose
        .pieces
        .iter()
        .flat_map(|piece| {
            clean(&piece.text)
                .chars()
                .map(|letter| (letter, piece.strong))
                .collect::<Vec<_>>()
        })
        .collect();
    let words = letters
        .split(|(letter, _)| *letter == ' ')
        .filter(|word| !word.is_empty());
    let most = style.width.max(40);
    let (mut out, mut column) = (String::new(), 0);
    for word in words {
        let size: usize = word
            .iter()
            .map(|(letter, _)| letter.width().unwrap_or(0))
            .sum();
        if column == 0 {
            out.push_str(&" ".repeat(first));
            column = first;
        } else if column + 1 + size > most {
            out.push('\n');
            out.push_str(&" ".repeat(rest));
            column = rest;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(&painted_word(word, style));
        column += size;
    }
    out.push('\n');
    out
}

fn painted_word(word: &[(char, bool)], style: &Style) -> String {
    word.chunk_by(|a, b| a.1 == b.1)
        .map(|run| {
            let text: String = run.iter().map(|(letter, _)| letter).collect();
            paint(
                &text,
                if run[0].1 { Tone::Strong } else { Tone::Plain },
                style,
            )
        })
        .collect()
}

/// The finished text: no blanks at the ends of lines, and ASCII where nothing else is understood.
pub(super) fn finish(text: &str, style: &Style) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if style.unicode { out } else { ascii(&out) }
}

/// The text in ASCII, with a question mark for what has no likeness there.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if character.is_ascii() => out.push(character),
            '\u{2212}' | '–' | '—' | '─' => out.push('-'),
            '→' => out.push_str("->"),
            '…' => out.push('~'),
            '’' | '‘' => out.push('\''),
            '“' | '”' => out.push('"'),
            '∞' => out.push_str("inf"),
            '✓' => out.push('+'),
            '✗' => out.push('x'),
            '·' => out.push('-'),
            'γ' => out.push_str("discount"),
            'Φ' => out.push_str("potential"),
            '∩' => out.push('^'),
            '↻' => out.push('@'),
            '≠' => out.push('!'),
            '×' => out.push('x'),
            _ => out.push('?'),
        }
    }
    out
}
