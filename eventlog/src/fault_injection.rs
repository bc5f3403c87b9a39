//! Fault injection: a decorator that plays the faults that engines and networks have.

use crate::{Append, AppendError, Decorator, EventLog, LogError, SharedLog};
use async_trait::async_trait;
use domain::position::Position;
use parking_lot::Mutex;
use std::{collections::VecDeque, time::Duration};

/// What happens to one append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The record is stored; the acknowledgement is lost.
    AckLost,
    /// The record is not stored, and there is no answer.
    NothingStored,
    /// The record is stored, the acknowledgement is lost, and the client library sends once more;
    /// this is what a server that looks for duplicates first answers (2.9).
    RetriedDuplicateFirst,
    /// The same on a server that compares versions first (2.15).
    RetriedConflictFirst,
    /// The log cannot be reached; nothing is stored.
    Unavailable,
    /// The record is stored late.
    Delay(Duration),
    /// Works.
    None,
}

/// A log that fails on demand. For tests.
#[derive(Debug)]
pub struct FaultyLog {
    inner: SharedLog,
    faults: Mutex<VecDeque<Fault>>,
    /// While set, every question is answered with `Unavailable`.
    down: Mutex<bool>,
}

impl FaultyLog {
    /// Around another log; faultless until a fault is queued.
    pub fn new(inner: SharedLog) -> Self {
        Self { inner, faults: Mutex::default(), down: Mutex::new(false) }
    }

    /// The log behind.
    pub fn inner(&self) -> &SharedLog {
        &self.inner
    }

    /// Queues a fault; each append takes one, in order, and works when there is none.
    pub fn fail_next(&self, fault: Fault) {
        self.faults.lock().push_back(fault);
    }

    /// Makes the whole log unreachable, or reachable again.
    pub fn set_down(&self, down: bool) {
        *self.down.lock() = down;
    }
}

#[async_trait]
impl Decorator for FaultyLog {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        if *self.down.lock() {
            Err(LogError::Unavailable("as a test asked".to_owned()))
        } else {
            Ok(self.inner.as_ref())
        }
    }

    async fn try_append(&self, append: &Append) -> Result<Position, AppendError> {
        let log = self.within()?;
        let fault = self.faults.lock().pop_front().unwrap_or(Fault::None);
        let lost =
            || AppendError::Unknown("the acknowledgement was lost, as a test asked".to_owned());
        match fault {
            Fault::None => log.try_append(append).await,
            Fault::Delay(delay) => {
                tokio::time::sleep(delay).await;
                log.try_append(append).await
            }
            Fault::AckLost => log.try_append(append).await.and(Err(lost())),
            Fault::NothingStored => Err(lost()),
            Fault::RetriedDuplicateFirst => {
                let position = log.try_append(append).await?;
                Err(AppendError::Duplicate(position))
            }
            Fault::RetriedConflictFirst => {
                log.try_append(append).await.and(Err(AppendError::Conflict))
            }
            Fault::Unavailable => Err(LogError::Unavailable("as a test asked".to_owned()).into()),
        }
    }
}
