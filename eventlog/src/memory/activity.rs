//! The activity log in memory: for tests.

use crate::{
    Activity, ActivityEntry, LogError,
    activity::buffer::{Batch, Buffered, Store},
    clock_skew::Now,
};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::Arc;
use uuid::Uuid;

/// An activity log in memory, written at once.
#[derive(Debug, Default)]
pub struct MemoryActivity {
    entries: Mutex<Vec<ActivityEntry>>,
}

impl MemoryActivity {
    /// Everything that was noted, in order.
    pub fn entries(&self) -> Vec<ActivityEntry> {
        self.entries.lock().clone()
    }
}

#[async_trait]
impl Activity for MemoryActivity {
    fn note(&self, entry: ActivityEntry) {
        self.entries.lock().push(entry);
    }

    async fn flush(&self) -> Result<(), LogError> {
        Ok(())
    }
}

/// The same with runs and batches, as the engines that outlive a process have them.
#[derive(Debug, Clone, Default)]
pub struct MemoryRuns(Arc<Mutex<Vec<Batch>>>);

#[derive(Debug)]
struct Run(Buffered);

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

    /// Everything that was written, in order.
    pub fn entries(&self) -> Vec<ActivityEntry> {
        self.0.lock().iter().flat_map(|batch| batch.entries.clone()).collect()
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
}

#[async_trait]
impl Activity for Run {
    fn note(&self, entry: ActivityEntry) {
        self.0.note(entry);
    }

    async fn flush(&self) -> Result<(), LogError> {
        self.0.flush().await
    }
}
