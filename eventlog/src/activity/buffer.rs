//! The buffer of the activity log: entries are added without waiting and written every second.

use super::{Activity, ActivityEntry, ActivityKind};
use crate::{Backoff, LogError, clock_skew::Now};
use async_trait::async_trait;
use domain::time::Time;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// How long an entry may wait.
const FLUSH_INTERVAL: Duration = Duration::from_millis(500);
/// Entries that may wait while the engine does not answer; further ones are counted only.
const MAX_WAITING_ENTRIES: usize = 20_000;
/// Entries in one batch at most, so that a batch fits into a message.
const MAX_BATCH_ENTRIES: usize = 500;

/// What is written at once. Numbered by run, so that a retry cannot double it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// The node that wrote it.
    pub(crate) node: String,
    /// One life of the node's process.
    pub(crate) run: Uuid,
    /// From 0.
    pub(crate) seq: u64,
    /// Nothing was waiting when it was written, and the node meant to end: a later loss is
    /// impossible.
    #[serde(default)]
    pub(crate) settled: bool,
    /// The entries.
    pub(crate) entries: Vec<ActivityEntry>,
}

/// What an engine does: keep batches.
#[async_trait]
pub(crate) trait Store: Send + Sync + fmt::Debug + 'static {
    /// Writes a batch once, however often it is asked.
    async fn write(&self, batch: &Batch) -> Result<(), LogError>;
    /// Was the last batch of this node's earlier runs settled? `true` when there is none.
    async fn settled(&self, node: &str) -> Result<bool, LogError>;
}

#[derive(Debug, Default)]
struct Queue {
    entries: Vec<ActivityEntry>,
    /// Entries dropped since the last batch, and when the first was.
    dropped: Option<(u64, Time)>,
    asked: Vec<oneshot::Sender<Result<(), LogError>>>,
}

#[derive(Debug)]
struct BufferState {
    waiting: Mutex<Queue>,
    wake: Notify,
}

/// An activity log over a store; entries are written by a task of its own.
#[derive(Debug)]
pub(crate) struct Buffered {
    shared: Arc<BufferState>,
    task: tokio::task::AbortHandle,
}

impl Drop for Buffered {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Buffered {
    /// Starts a run. An earlier run of the node that ended unsettled is noted as a gap.
    pub(crate) async fn start(
        store: impl Store,
        node: &str,
        run: Uuid,
        now: &Now,
    ) -> Result<Self, LogError> {
        let mut first =
            Batch { node: node.to_owned(), run, seq: 0, settled: false, entries: Vec::new() };
        if !store.settled(node).await? {
            first.entries.push(gap(now(), "node_ended_unsettled"));
        }
        store.write(&first).await?;
        let shared = Arc::new(BufferState { waiting: Mutex::default(), wake: Notify::new() });
        let next = Batch { seq: 1, entries: Vec::new(), ..first };
        let work = write_on(store, Arc::clone(&shared), next);
        let task = tokio::spawn(work).abort_handle();
        Ok(Self { shared, task })
    }
}

fn gap(at: Time, detail: &str) -> ActivityEntry {
    ActivityEntry { detail: Some(detail.to_owned()), ..ActivityEntry::new(at, ActivityKind::Gap) }
}

/// Writes what waits, twice a second or when asked; a batch that fails is tried again as it is.
async fn write_on<S: Store>(store: S, shared: Arc<BufferState>, mut batch: Batch) {
    loop {
        // Woken or not: what waits is written.
        tokio::time::timeout(FLUSH_INTERVAL, shared.wake.notified()).await.ok();
        let (entries, dropped, asked) = {
            let mut waiting = shared.waiting.lock();
            let asked = std::mem::take(&mut waiting.asked);
            (std::mem::take(&mut waiting.entries), waiting.dropped.take(), asked)
        };
        let lost = dropped.map(|(count, at)| gap(at, &format!("dropped:{count}")));
        let all: Vec<ActivityEntry> = entries.into_iter().chain(lost).collect();
        let mut chunks: Vec<&[ActivityEntry]> = all.chunks(MAX_BATCH_ENTRIES).collect();
        if chunks.is_empty() && !asked.is_empty() && !batch.settled {
            chunks.push(&[]);
        }
        let mut outcome = Ok(());
        for (left, chunk) in (0..chunks.len()).rev().zip(chunks) {
            batch.entries = chunk.to_vec();
            batch.settled = left == 0 && !asked.is_empty();
            outcome = write(&store, &batch).await;
            batch.seq += 1;
        }
        for asked in asked {
            drop(asked.send(outcome.clone()));
        }
    }
}

/// Tries until it is written.
async fn write<S: Store>(store: &S, batch: &Batch) -> Result<(), LogError> {
    let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
    loop {
        match store.write(batch).await {
            Ok(()) => return Ok(()),
            Err(error @ LogError::Unavailable(_)) => {
                tracing::warn!(%error, "activity waits to be written");
                backoff.sleep().await;
            }
            Err(error) => {
                tracing::error!(%error, entries = batch.entries.len(), "activity was lost");
                return Err(error);
            }
        }
    }
}

#[async_trait]
impl Activity for Buffered {
    fn note(&self, entry: ActivityEntry) {
        let mut waiting = self.shared.waiting.lock();
        if waiting.entries.len() < MAX_WAITING_ENTRIES {
            waiting.entries.push(entry);
        } else {
            let (count, _) = waiting.dropped.get_or_insert((0, entry.at));
            *count += 1;
        }
        if waiting.entries.len() == MAX_BATCH_ENTRIES {
            self.shared.wake.notify_one();
        }
    }

    async fn flush(&self) -> Result<(), LogError> {
        let (asked, answer) = oneshot::channel();
        self.shared.waiting.lock().asked.push(asked);
        self.shared.wake.notify_one();
        answer.await.map_err(|_| LogError::Unavailable("the writer has ended".to_owned()))?
    }
}
