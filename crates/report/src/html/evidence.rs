//! Checks, what carried the gain, and what comes round again.

use maud::{Markup, html};

use super::curves::capital;
use super::{fact, icon};
use crate::number::{percent, round_amount, signed_amount};
use crate::{Check, Component, Outcome, Page, Recurrence};

/// The table of checks.
pub(super) fn checks(page: &Page) -> Option<Markup> {
    if page.checks.is_empty() {
        return None;
    }
    Some(html! {
        p class="intro" { "A check that could not have failed is no evidence. Each one therefore says the smallest effect that it could have seen." }
        table class="checks" role="table" {
            thead role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { "Outcome" }
                th scope="col" role="columnheader" { "Check" }
                th scope="col" role="columnheader" { "Smallest effect visible" }
            } }
            tbody role="rowgroup" { @for check in &page.checks { (check_row(check)) } }
        }
    })
}

fn check_row(check: &Check) -> Markup {
    let word = match check.outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::NotMeasurable => "not measurable",
    };
    html! {
        tr role="row" {
            td role="cell" class={ "outcome " (check.outcome.as_str()) } { (icon::outcome(check.outcome)) (word) }
            td role="cell" { strong { (capital(&check.name)) } @if !check.finding.is_empty() { p { (capital(&check.finding)) } } }
            td role="cell" class="effect" {
                @match &check.smallest_effect {
                    Some(effect) => { (round_amount(effect.amount)) " " (effect.unit) }
                    None => { span class="soft" { "not stated" } }
                }
            }
        }
    }
}

/// What carried the gain, and the states that come round again.
pub(super) fn gain(page: &Page) -> Option<Markup> {
    if page.components.is_empty() && page.recurrence.is_none() {
        return None;
    }
    Some(html! {
        @if !page.components.is_empty() { (components(&page.components)) }
        @if let Some(recurrence) = &page.recurrence { (recurring(recurrence)) }
    })
}

fn components(components: &[Component]) -> Markup {
    let shares = || {
        components
            .iter()
            .map(|component| component.share)
            .filter(|share| share.is_finite())
    };
    let (low, high) = (shares().fold(0.0, f64::min), shares().fold(0.0, f64::max));
    html! {
        h3 { "Share of the gain, by component of the reward" }
        table class="bars" role="table" {
            thead class="hidden" role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { "Component" }
                th scope="col" role="columnheader" { "Share of the gain" }
                th scope="col" role="columnheader" { "Gain in return" }
            } }
            tbody role="rowgroup" { @for component in components { (bar(component, low, high)) } }
        }
    }
}

/// One component, its bar drawn from zero on the scale that all bars share.
fn bar(component: &Component, low: f64, high: f64) -> Markup {
    let share = if component.share.is_finite() {
        component.share
    } else {
        0.0
    };
    let percent_of_scale = |part: f64| {
        if high > low {
            100.0 * part / (high - low)
        } else {
            0.0
        }
    };
    let place = format!(
        "margin-left:{:.1}%;width:{:.1}%",
        percent_of_scale(share.min(0.0) - low),
        percent_of_scale(share.abs())
    );
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (component.name) }
            td role="cell" {
                div class="measure" {
                    div class="bar" { span class=@if share < 0.0 { "fill down" } @else { "fill" } style=(place) {} }
                    span class="share" { (percent(component.share)) }
                }
            }
            td role="cell" class="soft" { (signed_amount(component.gain)) }
        }
    }
}

fn recurring(recurrence: &Recurrence) -> Markup {
    let reference = recurrence
        .reference_share_of_time
        .map(|share| format!("under the reference policy {}", percent(share)))
        .unwrap_or_default();
    html! {
        h3 { "States that come round again" }
        @if !recurrence.place.is_empty() { p { (capital(&recurrence.place)) } }
        dl class="facts" {
            (fact("Period", &round_amount(recurrence.period), "steps until the same state comes back"))
            (fact("Share of time", &percent(recurrence.share_of_time), &reference))
            @if let Some(share) = recurrence.share_of_reward { (fact("Share of reward", &percent(share), "earned while it lasts")) }
        }
    }
}
