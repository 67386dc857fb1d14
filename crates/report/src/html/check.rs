//! The parts of a check's page.

use maud::{Markup, html};

use super::curves::capital;
use super::{fact, icon, provenance};
use crate::{CheckPage, Finding, MapCell, MapLayer, Outcome, PolicyMap, Sign, Soundness};

/// Side of a cell in the drawing's own units.
const CELL: usize = 20;

/// The word under which colours and signs of verdicts are known.
fn tone(soundness: Soundness) -> crate::Word {
    match soundness {
        Soundness::Sound => crate::Word::Aligned,
        Soundness::Unsound => crate::Word::Gamed,
        Soundness::Undecided => crate::Word::Inconclusive,
    }
}

/// The top: what was found, and what to change.
pub(super) fn header(page: &CheckPage) -> Markup {
    html! {
        header class={ "verdict tone-" (tone(page.soundness).as_str()) } {
            p class="eyebrow" { span { (page.subject) } span { (page.question) } }
            p class="word" { (icon::soundness(page.soundness)) span { (page.soundness.as_str()) } }
            h1 { (page.headline) }
            @if !page.summary.is_empty() { p class="lead" { (page.summary.join(" ")) } }
            @if !page.advice.is_empty() {
                div class="explained" { div {
                    h2 { "What to change" }
                    @if let [advice] = page.advice.as_slice() { p { (advice) } }
                    @else { ul class="advice" { @for advice in &page.advice { li { (advice) } } } }
                } }
            }
            @if !page.facts.is_empty() {
                dl class="facts" { @for (name, value, note) in &page.facts { (fact(name, value, note)) } }
            }
        }
    }
}

/// Maps and returns.
pub(super) fn policies(page: &CheckPage) -> Option<Markup> {
    if page.maps.is_empty() && page.values.rows.is_empty() {
        return None;
    }
    Some(html! {
        @if !page.maps.is_empty() { (maps(&page.maps, &page.legend, &page.map_note)) }
        @if !page.values.rows.is_empty() { h3 { "Returns" } (values(page)) }
    })
}

/// Maps side by side, with what their signs mean.
pub(super) fn maps(maps: &[PolicyMap], legend: &[(char, String)], note: &str) -> Markup {
    html! {
        div class="policy-maps" { @for map in maps { (policy(map)) } }
        ul class="key" {
            li { (key_arrow("path")) "where the policy goes" }
            @if is_chosen_elsewhere(maps) { li { (key_arrow("elsewhere")) "what it would do where it never comes" } }
            @for (sign, meaning) in legend { li { code { (sign) } (meaning) } }
        }
        @if !note.is_empty() { p { (note) } }
    }
}

fn is_chosen_elsewhere(maps: &[PolicyMap]) -> bool {
    let layers = maps.iter().flat_map(|map| &map.layers);
    let mut cells = layers.flat_map(|layer| layer.rows.iter().flatten());
    cells.any(|cell| {
        cell.choice
            .as_ref()
            .is_some_and(|choice| choice.weight == 0.0)
    })
}

fn key_arrow(class: &str) -> Markup {
    html! {
        svg class="swatch-dot" viewBox="0 0 20 20" aria-hidden="true" focusable="false" { (sign(Sign::Right, class, (0, 0))) }
    }
}

/// Width in rem below which a map of so many columns is hard to read.
fn room(columns: usize) -> f64 {
    (columns as f64 * 1.15).clamp(9.0, 24.0)
}

fn columns(layer: &MapLayer) -> usize {
    layer.rows.iter().map(Vec::len).max().unwrap_or(0)
}

fn policy(map: &PolicyMap) -> Markup {
    let widest = map.layers.iter().map(columns).max().unwrap_or(0);
    let room = room(widest) * map.layers.len().clamp(1, 2) as f64;
    html! {
        figure class="policy-map" style={ "flex-basis:" (format!("{room:.1}")) "rem" } {
            figcaption { h3 { (capital(&map.title)) } }
            div class="layers" { @for each in &map.layers { (layer(each)) } }
            @if map.n_more > 0 { p class="soft" { "and " (map.n_more) " more " @if map.n_more == 1 { "layer" } @else { "layers" } } }
        }
    }
}

fn layer(layer: &MapLayer) -> Markup {
    let columns = columns(layer);
    let (width, height) = (columns * CELL, layer.rows.len() * CELL);
    // A cell is as large on every map, however few there are, and small maps do not become posters.
    let style = format!(
        "max-width:{:.1}rem;flex-basis:{:.1}rem",
        columns as f64 * 2.2,
        room(columns)
    );
    html! {
        div class="layer" style=(style) {
            svg class="policy" viewBox={ "0 0 " (width) " " (height) } role="img" aria-label={ "Map " (layer.label) } {
                @for (row, cells) in layer.rows.iter().enumerate() {
                    @for (column, cell) in cells.iter().enumerate() { (cell_shapes(cell, (column * CELL, row * CELL))) }
                }
            }
            @if !layer.label.is_empty() { p class="soft" { (layer.label) } }
        }
    }
}

