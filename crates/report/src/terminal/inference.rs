//! What was inferred from demonstrations, as text: the finding, its bars, the maps, and each answer.

use super::check::{answer, maps_of};
use super::text::{Tone, clean, finish, paint, width, wrap};
use super::{Style, entry};
use crate::prose::Prose;
use crate::{InferencePage, Shares, Word};

/// Columns of the longest bar.
const BAR: usize = 24;

/// An inference in a page of text.
#[must_use]
pub fn inference(page: &InferencePage, style: &Style) -> String {
    let (word, tone) = match page.is_settled {
        true => ("✓ inferred", Word::Aligned),
        false => ("? not settled", Word::Inconclusive),
    };
    let mut out = format!(
        "{}  {}: {}\n",
        paint(word, Tone::Word(tone), style),
        clean(&page.subject),
        clean(&page.question)
    );
    let mut lead = Prose::default();
    lead.strong(page.headline.as_str());
    for sentence in &page.summary {
        lead.plain(" ").plain(sentence.as_str());
    }
    out.push_str(&wrap(&lead, 2, 2, style));
    for shares in &page.shares {
        out.push_str(&bars(shares, style));
    }
    out.push_str(&maps_of(&page.maps, &page.legend, &page.map_note, style));
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
        out.push_str(&entry("inferred", &settings.join(", "), style));
    }
    finish(&out, style)
}

/// A question and its answers, each with a bar.
fn bars(shares: &Shares, style: &Style) -> String {
    let mut out = format!(
        "\n  {}\n",
        paint(&clean(&shares.title), Tone::Strong, style)
    );
    if !shares.note.is_empty() {
        let mut note = Prose::default();
        note.plain(shares.note.as_str());
        out.push_str(&wrap(&note, 2, 2, style));
    }
    let room = style.width.max(40) - BAR - 14;
    let names: Vec<String> = shares
        .rows
        .iter()
        .map(|row| cut(&clean(&row.name), room, style))
        .collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    for (row, name) in shares.rows.iter().zip(&names) {
        let share = if row.share.is_finite() {
            row.share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        // What is not nothing is seen.
        let n_full = ((share * BAR as f64).round() as usize).max(usize::from(share > 0.0));
        let full = if style.unicode { "█" } else { "#" };
        let bar = format!("{}{}", full.repeat(n_full), " ".repeat(BAR - n_full));
        let blanks = " ".repeat(widest - width(name));
        let line = format!("  {name}{blanks}  {bar} {}", clean(&row.text));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A name in at most `most` columns.
fn cut(name: &str, most: usize, style: &Style) -> String {
    if width(name) <= most {
        return name.to_owned();
    }
    let mut short = String::new();
    for letter in name.chars() {
        short.push(letter);
        if width(&short) + 1 >= most {
            break;
        }
    }
    short.push(if style.unicode { '…' } else { '~' });
    short
}
