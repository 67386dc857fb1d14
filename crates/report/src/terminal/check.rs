//! What was found about a reward, as text: the word, what it means, the policies on their maps, and each answer.

use super::table::{Cell, Column, table};
use super::text::{Tone, clean, finish, paint, width, wrap};
use super::{Style, entry};
use crate::prose::Prose;
use crate::{CheckPage, Finding, MapCell, MapLayer, Outcome, PolicyMap, Soundness, Word};

/// Blanks between maps that stand side by side.
const GAP: usize = 4;

/// The least width of a map's heading.
const HEADING: usize = 22;

/// A check in a page of text.
#[must_use]
pub fn check(page: &CheckPage, style: &Style) -> String {
    let mut out = format!(
        "{}  {}: {}\n",
        word(page.soundness, style),
        clean(&page.subject),
        clean(&page.question)
    );
    let mut lead = Prose::default();
    lead.strong(page.headline.as_str());
    for sentence in &page.summary {
        lead.plain(" ").plain(sentence.as_str());
    }
    out.push_str(&wrap(&lead, 2, 2, style));
    for (index, advice) in page.advice.iter().enumerate() {
        let name = if index == 0 { "mend" } else { "" };
        out.push_str(if index == 0 { "\n" } else { "" });
        out.push_str(&entry(name, advice, style));
    }
    out.push_str(&maps_of(&page.maps, &page.legend, &page.map_note, style));
    out.push_str(&values(page, style));
    out.push('\n');
    for finding in &page.findings {
        out.push_str(&answer(finding, style));
    }
    if !page.settings.is_empty() {
        let settings: Vec<String> = page
            .settings
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        out.push_str(&entry("checked", &settings.join(", "), style));
    }
    finish(&out, style)
}

fn word(soundness: Soundness, style: &Style) -> String {
    let (sign, tone) = match soundness {
        Soundness::Sound => ("✓", Word::Aligned),
        Soundness::Unsound => ("✗", Word::Gamed),
        Soundness::Undecided => ("?", Word::Inconclusive),
    };
    let text = format!("{sign} {}", soundness.as_str());
    paint(&text, Tone::Word(tone), style)
}

/// A question, its answer, and below it what shows the answer.
pub(super) fn answer(finding: &Finding, style: &Style) -> String {
    let (sign, tone) = match finding.outcome {
        Some(Outcome::Pass) => ("✓ ", Tone::Word(Word::Aligned)),
        Some(Outcome::Fail) => ("✗ ", Tone::Word(Word::Gamed)),
        Some(Outcome::NotMeasurable) => ("? ", Tone::Word(Word::Inconclusive)),
        None => ("  ", Tone::Plain),
    };
    let text = entry(&finding.name, &finding.answer, style);
    // The sign takes the place of the two blanks in which every entry begins.
    let mut out = format!("{}{}", paint(sign, tone, style), &text[2..]);
    for detail in &finding.details {
        out.push_str(&entry("", &format!("· {detail}"), style));
    }
    out
}

fn values(page: &CheckPage, style: &Style) -> String {
    let values = &page.values;
    if values.rows.is_empty() {
        return String::new();
    }
    let mut columns = vec![Column::elastic("  return of the policy")];
    columns.extend(
        values
            .rewards
            .iter()
            .map(|name| Column::right(&format!("under {name}"))),
    );
    let rows: Vec<Vec<Cell>> = values
        .rows
        .iter()
        .map(|(name, returns)| {
            let returns = returns.iter().map(|value| Cell::plain(value.clone()));
            std::iter::once(Cell::plain(format!("  {name}")))
                .chain(returns)
                .collect()
        })
        .collect();
    format!("\n{}", table(&columns, &rows, style))
}

/// Lines of one map, and how wide they are.
struct Block {
    lines: Vec<String>,
    width: usize,
}

