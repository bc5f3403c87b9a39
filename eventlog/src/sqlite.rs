//! The engine of the embedded default: one SQLite file, appended by one writer with grouped
//! commits.

use crate::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, KeyIndex, LogError,
    Record,
    chain_verifier::{RawRecord, check_stream, require_first_at_one, require_not_beyond},
    in_process_follower::{InProcessFollower, RecordSource},
    sqlite_file::{self, FileOptions, Readers},
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::watch;

mod activity;
mod writer;

pub use activity::SqliteActivity;
use writer::Writer;

mod migrations {
    refinery::embed_migrations!("migrations/log");
}

/// How often a follower looks when the writer of its own process did not wake it: another process
/// may append.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How often the file is examined.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// Triggers that refuse changes of records.
const GUARD_TRIGGERS: u32 = 4;

/// How the file is used.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Records in one transaction at most.
    pub group: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { group: 512 }
    }
}

/// The log in a file. Cheap to clone; all clones share one writer. One process appends (the service
/// locks its data folder); others may read.
#[derive(Debug, Clone)]
pub struct SqliteLog {
    readers: Arc<Readers>,
    /// `None`: opened for reading only.
    writer: Option<Arc<Writer>>,
    head: watch::Receiver<u64>,
    /// Why appends are refused.
    refused: Arc<Mutex<Option<LogError>>>,
}

impl SqliteLog {
    /// Opens or creates the file for reading and appending.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, LogError> {
        let owned = path.to_owned();
        let connection = sqlite_file::blocking(move || {
            let migrations = migrations::migrations::runner();
            sqlite_file::open_migrated(&owned, FileOptions::new("FULL"), &migrations)
        })
        .await
        .map_err(LogError::from)?;
        let (writer, head) = Writer::start(connection, options.group)?;
        let readers = Readers::new(path);
        let refused = Arc::default();
        let log = Self { readers, writer: Some(Arc::new(writer)), head, refused };
        log.check().await?;
        tokio::spawn(check_on(Arc::downgrade(&log.readers), Arc::clone(&log.refused)));
        Ok(log)
    }

    /// Opens an existing file for reading only, beside a running service.
    pub async fn open_read_only(path: &Path) -> Result<Self, LogError> {
        let log = Self {
            readers: Readers::new(path),
            writer: None,
            head: watch::Sender::new(0).subscribe(),
            refused: Arc::default(),
        };
        log.head().await?;
        Ok(log)
    }
}

/// The first position, the last, and how many of the triggers are there that refuse changes.
fn examine(connection: &Connection) -> rusqlite::Result<(Head, u32)> {
    let first = connection
        .prepare_cached("SELECT coalesce(min(position), 0) FROM record")?
        .query_row([], |row| row.get(0).map(position))?;
    let guards = connection
        .prepare_cached(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'record'",
        )?
        .query_row([], |row| row.get(0))?;
    Ok((Head { position: last(connection)?, first }, guards))
}

async fn check(readers: &Arc<Readers>, refused: &Mutex<Option<LogError>>) -> Result<(), LogError> {
    let (head, guards) = readers.read(examine).await?;
    let found = require_first_at_one(head).and_then(|()| {
        if guards >= GUARD_TRIGGERS {
            return Ok(());
        }
        let why = "the triggers that refuse changes of records are gone";
        Err(LogError::Misconfigured(why.to_owned()))
    });
    *refused.lock() = found.clone().err();
    found
}

async fn check_on(readers: Weak<Readers>, refused: Arc<Mutex<Option<LogError>>>) {
    loop {
        tokio::time::sleep(CHECK_INTERVAL).await;
        let Some(readers) = readers.upgrade() else { return };
        if let Err(error) = check(&readers, &refused).await {
            tracing::error!(%error, "the event log is not as it must be");
        }
    }
}

fn raw(row: &rusqlite::Row<'_>) -> rusqlite::Result<RawRecord> {
    let stream: String = row.get(1)?;
    let bytes: Vec<u8> = row.get(2)?;
    Ok(RawRecord {
        position: position(row.get(0)?),
        stream: stream.parse().ok(),
        stored_at: None,
        bytes: bytes.into(),
    })
}

