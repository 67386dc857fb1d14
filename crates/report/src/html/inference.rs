//! The parts of an inference's page.

use maud::{Markup, html};

use super::curves::capital;
use super::{check, fact, icon, provenance};
use crate::{InferencePage, Shares, Soundness, Word};

/// The top: what was found.
pub(super) fn header(page: &InferencePage) -> Markup {
    let (tone, sign, word) = match page.is_settled {
        true => (Word::Aligned, Soundness::Sound, "inferred"),
        false => (Word::Inconclusive, Soundness::Undecided, "not settled"),
    };
    html! {
        header class={ "verdict tone-" (tone.as_str()) } {
            p class="eyebrow" { span { (page.subject) } span { (page.question) } }
            p class="word" { (icon::soundness(sign)) span { (word) } }
            h1 { (page.headline) }
            @if !page.summary.is_empty() { p class="lead" { (page.summary.join(" ")) } }
            @if !page.facts.is_empty() {
                dl class="facts" { @for (name, value, note) in &page.facts { (fact(name, value, note)) } }
            }
        }
    }
}

/// Bars, a table a question.
pub(super) fn shares(page: &InferencePage) -> Option<Markup> {
    (!page.shares.is_empty()).then(|| html! { @for shares in &page.shares { (group(shares)) } })
}

fn group(shares: &Shares) -> Markup {
    html! {
        h3 { (capital(&shares.title)) }
        @if !shares.note.is_empty() { p { (shares.note) } }
        div class="scroll" tabindex="0" role="region" aria-label=(shares.title) {
            table class="data" {
                tbody { @for row in &shares.rows { tr {
                    th scope="row" { (row.name) }
                    td style="width:50%" { (bar(row.share)) }
                    td { (row.text) }
                } } }
            }
        }
    }
}

/// A bar across a share of its cell.
fn bar(share: f64) -> Markup {
    let width = if share.is_finite() {
        100.0 * share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    html! {
        svg viewBox="0 0 100 6" width="100%" height="10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect x="0" y="0" width="100" height="6" fill="currentColor" fill-opacity="0.08" {}
            rect x="0" y="0" width=(format!("{width:.2}")) height="6" fill="currentColor" fill-opacity="0.55" {}
        }
    }
}

/// Maps of what is paid and done.
pub(super) fn maps(page: &InferencePage) -> Option<Markup> {
    (!page.maps.is_empty()).then(|| check::maps(&page.maps, &page.legend, &page.map_note))
}

/// Questions and answers.
pub(super) fn answers(page: &InferencePage) -> Option<Markup> {
    check::table_of(&page.findings)
}

/// How to infer it again, and under which settings.
pub(super) fn again(page: &InferencePage) -> Markup {
    html! {
        h3 { "Infer it again" }
        (provenance::command(&page.command))
        dl class="list" { @for (name, value) in &page.settings { div { dt { (capital(name)) } dd { (value) } } } }
    }
}
