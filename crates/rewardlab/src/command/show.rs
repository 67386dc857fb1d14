//! `rewardlab show`: an experiment with every value explicit, or what can be set about an environment.

use std::io::Write;

use ::report::terminal::{ListRow, Listing};
use anyhow::Result;
use clap::Args;
use serde_json::{Map, Value, json};

use super::{list, output};
use crate::experiment::{Experiment, shipped};
use crate::registry::{self, EnvironmentEntry};

/// Show an experiment with every setting resolved, or what can be set about an environment
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab show coast-runners
  rewardlab show ppo-cartpole --set optimizer.discount=0.9
  rewardlab show coast-runners > mine.toml     a starting point for one of your own
  rewardlab show risky-path                    an environment: its settings and its policies")]
pub(super) struct Show {
    /// Name of a shipped experiment, path of a TOML file, or name of an environment
    #[arg(value_name = "EXPERIMENT")]
    name: String,
    /// Override a setting: section.key=value; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        if let Some(entry) = self.environment() {
            return if self.json {
                output::object(out, &list::environment(entry))
            } else {
                write!(
                    out,
                    "{}",
                    ::report::terminal::list(&listings(entry), &output::style())
                )?;
                Ok(0)
            };
        }
        let experiment = Experiment::load(&self.name, &self.set)?;
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

    /// The environment of that name, where there is no experiment of it.
    fn environment(&self) -> Option<&'static EnvironmentEntry> {
        let is_experiment = shipped().iter().any(|shipped| shipped.name == self.name);
        registry::find(&self.name).filter(|_| !is_experiment)
    }
}

/// What an environment is, what can be set about it, and who plays it.
fn listings(entry: &EnvironmentEntry) -> [Listing; 3] {
    let row = |name: &str, summary: String| ListRow {
        name: name.to_owned(),
        word: None,
        summary,
    };
    let settings = entry.settings.iter().map(|setting| {
        let default = match &setting.default {
            Some(default) => format!("; {default} unless set"),
            None => String::new(),
        };
        let summary = format!("{}: {}{default}", setting.meaning, setting.kind.allowed());
        row(setting.key, summary)
    });
    let policies = entry
        .policies
        .iter()
        .map(|(name, meaning)| row(name, (*meaning).to_owned()));
    let listing = |title: &str, rows| Listing {
        title: title.to_owned(),
        rows,
    };
    [
        listing("environment", vec![row(entry.name, entry.about.to_owned())]),
        listing("settings", settings.collect()),
        listing("policies", policies.collect()),
    ]
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
