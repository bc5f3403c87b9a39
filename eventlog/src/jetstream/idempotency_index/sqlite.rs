//! The file of the idempotency index.

use crate::{
    LogError,
    sqlite_file::{self, FileOptions, Readers, SqliteError, Worker},
};
use domain::{id::LogId, position::Position};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{path::Path, sync::Arc};

mod migrations {
    refinery::embed_migrations!("migrations/keys");
}

/// Keys, the positions of their commands, and how far the log has been read.
#[derive(Debug, Clone)]
pub(super) struct KeyFile {
    readers: Arc<Readers>,
    writer: Worker,
}

impl KeyFile {
    /// Opens or creates the file; also answers the position up to which it knows the log.
    pub(super) async fn open(
        path: &Path,
        identity: Option<LogId>,
        head: Position,
    ) -> Result<(Self, Position), LogError> {
        let owned = path.to_owned();
        let (connection, last) = sqlite_file::blocking(move || {
            let migrations = migrations::migrations::runner();
            let options = FileOptions::new("NORMAL");
            let connection = sqlite_file::open_migrated(&owned, options, &migrations)?;
            let last = resume(&connection, identity, head)?;
            Ok::<_, SqliteError>((connection, last))
        })
        .await?;
        let writer = Worker::start("key-index", connection)?;
        Ok((Self { readers: Readers::new(path), writer }, last))
    }

    pub(super) async fn find(&self, key: &str) -> Result<Option<Position>, LogError> {
        let key = key.to_owned();
        let found = self.readers.read(move |connection| {
            connection
                .prepare_cached("SELECT position FROM key WHERE key = ?1")?
                .query_row([key], |row| row.get(0).map(position))
                .optional()
        });
        Ok(found.await?)
    }

    /// Adds keys, and that everything up to a position is known.
    pub(super) async fn write(
        &self,
        log: String,
        keys: Vec<(String, u64)>,
        last: u64,
    ) -> Result<(), LogError> {
        Ok(self.writer.run(move |connection| write(connection, &log, &keys, last)).await?)
    }
}

fn position(integer: i64) -> Position {
    Position(u64::try_from(integer).unwrap_or(0))
}

/// From where to go on; from the start when the file belongs to another log or knows more than
/// there is.
fn resume(
    connection: &Connection,
    identity: Option<LogId>,
    head: Position,
) -> rusqlite::Result<Position> {
    let known: Option<(String, i64)> = connection
        .query_row("SELECT log, position FROM progress", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((log, known)) = known else { return Ok(Position::START) };
    let known = position(known);
    if identity.is_some_and(|identity| identity.to_string() == log) && known <= head {
        return Ok(known);
    }
    connection.execute_batch("DELETE FROM key; DELETE FROM progress;")?;
    Ok(Position::START)
}

fn write(
    connection: &mut Connection,
    log: &str,
    keys: &[(String, u64)],
    last: u64,
) -> rusqlite::Result<()> {
    let integer = |position: u64| i64::try_from(position).unwrap_or(i64::MAX);
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO key (key, position) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        for (key, position) in keys {
            insert.execute(params![key, integer(*position)])?;
        }
    }
    transaction.execute(
        "INSERT INTO progress (one, log, position) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET log = excluded.log, position = excluded.position",
        params![log, integer(last)],
    )?;
    transaction.commit()
}
