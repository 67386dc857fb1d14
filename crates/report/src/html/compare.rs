//! The parts of a comparison's page.

use maud::{Markup, html};

use super::{curves as curve_figure, icon};
use crate::chart::Chart;
use crate::number::{duration, estimate, pressure};
use crate::{ComparedRun, Comparison};

/// The top: what is compared, and each verdict.
pub(super) fn header(comparison: &Comparison) -> Markup {
    html! {
        header class="verdict tone-none" {
            p class="eyebrow" { span { "comparison" } span { (comparison.runs.len()) " runs" } }
            h1 { (comparison.title) }
            ul class="run-list" { @for (index, run) in comparison.runs.iter().enumerate() {
                li { (swatch(index)) span class="run-name" { (run.name) } (icon::chip(run.word)) }
            } }
        }
    }
}

/// All curves over one another.
pub(super) fn curves(comparison: &Comparison) -> Markup {
    let chart = Chart::of_comparison(comparison);
    if chart.pressures().is_empty() {
        return html! { p { "No checkpoint was evaluated, so there is nothing to draw." } };
    }
    let key = html! {
        ul class="key" { @for (index, run) in comparison.runs.iter().enumerate() { li { (swatch(index)) (run.name) } } }
    };
    let units: std::collections::BTreeSet<&str> = comparison
        .runs
        .iter()
        .map(|run| run.curves.pressure_unit.as_str())
        .collect();
    html! {
        @if units.len() > 1 {
            p class="aside" { "These runs count pressure differently (" (units.into_iter().collect::<Vec<_>>().join(", ")) "); only what each curve does over its own course can be compared." }
        }
        (curve_figure::figure(&chart, &key))
    }
}

/// One row a run.
pub(super) fn runs(comparison: &Comparison) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Runs" {
            table class="data" {
                thead { tr {
                    th scope="col" { "Run" }
                    th scope="col" { "Verdict" }
                    th scope="col" { "Final proxy" }
                    th scope="col" { "Final intent" }
                    th scope="col" { "Onset" }
                    th scope="col" { "Training" }
                } }
                tbody { @for (index, run) in comparison.runs.iter().enumerate() { (row(index, run)) } }
            }
        }
    }
}

fn row(index: usize, run: &ComparedRun) -> Markup {
    let (proxy, intent) = run.last();
    let unknown = || "–".to_owned();
    html! {
        tr {
            th scope="row" class="run-name" { (swatch(index)) (run.name) }
            td { (icon::chip(run.word)) }
            td { (proxy.as_ref().map_or_else(unknown, estimate)) }
            td { (intent.as_ref().map_or_else(unknown, estimate)) }
            td { (run.onset.map_or_else(unknown, pressure)) }
            td { (run.training_seconds.map_or_else(unknown, duration)) }
        }
    }
}

/// Where the configurations differ.
pub(super) fn differences(comparison: &Comparison) -> Markup {
    if comparison.differences.is_empty() {
        return html! { p { "The configurations are the same." } };
    }
    html! {
        p class="intro" { "Settings that are the same in every run are left out." }
        div class="scroll" tabindex="0" role="region" aria-label="Settings that differ" {
            table class="data settings" {
                thead { tr {
                    th scope="col" { "Setting" }
                    @for (index, run) in comparison.runs.iter().enumerate() { th scope="col" class="run-name" { (swatch(index)) (run.name) } }
                } }
                tbody { @for difference in &comparison.differences { tr {
                    th scope="row" { code { (difference.key) } }
                    @for value in &difference.values { td { @match value {
                        Some(value) => code { (value) },
                        None => span class="soft" { "not set" },
                    } } }
                } } }
            }
        }
    }
}

fn swatch(index: usize) -> Markup {
    html! {
        svg class="swatch-line" viewBox="0 0 24 8" aria-hidden="true" focusable="false" { line class={ "curve run-" (index % 8) } x1="1" x2="23" y1="4" y2="4" {} }
    }
}
