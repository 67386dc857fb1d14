//! Moving answers between stores and files.

use super::answers::record_one;
use super::ask::{ask_one, default_name, load};
use super::database::{Connection, Purpose};
use super::queue::{find, insert};
use super::read::page_after;
use super::types::{Asked, Content, NewItem, NewQuestion, QueueSettings, Said};
use super::{Store, validate};
use crate::{Error, ReadRecords, Record, RecordItem};

/// What of a queue is written beside its answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportSettings {
    /// The drawings of clips; without them, clips are known by their names.
    pub clips: bool,
    /// Questions that nobody has answered, after those that somebody has.
    pub unanswered: bool,
}

/// What of a file is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportPart {
    /// Questions and answers.
    Answers,
    /// Questions alone, so that they can be answered anew.
    Questions,
}

/// What an import brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Questions.
    pub n_questions: u64,
    /// Answers.
    pub n_answers: u64,
}

impl Store {
    /// Gives every answer of a queue that stands, with all that it is about, in the order in which they came, as the store
    /// is at one moment.
    ///
    /// # Errors
    /// If the store cannot be read, or what `each` gives.
    pub fn for_each_record(
        &self,
        queue: i64,
        settings: ExportSettings,
        mut each: impl FnMut(&Record) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.transact_once(Purpose::Read, |connection| {
            let mut after = 0;
            loop {
                let page = page_after(connection, queue, after)?;
                let Some((last, _)) = page.last() else {
                    break;
                };
                after = i64::try_from(last.revision).unwrap_or(i64::MAX);
                for (answer, question) in page {
                    if answer.withdrawn_at.is_none() {
                        let asked = load(connection, question)?;
                        each(&record(asked, Some(answer.said), settings))?;
                    }
                }
            }
            if !settings.unanswered {
                return Ok(());
            }
            let unanswered = connection.query(
                "SELECT id FROM feedback_question q WHERE queue = $1 AND NOT EXISTS
                     (SELECT 1 FROM feedback_answer a WHERE a.question = q.id AND a.withdrawn_at IS NULL)
                 ORDER BY id",
                &[queue.into()],
            )?;
            for mut row in unanswered {
                let asked = load(connection, row.integer()?)?;
                each(&record(asked, None, settings))?;
            }
            Ok(())
        })
    }

    /// Keeps the rows of a file in a new queue, all or none. Rows without the number of a question are numbered in the
    /// order of the file, from 1.
    ///
    /// # Errors
    /// If the queue is there already, a row cannot be kept, or the store cannot be written.
    pub fn import(
        &self,
        settings: &QueueSettings,
        part: ImportPart,
        reader: &mut dyn ReadRecords,
        now: i64,
    ) -> Result<Imported, Error> {
        validate::queue(settings)?;
        self.transact_once(Purpose::Write, |connection| {
            if find(connection, &settings.name)?.is_some() {
                return Err(Error::refused(
                    format!(
                        "the queue {} is in the store already",
                        crate::error::quoted(&settings.name)
                    ),
                    "name another",
                ));
            }
            insert(connection, settings, now)?;
            let missing = || Error::refused("the queue is gone", "import again");
            let queue = find(connection, &settings.name)?.ok_or_else(missing)?;
            let mut import = Import {
                queue: queue.id,
                wanted: i64::from(settings.wanted),
                part,
                now,
                n_rows: 0,
                is_numbered: None,
                imported: Imported::default(),
            };
            while let Some(record) = reader.next_record()? {
                import.n_rows += 1;
                let row = import.n_rows;
                import
                    .keep(connection, record)
                    .map_err(|error| at_row(row, error))?;
            }
            Ok(import.imported)
        })
    }
}

/// A refusal with the row that it is about.
fn at_row(row: u64, error: Error) -> Error {
    match error {
        Error::Refused { problem, mend } => Error::refused(format!("row {row}: {problem}"), mend),
        other => other,
    }
}

