//! Read models in a SQLite file.

mod batch;
mod control;
mod migrate;
mod read;

use super::{
    Batch, BatchStart, Control, Database, Generation, Progress, ReadTransaction, Store, StoreError,
};
use crate::value::{CellError, Row, Value};
use async_trait::async_trait;
use domain::id::LogId;
use eventlog::sqlite_file::{self, FileOptions, Readers, SqliteError};
use rusqlite::{
    Connection, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use std::{ops::Deref, path::Path, sync::Arc, time::Duration};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// How the file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// By the service: one writer, a pool of readers; creates or migrates the tables.
    ReadWrite,
    /// By a reading command line beside it; fails when the file is missing.
    ReadOnly,
}

#[derive(Debug)]
struct SqliteStore {
    writer: Option<Arc<Mutex<Connection>>>,
    readers: Arc<Readers>,
    moved: watch::Sender<u64>,
}

/// The tables can be rebuilt: a lost tail after a power cut is followed again from the log. What
/// was erased is overwritten, not only unlinked.
const OPTIONS: FileOptions = FileOptions { secure_delete: true, ..FileOptions::new("NORMAL") };

/// Opens the file, e.g. `data/views.db`.
pub async fn open(path: &Path, access: OpenMode) -> Result<Database, StoreError> {
    let writer = match access {
        OpenMode::ReadOnly => None,
        OpenMode::ReadWrite => {
            let path = path.to_owned();
            Some(sqlite_file::blocking(move || writer(&path)).await?)
        }
    };
    let store = SqliteStore {
        writer: writer.map(|writer| Arc::new(Mutex::new(writer))),
        readers: Readers::new(path),
        moved: watch::Sender::new(0),
    };
    // Fails now rather than at the first question.
    store.snapshot().await?.end().await?;
    Ok(Arc::new(store))
}

impl From<SqliteError> for StoreError {
    fn from(error: SqliteError) -> Self {
        use rusqlite::ErrorCode;
        match error {
            SqliteError::Sqlite(error) => match error.sqlite_error_code() {
                Some(
                    ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::CannotOpen
                    | ErrorCode::DiskFull
                    | ErrorCode::OutOfMemory,
                ) => Self::Unavailable(error.to_string()),
                _ => Self::Refused(error.to_string()),
            },
            SqliteError::Schema(_) => Self::Refused(error.to_string()),
            SqliteError::File(_) | SqliteError::Lost(_) => Self::Unavailable(error.to_string()),
        }
    }
}

fn writer(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = sqlite_file::open(path, OPTIONS)?;
    migrate::run(&mut connection)?;
    Ok(connection)
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) | Self::Time(number) => ValueRef::Integer(*number),
            Self::Bool(yes) => ValueRef::Integer(i64::from(*yes)),
            Self::Text(text) | Self::Json(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Rows of a query whose parameters are `$1`, `$2`, … (SQLite numbers `?1`).
fn query(
    connection: &Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<Row>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&sql.replace('$', "?"))?;
    let width = statement.column_count();
    let rows = statement.query_map(params_from_iter(parameters), |row| {
        (0..width)
            .map(|place| {
                Ok(match row.get_ref(place)? {
                    ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                })
            })
            .collect()
    })?;
    rows.collect()
}

/// What a checkpoint row says.
fn batch_start(rows: &[Row]) -> Result<Option<BatchStart>, StoreError> {
    let wrong = |error: CellError| StoreError::Refused(error.to_string());
    let Some([log, position, time, live, paused]) = rows.first().map(Vec::as_slice) else {
        return Ok(None);
    };
    let progress = Progress {
        log: log.optional(Value::parse::<uuid::Uuid>).map_err(wrong)?.map(LogId),
        position: position.position().map_err(wrong)?,
        time: time.time().map_err(wrong)?,
    };
    let live = live.bool().map_err(wrong)?;
    let paused = paused.bool().map_err(wrong)?;
    Ok(Some(BatchStart { progress, live, paused }))
}

const BATCH_START: &str = "SELECT log, position, time, live, EXISTS (SELECT 1 FROM controls c \
                    WHERE c.projection = p.projection AND c.paused_at IS NOT NULL) \
                    FROM progress p \
                    WHERE projection = $1 AND version = $2 AND generation = $3";

fn named(target: &Generation) -> [Value; 3] {
    let projection = target.projection;
    [projection.name().into(), projection.version().into(), target.generation.into()]
}

impl SqliteStore {
    fn writer(&self) -> Result<Arc<Mutex<Connection>>, StoreError> {
        self.writer
            .clone()
            .ok_or_else(|| StoreError::Refused("the file is open for reading only".to_owned()))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self, target: &Generation) -> Result<Box<dyn Batch>, StoreError> {
        let connection = Writing(self.writer()?.lock_owned().await);
        let batch = batch::SqliteBatch::begin(connection, target).await?;
        Ok(Box::new(batch))
    }

    async fn control(&self) -> Result<Box<dyn Control>, StoreError> {
        let connection = Writing(self.writer()?.lock_owned().await);
        Ok(Box::new(control::SqliteControl::begin(connection).await?))
    }

    async fn snapshot(&self) -> Result<Box<dyn ReadTransaction>, StoreError> {
        let snapshot = read::SqliteRead::begin(self.readers.acquire().await?).await?;
        Ok(Box::new(snapshot))
    }

    /// There is one writer: what is read must not wait long behind what is built.
    fn filling(&self) -> Duration {
        Duration::from_millis(30)
    }

    fn moved(&self) -> &watch::Sender<u64> {
        &self.moved
    }
}

/// The one writing connection, held by one transaction. Given back, whenever that happens (the
/// statement of one that was dropped runs to its end), what was not committed is rolled back.
#[derive(Debug)]
struct Writing(OwnedMutexGuard<Connection>);

impl Deref for Writing {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // When it fails, the next transaction begins with it.
        drop(fresh(&self.0));
    }
}

fn fresh(connection: &Connection) -> Result<(), rusqlite::Error> {
    if connection.is_autocommit() { Ok(()) } else { connection.execute_batch("ROLLBACK") }
}