fn cell_shapes(cell: &MapCell, (x, y): (usize, usize)) -> Markup {
    let class = match cell.ground {
        '#' => "cell wall",
        _ => "cell",
    };
    let choice = cell.choice.as_ref();
    let is_visited = choice.is_some_and(|choice| choice.weight > 0.0);
    // The square root keeps rare places visible beside the place that is visited most.
    let weight = choice.map_or(0.0, |choice| choice.weight.clamp(0.0, 1.0).sqrt());
    html! {
        g {
            @if let Some(choice) = choice { title { (choice.text) } }
            rect class=(class) x=(x) y=(y) width=(CELL) height=(CELL) {}
            @if is_visited {
                rect class="visited" x=(x) y=(y) width=(CELL) height=(CELL) style={ "fill-opacity:" (format!("{:.2}", 0.12 + 0.5 * weight)) } {}
            }
            @if !matches!(cell.ground, '#' | ' ') {
                @let beside = choice.is_some();
                @let (left, top) = if beside { (4, 6) } else { (CELL / 2, CELL / 2) };
                text class=@if beside { "ground corner" } @else { "ground" } x=(x + left) y=(y + top) { (cell.ground) }
            }
            @if let Some(choice) = choice { (sign(choice.sign, if is_visited { "path" } else { "elsewhere" }, (x, y))) }
        }
    }
}

/// An arrow through the middle of a cell, or a letter.
fn sign(sign: Sign, class: &str, (x, y): (usize, usize)) -> Markup {
    let path = match sign {
        Sign::Up => "M10 16V4M6 8l4-4 4 4",
        Sign::Down => "M10 4v12M6 12l4 4 4-4",
        Sign::Left => "M16 10H4M8 6l-4 4 4 4",
        Sign::Right => "M4 10h12M12 6l4 4-4 4",
        Sign::Letter(letter) => {
            return html! { text class={ "letter " (class) } x=(x + CELL / 2) y=(y + CELL / 2) { (letter) } };
        }
    };
    html! { path class={ "arrow " (class) } transform={ "translate(" (x) " " (y) ")" } d=(path) {} }
}

fn values(page: &CheckPage) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Returns of policies" {
            table class="data" {
                thead { tr {
                    th scope="col" { "Policy" }
                    @for name in &page.values.rewards { th scope="col" { "Return under " (name) } }
                } }
                tbody { @for (name, returns) in &page.values.rows { tr {
                    th scope="row" { (capital(name)) }
                    @for value in returns { td { (value) } }
                } } }
            }
        }
    }
}

/// A table of questions and answers.
pub(super) fn answers(page: &CheckPage) -> Option<Markup> {
    table_of(&page.findings)
}

pub(super) fn table_of(findings: &[Finding]) -> Option<Markup> {
    if findings.is_empty() {
        return None;
    }
    Some(html! {
        table class="checks answers" role="table" {
            thead role="rowgroup" { tr role="row" {
                th scope="col" role="columnheader" { "Outcome" }
                th scope="col" role="columnheader" { "Question and answer" }
            } }
            tbody role="rowgroup" { @for finding in findings { (answer(finding)) } }
        }
    })
}

fn answer(finding: &Finding) -> Markup {
    let (class, word) = match finding.outcome {
        Some(Outcome::Pass) => ("pass", "pass"),
        Some(Outcome::Fail) => ("fail", "fail"),
        Some(Outcome::NotMeasurable) => ("not-measurable", "not decided"),
        None => ("soft", "information"),
    };
    html! {
        tr role="row" {
            td role="cell" class={ "outcome " (class) } {
                @if let Some(outcome) = finding.outcome { (icon::outcome(outcome)) }
                (word)
            }
            td role="cell" {
                strong { (capital(&finding.name)) }
                p { (capital(&finding.answer)) }
                @if !finding.details.is_empty() { ul class="details" { @for detail in &finding.details { li { (capital(detail)) } } } }
            }
        }
    }
}

/// How to check it again, and under which settings it was checked.
pub(super) fn again(page: &CheckPage) -> Markup {
    html! {
        h3 { "Check it again" }
        (provenance::command(&page.command))
        dl class="list" { @for (name, value) in &page.settings { div { dt { (capital(name)) } dd { (value) } } } }
    }
}
