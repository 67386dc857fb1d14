//! `rewardlab show`: an experiment with every value explicit.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use serde_json::{Map, Value, json};

use super::output;
use crate::experiment::Experiment;

/// Show an experiment with every setting resolved
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab show coast-runners
  rewardlab show ppo-cartpole --set optimizer.discount=0.9
  rewardlab show coast-runners > mine.toml     a starting point for one of your own")]
pub(super) struct Show {
    /// Name of a shipped experiment, or path of a TOML file
    experiment: String,
    /// Override a setting: section.key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let experiment = Experiment::load(&self.experiment, &self.set)?;
        let toml = experiment.to_toml(crate::VERSION, nn::instruction_set());
        if self.json {
            let document: toml_edit::DocumentMut = toml.parse()?;
            let mut object = table(document.as_table());
            object.insert("name".into(), json!(experiment.name));
            return output::object(out, &Value::Object(object));
        }
        write!(out, "{toml}")?;
        Ok(0)
    }
}

fn table(table: &toml_edit::Table) -> Map<String, Value> {
    let item = |item: &toml_edit::Item| match item {
        toml_edit::Item::Table(inner) => Value::Object(self::table(inner)),
        toml_edit::Item::Value(inner) => value(inner),
        _ => Value::Null,
    };
    table
        .iter()
        .map(|(key, inner)| (key.to_owned(), item(inner)))
        .collect()
}

fn value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => json!(text.value()),
        toml_edit::Value::Integer(number) => json!(number.value()),
        toml_edit::Value::Float(number) => json!(number.value()),
        toml_edit::Value::Boolean(flag) => json!(flag.value()),
        toml_edit::Value::Array(items) => items.iter().map(self::value).collect(),
        other => json!(other.to_string()),
    }
}
