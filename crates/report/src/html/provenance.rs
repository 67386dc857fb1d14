//! How the run was made, and how to make it again.

use maud::{Markup, html};

use super::configuration;
use super::curves::capital;
use crate::number::duration;
use crate::{Page, Provenance};

/// The command, the machine and the configuration.
pub(super) fn section(page: &Page) -> Markup {
    html! {
        h3 { "Reproduce" }
        (command(&page.command))
        (facts(&page.provenance))
        @if !page.configuration.is_empty() {
            details class="configuration" open[page.configuration.lines().count() <= 12] {
                summary { "Configuration" }
                pre tabindex="0" { code { (configuration::highlighted(&page.configuration)) } }
            }
        }
    }
}

/// A command with a button that copies it.
pub(super) fn command(command: &str) -> Markup {
    if command.is_empty() {
        return html! { p class="soft" { "No command was recorded." } };
    }
    html! {
        div class="command" {
            pre tabindex="0" aria-label="Command" { code { (command) } }
            button type="button" class="copy needs-script" { "Copy" }
        }
    }
}

fn facts(provenance: &Provenance) -> Markup {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    let known = [
        ("Machine", provenance.machine.clone()),
        ("Instruction set", provenance.instruction_set.clone()),
        (
            "Threads",
            provenance
                .threads
                .map(|threads| threads.to_string())
                .unwrap_or_default(),
        ),
        ("Version", provenance.version.clone()),
        ("Commit", optional(&provenance.commit)),
        ("Started", provenance.started.clone()),
        (
            "Training",
            provenance
                .training_seconds
                .map(duration)
                .unwrap_or_default(),
        ),
        (
            "Wall-clock",
            provenance.total_seconds.map(duration).unwrap_or_default(),
        ),
    ];
    html! {
        dl class="list" {
            @for (name, value) in known.iter().filter(|(_, value)| !value.is_empty()) { div { dt { (name) } dd { (value) } } }
            @for (name, value) in &provenance.facts { div { dt { (capital(name)) } dd { (value) } } }
        }
    }
}
