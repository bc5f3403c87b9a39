//! The suite on the memory engine.

use async_trait::async_trait;
use bytes::Bytes;
use domain::{position::Position, stream::StreamName};
use eventlog::{
    Activity, ActivityEntry, KeyIndex, SharedLog,
    conformance::{Bench, Factory},
    conformance_suite,
    memory::{MemoryLog, MemoryRuns},
};
use std::sync::Arc;
use uuid::Uuid;

pub(crate) struct Memory;

struct InMemory {
    log: MemoryLog,
    activity: MemoryRuns,
}

#[async_trait]
impl Factory for Memory {
    async fn fresh(&self) -> Box<dyn Bench> {
        Box::new(InMemory { log: MemoryLog::new(), activity: MemoryRuns::default() })
    }
}

#[async_trait]
impl Bench for InMemory {
    fn log(&self) -> SharedLog {
        Arc::new(self.log.clone())
    }

    async fn second(&self) -> SharedLog {
        self.log()
    }

    async fn keys(&self) -> Arc<dyn KeyIndex> {
        Arc::new(self.log.clone())
    }

    async fn activity(&self, node: &str, run: Uuid) -> Arc<dyn Activity> {
        self.activity.start(node, run, &super::fixed_clock()).await.unwrap()
    }

    async fn noted(&self) -> Vec<ActivityEntry> {
        self.activity.entries()
    }

    /// Nothing to end: what is in memory lives as long as its process.
    async fn restart(&mut self) {}

    async fn inject(&self, stream: &StreamName, bytes: Bytes) {
        self.log.inject(stream.clone(), bytes);
    }

    async fn lose(&self, position: Position) {
        self.log.lose(position);
    }

    async fn weaken(&self) -> bool {
        false
    }

    async fn strengthen(&self) {}
}

conformance_suite!(Memory);
