//! JSON objects of unknown make: the numbers in them, by dotted path.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::error::shortened;

/// The dotted paths of the keys that hold numbers, in order and bounded.
#[derive(Default)]
pub(crate) struct Names {
    seen: BTreeSet<String>,
}

impl Names {
    const MOST: usize = 1000;
    const DEEPEST: usize = 8;

    pub(crate) fn list(&self) -> Vec<String> {
        self.seen.iter().cloned().collect()
    }

    pub(crate) fn gather(&mut self, row: &Map<String, Value>) {
        self.gather_under("", row, 0);
    }

    fn gather_under(&mut self, prefix: &str, row: &Map<String, Value>, depth: usize) {
        for (key, value) in row {
            if self.seen.len() == Self::MOST {
                return;
            }
            let name = format!("{prefix}{key}");
            match value {
                Value::Number(_) => {
                    self.seen.insert(name);
                }
                Value::Array(list) if list.first().is_some_and(Value::is_number) => {
                    self.seen.insert(name);
                }
                Value::Object(inner) if depth < Self::DEEPEST => {
                    self.gather_under(&format!("{name}."), inner, depth + 1);
                }
                _ => {}
            }
        }
    }
}

/// A JSON object, or what is wrong with the line and how to mend it.
pub(crate) fn parse_object(text: &str) -> Result<Map<String, Value>, (String, &'static str)> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(other) => Err((
            format!("{} is not a JSON object", shortened(&other.to_string())),
            "write one object a line",
        )),
        Err(error) => {
            let mend = if text.contains("NaN") || text.contains("Infinity") {
                "JSON has no NaN or Infinity: write null, or leave the key out"
            } else if error.is_eof() {
                "write each object on one line of its own (jq -c does it)"
            } else {
                "write one JSON object a line"
            };
            Err((format!("not JSON: {error}"), mend))
        }
    }
}

/// The finite number under a key or dotted path, or the list of them; `None` where it is absent or
/// null.
pub(crate) fn numbers_at(
    row: &Map<String, Value>,
    name: &str,
) -> Result<Option<Vec<f64>>, (String, &'static str)> {
    let number = |value: &Value| {
        let finite = value.as_f64().filter(|number| number.is_finite());
        finite.ok_or_else(|| {
            let (name, text) = (shortened(name), shortened(&value.to_string()));
            (
                format!("the key {name:?} holds {text}, not a finite number"),
                "write a number, or null where there is none",
            )
        })
    };
    match lookup(row, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) => list.iter().map(number).collect::<Result<_, _>>().map(Some),
        Some(value) => Ok(Some(vec![number(value)?])),
    }
}

pub(crate) fn lookup<'v>(row: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = row.get(name) {
        return Some(value);
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let inner = row.get(&name[..dot])?.as_object()?;
        lookup(inner, &name[dot + 1..])
    })
}

#[cfg(test)]
mod tests;
