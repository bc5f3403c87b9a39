//! What if the log misbehaves? A decorator that plays the faults engines and networks have.

use crate::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, LogError, Record,
    SharedLog,
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use parking_lot::Mutex;
use std::{collections::VecDeque, time::Duration};

/// What happens to one append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The record is stored; the acknowledgement is lost.
    AckLost,
    /// The record is not stored, and nobody says so.
    NothingStored,
    /// The record is stored, the acknowledgement is lost, and the client library sends once more;
    /// this is what a server that looks for duplicates first answers (2.9).
    RetriedDuplicateFirst,
    /// The same on a server that compares versions first (2.15).
    RetriedConflictFirst,
    /// The log cannot be reached; nothing is stored.
    Unavailable,
    /// The record is stored late.
    Delay(Duration),
    /// Works.
    None,
}

/// A log that fails on demand. For tests.
#[derive(Debug)]
pub struct FaultyLog {
    inner: SharedLog,
    faults: Mutex<VecDeque<Fault>>,
    /// While set, every question is answered with `Unavailable`.
    down: Mutex<bool>,
}

impl FaultyLog {
    /// Around another log; faultless until told otherwise.
    pub fn new(inner: SharedLog) -> Self {
        Self { inner, faults: Mutex::default(), down: Mutex::new(false) }
    }

    /// The log behind.
    pub fn inner(&self) -> &SharedLog {
        &self.inner
    }

    /// Queues a fault; each append takes one, in order, and works when there is none.
    pub fn fail_next(&self, fault: Fault) {
        self.faults.lock().push_back(fault);
    }

    /// Makes the whole log unreachable, or reachable again.
    pub fn set_down(&self, down: bool) {
        *self.down.lock() = down;
    }

    fn up(&self) -> Result<&SharedLog, LogError> {
        if *self.down.lock() {
            Err(LogError::Unavailable("as a test asked".to_owned()))
        } else {
            Ok(&self.inner)
        }
    }
}

#[async_trait]
impl EventLog for FaultyLog {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let log = self.up()?;
        let fault = self.faults.lock().pop_front().unwrap_or(Fault::None);
        let lost =
            || AppendError::Unknown("the acknowledgement was lost, as a test asked".to_owned());
        match fault {
            Fault::None => log.try_append(append).await,
            Fault::Delay(delay) => {
                tokio::time::sleep(delay).await;
                log.try_append(append).await
            }
            Fault::AckLost => log.try_append(append).await.and(Err(lost())),
            Fault::NothingStored => Err(lost()),
            Fault::RetriedDuplicateFirst => {
                let position = log.try_append(append).await?;
                Err(AppendError::Duplicate(position))
            }
            Fault::RetriedConflictFirst => {
                log.try_append(append).await.and(Err(AppendError::Conflict))
            }
            Fault::Unavailable => Err(LogError::Unavailable("as a test asked".to_owned()).into()),
        }
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        self.up()?.stream_position(stream).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        self.up()?.read_stream(stream, after).await
    }

    async fn read(&self, position: Position) -> Result<Option<Record>, LogError> {
        self.up()?.read(position).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.up()?.head().await
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        self.up()?.follow(after).await
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        self.up()?.identity().await
    }

    async fn check(&self) -> Result<Durability, LogError> {
        self.up()?.check().await
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        self.up()?.clock().await
    }
}
