//! A store in one file.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{OpenFlags, params_from_iter};

use super::database::{Row, Value};
use crate::Error;

/// How long a writer waits for another one. A transaction takes milliseconds; a disk that stalls may take seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Marks a file as ours: the letters `RLFB`.
const APPLICATION: i64 = 0x524c_4642;

/// A connection to a file.
pub(super) struct Sqlite {
    connection: rusqlite::Connection,
    place: String,
}

impl Sqlite {
    /// Opens a file that is there, or makes one.
    pub(super) fn open(path: &Path, may_make: bool) -> Result<Sqlite, Error> {
        let place = path.display().to_string();
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if may_make {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        } else if !path.is_file() {
            return Err(Error::NoStore { place });
        }
        let opened = rusqlite::Connection::open_with_flags(path, flags);
        let connection = opened.map_err(|error| failed(&place, error))?;
        let mut sqlite = Sqlite { connection, place };
        sqlite.prepare(may_make)?;
        Ok(sqlite)
    }

    /// Whether the file is ours, and every commit on the disk before it is acknowledged.
    fn prepare(&mut self, may_make: bool) -> Result<(), Error> {
        let connection = &self.connection;
        let prepare = || -> rusqlite::Result<i64> {
            connection.busy_timeout(PATIENCE)?;
            let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
            let mut application: i64 = pragma("application_id")?;
            let tables = "SELECT COUNT(*) FROM sqlite_schema";
            let n_tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
            if application == 0 && n_tables == 0 && may_make {
                connection.pragma_update(None, "application_id", APPLICATION)?;
                application = APPLICATION;
            }
            if application == APPLICATION {
                // The answer to this pragma is the mode, which may be refused on file systems without shared memory:
                // a journal of the older kind is as durable, and slower.
                connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.pragma_update(None, "foreign_keys", true)?;
                connection.pragma_update(None, "trusted_schema", false)?;
            }
            Ok(application)
        };
        let application = prepare().map_err(|error| failed(&self.place, error))?;
        if application != APPLICATION {
            return Err(Error::NotAStore {
                place: self.place.clone(),
            });
        }
        Ok(())
    }

    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let sql = dialect(sql);
        let query = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.connection.prepare(&sql)?;
            let n_columns = statement.column_count();
            let mut rows = statement.query(params_from_iter(values.iter().map(bound)))?;
            let mut found = vec![];
            while let Some(row) = rows.next()? {
                let value = |index| row.get_ref(index).map(value_of);
                let values: rusqlite::Result<Vec<Value>> = (0..n_columns).map(value).collect();
                found.push(Row::new(values?));
            }
            Ok(found)
        };
        query().map_err(|error| failed(&self.place, error))
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let values = params_from_iter(values.iter().map(bound));
        let changed = self.connection.execute(&dialect(sql), values);
        let n_rows = changed.map_err(|error| failed(&self.place, error))?;
        Ok(n_rows as u64)
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let done = self.connection.execute_batch(&dialect(sql));
        done.map_err(|error| failed(&self.place, error))
    }
}

/// The SQL as SQLite has it.
fn dialect(sql: &str) -> String {
    sql.replace('$', "?")
        .replace("{lock}", "")
        .replace("{skip}", "")
        .replace("{key}", "INTEGER PRIMARY KEY AUTOINCREMENT")
        .replace("{bytes}", "BLOB")
}

fn bound(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Real(number) => (*number).into(),
        Value::Text(text) => text.clone().into(),
        Value::Bytes(bytes) => bytes.clone().into(),
    }
}

fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

fn failed(place: &str, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    let mend = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "it is no store, or damaged: name another, or take a copy"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program keeps it locked: stop that one, or wait"
        }
        Some(ErrorCode::DiskFull) => "make room on its disk",
        _ => "check that its folder is there and that you may write to it",
    };
    Error::Database {
        place: place.to_owned(),
        mend,
        is_transient: false,
        source: Box::new(error),
    }
}
