//! One way to speak to both databases: values, rows, transactions.

use super::sqlite::Sqlite;
use crate::Error;

#[cfg(feature = "postgres")]
use super::postgres::Postgres;

/// What a column holds. Whole numbers and flags are integers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Integer(i64::from(flag))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Real(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// One row of an answer. Columns are taken in order; a column of another kind than was written there is damage.
pub(super) struct Row {
    values: std::vec::IntoIter<Value>,
}

impl Row {
    pub(super) fn new(values: Vec<Value>) -> Row {
        Row {
            values: values.into_iter(),
        }
    }

    fn next(&mut self) -> Value {
        self.values.next().unwrap_or(Value::Null)
    }

    pub(super) fn integer(&mut self) -> Result<i64, Error> {
        match self.next() {
            Value::Integer(number) => Ok(number),
            other => Err(damaged("a whole number", &other)),
        }
    }

    pub(super) fn count(&mut self) -> Result<u64, Error> {
        let number = self.integer()?;
        u64::try_from(number).map_err(|_| damaged("a count", &Value::Integer(number)))
    }

    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.integer()? != 0)
    }

    pub(super) fn text(&mut self) -> Result<String, Error> {
        match self.next() {
            Value::Text(text) => Ok(text),
            other => Err(damaged("a text", &other)),
        }
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, Error> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(damaged("a text", &other)),
        }
    }

    pub(super) fn maybe_integer(&mut self) -> Result<Option<i64>, Error> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(number)),
            other => Err(damaged("a whole number", &other)),
        }
    }

    pub(super) fn maybe_real(&mut self) -> Result<Option<f64>, Error> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Real(number) => Ok(Some(number)),
            other => Err(damaged("a number", &other)),
        }
    }

    pub(super) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(damaged("bytes", &other)),
        }
    }
}

/// That a store holds something else than was written there.
pub(super) fn damaged(expected: &str, found: &Value) -> Error {
    let found = match found {
        Value::Null => "nothing".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => crate::error::quoted(text),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
    };
    Error::Damaged {
        problem: format!("{found} stands where {expected} was written"),
    }
}

/// A connection to a database.
///
/// # Design
/// Both databases are spoken to in one SQL text, written in the common part of both: `$1` for values, `RETURNING`,
/// `ON CONFLICT`, partial indices. What only one of them knows stands in braces and is replaced: `{lock}` and `{skip}`
/// lock rows where writers are concurrent (SQLite has one writer at a time, so it needs neither), `{key}` is a number
/// that the database gives, `{bytes}` the type of bytes. An abstraction over whole databases would be larger than what
/// it hides.
pub(super) enum Connection {
    Sqlite(Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(Box<Postgres>),
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// One state of the store is looked at.
    Read,
    /// Something is kept.
    Write,
}

impl Connection {
    /// Runs a statement and gives its rows.
    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.query(sql, values),
            #[cfg(feature = "postgres")]
            Connection::Postgres(postgres) => postgres.query(sql, values),
        }
    }

    /// The only row of an answer, or none.
    pub(super) fn row(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.execute(sql, values),
            #[cfg(feature = "postgres")]
            Connection::Postgres(postgres) => postgres.execute(sql, values),
        }
    }

    /// Runs several statements without values.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.batch(sql),
            #[cfg(feature = "postgres")]
            Connection::Postgres(postgres) => postgres.batch(sql),
        }
    }

    /// Whether the tables are there.
    pub(super) fn has_tables(&mut self) -> Result<bool, Error> {
        let sql = match self {
            Connection::Sqlite(_) => {
                "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'feedback_store'"
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => {
                "SELECT COUNT(*) FROM (SELECT to_regclass('feedback_store') AS found) t WHERE found IS NOT NULL"
            }
        };
        Ok(self.row(sql, &[])?.map_or(Ok(0), |mut row| row.integer())? > 0)
    }

    fn begin(&self, purpose: Purpose) -> &'static str {
        match (self, purpose) {
            (Connection::Sqlite(_), Purpose::Read) => "BEGIN",
            (Connection::Sqlite(_), Purpose::Write) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            (Connection::Postgres(_), Purpose::Read) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            }
            #[cfg(feature = "postgres")]
            (Connection::Postgres(_), Purpose::Write) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// Does something whole or not at all.
    pub(super) fn transact<T>(
        &mut self,
        purpose: Purpose,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.batch(self.begin(purpose))?;
        match work(self) {
            Ok(done) => {
                if let Err(error) = self.batch("COMMIT") {
                    let _ = self.batch("ROLLBACK");
                    return Err(error);
                }
                Ok(done)
            }
            Err(error) => {
                // Whatever the rollback says, the error that led to it says more.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }
}
