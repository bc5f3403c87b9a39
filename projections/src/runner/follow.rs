//! Moves records from the log into one generation of tables.

use super::{
    Interruption, Runner, Stop,
    prepare::{Prepared, prepare},
};
use crate::{
    fold::{self, ApplyError},
    store::{Generation, Progress},
};
use domain::position::Position;
use eventlog::{
    Checkpoint, LogError, Record,
    consumer::{self, Batches, Consumer, StopReason},
};
use std::{sync::Arc, time::Duration};

/// How long a batch is waited for.
pub(super) const WAIT: Duration = Duration::from_secs(1);
/// How long a batch that shows a lag is filled up.
pub(super) const LINGER: Duration = Duration::from_millis(3);

/// A generation that is filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuildTarget {
    /// Which.
    pub(super) target: Generation,
    /// Is it the one that is read? If it ceases to be, or becomes it, its filling ends.
    pub(super) live: bool,
}

/// Fills a generation.
pub(super) struct Filler<'a> {
    runner: &'a Runner,
    target: BuildTarget,
    /// Everything up to here is in the tables.
    at: Position,
}

impl<'a> Filler<'a> {
    pub(super) fn new(runner: &'a Runner, target: BuildTarget, at: Position) -> Self {
        Self { runner, target, at }
    }
}

impl Consumer for Filler<'_> {
    type Batch = Vec<Arc<Record>>;
    type End = Interruption;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, Stop> {
        let checkpoint = self.runner.checkpoint(&self.target).await?;
        self.at = checkpoint.position;
        Ok(checkpoint)
    }

    async fn apply(&mut self, records: Self::Batch) -> Result<(), Stop> {
        if !records.is_empty() {
            self.at = self.runner.apply(&self.target, records, self.at).await?;
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.at
    }
}

/// What came of one attempt to write.
enum Written {
    At(Position),
    /// The record at this position cannot be applied.
    Inconsistent(Position, String),
}

impl Runner {
    /// Applies everything up to a position and nothing after it.
    pub(super) async fn advance(
        &self,
        target: &BuildTarget,
        until: Position,
        batches: &mut Batches,
    ) -> Result<(), Stop> {
        let mut filler = Filler::new(self, *target, Position::START);
        consumer::follow_to(&self.log, &mut filler, until, batches).await
    }

    /// Where to follow from; checks that checkpoint and log belong together.
    async fn checkpoint(&self, target: &BuildTarget) -> Result<Checkpoint, Stop> {
        let known = self.generations.progress(&target.target).await?;
        let failed = |error: LogError| Stop::from_log(&error, known.position);
        let head = self.log.head().await.map_err(failed)?;
        let identity = self.log.identity().await.map_err(failed)?;
        if head.position < known.position {
            let why = format!(
                "the checkpoint {} is beyond the end of the log at {}: the log was set back or \
                 replaced; the tables must be rebuilt from it",
                known.position, head.position
            );
            return Err(StopReason::Stopped(known.position, why));
        }
        if let (Some(expected), Some(found)) = (known.log, identity)
            && expected != found
        {
            return Err(failed(LogError::Foreign { expected, found }));
        }
        if target.live {
            // What was noted by an earlier start or release may no longer hold; if it does, it is
            // noted again.
            self.generations.note_going_on(&target.target).await?;
        }
        Ok(Checkpoint { position: known.position, time: known.time })
    }

    /// Applies records; answers the position reached.
    async fn apply(
        &self,
        target: &BuildTarget,
        mut records: Vec<Arc<Record>>,
        at: Position,
    ) -> Result<Position, Stop> {
        let mut inconsistent = None;
        loop {
            let mut prepared = prepare(target.target.projection, self.opener.as_ref(), &records)
                .await
                .map_err(|error| Stop::from_log(&error, at))?;
            match self.write(target, &mut prepared).await? {
                Written::At(position) => {
                    self.report(target, position);
                    return match inconsistent.or(prepared.unreadable) {
                        Some((position, why)) => Err(StopReason::Stopped(position, why)),
                        None => Ok(position),
                    };
                }
                // The records before it are applied; then the projection stops there.
                Written::Inconsistent(position, why) => {
                    records.retain(|record| record.position < position);
                    inconsistent = Some((position, why));
                }
            }
        }
    }

    fn report(&self, target: &BuildTarget, position: Position) {
        let name = target.target.name();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; exact to 2^53")]
        let value = position.0 as f64;
        if target.live {
            metrics::gauge!("sharelog_projection_position", "projection" => name).set(value);
            metrics::gauge!("sharelog_projection_stopped", "projection" => name).set(0.0);
        }
        self.notify();
    }

    /// Writes rows and checkpoint in one transaction.
    async fn write(&self, target: &BuildTarget, prepared: &mut Prepared) -> Result<Written, Stop> {
        let mut batch = self.database.begin(&target.target).await?;
        let held = batch.start().clone();
        let known = held.progress;
        if held.live != target.live {
            batch.leave().await?;
            return Err(StopReason::Ended(Interruption::Switched));
        }
        if held.paused {
            batch.leave().await?;
            return Err(StopReason::Ended(Interruption::Paused));
        }
        let Some((last, log)) = prepared.last() else {
            batch.leave().await?;
            return Ok(Written::At(known.position));
        };
        if let Some(expected) = known.log.filter(|expected| *expected != log) {
            let why = LogError::Foreign { expected, found: log }.to_string();
            return Err(StopReason::Stopped(known.position, why));
        }
        if last.position <= known.position {
            // Another runner was faster.
            batch.leave().await?;
            return Ok(Written::At(known.position));
        }
        if known.position.next() < prepared.first {
            let why = "the checkpoint was set back; follows from there";
            return Err(StopReason::Unavailable(why.to_owned()));
        }
        match fold::apply(batch.as_mut(), prepared.after(known.position)).await {
            Ok(()) => {}
            Err(ApplyError::Store(error)) => return Err(error.into()),
            Err(ApplyError::Inconsistent { at, why }) => {
                return Ok(Written::Inconsistent(at.position, why));
            }
        }
        let reached = Progress { log: Some(log), position: last.position, time: last.time };
        batch.commit(&reached).await?;
        Ok(Written::At(last.position))
    }
}
