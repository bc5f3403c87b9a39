//! The shared tail: a decorator whose followers share what was read, so that the log is read once.
//!
//! A node has half a dozen followers (access index, projections, expiry, erasure, feed) that are
//! all at the end of the log. They share one follower of the engine and the records that it read
//! last: the first that finds nothing new reads on for all. One that lags behind what is kept, or
//! starts further back, reads alone until it has caught up.

use crate::{Checkpoint, Decorator, EventLog, Follower, LogError, Record, SharedLog};
use async_trait::async_trait;
use domain::{position::Position, time::Time};
use parking_lot::Mutex;
use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};
use tokio::{
    sync::{self, watch},
    time::Instant,
};

/// Records read at once.
const MAX_READ_RECORDS: usize = 1_000;
/// The most records kept for those who come later, and the most bytes of them.
const MAX_KEPT_RECORDS: usize = 4_096;
const MAX_KEPT_BYTES: usize = 2 << 20;

/// A log whose end is read once for all its followers in this process.
#[derive(Debug)]
pub struct SharedTailLog {
    inner: SharedLog,
    tail: Arc<Tail>,
}

impl SharedTailLog {
    /// Around another log.
    pub fn new(inner: SharedLog) -> Self {
        let moved = watch::Sender::new(Position::START);
        let tail = Tail { recent: Mutex::default(), reader: sync::Mutex::default(), moved };
        Self { inner, tail: Arc::new(tail) }
    }
}

/// What the followers share.
struct Tail {
    recent: Mutex<Recent>,
    /// INVARIANT: stands where `recent` ends; `None` = `recent` is closed.
    reader: sync::Mutex<Option<Box<dyn Follower>>>,
    /// Where `recent` ends.
    moved: watch::Sender<Position>,
}

impl fmt::Debug for Tail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tail").field("end", &*self.moved.borrow()).finish_non_exhaustive()
    }
}

/// The records read last, without gap.
#[derive(Debug, Default)]
struct Recent {
    open: bool,
    end: Position,
    records: VecDeque<Arc<Record>>,
    bytes: usize,
}

impl Recent {
    /// At most `max` records after a position; `None` = it is not in here.
    fn after(&self, position: Position, max: usize) -> Option<Vec<Arc<Record>>> {
        let missing = usize::try_from(self.end.0.checked_sub(position.0)?).ok()?;
        let known = self.records.len().checked_sub(missing)?;
        self.open.then(|| self.records.range(known..).take(max).cloned().collect())
    }

    fn push(&mut self, records: &[Arc<Record>]) {
        for record in records {
            self.end = record.position;
            self.bytes += record.bytes.len();
            self.records.push_back(Arc::clone(record));
        }
        while self.records.len() > MAX_KEPT_RECORDS || self.bytes > MAX_KEPT_BYTES {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
        }
    }
}

impl Tail {
    /// Makes a follower at the end of the log the shared one, or hands it back: another one is as
    /// far, or is just being read.
    fn take_over(&self, position: Position, own: PrivateFollower) -> Option<PrivateFollower> {
        let Ok(mut reader) = self.reader.try_lock() else { return Some(own) };
        let mut recent = self.recent.lock();
        if recent.open && recent.end >= position {
            return Some(own);
        }
        *recent = Recent { open: true, end: position, ..Recent::default() };
        *reader = Some(own.follower);
        drop(recent);
        self.moved.send_replace(position);
        None
    }

    /// Waits until another follower read on after a position, or reads on. `false` = the time is
    /// over.
    async fn read_on(&self, position: Position, until: Instant) -> Result<bool, LogError> {
        let mut moved = self.moved.subscribe();
        let mut reader = tokio::select! {
            biased;
            _ = moved.wait_for(|end| *end > position) => return Ok(true),
            reader = self.reader.lock() => reader,
            () = tokio::time::sleep_until(until) => return Ok(false),
        };
        // It moved while the lock came, or is closed, or another one's.
        let Some(engine) = reader.as_mut().filter(|_| self.ends_at(position)) else {
            return Ok(true);
        };
        match engine.next(MAX_READ_RECORDS, until.saturating_duration_since(Instant::now())).await {
            Ok(records) if records.is_empty() => Ok(false),
            Ok(records) => {
                self.share(&records);
                Ok(true)
            }
            Err(error) => {
                // Everybody begins again from the own checkpoint, and finds what is wrong.
                *reader = None;
                *self.recent.lock() = Recent::default();
                self.moved.send_replace(position);
                Err(error)
            }
        }
    }

    fn ends_at(&self, position: Position) -> bool {
        let recent = self.recent.lock();
        recent.open && recent.end == position
    }

    fn share(&self, records: &[Arc<Record>]) {
        let mut recent = self.recent.lock();
        recent.push(records);
        let end = recent.end;
        drop(recent);
        self.moved.send_replace(end);
    }
}

/// One of the followers.
struct SharedTailFollower {
    log: SharedLog,
    tail: Arc<Tail>,
    at: Checkpoint,
    /// Is the time of the checkpoint the effective one? Else what is read after it is not to be
    /// shared.
    exact: bool,
    /// Set while it reads alone.
    own: Option<PrivateFollower>,
}

/// A follower of the engine that only one reads with.
struct PrivateFollower {
    follower: Box<dyn Follower>,
    /// The end of the log when it began.
    head: Position,
}

impl PrivateFollower {
    async fn begin(log: &SharedLog, after: Checkpoint) -> Result<Self, LogError> {
        let head = log.head().await?.position;
        Ok(Self { follower: log.follow(after).await?, head })
    }
}

impl SharedTailFollower {
    fn took(&mut self, records: &[Arc<Record>]) {
        if let Some(last) = records.last() {
            self.at = Checkpoint { position: last.position, time: last.time };
        }
    }

    /// Reads what only it needs; `None` = from here on it shares.
    async fn alone(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> Result<Option<Vec<Arc<Record>>>, LogError> {
        let own = match self.own.take() {
            Some(own) => own,
            None => PrivateFollower::begin(&self.log, self.at).await?,
        };
        let caught_up = self.exact && self.at.position >= own.head;
        let kept = if caught_up { self.tail.take_over(self.at.position, own) } else { Some(own) };
        let Some(own) = kept else { return Ok(None) };
        let records = self.own.insert(own).follower.next(max, wait).await?;
        self.took(&records);
        Ok(Some(records))
    }
}

#[async_trait]
impl Follower for SharedTailFollower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        let until = Instant::now() + wait;
        let max = max.max(1);
        loop {
            let shared = self.tail.recent.lock().after(self.at.position, max);
            match shared {
                None => {
                    let left = until.saturating_duration_since(Instant::now());
                    if let Some(records) = self.alone(max, left).await? {
                        return Ok(records);
                    }
                }
                Some(records) if records.is_empty() => {
                    self.own = None;
                    if !self.tail.read_on(self.at.position, until).await? {
                        return Ok(records);
                    }
                }
                Some(records) => {
                    (self.own, self.exact) = (None, true);
                    self.took(&records);
                    return Ok(records);
                }
            }
        }
    }
}

#[async_trait]
impl Decorator for SharedTailLog {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        Ok(self.inner.as_ref())
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        let shared = self.tail.recent.lock().after(after.position, 0).is_some();
        let own =
            if shared { None } else { Some(PrivateFollower::begin(&self.inner, after).await?) };
        let exact = after.position == Position::START || after.time > Time::default();
        let (log, tail) = (Arc::clone(&self.inner), Arc::clone(&self.tail));
        Ok(Box::new(SharedTailFollower { log, tail, at: after, exact, own }))
    }
}
