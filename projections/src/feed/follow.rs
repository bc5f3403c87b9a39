//! The follower of the feed: one task per node fills the ring while there are readers.

use super::{
    Body, FeedEvent, Follower as State, Inner,
    audit_event::{AuditEvents, RenderError, render},
};
use crate::{AuditFilter, AuditOrder, Page};
use domain::{position::Position, role::Role};
use eventlog::{
    Backoff, Checkpoint, Record,
    consumer::{self, Batches, Consumer, StopReason},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The most records of a batch.
const BATCH_RECORDS: usize = 256;
/// How long a batch is waited for.
const WAIT: Duration = Duration::from_secs(1);
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(50);
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(2);

/// There are no readers any more; another follower may be running by now.
struct Unwanted;

/// Fills the ring.
struct RingFiller<'a, B> {
    inner: &'a Inner<B>,
    at: FeedPosition,
    /// The ring begins where following began.
    begun: bool,
    lost: bool,
    idle_since: Option<Instant>,
}

/// Everything up to here is in the ring or before it.
#[derive(Debug, Clone, Copy, Default)]
struct FeedPosition {
    checkpoint: Checkpoint,
    /// The version of the role table in force.
    rules: u32,
}

pub(super) async fn run<B: Body>(inner: Arc<Inner<B>>) {
    let at = FeedPosition::default();
    let mut filler = RingFiller { inner: &inner, at, begun: false, lost: false, idle_since: None };
    let mut batches = Batches::new(BATCH_RECORDS, WAIT);
    let backoff = Backoff::new(MIN_RETRY_PAUSE, MAX_RETRY_PAUSE);
    let mut closed = inner.closed.subscribe();
    let reason = tokio::select! {
        reason = consumer::run(&inner.log, &mut filler, &mut batches, backoff) => reason,
        _ = closed.wait_for(|closed| *closed) => {
            inner.readers.lock().running = false;
            return;
        }
    };
    match reason {
        // INVARIANT (one follower): `running` is taken back once, by `idle`; a reader that is
        // admitted from then on starts another follower.
        StopReason::Ended(Unwanted) => {}
        StopReason::Unavailable(why) | StopReason::Stopped(_, why) => {
            tracing::error!(why, "the feed has stopped; a new reader starts it again");
            let mut readers = inner.readers.lock();
            readers.running = false;
            // Before a reader is admitted, whose follower would say that it starts.
            inner.follower.send_replace(State::Stopped(why));
        }
    }
}

/// Ends the follower if there are no readers: empties the ring, which the next follower begins.
fn idle<B: Body>(inner: &Inner<B>) -> bool {
    let mut readers = inner.readers.lock();
    if readers.count == 0 {
        inner.ring.write().forget();
        readers.running = false;
    }
    readers.count == 0
}

impl<B: Body> Consumer for RingFiller<'_, B> {
    type Batch = Vec<Arc<Record>>;
    type End = Unwanted;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, StopReason<Unwanted>> {
        self.idle_since = None;
        if self.lost && idle(self.inner) {
            return Err(StopReason::Ended(Unwanted));
        }
        if !self.begun {
            self.at = start(self.inner).await?;
        }
        Ok(self.at.checkpoint)
    }

    async fn apply(&mut self, records: Self::Batch) -> Result<(), StopReason<Unwanted>> {
        if !self.begun {
            self.begun = true;
            self.inner.ring.write().begin(self.at.checkpoint.position);
            announce(self.inner);
        }
        if !records.is_empty() {
            let pushed = self.push_all(&records).await;
            // Also of a batch that broke off: what of it is in the ring is not pushed again.
            announce(self.inner);
            pushed?;
            report(self.at.checkpoint.position);
        }
        if self.inner.readers.lock().count > 0 {
            self.idle_since = None;
        } else if self.idle_since.get_or_insert_with(Instant::now).elapsed()
            >= self.inner.options.idle
            && idle(self.inner)
        {
            return Err(StopReason::Ended(Unwanted));
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.at.checkpoint.position
    }

    fn lost(&mut self, why: &str, pause: Duration) {
        self.lost = true;
        tracing::warn!(why, ?pause, "the feed waits and tries again");
    }
}

impl<B: Body> RingFiller<'_, B> {
    async fn push_all(&mut self, records: &[Arc<Record>]) -> Result<(), StopReason<Unwanted>> {
        for record in records {
            let mut rules = self.at.rules;
            let events = render(record, self.inner.opener.as_ref(), &mut rules).await;
            let events = events.map_err(|error| match error {
                RenderError::Log(error) => StopReason::from_log(&error, record.position),
                RenderError::Unreadable(why) => {
                    let why = format!("position {}: {why}", record.position);
                    StopReason::Stopped(record.position, why)
                }
            })?;
            push(self.inner, record, events);
            let checkpoint = Checkpoint { position: record.position, time: record.time };
            self.at = FeedPosition { checkpoint, rules };
        }
        Ok(())
    }
}

/// Begins after what the audit view knows: everything before can be read there.
async fn start<B>(inner: &Inner<B>) -> Result<FeedPosition, StopReason<Unwanted>> {
    let filter = AuditFilter { order: AuditOrder::NewestFirst, ..AuditFilter::default() };
    let page = Page { limit: 1, ..Page::default() };
    let found = inner.views.audit(&filter, &page).await;
    let found = found.map_err(|error| StopReason::Unavailable(error.to_string()))?;
    Ok(found.rows.first().map_or_else(
        || FeedPosition { checkpoint: Checkpoint::default(), rules: Role::TABLE_VERSION },
        |last| FeedPosition {
            checkpoint: Checkpoint { position: last.id.position, time: last.time },
            rules: last.rules,
        },
    ))
}

fn push<B: Body>(inner: &Inner<B>, record: &Record, rendered: AuditEvents) {
    let events: Vec<_> = rendered.events.into_iter().map(FeedEvent::of).collect();
    let most = (inner.options.events, inner.options.bytes);
    let mut ring = inner.ring.write();
    if rendered.erases {
        // What is at hand may hold the texts; the view that readers turn to knows of the erasure.
        ring.begin(record.position);
    } else {
        ring.push(record.position, events, most);
    }
}

/// Wakes the readers.
fn announce<B>(inner: &Inner<B>) {
    inner.follower.send_modify(|state| {
        *state = match state {
            State::Live(times) => State::Live(times.wrapping_add(1)),
            State::Starting | State::Stopped(_) => State::Live(0),
        };
    });
}

fn report(position: Position) {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; exact to 2^53")]
    let value = position.0 as f64;
    metrics::gauge!("sharelog_feed_position").set(value);
}
