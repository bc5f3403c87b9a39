//! The runner: follows the log and applies changes. One task per projection; the only writer of
//! the tables.
//!
//! Rows and checkpoint move in one transaction that first takes hold of the checkpoint, so any
//! number of runners on any number of nodes has the effect of one.

mod build;
mod compare;
mod follow;
pub(crate) mod prepare;

use crate::{
    PROJECTIONS, Stopped,
    generations::{Generations, LiveGeneration},
    projection::Projection,
    store::{Database, Generation, StoreError},
};
use eventlog::{
    Backoff, SharedLog, TextOpener,
    consumer::{self, Batches, Consumer as _, StopReason},
};
use follow::{BuildTarget, Filler, LINGER, WAIT};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// How the runner works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerOptions {
    /// At most so many records in one transaction.
    pub batch: usize,
    /// The same while a generation is filled that nobody reads.
    pub filling: usize,
    /// The longest pause before trying again after a loss of database or log.
    pub longest_pause: Duration,
    /// How long tables are kept that are not read any more: questions may still be at them.
    pub keep: Duration,
    /// This node's name: of several, one builds a generation. Stays over restarts, so that a node
    /// goes on at once with what it was building.
    pub node: String,
}

impl Default for RunnerOptions {
    fn default() -> Self {
        Self {
            batch: 2048,
            filling: 16_384,
            longest_pause: Duration::from_secs(5),
            keep: Duration::from_mins(10),
            node: "node".to_owned(),
        }
    }
}

/// The pause after the first loss.
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(50);
/// How often a projection that does not go on checks whether it may.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Follows the log for projections. Safe to run on many nodes.
#[derive(Debug, Clone)]
pub struct Runner {
    log: SharedLog,
    opener: Arc<dyn TextOpener>,
    database: Database,
    generations: Generations,
    options: RunnerOptions,
    projections: Vec<&'static dyn Projection>,
}

/// Why a generation is not filled any more, besides what stops every consumer.
#[derive(Debug)]
enum Interruption {
    /// The database refuses a write. Tried again too, but shown meanwhile.
    Refused(String),
    /// The projection was paused.
    Paused,
    /// Another generation is read now, or this one is not ours to fill.
    Switched,
    /// It is read now, as was requested.
    Done,
}

/// Why a generation is not filled any more.
type Stop = StopReason<Interruption>;

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
            StoreError::Refused(_) => Self::Ended(Interruption::Refused(error.to_string())),
        }
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
        let generations = Generations::new(database.clone());
        let projections = PROJECTIONS.to_vec();
        Self { log, opener, database, generations, options, projections }
    }

    /// The same for some projections only.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.projections.retain(|projection| names.contains(&projection.name()));
        self
    }

    /// Runs until `stop` is ready; what is under way then is rolled back and followed again next
    /// time. Losses of database and log are waited out; a projection that cannot go on notes why
    /// and stands, the others go on. Generations that were asked for are built beside.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let mut tasks = JoinSet::new();
        for projection in self.projections.clone() {
            let runner = self.clone();
            tasks.spawn(async move { runner.fill_live(projection).await });
        }
        let builder = self.clone();
        tasks.spawn(async move { builder.run_builds().await });
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

    /// Keeps the generation of a projection that is read up to date, whichever that is.
    async fn fill_live(&self, projection: &'static dyn Projection) {
        let name = projection.name();
        let mut backoff = self.backoff();
        loop {
            let live = self.live_generation(name).await;
            if live.version != projection.version() || live.paused.is_some() {
                // Of another release until it is rebuilt, or until it is resumed.
                tokio::time::sleep(POLL_INTERVAL).await;
                continue;
            }
            let target = Generation { projection, generation: live.generation };
            let before = live.progress.position;
            let mut filler = Filler::new(self, BuildTarget { target, live: true }, before);
            let mut batches = Batches::new(self.options.batch, WAIT).filled_within(LINGER);
            match consumer::follow(&self.log, &mut filler, &mut batches).await {
                StopReason::Unavailable(why) => {
                    if filler.position() > before {
                        backoff.reset();
                    }
                    let pause = backoff.next_pause();
                    tracing::warn!(projection = name, %why, ?pause, "waits and tries again");
                    tokio::time::sleep(pause).await;
                }
                StopReason::Stopped(position, why) => {
                    tracing::error!(
                        projection = name,
                        position = position.0,
                        why,
                        "stopped; it will not go on before the cause is gone and it is resumed, \
                        rebuilt or the service restarted"
                    );
                    metrics::gauge!("sharelog_projection_stopped", "projection" => name).set(1.0);
                    self.note_stopped(&target, &Stopped { position, why }).await;
                    while live.same(&self.live_generation(name).await) {
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                }
                StopReason::Ended(Interruption::Refused(why)) => {
                    let position = filler.position();
                    self.note_stopped(&target, &Stopped { position, why }).await;
                    tokio::time::sleep(self.options.longest_pause).await;
                }
                StopReason::Ended(Interruption::Paused) => {
                    tracing::info!(projection = name, "paused");
                }
                StopReason::Ended(Interruption::Switched | Interruption::Done) => {
                    tracing::info!(projection = name, "another generation of tables is read now");
                }
            }
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(MIN_RETRY_PAUSE, self.options.longest_pause)
    }

    /// The generation that is read; tries until the database answers.
    async fn live_generation(&self, name: &str) -> LiveGeneration {
        let mut backoff = self.backoff();
        loop {
            match self.generations.live_generation(name).await {
                Ok(live) => return live,
                Err(error) => {
                    let pause = backoff.next_pause();
                    tracing::warn!(projection = name, %error, ?pause, "waits and tries again");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Notes beside the checkpoint why a projection does not go on; tries until that is stored.
    async fn note_stopped(&self, target: &Generation, stopped: &Stopped) {
        while let Err(error) = self.generations.note_stopped(target, Some(stopped)).await {
            tracing::warn!(projection = target.name(), %error, "cannot note why it does not go on");
            tokio::time::sleep(self.options.longest_pause).await;
        }
        self.notify();
    }

    /// Wakes those who wait for a position.
    fn notify(&self) {
        self.database.moved().send_modify(|times| *times = times.wrapping_add(1));
    }
}
