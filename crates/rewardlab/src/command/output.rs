//! How things are written: one JSON object, or text that fits the terminal.

use std::io::Write;
use std::path::Path;

use ::report::terminal::Style;
use anyhow::Result;
use console::Term;
use serde_json::Value;

/// Writes the one object that `--json` promises.
pub(super) fn object(out: &mut dyn Write, value: &Value) -> Result<u8> {
    writeln!(out, "{value}")?;
    Ok(0)
}

/// What standard output can show.
pub(super) fn style() -> Style {
    let is_utf8 = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        // A bare environment, as under a service or in a container, shows what it is given.
        .is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        });
    Style {
        width: Term::stdout()
            .size_checked()
            .map_or(100, |(_, columns)| usize::from(columns).min(120)),
        color: console::colors_enabled(),
        unicode: is_utf8,
    }
}

/// A path as a command would name it, in quotes where a shell needs them.
pub(super) fn shell_path(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A name in the margin and a text beside it, wrapped, as below a verdict.
pub(super) fn entry(name: &str, text: &str, style: &Style) -> String {
    const INDENT: usize = 14;
    let width = style.width.max(40) - INDENT;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let indent = format!("\n{:INDENT$}", "");
    format!("  {name:<12}{}\n", lines.join(&indent))
}