/// An import under way.
struct Import {
    queue: i64,
    wanted: i64,
    part: ImportPart,
    now: i64,
    n_rows: u64,
    is_numbered: Option<bool>,
    imported: Imported,
}

impl Import {
    fn keep(&mut self, connection: &mut Connection, record: Record) -> Result<(), Error> {
        let is_numbered = record.question.is_some();
        if *self.is_numbered.get_or_insert(is_numbered) != is_numbered {
            return Err(Error::refused(
                "rows with and without the number of a question",
                "number all questions, or none",
            ));
        }
        let number = record.question.unwrap_or(self.n_rows);
        let question = question(number, &record);
        validate::question(&question)?;
        match ask_one(connection, self.queue, &question, self.wanted, self.now)? {
            (_, true) => self.imported.n_questions += 1,
            (id, false) => check_same(&load(connection, id)?, &question)?,
        }
        let (ImportPart::Answers, Some(reply)) = (self.part, record.reply) else {
            return Ok(());
        };
        let said = Said {
            question: number,
            reply,
            annotator: record.annotator,
            shown: record.shown,
            at: record.at,
            seconds: record.seconds,
        };
        if !record_one(connection, self.queue, &said)? {
            let annotator = said.annotator.unwrap_or_default();
            return Err(Error::refused(
                format!(
                    "{} answered question {number} before",
                    crate::error::quoted(&annotator)
                ),
                "keep one of the answers, or give the questions numbers of their own",
            ));
        }
        self.imported.n_answers += 1;
        Ok(())
    }
}

fn question(number: u64, record: &Record) -> NewQuestion {
    let item = |item: &RecordItem| NewItem {
        name: item.id.clone(),
        content: match (&item.text, &item.clip) {
            (Some(text), _) => Content::Text(text.clone()),
            (None, Some(clip)) => Content::Clip(clip.clone()),
            (None, None) => Content::Name,
        },
        segment: None,
        traits: item.traits.clone(),
    };
    NewQuestion {
        number,
        kind: record.kind,
        items: record.items.iter().map(item).collect(),
        prompt: record.prompt.clone(),
        priority: 0,
    }
}

/// That a question which is asked under a number again is the same.
fn check_same(asked: &Asked, question: &NewQuestion) -> Result<(), Error> {
    let is_same_item = |(place, (asked, new)): (usize, (&super::StoredItem, &NewItem))| {
        let name = default_name(question.number, place);
        asked.name == *new.name.as_ref().unwrap_or(&name)
            && asked.content == new.content
            && asked.traits == new.traits
    };
    let mut items = asked.items.iter().zip(&question.items).enumerate();
    let is_same = asked.kind == question.kind
        && asked.prompt == question.prompt
        && asked.items.len() == question.items.len()
        && items.all(is_same_item);
    match is_same {
        true => Ok(()),
        false => Err(Error::refused(
            format!("question {} was another one before", question.number),
            "number the questions apart",
        )),
    }
}

fn record(asked: Asked, said: Option<Said>, settings: ExportSettings) -> Record {
    let number = asked.number;
    let item = |(place, item): (usize, super::StoredItem)| {
        let (text, clip) = match item.content {
            Content::Text(text) => (Some(text), None),
            Content::Clip(clip) => (None, Some(clip).filter(|_| settings.clips)),
            Content::Name => (None, None),
        };
        // A name that the store gave says nothing where the content says what the item is.
        let is_own = item.name == default_name(number, place) && (text.is_some() || clip.is_some());
        RecordItem {
            id: (!is_own).then_some(item.name),
            text,
            clip,
            traits: item.traits,
        }
    };
    let (reply, annotator, shown, at, seconds) = match said {
        Some(said) => (
            Some(said.reply),
            said.annotator,
            said.shown,
            said.at,
            said.seconds,
        ),
        None => (None, None, None, None, None),
    };
    Record {
        question: Some(number),
        kind: asked.kind,
        prompt: asked.prompt,
        items: asked.items.into_iter().enumerate().map(item).collect(),
        reply,
        annotator,
        shown,
        at,
        seconds,
    }
}
