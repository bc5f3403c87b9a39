//! Read models in PostgreSQL.

mod batch;
mod control;
mod migrate;
mod read;
mod types;
mod views;

use super::{
    Batch, BatchStart, Control, Database, Generation, Progress, ReadTransaction, Store, StoreError,
    error_chain,
};
use crate::value::Value;
use async_trait::async_trait;
use deadpool_postgres::{Object, Pool, PoolError};
use domain::{id::LogId, position::Position};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_postgres::{Row as PgRow, error::SqlState};

/// Names that can be chosen, so that several deployments share one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Schema of our tables.
    pub data_schema: String,
    /// Schema of the views for dashboards.
    pub views_schema: String,
    /// Role that may read the views and nothing else.
    pub reader_role: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            data_schema: "sharelog_data".to_owned(),
            views_schema: "sharelog".to_owned(),
            reader_role: "sharelog_reader".to_owned(),
        }
    }
}

impl PostgresOptions {
    /// A name as SQL writes it.
    fn quoted(name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
    fn data(&self) -> String {
        Self::quoted(&self.data_schema)
    }
    /// A text with the names of schemas and role filled in.
    fn filled(&self, text: &str) -> String {
        text.replace("{data}", &self.data())
            .replace("{views}", &Self::quoted(&self.views_schema))
            .replace("{reader}", &Self::quoted(&self.reader_role))
    }
}

#[derive(Debug)]
struct PostgresStore {
    pool: Pool,
    options: PostgresOptions,
    moved: watch::Sender<u64>,
}

/// Opens the database; creates or migrates tables, views and the reader role.
pub async fn open(pool: Pool, options: PostgresOptions) -> Result<Database, StoreError> {
    let store = PostgresStore { pool, options, moved: watch::Sender::new(0) };
    let mut client = store.client().await?;
    migrate::run(&mut client, &store.options).await?;
    Ok(Arc::new(store))
}

impl PostgresStore {
    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => failed(&error),
            PoolError::Timeout(_)
            | PoolError::Closed
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => StoreError::Unavailable(error.to_string()),
        })
    }
}

/// What a driver's error means. Its text goes to the log and to operators, never to callers.
fn failed(error: &tokio_postgres::Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        return StoreError::Unavailable(error_chain(error));
    };
    let text = format!("{} ({})", db.message(), db.code().code());
    let passing = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
    ];
    // Classes 08, 53, 57: connection lost, resources, operator intervention (shutdown, crash).
    let class = db.code().code().get(..2).unwrap_or_default();
    if passing.contains(db.code()) || ["08", "53", "57"].contains(&class) {
        StoreError::Unavailable(text)
    } else {
        StoreError::Refused(text)
    }
}

fn cells(row: &PgRow) -> Result<Vec<Value>, StoreError> {
    (0..row.len()).map(|place| row.try_get(place).map_err(|error| failed(&error))).collect()
}

/// What a checkpoint row says.
fn batch_start(row: &PgRow) -> Result<BatchStart, StoreError> {
    let cells = cells(row)?;
    let wrong = |error: crate::value::CellError| StoreError::Refused(error.to_string());
    let [log, position, time, live, paused] = cells.as_slice() else {
        return Err(StoreError::Refused("a checkpoint lacks columns".to_owned()));
    };
    let progress = Progress {
        log: log.optional(Value::parse::<uuid::Uuid>).map_err(wrong)?.map(LogId),
        position: position.position().map_err(wrong)?,
        time: time.time().map_err(wrong)?,
    };
    let (live, paused) = (live.bool().map_err(wrong)?, paused.bool().map_err(wrong)?);
    Ok(BatchStart { progress, live, paused })
}

/// Version and position as the database counts.
fn number(value: u64) -> Value {
    Position(value).into()
}

#[async_trait]
impl Store for PostgresStore {
    async fn begin(&self, target: &Generation) -> Result<Box<dyn Batch>, StoreError> {
        let client = self.client().await?;
        let batch = batch::PostgresBatch::begin(client, self.options.data(), target).await?;
        Ok(Box::new(batch))
    }

    async fn control(&self) -> Result<Box<dyn Control>, StoreError> {
        let client = self.client().await?;
        Ok(Box::new(control::PostgresControl::begin(client, self.options.clone()).await?))
    }

    async fn snapshot(&self) -> Result<Box<dyn ReadTransaction>, StoreError> {
        let client = self.client().await?;
        let snapshot = read::PostgresRead::begin(client, self.options.data()).await?;
        Ok(Box::new(snapshot))
    }

    fn filling(&self) -> Duration {
        Duration::from_millis(500)
    }

    fn moved(&self) -> &watch::Sender<u64> {
        &self.moved
    }
}
