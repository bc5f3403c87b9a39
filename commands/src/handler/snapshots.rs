//! Snapshots of the states of long streams, in a disposable local file.
//!
//! A snapshot is a shortcut, never a source: it is keyed by log, stream and state version, its
//! texts are sealed, and whatever is wrong with the file is answered by reading the stream
//! instead.

use domain::{aggregate::Aggregate, id::LogId, stream::StreamName};
use eventlog::sqlite_file::{self, FileOptions, SqliteError, Worker};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{path::Path, sync::Arc};

/// The snapshots of one node.
#[derive(Debug, Clone)]
pub(crate) struct Snapshots {
    file: Worker,
    every: usize,
}

impl Snapshots {
    /// Opens the file, or makes it again when it belongs to another log or cannot be read.
    pub(crate) fn open(path: &Path, log: LogId, every: usize) -> Option<Self> {
        let opened = open(path, log).or_else(|error| {
            tracing::warn!(%error, "snapshots discarded, rebuilding");
            std::fs::remove_file(path).ok();
            open(path, log)
        });
        match opened {
            Ok(file) => Some(Self { file, every: every.max(1) }),
            Err(error) => {
                tracing::warn!(%error, "snapshots are not saved");
                None
            }
        }
    }

    /// After how many new records a state is saved again.
    pub(crate) fn every(&self) -> usize {
        self.every
    }

    /// The saved state of a stream.
    pub(crate) async fn load<A: Aggregate>(&self, stream: &StreamName) -> Option<A> {
        let name = stream.to_string();
        let read = self.file.run(move |connection| {
            connection
                .query_row(
                    "SELECT state FROM folds WHERE stream = ?1 AND version = ?2",
                    params![name, A::VERSION],
                    |row| row.get::<_, Vec<u8>>(0),
                )
                .optional()
        });
        serde_json::from_slice(&read.await.ok()??).ok()
    }

    /// Saves a state, off the caller's path.
    pub(crate) fn save<A: Aggregate>(&self, stream: &StreamName, state: &Arc<A>) {
        let (file, name, state) = (self.file.clone(), stream.to_string(), state.clone());
        let write = move |connection: &mut Connection| {
            let bytes = serde_json::to_vec(&*state)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let position = i64::try_from(state.position().0).unwrap_or(i64::MAX);
            connection.execute(SAVE, params![name, A::VERSION, position, bytes])
        };
        tokio::spawn(async move {
            if let Err(error) = file.run(write).await {
                tracing::warn!(%error, "a snapshot was not saved");
            }
        });
    }
}

const SAVE: &str = "INSERT INTO folds (stream, version, position, state)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (stream) DO UPDATE SET version = excluded.version, position = excluded.position,
        state = excluded.state
    WHERE excluded.version <> folds.version OR excluded.position > folds.position";

fn open(path: &Path, log: LogId) -> Result<Worker, SqliteError> {
    let file = sqlite_file::open(path, FileOptions::new("OFF"))?;
    file.execute_batch(
        "CREATE TABLE IF NOT EXISTS log (id TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS folds (stream TEXT PRIMARY KEY, version INTEGER NOT NULL,
             position INTEGER NOT NULL, state BLOB NOT NULL) WITHOUT ROWID;",
    )?;
    let known: Option<String> =
        file.query_row("SELECT id FROM log", [], |row| row.get(0)).optional()?;
    if known.as_deref() != Some(log.to_string().as_str()) {
        file.execute_batch("DELETE FROM folds; DELETE FROM log;")?;
        file.execute("INSERT INTO log (id) VALUES (?1)", params![log.to_string()])?;
    }
    Worker::start("snapshots", file)
}
