//! Moves records from the log into one generation of tables.

use super::{
    Halt, Runner, log_failed,
    prepare::{Prepared, prepare},
};
use crate::{
    Stopped,
    fold::{self, ApplyError},
    store::{Generation, Progress},
};
use domain::{id::LogId, position::Position};
use eventlog::{Checkpoint, Follower, LogError, Record};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long one look for new records lasts.
const WAIT: Duration = Duration::from_secs(1);
/// So many records at once say that more will follow at once, within so long.
const LAGGING_RECORDS: usize = 16;
const LINGER: Duration = Duration::from_millis(3);
/// So many bytes of records are held at most, beside the same that are being written.
const MAX_BATCH_BYTES: usize = 16 << 20;
/// Looked for in portions, so that the bound on bytes is kept.
const PORTION_RECORDS: usize = 512;

/// A generation that is filled.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuildTarget {
    /// Which.
    pub(super) target: Generation,
    /// Is it the one that is read? If it ceases to be, or becomes it, whoever fills it ends.
    pub(super) live: bool,
}

/// How many records go into one transaction, so that it lasts about as long as it should.
#[derive(Debug)]
pub(super) struct BatchSizer {
    size: usize,
    most: usize,
    wanted: Duration,
}

impl BatchSizer {
    const LEAST: usize = 64;

    pub(super) fn new(most: usize, wanted: Duration) -> Self {
        Self { size: 512.min(most).max(1), most, wanted }
    }

    fn lasted(&mut self, time: Duration, records: usize) {
        if time > self.wanted {
            self.size = (self.size / 2).max(Self::LEAST).min(self.most);
        } else if time < self.wanted / 2 && records >= self.size {
            self.size = (self.size * 2).min(self.most);
        }
    }
}

/// What came of one attempt to write.
enum Written {
    At(Position),
    Inconsistent(Stopped),
}

impl Runner {
    /// Follows from the checkpoint; the next records are fetched while the last ones are written.
    pub(super) async fn follow(
        &self,
        line: &BuildTarget,
        moved: &mut bool,
        at: &mut Position,
    ) -> Halt {
        let mut follower = match self.start(line).await {
            Ok((follower, position)) => {
                *at = position;
                follower
            }
            Err(halt) => return halt,
        };
        let mut ready: Vec<Arc<Record>> = Vec::new();
        loop {
            let (written, next) = futures::join!(
                self.take_in(line, std::mem::take(&mut ready), *at),
                gather(follower.as_mut(), self.options.batch, WAIT)
            );
            match written {
                Ok(position) => {
                    *moved |= position > *at;
                    *at = position;
                }
                Err(halt) => return halt,
            }
            match next {
                Ok(records) => ready = records,
                Err(error) => return log_failed(&error, *at),
            }
        }
    }

    /// Takes in everything up to a position and nothing behind it.
    pub(super) async fn advance(
        &self,
        line: &BuildTarget,
        until: Position,
        pace: &mut BatchSizer,
    ) -> Result<(), Halt> {
        let (mut follower, mut at) = self.start(line).await?;
        let (mut fetched, mut ready) = (at, Vec::new());
        while at < until {
            let left = until.0.saturating_sub(fetched.0);
            let most = pace.size.min(usize::try_from(left).unwrap_or(usize::MAX));
            let fetch = async {
                if most == 0 {
                    return Ok(Vec::new());
                }
                gather(follower.as_mut(), most, WAIT).await
            };
            let records = ready.len();
            let write = async {
                let began = Instant::now();
                let written = self.take_in(line, std::mem::take(&mut ready), at).await;
                (written, began.elapsed())
            };
            let ((written, lasted), next) = futures::join!(write, fetch);
            at = written?;
            pace.lasted(lasted, records);
            ready = next.map_err(|error| log_failed(&error, at))?;
            fetched = ready.last().map_or(fetched, |record| record.position);
        }
        Ok(())
    }

    /// Checks that checkpoint and log belong together, then follows.
    pub(super) async fn start(
        &self,
        line: &BuildTarget,
    ) -> Result<(Box<dyn Follower>, Position), Halt> {
        let known = self.generations.progress(&line.target).await?;
        let failed = |error: LogError| log_failed(&error, known.position);
        let head = self.log.head().await.map_err(failed)?;
        let identity = self.log.identity().await.map_err(failed)?;
        let stopped = |why| Halt::Stopped(Stopped { position: known.position, why });
        if head.position < known.position {
            return Err(stopped(format!(
                "the checkpoint stands at {}, beyond the end of the log at {}: the log was set \
                back or \
                 replaced; the tables must be rebuilt from it",
                known.position, head.position
            )));
        }
        if let (Some(expected), Some(found)) = (known.log, identity)
            && expected != found
        {
            return Err(stopped(LogError::Foreign { expected, found }.to_string()));
        }
        if line.live {
            // What was noted by an earlier start or release may no longer hold; if it does, it is
            // noted again.
            self.generations.note_going_on(&line.target).await?;
        }
        let checkpoint = Checkpoint { position: known.position, time: known.time };
        let follower = self.log.follow(checkpoint).await.map_err(failed)?;
        Ok((follower, known.position))
    }

