//! The activity log of the embedded default: a SQLite file of its own.

use super::store::{self, Readers, blocking, failed};
use crate::{
    Activity, ActivityEntry, ActivityFilter, ActivityRow, LogError,
    activity::buffer::{Batch, Buffered, Store},
    clock_skew::Now,
};
use async_trait::async_trait;
use domain::{
    position::{EventId, Position},
    time::Time,
};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use std::{path::Path, sync::Arc};
use uuid::Uuid;

/// How long an entry is kept.
const RETENTION_DAYS: i64 = 400;
/// Rows read at once while looking for entries that match.
const PAGE_ROWS: usize = 1_000;

#[derive(Debug)]
struct File {
    writer: Arc<Mutex<Connection>>,
    readers: Arc<Readers>,
}

/// The activity log in a file.
#[derive(Debug)]
pub struct SqliteActivity(Buffered<File>);

impl SqliteActivity {
    /// Opens or creates the file; drops entries that are older than 400 days.
    ///
    /// `node` names this node for good, `run` this life of its process.
    pub async fn open(path: &Path, node: &str, run: Uuid, now: Now) -> Result<Self, LogError> {
        let (owned, today) = (path.to_owned(), now());
        let connection = blocking(move || {
            let connection = store::open(&owned, store::ACTIVITY)?;
            let oldest = today.plus_seconds(-RETENTION_DAYS * 86_400).as_micros();
            connection
                .execute("DELETE FROM entry WHERE at < ?1", [oldest])
                .map_err(|error| failed(&error))?;
            Ok(connection)
        })
        .await?;
        let readers = Arc::new(Readers::new(path));
        let file = File { writer: Arc::new(Mutex::new(connection)), readers };
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

fn page(
    connection: &Connection,
    filter: &ActivityFilter,
    after: EventId,
) -> rusqlite::Result<Vec<(EventId, String)>> {
    let place = i64::try_from(after.position.0).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(
        "SELECT batch, idx, body FROM entry
         WHERE (batch, idx) > (:batch, :idx)
           AND (:item IS NULL OR item = :item) AND (:link IS NULL OR link = :link)
           AND (:account IS NULL OR account = :account)
           AND at >= :from AND at < :to
         ORDER BY batch, idx LIMIT :page",
    )?;
    let rows = select.query_map(
        named_params! {
            ":batch": place, ":idx": after.index,
            ":item": filter.item.as_ref().map(ToString::to_string),
            ":link": filter.link.as_ref().map(ToString::to_string),
            ":account": filter.account.as_ref().map(ToString::to_string),
            ":from": filter.from.map_or(i64::MIN, Time::as_micros),
            ":to": filter.to.map_or(i64::MAX, Time::as_micros),
            ":page": i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX),
        },
        |row| {
            let id = EventId { position: super::position(row.get(0)?), index: row.get(1)? };
            Ok((id, row.get(2)?))
        },
    )?;
    rows.collect()
}

#[async_trait]
impl Store for File {
    async fn write(&self, batch: &Batch) -> Result<(), LogError> {
        let (writer, batch) = (Arc::clone(&self.writer), batch.clone());
        blocking(move || write(&mut writer.lock(), &batch).map_err(|error| failed(&error))).await
    }

    async fn settled(&self, node: &str) -> Result<bool, LogError> {
        let node = node.to_owned();
        self.readers
            .read(move |connection| {
                connection
                    .query_row(
                        "SELECT settled FROM batch WHERE node = ?1 ORDER BY batch DESC LIMIT 1",
                        [node],
                        |row| row.get(0),
                    )
                    .optional()
            })
            .await
            .map(|settled| settled.unwrap_or(true))
    }

    async fn read(
        &self,
        filter: &ActivityFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<ActivityRow>, LogError> {
        let mut after = after.unwrap_or(EventId { position: Position::START, index: 0 });
        let mut found = Vec::new();
        loop {
            let wanted = filter.clone();
            let rows =
                self.readers.read(move |connection| page(connection, &wanted, after)).await?;
            let last_page = rows.len() < PAGE_ROWS;
            for (id, body) in rows {
                after = id;
                let entry: ActivityEntry = serde_json::from_str(&body).map_err(|error| {
                    LogError::Corrupt { position: id.position, detail: error.to_string() }
                })?;
                if filter.matches(&entry) {
                    found.push(ActivityRow { id, entry });
                    if found.len() >= limit {
                        return Ok(found);
                    }
                }
            }
            if last_page {
                return Ok(found);
            }
        }
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

    async fn read(
        &self,
        filter: &ActivityFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<ActivityRow>, LogError> {
        self.0.read(filter, after, limit).await
    }
}
