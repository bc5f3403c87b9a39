//! The activity log in memory: for tests.

use crate::{
    Activity, ActivityEntry, ActivityFilter, ActivityRow, LogError,
    activity::buffer::{Batch, Buffered, Store},
    clock_skew::Now,
};
use async_trait::async_trait;
use domain::position::{EventId, Position};
use parking_lot::Mutex;
use std::sync::Arc;
use uuid::Uuid;

/// An activity log in memory, written at once.
#[derive(Debug, Default)]
pub struct MemoryActivity {
    entries: Mutex<Vec<ActivityEntry>>,
}

/// Wanted rows after a place.
fn select(
    rows: impl Iterator<Item = ActivityRow>,
    filter: &ActivityFilter,
    after: Option<EventId>,
    limit: usize,
) -> Vec<ActivityRow> {
    rows.filter(|row| after.is_none_or(|after| row.id > after) && filter.matches(&row.entry))
        .take(limit)
        .collect()
}

#[async_trait]
impl Activity for MemoryActivity {
    fn note(&self, entry: ActivityEntry) {
        self.entries.lock().push(entry);
    }

    async fn flush(&self) -> Result<(), LogError> {
        Ok(())
    }

    async fn read(
        &self,
        filter: &ActivityFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<ActivityRow>, LogError> {
        let entries = self.entries.lock();
        let rows = (1u64..).zip(entries.iter()).map(|(position, entry)| ActivityRow {
            id: EventId { position: Position(position), index: 0 },
            entry: entry.clone(),
        });
        Ok(select(rows, filter, after, limit))
    }
}

/// The same with runs and batches, as the engines that outlive a process have them.
#[derive(Debug, Clone, Default)]
pub struct MemoryRuns(Arc<Mutex<Vec<Batch>>>);

#[derive(Debug)]
struct Run(Buffered<MemoryRuns>);

impl MemoryRuns {
    /// Starts a run on what earlier ones left.
    pub async fn start(
        &self,
        node: &str,
        run: Uuid,
        now: &Now,
    ) -> Result<Arc<dyn Activity>, LogError> {
        Ok(Arc::new(Run(Buffered::start(self.clone(), node, run, now).await?)))
    }
}

#[async_trait]
impl Store for MemoryRuns {
    async fn write(&self, batch: &Batch) -> Result<(), LogError> {
        self.0.lock().push(batch.clone());
        Ok(())
    }

    async fn settled(&self, node: &str) -> Result<bool, LogError> {
        let batches = self.0.lock();
        Ok(batches.iter().rfind(|batch| batch.node == node).is_none_or(|batch| batch.settled))
    }

    async fn read(
        &self,
        filter: &ActivityFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<ActivityRow>, LogError> {
        let batches = self.0.lock();
        let rows = (1u64..).zip(batches.iter()).flat_map(|(position, batch)| {
            (0u32..).zip(&batch.entries).map(move |(index, entry)| ActivityRow {
                id: EventId { position: Position(position), index },
                entry: entry.clone(),
            })
        });
        Ok(select(rows, filter, after, limit))
    }
}

#[async_trait]
impl Activity for Run {
    fn note(&self, entry: ActivityEntry) {
        self.0.note(entry);
    }

    async fn flush(&self) -> Result<(), LogError> {
        self.0.flush().await
    }

    async fn read(
        &self,
        filter: &ActivityFilter,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<ActivityRow>, LogError> {
        self.0.read(filter, after, limit).await
    }
}
