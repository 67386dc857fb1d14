//! A small table of raw values: text for people, a list of objects for programs.

use serde_json::{Map, Value};

/// Items of a list that the text form shows.
const SHOWN: usize = 20;

/// Named columns and rows of values.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds one row, in the order of the columns.
    ///
    /// # Panics
    /// If the row has another length than the columns.
    pub(crate) fn row(&mut self, values: impl IntoIterator<Item = Value>) {
        let row: Vec<Value> = values.into_iter().collect();
        assert_eq!(
            row.len(),
            self.columns.len(),
            "a row of `{}` does not fit its columns",
            self.title
        );
        self.rows.push(row);
    }

    /// What the table is called.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// One object a row.
    pub(crate) fn json(&self) -> Value {
        let object = |row: &Vec<Value>| {
            let pairs = self
                .columns
                .iter()
                .map(|column| (*column).to_owned())
                .zip(row.iter().cloned());
            Value::Object(pairs.collect::<Map<String, Value>>())
        };
        Value::Array(self.rows.iter().map(object).collect())
    }

    /// The title, the header and the rows, columns aligned, numbers to the right.
    pub(crate) fn text(&self) -> String {
        let cells: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(cell).collect())
            .collect();
        let width = |column: usize| {
            let longest = cells
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0);
            longest.max(self.columns[column].chars().count())
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = format!("{}\n", self.title);
        let header: Vec<String> = self
            .columns
            .iter()
            .map(|column| (*column).to_owned())
            .collect();
        for row in std::iter::once(&header).chain(&cells) {
            text += &self.line(row, &widths);
        }
        text
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, (text, width)) in row.iter().zip(widths).enumerate() {
            let numeric = self.rows.iter().any(|row| row[column].is_number());
            line += &if numeric {
                format!("  {text:>width$}")
            } else {
                format!("  {text:<width$}")
            };
        }
        line.trim_end().to_owned() + "\n"
    }
}

/// A value as a person reads it: four significant digits for fractions, a dash for null, the head of a long list.
/// The JSON form keeps every value whole.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let shown: Vec<String> = items.iter().take(SHOWN).map(cell).collect();
            let more = items.len().saturating_sub(SHOWN);
            shown.join(" ")
                + &if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                }
        }
        Value::Number(number) if number.is_f64() => {
            significant(number.as_f64().unwrap_or(f64::NAN))
        }
        other => other.to_string(),
    }
}

/// Four significant digits, without an exponent for ordinary sizes.
pub(crate) fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let magnitude = value.abs().log10().floor();
    if !(-6.0..=12.0).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = (3.0 - magnitude).max(0.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests;
