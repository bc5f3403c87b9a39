//! The suite on the SQLite engine, and what only SQLite can promise.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{position::Position, stream::StreamName};
use eventlog::{
    Activity, ActivityEntry, Checkpoint, KeyIndex, SharedLog,
    conformance::{
        Bench, Factory, Maker, everything,
        make::{at, item, put},
        take,
    },
    conformance_suite,
    sqlite::{SqliteActivity, SqliteLog, SqliteOptions},
};
use rusqlite::Connection;
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) struct Sqlite;

struct InFile {
    folder: TempDir,
    log: SqliteLog,
}

impl InFile {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let log = SqliteLog::open(&path, SqliteOptions::default()).await.unwrap();
        Self { folder, log }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.db")
    }

    async fn open(&self) -> SqliteLog {
        SqliteLog::open(&self.path(), SqliteOptions::default()).await.unwrap()
    }

    /// As somebody with another program.
    fn raw(&self) -> Connection {
        let connection = Connection::open(self.path()).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        connection
    }
}

const GUARDS: &str = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";

/// Does something that the triggers refuse.
fn unguarded(connection: &Connection, change: impl FnOnce(&Connection)) {
    let guards: Vec<(String, String)> = connection
        .prepare(GUARDS)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (name, _) in &guards {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    change(connection);
    for (_, sql) in &guards {
        connection.execute_batch(sql).unwrap();
    }
}

#[async_trait]
impl Factory for Sqlite {
    async fn fresh(&self) -> Box<dyn Bench> {
        Box::new(InFile::new().await)
    }
}

#[async_trait]
impl Bench for InFile {
    fn log(&self) -> SharedLog {
        Arc::new(self.log.clone())
    }

    async fn second(&self) -> SharedLog {
        Arc::new(self.open().await)
    }

    async fn keys(&self) -> Arc<dyn KeyIndex> {
        Arc::new(self.open().await)
    }

    async fn activity(&self, node: &str, run: Uuid) -> Arc<dyn Activity> {
        let path = self.folder.path().join("activity.db");
        Arc::new(SqliteActivity::open(&path, node, run, super::fixed_clock()).await.unwrap())
    }

    async fn noted(&self) -> Vec<ActivityEntry> {
        let connection = Connection::open(self.folder.path().join("activity.db")).unwrap();
        let mut select = connection.prepare("SELECT body FROM entry ORDER BY batch, idx").unwrap();
        let bodies = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
    }

    async fn restart(&mut self) {
        self.log = self.open().await;
    }

    async fn inject(&self, stream: &StreamName, bytes: Bytes) {
        let last = "SELECT max(position) + 1 FROM record";
        self.raw()
            .execute(
                &format!(
                    "INSERT INTO record (position, stream, message, time, bytes)
                     VALUES (({last}), ?1, hex(randomblob(16)), 0, ?2)"
                ),
                rusqlite::params![stream.to_string(), bytes.as_ref()],
            )
            .unwrap();
    }

    async fn lose(&self, position: Position) {
        unguarded(&self.raw(), |connection| {
            let position = i64::try_from(position.0).unwrap();
            connection.execute("DELETE FROM record WHERE position = ?1", [position]).unwrap();
        });
    }

    async fn weaken(&self) -> bool {
        self.raw().execute_batch("DROP TRIGGER record_is_never_deleted").unwrap();
        true
    }

    async fn strengthen(&self) {
        self.raw()
            .execute_batch(
                "CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
                 BEGIN SELECT RAISE(ABORT, 'no'); END",
            )
            .unwrap();
    }
}

conformance_suite!(Sqlite);

#[tokio::test]
async fn records_can_be_neither_changed_nor_deleted_nor_replaced() {
    let bench = InFile::new().await;
    let mut maker = Maker::started(61, &bench).await;
    maker.fill(&bench.log(), 5).await;
    let before = everything(&bench.log()).await;
    let raw = bench.raw();
    for attempt in [
        "UPDATE record SET bytes = x'00' WHERE position = 2",
        "UPDATE record SET position = 9 WHERE position = 6",
        "UPDATE record SET stream = 'system'",
        "DELETE FROM record",
        "DELETE FROM record WHERE position = 6",
        "INSERT INTO record SELECT 9, stream, 'new', time, bytes FROM record WHERE position = 2",
        "INSERT INTO record SELECT 0, stream, 'new', time, bytes FROM record WHERE position = 2",
        "REPLACE INTO record SELECT 2, stream, 'new', time, bytes FROM record WHERE position = 3",
        "REPLACE INTO record SELECT 7, stream, message, time, bytes FROM record WHERE position = 3",
        "INSERT INTO record SELECT 7, stream, 'x', time, bytes FROM record WHERE position = 3
         ON CONFLICT DO UPDATE SET bytes = x'00'; UPDATE record SET bytes = x'00'",
    ] {
        let refused = raw.execute_batch(&format!("BEGIN; {attempt}; COMMIT")).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{attempt}: {refused}");
        raw.execute_batch("ROLLBACK").unwrap();
    }
    let after = everything(&bench.log()).await;
    assert!(before.iter().map(|r| &r.bytes).eq(after.iter().map(|r| &r.bytes)));
}

#[tokio::test]
async fn a_reader_of_another_process_follows_and_cannot_append() {
    let bench = InFile::new().await;
    let mut maker = Maker::started(62, &bench).await;
    let reader: SharedLog = Arc::new(SqliteLog::open_read_only(&bench.path()).await.unwrap());
    let mut follower = reader.follow(Checkpoint::default()).await.unwrap();
    assert_eq!(take(&mut *follower, 1).await.len(), 1);
    maker.fill(&bench.log(), 3).await;
    assert_eq!(take(&mut *follower, 3).await.len(), 3);
    let record = maker.commit(&item("mine"), Position::START);
    assert!(reader.try_append(&record).await.is_err());
    assert_eq!(at(put(&bench.log(), &record).await), Position(5));
}

#[tokio::test]
async fn a_missing_file_is_not_created_for_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    assert!(SqliteLog::open_read_only(&path).await.is_err());
    assert!(!path.exists());
}

#[tokio::test]
async fn what_was_recorded_is_there_after_every_handle_was_closed() {
    let bench = InFile::new().await;
    let mut maker = Maker::started(63, &bench).await;
    maker.fill(&bench.log(), 10).await;
    let before = everything(&bench.log()).await;
    let InFile { folder, log } = bench;
    drop(log);
    let path = folder.path().join("log.db");
    let reader: SharedLog = Arc::new(SqliteLog::open_read_only(&path).await.unwrap());
    let after = everything(&reader).await;
    assert!(before.iter().map(|r| &r.bytes).eq(after.iter().map(|r| &r.bytes)));
}
