//! Where do the tables live? The one port of both engines.
//!
//! RECIPE for another engine: implement [`Store`], [`Batch`] and [`Snapshot`], write its
//! migrations, and add a module to the conformance suite (`tests/views`). Differences between
//! engines are bugs.

pub mod postgres;
pub mod sqlite;

use crate::{
    projection::{Projection, Table},
    value::{Row, Value},
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, time::Time};
use std::{fmt, sync::Arc};
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
    /// The log it follows; `None` = nothing was taken in yet.
    pub log: Option<LogId>,
    /// The last position taken in.
    pub position: Position,
    /// Effective time of that record.
    pub time: Time,
}

/// Which of the two tables of a temporal table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Open rows; also the rows of plain tables and journals.
    Open,
    /// Ended rows.
    Ended,
}

impl Side {
    /// What stands behind the table's name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Ended => "_ended",
        }
    }
}

/// The columns that the runner keeps in temporal tables, behind the declared ones.
pub const OPEN_COLUMNS: [&str; 2] = ["recorded_from", "from_position"];
/// The same of ended rows, behind those.
pub const ENDED_COLUMNS: [&str; 2] = ["recorded_to", "to_position"];

/// One transaction that takes in records: holds the projection's checkpoint row until it ends.
/// Dropped without [`Batch::commit`], nothing of it happened.
#[async_trait]
pub trait Batch: Send {
    /// How far the projection had come when the transaction got hold of the checkpoint.
    fn progress(&self) -> &Progress;

    /// The rows whose cells in these columns equal one of the keys.
    async fn load(
        &mut self,
        table: &'static Table,
        side: Side,
        columns: &[&str],
        keys: Vec<Row>,
    ) -> Result<Vec<Row>, StoreError>;

    /// Removes open or plain rows by key.
    async fn remove(&mut self, table: &'static Table, keys: Vec<Row>) -> Result<(), StoreError>;

    /// Puts whole rows; open and plain ones in place of those with their key.
    async fn put(
        &mut self,
        table: &'static Table,
        side: Side,
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
pub trait Snapshot: Send {
    /// What stands before the name of a table of a projection's version, e.g. `"data".access_v1_`.
    fn prefix(&self, projection: &str, version: u32) -> String;
    /// What stands before the name of a table of no projection.
    fn schema(&self) -> String;
    /// Rows of a query with parameters `$1`, `$2`, …
    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Gives the connection back. One that is not given back is closed.
    async fn end(self: Box<Self>) -> Result<(), StoreError>;
}

/// A database that holds read models.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Takes hold of a projection's checkpoint.
    async fn begin(&self, projection: &dyn Projection) -> Result<Box<dyn Batch>, StoreError>;

    /// How far a projection has come.
    async fn progress(&self, projection: &dyn Projection) -> Result<Progress, StoreError>;

    /// Notes that a projection stands, and why, beside its checkpoint; `None` = it goes on.
    async fn note_stopped(
        &self,
        projection: &dyn Projection,
        stopped: Option<&crate::Stopped>,
    ) -> Result<(), StoreError>;

    /// A consistent view for reading.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Changes whenever a runner of this process committed.
    fn moved(&self) -> &watch::Sender<u64>;
}

/// The database chosen at start: [`postgres::open`] or [`sqlite::open`].
pub type Database = Arc<dyn Store>;

/// The declared and kept columns of one side of a table, in order.
pub(crate) fn column_names(table: &Table, side: Side) -> Vec<&'static str> {
    let declared = table.columns.iter().map(|column| column.name);
    let kept = match (table.shape, side) {
        (crate::projection::Shape::Plain | crate::projection::Shape::Journal, _) => Vec::new(),
        (crate::projection::Shape::Temporal, Side::Open) => OPEN_COLUMNS.to_vec(),
        (crate::projection::Shape::Temporal, Side::Ended) => [OPEN_COLUMNS, ENDED_COLUMNS].concat(),
    };
    declared.chain(kept).collect()
}

/// What a column of a table holds, kept columns included.
pub(crate) fn kind_of(table: &Table, name: &str) -> crate::projection::Kind {
    use crate::projection::Kind;
    let declared = table.columns.iter().find(|column| column.name == name);
    declared.map_or_else(
        || if name.starts_with("recorded_") { Kind::Time } else { Kind::Int },
        |column| column.kind,
    )
}
