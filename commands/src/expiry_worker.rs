//! The expiry worker: finds what has ended by the clock, so that it is recorded as expired.
//!
//! Knows the ends from the authority's index and from following the log behind it. Safe on many
//! nodes: the second one finds nothing left to expire. Decisions and queries never wait for it: a
//! passed end counts as ended without any record.
//!
//! INVARIANT (nothing forgotten): an end is forgotten only when it is stored in the log, or when
//! the item's current state was read and has nothing to end. An item that fails is read again
//! later, and delays no other.

mod expiry_queue;
mod retry_queue;

use crate::{Caller, CommandError, Commands, Request, core::Core};
use domain::{
    event::{Event, EventType, ItemEvent, Recorded},
    id::ItemRef,
    item::ItemCommand,
    position::Position,
    rejection::{Entity, Rejection},
    stream::StreamName,
    time::Time,
};
use eventlog::{Checkpoint, Follower, Record, StoredEvent};
use expiry_queue::ExpiryQueue;
use retry_queue::RetryQueue;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Records read at once.
const BATCH_RECORDS: usize = 1_000;
/// How long to wait for records before looking at the clock again.
const WAIT: Duration = Duration::from_secs(1);
/// Most ends kept in memory, the earliest ones; also most items that wait to be read.
const MAX_QUEUED: usize = 100_000;
/// Items with passed ends, and items to be read, dealt with in one look at the clock.
const MAX_ITEMS_PER_ROUND: usize = 100;
/// So many failures end a look: what they share is wrong, and each takes its time.
const MAX_FAILURES_PER_ROUND: usize = 10;
/// Failures are told that far apart, in seconds.
const REPORT_INTERVAL_SECONDS: i64 = 60;

/// The sweeper of one node.
#[derive(Default)]
pub(crate) struct ExpiryWorker(Mutex<Expirations>);

impl fmt::Debug for ExpiryWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpiryWorker")
    }
}

#[derive(Default)]
struct Expirations {
    follower: Option<Box<dyn Follower>>,
    /// Everything up to here is in `ends`, but for the items in `later`.
    at: Checkpoint,
    ends: ExpiryQueue,
    later: RetryQueue,
    /// When a failure was told last.
    told: Option<Time>,
}

/// What came of one look at the clock.
#[derive(Default)]
struct Looked {
    /// Was there anything to do?
    busy: bool,
    recorded: HashSet<ItemRef>,
    failed: Vec<(ItemRef, CommandError)>,
}

/// Events that set or clear ends; others need not be decoded.
const ENDS: [EventType; 8] = [
    EventType::GrantGiven,
    EventType::GrantChanged,
    EventType::GrantEnded,
    EventType::LinkCreated,
    EventType::LinkChanged,
    EventType::LinkRevoked,
    EventType::LinkExpired,
    EventType::ItemReopened,
];

impl Expirations {
    /// Reads on; answers how many records came.
    async fn read(&mut self, core: &Core, wait: Duration) -> Result<usize, CommandError> {
        // Taken out until its records are learned: whatever comes in between, what was not learned
        // is followed again.
        let mut follower = match self.follower.take() {
            Some(follower) => follower,
            None => self.follow(core).await?,
        };
        let records = follower.next(BATCH_RECORDS, wait).await?;
        for record in &records {
            core.handler.observe(record);
            self.learn(record, core.now());
            self.at = Checkpoint { position: record.position, time: record.time };
        }
        self.follower = Some(follower);
        Ok(records.len())
    }

    async fn follow(&mut self, core: &Core) -> Result<Box<dyn Follower>, CommandError> {
        if self.at.position == Position::START
            && let Some(known) = core.ends(MAX_QUEUED).await?
        {
            self.at = known.at;
            self.ends.begin(known, |item| self.later.holds(item));
        }
        Ok(core.parts.log.follow(self.at).await?)
    }

    fn learn(&mut self, record: &Record, now: Time) {
        let StreamName::Item(item) = &record.envelope.stream else { return };
        let ends = record
            .envelope
            .events
            .iter()
            .filter_map(StoredEvent::event_type)
            .any(|event| ENDS.contains(&event));
        if !ends || self.later.holds(item) {
            return;
        }
        // One that cannot be read is told of when the item is.
        let events = record.events();
        let mut look = events.is_err();
        for recorded in events.into_iter().flatten() {
            if let Event::Item(event) = &recorded.event {
                look |= self.ends.learn(item, event);
            }
        }
        if look && self.later.len() < MAX_QUEUED {
            self.later.add(item, now);
        } else if look {
            self.ends.left_out = Some(now);
        }
    }

    /// Some items to deal with, and what has ended on them; nothing where the item must be read
    /// first.
    fn ready(&mut self, now: Time) -> Vec<(ItemRef, Vec<Uuid>)> {
        let mut due: HashMap<&ItemRef, Vec<Uuid>> = HashMap::new();
        let mut read_later = Vec::new();
        for (id, item) in self.ends.due(now) {
            if self.later.holds(item) {
                read_later.push(id);
            } else if due.len() < MAX_ITEMS_PER_ROUND || due.contains_key(item) {
                due.entry(item).or_default().push(id);
            }
        }
        let due = due.into_iter().map(|(item, ids)| (item.clone(), ids));
        let unread =
            self.later.ready(now).take(MAX_ITEMS_PER_ROUND).map(|item| (item.clone(), Vec::new()));
        let ready = due.chain(unread).collect();
        for id in read_later {
            self.ends.forget(id);
        }
        ready
    }

