//! What decorators of a log have in common: each call is forwarded unless it is overridden.

use crate::{
    Append, AppendError, Checkpoint, Durability, EventLog, Follower, Head, LogError, Record,
};
use async_trait::async_trait;
use domain::{id::LogId, position::Position, stream::StreamName, time::Time};
use std::fmt;

/// A log around another one. It says what it does differently when records are appended or
/// followed; all else goes through.
#[async_trait]
pub trait Decorator: Send + Sync + fmt::Debug {
    /// The log within; an error is what every question is answered with.
    fn within(&self) -> Result<&dyn EventLog, LogError>;

    /// As [`EventLog::try_append`].
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        self.within()?.try_append(append).await
    }

    /// As [`EventLog::follow`].
    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        self.within()?.follow(after).await
    }
}

#[async_trait]
impl<D: Decorator> EventLog for D {
    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        Decorator::try_append(self, append).await
    }

    async fn stream_position(&self, stream: &StreamName) -> Result<Position, LogError> {
        self.within()?.stream_position(stream).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Position,
    ) -> Result<Vec<Record>, LogError> {
        self.within()?.read_stream(stream, after).await
    }

    async fn read(&self, position: Position) -> Result<Option<Record>, LogError> {
        self.within()?.read(position).await
    }

    async fn head(&self) -> Result<Head, LogError> {
        self.within()?.head().await
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        Decorator::follow(self, after).await
    }

    async fn identity(&self) -> Result<Option<LogId>, LogError> {
        self.within()?.identity().await
    }

    async fn check(&self) -> Result<Durability, LogError> {
        self.within()?.check().await
    }

    async fn clock(&self) -> Result<Option<Time>, LogError> {
        self.within()?.clock().await
    }
}
