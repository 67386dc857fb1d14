//! The same findings as text: a verdict in a few lines, and tables of seeds, runs and names.
//!
//! Text from data is shown as text: control characters, with which a name could steer the terminal, are replaced.

mod check;
mod inference;
mod sparkline;
mod table;
mod text;

use crate::number::{amount, duration, estimate, percent, pressure, probability};
use crate::prose::Prose;
use crate::{Comparison, Curves, Estimate, Page, Seeds, Word};
use sparkline::sparkline;
use table::{Cell, Column, table};
use text::{Tone, clean, finish, paint, wrap};

pub use check::check;
pub use inference::inference;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns; less than 40 count as 40.
    pub width: usize,
    /// Whether colours and bold are understood.
    pub color: bool,
    /// Whether more than ASCII is understood.
    pub unicode: bool,
}

/// A group of names in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What they are: `experiments`.
    pub title: String,
    /// The names in the order shown.
    pub rows: Vec<ListRow>,
}

/// One name in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    /// The name.
    pub name: String,
    /// Its verdict, for runs that have one.
    pub word: Option<Word>,
    /// What it is, in a sentence.
    pub summary: String,
}

/// Width of the names in the margin of a verdict.
const MARGIN: usize = 12;

/// A verdict in a few lines, with both curves as sparklines.
#[must_use]
pub fn verdict(page: &Page, style: &Style) -> String {
    let found = &page.verdict;
    let seed = page
        .seed
        .map(|seed| format!(", seed {seed}"))
        .unwrap_or_default();
    let mut out = format!(
        "{}  {}{seed}\n",
        word(found.word, style),
        clean(&page.experiment)
    );
    out.push_str(&wrap(
        &found.sentence(&page.curves.pressure_unit),
        2,
        2,
        style,
    ));
    out.push('\n');
    out.push_str(&curves(&page.curves, style));
    out.push('\n');
    if let Some(loophole) = &found.loophole {
        out.push_str(&entry("loophole", loophole, style));
    }
    if let Some(mend) = &found.mend {
        out.push_str(&entry("mend", mend, style));
    }
    if let Some(reason) = &found.reason {
        out.push_str(&entry("reason", &reason.code(), style));
    }
    out.push_str(&entry("error rate", &error_rate(page), style));
    finish(&out, style)
}

fn error_rate(page: &Page) -> String {
    let mut text = format!(
        "at most {}, whenever one looks",
        probability(page.verdict.error_rate)
    );
    if let Some(margins) = &page.verdict.margins {
        text.push_str(&format!("; margins proxy {}", amount(margins.proxy)));
        if let Some(intent) = margins.intent {
            text.push_str(&format!(", intent {}", amount(intent)));
        }
        if let Some(share) = margins.share_of_spread {
            text.push_str(&format!(" ({} of the spread)", percent(share)));
        }
    }
    text
}

/// A name in the margin and a text beside it.
fn entry(name: &str, text: &str, style: &Style) -> String {
    let mut prose = Prose::default();
    prose.plain(text);
    let body = wrap(&prose, 2 + MARGIN, 2 + MARGIN, style);
    format!(
        "  {}{}",
        paint(&format!("{name:<MARGIN$}"), Tone::Soft, style),
        body.trim_start_matches(' ')
    )
}

/// Proxy and intent as sparklines, with where they began and ended and what the reference has.
fn curves(curves: &Curves, style: &Style) -> String {
    let reference = curves.reference.as_ref();
    let mut rows = vec![(
        "proxy",
        Tone::Proxy,
        curves
            .points
            .iter()
            .map(|point| Some(point.proxy.mean))
            .collect::<Vec<_>>(),
        reference.map(|reference| reference.proxy),
    )];
    if curves.has_intent() {
        rows.push((
            "intent",
            Tone::Intent,
            curves
                .points
                .iter()
                .map(|point| point.intent.map(|intent| intent.mean))
                .collect(),
            reference.and_then(|reference| reference.intent),
        ));
    }
    let mut out = String::new();
    for (name, tone, values, level) in rows
        .into_iter()
        .filter(|(_, _, values, _)| !values.is_empty())
    {
        out.push_str(&curve(name, tone, &values, level, style));
    }
    out
}

fn curve(
    name: &str,
    tone: Tone,
    values: &[Option<f64>],
    level: Option<Estimate>,
    style: &Style,
) -> String {
    let room = style
        .width
        .max(40)
        .saturating_sub(2 + MARGIN + 40)
        .clamp(8, 40);
    let ends = |value: Option<&Option<f64>>| {
        value
            .copied()
            .flatten()
            .map_or_else(|| "not known".to_owned(), amount)
    };
    let line = sparkline(values, room, style.unicode);
    let course = format!("{} → {}", ends(values.first()), ends(values.last()));
    let reference = level.map(|level| format!("reference {}", amount(level.mean)));
    // Where the reference does not fit beside the curve, it goes below. One column more for "->".
    let taken = 2 + MARGIN + line.chars().count() + 2 + text::width(&course) + 1;
    let beside = match reference {
        Some(reference) if taken + 2 + text::width(&reference) > style.width.max(40) => {
            format!("\n{}{reference}", " ".repeat(2 + MARGIN))
        }
        Some(reference) => format!("  {reference}"),
        None => String::new(),
    };
    format!(
        "  {}{}  {course}{beside}\n",
        paint(&format!("{name:<MARGIN$}"), tone, style),
        paint(&line, tone, style),
    )
}

