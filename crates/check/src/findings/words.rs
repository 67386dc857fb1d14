//! Numbers and choices in sentences.

use mdp::Tabulated;

/// Three significant digits or a little more, without an exponent for ordinary sizes.
#[must_use]
pub fn amount(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if !value.is_finite() => return value.to_string(),
        _ if size == 0.0 || size >= 1000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.1 => 3,
        _ if size >= 1e-4 => 5,
        _ => return format!("{value:.1e}").replace('-', "−"),
    };
    let text = format!("{size:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    let sign = if value < 0.0 && text != "0" {
        "−"
    } else {
        ""
    };
    format!("{sign}{text}")
}

/// A share as a percentage: `94%`, `0.01%`.
#[must_use]
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    let size = value.abs();
    if size > 0.0 && size < 1e-4 {
        return "less than 0.0001%".to_owned();
    }
    let decimals = match size {
        _ if size >= 10.0 => 0,
        _ if size >= 1.0 => 1,
        _ if size >= 0.01 => 2,
        _ => 4,
    };
    let text = format!("{size:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    let sign = if value < 0.0 && text != "0" {
        "−"
    } else {
        ""
    };
    format!("{sign}{text}%")
}

/// Losses of a smaller share are none: what is left of them is rounding.
const NONE: f64 = 1e-9;

/// What a share is bounded by: `at most 94%`, `less than 0.0001%`, or `nothing`.
#[must_use]
pub fn at_most(share: f64) -> String {
    match share {
        share if share <= NONE => "nothing".to_owned(),
        share if share < 1e-6 => percent(share),
        share => format!("at most {}", percent(share)),
    }
}

/// A count with its thousands apart: `12,000`.
#[must_use]
pub fn grouped(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a policy does in a state, in words: `"left"`, or `"left" (60%) or "up" (40%)`.
#[must_use]
pub fn choice(tables: &Tabulated, choice: &[(usize, f64)]) -> String {
    let word = |(action, probability): &(usize, f64)| {
        let name = &tables.action_names[*action];
        match choice {
            [_] => format!("\"{name}\""),
            _ => format!("\"{name}\" ({})", percent(*probability)),
        }
    };
    let words: Vec<String> = choice.iter().map(word).collect();
    words.join(" or ")
}
