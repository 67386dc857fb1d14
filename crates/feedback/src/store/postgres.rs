//! A store in PostgreSQL, which a team shares.

use std::sync::Mutex;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type};
use postgres::{Client, Config, NoTls};

use super::database::{Connection, Purpose, Row, Value};
use super::unpoisoned;
use crate::Error;

/// Times that a transaction is tried before its error is given back.
const MOST_ATTEMPTS: usize = 10;
/// Connections that are kept for later.
const MOST_IDLE: usize = 8;

/// Connections to one server: as many as there are callers at once.
pub(super) struct Pool {
    config: Config,
    place: String,
    idle: Mutex<Vec<Box<Postgres>>>,
}

impl Pool {
    /// Connects once, to know that it can be done.
    pub(super) fn new(address: &str) -> Result<Pool, Error> {
        let config: Config = address.parse().map_err(|error: postgres::Error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            Error::refused(
                format!(
                    "this address of a PostgreSQL server cannot be read ({})",
                    cause.unwrap_or_else(|| error.to_string())
                ),
                "write postgres://NAME:PASSWORD@HOST/DATABASE",
            )
        })?;
        let place = shown(&config);
        if config.get_ssl_mode() == SslMode::Require {
            return Err(Error::refused(
                format!("{place} is to be reached with TLS, which this program does not speak"),
                "reach it over a socket, a tunnel or a network that you trust, with sslmode=disable",
            ));
        }
        let pool = Pool {
            config,
            place,
            idle: Mutex::new(vec![]),
        };
        let connection = pool.connect()?;
        pool.put_back(connection);
        Ok(pool)
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    fn connect(&self) -> Result<Box<Postgres>, Error> {
        let connected = self.config.connect(NoTls);
        let client = connected.map_err(|error| failed(&self.place, error))?;
        Ok(Box::new(Postgres {
            client,
            place: self.place.clone(),
        }))
    }

    fn take(&self) -> Result<Box<Postgres>, Error> {
        loop {
            let Some(connection) = unpoisoned(&self.idle).pop() else {
                return self.connect();
            };
            if !connection.client.is_closed() {
                return Ok(connection);
            }
        }
    }

    fn put_back(&self, connection: Box<Postgres>) {
        let mut idle = unpoisoned(&self.idle);
        if !connection.client.is_closed() && idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }

    /// Does something whole or not at all, again where others were in the way.
    pub(super) fn transact<T>(
        &self,
        purpose: Purpose,
        mut work: impl FnMut(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            match self.transact_once(purpose, &mut work) {
                Err(Error::Database {
                    is_transient: true, ..
                }) if attempt < MOST_ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    /// Does something whole or not at all.
    pub(super) fn transact_once<T>(
        &self,
        purpose: Purpose,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = Connection::Postgres(self.take()?);
        let done = connection.transact(purpose, work);
        // A connection whose transaction could not be ended is dropped, with which the server ends it.
        if let Connection::Postgres(postgres) = connection
            && !matches!(done, Err(Error::Database { .. }))
        {
            self.put_back(postgres);
        }
        done
    }
}

/// A connection to a server.
pub(super) struct Postgres {
    client: Client,
    place: String,
}

impl Postgres {
    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let found = self.client.query(&dialect(sql), &parameters(values));
        let rows = found.map_err(|error| failed(&self.place, error))?;
        let row = |row: postgres::Row| -> Result<Row, Error> {
            let value = |index| {
                let value = row.try_get::<_, Read>(index);
                value
                    .map(|read| read.0)
                    .map_err(|error| failed(&self.place, error))
            };
            let values: Result<Vec<Value>, Error> = (0..row.len()).map(value).collect();
            Ok(Row::new(values?))
        };
        rows.into_iter().map(row).collect()
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let done = self.client.execute(&dialect(sql), &parameters(values));
        done.map_err(|error| failed(&self.place, error))
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let done = self.client.batch_execute(&dialect(sql));
        done.map_err(|error| failed(&self.place, error))
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

/// The SQL as PostgreSQL has it.
fn dialect(sql: &str) -> String {
    sql.replace("{lock}", "FOR UPDATE")
        .replace("{skip}", "FOR UPDATE OF q SKIP LOCKED")
        .replace(
            "{key}",
            "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        )
        .replace("{bytes}", "BYTEA")
}

type Fault = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Fault> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) => number.to_sql(kind, out),
            Value::Real(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::FLOAT8 | Type::TEXT | Type::BYTEA)
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Fault> {
        let is_fit = match self {
            Value::Null => true,
            Value::Integer(_) => *kind == Type::INT8,
            Value::Real(_) => *kind == Type::FLOAT8,
            Value::Text(_) => *kind == Type::TEXT,
            Value::Bytes(_) => *kind == Type::BYTEA,
        };
        match is_fit {
            true => self.to_sql(kind, out),
            false => Err(format!("{self:?} is no {kind}").into()),
        }
    }
}

/// A value as it is read.
struct Read(Value);

impl FromSql<'_> for Read {
    fn from_sql(kind: &Type, raw: &[u8]) -> Result<Read, Fault> {
        Ok(Read(match *kind {
            Type::INT4 => Value::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Value::Integer(i64::from_sql(kind, raw)?),
            Type::FLOAT8 => Value::Real(f64::from_sql(kind, raw)?),
            Type::TEXT => Value::Text(String::from_sql(kind, raw)?),
            Type::BYTEA => Value::Bytes(Vec::from_sql(kind, raw)?),
            _ => return Err(format!("a column of type {kind}").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Read, Fault> {
        Ok(Read(Value::Null))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::INT4 | Type::INT8 | Type::FLOAT8 | Type::TEXT | Type::BYTEA
        )
    }
}

/// Where a server is, without what is secret.
fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres://{host}/{database}")
}

fn failed(place: &str, error: postgres::Error) -> Error {
    let state = error.code().cloned();
    let is_transient = matches!(
        state,
        Some(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED)
    );
    let mend = match state {
        Some(SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "check the name and the password in its address"
        }
        Some(SqlState::INVALID_CATALOG_NAME) => "create the database first",
        Some(SqlState::INSUFFICIENT_PRIVILEGE) => {
            "ask for the right to make and change tables there"
        }
        Some(SqlState::TOO_MANY_CONNECTIONS) => "wait, or let the server take more connections",
        Some(_) => "look into the server's log",
        None => "check that the server runs and can be reached from here",
    };
    Error::Database {
        place: place.to_owned(),
        mend,
        is_transient,
        source: Box::new(error),
    }
}
