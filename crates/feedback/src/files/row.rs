//! Named cells: what JSON Lines and Parquet have in common.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::record::Fault;
use crate::error::quoted;

/// What stands in one column of one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Integer(i64),
    Real(f64),
    Text(String),
    /// A list or an object; Parquet keeps it as text.
    Json(Json),
}

/// What a column holds in Parquet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Integer,
    Moment,
    Real,
    Text,
    Json,
}

/// The columns that a row of ours may have.
pub(super) struct Columns;

impl Columns {
    /// Names and contents, in order.
    pub(super) const ALL: [(&'static str, Holds); 28] = [
        ("question", Holds::Integer),
        ("kind", Holds::Text),
        ("prompt", Holds::Text),
        ("first_id", Holds::Text),
        ("first_text", Holds::Text),
        ("first_traits", Holds::Json),
        ("first_clip", Holds::Json),
        ("second_id", Holds::Text),
        ("second_text", Holds::Text),
        ("second_traits", Holds::Json),
        ("second_clip", Holds::Json),
        ("item_id", Holds::Text),
        ("item_text", Holds::Text),
        ("item_traits", Holds::Json),
        ("item_clip", Holds::Json),
        ("items", Holds::Json),
        ("low", Holds::Real),
        ("high", Holds::Real),
        ("step", Holds::Real),
        ("answer", Holds::Text),
        ("rating", Holds::Real),
        ("best", Holds::Integer),
        ("words", Holds::Text),
        ("annotator", Holds::Text),
        ("left", Holds::Text),
        ("shown", Holds::Json),
        ("at", Holds::Moment),
        ("seconds", Holds::Real),
    ];

    /// The names, in order.
    pub(super) fn names() -> Vec<&'static str> {
        Columns::ALL.iter().map(|(name, _)| *name).collect()
    }
}

/// The cells of a row that hold something, by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row(BTreeMap<String, Cell>);

impl Row {
    pub(super) fn put(&mut self, name: &str, cell: Option<Cell>) {
        if let Some(cell) = cell {
            self.0.insert(name.to_owned(), cell);
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn into_cells(self) -> impl Iterator<Item = (String, Cell)> {
        self.0.into_iter()
    }

    /// Bytes that it takes, about.
    pub(super) fn n_bytes(&self) -> usize {
        let bytes = |cell: &Cell| match cell {
            Cell::Integer(_) | Cell::Real(_) => 8,
            Cell::Text(text) => text.len(),
            Cell::Json(json) => json.to_string().len(),
        };
        self.0.values().map(bytes).sum()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Cell> {
        self.0.get(name)
    }

    /// Names of what was not taken.
    pub(super) fn rest(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(name, &other, "a text")),
        }
    }

    pub(super) fn integer(&mut self, name: &str) -> Result<Option<i64>, Fault> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Cell::Integer(number)) => Ok(Some(number)),
            Some(other) => Err(wrong(name, &other, "a whole number")),
        }
    }

    pub(super) fn count(&mut self, name: &str) -> Result<Option<u64>, Fault> {
        let number = self.integer(name)?;
        let count = |number: i64| {
            u64::try_from(number).map_err(|_| wrong(name, &Cell::Integer(number), "a count"))
        };
        number.map(count).transpose()
    }

    pub(super) fn real(&mut self, name: &str) -> Result<Option<f64>, Fault> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Cell::Real(number)) => Ok(Some(number)),
            Some(Cell::Integer(number)) => Ok(Some(number as f64)),
            Some(other) => Err(wrong(name, &other, "a number")),
        }
    }

    pub(super) fn json(&mut self, name: &str) -> Result<Option<Json>, Fault> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Cell::Json(json)) => Ok(Some(json)),
            Some(Cell::Text(text)) => match serde_json::from_str(&text) {
                Ok(json) => Ok(Some(json)),
                Err(_) => Err(wrong(name, &Cell::Text(text), "JSON")),
            },
            Some(other) => Err(wrong(name, &other, "JSON")),
        }
    }
}

fn wrong(name: &str, found: &Cell, expected: &str) -> Fault {
    let found = match found {
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => quoted(text),
        Cell::Json(json) => crate::error::shortened(&json.to_string()),
    };
    Fault::new(
        format!("{name} is {found}"),
        format!("write {expected}, or leave it out"),
    )
}