/// The maps of all policies, side by side as far as they fit.
pub(super) fn maps_of(
    maps: &[PolicyMap],
    legend: &[(char, String)],
    note: &str,
    style: &Style,
) -> String {
    let blocks: Vec<Block> = maps
        .iter()
        .flat_map(|map| {
            let more = (map.n_more > 0).then(|| Block::more(map.n_more, style));
            let layers = map.layers.iter();
            layers
                .map(|layer| Block::of(&map.title, layer, style))
                .chain(more)
        })
        .collect();
    let mut out = String::new();
    let mut rest = blocks.as_slice();
    while !rest.is_empty() {
        let n_beside = fitting(rest, style.width.max(40));
        let (beside, after) = rest.split_at(n_beside);
        out.push('\n');
        out.push_str(&side_by_side(beside));
        rest = after;
    }
    if !out.is_empty() && !legend.is_empty() {
        let legend: Vec<String> = legend
            .iter()
            .map(|(sign, meaning)| format!("{sign} {meaning}"))
            .collect();
        out.push_str(&entry("legend", &legend.join(", "), style));
    }
    if !note.is_empty() {
        let mut prose = Prose::default();
        prose.plain(note);
        out.push_str(&wrap(&prose, 2, 2, style));
    }
    out
}

/// How many blocks fit beside one another; at least one.
fn fitting(blocks: &[Block], most: usize) -> usize {
    let mut taken = 2;
    let fits = blocks.iter().take_while(|block| {
        taken += block.width + GAP;
        taken - GAP <= most
    });
    fits.count().max(1)
}

fn side_by_side(blocks: &[Block]) -> String {
    let height = blocks.iter().map(|block| block.lines.len()).max();
    let mut out = String::new();
    for index in 0..height.unwrap_or(0) {
        let mut line = String::from("  ");
        for block in blocks {
            let blank = " ".repeat(block.width + GAP);
            line.push_str(block.lines.get(index).unwrap_or(&blank));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

impl Block {
    /// A map below its heading.
    fn of(title: &str, layer: &MapLayer, style: &Style) -> Block {
        let columns = layer.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = (2 * columns).max(HEADING).min(style.width.max(40) - 2);
        let mut lines = vec![];
        for (text, tone) in [(title, Tone::Strong), (layer.label.as_str(), Tone::Soft)] {
            lines.extend(wrapped(text, width).into_iter().map(|line| (line, tone)));
        }
        let mut lines: Vec<String> = lines
            .into_iter()
            .map(|(line, tone)| padded(&paint(&line, tone, style), self::width(&line), width))
            .collect();
        for row in &layer.rows {
            let cells: String = row.iter().map(|cell| cell_text(cell, style)).collect();
            lines.push(padded(&cells, 2 * row.len(), width));
        }
        Block { lines, width }
    }

    /// What is said in place of the layers that are not drawn.
    fn more(n_more: usize, style: &Style) -> Block {
        let layers = if n_more == 1 { "layer" } else { "layers" };
        let text = format!("and {n_more} more {layers}");
        let width = self::width(&text);
        let line = paint(&text, Tone::Soft, style);
        Block {
            lines: vec![padded(&line, width, width)],
            width,
        }
    }
}

/// A text in lines of at most `most` columns, which may be fewer than a terminal has.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in clean(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn padded(painted: &str, taken: usize, width: usize) -> String {
    format!(
        "{painted}{}",
        " ".repeat((width + GAP).saturating_sub(taken))
    )
}

/// Two columns: what the policy does where it comes, otherwise what stands there.
fn cell_text(cell: &MapCell, style: &Style) -> String {
    match &cell.choice {
        Some(choice) if choice.weight > 0.0 => {
            let sign = choice.sign.character(style.unicode);
            format!("{} ", paint(&clean(&sign.to_string()), Tone::Strong, style))
        }
        _ => match cell.ground {
            '#' if style.unicode => paint("██", Tone::Soft, style),
            '#' => paint("##", Tone::Soft, style),
            ' ' if style.unicode => paint("· ", Tone::Soft, style),
            ' ' => paint(". ", Tone::Soft, style),
            ground => format!("{} ", clean(&ground.to_string())),
        },
    }
}
