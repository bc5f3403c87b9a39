//! Who follows the log and applies changes? One task per projection; the only writer of the tables.
//!
//! Rows and checkpoint move in one transaction that first takes hold of the checkpoint, so any
//! number of runners on any number of nodes has the effect of one.

mod batch;

use crate::{
    Stopped,
    projection::{self, Projection},
    store::{Database, Progress, StoreError},
};
use batch::{Prepared, prepare};
use domain::{id::LogId, position::Position};
use eventlog::{Checkpoint, Follower, LogError, Record, SharedLog, TextOpener};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// How the runner works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerOptions {
    /// At most so many records in one transaction.
    pub batch: usize,
    /// The longest pause before trying again after a loss of database or log.
    pub longest_pause: Duration,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self { batch: 2048, longest_pause: Duration::from_secs(5) }
    }
}

/// How long one look for new records lasts.
const LOOK: Duration = Duration::from_secs(1);
/// So many records at once say that more will follow at once, within so long.
const BEHIND: usize = 16;
const SOON: Duration = Duration::from_millis(3);
/// The pause after the first loss; doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Follows the log for projections. Safe to run on many nodes.
#[derive(Debug, Clone)]
pub struct Runner {
    log: SharedLog,
    opener: Arc<dyn TextOpener>,
    database: Database,
    options: RunnerOptions,
    projections: Vec<&'static dyn Projection>,
}

/// Why following ended.
#[derive(Debug)]
enum Halt {
    /// Something is away; worth another try.
    Lost(String),
    /// The database refuses what it should take. Tried again too, but shown meanwhile.
    Refused(String),
    /// This projection cannot go on.
    Stopped(Stopped),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Lost(error.to_string()),
            StoreError::Refused(_) => Self::Refused(error.to_string()),
        }
    }
}

/// What a log's error means to a projection that stands at a position.
fn log_failed(error: &LogError, at: Position) -> Halt {
    let text = error.to_string();
    match error {
        LogError::Unavailable(_) | LogError::Misconfigured(_) => Halt::Lost(text),
        LogError::Corrupt { position, .. } => {
            Halt::Stopped(Stopped { position: *position, why: text })
        }
        LogError::Foreign { .. } => Halt::Stopped(Stopped { position: at, why: text }),
    }
}

impl Runner {
    /// A runner of all projections.
    pub fn new(
        log: SharedLog,
        opener: Arc<dyn TextOpener>,
        database: Database,
        options: RunnerOptions,
    ) -> Self {
        Self { log, opener, database, options, projections: projection::all().to_vec() }
    }

