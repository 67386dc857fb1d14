//! TOML with its parts told apart, enough to read by.

use maud::{Markup, html};

/// A configuration, line by line.
pub(super) fn highlighted(toml: &str) -> Markup {
    html! { @for line in toml.lines() { (highlighted_line(line)) "\n" } }
}

fn highlighted_line(line: &str) -> Markup {
    let trimmed = line.trim_start();
    if trimmed.starts_with('#') {
        return html! { span class="comment" { (line) } };
    }
    // A line that opens with a bracket is a table, unless it goes on a list begun above.
    if trimmed.starts_with('[') && line.len() == trimmed.len() {
        return html! { span class="table" { (line) } };
    }
    match line.split_once('=') {
        Some((key, value)) if !key.contains(['"', '\'', '[', ',']) => html! {
            span class="name" { (key) } "=" (highlighted_value(value))
        },
        _ => highlighted_value(line),
    }
}

fn highlighted_value(value: &str) -> Markup {
    let class = match value.trim_start().chars().next() {
        Some('"' | '\'') => "string",
        Some('0'..='9' | '-' | '+' | '.') => "number",
        Some('t' | 'f') => "number",
        _ => return html! { (value) },
    };
    html! { span class=(class) { (value) } }
}
