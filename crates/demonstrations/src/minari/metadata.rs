//! `metadata.json`: what Minari says of a dataset.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Layout;
use crate::error::shortened;
use crate::gymnasium::{self, Tree};
use crate::pieces;
use crate::{About, Error, Place};

/// The file's name.
pub(super) const FILE: &str = "metadata.json";
/// The version whose layout is written.
const VERSION: &str = "0.5.4";
/// The largest metadata that are read.
pub(super) const MOST_BYTES: u64 = 1 << 26;
/// What keys of ours that hold Minari's begin with.
const PREFIX: &str = "minari.";
/// The key under which our own account of a dataset stands.
const OURS: &str = "rewardlab";
const OBSERVATION_SPACE: &str = "observation_space";
const ACTION_SPACE: &str = "action_space";
/// Keys that are written anew, whatever they were.
const ANEW: [&str; 9] = [
    "total_episodes",
    "total_steps",
    "data_format",
    "jpeg_encoding",
    OBSERVATION_SPACE,
    ACTION_SPACE,
    "dataset_size",
    "minari_version",
    OURS,
];
/// Keys whose values are texts, though they may look like JSON.
const TEXTS: [&str; 6] = [
    "dataset_id",
    "env_spec",
    "eval_env_spec",
    "code_permalink",
    "algorithm_name",
    "description",
];

/// What is said of a dataset.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) layout: Layout,
    /// Whether images are compressed with JPEG.
    pub(super) has_jpeg: bool,
    pub(super) observation: Tree,
    pub(super) action: Tree,
    pub(super) n_episodes: u64,
    pub(super) n_steps: u64,
    pub(super) about: About,
}

impl Metadata {
    /// Reads the metadata of a dataset.
    pub(super) fn read(path: &Path) -> Result<Metadata, Error> {
        let text = pieces::text(path, MOST_BYTES)?;
        let malformed =
            |place, problem: String, mend: &str| Error::malformed(path, place, problem, mend);
        let json = gymnasium::parse(&text).map_err(|error| {
            let place = Place::Line(error.line() as u64);
            malformed(
                place,
                format!("it is no JSON ({error})"),
                "correct it, or write the dataset again with Minari",
            )
        })?;
        Metadata::of_json(&json).map_err(|(key, problem, mend)| {
            malformed(Place::Part(format!("`{key}`")), problem, mend)
        })
    }

