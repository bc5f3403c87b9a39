//! The consumer loop: what everything that follows the log has in common.
//!
//! A [`Consumer`] keeps its own checkpoint and applies batches in order. The loop follows the log
//! from that checkpoint, fetches the next batch while the last one is applied, pauses and begins
//! again from the checkpoint after a loss, and ends with a [`StopReason`].

use crate::{Backoff, Checkpoint, Follower, LogError, Record, SharedLog};
use domain::position::Position;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::Instant;

/// A batch of so many records shows that the consumer lags: it is filled up further.
const LAGGING_RECORDS: usize = 16;
/// A batch that is filled up holds about so many bytes at most, beside the same that are applied.
const MAX_BATCH_BYTES: usize = 16 << 20;
/// It is filled in portions, so that the limit on bytes is kept.
const PORTION_RECORDS: usize = 512;
/// The first size of batches that are sized by how long they take, and the smallest.
const FIRST_BATCH_RECORDS: usize = 512;
const MIN_BATCH_RECORDS: usize = 64;

/// Why a consumer stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason<E> {
    /// Something does not answer; worth another attempt.
    Unavailable(String),
    /// The record at this position cannot be read or applied, now or later.
    Stopped(Position, String),
    /// A reason of the consumer's own.
    Ended(E),
}

impl<E> StopReason<E> {
    /// What an error of the log means to a consumer that has applied everything up to a position.
    pub fn from_log(error: &LogError, at: Position) -> Self {
        let text = error.to_string();
        match error {
            LogError::Unavailable(_) | LogError::Misconfigured(_) => Self::Unavailable(text),
            LogError::Corrupt { position, .. } => Self::Stopped(*position, text),
            LogError::Foreign { .. } => Self::Stopped(at, text),
        }
    }
}

/// What follows the log.
pub trait Consumer: Send {
    /// Records, prepared to be applied.
    type Batch: Default + Send;
    /// Its own reasons to end.
    type End: Send;

    /// Prepares records while the ones before them are applied.
    fn prepare(records: Vec<Arc<Record>>) -> impl Future<Output = Self::Batch> + Send;

    /// From where to follow: everything up to there is applied. Called at the start and after each
    /// loss.
    fn checkpoint(
        &mut self,
    ) -> impl Future<Output = Result<Checkpoint, StopReason<Self::End>>> + Send;

    /// Applies a batch. An empty one comes when following begins, and whenever no record came
    /// within the wait.
    fn apply(
        &mut self,
        batch: Self::Batch,
    ) -> impl Future<Output = Result<(), StopReason<Self::End>>> + Send;

    /// Everything up to here is applied.
    fn position(&self) -> Position;

    /// Reports a loss; the next attempt is made after the pause.
    fn lost(&mut self, why: &str, pause: Duration) {
        tracing::warn!(why, ?pause, "a consumer of the log waits and tries again");
    }
}

/// How records are read.
#[derive(Debug, Clone)]
pub struct Batches {
    size: usize,
    max: usize,
    /// How long applying a batch should take; `None` = every batch may have the full size.
    target: Option<Duration>,
    wait: Duration,
    linger: Duration,
}

impl Batches {
    /// At most so many records, whose first is waited for so long.
    pub const fn new(max: usize, wait: Duration) -> Self {
        Self { size: max, max, target: None, wait, linger: Duration::ZERO }
    }

