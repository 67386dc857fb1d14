//! Queues, how far they are, and who learns from them.

use super::Store;
use super::database::{Connection, Purpose, Row, Value, damaged};
use super::schema::{TABLES, VERSION};
use super::types::{DemonstrationFile, Progress, Queue, QueueSettings, Status};
use super::validate;
use crate::Error;

/// Makes the tables, or checks that those that are there are of this version.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Error> {
    connection.batch(TABLES)?;
    connection.execute(
        "INSERT INTO feedback_store (id, version) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
        &[VERSION.into()],
    )?;
    check_version(connection, "the store")
}

pub(super) fn check_version(connection: &mut Connection, place: &str) -> Result<(), Error> {
    if !connection.has_tables()? {
        return Err(Error::NotAStore {
            place: place.to_owned(),
        });
    }
    let row = connection.row("SELECT version FROM feedback_store", &[])?;
    match row.map(|mut row| row.integer()).transpose()? {
        Some(VERSION) => Ok(()),
        Some(version) => Err(Error::refused(
            format!("{place} is of version {version}, this program reads version {VERSION}"),
            "use the program that wrote it, or a newer one",
        )),
        None => Err(Error::NotAStore {
            place: place.to_owned(),
        }),
    }
}

const QUEUE: &str =
    "SELECT id, name, instructions, wanted, most_skips, is_closed, made_at FROM feedback_queue";

fn queue_of(mut row: Row) -> Result<Queue, Error> {
    let id = row.integer()?;
    let (name, instructions) = (row.text()?, row.text()?);
    let small = |number: i64| {
        u32::try_from(number).map_err(|_| damaged("a small count", &Value::Integer(number)))
    };
    Ok(Queue {
        id,
        settings: QueueSettings {
            name,
            instructions,
            wanted: small(row.integer()?)?,
            most_skips: row.maybe_integer()?.map(small).transpose()?,
        },
        is_closed: row.flag()?,
        made_at: row.integer()?,
    })
}

pub(super) fn find(connection: &mut Connection, name: &str) -> Result<Option<Queue>, Error> {
    let sql = format!("{QUEUE} WHERE name = $1");
    connection
        .row(&sql, &[name.into()])?
        .map(queue_of)
        .transpose()
}