    fn of_json(json: &Value) -> Result<Metadata, (&'static str, String, &'static str)> {
        const AGAIN: &str = "write the dataset again with Minari";
        let count = |key: &'static str| {
            let problem = || {
                format!(
                    "it is {}, a number of them is expected",
                    shortened(&json[key].to_string())
                )
            };
            json[key].as_u64().ok_or_else(|| (key, problem(), AGAIN))
        };
        let layout = match json["data_format"].as_str() {
            Some("hdf5") => Layout::Hdf5,
            Some("arrow") => Layout::Arrow,
            Some("parquet") => Layout::Parquet,
            _ => {
                let problem = format!(
                    "it is {}, where hdf5, arrow and parquet are read",
                    shortened(&json["data_format"].to_string())
                );
                return Err((
                    "data_format",
                    problem,
                    "write the dataset with data_format=\"hdf5\"",
                ));
            }
        };
        let tree = |key: &'static str| {
            let mend = "write the dataset with such a space";
            let text = json[key].as_str().ok_or_else(|| {
                let problem = "the dataset does not say its space".to_owned();
                (
                    key,
                    problem,
                    "create the dataset with the space, and not the environment alone",
                )
            })?;
            let parsed = gymnasium::parse(text).map_err(|error| format!("it is no JSON ({error})"));
            parsed
                .and_then(|json| Tree::parse(&json))
                .map_err(|problem| (key, problem, mend))
        };
        let (observation, action) = (tree(OBSERVATION_SPACE)?, tree(ACTION_SPACE)?);
        let about = about(json, &observation, &action).map_err(|problem| (OURS, problem, AGAIN))?;
        Ok(Metadata {
            layout,
            has_jpeg: json["jpeg_encoding"].as_bool().unwrap_or(true),
            observation,
            action,
            n_episodes: count("total_episodes")?,
            n_steps: count("total_steps")?,
            about,
        })
    }

    /// The metadata of a dataset that is to be written.
    pub(super) fn of(about: &About, layout: Layout) -> Metadata {
        let tree = |key: &str, space: &mdp::Space| {
            let text = about.other.get(&format!("{PREFIX}{key}"));
            let named = text.and_then(|text| Tree::parse(&gymnasium::parse(text).ok()?).ok());
            named
                .filter(|tree| tree.space() == *space)
                .unwrap_or_else(|| Tree::of(space))
        };
        Metadata {
            layout,
            has_jpeg: false,
            observation: tree(OBSERVATION_SPACE, &about.observation_space),
            action: tree(ACTION_SPACE, &about.action_space),
            n_episodes: 0,
            n_steps: 0,
            about: about.clone(),
        }
    }

    /// Writes the metadata of a dataset whose episodes take so many bytes.
    pub(super) fn write(&self, path: &Path, n_bytes: u64) -> Result<(), Error> {
        let mut json = Map::new();
        let name = self
            .about
            .environment
            .as_deref()
            .unwrap_or("demonstrations");
        json.insert(
            "dataset_id".to_owned(),
            json!(format!("rewardlab/{}/expert-v0", slug(name))),
        );
        if let Some(expert) = &self.about.expert {
            json.insert("algorithm_name".to_owned(), json!(expert));
        }
        for (key, text) in &self.about.other {
            if let Some(key) = key.strip_prefix(PREFIX).filter(|key| !ANEW.contains(key)) {
                let value = match TEXTS.contains(&key) {
                    true => json!(text),
                    false => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
                };
                json.insert(key.to_owned(), value);
            }
        }
        let format = match self.layout {
            Layout::Hdf5 => "hdf5",
            Layout::Arrow => "arrow",
            Layout::Parquet => "parquet",
        };
        let megabytes = (n_bytes as f64 / 1e5).round() / 10.0;
        let anew = json!({
            "total_episodes": self.n_episodes,
            "total_steps": self.n_steps,
            "data_format": format,
            "jpeg_encoding": false,
            OBSERVATION_SPACE: space_text(&self.observation),
            ACTION_SPACE: space_text(&self.action),
            "dataset_size": megabytes,
            "minari_version": VERSION,
            OURS: self.about.to_json(),
        });
        json.extend(anew.as_object().cloned().unwrap_or_default());
        fs::write(path, Value::Object(json).to_string()).map_err(Error::writing(path))
    }
}

/// What we make of all that Minari says.
fn about(json: &Value, observation: &Tree, action: &Tree) -> Result<About, String> {
    let mut about = match &json[OURS] {
        Value::Null => About::new(observation.space(), action.space()),
        ours => About::of_text(&ours.to_string())?,
    };
    if about.observation_space != observation.space() || about.action_space != action.space() {
        return Err("it names other spaces than the dataset".to_owned());
    }
    let texts = json
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !ANEW.contains(&key.as_str()));
    for (key, value) in texts {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        about.other.insert(format!("{PREFIX}{key}"), text);
    }
    // Names and types of numbers, which our spaces do not have.
    for (key, tree) in [(OBSERVATION_SPACE, observation), (ACTION_SPACE, action)] {
        about
            .other
            .insert(format!("{PREFIX}{key}"), space_text(tree));
    }
    if about.environment.is_none() {
        let specification = json["env_spec"]
            .as_str()
            .and_then(|text| gymnasium::parse(text).ok());
        about.environment = specification.and_then(|json| Some(json["id"].as_str()?.to_owned()));
    }
    if about.expert.is_none() {
        about.expert = json["algorithm_name"].as_str().map(str::to_owned);
    }
    Ok(about)
}

/// A space as Minari has it: JSON inside of a text, with bounds that JSON has no word for as Python writes them.
fn space_text(tree: &Tree) -> String {
    let mut text = tree.json().to_string();
    for word in ["Infinity", "-Infinity"] {
        for (before, after) in [
            ("[", ","),
            ("[", "]"),
            (",", ","),
            (",", "]"),
            (":", ","),
            (":", "}"),
        ] {
            // Twice, because neighbours share the character between them.
            for _ in 0..2 {
                text = text.replace(
                    &format!("{before}\"{word}\"{after}"),
                    &format!("{before}{word}{after}"),
                );
            }
        }
    }
    text
}

/// `name` in the characters that the name of a dataset may have.
fn slug(name: &str) -> String {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    name.chars()
        .map(|character| if allowed(character) { character } else { '_' })
        .collect()
}
