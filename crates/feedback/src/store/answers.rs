//! Keeping answers, once each.

use std::time::Duration;

use super::Store;
use super::ask::kind_of;
use super::database::{Connection, Purpose, Value};
use super::lease::{grant, lock};
use super::queue::next_revision;
use super::read::{order_text, said_of};
use super::types::{Kind, Lease, Recorded, Reply, Said, milliseconds};
use super::validate;
use crate::Error;

impl Store {
    /// Keeps an annotator's answer to the question that they hold under `token`. When the call returns, the answer is on
    /// the disk. The same token answered again, or the same question by the same annotator, changes nothing.
    ///
    /// An answer that comes after its lease has run out is kept as long as nobody else was given the question.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if the token is not this annotator's, or the question went to somebody else; another error if
    /// the question cannot be answered so, or the store cannot be written.
    pub fn answer(
        &self,
        token: i64,
        annotator: &str,
        reply: &Reply,
        seconds: Option<f64>,
        now: i64,
    ) -> Result<Recorded, Error> {
        validate::seconds(seconds)?;
        self.transact(Purpose::Write, |connection| {
            let row = connection.row(
                "SELECT queue, question, shown FROM feedback_lease WHERE id = $1 AND annotator = $2",
                &[token.into(), annotator.into()],
            )?;
            let mut row = row.ok_or(Error::LeaseLost { token })?;
            let (queue, id, shown) = (row.integer()?, row.integer()?, row.text()?);
            let question = locked(connection, id)?;
            validate::reply(question.kind, question.n_items, reply)?;
            if is_answered(connection, id, annotator, token)? {
                return Ok(Recorded::Already);
            }
            if !may_answer(connection, &question, token, now)? {
                return Err(Error::LeaseLost { token });
            }
            connection.execute(
                "UPDATE feedback_lease SET is_open = 0 WHERE id = $1",
                &[token.into()],
            )?;
            let values = Kept {
                queue,
                question: id,
                annotator: Some(annotator),
                lease: Some(token),
                reply,
                shown: Some(shown),
                at: Some(now),
                seconds,
            };
            keep(connection, &values)?;
            Ok(Recorded::Kept)
        })
    }

    /// Takes back the last answer that an annotator gave in a queue, a skip included, and gives the question to them
    /// again; none where there is nothing to take back. The answer stays on record as withdrawn.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn undo(
        &self,
        queue: i64,
        annotator: &str,
        now: i64,
        duration: Duration,
    ) -> Result<Option<Lease>, Error> {
        validate::name("an annotator", annotator)?;
        let expires_at = now.saturating_add(milliseconds(duration));
        self.transact(Purpose::Write, |connection| {
            let last = connection.row(
                "SELECT a.id, a.question FROM feedback_answer a JOIN feedback_question q ON q.id = a.question
                 WHERE a.queue = $1 AND a.annotator = $2 AND a.withdrawn_at IS NULL
                 AND a.lease IS NOT NULL AND q.is_retired = 0 ORDER BY a.id DESC LIMIT 1",
                &[queue.into(), annotator.into()],
            )?;
            let Some(mut row) = last else {
                return Ok(None);
            };
            let (answer, question) = (row.integer()?, row.integer()?);
            lock(connection, question)?;
            let revision = next_revision(connection, queue)?;
            let n_withdrawn = connection.execute(
                "UPDATE feedback_answer SET withdrawn_at = $1, withdrawn_revision = $2
                 WHERE id = $3 AND withdrawn_at IS NULL",
                &[now.into(), count(revision).into(), answer.into()],
            )?;
            if n_withdrawn == 0 {
                // Taken back in the same moment from another window of the same annotator, who holds the question now.
                return Ok(None);
            }
            recount(connection, question)?;
            grant(connection, queue, question, annotator, now, expires_at).map(Some)
        })
    }

    /// Keeps answers that were given without a lease, all or none: by simulated annotators, or elsewhere. An answer of an
    /// annotator who has answered the question already changes nothing; answers without an annotator are all kept.
    ///
    /// # Errors
    /// If a question is not there or cannot be answered so, or the store cannot be written.
    pub fn record(&self, queue: i64, answers: &[Said]) -> Result<(), Error> {
        self.transact(Purpose::Write, |connection| {
            for said in answers {
                let _is_new = record_one(connection, queue, said)?;
            }
            Ok(())
        })
    }
}

/// Keeps one answer without a lease, unless the annotator has answered; whether it was kept.
pub(super) fn record_one(
    connection: &mut Connection,
    queue: i64,
    said: &Said,
) -> Result<bool, Error> {
    validate::seconds(said.seconds)?;
    if let Some(annotator) = &said.annotator {
        validate::name("an annotator", annotator)?;
    }
    let number = i64::try_from(said.question).unwrap_or(-1);
    let sql = "SELECT id FROM feedback_question WHERE queue = $1 AND number = $2";
    let row = connection.row(sql, &[queue.into(), number.into()])?;
    let problem = || {
        Error::refused(
            format!("question {} was not asked", said.question),
            "ask it first",
        )
    };
    let id = row.ok_or_else(problem)?.integer()?;
    let question = locked(connection, id)?;
    validate::reply(question.kind, question.n_items, &said.reply)?;
    if let Some(order) = &said.shown {
        validate::shown(order, question.n_items)?;
    }
    if let Some(annotator) = &said.annotator
        && is_answered(connection, id, annotator, -1)?
    {
        return Ok(false);
    }
    let values = Kept {
        queue,
        question: id,
        annotator: said.annotator.as_deref(),
        lease: None,
        reply: &said.reply,
        shown: said.shown.as_deref().map(order_text),
        at: said.at,
        seconds: said.seconds,
    };
    keep(connection, &values)?;
    Ok(true)
}

