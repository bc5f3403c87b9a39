//! The port: append with an expected version, read one stream, follow everything.
//!
//! RECIPE for another engine: implement [`EventLog`], [`Follower`] and [`KeyIndex`], then call
//! every function of the conformance suite with it. Differences between engines are bugs.

use crate::{Append, Record, sqlite_file::SqliteError};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use std::{fmt, sync::Arc, time::Duration};

/// Why the log did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// It cannot be reached, or did not answer in time. Nothing is known of what was asked.
    #[error("the event log does not answer: {0}")]
    Unavailable(String),
    /// It is there, but not as it must be (limits set, foreign identity, too old a server).
    #[error("event log misconfigured: {0}")]
    Misconfigured(String),
    /// What it holds cannot be (gap, regression, broken chain, unreadable record).
    #[error("the event log is damaged at position {position}: {detail}")]
    Corrupt {
        /// Where.
        position: Position,
        /// What is wrong.
        detail: String,
    },
    /// It belongs to another deployment.
    #[error("this is another log: {found} instead of {expected}")]
    Foreign {
        /// The identity known.
        expected: LogId,
        /// The identity found.
        found: LogId,
    },
}

impl From<SqliteError> for LogError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Schema(_) => Self::Misconfigured(error.to_string()),
            SqliteError::Sqlite(_) | SqliteError::File(_) | SqliteError::Lost(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

/// What came of one attempt to append. The driver's answer, not yet resolved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the expected version.
    #[error("the stream has moved on")]
    Conflict,
    /// A record with this message id is stored at this position, on any stream.
    #[error("a record with this message id is stored at {0}")]
    Duplicate(Position),
    /// It may have been appended or not.
    #[error("the log did not confirm: {0}")]
    Unknown(String),
    /// Certainly not appended, and not because of a version.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What came of an append after every doubt was resolved by reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is stored there.
    At(Position),
    /// The stream has moved on; load again and decide again.
    Conflict,
    /// Another command with the same idempotency key is stored there.
    KeyTaken(Position),
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Position of the last record; 0 = empty.
    pub position: Position,
    /// Position of the first record; must be 1 (or 0 = empty).
    pub first: Position,
}

/// From where to follow: everything up to here is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Last position known.
    pub position: Position,
    /// Effective time of that record.
    pub time: Time,
}

/// What an acknowledgement of this engine buys; shown at start, in `/readyz` and by `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// Engine and version, e.g. `NATS JetStream 2.15.1`.
    pub engine: String,
    /// Copies that hold an acknowledged record.
    pub replicas: u32,
    /// Is every acknowledged record on disk (fsync)?
    pub synced: bool,
    /// Warnings an operator should see, in words.
    pub warnings: Vec<String>,
}

/// Records with expected versions, in one total order. What is appended stays permanently.
#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug {
    /// One attempt to append. Callers use [`append`](crate::append), which resolves doubts.
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError>;

    /// Version of a stream, confirmed by the leader: position of its last record, 0 = none.
    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError>;

    /// Records of one stream after a position, up to its leader-confirmed last.
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError>;

    /// One record; `None` = beyond the head.
    async fn read(&self, position: Position) -> Result<Option<Record>, LogError>;

    /// The end of the log, confirmed by the leader.
    async fn head(&self) -> Result<Head, LogError>;

    /// Everything after a checkpoint, then what comes; never ends by itself.
    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError>;

    /// Its identity: the uuid in `log.started` at position 1; `None` = empty.
    async fn identity(&self) -> Result<Option<LogId>, LogError>;

    /// Compares configuration, limits, first position and server version with what must be, now.
    /// Engines also do so every 30 s and refuse appends while it fails.
    async fn check(&self) -> Result<Durability, LogError>;

    /// The engine's clock: the broker's time (embedded: none). For the clock-skew guard.
    async fn clock(&self) -> Result<Option<Time>, LogError>;
}

/// Reads the log in order. Checks density, subject, identity and the `prev` chain; stops at the
/// first violation and at the first record that cannot be read.
#[async_trait]
pub trait Follower: Send {
    /// At least one record, at most `max`, in order without gap; waits up to `wait` for the first
    /// and answers an empty batch when none came. May be dropped while it waits: nothing is lost.
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError>;
}

/// Finds recorded commands by the fingerprint of their idempotency key, for as long as the log
/// lives.
#[async_trait]
pub trait KeyIndex: Send + Sync + fmt::Debug {
    /// Position of the command's first commit. Knows everything older than the broker's duplicate
    /// window for certain; fails when it has fallen behind further than that.
    async fn find(&self, key: &str) -> Result<Option<Position>, LogError>;
}

/// The log chosen at start.
pub type SharedLog = Arc<dyn EventLog>;

/// Opens private texts after a read. The vault implements it; consumers that prepare records for
/// people to read hold one.
#[async_trait]
pub trait TextOpener: Send + Sync + fmt::Debug {
    /// Opens the texts of one stream in place. A text whose key is destroyed stays without plain
    /// text, which reads as "erased". Fails only when the vault does not answer.
    async fn open(
        &self,
        stream: &StreamName,
        texts: Vec<domain::private_text::PrivateField<'_>>,
    ) -> Result<(), LogError>;
}
