//! A decorator over the log that counts appends and measures them.

use async_trait::async_trait;
use domain::position::Position;
use eventlog::{Append, AppendError, Decorator, EventLog, LogError, SharedLog};
use metrics::{counter, histogram};
use std::time::Instant;

/// A log whose appends are counted; everything else goes through.
#[derive(Debug)]
pub(super) struct MeteredLog(pub(super) SharedLog);

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
impl Decorator for MeteredLog {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        Ok(self.0.as_ref())
    }

    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let started = Instant::now();
        let answer = self.0.try_append(append).await;
        counter!("sharelog_appends_total", "outcome" => outcome(&answer)).increment(1);
        histogram!("sharelog_append_seconds").record(started.elapsed().as_secs_f64());
        answer
    }
}
