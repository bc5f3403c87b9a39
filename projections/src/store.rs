//! The store of the tables: the one port of both engines.
//!
//! RECIPE for another engine: implement [`Store`], [`Batch`], [`Control`] and [`ReadTransaction`],
//! give it a dialect in `ddl` and migrations of its control tables, and add a module to the
//! conformance suite (`tests/views`). Differences between
//! engines are bugs.

pub(crate) mod ddl;
pub mod generation;
mod migration_error;
pub mod postgres;
pub mod sqlite;

pub use generation::Generation;

use crate::{
    table::{RowState, Table},
    value::{Row, Value},
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, time::Time};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::watch;
use uuid::Uuid;

/// Why the database did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or broke off; worth another try.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// It answers, but will refuse the same again.
    #[error("the database refuses: {0}")]
    Refused(String),
}

/// How far a projection has come, as it stands beside its tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The log it follows; `None` = nothing was applied yet.
    pub log: Option<LogId>,
    /// The last position applied.
    pub position: Position,
    /// Effective time of that record.
    pub time: Time,
}

/// What a batch found when it got hold of its checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchStart {
    /// How far the generation had come.
    pub progress: Progress,
    /// Do questions read this generation?
    pub live: bool,
    /// Is the projection paused?
    pub paused: bool,
}

/// One transaction that applies records: holds the projection's checkpoint row until it ends.
/// Dropped without [`Batch::commit`], nothing of it happened.
#[async_trait]
pub trait Batch: Send {
    /// How things stood when the transaction got hold of the checkpoint.
    fn start(&self) -> &BatchStart;

    /// The rows whose cells in these columns equal one of the keys.
    async fn load(
        &mut self,
        table: &'static Table,
        side: RowState,
        columns: &[&str],
        keys: Vec<Row>,
    ) -> Result<Vec<Row>, StoreError>;

    /// Removes open or plain rows by key.
    async fn remove(&mut self, table: &'static Table, keys: Vec<Row>) -> Result<(), StoreError>;

    /// Puts whole rows; open and plain ones in place of those with their key.
    async fn put(
        &mut self,
        table: &'static Table,
        side: RowState,
        rows: Vec<Row>,
    ) -> Result<(), StoreError>;

    /// Nulls the texts that these data keys sealed.
    async fn erase(&mut self, table: &'static Table, keys: &[Uuid]) -> Result<(), StoreError>;

    /// Ends it without having done anything.
    async fn leave(self: Box<Self>) -> Result<(), StoreError>;

    /// Moves the checkpoint, only if it still stands where it stood, and makes everything visible.
    async fn commit(self: Box<Self>, progress: &Progress) -> Result<(), StoreError>;
}

/// One moment of the database, for reading.
#[async_trait]
pub trait ReadTransaction: Send {
    /// What stands before the name of a table of a generation, e.g. `"data".access_v1_`.
    fn prefix(&self, projection: &str, version: u32, generation: u32) -> String {
        let schema = self.schema();
        format!("{schema}{}", generation::prefix(projection, version, generation))
    }
    /// What stands before the name of a table of no projection.
    fn schema(&self) -> String;
    /// Rows of a query with parameters `$1`, `$2`, …
    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// What a table (its whole name) holds, whatever the order of its rows. Comparable with digests
    /// that this process took on the same database only.
    async fn digest(&mut self, table: &str) -> Result<Digest, StoreError>;
    /// Gives the connection back. One that is not given back is closed.
    async fn end(self: Box<Self>) -> Result<(), StoreError>;
}

/// What a table holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many rows.
    pub rows: u64,
    /// A sum over all of them.
    pub sum: String,
}

/// One short transaction about generations: which are there, which is read, who builds. Waits for
/// locks a bounded time only. Dropped without [`Control::commit`], nothing of it happened.
#[async_trait]
pub trait Control: Send {
    /// What stands before the name of a table of no projection.
    fn schema(&self) -> String;
    /// What a `SELECT` ends with that holds its rows until the transaction ends.
    fn lock(&self) -> &'static str;
    /// The database's clock.
    async fn now(&mut self) -> Result<Time, StoreError>;
    /// Rows of a query or of a change that answers rows; parameters `$1`, `$2`, …
    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Changes rows; answers how many.
    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, StoreError>;
    /// Makes empty tables, as they are best filled.
    async fn create(&mut self, target: &Generation) -> Result<(), StoreError>;
    /// Makes what waited until the tables were filled.
    async fn finish(&mut self, target: &Generation) -> Result<(), StoreError>;
    /// Removes a bounded part of the tables with this prefix; answers whether all are gone.
    async fn clear(&mut self, prefix: &str) -> Result<bool, StoreError>;
    /// Points the views for dashboards at a generation. The last step: from here to the commit,
    /// their readers wait.
    async fn point_views(&mut self, target: &Generation) -> Result<(), StoreError>;
    /// Makes it happen.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// A database that holds read models.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Takes hold of a generation's checkpoint.
    async fn begin(&self, target: &Generation) -> Result<Box<dyn Batch>, StoreError>;

    /// Begins to change which generations there are.
    async fn control(&self) -> Result<Box<dyn Control>, StoreError>;

    /// A consistent view for reading.
    async fn snapshot(&self) -> Result<Box<dyn ReadTransaction>, StoreError>;

    /// How long a transaction that fills a generation should last: what is read is written beside
    /// it.
    fn filling(&self) -> Duration;

    /// Changes whenever a runner of this process committed.
    fn moved(&self) -> &watch::Sender<u64>;
}

/// The database chosen at start: [`postgres::open`] or [`sqlite::open`].
pub type Database = Arc<dyn Store>;

/// An error with its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
