//! Follows a log whose engine lives in this process (memory, SQLite).

use crate::{
    Checkpoint, Follower, LogError, Record,
    chain_verifier::{ChainVerifier, RawRecord},
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// Where a [`InProcessFollower`] reads.
#[async_trait]
pub(crate) trait RecordSource: Send + Sync {
    /// At most `max` records after a position, in order.
    async fn records(&self, after: Position, max: usize) -> Result<Vec<RawRecord>, LogError>;
}

/// Follows a [`RecordSource`]; woken by its writer.
pub(crate) struct InProcessFollower<S> {
    source: S,
    chain: ChainVerifier,
    head: watch::Receiver<u64>,
    /// How often to look by itself: other processes that append cannot wake it.
    look: Duration,
    stopped: Option<LogError>,
}

impl<S: RecordSource> InProcessFollower<S> {
    pub(crate) fn new(
        source: S,
        after: Checkpoint,
        log: Option<LogId>,
        head: watch::Receiver<u64>,
        look: Duration,
    ) -> Self {
        Self { source, chain: ChainVerifier::after(after, log), head, look, stopped: None }
    }

    async fn read(&mut self, max: usize) -> Result<Vec<Arc<Record>>, LogError> {
        let raw = self.source.records(self.chain.position(), max).await?;
        let mut records = Vec::with_capacity(raw.len());
        for raw in raw {
            match self.chain.accept(raw) {
                Ok(record) => records.push(Arc::new(record)),
                Err(error) => {
                    self.stopped = Some(error);
                    break;
                }
            }
        }
        Ok(records)
    }
}

#[async_trait]
impl<S: RecordSource> Follower for InProcessFollower<S> {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        let until = Instant::now() + wait;
        loop {
            if let Some(error) = &self.stopped {
                return Err(error.clone());
            }
            self.head.mark_unchanged();
            let records = self.read(max.max(1)).await?;
            if !records.is_empty() {
                return Ok(records);
            }
            if self.stopped.is_some() {
                continue;
            }
            let now = Instant::now();
            if now >= until {
                return Ok(Vec::new());
            }
            let look = until.min(now + self.look);
            // A closed channel means that nothing is appended in this process any more; looking
            // goes on.
            if let Ok(Err(_closed)) = tokio::time::timeout_at(look, self.head.changed()).await {
                tokio::time::sleep_until(look).await;
            }
        }
    }
}