    /// Batches that show a lag are filled up while more records come within so long.
    #[must_use]
    pub const fn filled_within(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// Batches become smaller or larger, so that applying one takes about so long.
    #[must_use]
    pub fn sized_for(mut self, target: Duration) -> Self {
        self.size = FIRST_BATCH_RECORDS.min(self.max).max(1);
        self.target = Some(target);
        self
    }

    fn took(&mut self, time: Duration, records: usize) {
        let Some(target) = self.target else { return };
        if time > target {
            self.size = (self.size / 2).max(MIN_BATCH_RECORDS).min(self.max);
        } else if time < target / 2 && records >= self.size {
            self.size = (self.size * 2).min(self.max);
        }
    }

    /// The next records, at most so many.
    async fn read(
        &self,
        follower: &mut dyn Follower,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, LogError> {
        if self.linger.is_zero() {
            return follower.next(max, self.wait).await;
        }
        let mut records = follower.next(max.min(PORTION_RECORDS), self.wait).await?;
        let mut bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
        while records.len() >= LAGGING_RECORDS && records.len() < max && bytes < MAX_BATCH_BYTES {
            let portion = (max - records.len()).min(PORTION_RECORDS);
            match follower.next(portion, self.linger).await {
                Ok(more) if !more.is_empty() => {
                    bytes += more.iter().map(|record| record.bytes.len()).sum::<usize>();
                    records.extend(more);
                }
                // An error comes again with the next read; what was read before it is applied.
                Ok(_) | Err(_) => break,
            }
        }
        Ok(records)
    }
}

/// Follows until the consumer stops; after losses again and again. Never answers
/// [`StopReason::Unavailable`].
pub async fn run<C: Consumer>(
    log: &SharedLog,
    consumer: &mut C,
    batches: &mut Batches,
    mut backoff: Backoff,
) -> StopReason<C::End> {
    loop {
        let before = consumer.position();
        match follow(log, consumer, batches).await {
            StopReason::Unavailable(why) => {
                if consumer.position() != before {
                    backoff.reset();
                }
                let pause = backoff.next_pause();
                consumer.lost(&why, pause);
                tokio::time::sleep(pause).await;
            }
            reason @ (StopReason::Stopped(..) | StopReason::Ended(_)) => return reason,
        }
    }
}

/// Follows until the consumer stops or something is lost.
pub async fn follow<C: Consumer>(
    log: &SharedLog,
    consumer: &mut C,
    batches: &mut Batches,
) -> StopReason<C::End> {
    loop {
        if let Err(reason) = consume(log, consumer, batches, Position(u64::MAX)).await {
            return reason;
        }
    }
}

/// Applies everything up to a position, and nothing after it.
pub async fn follow_to<C: Consumer>(
    log: &SharedLog,
    consumer: &mut C,
    until: Position,
    batches: &mut Batches,
) -> Result<(), StopReason<C::End>> {
    consume(log, consumer, batches, until).await
}

async fn consume<C: Consumer>(
    log: &SharedLog,
    consumer: &mut C,
    batches: &mut Batches,
    until: Position,
) -> Result<(), StopReason<C::End>> {
    let checkpoint = consumer.checkpoint().await?;
    let follower = log.follow(checkpoint).await;
    let mut follower =
        follower.map_err(|error| StopReason::from_log(&error, checkpoint.position))?;
    let (mut fetched, mut ready, mut count) = (checkpoint.position, C::Batch::default(), 0);
    while consumer.position() < until {
        let left = usize::try_from(until.0.saturating_sub(fetched.0)).unwrap_or(usize::MAX);
        if left == 0 && count == 0 {
            break;
        }
        let apply = async {
            let began = Instant::now();
            let applied = consumer.apply(std::mem::take(&mut ready)).await;
            (applied, began.elapsed())
        };
        let fetch = async {
            let max = batches.size.min(left);
            if max == 0 {
                return Ok((C::Batch::default(), None, 0));
            }
            let records = batches.read(follower.as_mut(), max).await?;
            let (last, count) = (records.last().map(|record| record.position), records.len());
            Ok((C::prepare(records).await, last, count))
        };
        let ((applied, took), next) = futures::join!(apply, fetch);
        applied?;
        batches.took(took, count);
        let last;
        (ready, last, count) =
            next.map_err(|error: LogError| StopReason::from_log(&error, consumer.position()))?;
        fetched = last.unwrap_or(fetched);
    }
    Ok(())
}
