//! How does the index keep up with the log? One task follows and is the only writer.

use super::{AccessIndex, Shared, file, options::Started, tables::Tables};
use domain::{
    event::{DecodeError, Recorded},
    position::Position,
};
use eventlog::{Checkpoint, Follower, LogError, Record};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout},
};

/// How long one look for new records lasts.
const LOOK: Duration = Duration::from_secs(1);
/// The pause after the first loss; doubled with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// More records than this are worth a thread of their own, or a look whether others want this
/// one.
const MANY: usize = 64;

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

/// The tables that a saved file holds, if it belongs to this log; empty ones otherwise.
pub(super) async fn start(
    shared: &Shared,
    file: Option<PathBuf>,
) -> Result<(Tables, Started), LogError> {
    let head = shared.log.head().await?.position;
    let identity = shared.log.identity().await?;
    let Some(path) = file else { return Ok((Tables::default(), Started::FromLog)) };
    let shown = path.display().to_string();
    let loaded = spawn_blocking(move || file::load(&path)).await;
    let why = match loaded {
        Ok(Ok(tables)) if tables.log != identity => "it was made from another log".to_owned(),
        Ok(Ok(tables)) if tables.position > head => {
            format!("it knows position {}, the log ends at {head}", tables.position)
        }
        Ok(Ok(tables)) => {
            let last = shared.log.read(tables.position).await?;
            if last.map(|record| record.envelope.commit) == tables.commit {
                let from = Started::FromFile(tables.position);
                return Ok((tables, from));
            }
            format!("another record than it knows stands at position {}", tables.position)
        }
        Ok(Err(file::LoadError::Missing)) => return Ok((Tables::default(), Started::FromLog)),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(
        file = shown,
        why,
        "the saved access index is not used; the log is read from its beginning"
    );
    Ok((Tables::default(), Started::FromLog))
}

impl AccessIndex {
    /// Begins to follow from what is known.
    pub(super) fn begin(&self, tables: Tables) {
        let (following, mut ending) = (self.shared.clone(), self.shared.ending.subscribe());
        let task = tokio::spawn(async move {
            tokio::select! {
                () = following.keep(tables) => {}
                () = following.look() => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
        });
        *self.shared.task.lock() = Some(task);
    }
}

impl Shared {
    async fn keep(&self, mut tables: Tables) {
        let mut pause = FIRST_PAUSE;
        loop {
            let from = tables.position;
            match self.follow(&mut tables).await {
                Halt::Lost(why) => {
                    pause = if tables.position > from { FIRST_PAUSE } else { pause };
                    tracing::warn!(%why, ?pause, "the access index waits and tries again");
                    self.state.lock().lost = Some(why);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(self.options.longest_pause);
                }
                Halt::Stopped(position, why) => return self.stop(position, why),
            }
        }
    }

    /// Keeps count of how current it is: what was acknowledged before the log's end was asked for
    /// is known once that end is reached.
    async fn look(&self) {
        let longest = self.options.longest_silence;
        loop {
            let asked = Instant::now();
            let lost = match timeout(longest, self.log.head()).await {
                Ok(Ok(head)) => {
                    let mut moved = self.moved.subscribe();
                    let caught = moved.wait_for(|position| *position >= head.position);
                    match timeout(longest, caught).await {
                        Ok(_) => None,
                        Err(_) => Some(format!("position {} is not reached", head.position)),
                    }
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("the log does not answer".to_owned()),
            };
            self.looked(asked, lost);
            tokio::time::sleep(self.options.look_every).await;
        }
    }

    fn looked(&self, asked: Instant, lost: Option<String>) {
        let mut state = self.state.lock();
        if lost.is_none() && state.start_took.is_some() {
            state.current = asked;
        }
        state.lost = lost;
    }

    fn stop(&self, position: Position, why: String) {
        let mut state = self.state.lock();
        if state.stopped.is_some() {
            return;
        }
        tracing::error!(
            position = position.0,
            why,
            "the access index stopped; it will not go on before the cause is gone and the service \
             restarted"
        );
        state.stopped = Some((position, why));
        drop(state);
        self.moved.send_modify(|_| {});
    }

    /// Follows from what is known; the next records are fetched and decoded while the last ones are
    /// taken in.
    async fn follow(&self, tables: &mut Tables) -> Halt {
        let (mut follower, head) = match self.start_following(tables).await {
            Ok(started) => started,
            Err(error) => return failed(&error, tables.position),
        };
        let mut ready = Vec::new();
        let mut saving = None;
        loop {
            let (taken, next) = futures::join!(
                self.take_in(tables, std::mem::take(&mut ready), head),
                decoded(&mut *follower, self.options.batch)
            );
            if let Err(halt) = taken {
                return halt;
            }
            match next {
                Ok(records) => ready = records,
                Err(error) => return failed(&error, tables.position),
            }
            self.save_now_and_then(&mut saving);
        }
    }

    async fn start_following(
        &self,
        tables: &Tables,
    ) -> Result<(Box<dyn Follower>, Position), LogError> {
        let head = self.log.head().await?.position;
        let checkpoint = Checkpoint { position: tables.position, time: tables.time };
        let follower = self.log.follow(checkpoint).await?;
        self.publish(tables, head);
        Ok((follower, head))
    }

    async fn take_in(
        &self,
        tables: &mut Tables,
        records: Vec<Decoded>,
        head: Position,
    ) -> Result<(), Halt> {
        if records.is_empty() {
            return Ok(());
        }
        let unreadable = if records.len() < MANY {
            apply(tables, &records)
        } else {
            let mut moved = std::mem::take(tables);
            let applied = spawn_blocking(move || {
                let unreadable = apply(&mut moved, &records);
                (moved, unreadable)
            });
            match applied.await {
                Ok((applied, unreadable)) => {
                    *tables = applied;
                    unreadable
                }
                Err(error) => return Err(Halt::Stopped(head, error.to_string())),
            }
        };
        self.publish(tables, head);
        match unreadable {
            Some((position, why)) => {
                // At once: while the next records are waited for, nothing may be answered.
                self.stop(position, why.clone());
                Err(Halt::Stopped(position, why))
            }
            None => Ok(()),
        }
    }

    /// Lets readers have it, once the head of the start is reached: until then no copy is taken,
    /// and nothing has to be copied to be changed.
    fn publish(&self, tables: &Tables, head: Position) {
        let mut state = self.state.lock();
        state.reached = tables.position;
        if tables.position < head && state.start_took.is_none() {
            return;
        }
        if state.start_took.is_none() {
            let took = state.began.elapsed();
            state.start_took = Some(took);
            state.current = Instant::now();
            let (position, from) = (tables.position.0, state.started);
            tracing::info!(position, ?from, ?took, "the access index is ready");
        }
        drop(state);
        self.tables.store(Arc::new(tables.clone()));
        self.moved.send_replace(tables.position);
    }

    fn save_now_and_then(&self, saving: &mut Option<JoinHandle<()>>) {
        let Some(path) = self.file.clone() else { return };
        let tables = self.tables.load_full();
        let mut state = self.state.lock();
        let new = tables.position.0.saturating_sub(state.saved.0);
        let first = state.saved == Position::START;
        let due = first || state.saved_at.elapsed() >= self.options.save_every;
        let busy = saving.as_ref().is_some_and(|task| !task.is_finished());
        if !due || busy || new < self.options.save_records {
            return;
        }
        (state.saved, state.saved_at) = (tables.position, Instant::now());
        drop(state);
        *saving = Some(spawn_blocking(move || save(&tables, &path)));
    }

    /// Saves what was not saved, at the end.
    pub(super) async fn save_at_last(&self) {
        let Some(path) = self.file.clone() else { return };
        let tables = self.tables.load_full();
        if tables.position > self.state.lock().saved
            && let Err(error) = spawn_blocking(move || save(&tables, &path)).await
        {
            tracing::warn!(%error, "the access index was not saved; the next start reads more");
        }
    }
}

fn save(tables: &Tables, path: &std::path::Path) {
    let began = std::time::Instant::now();
    match file::save(tables, path) {
        Ok(()) => {
            let (position, took) = (tables.position.0, began.elapsed());
            tracing::debug!(position, ?took, "the access index is saved");
        }
        Err(error) => {
            tracing::warn!(%error, "the access index was not saved; the next start reads more");
        }
    }
}

/// Takes in records up to the first that cannot be read; answers where that stands and why.
/// A record and its events.
type Decoded = (Arc<Record>, Result<Vec<Recorded>, DecodeError>);

/// The records that come next, decoded a few at a time: others want the thread too.
async fn decoded(follower: &mut dyn Follower, batch: usize) -> Result<Vec<Decoded>, LogError> {
    let mut records = follower.next(batch, LOOK).await?.into_iter().peekable();
    let mut all = Vec::with_capacity(records.len());
    while records.peek().is_some() {
        if !all.is_empty() {
            tokio::task::yield_now().await;
        }
        all.extend(records.by_ref().take(MANY).map(|record| {
            let events = record.events();
            (record, events)
        }));
    }
    Ok(all)
}

fn apply(tables: &mut Tables, records: &[Decoded]) -> Option<(Position, String)> {
    for (record, events) in records {
        let envelope = &record.envelope;
        let log = *tables.log.get_or_insert(envelope.log);
        if log != envelope.log {
            let error = LogError::Foreign { expected: log, found: envelope.log };
            return Some((record.position, error.to_string()));
        }
        match events {
            Ok(events) => {
                tables.apply_all(&envelope.stream, events);
                tables.reached(record.position, record.time, envelope.commit);
            }
            Err(error) => return Some((record.position, error.to_string())),
        }
    }
    None
}
