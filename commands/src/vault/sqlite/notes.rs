//! Versioned keys and values in SQLite.

use super::worker::Worker;
use crate::vault::{Note, VaultError, beyond};
use rusqlite::{Connection, OptionalExtension as _, params};

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Note> {
    let version: i64 = row.get(1)?;
    let version = u64::try_from(version).unwrap_or_default();
    Ok(Note { name: row.get(0)?, version, body: row.get(2)? })
}

pub(super) async fn one(reader: &Worker, name: &str) -> Result<Option<Note>, VaultError> {
    let name = name.to_owned();
    let sql = "SELECT name, version, body FROM notes WHERE name = ?1";
    let one = move |connection: &mut Connection| {
        connection.prepare_cached(sql)?.query_row([name], read).optional()
    };
    reader.run(one).await
}

pub(super) async fn some(
    reader: &Worker,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Note>, VaultError> {
    let (from, to) = (prefix.to_owned(), beyond(prefix));
    let after = after.unwrap_or_default().to_owned();
    let sql = "SELECT name, version, body FROM notes
        WHERE name >= ?1 AND name < ?2 AND name > ?3 ORDER BY name LIMIT ?4";
    let some = move |connection: &mut Connection| {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map(params![from, to, after, limit], read)?.collect()
    };
    reader.run(some).await
}

pub(super) async fn put(
    writer: &Worker,
    name: &str,
    known: u64,
    body: Vec<u8>,
) -> Result<bool, VaultError> {
    let name = name.to_owned();
    let known = i64::try_from(known).unwrap_or(i64::MAX);
    let put = move |connection: &mut Connection| {
        if known == 0 {
            let sql = "INSERT INTO notes (name, version, body) VALUES (?1, 1, ?2)
                ON CONFLICT (name) DO NOTHING";
            connection.prepare_cached(sql)?.execute(params![name, body])
        } else {
            let sql = "UPDATE notes SET version = version + 1, body = ?3
                WHERE name = ?1 AND version = ?2";
            connection.prepare_cached(sql)?.execute(params![name, known, body])
        }
    };
    Ok(writer.run(put).await? == 1)
}

pub(super) async fn remove(writer: &Worker, prefix: &str) -> Result<(), VaultError> {
    let (from, to) = (prefix.to_owned(), beyond(prefix));
    let remove = move |connection: &mut Connection| {
        let sql = "DELETE FROM notes WHERE name >= ?1 AND name < ?2";
        connection.prepare_cached(sql)?.execute(params![from, to])
    };
    writer.run(remove).await.map(drop)
}
