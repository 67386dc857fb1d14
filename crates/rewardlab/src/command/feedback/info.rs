//! `rewardlab feedback info`: what a store holds.

use std::io::Write;

use ::feedback::{Progress, Queue, Status, Store};
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::command::output;

/// Show the queues of a store, how far each is, and who answered
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab feedback info feedback.sqlite
  rewardlab feedback info feedback.sqlite --json")]
pub(super) struct Info {
    /// A store: a file, the folder of a run, or postgres://…
    store: String,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// What is known of a queue.
struct Known {
    queue: Queue,
    progress: Progress,
    status: Option<Status>,
    annotators: Vec<(Option<String>, u64)>,
    n_demonstrations: u64,
}

impl Info {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let store = Store::open(&self.store)?;
        let mut known = vec![];
        for queue in store.queues()? {
            let files = store.demonstrations(queue.id)?;
            known.push(Known {
                progress: store.progress(queue.id, "")?,
                status: store.status(queue.id)?,
                annotators: store.annotators(queue.id)?,
                n_demonstrations: files.iter().map(|file| file.n_episodes).sum(),
                queue,
            });
        }
        if self.json {
            let queues: Vec<Value> = known.iter().map(object).collect();
            return output::object(out, &json!({ "store": store.place(), "queues": queues }));
        }
        writeln!(out, "store        {}", store.place())?;
        for known in &known {
            writeln!(out)?;
            for (name, text) in lines(known) {
                writeln!(out, "{name:<13}{text}")?;
            }
        }
        if known.is_empty() {
            writeln!(out, "queues       none")?;
        }
        Ok(0)
    }
}

fn object(known: &Known) -> Value {
    let annotators = known
        .annotators
        .iter()
        .map(|(name, n_answers)| json!({ "annotator": name, "answers": n_answers }));
    json!({
        "queue": known.queue.settings.name,
        "is_closed": known.queue.is_closed,
        "wanted": known.queue.settings.wanted,
        "questions": known.progress.n_questions,
        "open": known.progress.n_open,
        "answers": known.progress.n_answers,
        "annotators": annotators.collect::<Vec<_>>(),
        "demonstrated_episodes": known.n_demonstrations,
        "learned_from": known.status.as_ref().map(|status| status.n_learned),
        "accuracy": known.status.as_ref().and_then(|status| status.accuracy),
    })
}

fn lines(known: &Known) -> Vec<(&'static str, String)> {
    let Known {
        queue, progress, ..
    } = known;
    let state = if queue.is_closed {
        "closed"
    } else {
        "open for questions"
    };
    let mut lines = vec![
        ("queue", format!("{}, {state}", queue.settings.name)),
        (
            "questions",
            format!("{}, {} of them open", progress.n_questions, progress.n_open),
        ),
        ("answers", progress.n_answers.to_string()),
    ];
    for (name, n_answers) in &known.annotators {
        let name = name.as_deref().unwrap_or("(not recorded)");
        lines.push(("", format!("{n_answers} by {name}")));
    }
    if known.n_demonstrations > 0 {
        let text = format!("{} episodes in files", known.n_demonstrations);
        lines.push(("demonstrated", text));
    }
    if let Some(status) = &known.status {
        let accuracy = match status.accuracy {
            Some(share) => format!(", {:.1}% of those held out predicted", 100.0 * share),
            None => String::new(),
        };
        lines.push((
            "learned from",
            format!("{} answers{accuracy}", status.n_learned),
        ));
    }
    lines
}
