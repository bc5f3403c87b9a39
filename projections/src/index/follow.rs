//! How does the index keep up with the log? One task follows, everybody reads.

use super::{
    options::{IndexError, IndexOptions, IndexStatus, Started},
    snapshot::Snapshot,
    tables::Tables,
};
use arc_swap::ArcSwap;
use domain::position::Position;
use eventlog::{Checkpoint, Follower, LogError, Record, SharedLog};
use parking_lot::Mutex;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// How long one look for new records lasts.
const LOOK: Duration = Duration::from_secs(1);
/// The pause after the first loss; doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The access index of this node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccessIndex {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    log: SharedLog,
    options: IndexOptions,
    tables: ArcSwap<Tables>,
    /// Moves whenever the tables or the state do.
    moved: watch::Sender<Position>,
    state: Mutex<State>,
    ending: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct State {
    started: Started,
    began: Instant,
    start_took: Option<Duration>,
    stopped: Option<(Position, String)>,
    lost: Option<(Instant, String)>,
    saved: Position,
}

/// Why following ended.
#[derive(Debug)]
enum Halt {
    /// Worth another try.
    Lost(String),
    /// It cannot go on.
    Stopped(Position, String),
}

fn failed(error: &LogError, at: Position) -> Halt {
    let text = error.to_string();
    match error {
        LogError::Unavailable(_) | LogError::Misconfigured(_) => Halt::Lost(text),
        LogError::Corrupt { position, .. } => Halt::Stopped(*position, text),
        LogError::Foreign { .. } => Halt::Stopped(at, text),
    }
}

impl AccessIndex {
    /// Starts following the log.
    pub async fn open(
        log: SharedLog,
        _file: Option<PathBuf>,
        options: IndexOptions,
    ) -> Result<Self, LogError> {
        log.head().await?;
        let state = State {
            started: Started::FromLog,
            began: Instant::now(),
            start_took: None,
            stopped: None,
            lost: None,
            saved: Position::START,
        };
        let shared = Arc::new(Shared {
            log,
            options,
            tables: ArcSwap::default(),
            moved: watch::Sender::new(Position::START),
            state: Mutex::new(state),
            ending: watch::Sender::new(false),
            task: Mutex::new(None),
        });
        let (following, mut ending) = (shared.clone(), shared.ending.subscribe());
        let task = tokio::spawn(async move {
            tokio::select! {
                () = following.keep() => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
        });
        *shared.task.lock() = Some(task);
        Ok(Self { shared })
    }

    /// The view at the position reached. Never waits.
    pub fn snapshot(&self) -> Result<Snapshot, IndexError> {
        self.shared.snapshot()
    }

    /// The view at least at a position; waits for it, so long.
    pub async fn wait_for(
        &self,
        position: Position,
        patience: Duration,
    ) -> Result<Snapshot, IndexError> {
        let fits = |snapshot: &Snapshot| snapshot.position() >= position;
        let mut moved = self.shared.moved.subscribe();
        let waiting = async {
            loop {
                moved.mark_unchanged();
                match self.snapshot() {
                    Ok(snapshot) if fits(&snapshot) => return Ok(snapshot),
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
        let known = || self.shared.tables.load().position;
        timeout(patience, waiting)
            .await
            .unwrap_or_else(|_| Err(IndexError::NotYet { position: known() }))
    }

    /// How it is.
    pub fn status(&self) -> IndexStatus {
        let tables = self.shared.tables.load();
        let (grants, items, principals, bytes) = tables.counts();
        let state = self.shared.state.lock();
        IndexStatus {
            position: tables.position,
            time: tables.time,
            ready: state.start_took.is_some(),
            stopped: state.stopped.clone(),
            lost: state.lost.as_ref().map(|(_, why)| why.clone()),
            grants,
            items,
            principals,
            bytes,
            started: state.started,
            start_took: state.start_took,
            saved: state.saved,
        }
    }

    /// Ends following.
    pub async fn close(&self) {
        self.shared.ending.send_replace(true);
        let task = self.shared.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the access index broke off");
        }
    }
}

impl Shared {
    fn snapshot(&self) -> Result<Snapshot, IndexError> {
        let tables = self.tables.load_full();
        let position = tables.position;
        let state = self.state.lock();
        if let Some((position, why)) = state.stopped.clone() {
            return Err(IndexError::Stopped { position, why });
        }
        if let Some((since, why)) = &state.lost
            && since.elapsed() > self.options.longest_silence
        {
            return Err(IndexError::Lost { position, why: why.clone() });
        }
        if state.start_took.is_none() {
            return Err(IndexError::CatchingUp { position });
        }
        Ok(Snapshot(tables))
    }

    async fn keep(&self) {
        let mut tables = Tables::default();
        let mut pause = FIRST_PAUSE;
        loop {
            let from = tables.position;
            match self.follow(&mut tables).await {
                Halt::Lost(why) => {
                    pause = if tables.position > from { FIRST_PAUSE } else { pause };
                    tracing::warn!(%why, ?pause, "the access index waits and tries again");
                    let now = Instant::now();
                    self.state.lock().lost.get_or_insert((now, why));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.options.longest_pause);
                }
                Halt::Stopped(position, why) => {
                    tracing::error!(
                        position = position.0,
                        why,
                        "the access index stopped; it will not go on before the cause is gone and \
                         the service restarted"
                    );
                    self.state.lock().stopped = Some((position, why));
                    self.moved.send_modify(|_| {});
                    return;
                }
            }
        }
    }

    async fn follow(&self, tables: &mut Tables) -> Halt {
        match self.start(tables).await {
            Ok((mut follower, head)) => loop {
                match follower.next(self.options.batch, LOOK).await {
                    Ok(records) => {
                        if let Err(halt) = self.take_in(tables, &records, head) {
                            return halt;
                        }
                    }
                    Err(error) => return failed(&error, tables.position),
                }
            },
            Err(error) => failed(&error, tables.position),
        }
    }

    async fn start(&self, tables: &Tables) -> Result<(Box<dyn Follower>, Position), LogError> {
        let head = self.log.head().await?.position;
        let checkpoint = Checkpoint { position: tables.position, time: tables.time };
        let follower = self.log.follow(checkpoint).await?;
        if head <= tables.position {
            self.publish(tables, head);
        }
        Ok((follower, head))
    }

    fn take_in(&self, tables: &mut Tables, records: &[Record], head: Position) -> Result<(), Halt> {
        self.state.lock().lost = None;
        let mut halted = Ok(());
        for record in records {
            match record.events() {
                Ok(events) => {
                    let stream = &record.envelope.stream;
                    for recorded in &events {
                        tables.apply(stream, recorded);
                    }
                    tables.reached(record.position, record.time);
                }
                Err(error) => {
                    halted = Err(Halt::Stopped(record.position, error.to_string()));
                    break;
                }
            }
        }
        if !records.is_empty() {
            self.publish(tables, head);
        }
        halted
    }

    fn publish(&self, tables: &Tables, head: Position) {
        self.tables.store(Arc::new(tables.clone()));
        if tables.position >= head {
            let mut state = self.state.lock();
            let took = state.began.elapsed();
            state.start_took.get_or_insert(took);
        }
        self.moved.send_replace(tables.position);
    }
}
