//! Snapshots of the states of long streams, in a disposable local file.
//!
//! A snapshot is a shortcut, never a source: it is keyed by log, stream and state version, its
//! texts are sealed, and whatever is wrong with the file is answered by reading the stream
//! instead.

use domain::{aggregate::Aggregate, id::LogId, stream::StreamName};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{path::Path, sync::Arc};

/// The snapshots of one node.
#[derive(Debug, Clone)]
pub(crate) struct Snapshots {
    file: Arc<Mutex<Connection>>,
    every: usize,
}

impl Snapshots {
    /// Opens the file, or makes it again when it belongs to another log or cannot be read.
    pub(crate) fn open(path: &Path, log: LogId, every: usize) -> Option<Self> {
        let opened = prepare(path, log).or_else(|error| {
            tracing::warn!(%error, "snapshots discarded, rebuilding");
            std::fs::remove_file(path).ok();
            prepare(path, log)
        });
        match opened {
            Ok(file) => Some(Self { file: Arc::new(Mutex::new(file)), every: every.max(1) }),
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
        let (file, name) = (self.file.clone(), stream.to_string());
        let read = tokio::task::spawn_blocking(move || {
            file.lock()
                .query_row(
                    "SELECT state FROM folds WHERE stream = ?1 AND version = ?2",
                    params![name, A::VERSION],
                    |row| row.get::<_, Vec<u8>>(0),
                )
                .optional()
        });
        let bytes = read.await.ok()?.ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    /// Saves a state, off the caller's path.
    pub(crate) fn save<A: Aggregate>(&self, stream: &StreamName, state: &Arc<A>) {
        let (file, name, state) = (self.file.clone(), stream.to_string(), state.clone());
        let position = state.position().0;
        tokio::task::spawn_blocking(move || {
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            let write = |bytes: Vec<u8>| {
                let values = params![name, A::VERSION, position, bytes];
                file.lock().execute(SAVE, values).map_err(|error| error.to_string())
            };
            let bytes = serde_json::to_vec(&*state).map_err(|error| error.to_string());
            if let Err(error) = bytes.and_then(write) {
                tracing::warn!(error, "a snapshot was not saved");
            }
        });
    }
}

const SAVE: &str = "INSERT INTO folds (stream, version, position, state)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (stream) DO UPDATE SET version = excluded.version, position = excluded.position,
        state = excluded.state
    WHERE excluded.version <> folds.version OR excluded.position > folds.position";

fn prepare(path: &Path, log: LogId) -> rusqlite::Result<Connection> {
    let file = Connection::open(path)?;
    file.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = OFF;
         CREATE TABLE IF NOT EXISTS log (id TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS folds (stream TEXT PRIMARY KEY, version INTEGER NOT NULL,
             position INTEGER NOT NULL, state BLOB NOT NULL) WITHOUT ROWID;",
    )?;
    let known: Option<String> =
        file.query_row("SELECT id FROM log", [], |row| row.get(0)).optional()?;
    if known.as_deref() != Some(log.to_string().as_str()) {
        file.execute_batch("DELETE FROM folds; DELETE FROM log;")?;
        file.execute("INSERT INTO log (id) VALUES (?1)", params![log.to_string()])?;
    }
    Ok(file)
}