    /// The same for some projections only.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.projections.retain(|projection| names.contains(&projection.name()));
        self
    }

    /// Runs until `stop` is ready; what is under way then is rolled back and followed again next
    /// time. Losses of database and log are waited out; a projection that cannot go on notes why
    /// and stands, the others go on.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let mut tasks = JoinSet::new();
        for projection in self.projections.clone() {
            let runner = self.clone();
            tasks.spawn(async move { runner.keep(projection).await });
        }
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(Err(error)) = tasks.join_next() => {
                    tracing::error!(%error, "a projection broke off; it goes on after a restart");
                }
            }
        }
        tasks.shutdown().await;
    }

    /// Runs one projection until it cannot go on.
    async fn keep(&self, projection: &'static dyn Projection) {
        let name = projection.name();
        let mut pause = FIRST_PAUSE;
        loop {
            let (mut moved, mut at) = (false, Position::START);
            match self.follow(projection, &mut moved, &mut at).await {
                Halt::Lost(why) => {
                    pause = if moved { FIRST_PAUSE } else { pause };
                    tracing::warn!(projection = name, %why, ?pause, "waits and tries again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.options.longest_pause);
                }
                Halt::Refused(why) => {
                    self.note(projection, &Stopped { position: at, why }).await;
                    tokio::time::sleep(self.options.longest_pause).await;
                }
                Halt::Stopped(stopped) => {
                    tracing::error!(
                        projection = name,
                        position = stopped.position.0,
                        why = stopped.why,
                        "stopped; it will not go on before the cause is gone and the service \
                        restarted"
                    );
                    metrics::gauge!("sharelog_projection_stopped", "projection" => name).set(1.0);
                    self.note(projection, &stopped).await;
                    return;
                }
            }
        }
    }

    /// Notes beside the checkpoint why a projection stands, as often as it takes.
    async fn note(&self, projection: &'static dyn Projection, stopped: &Stopped) {
        while let Err(error) = self.database.note_stopped(projection, Some(stopped)).await {
            tracing::warn!(projection = projection.name(), %error, "cannot note why it stands");
            tokio::time::sleep(self.options.longest_pause).await;
        }
        self.tell();
    }

    fn tell(&self) {
        self.database.moved().send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Follows from the checkpoint; the next records are fetched while the last ones are written.
    async fn follow(
        &self,
        projection: &'static dyn Projection,
        moved: &mut bool,
        at: &mut Position,
    ) -> Halt {
        let mut follower = match self.start(projection).await {
            Ok((follower, position)) => {
                *at = position;
                follower
            }
            Err(halt) => return halt,
        };
        let mut ready: Vec<Record> = Vec::new();
        loop {
            let (written, next) = futures::join!(
                self.take_in(projection, std::mem::take(&mut ready), *at),
                gather(follower.as_mut(), self.options.batch)
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

    /// Checks that checkpoint and log belong together, then follows.
    async fn start(
        &self,
        projection: &'static dyn Projection,
    ) -> Result<(Box<dyn Follower>, Position), Halt> {
        let known = self.database.progress(projection).await?;
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
        // What was noted by an earlier start or release may no longer hold; if it does, it is noted
        // again.
        self.database.note_stopped(projection, None).await?;
        let checkpoint = Checkpoint { position: known.position, time: known.time };
        let follower = self.log.follow(checkpoint).await.map_err(failed)?;
        Ok((follower, known.position))
    }

    /// Takes in records; answers the position reached.
    async fn take_in(
        &self,
        projection: &'static dyn Projection,
        mut records: Vec<Record>,
        at: Position,
    ) -> Result<Position, Halt> {
        if records.is_empty() {
            return Ok(at);
        }
        let mut misfit = None;
        loop {
            let mut prepared = prepare(projection, self.opener.as_ref(), &records)
                .await
                .map_err(|error| log_failed(&error, at))?;
            match self.write(projection, &mut prepared).await? {
                Written::At(position) => {
                    self.report(projection, position);
                    return match misfit.or(prepared.unreadable) {
                        Some(stopped) => Err(Halt::Stopped(stopped)),
                        None => Ok(position),
                    };
                }
                // What stands before the misfit is taken in; then the projection stops there.
                Written::Misfit(stopped) => {
                    records.retain(|record| record.position < stopped.position);
                    misfit = Some(stopped);
                }
            }
        }
    }

    fn report(&self, projection: &'static dyn Projection, position: Position) {
        let name = projection.name();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; exact to 2^53")]
        let value = position.0 as f64;
        metrics::gauge!("sharelog_projection_position", "projection" => name).set(value);
        metrics::gauge!("sharelog_projection_stopped", "projection" => name).set(0.0);
        self.tell();
    }

    /// Writes rows and checkpoint in one transaction.
    async fn write(
        &self,
        projection: &'static dyn Projection,
        prepared: &mut Prepared,
    ) -> Result<Written, Halt> {
        let mut batch = self.database.begin(projection).await?;
        let known = batch.progress().clone();
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
        match crate::fold::apply(batch.as_mut(), prepared.after(known.position)).await {
            Ok(()) => {}
            Err(crate::fold::FoldError::Store(error)) => return Err(error.into()),
            Err(crate::fold::FoldError::Misfit { at, why }) => {
                return Ok(Written::Misfit(Stopped { position: at.position, why }));
            }
        }
        let reached = Progress { log: Some(log), position: last.position, time: last.time };
        batch.commit(&reached).await?;
        Ok(Written::At(last.position))
    }
}

/// The next records: what is there at once at the tail, a full batch when far behind.
async fn gather(follower: &mut dyn Follower, batch: usize) -> Result<Vec<Record>, LogError> {
    let mut records = follower.next(batch, LOOK).await?;
    while (BEHIND..batch).contains(&records.len()) {
        match follower.next(batch - records.len(), SOON).await {
            Ok(more) if !more.is_empty() => records.extend(more),
            // An error comes again with the next look; what is good is taken in before.
            Ok(_) | Err(_) => break,
        }
    }
    Ok(records)
}

/// What came of one attempt to write.
enum Written {
    At(Position),
    Misfit(Stopped),
}

/// The identity a record claims.
fn identity(record: &Record) -> LogId {
    record.envelope.log
}
