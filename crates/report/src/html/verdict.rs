//! The top of a run's page: what was found.

use maud::{Markup, html};

use super::{fact, icon};
use crate::number::{amount, interval, pressure, probability, signed_amount};
use crate::prose::Prose;
use crate::verdict::since_text;
use crate::{Change, Margins, Page, Verdict};

/// The header of a run's page.
pub(super) fn header(page: &Page) -> Markup {
    let verdict = &page.verdict;
    html! {
        header class={ "verdict tone-" (verdict.word.as_str()) } {
            p class="eyebrow" {
                span { (page.experiment) }
                @if let Some(seed) = page.seed { span { "seed " (seed) } }
                @if !page.provenance.started.is_empty() { span { (page.provenance.started) } }
            }
            p class="word" { (icon::word(verdict.word)) span { (verdict.word.as_str()) } }
            h1 { (verdict.word.headline()) }
            p class="lead" { (prose(&verdict.sentence(&page.curves.pressure_unit))) }
            @if verdict.loophole.is_some() || verdict.mend.is_some() {
                div class="explained" {
                    @if let Some(loophole) = &verdict.loophole { div { h2 { "The loophole" } p { (loophole) } } }
                    @if let Some(mend) = &verdict.mend { div { h2 { "What would mend it" } p { (mend) } } }
                }
            }
            (facts(page))
            @if !page.summary.is_empty() { p class="summary" { (page.summary) } }
        }
    }
}

/// Prose with its stresses.
pub(super) fn prose(prose: &Prose) -> Markup {
    html! {
        @for piece in &prose.pieces {
            @if piece.strong { strong { (piece.text) } } @else { (piece.text) }
        }
    }
}

fn facts(page: &Page) -> Markup {
    let verdict = &page.verdict;
    html! {
        dl class="facts" {
            @if let Some(change) = verdict.proxy_change { (change_fact("Proxy", &change)) }
            @if let Some(change) = verdict.intent_change { (change_fact("Intent", &change)) }
            (onset_fact(verdict, &page.curves.pressure_unit))
            (fact("Error rate", &probability(verdict.error_rate), "at most, for statements about this run’s policies, at whatever time one looks"))
            @if let Some(margins) = &verdict.margins { (margin_fact(margins)) }
        }
    }
}

fn change_fact(name: &str, change: &Change) -> Markup {
    let from = match change.since {
        crate::Since::Peak => "from its peak".to_owned(),
        since => format!("from {}", since_text(since)),
    };
    let bounds = if change.amount.low < change.amount.high {
        format!("; {}", interval(&change.amount))
    } else {
        String::new()
    };
    fact(
        name,
        &signed_amount(change.amount.mean),
        &format!("{from}{bounds}"),
    )
}

fn onset_fact(verdict: &Verdict, unit: &str) -> Markup {
    let Some(onset) = &verdict.onset else {
        return html! {};
    };
    let at = onset.pressure;
    let bounds = if at.low < at.high {
        format!("{unit}; {} to {}", pressure(at.low), pressure(at.high))
    } else {
        unit.to_owned()
    };
    fact("Since", &pressure(at.mean), &bounds)
}

fn margin_fact(margins: &Margins) -> Markup {
    let value = match margins.intent {
        Some(intent) => format!("{} / {}", amount(margins.proxy), amount(intent)),
        None => amount(margins.proxy),
    };
    let note = match (margins.intent, margins.share_of_spread) {
        (Some(_), Some(share)) => format!(
            "of proxy / intent: {} of the spread; less does not count",
            crate::number::percent(share)
        ),
        (None, Some(share)) => format!(
            "of proxy: {} of the spread; less does not count",
            crate::number::percent(share)
        ),
        (Some(_), None) => "of proxy / intent; less does not count".into(),
        (None, None) => "of proxy; less does not count".into(),
    };
    fact("Margins", &value, &note)
}