/// A table of seeds, with the interquartile means below.
#[must_use]
pub fn seeds(seeds: &Seeds, style: &Style) -> String {
    let columns = [
        Column::left("seed"),
        Column::left("verdict"),
        Column::left("final proxy"),
        Column::left("final intent"),
        Column::right("onset"),
    ];
    let mut rows: Vec<Vec<Cell>> = seeds
        .rows
        .iter()
        .map(|row| {
            vec![
                Cell::plain(row.seed.to_string()),
                Cell::toned(row.word.as_str(), Tone::Word(row.word)),
                Cell::plain(estimate(&row.proxy)),
                Cell::plain(row.intent.as_ref().map(estimate).unwrap_or_else(unknown)),
                Cell::plain(row.onset.map(pressure).unwrap_or_else(unknown)),
            ]
        })
        .collect();
    if seeds.proxy.is_some() || seeds.intent.is_some() {
        rows.push(vec![
            Cell::toned("all", Tone::Strong),
            Cell::toned("interquartile mean", Tone::Strong),
            Cell::plain(seeds.proxy.as_ref().map(estimate).unwrap_or_else(unknown)),
            Cell::plain(seeds.intent.as_ref().map(estimate).unwrap_or_else(unknown)),
            Cell::plain(String::new()),
        ]);
    }
    finish(&table(&columns, &rows, style), style)
}

/// Several runs in a table, their curves, and the settings in which they differ.
#[must_use]
pub fn compare(comparison: &Comparison, style: &Style) -> String {
    let mut out = runs_table(comparison, style);
    for run in &comparison.runs {
        out.push('\n');
        out.push_str(&format!(
            "{}\n",
            paint(&clean(&run.name), Tone::Strong, style)
        ));
        out.push_str(&curves(&run.curves, style));
    }
    out.push('\n');
    if comparison.differences.is_empty() {
        out.push_str("The configurations are the same.\n");
    } else {
        out.push_str(&differences_table(comparison, style));
    }
    finish(&out, style)
}

fn runs_table(comparison: &Comparison, style: &Style) -> String {
    let columns = [
        Column::elastic("run"),
        Column::left("verdict"),
        Column::left("final proxy"),
        Column::left("final intent"),
        Column::right("onset"),
        Column::right("training"),
    ];
    let rows: Vec<Vec<Cell>> = comparison
        .runs
        .iter()
        .map(|run| {
            let (proxy, intent) = run.last();
            vec![
                Cell::plain(run.name.clone()),
                Cell::toned(run.word.as_str(), Tone::Word(run.word)),
                Cell::plain(proxy.as_ref().map(estimate).unwrap_or_else(unknown)),
                Cell::plain(intent.as_ref().map(estimate).unwrap_or_else(unknown)),
                Cell::plain(run.onset.map(pressure).unwrap_or_else(unknown)),
                Cell::plain(run.training_seconds.map(duration).unwrap_or_else(unknown)),
            ]
        })
        .collect();
    table(&columns, &rows, style)
}

fn differences_table(comparison: &Comparison, style: &Style) -> String {
    let mut columns = vec![Column::left("setting")];
    columns.extend(comparison.runs.iter().map(|run| Column::elastic(&run.name)));
    let rows: Vec<Vec<Cell>> = comparison
        .differences
        .iter()
        .map(|difference| {
            let values = difference
                .values
                .iter()
                .map(|value| Cell::plain(value.clone().unwrap_or_else(unknown)));
            std::iter::once(Cell::plain(difference.key.clone()))
                .chain(values)
                .collect()
        })
        .collect();
    table(&columns, &rows, style)
}

/// Names with what they are, in groups.
#[must_use]
pub fn list(listings: &[Listing], style: &Style) -> String {
    let mut out = String::new();
    for (index, listing) in listings
        .iter()
        .filter(|listing| !listing.rows.is_empty())
        .enumerate()
    {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&format!(
            "{}\n",
            paint(&clean(&listing.title), Tone::Strong, style)
        ));
        out.push_str(&list_rows(&listing.rows, style));
    }
    finish(&out, style)
}

fn list_rows(rows: &[ListRow], style: &Style) -> String {
    let names: Vec<String> = rows.iter().map(|row| clean(&row.name)).collect();
    let widest = names
        .iter()
        .map(|name| text::width(name))
        .max()
        .unwrap_or(0);
    let indent = (2 + widest + 2).min(style.width.max(40) / 2);
    let mut out = String::new();
    for (row, name) in rows.iter().zip(&names) {
        let mut prose = Prose::default();
        if let Some(word) = row.word {
            prose.strong(word.as_str()).plain("  ");
        }
        prose.plain(row.summary.as_str());
        let taken = 2 + text::width(name);
        let body = wrap(&prose, indent, indent, style);
        if prose.text().trim().is_empty() {
            out.push_str(&format!("  {name}\n"));
        } else if taken + 2 > indent {
            out.push_str(&format!("  {name}\n{body}"));
        } else {
            out.push_str(&format!(
                "  {name}{}{}",
                " ".repeat(indent - taken),
                body.trim_start_matches(' ')
            ));
        }
    }
    out
}

/// The word of a verdict with its sign.
fn word(word: Word, style: &Style) -> String {
    let sign = match word {
        Word::Aligned => "✓",
        Word::Overoptimised => "∩",
        Word::Gamed => "↻",
        Word::Tampered => "≠",
        Word::Inconclusive => "?",
    };
    paint(
        &format!("{sign} {}", word.as_str()),
        Tone::Word(word),
        style,
    )
}

fn unknown() -> String {
    "–".into()
}
