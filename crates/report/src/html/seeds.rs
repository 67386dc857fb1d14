//! Several seeds in one table.

use maud::{Markup, html};

use super::icon;
use crate::number::{estimate, pressure};
use crate::{Estimate, Seeds};

/// The table, with the interquartile means below.
pub(super) fn section(seeds: &Seeds, unit: &str) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Seeds" {
            table class="data" {
                thead { tr {
                    th scope="col" { "Seed" }
                    th scope="col" { "Verdict" }
                    th scope="col" { "Final proxy" }
                    th scope="col" { "Final intent" }
                    th scope="col" { "Onset, " (unit) }
                } }
                tbody { @for row in &seeds.rows { tr {
                    th scope="row" { (row.seed) }
                    td { (icon::chip(row.word)) }
                    td { (estimate(&row.proxy)) }
                    td { (known(row.intent.as_ref())) }
                    td { (row.onset.map(pressure).unwrap_or_else(|| "–".into())) }
                } } }
                @if seeds.proxy.is_some() || seeds.intent.is_some() {
                    tfoot { tr {
                        th scope="row" colspan="2" { "Interquartile mean" }
                        td { (known(seeds.proxy.as_ref())) }
                        td { (known(seeds.intent.as_ref())) }
                        td {}
                    } }
                }
            }
        }
    }
}

fn known(value: Option<&Estimate>) -> String {
    value.map_or_else(|| "–".into(), estimate)
}
