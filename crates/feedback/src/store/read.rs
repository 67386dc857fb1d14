//! Reading answers back.

use super::Store;
use super::ask::{default_name, traits_of};
use super::database::{Connection, Purpose, Row, Value, damaged};
use super::types::{Answer, Change, Reply, Said};
use crate::{Comparison, Comparisons, Error, Item, Preference, Which};

/// Answers that are read at once.
const PAGE: i64 = 1000;

impl Store {
    /// What changed in a queue after the change numbered `revision`, at most `most` changes, in order. A reader begins
    /// with 0 and goes on with the number of the last change that it was given.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn changes(
        &self,
        queue: i64,
        revision: u64,
        most: usize,
    ) -> Result<Vec<(u64, Change)>, Error> {
        let after = i64::try_from(revision).unwrap_or(i64::MAX);
        let most_rows = i64::try_from(most).unwrap_or(i64::MAX);
        let mut changes = self.transact(Purpose::Read, |connection| {
            let select = |column: &str| {
                format!(
                    "{ANSWER} WHERE a.queue = $1 AND a.{column} > $2 ORDER BY a.{column} LIMIT $3"
                )
            };
            let values = [queue.into(), after.into(), most_rows.into()];
            let mut changes = vec![];
            for row in connection.query(&select("revision"), &values)? {
                let (answer, ..) = answer_of(row)?;
                changes.push((answer.revision, Change::Answered(answer)));
            }
            for row in connection.query(&select("withdrawn_revision"), &values)? {
                let (answer, withdrawn, _) = answer_of(row)?;
                let number = withdrawn.ok_or_else(|| damaged("a revision", &Value::Null))?;
                changes.push((number, Change::Withdrawn(answer)));
            }
            Ok(changes)
        })?;
        changes.sort_by_key(|(number, _)| *number);
        changes.truncate(most);
        Ok(changes)
    }

    /// All answers of a queue in the order in which they came, those that were taken back included.
    ///
    /// # Errors
    /// If the store cannot be read, or what `each` gives.
    pub fn for_each_answer(
        &self,
        queue: i64,
        mut each: impl FnMut(Answer) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut after = 0;
        loop {
            let page = self.transact(Purpose::Read, |connection| {
                page_after(connection, queue, after)
            })?;
            if page.is_empty() {
                return Ok(());
            }
            for (answer, _) in page {
                after = i64::try_from(answer.revision).unwrap_or(i64::MAX);
                each(answer)?;
            }
        }
    }

    /// The comparisons of a queue that stand, for analysis; of all queues where none is named.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn comparisons(&self, queue: Option<i64>) -> Result<Comparisons, Error> {
        let queues = match queue {
            Some(queue) => vec![queue],
            None => self.queues()?.iter().map(|queue| queue.id).collect(),
        };
        let mut comparisons = Comparisons::new();
        for queue in queues {
            let mut after = 0;
            loop {
                let rows = self.transact(Purpose::Read, |connection| {
                    comparisons_after(connection, queue, after)
                })?;
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    after = push_comparison(&mut comparisons, row)?;
                }
            }
        }
        Ok(comparisons)
    }
}

const ANSWER: &str =
    "SELECT q.id, a.revision, a.withdrawn_revision, a.withdrawn_at, q.number, a.said, a.rating, a.best,
     a.words, a.annotator, a.shown, a.at, a.seconds
     FROM feedback_answer a JOIN feedback_question q ON q.id = a.question";

/// Answers after a change, and the questions that they answer.
pub(super) fn page_after(
    connection: &mut Connection,
    queue: i64,
    after: i64,
) -> Result<Vec<(Answer, i64)>, Error> {
    let sql =
        format!("{ANSWER} WHERE a.queue = $1 AND a.revision > $2 ORDER BY a.revision LIMIT $3");
    let rows = connection.query(&sql, &[queue.into(), after.into(), PAGE.into()])?;
    let one = |row| answer_of(row).map(|(answer, _, question)| (answer, question));
    rows.into_iter().map(one).collect()
}

/// An answer, the change that took it back, and the question.
fn answer_of(mut row: Row) -> Result<(Answer, Option<u64>, i64), Error> {
    let id = row.integer()?;
    let revision = row.count()?;
    let withdrawn = row.maybe_integer()?.map(i64::cast_unsigned);
    let withdrawn_at = row.maybe_integer()?;
    let question = row.count()?;
    let said = Said {
        question,
        reply: reply_of(&mut row)?,
        annotator: row.maybe_text()?,
        shown: row.maybe_text()?.map(order_of).transpose()?,
        at: row.maybe_integer()?,
        seconds: row.maybe_real()?,
    };
    let answer = Answer {
        revision,
        said,
        withdrawn_at,
    };
    Ok((answer, withdrawn, id))
}

