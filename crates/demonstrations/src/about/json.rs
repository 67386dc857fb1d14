//! [`About`] as JSON: how our own formats say what they hold.
//!
//! ```text
//! { "format": "rewardlab demonstrations", "version": 1,
//!   "observation_space": { "kind": "continuous", "shape": [4], "low": -1.0, "high": ["inf", 1.0, 1.0, 1.0] },
//!   "action_space": { "kind": "discrete", "n": 2 },
//!   "environment": "cartpole", "settings": {}, "expert": "ppo", "seed": 0, "state_names": [], "other": {} }
//! ```
//!
//! A bound is one number for all, or one each; JSON has no infinity, so `"inf"` and `"-inf"` stand for it.

use std::collections::BTreeMap;
use std::path::Path;

use mdp::Space;
use serde_json::{Map, Value, json};

use super::About;
use crate::error::shortened;
use crate::{Error, Place};

/// What a document must say of itself to be one of ours.
const FORMAT: &str = "rewardlab demonstrations";
/// The layout that is written, and the newest that is read.
const VERSION: u64 = 1;
/// The most numbers that a value of a space may have.
const MOST_VALUES: usize = 1 << 24;
/// The deepest tuple of tuples.
const DEEPEST: usize = 8;

impl About {
    /// As JSON, the form that our own files hold.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "format": FORMAT,
            "version": VERSION,
            "observation_space": space_to_json(&self.observation_space),
            "action_space": space_to_json(&self.action_space),
            "environment": self.environment,
            "settings": self.settings,
            "expert": self.expert,
            "seed": self.seed,
            "state_names": self.state_names,
            "other": self.other,
        })
    }

    /// From the JSON at a place in a file.
    pub(crate) fn from_json(path: &Path, place: Place, text: &str) -> Result<About, Error> {
        About::of_text(text).map_err(|problem| {
            let mend = "correct it, or write the file again with `rewardlab demos convert`";
            Error::malformed(path, place, problem, mend)
        })
    }

    pub(crate) fn of_text(text: &str) -> Result<About, String> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| format!("it is no JSON ({error})"))?;
        if document["format"] != FORMAT {
            return Err(format!(
                "its format is {}, not \"{FORMAT}\"",
                shown(&document["format"])
            ));
        }
        match document["version"].as_u64() {
            Some(version) if version <= VERSION => {}
            _ => {
                return Err(format!(
                    "its version is {}, and the newest that is read is {VERSION}",
                    shown(&document["version"])
                ));
            }
        }
        Ok(About {
            observation_space: space_of_key(&document, "observation_space")?,
            action_space: space_of_key(&document, "action_space")?,
            environment: text_of_key(&document, "environment")?,
            settings: texts_of_key(&document, "settings")?,
            expert: text_of_key(&document, "expert")?,
            seed: match &document["seed"] {
                Value::Null => None,
                seed => Some(
                    seed.as_u64()
                        .ok_or_else(|| wrong("seed", seed, "a whole number"))?,
                ),
            },
            state_names: names_of_key(&document, "state_names")?,
            other: texts_of_key(&document, "other")?,
        })
    }
}

fn wrong(key: &str, value: &Value, wanted: &str) -> String {
    format!("its {key} is {}, not {wanted}", shown(value))
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

fn text_of_key(document: &Value, key: &str) -> Result<Option<String>, String> {
    match &document[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(wrong(key, other, "a text")),
    }
}

fn texts_of_key(document: &Value, key: &str) -> Result<BTreeMap<String, String>, String> {
    match &document[key] {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(entries) => entries
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) => Ok((name.clone(), text.to_owned())),
                None => Err(wrong(key, value, "texts by name")),
            })
            .collect(),
        other => Err(wrong(key, other, "texts by name")),
    }
}

fn names_of_key(document: &Value, key: &str) -> Result<Vec<String>, String> {
    let refused = |value| wrong(key, value, "a list of names");
    match &document[key] {
        Value::Null => Ok(vec![]),
        Value::Array(names) => names
            .iter()
            .map(|name| {
                name.as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| refused(name))
            })
            .collect(),
        other => Err(refused(other)),
    }
}

fn space_to_json(space: &Space) -> Value {
    match space {
        Space::Discrete { n } => json!({ "kind": "discrete", "n": n }),
        Space::MultiDiscrete { sizes } => json!({ "kind": "multi_discrete", "sizes": sizes }),
        Space::Continuous { low, high, shape } => json!({
            "kind": "continuous",
            "shape": shape,
            "low": bounds_to_json(low),
            "high": bounds_to_json(high),
        }),
        Space::Tuple(parts) => {
            let parts: Vec<Value> = parts.iter().map(space_to_json).collect();
            json!({ "kind": "tuple", "parts": parts })
        }
    }
}

