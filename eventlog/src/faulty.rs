//! What if the log misbehaves? A decorator that plays the faults engines and networks have.

use crate::SharedLog;

/// A log that fails on demand. For tests.
#[derive(Debug)]
pub struct FaultyLog {
    inner: SharedLog,
}

impl FaultyLog {
    /// Around another log; faultless until told otherwise.
    pub fn new(inner: SharedLog) -> Self {
        Self { inner }
    }

    /// The log behind.
    pub fn inner(&self) -> &SharedLog {
        &self.inner
    }
}
