//! Opens our SQLite files, and reads them beside their writer.

use crate::LogError;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Connections kept for readers.
const MAX_IDLE_READERS: usize = 8;
/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

mod log {
    refinery::embed_migrations!("migrations/log");
}
mod activity {
    refinery::embed_migrations!("migrations/activity");
}
mod keys {
    refinery::embed_migrations!("migrations/keys");
}

/// What a file holds.
#[derive(Clone, Copy)]
pub(crate) struct Schema {
    migrations: fn() -> refinery::Runner,
    /// `FULL`: a commit is on disk when it returns. `NORMAL`: it may be lost in a power cut.
    synchronous: &'static str,
}

/// The event log.
pub(crate) const LOG: Schema = Schema { migrations: log::migrations::runner, synchronous: "FULL" };
/// The activity log.
pub(crate) const ACTIVITY: Schema =
    Schema { migrations: activity::migrations::runner, synchronous: "NORMAL" };
/// The index of idempotency keys.
pub(crate) const KEYS: Schema =
    Schema { migrations: keys::migrations::runner, synchronous: "NORMAL" };

/// What SQLite says; the path tells an operator where, a client never sees it.
pub(crate) fn failed(error: &rusqlite::Error) -> LogError {
    LogError::Unavailable(format!("SQLite: {error}"))
}

/// Opens or creates a file and brings it to the newest schema.
pub(crate) fn open(path: &Path, schema: Schema) -> Result<Connection, LogError> {
    let mut connection = Connection::open(path).map_err(|error| failed(&error))?;
    let prepare = |connection: &Connection| -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", schema.synchronous)?;
        // So that REPLACE asks the triggers that refuse deletes.
        connection.pragma_update(None, "recursive_triggers", true)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(())
    };
    prepare(&connection).map_err(|error| failed(&error))?;
    (schema.migrations)()
        .run(&mut connection)
        .map_err(|error| LogError::Misconfigured(format!("SQLite schema: {error}")))?;
    Ok(connection)
}

/// Runs what blocks beside the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| LogError::Unavailable(format!("a task was lost: {error}")))?
}

/// Read-only connections to one file.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Mutex::default() }
    }

    fn connection(&self) -> rusqlite::Result<Connection> {
        if let Some(connection) = self.idle.lock().pop() {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    }

    /// Reads in a snapshot that holds everything committed before.
    pub(crate) async fn read<T: Send + 'static>(
        self: &std::sync::Arc<Self>,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LogError> {
        let this = std::sync::Arc::clone(self);
        blocking(move || {
            let run = || {
                let mut connection = this.connection()?;
                let transaction = connection.transaction()?;
                let found = query(&transaction)?;
                drop(transaction);
                let mut idle = this.idle.lock();
                if idle.len() < MAX_IDLE_READERS {
                    idle.push(connection);
                }
                Ok(found)
            };
            run().map_err(|error| failed(&error))
        })
        .await
    }
}
