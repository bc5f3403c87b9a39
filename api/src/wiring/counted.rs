//! How do appends come out, and how long do they take? A decorator over the log that counts them.

use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use eventlog::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, LogError, Record,
    SharedLog,
};
use metrics::{counter, histogram};
use std::time::Instant;

/// A log whose appends are counted; everything else goes through.
#[derive(Debug)]
pub(super) struct CountedLog(pub(super) SharedLog);

const fn outcome(answer: &Result<Position, AppendError>) -> &'static str {
    match answer {
        Ok(_) => "appended",
        Err(AppendError::Conflict) => "conflict",
        Err(AppendError::Duplicate(_)) => "duplicate",
        Err(AppendError::Unknown(_)) => "unknown",
        Err(AppendError::Log(_)) => "refused",
    }
}

#[async_trait]
impl EventLog for CountedLog {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let started = Instant::now();
        let answer = self.0.try_append(append).await;
        counter!("sharelog_appends_total", "outcome" => outcome(&answer)).increment(1);
        histogram!("sharelog_append_seconds").record(started.elapsed().as_secs_f64());
        answer
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        self.0.stream_position(stream).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        self.0.read_stream(stream, after).await
    }

    async fn read(&self, position: Position) -> Result<Option<Record>, LogError> {
        self.0.read(position).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.0.head().await
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        self.0.follow(after).await
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        self.0.identity().await
    }

    async fn check(&self) -> Result<Durability, LogError> {
        self.0.check().await
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        self.0.clock().await
    }
}
