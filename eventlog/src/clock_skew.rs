//! Clock skew: compares this node's clock with the log's, and stamps times that never run
//! backwards.

use crate::{LogError, SharedLog};
use domain::time::Time;
use parking_lot::Mutex;
use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// A node whose clock is further off than this takes no commands: a far-future stamp would pin the
/// effective time of everything after it.
pub const MAX_SKEW_MICROS: i64 = 2_000_000;

/// How often the log's clock is asked.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(5);

/// The clock is too far off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this node's clock differs from the log's by {micros} µs (most: {MAX_SKEW_MICROS} µs)")]
pub struct ClockSkewed {
    /// Node minus log, in microseconds.
    pub micros: i64,
}

/// The node's clock, handed in.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

struct GuardState {
    log: SharedLog,
    now: Now,
    /// Node minus log at the last sample.
    skew: Mutex<Option<ClockSkewed>>,
    /// The last effective time seen, in microseconds.
    observed: AtomicI64,
}

/// Watches the clock of one node. Cheap to clone.
#[derive(Clone)]
pub struct ClockGuard(Arc<GuardState>);

impl fmt::Debug for ClockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockGuard").field("skew", &self.0.skew).finish_non_exhaustive()
    }
}

impl ClockGuard {
    /// A guard that samples only when `sample` is called; see [`start`](Self::start).
    pub fn new(log: SharedLog, now: Now) -> Self {
        let observed = AtomicI64::new(i64::MIN);
        Self(Arc::new(GuardState { log, now, skew: Mutex::new(None), observed }))
    }

    /// A guard that has sampled once and goes on every few seconds, for as long as a clone of it
    /// lives.
    pub async fn start(log: SharedLog, now: Now) -> Result<Self, LogError> {
        let guard = Self::new(log, now);
        guard.sample().await?;
        let weak = Arc::downgrade(&guard.0);
        tokio::spawn(sample_on(weak));
        Ok(guard)
    }

    /// May a command be taken now? Answers from the last sample; never asks the log.
    pub fn check(&self) -> Result<(), ClockSkewed> {
        if let Some(skewed) = *self.0.skew.lock() {
            return Err(skewed);
        }
        let behind =
            (self.0.now)().as_micros().saturating_sub(self.0.observed.load(Ordering::Relaxed));
        if behind < -MAX_SKEW_MICROS { Err(ClockSkewed { micros: behind }) } else { Ok(()) }
    }

    /// Samples now. A broker's clock is compared with the middle of question and answer; without a
    /// broker the last record must not lie in this node's future.
    pub async fn sample(&self) -> Result<(), LogError> {
        let GuardState { log, now, skew, .. } = &*self.0;
        let asked = now().as_micros();
        let clock = log.clock().await?;
        let answered = now().as_micros();
        let (off, uncertainty) = if let Some(clock) = clock {
            let uncertainty = answered.saturating_sub(asked) / 2;
            (asked.saturating_add(uncertainty).saturating_sub(clock.as_micros()), uncertainty)
        } else {
            let head = log.head().await?.position;
            if let Some(record) = log.read(head).await? {
                self.observe(record.time);
            }
            (0, 0)
        };
        let too_far = off.saturating_abs().saturating_sub(uncertainty) > MAX_SKEW_MICROS;
        *skew.lock() = too_far.then_some(ClockSkewed { micros: off });
        Ok(())
    }

    /// The node saw a record of this effective time.
    pub fn observe(&self, time: Time) {
        self.0.observed.fetch_max(time.as_micros(), Ordering::Relaxed);
    }

    /// The time to stamp on a record: not before any effective time seen.
    pub fn stamp(&self) -> Time {
        let now = (self.0.now)();
        let observed = self.0.observed.load(Ordering::Relaxed);
        Time::from_micros(observed).map_or(now, |observed| observed.max(now))
    }
}

async fn sample_on(shared: Weak<GuardState>) {
    loop {
        tokio::time::sleep(SAMPLE_INTERVAL).await;
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = ClockGuard(shared).sample().await {
            tracing::debug!(%error, "the log's clock could not be asked");
        }
    }
}
