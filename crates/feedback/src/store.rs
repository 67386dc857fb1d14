//! Where questions and answers live: SQLite in one file, or PostgreSQL for a team.
//!
//! # What is promised
//! An answer is on the disk when [`Store::answer`] returns. Whatever is killed at whatever moment, what was acknowledged
//! is there once, and what was not is there once or not at all. Annotators may be many, in one process or several, and
//! several queues live in one store.
//!
//! # Design
//! No clock and no randomness: whoever calls says what time it is, milliseconds since 1970 (UTC), and which of two
//! stands on the left follows from the question and the annotator. Nothing is erased: an answer that is taken back is
//! marked so. Every change of a queue's answers has the next number of that queue, its *revision*, given under a lock, so
//! that a reader who asks for what came after revision 17 misses nothing that was committed late.

mod answers;
mod ask;
mod database;
mod lease;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
mod read;
mod schema;
mod sqlite;
mod transfer;
mod types;
pub(crate) mod validate;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use database::{Connection, Purpose};

use crate::Error;

pub use transfer::{ExportSettings, ImportPart, Imported};
pub use types::{
    Answer, Asked, Change, Content, DemonstrationFile, Kind, Lease, NewItem, NewQuestion, Progress,
    Queue, QueueSettings, Recorded, Reply, Said, Scale, Status, StoredItem,
};

/// Name of the store in the folder of a run.
pub const STORE_FILE: &str = "feedback.sqlite";

/// Questions and answers, kept. Safe to use from many threads at once.
///
/// With PostgreSQL, calls block on a runtime of their own and must not be made from asynchronous code but from threads
/// that may block.
pub struct Store {
    place: String,
    connections: Connections,
}

enum Connections {
    /// SQLite has one writer at a time, so one connection does.
    One(Mutex<Connection>),
    #[cfg(feature = "postgres")]
    Many(postgres::Pool),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store at a place, and makes it where there is none: the path of a file, or `postgres://…`.
    ///
    /// # Errors
    /// If it cannot be made, or something else is there.
    pub fn create(place: &str) -> Result<Store, Error> {
        let store = Store::connect(place, true)?;
        store.transact(Purpose::Write, queue::prepare)?;
        Ok(store)
    }

    /// Opens a store that is there; the folder of a run stands for the store in it.
    ///
    /// # Errors
    /// If there is none, or something else is there.
    pub fn open(place: &str) -> Result<Store, Error> {
        let within = Path::new(place).join(STORE_FILE);
        let place = match Path::new(place).is_dir().then(|| within.to_str()).flatten() {
            Some(file) => file,
            None => place,
        };
        let store = Store::connect(place, false)?;
        store.transact(Purpose::Read, |connection| {
            queue::check_version(connection, &store.place)
        })?;
        Ok(store)
    }

    fn connect(place: &str, may_make: bool) -> Result<Store, Error> {
        if is_address(place) {
            return Store::connect_to_server(place);
        }
        let sqlite = sqlite::Sqlite::open(Path::new(place), may_make)?;
        Ok(Store {
            place: place.to_owned(),
            connections: Connections::One(Mutex::new(Connection::Sqlite(sqlite))),
        })
    }

    #[cfg(feature = "postgres")]
    fn connect_to_server(address: &str) -> Result<Store, Error> {
        let pool = postgres::Pool::new(address)?;
        Ok(Store {
            place: pool.place().to_owned(),
            connections: Connections::Many(pool),
        })
    }

    #[cfg(not(feature = "postgres"))]
    fn connect_to_server(_: &str) -> Result<Store, Error> {
        Err(Error::refused(
            "a store in PostgreSQL",
            "this program was built without it: build with the feature `postgres`, or name a file",
        ))
    }

    /// Where it is, without passwords.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    fn transact<T>(
        &self,
        purpose: Purpose,
        work: impl Fn(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.connections {
            Connections::One(connection) => unpoisoned(connection).transact(purpose, work),
            #[cfg(feature = "postgres")]
            Connections::Many(pool) => pool.transact(purpose, work),
        }
    }

    /// What cannot be done a second time, should others be in the way.
    fn transact_once<T>(
        &self,
        purpose: Purpose,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.connections {
            Connections::One(connection) => unpoisoned(connection).transact(purpose, work),
            #[cfg(feature = "postgres")]
            Connections::Many(pool) => pool.transact_once(purpose, work),
        }
    }
}

/// Whether a place is a server's and no path.
#[must_use]
pub fn is_address(place: &str) -> bool {
    place.starts_with("postgres://") || place.starts_with("postgresql://")
}

/// A panic elsewhere left no half-done transaction: it was rolled back, or is when the next one begins fails.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
