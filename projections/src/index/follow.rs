//! Keeps the index current: one task follows the log and is the only writer.

use super::{AccessIndex, Shared, file, options::Started, tables::Tables};
use domain::{
    event::{DecodeError, Recorded},
    position::Position,
};
use eventlog::{Checkpoint, Follower, LogError, Record};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout},
};

/// How long one look for new records lasts.
const WAIT: Duration = Duration::from_secs(1);
/// The pause after the first loss; doubled with every further one.
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(50);
/// More records than this are worth a thread of their own, or a look whether others want this
/// one.
const MANY_RECORDS: usize = 64;

/// The end of the log.
#[derive(Debug, Clone, Copy)]
struct End {
    position: Position,
    /// When it was asked for: whatever was acknowledged before stands up to there.
    asked: Instant,
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
    async fn keep(self: &Arc<Self>, mut tables: Tables) {
        let mut pause = MIN_RETRY_PAUSE;
        loop {
            let from = tables.position;
            match self.follow(&mut tables).await {
                Halt::Lost(why) => {
                    pause = if tables.position > from { MIN_RETRY_PAUSE } else { pause };
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
            state.current = state.current.max(asked);
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
    async fn follow(self: &Arc<Self>, tables: &mut Tables) -> Halt {
        let (mut follower, mut end) = match self.start_following(tables).await {
            Ok(started) => started,
            Err(error) => return failed(&error, tables.position),
        };
        let mut ready = Vec::new();
        loop {
            let (taken, next) = futures::join!(
                self.take_in(tables, std::mem::take(&mut ready), end),
                decoded(&mut *follower, self.options.batch)
            );
            if let Err(halt) = taken {
                return halt;
            }
            match next {
                Ok(records) => ready = records,
                Err(error) => return failed(&error, tables.position),
            }
            if self.starting() && tables.position >= end.position {
                // It took so long to come here that too little is known of what came meanwhile.
                end = match self.end().await {
                    Ok(end) => end,
                    Err(error) => return failed(&error, tables.position),
                };
                self.publish(tables, end);
            }
            self.save_now_and_then();
        }
    }

    async fn end(&self) -> Result<End, LogError> {
        let asked = Instant::now();
        Ok(End { position: self.log.head().await?.position, asked })
    }

    fn starting(&self) -> bool {
        self.state.lock().start_took.is_none()
    }

    async fn start_following(&self, tables: &Tables) -> Result<(Box<dyn Follower>, End), LogError> {
        let end = self.end().await?;
        let checkpoint = Checkpoint { position: tables.position, time: tables.time };
        let follower = self.log.follow(checkpoint).await?;
        self.publish(tables, end);
        Ok((follower, end))
    }

    async fn take_in(
        &self,
        tables: &mut Tables,
        records: Vec<Decoded>,
        end: End,
    ) -> Result<(), Halt> {
        if records.is_empty() {
            return Ok(());
        }
        let unreadable = if records.len() < MANY_RECORDS {
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
                Err(error) => return Err(Halt::Stopped(end.position, error.to_string())),
            }
        };
        self.publish(tables, end);
        match unreadable {
            Some((position, why)) => {
                // At once: while the next records are waited for, nothing may be answered.
                self.stop(position, why.clone());
                Err(Halt::Stopped(position, why))
            }
            None => Ok(()),
        }
    }

    /// Lets readers have it, once the end of the log at the start is reached, and that end is not
    /// too old: until then no copy is taken, and nothing has to be copied to be changed.
    fn publish(&self, tables: &Tables, end: End) {
        let mut state = self.state.lock();
        state.reached = tables.position;
        if state.start_took.is_none() {
            let old = end.asked.elapsed() > self.options.longest_silence / 2;
            if old || tables.position < end.position {
                return;
            }
            let took = state.began.elapsed();
            state.start_took = Some(took);
            state.current = end.asked;
            let (position, from) = (tables.position.0, state.started);
            tracing::info!(position, ?from, ?took, "the access index is ready");
        }
        drop(state);
        self.tables.store(Arc::new(tables.clone()));
        self.moved.send_replace(tables.position);
    }
}

/// A record and its events.
type Decoded = (Arc<Record>, Result<Vec<Recorded>, DecodeError>);

/// The records that come next, decoded a few at a time: others want the thread too.
async fn decoded(follower: &mut dyn Follower, batch: usize) -> Result<Vec<Decoded>, LogError> {
    let mut records = follower.next(batch, WAIT).await?.into_iter().peekable();
    let mut all = Vec::with_capacity(records.len());
    while records.peek().is_some() {
        if !all.is_empty() {
            tokio::task::yield_now().await;
        }
        all.extend(records.by_ref().take(MANY_RECORDS).map(|record| {
            let events = record.events();
            (record, events)
        }));
    }
    Ok(all)
}

/// Takes in records up to the first that cannot be read; answers where that stands and why.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{IndexError, IndexOptions};
    use eventlog::memory::MemoryLog;

    fn index() -> AccessIndex {
        let log = Arc::new(MemoryLog::new());
        AccessIndex { shared: Arc::new(Shared::new(log, None, IndexOptions::default())) }
    }

    fn asked_before(ago: Duration) -> End {
        End { position: Position::START, asked: Instant::now().checked_sub(ago).unwrap() }
    }

    #[test]
    fn an_index_that_has_caught_up_is_as_current_as_the_end_that_it_has_reached() {
        let index = index();
        index.shared.publish(&Tables::default(), asked_before(Duration::from_secs(5)));
        assert!(index.status().ready);
        assert!(index.status().current >= Duration::from_secs(5));
        let too_old = index.recent(Duration::from_secs(2));
        assert!(matches!(too_old, Err(IndexError::Lost { .. })), "{too_old:?}");
        assert!(index.recent(Duration::from_secs(20)).is_ok());
    }

    #[test]
    fn an_end_that_was_asked_for_too_long_ago_is_no_end_to_begin_with() {
        let index = index();
        let long = IndexOptions::default().longest_silence;
        index.shared.publish(&Tables::default(), asked_before(long));
        let early = index.snapshot();
        assert!(matches!(early, Err(IndexError::CatchingUp { .. })), "{early:?}");
    }
}
