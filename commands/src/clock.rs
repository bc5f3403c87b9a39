//! The clock port: the only way time enters the write side.

use domain::time::Time;
use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
};

/// The clock of a node. The one that reads the machine's stands in `api`.
pub trait Clock: Send + Sync + Debug {
    /// Now.
    fn now(&self) -> Time;
}

/// A clock that stands still until it is moved; for tests.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Standing at this instant.
    pub fn at(time: Time) -> Self {
        Self(AtomicI64::new(time.as_micros()))
    }
    /// Moves it by so many seconds; negative = back.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::default().plus_micros(self.0.load(Ordering::SeqCst))
    }
}
