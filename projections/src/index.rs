//! The access index of this node, which answers access questions from memory.
//!
//! It follows the log as any projection does, but into memory. Readers take a [`Snapshot`], an
//! immutable view at one position, and never wait for the writer, which copies what it changes,
//! page by page. What it cannot read stops it, and a stopped index answers nothing: it never gives
//! a stale answer unawares.

mod answer;
mod apply;
mod builder;
mod codec;
mod expirations;
mod facts;
mod file;
mod follow;
mod interner;
mod options;
mod persistent_vec;
mod relationships;
mod rows;
mod saver;
mod search;
mod snapshot;
mod sorted_chunks;
mod tables;

pub use answer::ItemFacts;
pub use builder::IndexBuilder;
pub use expirations::Expiration;
pub use file::{LoadError, SavedIndex, inspect};
pub use options::{IndexError, IndexOptions, IndexStatus, Started};
pub use relationships::Relationship;
pub use snapshot::Snapshot;

use arc_swap::ArcSwap;
use domain::position::Position;
use eventlog::{LogError, SharedLog};
use parking_lot::Mutex;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tables::Tables;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// The access index of this node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessIndex {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    log: SharedLog,
    file: Option<PathBuf>,
    options: IndexOptions,
    tables: ArcSwap<Tables>,
    /// Moves whenever the tables or the state do.
    moved: watch::Sender<Position>,
    state: Mutex<State>,
    ending: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
    /// The save that runs, or the last one.
    saving: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct State {
    started: Started,
    began: Instant,
    start_took: Option<Duration>,
    /// How far it has come, whether or not that can be read yet.
    reached: Position,
    stopped: Option<(Position, String)>,
    /// Everything that was acknowledged by then is known.
    current: Instant,
    /// Why the log does not answer.
    lost: Option<String>,
    saved: Position,
    /// When a save was begun last, whatever came of it; `None` = the first one is due.
    save_tried: Option<Instant>,
}

impl Shared {
    fn new(log: SharedLog, file: Option<PathBuf>, options: IndexOptions) -> Self {
        let now = Instant::now();
        let state = State {
            started: Started::FromLog,
            began: now,
            start_took: None,
            reached: Position::START,
            stopped: None,
            current: now,
            lost: None,
            saved: Position::START,
            save_tried: None,
        };
        Self {
            log,
            file,
            options,
            tables: ArcSwap::default(),
            moved: watch::Sender::new(Position::START),
            state: Mutex::new(state),
            ending: watch::Sender::new(false),
            task: Mutex::new(None),
            saving: Mutex::new(None),
        }
    }
}

impl AccessIndex {
    /// Loads what is saved in the file, if it is good and belongs to this log, and follows the log
    /// from there; from its beginning otherwise. Waits for the file, not for the log.
    pub async fn open(
        log: SharedLog,
        file: Option<PathBuf>,
        options: IndexOptions,
    ) -> Result<Self, LogError> {
        let shared = Shared::new(log, file.clone(), options);
        let (tables, started) = follow::start(&shared, file).await?;
        {
            let mut state = shared.state.lock();
            state.started = started;
            state.saved = tables.position;
            state.save_tried = (started != Started::FromLog).then(Instant::now);
        }
        let index = Self { shared: Arc::new(shared) };
        index.begin(tables);
        Ok(index)
    }

    /// The view at the position reached. Never waits.
    pub fn snapshot(&self) -> Result<Snapshot, IndexError> {
        self.recent(self.shared.options.longest_silence)
    }

    /// The view at the position reached, if it knows everything that was acknowledged so long ago.
    /// Never waits.
    pub fn recent(&self, age: Duration) -> Result<Snapshot, IndexError> {
        let shared = &self.shared;
        let state = shared.state.lock();
        if let Some((position, why)) = state.stopped.clone() {
            return Err(IndexError::Stopped { position, why });
        }
        let position = state.reached;
        if state.start_took.is_none() {
            return Err(IndexError::CatchingUp { position });
        }
        if state.current.elapsed() > age {
            let why = state.lost.clone().unwrap_or_else(|| "it has fallen behind".to_owned());
            return Err(IndexError::Lost { position, why });
        }
        drop(state);
        Ok(Snapshot(shared.tables.load_full()))
    }

    /// The view at least at a position; waits for it, so long.
    pub async fn wait_for(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<Snapshot, IndexError> {
        let mut moved = self.shared.moved.subscribe();
        let waiting = async {
            loop {
                moved.mark_unchanged();
                match self.snapshot() {
                    Ok(snapshot) if snapshot.position() >= position => return Ok(snapshot),
                    Err(error @ (IndexError::Stopped { .. } | IndexError::Lost { .. })) => {
                        return Err(error);
                    }
                    Ok(_) | Err(IndexError::CatchingUp { .. } | IndexError::NotYet { .. }) => {}
                }
                if moved.changed().await.is_err() {
                    return self.snapshot();
                }
            }
        };
        let reached = || self.shared.state.lock().reached;
        timeout(patience, waiting)
            .await
            .unwrap_or_else(|_| Err(IndexError::NotYet { position: reached() }))
    }

    /// The view that knows everything acknowledged by now; waits for it, so long. For those to whom
    /// the last one is too old.
    pub async fn caught_up(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<Snapshot, IndexError> {
        let began = Instant::now();
        let reached = self.shared.state.lock().reached;
        let head = match timeout(patience, self.shared.log.head()).await {
            Ok(Ok(head)) => head.position,
            Ok(Err(error)) => {
                return Err(IndexError::Lost { position: reached, why: error.to_string() });
            }
            Err(_) => return Err(IndexError::NotYet { position: reached }),
        };
        self.wait_for(head.max(position), patience.saturating_sub(began.elapsed())).await
    }

    /// How it is.
    pub fn status(&self) -> IndexStatus {
        let tables = self.shared.tables.load();
        let counts = tables.counts;
        let state = self.shared.state.lock();
        IndexStatus {
            position: state.reached,
            time: tables.time,
            ready: state.start_took.is_some(),
            stopped: state.stopped.clone(),
            lost: state.lost.clone(),
            current: state.current.elapsed(),
            grants: counts.grants,
            items: counts.items,
            principals: tables.principals.len() as u64,
            bytes: tables.bytes(),
            started: state.started,
            start_took: state.start_took,
            saved: state.saved,
        }
    }

    /// Ends following, and saves what it knows.
    pub async fn close(&self) {
        self.shared.ending.send_replace(true);
        let task = self.shared.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the access index broke off");
        }
        self.shared.save_at_last().await;
    }
}
