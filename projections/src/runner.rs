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
use domain::position::Position;
use eventlog::{LogError, SharedLog, TextOpener};
use follow::BuildTarget;
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

/// The pause after the first loss; doubled with every further one.
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(50);
/// How often a projection that stands looks whether it may go on.
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

/// Why following ended.
#[derive(Debug)]
enum Halt {
    /// Something is away; worth another try.
    Lost(String),
    /// The database refuses what it should take. Tried again too, but shown meanwhile.
    Refused(String),
    /// This projection cannot go on.
    Stopped(Stopped),
    /// Somebody paused it.
    Paused,
    /// Another generation is read now, or this one is not ours to fill.
    Switched,
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
            tasks.spawn(async move { runner.keep(projection).await });
        }
        let builder = self.clone();
        tasks.spawn(async move { builder.tend().await });
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
    async fn keep(&self, projection: &'static dyn Projection) {
        let name = projection.name();
        let mut pause = MIN_RETRY_PAUSE;
        loop {
            let standing = self.live_generation(name).await;
            if standing.version != projection.version() || standing.paused.is_some() {
                // Of another release until it is rebuilt, or until somebody resumes it.
                tokio::time::sleep(POLL_INTERVAL).await;
                continue;
            }
            let target = Generation { projection, generation: standing.generation };
            let (mut moved, mut at) = (false, standing.progress.position);
            match self.follow(&BuildTarget { target, live: true }, &mut moved, &mut at).await {
                Halt::Lost(why) => {
                    pause = if moved { MIN_RETRY_PAUSE } else { pause };
                    tracing::warn!(projection = name, %why, ?pause, "waits and tries again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.options.longest_pause);
                }
                Halt::Refused(why) => {
                    self.note_stopped(&target, &Stopped { position: at, why }).await;
                    tokio::time::sleep(self.options.longest_pause).await;
                }
                Halt::Stopped(stopped) => {
                    tracing::error!(
                        projection = name,
                        position = stopped.position.0,
                        why = stopped.why,
                        "stopped; it will not go on before the cause is gone and it is resumed, \
                        rebuilt or the service restarted"
                    );
                    metrics::gauge!("sharelog_projection_stopped", "projection" => name).set(1.0);
                    self.note_stopped(&target, &stopped).await;
                    while standing.same(&self.live_generation(name).await) {
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                }
                Halt::Paused => tracing::info!(projection = name, "paused"),
                Halt::Switched => {
                    tracing::info!(projection = name, "another generation of tables is read now");
                }
            }
        }
    }

    /// How the generation stands that is read, as often as it takes.
    async fn live_generation(&self, name: &str) -> LiveGeneration {
        let mut pause = MIN_RETRY_PAUSE;
        loop {
            match self.generations.live_generation(name).await {
                Ok(standing) => return standing,
                Err(error) => {
                    tracing::warn!(projection = name, %error, ?pause, "waits and tries again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.options.longest_pause);
                }
            }
        }
    }

    /// Notes beside the checkpoint why a projection stands, as often as it takes.
    async fn note_stopped(&self, target: &Generation, stopped: &Stopped) {
        while let Err(error) = self.generations.note_stopped(target, Some(stopped)).await {
            tracing::warn!(projection = target.name(), %error, "cannot note why it stands");
            tokio::time::sleep(self.options.longest_pause).await;
        }
        self.tell();
    }

    fn tell(&self) {
        self.database.moved().send_modify(|times| *times = times.wrapping_add(1));
    }
}