/// What has to be known of a question before it is answered.
struct Locked {
    id: i64,
    kind: Kind,
    n_items: usize,
    n_free: i64,
    is_retired: bool,
}

fn locked(connection: &mut Connection, question: i64) -> Result<Locked, Error> {
    lock(connection, question)?;
    let row = connection.row(
        "SELECT q.kind, q.low, q.high, q.step, q.is_retired, q.wanted - q.n_answers,
             (SELECT COUNT(*) FROM feedback_question_item p WHERE p.question = q.id)
         FROM feedback_question q WHERE q.id = $1",
        &[question.into()],
    )?;
    let mut row = row.ok_or_else(|| super::database::damaged("a question", &Value::Null))?;
    Ok(Locked {
        id: question,
        kind: kind_of(&mut row)?,
        is_retired: row.flag()?,
        n_free: row.integer()?,
        n_items: usize::try_from(row.count()?).unwrap_or(usize::MAX),
    })
}

/// Whether the annotator's answer stands, or one was given under the token.
fn is_answered(
    connection: &mut Connection,
    question: i64,
    annotator: &str,
    token: i64,
) -> Result<bool, Error> {
    let row = connection.row(
        "SELECT 1 FROM feedback_answer WHERE question = $1
         AND (lease = $2 OR (annotator = $3 AND withdrawn_at IS NULL)) LIMIT 1",
        &[question.into(), token.into(), annotator.into()],
    )?;
    Ok(row.is_some())
}

/// Whether the lease is in force, or has run out with room for its answer still.
fn may_answer(
    connection: &mut Connection,
    question: &Locked,
    token: i64,
    now: i64,
) -> Result<bool, Error> {
    if question.is_retired {
        return Ok(false);
    }
    let row = connection.row(
        "SELECT is_open, expires_at FROM feedback_lease WHERE id = $1",
        &[token.into()],
    )?;
    let mut row = row.ok_or(Error::LeaseLost { token })?;
    if row.flag()? && row.integer()? > now {
        return Ok(true);
    }
    let row = connection.row(
        "SELECT COUNT(*) FROM feedback_lease
         WHERE question = $1 AND id <> $2 AND is_open = 1 AND expires_at > $3",
        &[question.id.into(), token.into(), now.into()],
    )?;
    let n_others = row.map_or(Ok(0), |mut row| row.integer())?;
    Ok(question.n_free > n_others)
}

/// An answer about to be kept.
struct Kept<'a> {
    queue: i64,
    question: i64,
    annotator: Option<&'a str>,
    lease: Option<i64>,
    reply: &'a Reply,
    shown: Option<String>,
    at: Option<i64>,
    seconds: Option<f64>,
}

fn keep(connection: &mut Connection, kept: &Kept<'_>) -> Result<(), Error> {
    let revision = next_revision(connection, kept.queue)?;
    let (said, rating, best, words) = said_of(kept.reply);
    connection.execute(
        "INSERT INTO feedback_answer
             (queue, revision, question, annotator, lease, said, rating, best, words, shown, at, seconds)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            kept.queue.into(),
            count(revision).into(),
            kept.question.into(),
            kept.annotator.into(),
            kept.lease.into(),
            said.into(),
            rating.into(),
            best.into(),
            words.into(),
            kept.shown.clone().into(),
            kept.at.into(),
            kept.seconds.into(),
        ],
    )?;
    recount(connection, kept.question)
}

/// Counts the answers of a question that stand, and says whether it wants more.
fn recount(connection: &mut Connection, question: i64) -> Result<(), Error> {
    connection.execute(
        "UPDATE feedback_question SET
             n_answers = (SELECT COUNT(*) FROM feedback_answer a WHERE a.question = feedback_question.id
                 AND a.withdrawn_at IS NULL AND a.said <> 'skip'),
             n_skips = (SELECT COUNT(*) FROM feedback_answer a WHERE a.question = feedback_question.id
                 AND a.withdrawn_at IS NULL AND a.said = 'skip')
         WHERE id = $1",
        &[question.into()],
    )?;
    connection.execute(
        "UPDATE feedback_question SET is_open = CASE
             WHEN is_retired = 1 OR n_answers >= wanted THEN 0
             WHEN n_skips >= (SELECT most_skips FROM feedback_queue u WHERE u.id = feedback_question.queue) THEN 0
             ELSE 1 END
         WHERE id = $1",
        &[question.into()],
    )?;
    Ok(())
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
