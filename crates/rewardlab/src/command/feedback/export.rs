//! `rewardlab feedback export`: answers from a store to a file.

use std::io::Write;
use std::path::PathBuf;

use ::feedback::{AnswerFormat, ExportSettings, Queue, Store, create_records};
use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::counted;
use crate::command::output;

/// Write the answers of a store to a file that stands alone
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab feedback export runs/rlhf-cartpole/20261124T065046Z-0 answers.jsonl
  rewardlab feedback export feedback.sqlite answers.parquet --queue poems
  rewardlab feedback export feedback.sqlite pairs.jsonl --format chosen-rejected

Answers that were taken back are left out. docs/feedback.md lists the columns.")]
pub(super) struct Export {
    /// A store: a file, the folder of a run, or postgres://…
    store: String,
    /// File to write; .jsonl, .jsonl.gz or .parquet
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Queue to export; needed where the store has several
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Format to write; by default the ending of the name tells
    #[arg(long, value_name = "FORMAT", value_parser = format_of_word)]
    format: Option<AnswerFormat>,
    /// Write the drawings of clips, too
    #[arg(long)]
    clips: bool,
    /// Write questions that nobody has answered, too
    #[arg(long)]
    unanswered: bool,
    /// Replace a file that is there
    #[arg(long)]
    replace: bool,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

fn format_of_word(word: &str) -> Result<AnswerFormat, String> {
    let found = AnswerFormat::ALL
        .into_iter()
        .find(|format| format.word() == word);
    let words = AnswerFormat::ALL.map(AnswerFormat::word).join(", ");
    found.ok_or_else(|| format!("formats are {words}"))
}

impl Export {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let format = self.checked_format()?;
        let store = Store::open(&self.store)?;
        let queue = self.chosen_queue(&store)?;
        let settings = ExportSettings {
            clips: self.clips,
            unanswered: self.unanswered,
        };
        let mut writer = create_records(&self.to, format)?;
        let mut n_rows = 0;
        store.for_each_record(queue.id, settings, |record| {
            n_rows += 1;
            writer.push(record)
        })?;
        writer.finish()?;
        let name = queue.settings.name;
        if self.json {
            let object = json!({ "queue": name, "rows": n_rows, "file": self.to });
            return output::object(out, &object);
        }
        let rows = counted(n_rows, "row");
        writeln!(out, "wrote {rows} of {name} to {}", self.to.display())?;
        Ok(0)
    }

    /// The format, where something may be written at the place.
    fn checked_format(&self) -> Result<AnswerFormat> {
        let path = self.to.display();
        let Some(format) = self.format.or_else(|| AnswerFormat::of_ending(&self.to)) else {
            let words = AnswerFormat::ALL.map(AnswerFormat::word).join(", ");
            bail!(
                "{path}: its name does not end with .jsonl, .jsonl.gz or .parquet; name the format with --format ({words})"
            );
        };
        if self.to.is_dir() {
            bail!("{path}: is a folder that is there; name a file");
        }
        if self.to.exists() && !self.replace {
            bail!("{path}: is there already; name another file, or add --replace");
        }
        Ok(format)
    }

    fn chosen_queue(&self, store: &Store) -> Result<Queue> {
        if let Some(name) = &self.queue {
            return Ok(store.queue(name)?);
        }
        let mut queues = store.queues()?;
        match queues.len() {
            1 => Ok(queues.remove(0)),
            0 => bail!(
                "{}: the store has no queues; nothing was asked yet",
                store.place()
            ),
            _ => {
                let names: Vec<String> = queues.into_iter().map(|q| q.settings.name).collect();
                let names = names.join(", ");
                bail!(
                    "{}: the store has several queues; name one with --queue ({names})",
                    store.place()
                )
            }
        }
    }
}
