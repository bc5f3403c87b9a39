//! Options and status of the index, and the reasons for which it does not answer.

use domain::{position::Position, time::Time};
use std::time::Duration;

/// How the index works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexOptions {
    /// At most so many records between two snapshots.
    pub batch: usize,
    /// The longest pause before trying again after a loss of the log.
    pub longest_pause: Duration,
    /// Knowing nothing newer than so long ago, it answers nothing any more.
    pub longest_silence: Duration,
    /// How often the end of the log is read, to know how current the index is.
    pub look_every: Duration,
    /// How often it is saved, if it has changed by [`save_records`](Self::save_records).
    pub save_every: Duration,
    /// Fewer new records than this are not worth saving, except on closing.
    pub save_records: u64,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            batch: 4096,
            longest_pause: Duration::from_secs(5),
            longest_silence: Duration::from_secs(30),
            look_every: Duration::from_millis(500),
            save_every: Duration::from_mins(10),
            save_records: 1_000,
        }
    }
}

/// Why the index does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It has not yet reached the head of the log since it started.
    #[error("the access index has come to position {position} and is still catching up")]
    CatchingUp {
        /// How far it has come.
        position: Position,
    },
    /// It does not know the position asked for, and the time to wait is up.
    #[error("the access index has come to position {position} only")]
    NotYet {
        /// How far it has come.
        position: Position,
    },
    /// It cannot go on.
    #[error("the access index stopped at position {position}: {why}")]
    Stopped {
        /// Where.
        position: Position,
        /// Why; for the log of the service, not for clients.
        why: String,
    },
    /// It has not kept up with the log for too long, so that nobody knows what was revoked
    /// meanwhile.
    #[error("the access index has not kept up with the log since position {position}: {why}")]
    Lost {
        /// How far it has come.
        position: Position,
        /// Why; for the log of the service, not for clients.
        why: String,
    },
}

/// What the index started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// The whole log was read.
    FromLog,
    /// A saved file that knew everything up to a position; the rest was read.
    FromFile(Position),
}

/// How the index is.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexStatus {
    /// How far it has come.
    pub position: Position,
    /// Effective time of that record.
    pub time: Time,
    /// Has it reached the head of the log since it started?
    pub ready: bool,
    /// Why it does not go on, and where.
    pub stopped: Option<(Position, String)>,
    /// How long ago it last knew for certain everything that was acknowledged.
    pub current: Duration,
    /// Why the log does not answer, while it does not.
    pub lost: Option<String>,
    /// Open grants it knows.
    pub grants: u64,
    /// Items it knows.
    pub items: u64,
    /// Accounts and groups it knows.
    pub principals: u64,
    /// Bytes in memory, estimated from what it holds.
    pub bytes: u64,
    /// What it started from.
    pub started: Started,
    /// How long that took, to the head of then.
    pub start_took: Option<Duration>,
    /// The position last saved to its file.
    pub saved: Position,
}
