//! `rewardlab feedback import`: questions and answers from a file to a store.

use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use ::feedback::{ImportPart, QueueSettings, Store, open_records};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use super::counted;
use crate::command::output;

/// Keep the rows of a file in a new queue of a store, all or none
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab feedback import answers.jsonl feedback.sqlite
  rewardlab feedback import pairs.jsonl.gz feedback.sqlite --queue pairs --questions

Files of chosen and rejected texts are read, too. What a file is, its content tells. Every row is checked; where one
cannot be kept, nothing is. docs/feedback.md lists the columns.")]
pub(super) struct Import {
    /// File to read: JSON Lines, packed with gzip or not, or Parquet
    file: PathBuf,
    /// A store: a file, which is made where there is none, or postgres://…
    store: String,
    /// Name of the new queue; by default the file's
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Keep the questions alone, to have them answered anew
    #[arg(long)]
    questions: bool,
    /// Answers that are wanted of each question
    #[arg(long, value_name = "N", default_value_t = 1)]
    wanted: u32,
    /// What annotators are told
    #[arg(long, value_name = "TEXT", default_value = "")]
    instructions: String,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let mut reader = open_records(&self.file)?;
        let name = match &self.queue {
            Some(name) => name.clone(),
            None => {
                let name = self.file.file_name().and_then(|name| name.to_str());
                let name =
                    name.context("the file's name is no text; name the queue with --queue")?;
                name.to_owned()
            }
        };
        let settings = QueueSettings {
            instructions: self.instructions.clone(),
            wanted: self.wanted,
            ..QueueSettings::named(name.clone())
        };
        let part = if self.questions {
            ImportPart::Questions
        } else {
            ImportPart::Answers
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = i64::try_from(since.as_millis())?;
        let store = Store::create(&self.store)?;
        let imported = store
            .import(&settings, part, reader.as_mut(), now)
            .with_context(|| format!("{} was not imported", self.file.display()))?;
        if self.json {
            let object = json!({
                "queue": name,
                "questions": imported.n_questions,
                "answers": imported.n_answers,
                "store": store.place(),
            });
            return output::object(out, &object);
        }
        let questions = counted(imported.n_questions, "question");
        let answers = counted(imported.n_answers, "answer");
        writeln!(
            out,
            "kept {questions} and {answers} as {name} in {}",
            store.place()
        )?;
        Ok(0)
    }
}
