//! Putting questions.

use serde_json::Value as Json;

use super::Store;
use super::database::{Connection, Purpose, Row, Value, damaged};
use super::types::{Asked, Content, Kind, NewItem, NewQuestion, Scale, StoredItem};
use super::validate;
use crate::{Clip, Error};

impl Store {
    /// Puts questions, all or none. They are kept when the call returns. A question whose number is there already is not
    /// asked again, so that whoever was interrupted may ask the same anew.
    ///
    /// # Errors
    /// If a question is impossible, an item is there under its name with another content, or the store cannot be
    /// written.
    pub fn ask(&self, queue: i64, questions: &[NewQuestion], now: i64) -> Result<(), Error> {
        questions.iter().try_for_each(validate::question)?;
        self.transact(Purpose::Write, |connection| {
            let wanted = wanted_of(connection, queue)?;
            for question in questions {
                ask_one(connection, queue, question, wanted, now)?;
            }
            Ok(())
        })
    }

    /// Puts questions to nobody any more. What was answered stays.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn retire(&self, queue: i64, numbers: &[u64]) -> Result<(), Error> {
        self.transact(Purpose::Write, |connection| {
            for number in numbers {
                let number = i64::try_from(*number).unwrap_or(-1);
                connection.execute(
                    "UPDATE feedback_question SET is_retired = 1, is_open = 0
                     WHERE queue = $1 AND number = $2",
                    &[queue.into(), number.into()],
                )?;
            }
            Ok(())
        })
    }

    /// The question of that number; none where it was not asked.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn question(&self, queue: i64, number: u64) -> Result<Option<Asked>, Error> {
        let Ok(number) = i64::try_from(number) else {
            return Ok(None);
        };
        self.transact(Purpose::Read, |connection| {
            let sql = "SELECT id FROM feedback_question WHERE queue = $1 AND number = $2";
            match connection.row(sql, &[queue.into(), number.into()])? {
                Some(mut row) => load(connection, row.integer()?).map(Some),
                None => Ok(None),
            }
        })
    }

    /// The largest number that a question of the queue has; none where nothing was asked.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn last_number(&self, queue: i64) -> Result<Option<u64>, Error> {
        self.transact(Purpose::Read, |connection| {
            let sql = "SELECT number FROM feedback_question WHERE queue = $1 ORDER BY number DESC LIMIT 1";
            let row = connection.row(sql, &[queue.into()])?;
            row.map(|mut row| row.count()).transpose()
        })
    }

    /// The segments of the items of a question, as bytes, in the order of its items; none where none was kept.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn segments(&self, queue: i64, number: u64) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let number = i64::try_from(number).unwrap_or(-1);
        self.transact(Purpose::Read, |connection| {
            let rows = connection.query(
                "SELECT i.segment FROM feedback_question q
                 JOIN feedback_question_item p ON p.question = q.id
                 JOIN feedback_item i ON i.id = p.item
                 WHERE q.queue = $1 AND q.number = $2 ORDER BY p.place",
                &[queue.into(), number.into()],
            )?;
            rows.into_iter().map(|mut row| row.maybe_bytes()).collect()
        })
    }
}

/// Answers that a queue wants of each question.
pub(super) fn wanted_of(connection: &mut Connection, queue: i64) -> Result<i64, Error> {
    let sql = "SELECT wanted FROM feedback_queue WHERE id = $1";
    let row = connection.row(sql, &[queue.into()])?;
    let problem = || Error::refused(format!("queue {queue} is not in the store"), "add it");
    row.ok_or_else(problem)?.integer()
}

/// Puts a question, if its number is new, and gives its number in the store and whether it was new.
pub(super) fn ask_one(
    connection: &mut Connection,
    queue: i64,
    question: &NewQuestion,
    wanted: i64,
    now: i64,
) -> Result<(i64, bool), Error> {
    let scale = match question.kind {
        Kind::Rating(scale) => Some(scale),
        _ => None,
    };
    let number = i64::try_from(question.number).unwrap_or(i64::MAX);
    let row = connection.row(
        "INSERT INTO feedback_question (queue, number, kind, low, high, step, prompt, priority, wanted, asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (queue, number) DO NOTHING RETURNING id",
        &[
            queue.into(),
            number.into(),
            question.kind.name().into(),
            scale.map(|scale| scale.low).into(),
            scale.map(|scale| scale.high).into(),
            scale.and_then(|scale| scale.step).into(),
            question.prompt.as_str().into(),
            question.priority.into(),
            wanted.into(),
            now.into(),
        ],
    )?;
    let Some(mut row) = row else {
        let sql = "SELECT id FROM feedback_question WHERE queue = $1 AND number = $2";
        let row = connection.row(sql, &[queue.into(), number.into()])?;
        let mut row = row.ok_or_else(|| damaged("a question", &Value::Null))?;
        return Ok((row.integer()?, false));
    };
    let id = row.integer()?;
    for (place, item) in question.items.iter().enumerate() {
        let item = keep_item(connection, queue, question.number, place, item)?;
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        connection.execute(
            "INSERT INTO feedback_question_item (question, place, item) VALUES ($1, $2, $3)",
            &[id.into(), place.into(), item.into()],
        )?;
    }
    Ok((id, true))
}

