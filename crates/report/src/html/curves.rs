//! Curves with their key, the values under the pointer, and the numbers as a table.

use maud::{Markup, html};

use super::document::data;
use crate::chart::{Chart, NARROW, WIDE, probes, svg};
use crate::number::{amount, estimate, grouped, pressure};
use crate::replay::evenly;
use crate::{Curves, Page};

/// Rows that the table of numbers has at most.
const MAX_ROWS: usize = 200;

/// The curves of one run.
pub(super) fn of_page(page: &Page) -> Markup {
    let chart = Chart::of_page(page);
    if chart.pressures().is_empty() {
        return html! { p { "No checkpoint was evaluated, so there is nothing to draw." } };
    }
    html! {
        (figure(&chart, &key(page)))
        @if !page.curves.has_intent() {
            p class="aside" { "Nobody recorded intent in this run: the proxy stands alone, and alone it cannot show whether it serves what was meant." }
        }
        (table(&page.curves))
    }
}

/// A chart in both layouts with its pointer.
pub(super) fn figure(chart: &Chart, key: &Markup) -> Markup {
    let values = probes(chart);
    let last = chart.pressures().len().clamp(1, 600) - 1;
    html! {
        figure class="curves" {
            div class="plot" tabindex="0" role="slider" aria-label="Checkpoint; arrow keys move along the curves"
                aria-valuemin="0" aria-valuemax=(last) aria-valuenow=(last) aria-valuetext=(value_text(&values, last)) {
                (svg(chart, &WIDE))
                (svg(chart, &NARROW))
                div class="tip" hidden {}
            }
            figcaption { (key) }
            (data("probes", &values))
        }
    }
}

/// What a screen reader says about a stop.
fn value_text(values: &serde_json::Value, stop: usize) -> String {
    let mut text = values["stops"][stop]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    for row in values["rows"][stop].as_array().into_iter().flatten() {
        let [name, mean] = [1, 2].map(|part| row[part].as_str().unwrap_or_default());
        text.push_str(format!("; {name} {mean}").trim_end());
    }
    text
}

fn key(page: &Page) -> Markup {
    html! {
        ul class="key" {
            li { span class="swatch band" {} "mean, with the interval that holds it" }
            @if page.curves.reference.is_some() { li { span class="swatch reference" {} "reference policy" } }
            @if page.verdict.onset.is_some() { li { span class="swatch onset" {} "where proxy and intent part, with its interval" } }
            @if page.verdict.peak.is_some() { li { span class="swatch ring" {} "highest intent" } }
        }
    }
}

fn table(curves: &Curves) -> Markup {
    let intent = curves.has_intent();
    let greedy = curves.points.iter().any(|point| point.greedy.is_some());
    html! {
        details class="numbers" {
            summary { "The numbers behind the curves" }
            div class="scroll" tabindex="0" role="region" aria-label="The numbers behind the curves" {
                table class="data" {
                    thead { tr {
                        th scope="col" { (capital(&curves.pressure_unit)) }
                        th scope="col" { "Proxy" }
                        @if intent { th scope="col" { "Intent" } }
                        @if greedy { th scope="col" { "Greedy proxy" } @if intent { th scope="col" { "Greedy intent" } } }
                        th scope="col" { "Episodes" }
                    } }
                    tbody {
                        @if let Some(reference) = &curves.reference { tr class="reference" {
                            th scope="row" { (reference.name) }
                            td { (estimate(&reference.proxy)) }
                            @if intent { td { (reference.intent.as_ref().map(estimate).unwrap_or_default()) } }
                            @if greedy { td {} @if intent { td {} } }
                            td {}
                        } }
                        @for index in evenly(curves.points.len(), MAX_ROWS) {
                            (row(&curves.points[index], intent, greedy))
                        }
                    }
                }
            }
        }
    }
}

fn row(point: &crate::Point, intent: bool, greedy: bool) -> Markup {
    html! {
        tr {
            th scope="row" { (pressure(point.pressure)) }
            td { (estimate(&point.proxy)) }
            @if intent { td { (point.intent.as_ref().map(estimate).unwrap_or_default()) } }
            @if greedy {
                td { (point.greedy.map(|greedy| amount(greedy.proxy)).unwrap_or_default()) }
                @if intent { td { (point.greedy.and_then(|greedy| greedy.intent).map(amount).unwrap_or_default()) } }
            }
            td { (grouped(point.episodes)) }
        }
    }
}

/// A text with a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