    /// Takes in records; answers the position reached.
    pub(super) async fn take_in(
        &self,
        line: &BuildTarget,
        mut records: Vec<Arc<Record>>,
        at: Position,
    ) -> Result<Position, Halt> {
        if records.is_empty() {
            return Ok(at);
        }
        let mut misfit = None;
        loop {
            let mut prepared = prepare(line.target.projection, self.opener.as_ref(), &records)
                .await
                .map_err(|error| log_failed(&error, at))?;
            match self.write(line, &mut prepared).await? {
                Written::At(position) => {
                    self.report(line, position);
                    return match misfit.or(prepared.unreadable) {
                        Some(stopped) => Err(Halt::Stopped(stopped)),
                        None => Ok(position),
                    };
                }
                // What stands before the misfit is taken in; then the projection stops there.
                Written::Inconsistent(stopped) => {
                    records.retain(|record| record.position < stopped.position);
                    misfit = Some(stopped);
                }
            }
        }
    }

    fn report(&self, line: &BuildTarget, position: Position) {
        let name = line.target.name();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; exact to 2^53")]
        let value = position.0 as f64;
        if line.live {
            metrics::gauge!("sharelog_projection_position", "projection" => name).set(value);
            metrics::gauge!("sharelog_projection_stopped", "projection" => name).set(0.0);
        }
        self.tell();
    }

    /// Writes rows and checkpoint in one transaction.
    async fn write(&self, line: &BuildTarget, prepared: &mut Prepared) -> Result<Written, Halt> {
        let mut batch = self.database.begin(&line.target).await?;
        let held = batch.start().clone();
        let known = held.progress;
        if held.live != line.live {
            batch.leave().await?;
            return Err(Halt::Switched);
        }
        if held.paused {
            batch.leave().await?;
            return Err(Halt::Paused);
        }
        let Some((last, log)) = prepared.last() else {
            batch.leave().await?;
            return Ok(Written::At(known.position));
        };
        if let Some(expected) = known.log.filter(|expected| *expected != log) {
            let why = LogError::Foreign { expected, found: log }.to_string();
            return Err(Halt::Stopped(Stopped { position: known.position, why }));
        }
        if last.position <= known.position {
            // Another runner was faster.
            batch.leave().await?;
            return Ok(Written::At(known.position));
        }
        if known.position.next() < prepared.first {
            return Err(Halt::Lost("the checkpoint was set back; follows from there".to_owned()));
        }
        match fold::apply(batch.as_mut(), prepared.after(known.position)).await {
            Ok(()) => {}
            Err(ApplyError::Store(error)) => return Err(error.into()),
            Err(ApplyError::Inconsistent { at, why }) => {
                return Ok(Written::Inconsistent(Stopped { position: at.position, why }));
            }
        }
        let reached = Progress { log: Some(log), position: last.position, time: last.time };
        batch.commit(&reached).await?;
        Ok(Written::At(last.position))
    }
}

/// The next records: what is there at once at the tail, a full batch when far behind; never more
/// bytes than are held at once.
pub(super) async fn gather(
    follower: &mut dyn Follower,
    batch: usize,
    look: Duration,
) -> Result<Vec<Arc<Record>>, LogError> {
    let mut records = follower.next(batch.min(PORTION_RECORDS), look).await?;
    let mut bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
    while records.len() >= LAGGING_RECORDS && records.len() < batch && bytes < MAX_BATCH_BYTES {
        match follower.next((batch - records.len()).min(PORTION_RECORDS), LINGER).await {
            Ok(more) if !more.is_empty() => {
                bytes += more.iter().map(|record| record.bytes.len()).sum::<usize>();
                records.extend(more);
            }
            // An error comes again with the next look; what is good is taken in before.
            Ok(_) | Err(_) => break,
        }
    }
    Ok(records)
}

/// The identity a record claims.
pub(super) fn identity(record: &Record) -> LogId {
    record.envelope.log
}
