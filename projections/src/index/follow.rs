//! Keeps the index current: one task follows the log and is the only writer.

use super::{AccessIndex, Shared, file, options::Started, tables::Tables};
use domain::{
    event::{DecodeError, Recorded},
    position::Position,
};
use eventlog::{
    Backoff, Checkpoint, LogError, Record,
    consumer::{self, Batches, Consumer, StopReason},
};
use std::{convert::Infallible, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout},
};

/// How long a batch is waited for.
const WAIT: Duration = Duration::from_secs(1);
/// The pause after the first loss.
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(50);
/// More records than this are applied on a thread of their own; so many are decoded before other
/// tasks may use the thread.
const MANY_RECORDS: usize = 64;

/// The end of the log.
#[derive(Debug, Clone, Copy)]
struct LogEnd {
    position: Position,
    /// When it was requested: what was acknowledged before is at or before that position.
    asked: Instant,
}

/// Applies the log to the tables; their only writer.
struct Indexer {
    shared: Arc<Shared>,
    tables: Tables,
    /// Where the log ended when following began.
    end: LogEnd,
    published: bool,
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
            format!("another record than it knows is at position {}", tables.position)
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
                () = Arc::clone(&following).follow(tables) => {}
                () = following.look() => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
        });
        *self.shared.task.lock() = Some(task);
    }
}

impl Consumer for Indexer {
    type Batch = Vec<Decoded>;
    type End = Infallible;

    /// Decodes a few at a time: others want the thread too.
    async fn prepare(records: Vec<Arc<Record>>) -> Vec<Decoded> {
        let mut records = records.into_iter().peekable();
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
        all
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, StopReason<Infallible>> {
        self.end = self.log_end().await?;
        self.published = false;
        Ok(Checkpoint { position: self.tables.position, time: self.tables.time })
    }

    async fn apply(&mut self, records: Vec<Decoded>) -> Result<(), StopReason<Infallible>> {
        if !records.is_empty() {
            self.apply_all(records).await?;
        } else if !self.published {
            self.shared.publish(&self.tables, self.end);
        }
        self.published = true;
        if self.shared.starting() && self.tables.position >= self.end.position {
            // It took so long to come here that too little is known of what came meanwhile.
            self.end = self.log_end().await?;
            self.shared.publish(&self.tables, self.end);
        }
        self.shared.save_now_and_then();
        Ok(())
    }

    fn position(&self) -> Position {
        self.tables.position
    }

    fn lost(&mut self, why: &str, pause: Duration) {
        tracing::warn!(why, ?pause, "the access index waits and tries again");
        self.shared.state.lock().lost = Some(why.to_owned());
    }
}

impl Indexer {
    async fn log_end(&self) -> Result<LogEnd, StopReason<Infallible>> {
        let end = self.shared.end().await;
        end.map_err(|error| StopReason::from_log(&error, self.tables.position))
    }

    async fn apply_all(&mut self, records: Vec<Decoded>) -> Result<(), StopReason<Infallible>> {
        let unreadable = if records.len() < MANY_RECORDS {
            apply(&mut self.tables, &records)
        } else {
            let mut moved = std::mem::take(&mut self.tables);
            let applied = spawn_blocking(move || {
                let unreadable = apply(&mut moved, &records);
                (moved, unreadable)
            });
            let (applied, unreadable) = applied
                .await
                .map_err(|error| StopReason::Stopped(self.end.position, error.to_string()))?;
            self.tables = applied;
            unreadable
        };
        self.shared.publish(&self.tables, self.end);
        let Some((position, why)) = unreadable else { return Ok(()) };
        // At once: while the next records are waited for, nothing may be answered.
        self.shared.stop(position, why.clone());
        Err(StopReason::Stopped(position, why))
    }
}

impl Shared {
    async fn follow(self: Arc<Self>, tables: Tables) {
        let log = self.log.clone();
        let mut batches = Batches::new(self.options.batch, WAIT);
        let backoff = Backoff::new(MIN_RETRY_PAUSE, self.options.longest_pause);
        let end = LogEnd { position: tables.position, asked: Instant::now() };
        let mut indexer = Indexer { shared: Arc::clone(&self), tables, end, published: false };
        match consumer::run(&log, &mut indexer, &mut batches, backoff).await {
            StopReason::Stopped(position, why) => self.stop(position, why),
            StopReason::Unavailable(why) => self.stop(indexer.position(), why),
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

    async fn end(&self) -> Result<LogEnd, LogError> {
        let asked = Instant::now();
        Ok(LogEnd { position: self.log.head().await?.position, asked })
    }

    fn starting(&self) -> bool {
        self.state.lock().start_took.is_none()
    }

    /// Lets readers have it, once the end of the log at the start is reached, and that end is not
    /// too old: until then no copy is taken, and nothing has to be copied to be changed.
    fn publish(&self, tables: &Tables, end: LogEnd) {
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

/// Applies records up to the first that cannot be read; answers its position and why.
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

    fn asked_before(ago: Duration) -> LogEnd {
        LogEnd { position: Position::START, asked: Instant::now().checked_sub(ago).unwrap() }
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
