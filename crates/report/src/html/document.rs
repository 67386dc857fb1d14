//! What both documents have around them.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

const STYLE: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/page.js");

/// Forbids every request: whatever a string in the page may try, nothing leaves the file and nothing enters it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// A small mark for the browser's tab: two curves that part.
const MARK: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 11C7 11 8 3 14 3' fill='none' stroke='%23c2560c' stroke-width='2.4' stroke-linecap='round'/%3E%3Cpath d='M2 11C7 11 8 8 14 13' fill='none' stroke='%232a6fb0' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E";

/// A section: its fragment, its heading and its content, absent where there is nothing to show.
pub(super) type Section = (&'static str, &'static str, Option<Markup>);

/// A document with a header and its sections.
pub(super) fn document(
    title: &str,
    notice: Option<&str>,
    header: Markup,
    sections: Vec<Section>,
) -> String {
    let shown: Vec<(&str, &str, Markup)> = sections
        .into_iter()
        .filter_map(|(id, heading, content)| Some((id, heading, content?)))
        .collect();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="rewardlab";
                title { (title) }
                link rel="icon" href=(MARK);
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#content" { "Skip to the content" }
                @if let Some(notice) = notice { p class="notice" role="note" { (notice) } }
                (header)
                nav aria-label="Sections" {
                    ul { @for (id, heading, _) in &shown { li { a href={ "#" (id) } { (heading) } } } }
                }
                main id="content" {
                    @for (id, heading, content) in &shown {
                        section id=(id) aria-labelledby={ (id) "-heading" } {
                            h2 id={ (id) "-heading" } { (heading) }
                            div class="content" { (content) }
                        }
                    }
                }
                footer { p { "Made by rewardlab. This file stands alone: it asks the network for nothing." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string()
}

/// Data for the script, which no string inside can end or leave.
pub(super) fn data(class: &str, value: &Value) -> Markup {
    html! { script type="application/json" class=(class) { (PreEscaped(inert(&value.to_string()))) } }
}

/// JSON in which nothing can be read as markup: the characters that could are written as escapes.
fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)))
            }
            _ => text.push(character),
        }
    }
    text
}
