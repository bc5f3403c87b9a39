//! The activity log of the embedded default: a SQLite file of its own.

use crate::{
    Activity, ActivityEntry, LogError,
    activity::buffer::{Batch, Buffered, Store},
    clock_skew::Now,
    sqlite_file::{self, FileOptions, SqliteError, Worker},
};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::path::Path;
use uuid::Uuid;

/// How long an entry is kept.
const RETENTION_DAYS: i64 = 400;

mod migrations {
    refinery::embed_migrations!("migrations/activity");
}

#[derive(Debug)]
struct File(Worker);

/// The activity log in a file.
#[derive(Debug)]
pub struct SqliteActivity(Buffered);

impl SqliteActivity {
    /// Opens or creates the file; drops entries that are older than 400 days.
    ///
    /// `node` names this node permanently, `run` this life of its process.
    pub async fn open(path: &Path, node: &str, run: Uuid, now: Now) -> Result<Self, LogError> {
        let (owned, today) = (path.to_owned(), now());
        let connection = sqlite_file::blocking(move || {
            let migrations = migrations::migrations::runner();
            let options = FileOptions::new("NORMAL");
            let connection = sqlite_file::open_migrated(&owned, options, &migrations)?;
            let oldest = today.plus_seconds(-RETENTION_DAYS * 86_400).as_micros();
            connection.execute("DELETE FROM entry WHERE at < ?1", [oldest])?;
            Ok::<_, SqliteError>(connection)
        })
        .await?;
        let file = File(Worker::start("activity-writer", connection)?);
        Ok(Self(Buffered::start(file, node, run, &now).await?))
    }
}

fn write(connection: &mut Connection, batch: &Batch) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let run = batch.run.to_string();
    let seq = i64::try_from(batch.seq).unwrap_or(i64::MAX);
    let added = transaction.execute(
        "INSERT INTO batch (node, run, seq, settled) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![batch.node, run, seq, batch.settled],
    )?;
    if added == 1 {
        let place = transaction.last_insert_rowid();
        let mut insert = transaction.prepare_cached(
            "INSERT INTO entry (batch, idx, at, item, link, account, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for (index, entry) in (0u32..).zip(&batch.entries) {
            insert.execute(params![
                place,
                index,
                entry.at.as_micros(),
                entry.item.as_ref().map(ToString::to_string),
                entry.link.as_ref().map(ToString::to_string),
                entry.account.as_ref().map(ToString::to_string),
                serde_json::to_string(entry)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
            ])?;
        }
    }
    transaction.commit()
}

#[async_trait]
impl Store for File {
    async fn write(&self, batch: &Batch) -> Result<(), LogError> {
        let batch = batch.clone();
        Ok(self.0.run(move |connection| write(connection, &batch)).await?)
    }

    async fn settled(&self, node: &str) -> Result<bool, LogError> {
        let node = node.to_owned();
        let sql = "SELECT settled FROM batch WHERE node = ?1 ORDER BY batch DESC LIMIT 1";
        let last = self
            .0
            .run(move |connection| connection.query_row(sql, [node], |row| row.get(0)).optional());
        Ok(last.await?.unwrap_or(true))
    }
}

#[async_trait]
impl Activity for SqliteActivity {
    fn note(&self, entry: ActivityEntry) {
        self.0.note(entry);
    }

    async fn flush(&self) -> Result<(), LogError> {
        self.0.flush().await
    }
}
