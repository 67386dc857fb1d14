//! `rewardlab list`: what there is to run.

use std::io::Write;
use std::path::PathBuf;

use ::report::Word;
use ::report::terminal::{ListRow, Listing};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::experiment::shipped;
use crate::optimizer::Algorithm;
use crate::registry;
use crate::run;

/// List experiments, environments, presets and the runs in a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab list
  rewardlab list --runs elsewhere/runs
  rewardlab list --json")]
pub(super) struct List {
    /// Folder whose runs are listed
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    runs: PathBuf,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        if self.json {
            return output::object(out, &self.object()?);
        }
        let experiments = shipped().iter().map(|shipped| {
            let experiment = shipped.parse(&[])?;
            Ok(row(shipped.name, &experiment.description))
        });
        let environments = registry::entries()
            .iter()
            .map(|entry| row(entry.name, entry.about));
        let presets = Algorithm::ALL.into_iter().flat_map(|algorithm| {
            let of = move |preset: &crate::optimizer::Preset| {
                row(
                    &format!("{} {}", algorithm.name(), preset.name),
                    preset.source,
                )
            };
            algorithm.presets().iter().map(of).collect::<Vec<_>>()
        });
        let listings = [
            ("experiments", experiments.collect::<Result<Vec<_>>>()?),
            ("environments", environments.collect()),
            ("presets", presets.collect()),
            ("runs", self.run_rows()),
        ];
        let listings = listings.map(|(title, rows)| Listing {
            title: title.to_owned(),
            rows,
        });
        write!(
            out,
            "{}",
            ::report::terminal::list(&listings, &output::style())
        )?;
        Ok(0)
    }

    fn run_rows(&self) -> Vec<ListRow> {
        let verdict = |path: &PathBuf| {
            let word = run::read_verdict(path).ok()?["verdict"]
                .as_str()?
                .to_owned();
            WORDS.into_iter().find(|known| known.as_str() == word)
        };
        self.run_folders()
            .iter()
            .map(|path| {
                let word = verdict(path);
                ListRow {
                    name: path.display().to_string(),
                    word,
                    summary: if word.is_some() {
                        String::new()
                    } else {
                        "not finished".to_owned()
                    },
                }
            })
            .collect()
    }

    /// Folders of runs, by experiment and time.
    fn run_folders(&self) -> Vec<PathBuf> {
        let folders = |path: &PathBuf| -> Vec<PathBuf> {
            let mut folders: Vec<PathBuf> = std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.is_dir())
                .collect();
            folders.sort();
            folders
        };
        // A folder whose name begins with a dot was given up before it became a run.
        let is_hidden = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        let is_run = |path: &PathBuf| path.join("experiment.toml").is_file() && !is_hidden(path);
        folders(&self.runs)
            .iter()
            .flat_map(folders)
            .filter(is_run)
            .collect()
    }

    fn object(&self) -> Result<Value> {
        let mut experiments = vec![];
        for shipped in shipped() {
            let experiment = shipped.parse(&[])?;
            experiments.push(json!({
                "name": shipped.name,
                "description": experiment.description,
                "environment": experiment.environment.name,
                "algorithm": experiment.optimizer.algorithm.name(),
            }));
        }
        let environments: Vec<Value> = registry::entries().iter().map(environment).collect();
        let presets: Vec<Value> = Algorithm::ALL
            .into_iter()
            .flat_map(|algorithm| {
                let of = |preset: &crate::optimizer::Preset| {
                    json!({ "algorithm": algorithm.name(), "name": preset.name, "source": preset.source })
                };
                algorithm.presets().iter().map(of).collect::<Vec<_>>()
            })
            .collect();
        let runs: Vec<Value> = self
            .run_rows()
            .iter()
            .map(|row| json!({ "run": row.name, "verdict": row.word.map(|word| word.as_str()) }))
            .collect();
        Ok(json!({
            "experiments": experiments,
            "environments": environments,
            "presets": presets,
            "runs": runs,
        }))
    }
}

const WORDS: [Word; 5] = [
    Word::Aligned,
    Word::Overoptimised,
    Word::Gamed,
    Word::Tampered,
    Word::Inconclusive,
];

fn row(name: &str, summary: &str) -> ListRow {
    ListRow {
        name: name.to_owned(),
        word: None,
        summary: summary.to_owned(),
    }
}

/// An environment with its settings and policies.
pub(super) fn environment(entry: &registry::EnvironmentEntry) -> Value {
    let settings: Vec<Value> = entry
        .settings
        .iter()
        .map(|setting| {
            json!({
                "key": setting.key,
                "allowed": setting.kind.allowed(),
                "default": setting.default.as_ref().map(ToString::to_string),
                "meaning": setting.meaning,
            })
        })
        .collect();
    let policies: Vec<Value> = entry
        .policies
        .iter()
        .map(|(name, meaning)| json!({ "name": name, "meaning": meaning }))
        .collect();
    json!({ "name": entry.name, "about": entry.about, "settings": settings, "policies": policies })
}
