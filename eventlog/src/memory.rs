//! The engine that keeps everything in memory: for tests, and the model of what an engine does.

use crate::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, KeyIndex, LogError,
    Record,
    chain_verifier::{RawRecord, check_stream},
    in_process_follower::{InProcessFollower, RecordSource},
};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

mod activity;

pub use activity::{MemoryActivity, MemoryRuns};

/// How often a follower looks by itself; the writer wakes it.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

#[derive(Debug, Clone)]
struct Stored {
    stream: StreamName,
    time: Time,
    bytes: Bytes,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<u64, Stored>,
    streams: HashMap<StreamName, Vec<u64>>,
    messages: HashMap<String, Position>,
    time: Time,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    head: watch::Sender<u64>,
}

/// A log in memory; several handles (clones) share it like nodes share a broker.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    inner: Arc<Inner>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn last(&self) -> u64 {
        self.records.last_key_value().map_or(0, |(position, _)| *position)
    }

    fn version(&self, stream: &StreamName) -> Position {
        Position(self.streams.get(stream).and_then(|all| all.last()).copied().unwrap_or(0))
    }

    fn store(&mut self, stream: StreamName, bytes: Bytes) -> Position {
        let position = self.last() + 1;
        self.time =
            crate::chain_verifier::stamped_time(&bytes).map_or(self.time, |at| at.max(self.time));
        self.streams.entry(stream.clone()).or_default().push(position);
        self.records.insert(position, Stored { stream, time: self.time, bytes });
        Position(position)
    }

    fn raw(&self, position: u64) -> Option<RawRecord> {
        self.records.get(&position).map(|stored| RawRecord {
            position: Position(position),
            stream: Some(stored.stream.clone()),
            stored_at: None,
            bytes: stored.bytes.clone(),
        })
    }
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        let inner = Inner { state: Mutex::default(), head: watch::Sender::new(0) };
        Self { inner: Arc::new(inner) }
    }

    /// Puts bytes on the log as they are, past every check; for tests of what followers notice.
    #[cfg(feature = "conformance")]
    pub fn inject(&self, stream: StreamName, bytes: Bytes) -> Position {
        let position = self.inner.state.lock().store(stream, bytes);
        self.inner.head.send_replace(position.0);
        position
    }

    /// Loses a record; for tests of what followers notice.
    #[cfg(feature = "conformance")]
    pub fn lose(&self, position: Position) {
        let mut state = self.inner.state.lock();
        if let Some(lost) = state.records.remove(&position.0)
            && let Some(all) = state.streams.get_mut(&lost.stream)
        {
            all.retain(|known| *known != position.0);
        }
    }
}

#[async_trait]
impl RecordSource for Arc<Inner> {
    async fn records(&self, after: Position, max: usize) -> Result<Vec<RawRecord>, LogError> {
        let state = self.state.lock();
        let positions = state.records.range(after.0 + 1..).take(max).map(|(position, _)| *position);
        Ok(positions.filter_map(|position| state.raw(position)).collect())
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let mut state = self.inner.state.lock();
        if state.version(append.stream()) != append.expected() {
            return Err(AppendError::Conflict);
        }
        let message = append.message_id();
        if let Some(position) = state.messages.get(&message) {
            return Err(AppendError::Duplicate(*position));
        }
        let position = state.store(append.stream().clone(), append.bytes().clone());
        state.messages.insert(message, position);
        self.inner.head.send_replace(position.0);
        Ok(position)
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        Ok(self.inner.state.lock().version(stream))
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        let state = self.inner.state.lock();
        let positions = state.streams.get(stream).into_iter().flatten().copied();
        let raw = positions.filter(|p| *p > after.0).filter_map(|p| state.raw(p)).collect();
        check_stream(stream, after, raw)
    }

    async fn read(&self, position: Position) -> Result<Option<Record>, LogError> {
        let state = self.inner.state.lock();
        if position.0 == 0 || position.0 > state.last() {
            return Ok(None);
        }
        let raw = state.raw(position.0).ok_or_else(|| LogError::Corrupt {
            position,
            detail: "the record is missing".to_owned(),
        })?;
        let time = state.records.get(&position.0).map(|stored| stored.time);
        let record = raw.read()?;
        Ok(Some(Record { time: time.unwrap_or(record.time), ..record }))
    }

    async fn head(&self) -> Result<Head, LogError> {
        let state = self.inner.state.lock();
        let first = state.records.first_key_value().map_or(0, |(position, _)| *position);
        Ok(Head { position: Position(state.last()), first: Position(first) })
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        let last = self.inner.state.lock().last();
        crate::chain_verifier::require_not_beyond(after, Position(last))?;
        let log = if after.position.0 == 0 { None } else { self.identity().await? };
        let head = self.inner.head.subscribe();
        let source = Arc::clone(&self.inner);
        Ok(Box::new(InProcessFollower::new(source, after, log, head, POLL_INTERVAL)))
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        Ok(self.read(Position(1)).await?.map(|record| record.envelope.log))
    }

    async fn check(&self) -> Result<Durability, LogError> {
        let head = self.head().await?;
        crate::chain_verifier::require_first_at_one(head)?;
        Ok(Durability {
            engine: "memory".to_owned(),
            replicas: 1,
            synced: false,
            warnings: vec!["everything is lost when this process ends".to_owned()],
        })
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        Ok(None)
    }
}

#[async_trait]
impl KeyIndex for MemoryLog {
    async fn find(&self, key: &str) -> Result<Option<Position>, LogError> {
        Ok(self.inner.state.lock().messages.get(&format!("k:{key}")).copied())
    }
}
