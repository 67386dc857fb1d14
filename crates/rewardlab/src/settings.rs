//! Settings as data: what a key is called, what it may be, what it means. One table serves checking, files and documents.

use std::fmt;

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number, not negative.
    Count(u64),
    /// A number.
    Number(f64),
    /// A word or a sentence.
    Text(String),
    /// Several whole numbers.
    Counts(Vec<u64>),
    /// A number that falls in a straight line from this to 0 over a run, written `"linear 0.001"`.
    Linear(f64),
    /// Explicitly nothing, written `"none"`.
    Nothing,
}

impl Value {
    /// The flag, where it is one.
    #[must_use]
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The whole number, where it is one.
    #[must_use]
    pub fn as_count(&self) -> Option<u64> {
        match self {
            Value::Count(count) => Some(*count),
            _ => None,
        }
    }

    /// The number, where it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Count(count) => Some(*count as f64),
            _ => None,
        }
    }

    /// The text, where it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole numbers, where they are some.
    #[must_use]
    pub fn as_counts(&self) -> Option<&[u64]> {
        match self {
            Value::Counts(counts) => Some(counts),
            _ => None,
        }
    }

    /// The value as it stands in a TOML file; [`Kind::read`] reads it back exactly.
    #[must_use]
    pub fn to_toml(&self) -> toml_edit::Value {
        match self {
            Value::Flag(flag) => (*flag).into(),
            Value::Count(count) => i64::try_from(*count).unwrap_or(i64::MAX).into(),
            Value::Number(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::Counts(counts) => {
                let array: toml_edit::Array = counts
                    .iter()
                    .map(|count| i64::try_from(*count).unwrap_or(i64::MAX))
                    .collect();
                array.into()
            }
            Value::Linear(from) => format!("linear {from}").into(),
            Value::Nothing => "none".into(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_toml().to_string().trim())
    }
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number in a closed range.
    Count {
        /// Least value.
        low: u64,
        /// Greatest value.
        high: u64,
    },
    /// A number in a closed range.
    Number {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// A number above `low` and at most `high`.
    NumberAbove {
        /// What it must exceed.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// A number that may fall to 0 over the run.
    Schedule {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// One of the words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// A list of whole numbers, each in a closed range.
    Counts {
        /// Least value of each.
        low: u64,
        /// Greatest value of each.
        high: u64,
        /// The longest list.
        most: usize,
    },
    /// As the kind within, or `"none"`.
    Optional(&'static Kind),
}

/// The largest count that a setting takes: exact in TOML, JSON and an `f64`.
pub const MOST: u64 = 1 << 53;

impl Kind {
    /// What is allowed, as a phrase: `a whole number from 1 to 64`.
    #[must_use]
    pub fn allowed(&self) -> String {
        match self {
            Kind::Flag => "true or false".into(),
            Kind::Count { low, high } if *high >= MOST => {
                format!("a whole number of at least {low}")
            }
            Kind::Count { low, high } => format!("a whole number from {low} to {high}"),
            Kind::Number { low, high } => format!("a number{}", range(*low, *high)),
            Kind::NumberAbove { low, high } if high.is_infinite() => {
                format!("a number above {low}")
            }
            Kind::NumberAbove { low, high } => format!("a number above {low} and at most {high}"),
            Kind::Schedule { low, high } => {
                format!(
                    "a number{}, or \"linear A\" for one that falls from A to 0 over the run",
                    range(*low, *high)
                )
            }
            Kind::Choice(words) => quoted(words.iter().copied()),
            Kind::Text => "text in quotes".into(),
            Kind::Counts { low, high, most } => {
                format!("a list of at most {most} whole numbers from {low} to {high}")
            }
            Kind::Optional(kind) => format!("{}, or \"none\"", kind.allowed()),
        }
    }

    /// Reads a value. Whole numbers may be written as `2e6`.
    ///
    /// # Errors
    /// What is wrong with it, as a clause that follows `key = value`: `is text, not a number`.
    pub fn read(&self, raw: &toml_edit::Value) -> Result<Value, String> {
        if matches!(raw, toml_edit::Value::InlineTable(_)) {
            return Err("is a table, not one value".into());
        }
        match self {
            Kind::Flag => raw
                .as_bool()
                .map(Value::Flag)
                .ok_or_else(|| wrong_type(raw, "true or false")),
            Kind::Count { low, high } => count(raw, *low, *high).map(Value::Count),
            Kind::Number { low, high } => number(raw)
                .and_then(|x| within(x, *low, *high))
                .map(Value::Number),
            Kind::NumberAbove { low, high } => {
                let x = number(raw).and_then(|x| within(x, *low, *high))?;
                if x > *low {
                    Ok(Value::Number(x))
                } else {
                    Err("is too small".into())
                }
            }
            Kind::Schedule { low, high } => schedule(raw, *low, *high),
            Kind::Choice(words) => choice(raw, words),
            Kind::Text => raw
                .as_str()
                .map(|text| Value::Text(text.to_owned()))
                .ok_or_else(|| wrong_type(raw, "text")),
            Kind::Counts { low, high, most } => counts(raw, *low, *high, *most),
            Kind::Optional(_) if raw.as_str() == Some("none") => Ok(Value::Nothing),
            Kind::Optional(kind) => kind.read(raw),
        }
    }
}

/// A setting of something: its key, what it may be, what it is when nobody says, what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key within its section.
    pub key: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is when nobody says; none where somebody must.
    pub default: Option<Value>,
    /// What it means, in a sentence without a full stop.
    pub meaning: &'static str,
}

/// Words in quotes, in a list that ends with "or".
pub(crate) fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    match words.as_slice() {
        [] => "nothing".into(),
        [word] => word.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// The word nearest to `word`, if any is near enough to have been meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= limit || (word.len() >= 3 && candidate.contains(word))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other
/// (optimal string alignment).
fn edit_distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

fn range(low: f64, high: f64) -> String {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => format!(" from {low} to {high}"),
        (true, false) => format!(" of at least {low}"),
        (false, true) => format!(" of at most {high}"),
        (false, false) => String::new(),
    }
}

fn wrong_type(raw: &toml_edit::Value, wanted: &str) -> String {
    let found = match raw {
        toml_edit::Value::String(_) => "text",
        toml_edit::Value::Integer(_) | toml_edit::Value::Float(_) => "a number",
        toml_edit::Value::Boolean(_) => "true or false",
        toml_edit::Value::Datetime(_) => "a date",
        toml_edit::Value::Array(_) => "a list",
        toml_edit::Value::InlineTable(_) => "a table",
    };
    format!("is {found}, not {wanted}")
}

fn number(raw: &toml_edit::Value) -> Result<f64, String> {
    let x = raw
        .as_float()
        .or_else(|| raw.as_integer().map(|integer| integer as f64))
        .ok_or_else(|| wrong_type(raw, "a number"))?;
    if x.is_nan() {
        return Err("is not a number".into());
    }
    Ok(x)
}

fn within(x: f64, low: f64, high: f64) -> Result<f64, String> {
    if x < low {
        Err("is too small".into())
    } else if x > high {
        Err("is too large".into())
    } else if x.is_infinite() {
        Err("is infinite".into())
    } else {
        Ok(x)
    }
}

fn count(raw: &toml_edit::Value, low: u64, high: u64) -> Result<u64, String> {
    let x = match raw.as_integer() {
        Some(integer) => i128::from(integer),
        None => {
            let float = raw
                .as_float()
                .ok_or_else(|| wrong_type(raw, "a whole number"))?;
            if float.fract() != 0.0 || !float.is_finite() {
                return Err("is not a whole number".into());
            }
            float as i128
        }
    };
    if x < i128::from(low) {
        Err("is too small".into())
    } else if x > i128::from(high) {
        Err("is too large".into())
    } else {
        Ok(x as u64)
    }
}

fn counts(raw: &toml_edit::Value, low: u64, high: u64, most: usize) -> Result<Value, String> {
    let array = raw
        .as_array()
        .ok_or_else(|| wrong_type(raw, "a list of whole numbers"))?;
    if array.len() > most {
        return Err(format!("has {} items, which is too many", array.len()));
    }
    let read = |(index, item): (usize, &toml_edit::Value)| {
        count(item, low, high)
            .map_err(|problem| format!("has an item {} that {problem}", index + 1))
    };
    array
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Counts)
}

fn choice(raw: &toml_edit::Value, words: &[&'static str]) -> Result<Value, String> {
    let text = raw.as_str().ok_or_else(|| wrong_type(raw, "a word"))?;
    if words.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    Err(match nearest(text, words.iter().copied()) {
        Some(word) => format!("is unknown; did you mean \"{word}\"?"),
        None => "is unknown".into(),
    })
}

fn schedule(raw: &toml_edit::Value, low: f64, high: f64) -> Result<Value, String> {
    let Some(text) = raw.as_str() else {
        return number(raw)
            .and_then(|x| within(x, low, high))
            .map(Value::Number);
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let ["linear", from] = words.as_slice() else {
        return Err("is no schedule".into());
    };
    let from: f64 = from
        .parse()
        .map_err(|_| format!("holds \"{from}\", which is no number"))?;
    if from.is_nan() {
        return Err("is not a number".into());
    }
    within(from, low, high).map(Value::Linear)
}
