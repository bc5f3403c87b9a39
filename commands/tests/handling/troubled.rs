//! A log that breaks off or hangs while a test says so.

use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use eventlog::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, LogError, Record,
    SharedLog,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Around another log; works until told otherwise.
#[derive(Debug)]
pub(crate) struct TroubledLog {
    inner: SharedLog,
    /// Followers break off, and no other begins.
    broken: Arc<AtomicBool>,
    /// Streams are not answered.
    hanging: AtomicBool,
}

impl TroubledLog {
    pub(crate) fn new(inner: SharedLog) -> Self {
        Self { inner, broken: Arc::default(), hanging: AtomicBool::new(false) }
    }

    pub(crate) fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    pub(crate) fn set_hanging(&self, hanging: bool) {
        self.hanging.store(hanging, Ordering::SeqCst);
    }
}

fn broken_off(broken: &AtomicBool) -> Result<(), LogError> {
    if broken.load(Ordering::SeqCst) {
        return Err(LogError::Unavailable("as a test asked".to_owned()));
    }
    Ok(())
}

struct TroubledFollower {
    inner: Box<dyn Follower>,
    broken: Arc<AtomicBool>,
}

#[async_trait]
impl Follower for TroubledFollower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        let records = self.inner.next(max, wait).await?;
        broken_off(&self.broken)?;
        Ok(records)
    }
}

#[async_trait]
impl EventLog for TroubledLog {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        self.inner.try_append(append).await
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        self.inner.stream_position(stream).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        if self.hanging.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.inner.read_stream(stream, after).await
    }

    async fn read(&self, position: Position) -> Result<Option<Record>, LogError> {
        self.inner.read(position).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.inner.head().await
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        broken_off(&self.broken)?;
        let (inner, broken) = (self.inner.follow(after).await?, self.broken.clone());
        Ok(Box::new(TroubledFollower { inner, broken }))
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        self.inner.identity().await
    }

    async fn check(&self) -> Result<Durability, LogError> {
        self.inner.check().await
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        self.inner.clock().await
    }
}