/// A page of comparisons that stand.
fn comparisons_after(
    connection: &mut Connection,
    queue: i64,
    after: i64,
) -> Result<Vec<Row>, Error> {
    connection.query(
        "SELECT a.revision, q.number, a.said, a.annotator, a.shown, a.at, a.seconds,
             f.name, f.form, f.content, f.traits, s.name, s.form, s.content, s.traits
         FROM feedback_answer a
         JOIN feedback_question q ON q.id = a.question
         JOIN feedback_question_item pf ON pf.question = q.id AND pf.place = 0
         JOIN feedback_item f ON f.id = pf.item
         JOIN feedback_question_item ps ON ps.question = q.id AND ps.place = 1
         JOIN feedback_item s ON s.id = ps.item
         WHERE a.queue = $1 AND a.revision > $2 AND a.withdrawn_at IS NULL AND q.kind = 'comparison'
         ORDER BY a.revision LIMIT $3",
        &[queue.into(), after.into(), PAGE.into()],
    )
}

fn push_comparison(comparisons: &mut Comparisons, mut row: Row) -> Result<i64, Error> {
    let revision = row.integer()?;
    let number = row.count()?;
    let said = row.text()?;
    let preference = Preference::named(&said)
        .ok_or_else(|| damaged("a preference", &Value::Text(said.clone())))?;
    let annotator = row.maybe_text()?;
    let shown = row.maybe_text()?.map(order_of).transpose()?;
    let (at, seconds) = (row.maybe_integer()?, row.maybe_real()?);
    let left = match shown.as_deref() {
        Some([0, ..]) => Some(Which::First),
        Some([1, ..]) => Some(Which::Second),
        _ => None,
    };
    let mut item = |comparisons: &mut Comparisons, place| -> Result<usize, Error> {
        let (name, form, content) = (row.text()?, row.text()?, row.text()?);
        // A name that the store gave tells no texts apart that are the same.
        let is_named = form != "text" || name != default_name(number, place);
        Ok(comparisons.item(Item {
            id: is_named.then_some(name),
            text: (form == "text").then_some(content),
            traits: traits_of(row.text()?)?,
        }))
    };
    let first = item(comparisons, 0)?;
    let second = item(comparisons, 1)?;
    let annotator = annotator.map(|name| comparisons.annotator(&name));
    comparisons.push(Comparison {
        first,
        second,
        preference,
        annotator,
        left,
        at,
        seconds,
    });
    Ok(revision)
}

/// What was said, as it is kept: its name, and the number or the words.
pub(super) fn said_of(reply: &Reply) -> (&'static str, Option<f64>, Option<i64>, Option<&str>) {
    match reply {
        Reply::Preference(preference) => (preference.name(), None, None, None),
        Reply::Rating(rating) => ("rating", Some(*rating), None, None),
        Reply::Best(position) => ("best", None, i64::try_from(*position).ok(), None),
        Reply::Critique(words) => ("critique", None, None, Some(words)),
    }
}

fn reply_of(row: &mut Row) -> Result<Reply, Error> {
    let said = row.text()?;
    let (rating, best, words) = (row.maybe_real()?, row.maybe_integer()?, row.maybe_text()?);
    let best = best.and_then(|position| usize::try_from(position).ok());
    match (said.as_str(), rating, best, words) {
        ("rating", Some(rating), ..) => Ok(Reply::Rating(rating)),
        ("best", _, Some(position), _) => Ok(Reply::Best(position)),
        ("critique", _, _, Some(words)) => Ok(Reply::Critique(words)),
        (name, ..) => Preference::named(name)
            .map(Reply::Preference)
            .ok_or_else(|| damaged("an answer", &Value::Text(said.clone()))),
    }
}

/// An order of items as it is kept: `1 0`.
pub(super) fn order_text(order: &[usize]) -> String {
    let places: Vec<String> = order.iter().map(usize::to_string).collect();
    places.join(" ")
}

/// The order that was kept.
pub(super) fn order_of(text: String) -> Result<Vec<usize>, Error> {
    let places: Result<Vec<usize>, _> = text.split(' ').map(str::parse).collect();
    places.map_err(|_| damaged("an order of items", &Value::Text(text)))
}
