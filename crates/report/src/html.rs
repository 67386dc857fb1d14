//! The two documents.

mod check;
mod compare;
mod configuration;
mod curves;
mod document;
mod evidence;
mod icon;
mod inference;
mod provenance;
mod replay;
mod seeds;
mod verdict;

use maud::{Markup, html};

use crate::{CheckPage, Comparison, InferencePage, Page};

/// The report of one run as a self-contained HTML document.
#[must_use]
pub fn page(page: &Page) -> String {
    let sections = [
        ("curves", "Curves", Some(curves::of_page(page))),
        ("evidence", "Evidence", evidence::checks(page)),
        ("gain", "What was paid", evidence::gain(page)),
        ("replay", "Replay", replay::section(page)),
        (
            "seeds",
            "Seeds",
            page.seeds
                .as_ref()
                .map(|several| seeds::section(several, &page.curves.pressure_unit)),
        ),
        ("run", "The run", Some(provenance::section(page))),
    ];
    let title = format!("{}: {}", page.experiment, page.verdict.word.as_str());
    document::document(
        &title,
        page.notice.as_deref(),
        verdict::header(page),
        sections.into(),
    )
}

/// The report of several runs over one another as a self-contained HTML document.
#[must_use]
pub fn compare_page(comparison: &Comparison) -> String {
    let sections = [
        ("curves", "Curves", Some(compare::curves(comparison))),
        ("runs", "Runs", Some(compare::runs(comparison))),
        (
            "differences",
            "Settings",
            Some(compare::differences(comparison)),
        ),
        (
            "again",
            "Again",
            Some(provenance::command(&comparison.command)),
        ),
    ];
    document::document(
        &comparison.title,
        None,
        compare::header(comparison),
        sections.into(),
    )
}

/// The report of a check as a self-contained HTML document.
#[must_use]
pub fn check_page(page: &CheckPage) -> String {
    let sections = [
        ("policies", "Policies", check::policies(page)),
        ("answers", "Answers", check::answers(page)),
        ("again", "The check", Some(check::again(page))),
    ];
    document::document(
        &format!("{}: {}", page.subject, page.soundness.as_str()),
        None,
        check::header(page),
        sections.into(),
    )
}

/// The report of an inference as a self-contained HTML document.
#[must_use]
pub fn inference_page(page: &InferencePage) -> String {
    let sections = [
        ("posterior", "What may be so", inference::shares(page)),
        ("maps", "Maps", inference::maps(page)),
        ("answers", "Answers", inference::answers(page)),
        ("again", "The inference", Some(inference::again(page))),
    ];
    document::document(
        &format!("{}: {}", page.subject, page.question),
        None,
        inference::header(page),
        sections.into(),
    )
}

/// A figure of one number in words: what it is, the number, what it is held against.
fn fact(name: &str, value: &str, note: &str) -> Markup {
    let class = match name {
        "Proxy" => "fact proxy",
        "Intent" => "fact intent",
        _ => "fact",
    };
    html! {
        div class=(class) {
            dt { (name) }
            dd { (value) @if !note.is_empty() { small { (note) } } }
        }
    }
}