    /// Follows the log anew when the time of ends that were left out has come.
    fn make_room(&mut self, now: Time) -> bool {
        let anew =
            self.ends.left_out.is_some_and(|time| time <= now) && self.later.len() < MAX_QUEUED;
        if anew {
            (self.follower, self.at, self.ends) = Default::default();
        }
        anew
    }

    /// Is it time to tell of a failure again?
    fn tells(&mut self, now: Time) -> bool {
        let tells = self.told.is_none_or(|told| told.plus_seconds(REPORT_INTERVAL_SECONDS) <= now);
        if tells {
            self.told = Some(now);
        }
        tells
    }
}

impl Commands {
    /// Records everything that has ended by the clock so far, as far as it is not put off; answers
    /// on how many items it recorded something. An error says what went wrong first; all else is
    /// recorded nevertheless.
    pub async fn expire_due(&self) -> Result<usize, CommandError> {
        let mut sweeping = self.expiry.0.lock().await;
        let mut recorded: HashSet<ItemRef> = HashSet::new();
        let mut failed = None;
        loop {
            let head = self.core.parts.log.head().await?.position;
            while sweeping.at.position < head {
                sweeping.read(&self.core, WAIT).await?;
            }
            let looked = self.look(&mut sweeping).await?;
            recorded.extend(looked.recorded);
            failed = failed.or(looked.failed.into_iter().next());
            if !looked.busy {
                return failed.map_or(Ok(recorded.len()), |(_, error)| Err(error));
            }
        }
    }

    /// Sweeps until dropped. Safe on many nodes.
    pub async fn run_expiry_worker(&self) {
        loop {
            let mut sweeping = self.expiry.0.lock().await;
            let swept = match sweeping.read(&self.core, WAIT).await {
                Ok(BATCH_RECORDS) => Ok(Looked::default()),
                Ok(_) => self.look(&mut sweeping).await,
                Err(error) => Err(error),
            };
            let now = self.core.now();
            match swept {
                Ok(looked) => {
                    let failures = looked.failed.len();
                    if let Some((item, error)) = looked.failed.first()
                        && sweeping.tells(now)
                    {
                        tracing::warn!(
                            %item, %error, failures,
                            "ends cannot be recorded now; the sweeper tries again later"
                        );
                    }
                }
                Err(error) => {
                    // After a start the index still reads the log.
                    let waits = matches!(error, CommandError::NotYetVisible);
                    if !waits && sweeping.tells(now) {
                        tracing::warn!(%error, "the sweeper tries again");
                    } else {
                        tracing::debug!(%error, "the sweeper waits");
                    }
                    drop(sweeping);
                    tokio::time::sleep(WAIT).await;
                }
            }
        }
    }

    /// Records what has ended on some items, one commit each at most.
    async fn look(&self, sweeping: &mut Expirations) -> Result<Looked, CommandError> {
        let now = self.core.now();
        let ready = sweeping.ready(now);
        let mut looked = Looked { busy: !ready.is_empty(), ..Looked::default() };
        if !looked.busy {
            looked.busy = sweeping.make_room(now);
        }
        for (item, ended) in ready {
            match self.expire(sweeping, &item, ended, now).await {
                Ok(recorded) => {
                    sweeping.later.remove(&item);
                    looked.recorded.extend(recorded.then_some(item));
                }
                Err(error @ CommandError::ClockSkew { .. }) => return Err(error),
                Err(error) => {
                    tracing::debug!(%item, %error, "ends cannot be recorded now");
                    sweeping.later.put_off(&item, now);
                    looked.failed.push((item, error));
                    if looked.failed.len() == MAX_FAILURES_PER_ROUND {
                        break;
                    }
                }
            }
        }
        Ok(looked)
    }

    /// Records what has ended on an item, as much as one record takes; answers whether that was
    /// anything.
    async fn expire(
        &self,
        sweeping: &mut Expirations,
        item: &ItemRef,
        mut ended: Vec<Uuid>,
        now: Time,
    ) -> Result<bool, CommandError> {
        if sweeping.later.holds(item) {
            let state = self.core.item(item).await?;
            ended = sweeping.ends.learn_state(item, &state, now);
            if ended.is_empty() {
                return Ok(false);
            }
        }
        let request = Request::new(Caller::system("sweeper"));
        let recorded = match self.item(&request, item, ItemCommand::Expire).await {
            // The clock was set back in between: they are due again.
            Ok(outcome) if outcome.events.is_empty() && outcome.at < now => return Ok(false),
            Ok(outcome) => outcome.events,
            Err(CommandError::Rejected(refusal)) if nothing_open(&refusal) => Vec::new(),
            Err(error) => return Err(error),
        };
        let any = !recorded.is_empty();
        if any {
            // What one record does not take is due at the next look.
            ended = recorded.iter().filter_map(ended_by).collect();
        }
        for id in ended {
            sweeping.ends.forget(id);
        }
        Ok(any)
    }
}

/// Does the refusal say that the item has nothing that could end? It was retired in between.
fn nothing_open(refusal: &Rejection) -> bool {
    matches!(refusal, Rejection::ItemRetired | Rejection::NotFound(Entity::Item))
}

/// The grant or link that an event ends by the clock.
fn ended_by(recorded: &Recorded<ItemEvent>) -> Option<Uuid> {
    if let ItemEvent::GrantEnded(ended) = &recorded.event {
        Some(ended.grant.0)
    } else if let ItemEvent::LinkExpired(expired) = &recorded.event {
        Some(expired.link.0)
    } else {
        None
    }
}
