//! How numbers are written: few digits, a real minus sign, words where there is no number.

use crate::Estimate;

/// A return or a difference of returns, to three significant digits or a little more.
pub(crate) fn amount(value: f64) -> String {
    if !value.is_finite() {
        return not_finite(value).into();
    }
    let size = value.abs();
    let decimals = match size {
        _ if size >= 1e6 => return signed(&compact(size), value),
        _ if size >= 1000.0 => return signed(&grouped(size.round() as u64), value),
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size == 0.0 => 0,
        _ if size >= 0.1 => 2,
        _ if size >= 1e-4 => 4,
        _ => return signed(&format!("{size:.1e}"), value),
    };
    signed(&format!("{size:.decimals$}"), value)
}

/// An amount that was chosen and not measured, such as a tick: without zeros that tell nothing.
pub(crate) fn round_amount(value: f64) -> String {
    let text = amount(value);
    if text.contains('e') {
        text
    } else {
        trim_zeros(&text).into()
    }
}

/// An amount with its sign always shown.
pub(crate) fn signed_amount(value: f64) -> String {
    let text = amount(value);
    if value > 0.0 && text != "0" {
        format!("+{text}")
    } else {
        text
    }
}

/// A pressure: `240k`, `1.2M`.
pub(crate) fn pressure(value: f64) -> String {
    if !value.is_finite() {
        return not_finite(value).into();
    }
    let size = value.abs();
    if size < 1000.0 {
        round_amount(value)
    } else {
        signed(&compact(size), value)
    }
}

/// An interval: `34.1 to 36.4`; words where a side is unbounded.
pub(crate) fn interval(estimate: &Estimate) -> String {
    match (estimate.low.is_finite(), estimate.high.is_finite()) {
        (true, true) => format!("{} to {}", amount(estimate.low), amount(estimate.high)),
        (true, false) => format!("at least {}", amount(estimate.low)),
        (false, true) => format!("at most {}", amount(estimate.high)),
        (false, false) => "unbounded".into(),
    }
}

/// A mean with its interval: `35.2 (34.1 to 36.4)`.
pub(crate) fn estimate(estimate: &Estimate) -> String {
    if estimate.low == estimate.high || !estimate.mean.is_finite() {
        return amount(estimate.mean);
    }
    format!("{} ({})", amount(estimate.mean), interval(estimate))
}

/// A share as a percentage: `94%`.
pub(crate) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return not_finite(share).into();
    }
    let value = share * 100.0;
    let decimals = usize::from(value.abs() < 10.0);
    let text = format!("{:.decimals$}", value.abs());
    let text = if decimals > 0 {
        trim_zeros(&text)
    } else {
        &text
    };
    signed(&format!("{text}%"), value)
}

/// A probability near one or zero, with every digit that matters: `99%`, `99.9%`.
pub(crate) fn probability(value: f64) -> String {
    let text = format!("{:.4}", value * 100.0);
    format!("{}%", trim_zeros(&text))
}

/// A span of time: `48 s`, `3 min 20 s`, `2 h 05 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return not_finite(f64::NAN).into();
    }
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A count with its thousands apart: `12,000`.
pub(crate) fn grouped(value: u64) -> String {
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

fn compact(size: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    // Rounding can carry into the next unit: 999,960 is 1M and not 1000k.
    let (scale, unit) = UNITS
        .into_iter()
        .find(|(scale, _)| size >= scale * 0.999_5)
        .unwrap_or((1.0, ""));
    let scaled = size / scale;
    if scaled >= 1e6 {
        return format!("{size:.2e}");
    }
    let decimals = match scaled {
        _ if scaled < 10.0 => 2,
        _ if scaled < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{scaled:.decimals$}");
    format!("{}{unit}", trim_zeros(&text))
}

fn trim_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

fn signed(text: &str, value: f64) -> String {
    let zero = text
        .chars()
        .all(|character| !character.is_ascii_digit() || character == '0');
    if value < 0.0 && !zero {
        format!("\u{2212}{text}")
    } else {
        text.into()
    }
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "not known"
    } else if value > 0.0 {
        "\u{221e}"
    } else {
        "\u{2212}\u{221e}"
    }
}