fn bounds_to_json(bounds: &[f32]) -> Value {
    match bounds {
        [first, rest @ ..] if rest.iter().all(|bound| bound == first) => bound_to_json(*first),
        _ => bounds.iter().map(|bound| bound_to_json(*bound)).collect(),
    }
}

fn bound_to_json(bound: f32) -> Value {
    match bound {
        f32::INFINITY => json!("inf"),
        f32::NEG_INFINITY => json!("-inf"),
        _ => json!(f64::from(bound)),
    }
}

fn space_of_key(document: &Value, key: &str) -> Result<Space, String> {
    let space =
        space_of(&document[key], DEEPEST).map_err(|problem| format!("its {key} {problem}"))?;
    match space.n_values() {
        0 => Err(format!("its {key} holds no numbers")),
        n if n > MOST_VALUES => Err(format!(
            "its {key} has {n} numbers; at most {MOST_VALUES} are read"
        )),
        _ => Ok(space),
    }
}

fn space_of(value: &Value, depth: usize) -> Result<Space, String> {
    let kinds = "discrete, multi_discrete, continuous or tuple";
    let object = value
        .as_object()
        .ok_or_else(|| format!("is {}, not an object", shown(value)))?;
    match object.get("kind").and_then(Value::as_str) {
        Some("discrete") => Ok(Space::Discrete {
            n: count(&value["n"])?,
        }),
        Some("multi_discrete") => Ok(Space::MultiDiscrete {
            sizes: counts(&value["sizes"])?,
        }),
        Some("continuous") => continuous(object),
        Some("tuple") if depth > 0 => {
            let parts = value["parts"].as_array().ok_or("has no list of parts")?;
            let parts: Result<Vec<Space>, String> =
                parts.iter().map(|part| space_of(part, depth - 1)).collect();
            Ok(Space::Tuple(parts?))
        }
        Some("tuple") => Err(format!(
            "holds tuples {DEEPEST} deep, the most that are read"
        )),
        _ => Err(format!(
            "is of the kind {}, not {kinds}",
            shown(&value["kind"])
        )),
    }
}

fn count(value: &Value) -> Result<usize, String> {
    // A choice is held as an f32, which is exact up to here.
    const MOST: u64 = 1 << 24;
    match value.as_u64() {
        Some(n) if (1..=MOST).contains(&n) => Ok(n as usize),
        _ => Err(format!(
            "has {} choices, not between 1 and {MOST}",
            shown(value)
        )),
    }
}

fn counts(value: &Value) -> Result<Vec<usize>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("has {}, not a list", shown(value)))?;
    list.iter().map(count).collect()
}

fn continuous(object: &Map<String, Value>) -> Result<Space, String> {
    let key = |name: &str| object.get(name).unwrap_or(&Value::Null);
    let shape = counts(key("shape"))?;
    let n = shape
        .iter()
        .try_fold(1_usize, |product, n| product.checked_mul(*n));
    let n = n.filter(|n| *n <= MOST_VALUES).ok_or_else(|| {
        format!("has the shape {shape:?}; at most {MOST_VALUES} numbers are read")
    })?;
    let (low, high) = (bounds(key("low"), n)?, bounds(key("high"), n)?);
    if let Some(index) = (0..n).find(|index| low[*index] > high[*index]) {
        return Err(format!(
            "has the low {} above the high {}",
            low[index], high[index]
        ));
    }
    Ok(Space::Continuous { low, high, shape })
}

fn bounds(value: &Value, n: usize) -> Result<Vec<f32>, String> {
    match value {
        Value::Array(list) if list.len() == n => list.iter().map(bound).collect(),
        Value::Array(list) => Err(format!("has {} bounds for {n} numbers", list.len())),
        one => Ok(vec![bound(one)?; n]),
    }
}

fn bound(value: &Value) -> Result<f32, String> {
    match (value.as_str(), value.as_f64()) {
        (Some("inf"), _) => Ok(f32::INFINITY),
        (Some("-inf"), _) => Ok(f32::NEG_INFINITY),
        (_, Some(number)) => Ok(number as f32),
        _ => Err(format!(
            "has the bound {}, not a number, \"inf\" or \"-inf\"",
            shown(value)
        )),
    }
}
