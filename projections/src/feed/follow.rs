//! The follower of the feed: one task per node fills the ring while there are readers.

use super::{
    Body, FeedEvent, Follower as State, Inner,
    audit_event::{AuditEvents, RenderError, render},
};
use crate::{AuditFilter, AuditOrder, Page};
use domain::position::Position;
use eventlog::{Checkpoint, Follower, LogError, Record};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// At most so many records at once.
const BATCH_RECORDS: usize = 256;
/// How long one look for new records lasts.
const WAIT: Duration = Duration::from_secs(1);
const MIN_RETRY_PAUSE: Duration = Duration::from_millis(50);
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Why following ended.
enum Halt {
    /// Nobody reads any more; another one may be running by now.
    Unwanted,
    /// The service ends.
    Closed,
    /// Something is away; worth another try.
    Lost(String),
    /// It cannot go on.
    Stopped(String),
}

impl From<LogError> for Halt {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unavailable(_) | LogError::Misconfigured(_) => Self::Lost(error.to_string()),
            LogError::Corrupt { .. } | LogError::Foreign { .. } => Self::Stopped(error.to_string()),
        }
    }
}

/// Where the follower stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    checkpoint: Checkpoint,
    rules: u32,
}

pub(super) async fn run<B: Body>(inner: Arc<Inner<B>>) {
    let mut place = None;
    let mut pause = MIN_RETRY_PAUSE;
    let mut closed = inner.closed.subscribe();
    loop {
        let before = place.map(|place: Place| place.checkpoint.position);
        let halt = tokio::select! {
            halt = follow(&inner, &mut place) => halt,
            _ = closed.wait_for(|closed| *closed) => Halt::Closed,
        };
        match halt {
            // INVARIANT (one follower): `running` is taken back once, by `idle`; whoever is
            // admitted from then on starts another one.
            Halt::Unwanted => return,
            Halt::Closed => {
                inner.readers.lock().running = false;
                return;
            }
            Halt::Lost(why) => {
                let moved = place.map(|place| place.checkpoint.position) != before;
                pause = if moved { MIN_RETRY_PAUSE } else { pause };
                tracing::warn!(%why, ?pause, "the feed waits and tries again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(MAX_RETRY_PAUSE);
                if idle(&inner) {
                    return;
                }
            }
            Halt::Stopped(why) => {
                tracing::error!(why, "the feed has stopped; a new reader starts it again");
                let mut readers = inner.readers.lock();
                readers.running = false;
                // Before anybody is admitted, whose follower would say that it starts.
                inner.follower.send_replace(State::Stopped(why));
                return;
            }
        }
    }
}

/// Ends the follower if nobody reads any more: empties the ring, then lets the next one begin it.
fn idle<B: Body>(inner: &Inner<B>) -> bool {
    let mut readers = inner.readers.lock();
    if readers.count == 0 {
        inner.ring.write().forget();
        readers.running = false;
    }
    readers.count == 0
}

async fn follow<B: Body>(inner: &Inner<B>, place: &mut Option<Place>) -> Halt {
    let mut from = match *place {
        Some(place) => place,
        None => match start(inner).await {
            Ok(place) => place,
            Err(halt) => return halt,
        },
    };
    let mut follower = match inner.log.follow(from.checkpoint).await {
        Ok(follower) => follower,
        Err(error) => return error.into(),
    };
    if place.is_none() {
        inner.ring.write().begin(from.checkpoint.position);
        *place = Some(from);
        announce(inner);
    }
    let mut alone_since = None;
    loop {
        let stepped = step(inner, follower.as_mut(), &mut from).await;
        // Also of a batch that broke off: what of it is in the ring is not told again.
        *place = Some(from);
        if let Err(halt) = stepped {
            return halt;
        }
        if inner.readers.lock().count > 0 {
            alone_since = None;
        } else if alone_since.get_or_insert_with(Instant::now).elapsed() >= inner.options.idle
            && idle(inner)
        {
            return Halt::Unwanted;
        }
    }
}

/// Behind what the audit view knows: every position before it can be read there.
async fn start<B>(inner: &Inner<B>) -> Result<Place, Halt> {
    let filter = AuditFilter { order: AuditOrder::NewestFirst, ..AuditFilter::default() };
    let page = Page { limit: 1, ..Page::default() };
    let found = inner.views.audit(&filter, &page).await;
    let found = found.map_err(|error| Halt::Lost(error.to_string()))?;
    Ok(found.rows.first().map_or_else(
        || Place { checkpoint: Checkpoint::default(), rules: domain::role::Role::TABLE_VERSION },
        |last| Place {
            checkpoint: Checkpoint { position: last.id.position, time: last.time },
            rules: last.rules,
        },
    ))
}

async fn step<B: Body>(
    inner: &Inner<B>,
    follower: &mut dyn Follower,
    from: &mut Place,
) -> Result<(), Halt> {
    let records = follower.next(BATCH_RECORDS, WAIT).await?;
    if records.is_empty() {
        return Ok(());
    }
    for record in &records {
        let mut rules = from.rules;
        let telling = render(record, inner.opener.as_ref(), &mut rules).await;
        let telling = telling.map_err(|untold| match untold {
            RenderError::Log(error) => error.into(),
            RenderError::Unreadable(why) => {
                Halt::Stopped(format!("position {}: {why}", record.position))
            }
        });
        match telling {
            Ok(telling) => push(inner, record, telling),
            Err(halt) => {
                announce(inner);
                return Err(halt);
            }
        }
        let checkpoint = Checkpoint { position: record.position, time: record.time };
        *from = Place { checkpoint, rules };
    }
    report(from.checkpoint.position);
    announce(inner);
    Ok(())
}

fn push<B: Body>(inner: &Inner<B>, record: &Record, telling: AuditEvents) {
    let told: Vec<_> = telling.events.into_iter().map(FeedEvent::of).collect();
    let most = (inner.options.events, inner.options.bytes);
    let mut ring = inner.ring.write();
    if telling.erases {
        // What is at hand may hold the texts; the view that readers turn to knows of the erasure.
        ring.begin(record.position);
    } else {
        ring.push(record.position, told, most);
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