/// Makes a queue, if its name is new.
pub(super) fn insert(
    connection: &mut Connection,
    settings: &QueueSettings,
    now: i64,
) -> Result<(), Error> {
    connection.execute(
        "INSERT INTO feedback_queue (name, instructions, wanted, most_skips, made_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING",
        &[
            settings.name.as_str().into(),
            settings.instructions.as_str().into(),
            i64::from(settings.wanted).into(),
            settings.most_skips.map(i64::from).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Takes the next number of a queue's changes. The row is locked until the transaction ends, so that changes become
/// visible in the order of their numbers.
pub(super) fn next_revision(connection: &mut Connection, queue: i64) -> Result<u64, Error> {
    let row = connection.row(
        "UPDATE feedback_queue SET revision = revision + 1 WHERE id = $1 RETURNING revision",
        &[queue.into()],
    )?;
    row.ok_or_else(|| no_queue_id(queue))?.count()
}

fn no_queue_id(queue: i64) -> Error {
    Error::refused(
        format!("queue {queue} is not in the store"),
        "open one that is",
    )
}

impl Store {
    /// Makes a queue. One of that name that is there already is given back where its settings are the same.
    ///
    /// # Errors
    /// If the settings are impossible, or the queue is there with others.
    pub fn add_queue(&self, settings: &QueueSettings, now: i64) -> Result<Queue, Error> {
        validate::queue(settings)?;
        let queue = self.transact(Purpose::Write, |connection| {
            insert(connection, settings, now)?;
            find(connection, &settings.name)
        })?;
        let queue = queue.ok_or_else(|| self.no_queue(&settings.name, &[]))?;
        if queue.settings != *settings {
            let name = crate::error::quoted(&settings.name);
            return Err(Error::refused(
                format!("the queue {name} is there with other settings"),
                "choose another name, or the same settings",
            ));
        }
        Ok(queue)
    }

    /// The queue of that name.
    ///
    /// # Errors
    /// If there is none.
    pub fn queue(&self, name: &str) -> Result<Queue, Error> {
        let found = self.transact(Purpose::Read, |connection| find(connection, name))?;
        match found {
            Some(queue) => Ok(queue),
            None => Err(self.no_queue(name, &self.queues()?)),
        }
    }

    fn no_queue(&self, name: &str, there: &[Queue]) -> Error {
        let names: Vec<&str> = there.iter().map(|q| q.settings.name.as_str()).collect();
        let mend = match names.len() {
            0 => "it has no queues".to_owned(),
            _ => format!("there are {}", names.join(", ")),
        };
        let name = crate::error::quoted(name);
        Error::refused(
            format!("the store {} has no queue {name}", self.place()),
            mend,
        )
    }

    /// All queues, in the order in which they were made.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn queues(&self) -> Result<Vec<Queue>, Error> {
        self.transact(Purpose::Read, |connection| {
            let rows = connection.query(&format!("{QUEUE} ORDER BY id"), &[])?;
            rows.into_iter().map(queue_of).collect()
        })
    }

    /// Says that nothing more is asked, or that it is after all.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set_closed(&self, queue: i64, is_closed: bool) -> Result<(), Error> {
        self.transact(Purpose::Write, |connection| {
            let sql = "UPDATE feedback_queue SET is_closed = $1 WHERE id = $2";
            match connection.execute(sql, &[is_closed.into(), queue.into()])? {
                0 => Err(no_queue_id(queue)),
                _ => Ok(()),
            }
        })
    }

    /// Says anew what annotators are told.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set_instructions(&self, queue: i64, instructions: &str) -> Result<(), Error> {
        validate::words("instructions", instructions, validate::LONGEST_TEXT)?;
        self.transact(Purpose::Write, |connection| {
            let sql = "UPDATE feedback_queue SET instructions = $1 WHERE id = $2";
            match connection.execute(sql, &[instructions.into(), queue.into()])? {
                0 => Err(no_queue_id(queue)),
                _ => Ok(()),
            }
        })
    }

    /// How far a queue is; `n_own` and `n_left` are counted for an annotator.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn progress(&self, queue: i64, annotator: &str) -> Result<Progress, Error> {
        self.transact(Purpose::Read, |connection| {
            let questions = connection.row(
                "SELECT COUNT(*), CAST(COALESCE(SUM(is_open), 0) AS BIGINT),
                        CAST(COALESCE(SUM(n_answers), 0) AS BIGINT)
                 FROM feedback_question WHERE queue = $1 AND is_retired = 0",
                &[queue.into()],
            )?;
            let own = connection.row(
                "SELECT COUNT(*) FROM feedback_answer
                 WHERE queue = $1 AND annotator = $2 AND withdrawn_at IS NULL AND said <> 'skip'",
                &[queue.into(), annotator.into()],
            )?;
            let left = connection.row(
                "SELECT COUNT(*) FROM feedback_question q WHERE q.queue = $1 AND q.is_open = 1
                 AND NOT EXISTS (SELECT 1 FROM feedback_answer a WHERE a.question = q.id
                     AND a.annotator = $2 AND a.withdrawn_at IS NULL)",
                &[queue.into(), annotator.into()],
            )?;
            let mut questions = questions.unwrap_or_else(|| Row::new(vec![]));
            Ok(Progress {
                n_questions: questions.count()?,
                n_open: questions.count()?,
                n_answers: questions.count()?,
                n_own: own.map_or(Ok(0), |mut row| row.count())?,
                n_left: left.map_or(Ok(0), |mut row| row.count())?,
            })
        })
    }

    /// Who answered in a queue, and how often: answers that stand, skips not counted; the most diligent first. None
    /// stands for answers whose annotator was not recorded.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn annotators(&self, queue: i64) -> Result<Vec<(Option<String>, u64)>, Error> {
        self.transact(Purpose::Read, |connection| {
            let rows = connection.query(
                "SELECT annotator, COUNT(*) FROM feedback_answer
                 WHERE queue = $1 AND withdrawn_at IS NULL AND said <> 'skip'
                 GROUP BY annotator ORDER BY COUNT(*) DESC, annotator",
                &[queue.into()],
            )?;
            let one = |mut row: Row| Ok((row.maybe_text()?, row.count()?));
            rows.into_iter().map(one).collect()
        })
    }

    /// Tells how far whoever learns from the answers is; what was told before is replaced.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set_status(&self, queue: i64, status: &Status) -> Result<(), Error> {
        validate::words("a note", &status.note, validate::LONGEST_TEXT)?;
        let accuracy = status.accuracy.filter(|number| number.is_finite());
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.transact(Purpose::Write, |connection| {
            connection.execute(
                "INSERT INTO feedback_status (queue, at, n_learned, accuracy, steps, note)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (queue) DO UPDATE SET
                 at = excluded.at, n_learned = excluded.n_learned, accuracy = excluded.accuracy,
                 steps = excluded.steps, note = excluded.note",
                &[
                    queue.into(),
                    status.at.into(),
                    count(status.n_learned).into(),
                    accuracy.into(),
                    count(status.steps).into(),
                    status.note.as_str().into(),
                ],
            )?;
            Ok(())
        })
    }

    /// How far whoever learns from the answers is; none where nobody has told.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn status(&self, queue: i64) -> Result<Option<Status>, Error> {
        self.transact(Purpose::Read, |connection| {
            let row = connection.row(
                "SELECT at, n_learned, accuracy, steps, note FROM feedback_status WHERE queue = $1",
                &[queue.into()],
            )?;
            let status = |mut row: Row| {
                Ok(Status {
                    at: row.integer()?,
                    n_learned: row.count()?,
                    accuracy: row.maybe_real()?,
                    steps: row.count()?,
                    note: row.text()?,
                })
            };
            row.map(status).transpose()
        })
    }

    /// Notes that demonstrations stand in a file. The same file with the same content is noted once.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn add_demonstrations(&self, queue: i64, file: &DemonstrationFile) -> Result<(), Error> {
        validate::name("a file of demonstrations", &file.path)?;
        validate::name("a digest", &file.digest)?;
        if let Some(annotator) = &file.annotator {
            validate::name("an annotator", annotator)?;
        }
        self.transact(Purpose::Write, |connection| {
            connection.execute(
                "INSERT INTO feedback_demonstration (queue, path, digest, n_episodes, annotator, at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (queue, path, digest) DO NOTHING",
                &[
                    queue.into(),
                    file.path.as_str().into(),
                    file.digest.as_str().into(),
                    i64::try_from(file.n_episodes).unwrap_or(i64::MAX).into(),
                    file.annotator.as_deref().into(),
                    file.at.into(),
                ],
            )?;
            Ok(())
        })
    }

    /// The files of demonstrations that were noted, in that order.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn demonstrations(&self, queue: i64) -> Result<Vec<DemonstrationFile>, Error> {
        self.transact(Purpose::Read, |connection| {
            let rows = connection.query(
                "SELECT path, digest, n_episodes, annotator, at FROM feedback_demonstration
                 WHERE queue = $1 ORDER BY id",
                &[queue.into()],
            )?;
            let file = |mut row: Row| {
                Ok(DemonstrationFile {
                    path: row.text()?,
                    digest: row.text()?,
                    n_episodes: row.count()?,
                    annotator: row.maybe_text()?,
                    at: row.maybe_integer()?,
                })
            };
            rows.into_iter().map(file).collect()
        })
    }
}