/// SQLite's integers are signed; positions are never that large.
fn integer(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

fn position(integer: i64) -> Position {
    Position(u64::try_from(integer).unwrap_or(0))
}

fn last(connection: &Connection) -> rusqlite::Result<Position> {
    connection
        .prepare_cached("SELECT coalesce(max(position), 0) FROM record")?
        .query_row([], |row| row.get(0).map(position))
}

fn version(connection: &Connection, stream: &str) -> rusqlite::Result<Position> {
    let found = connection
        .prepare_cached(
            "SELECT position FROM record WHERE stream = ?1 ORDER BY position DESC LIMIT 1",
        )?
        .query_row([stream], |row| row.get(0).map(position))
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn message(connection: &Connection, message: &str) -> rusqlite::Result<Option<Position>> {
    connection
        .prepare_cached("SELECT position FROM record WHERE message = ?1")?
        .query_row([message], |row| row.get(0).map(position))
        .optional()
}

#[async_trait]
impl RecordSource for Arc<Readers> {
    async fn records(&self, after: Position, max: usize) -> Result<Vec<RawRecord>, LogError> {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        self.read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT position, stream, bytes FROM record
                 WHERE position > ?1 ORDER BY position LIMIT ?2",
            )?;
            let rows = select.query_map(params![integer(after), max], raw)?;
            rows.collect()
        })
        .await
        .map_err(Into::into)
    }
}

#[async_trait]
impl EventLog for SqliteLog {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        if let Some(error) = &*self.refused.lock() {
            return Err(error.clone().into());
        }
        match &self.writer {
            Some(writer) => writer.append(append).await,
            None => {
                Err(LogError::Misconfigured("it was opened for reading only".to_owned()).into())
            }
        }
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        let stream = stream.to_string();
        Ok(self.readers.read(move |connection| version(connection, &stream)).await?)
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        let name = stream.to_string();
        let found = self
            .readers
            .read(move |connection| {
                let mut select = connection.prepare_cached(
                    "SELECT position, stream, bytes FROM record
                     WHERE stream = ?1 AND position > ?2 ORDER BY position",
                )?;
                let rows = select.query_map(params![name, integer(after)], raw)?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        check_stream(stream, after, found)
    }

    async fn read(&self, at: Position) -> Result<Option<Record>, LogError> {
        let found = self
            .readers
            .read(move |connection| {
                let found = connection
                    .prepare_cached(
                        "SELECT position, stream, bytes, time FROM record WHERE position = ?1",
                    )?
                    .query_row([integer(at)], |row| Ok((raw(row)?, row.get::<_, i64>(3)?)))
                    .optional()?;
                Ok((found, last(connection)?))
            })
            .await?;
        match found {
            (Some((raw, micros)), _) => {
                let record = raw.read()?;
                let time = Time::from_micros(micros).unwrap_or(record.time);
                Ok(Some(Record { time, ..record }))
            }
            (None, last) if at.0 == 0 || at > last => Ok(None),
            (None, _) => {
                Err(LogError::Corrupt { position: at, detail: "the record is missing".to_owned() })
            }
        }
    }

    async fn head(&self) -> Result<Head, LogError> {
        Ok(self.readers.read(examine).await?.0)
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        let head = self.head().await?;
        require_first_at_one(head)?;
        require_not_beyond(after, head.position)?;
        let log = if after.position.0 == 0 { None } else { self.identity().await? };
        let source = Arc::clone(&self.readers);
        Ok(Box::new(InProcessFollower::new(source, after, log, self.head.clone(), POLL_INTERVAL)))
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        Ok(self.read(Position(1)).await?.map(|record| record.envelope.log))
    }

    async fn check(&self) -> Result<Durability, LogError> {
        check(&self.readers, &self.refused).await?;
        Ok(Durability {
            engine: format!("SQLite {}", rusqlite::version()),
            replicas: 1,
            synced: true,
            warnings: Vec::new(),
        })
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        Ok(None)
    }
}

#[async_trait]
impl KeyIndex for SqliteLog {
    async fn find(&self, key: &str) -> Result<Option<Position>, LogError> {
        let wanted = format!("k:{key}");
        Ok(self.readers.read(move |connection| message(connection, &wanted)).await?)
    }
}
