//! Handing out questions: each to as many annotators as are wanted, to nobody twice.

use std::time::Duration;

use super::Store;
use super::ask::load;
use super::database::{Connection, Purpose, Row};
use super::read::{order_of, order_text};
use super::types::{Lease, milliseconds};
use super::validate;
use crate::Error;

impl Store {
    /// The next question for an annotator, which nobody else is given until the lease expires; none where nothing is to
    /// be asked of them now. A question that they hold already is given again, and its lease begins anew.
    ///
    /// A question that the annotator has answered or skipped does not come back to them.
    ///
    /// # Errors
    /// If the annotator's name is impossible or the store cannot be written.
    pub fn lease(
        &self,
        queue: i64,
        annotator: &str,
        now: i64,
        duration: Duration,
    ) -> Result<Option<Lease>, Error> {
        validate::name("an annotator", annotator)?;
        let expires_at = now.saturating_add(milliseconds(duration));
        self.transact(Purpose::Write, |connection| {
            if let Some(lease) = extend(connection, queue, annotator, now, expires_at)? {
                return Ok(Some(lease));
            }
            // Another annotator may take the question between its choice and its lock; then the next one is chosen.
            while let Some(mut row) = choose(connection, queue, annotator, now)? {
                let question = row.integer()?;
                if is_free(connection, question, annotator, now)? {
                    let lease = grant(connection, queue, question, annotator, now, expires_at)?;
                    return Ok(Some(lease));
                }
            }
            Ok(None)
        })
    }

    /// Gives a question back, so that it comes to others at once, and to this annotator again.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn release(&self, token: i64, annotator: &str) -> Result<(), Error> {
        self.transact(Purpose::Write, |connection| {
            connection.execute(
                "UPDATE feedback_lease SET is_open = 0 WHERE id = $1 AND annotator = $2",
                &[token.into(), annotator.into()],
            )?;
            Ok(())
        })
    }
}

/// The latest question that the annotator holds, for longer.
fn extend(
    connection: &mut Connection,
    queue: i64,
    annotator: &str,
    now: i64,
    expires_at: i64,
) -> Result<Option<Lease>, Error> {
    let held = connection.row(
        "SELECT l.id, l.question FROM feedback_lease l JOIN feedback_question q ON q.id = l.question
         WHERE l.queue = $1 AND l.annotator = $2 AND l.is_open = 1 AND l.expires_at > $3 AND q.is_open = 1
         ORDER BY l.id DESC LIMIT 1",
        &[queue.into(), annotator.into(), now.into()],
    )?;
    let Some(mut row) = held else {
        return Ok(None);
    };
    let (token, question) = (row.integer()?, row.integer()?);
    lock(connection, question)?;
    let extended = connection.row(
        "UPDATE feedback_lease SET expires_at = $1 WHERE id = $2 AND is_open = 1 AND expires_at > $3
         RETURNING shown",
        &[expires_at.into(), token.into(), now.into()],
    )?;
    let Some(mut row) = extended else {
        return Ok(None);
    };
    Ok(Some(Lease {
        token,
        shown: order_of(row.text()?)?,
        question: load(connection, question)?,
        expires_at,
    }))
}

/// Keeps everybody else from giving out or answering a question until the transaction ends.
pub(super) fn lock(connection: &mut Connection, question: i64) -> Result<(), Error> {
    let sql = "SELECT id FROM feedback_question WHERE id = $1 {lock}";
    connection.row(sql, &[question.into()])?;
    Ok(())
}

/// The first question that wants an answer and is free, and locks it; those that others have locked are passed over.
fn choose(
    connection: &mut Connection,
    queue: i64,
    annotator: &str,
    now: i64,
) -> Result<Option<Row>, Error> {
    connection.row(
        "SELECT q.id FROM feedback_question q WHERE q.queue = $1 AND q.is_open = 1
         AND NOT EXISTS (SELECT 1 FROM feedback_answer a
             WHERE a.question = q.id AND a.annotator = $2 AND a.withdrawn_at IS NULL)
         AND q.wanted > q.n_answers + (SELECT COUNT(*) FROM feedback_lease l
             WHERE l.question = q.id AND l.is_open = 1 AND l.expires_at > $3)
         ORDER BY q.priority DESC, q.id LIMIT 1 {skip}",
        &[queue.into(), annotator.into(), now.into()],
    )
}

/// Whether a locked question is free still: the statement that chose it saw the state before the lock.
fn is_free(
    connection: &mut Connection,
    question: i64,
    annotator: &str,
    now: i64,
) -> Result<bool, Error> {
    let row = connection.row(
        "SELECT q.is_open, q.wanted - q.n_answers - (SELECT COUNT(*) FROM feedback_lease l
             WHERE l.question = q.id AND l.is_open = 1 AND l.expires_at > $1),
             (SELECT COUNT(*) FROM feedback_answer a
             WHERE a.question = q.id AND a.annotator = $2 AND a.withdrawn_at IS NULL)
         FROM feedback_question q WHERE q.id = $3",
        &[now.into(), annotator.into(), question.into()],
    )?;
    let Some(mut row) = row else {
        return Ok(false);
    };
    Ok(row.flag()? && row.integer()? > 0 && row.integer()? == 0)
}

/// Gives a locked question to an annotator.
pub(super) fn grant(
    connection: &mut Connection,
    queue: i64,
    question: i64,
    annotator: &str,
    now: i64,
    expires_at: i64,
) -> Result<Lease, Error> {
    // What has run out is put away, so that looking for leases stays quick.
    connection.execute(
        "UPDATE feedback_lease SET is_open = 0
         WHERE question = $1 AND is_open = 1 AND (expires_at <= $2 OR annotator = $3)",
        &[question.into(), now.into(), annotator.into()],
    )?;
    let asked = load(connection, question)?;
    let shown = order(question, annotator, asked.items.len());
    let row = connection.row(
        "INSERT INTO feedback_lease (queue, question, annotator, shown, granted_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        &[
            queue.into(),
            question.into(),
            annotator.into(),
            order_text(&shown).into(),
            now.into(),
            expires_at.into(),
        ],
    )?;
    let token = row.map_or(Ok(0), |mut row| row.integer())?;
    Ok(Lease {
        token,
        question: asked,
        shown,
        expires_at,
    })
}

/// The order in which items are shown: any of them equally often, and always the same for one question and annotator.
fn order(question: i64, annotator: &str, n_items: usize) -> Vec<usize> {
    let mut state = question.cast_unsigned();
    for byte in annotator.bytes() {
        state = mixed(state ^ u64::from(byte));
    }
    let mut order: Vec<usize> = (0..n_items).collect();
    for last in (1..n_items).rev() {
        state = mixed(state);
        // The bias of the remainder is below 64 in 2^64.
        order.swap(last, (state % (last as u64 + 1)) as usize);
    }
    order
}

/// A step of SplitMix64 (Steele, Lea and Flood, 2014).
fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