/// The name of an item that was given none.
pub(super) fn default_name(number: u64, place: usize) -> String {
    format!("question-{number}-item-{place}")
}

/// Keeps an item, if its name is new, and gives its number in the store.
fn keep_item(
    connection: &mut Connection,
    queue: i64,
    number: u64,
    place: usize,
    item: &NewItem,
) -> Result<i64, Error> {
    let name = match &item.name {
        Some(name) => name.clone(),
        None => default_name(number, place),
    };
    let (form, content) = written(&item.content);
    let traits = Json::from(sorted(&item.traits)).to_string();
    let row = connection.row(
        "INSERT INTO feedback_item (queue, name, form, content, traits, segment)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (queue, name) DO NOTHING RETURNING id",
        &[
            queue.into(),
            name.as_str().into(),
            form.into(),
            content.as_str().into(),
            traits.as_str().into(),
            item.segment.clone().into(),
        ],
    )?;
    if let Some(mut row) = row {
        return row.integer();
    }
    let row = connection.row(
        "SELECT id, content, traits, segment FROM feedback_item WHERE queue = $1 AND name = $2",
        &[queue.into(), name.as_str().into()],
    )?;
    let mut row = row.ok_or_else(|| damaged("an item", &Value::Null))?;
    let id = row.integer()?;
    let is_same =
        row.text()? == content && row.text()? == traits && row.maybe_bytes()? == item.segment;
    if !is_same {
        return Err(Error::refused(
            format!(
                "the item {} is there with another content",
                crate::error::quoted(&name)
            ),
            "give each content a name of its own",
        ));
    }
    Ok(id)
}

fn sorted(traits: &[String]) -> Vec<String> {
    let mut traits = traits.to_vec();
    traits.sort();
    traits.dedup();
    traits
}

fn written(content: &Content) -> (&'static str, String) {
    match content {
        Content::Clip(clip) => ("clip", clip.to_json().to_string()),
        Content::Text(text) => ("text", text.clone()),
        Content::Name => ("name", String::new()),
    }
}

/// What an item was kept as.
pub(super) fn content_of(form: &str, content: String) -> Result<Content, Error> {
    match form {
        "text" => Ok(Content::Text(content)),
        "name" => Ok(Content::Name),
        "clip" => {
            let json = serde_json::from_str::<Json>(&content).ok();
            let clip = json.as_ref().and_then(Clip::from_json);
            let clip = clip.ok_or_else(|| damaged("a clip", &Value::Text(content)))?;
            Ok(Content::Clip(clip))
        }
        other => Err(damaged("clip or text", &Value::Text(other.to_owned()))),
    }
}

/// The traits that were kept.
pub(super) fn traits_of(text: String) -> Result<Vec<String>, Error> {
    serde_json::from_str(&text).map_err(|_| damaged("a list of traits", &Value::Text(text)))
}

/// What kind a question was kept as.
pub(super) fn kind_of(row: &mut Row) -> Result<Kind, Error> {
    let kind = row.text()?;
    let (low, high, step) = (row.maybe_real()?, row.maybe_real()?, row.maybe_real()?);
    match (kind.as_str(), low, high) {
        ("comparison", ..) => Ok(Kind::Comparison),
        ("rating", Some(low), Some(high)) => Ok(Kind::Rating(Scale { low, high, step })),
        ("best", ..) => Ok(Kind::Best),
        ("critique", ..) => Ok(Kind::Critique),
        _ => Err(damaged("a kind of question", &Value::Text(kind))),
    }
}

/// A question with its items.
pub(super) fn load(connection: &mut Connection, id: i64) -> Result<Asked, Error> {
    let row = connection.row(
        "SELECT number, prompt, kind, low, high, step FROM feedback_question WHERE id = $1",
        &[id.into()],
    )?;
    let mut row = row.ok_or_else(|| damaged("a question", &Value::Null))?;
    let (number, prompt, kind) = (row.count()?, row.text()?, kind_of(&mut row)?);
    let rows = connection.query(
        "SELECT i.id, i.name, i.form, i.content, i.traits FROM feedback_question_item p
         JOIN feedback_item i ON i.id = p.item WHERE p.question = $1 ORDER BY p.place",
        &[id.into()],
    )?;
    let item = |mut row: Row| {
        let (id, name, form) = (row.integer()?, row.text()?, row.text()?);
        Ok(StoredItem {
            id,
            name,
            content: content_of(&form, row.text()?)?,
            traits: traits_of(row.text()?)?,
        })
    };
    Ok(Asked {
        id,
        number,
        kind,
        prompt,
        items: rows.into_iter().map(item).collect::<Result<_, Error>>()?,
    })
}
