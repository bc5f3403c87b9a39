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

use crate::{
    Authority, Caller, Clock, CommandError, Dependencies, KnownEnds, Request, handler::Handler,
    items::ItemService,
};
use domain::{
    event::{Event, EventType, ItemEvent, Recorded},
    id::ItemRef,
    item::ItemCommand,
    position::Position,
    rejection::{Entity, Rejection},
    stream::StreamName,
    time::Time,
};
use eventlog::{
    Checkpoint, Record, SharedLog, StoredEvent,
    consumer::{self, Batches, Consumer, StopReason},
};
use expiry_queue::ExpiryQueue;
use retry_queue::RetryQueue;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
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
/// Failures are reported that far apart.
const REPORT_INTERVAL_SECONDS: i64 = 60;

/// The expiry worker of one node.
pub(crate) struct ExpiryWorker {
    log: SharedLog,
    clock: Arc<dyn Clock>,
    authority: Option<Arc<dyn Authority>>,
    handler: Arc<Handler>,
    items: Arc<ItemService>,
    expirations: Mutex<Expirations>,
}

impl fmt::Debug for ExpiryWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpiryWorker")
    }
}

#[derive(Default)]
struct Expirations {
    /// Everything up to here is in `ends`, but for the items in `later`.
    at: Checkpoint,
    ends: ExpiryQueue,
    later: RetryQueue,
    /// When a failure was reported last.
    reported: Option<Time>,
}

/// What came of one look at the clock.
#[derive(Default)]
struct Round {
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
    /// From where to follow.
    async fn checkpoint(&mut self, worker: &ExpiryWorker) -> Result<Checkpoint, CommandError> {
        if self.at.position == Position::START
            && let Some(known) = worker.known_ends().await?
        {
            self.at = known.at;
            self.ends.begin(known, |item| self.later.holds(item));
        }
        Ok(self.at)
    }

    /// Learns from the records that are new to it.
    fn learn_all(&mut self, worker: &ExpiryWorker, records: &[Arc<Record>]) {
        for record in records {
            if record.position > self.at.position {
                worker.handler.observe(record);
                self.learn(record, worker.clock.now());
                self.at = Checkpoint { position: record.position, time: record.time };
            }
        }
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
        // One that cannot be read is reported when the item is.
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

    /// Reads the log again when the time of ends that were left out has come.
    fn make_room(&mut self, now: Time) -> bool {
        let again =
            self.ends.left_out.is_some_and(|time| time <= now) && self.later.len() < MAX_QUEUED;
        if again {
            (self.at, self.ends) = Default::default();
        }
        again
    }

    /// Is it time to report a failure again?
    fn reports(&mut self, now: Time) -> bool {
        let due = |at: Time| at.plus_seconds(REPORT_INTERVAL_SECONDS) <= now;
        let reports = self.reported.is_none_or(due);
        if reports {
            self.reported = Some(now);
        }
        reports
    }
}

/// Why following ends and begins again.
enum Interruption {
    /// The log must be read from an earlier position.
    Reread,
    Failed(CommandError),
}

impl From<CommandError> for StopReason<Interruption> {
    fn from(error: CommandError) -> Self {
        Self::Ended(Interruption::Failed(error))
    }
}

/// Reads up to a position.
struct Learner<'a> {
    worker: &'a ExpiryWorker,
    expirations: &'a mut Expirations,
}

impl Consumer for Learner<'_> {
    type Batch = Vec<Arc<Record>>;
    type End = Interruption;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, StopReason<Interruption>> {
        Ok(self.expirations.checkpoint(self.worker).await?)
    }

    async fn apply(&mut self, records: Self::Batch) -> Result<(), StopReason<Interruption>> {
        self.expirations.learn_all(self.worker, &records);
        Ok(())
    }

    fn position(&self) -> Position {
        self.expirations.at.position
    }
}

/// Follows the log, and looks at the clock whenever it has caught up.
struct Watcher<'a> {
    worker: &'a ExpiryWorker,
    /// The last record that came from the log.
    at: Position,
}

impl Consumer for Watcher<'_> {
    type Batch = Vec<Arc<Record>>;
    type End = Interruption;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, StopReason<Interruption>> {
        let mut expirations = self.worker.expirations.lock().await;
        let checkpoint = expirations.checkpoint(self.worker).await?;
        self.at = checkpoint.position;
        Ok(checkpoint)
    }

    async fn apply(&mut self, records: Self::Batch) -> Result<(), StopReason<Interruption>> {
        let mut expirations = self.worker.expirations.lock().await;
        // Between this batch and the one before, `expire_due` may have read on, or begun again.
        if expirations.at.position < self.at {
            return Err(StopReason::Ended(Interruption::Reread));
        }
        expirations.learn_all(self.worker, &records);
        self.at = records.last().map_or(self.at, |record| record.position);
        if records.len() == BATCH_RECORDS {
            return Ok(());
        }
        let round = self.worker.expire_round(&mut expirations).await?;
        let failures = round.failed.len();
        if let Some((item, error)) = round.failed.first()
            && expirations.reports(self.worker.clock.now())
        {
            tracing::warn!(
                %item, %error, failures,
                "ends cannot be recorded now; the expiry worker tries again later"
            );
        }
        if expirations.at.position < self.at {
            return Err(StopReason::Ended(Interruption::Reread));
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.at
    }
}

impl ExpiryWorker {
    pub(crate) fn new(
        dependencies: &Dependencies,
        handler: Arc<Handler>,
        items: Arc<ItemService>,
    ) -> Self {
        Self {
            log: dependencies.log.clone(),
            clock: dependencies.clock.clone(),
            authority: dependencies.authority.clone(),
            handler,
            items,
            expirations: Mutex::default(),
        }
    }

    /// What ends by the clock, as the authority knows it.
    async fn known_ends(&self) -> Result<Option<KnownEnds>, CommandError> {
        match &self.authority {
            Some(authority) => authority.ends(MAX_QUEUED).await,
            None => Ok(None),
        }
    }

    /// Records everything that has ended by the clock so far, as far as it is not put off; answers
    /// on how many items it recorded something. An error says what went wrong first; all else is
    /// recorded nevertheless.
    pub(crate) async fn expire_due(&self) -> Result<usize, CommandError> {
        let mut expirations = self.expirations.lock().await;
        let mut recorded: HashSet<ItemRef> = HashSet::new();
        let mut failed = None;
        loop {
            let head = self.log.head().await?.position;
            let mut learner = Learner { worker: self, expirations: &mut expirations };
            let mut batches = Batches::new(BATCH_RECORDS, WAIT);
            consumer::follow_to(&self.log, &mut learner, head, &mut batches)
                .await
                .map_err(failure)?;
            let round = self.expire_round(&mut expirations).await?;
            recorded.extend(round.recorded);
            failed = failed.or(round.failed.into_iter().next());
            if !round.busy {
                return failed.map_or(Ok(recorded.len()), |(_, error)| Err(error));
            }
        }
    }

    /// Records what ends until dropped. Safe on many nodes.
    pub(crate) async fn run(&self) {
        let mut watcher = Watcher { worker: self, at: Position::START };
        let mut batches = Batches::new(BATCH_RECORDS, WAIT);
        loop {
            let reason = consumer::follow(&self.log, &mut watcher, &mut batches).await;
            if matches!(reason, StopReason::Ended(Interruption::Reread)) {
                continue;
            }
            let error = failure(reason);
            // After a start the index still reads the log.
            let waits = matches!(error, CommandError::NotYetVisible);
            if !waits && self.expirations.lock().await.reports(self.clock.now()) {
                tracing::warn!(%error, "the expiry worker tries again");
            } else {
                tracing::debug!(%error, "the expiry worker waits");
            }
            tokio::time::sleep(WAIT).await;
        }
    }

    /// Records what has ended on some items, one commit each at most.
    async fn expire_round(&self, expirations: &mut Expirations) -> Result<Round, CommandError> {
        let now = self.clock.now();
        let ready = expirations.ready(now);
        let mut round = Round { busy: !ready.is_empty(), ..Round::default() };
        if !round.busy {
            round.busy = expirations.make_room(now);
        }
        for (item, ended) in ready {
            match self.expire(expirations, &item, ended, now).await {
                Ok(recorded) => {
                    expirations.later.remove(&item);
                    round.recorded.extend(recorded.then_some(item));
                }
                Err(error @ CommandError::ClockSkew { .. }) => return Err(error),
                Err(error) => {
                    tracing::debug!(%item, %error, "ends cannot be recorded now");
                    expirations.later.put_off(&item, now);
                    round.failed.push((item, error));
                    if round.failed.len() == MAX_FAILURES_PER_ROUND {
                        break;
                    }
                }
            }
        }
        Ok(round)
    }

    /// Records what has ended on an item, as much as one record takes; answers whether that was
    /// anything.
    async fn expire(
        &self,
        expirations: &mut Expirations,
        item: &ItemRef,
        mut ended: Vec<Uuid>,
        now: Time,
    ) -> Result<bool, CommandError> {
        if expirations.later.holds(item) {
            let state = self.items.load(item).await?;
            ended = expirations.ends.learn_state(item, &state, now);
            if ended.is_empty() {
                return Ok(false);
            }
        }
        let request = Request::new(Caller::system("sweeper"));
        let recorded = match self.items.execute(&request, item, ItemCommand::Expire).await {
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
            expirations.ends.forget(id);
        }
        Ok(any)
    }
}

/// The error that a stop stands for.
fn failure(reason: StopReason<Interruption>) -> CommandError {
    match reason {
        StopReason::Ended(Interruption::Failed(error)) => error,
        StopReason::Unavailable(why) | StopReason::Stopped(_, why) => {
            CommandError::LogUnavailable(why)
        }
        StopReason::Ended(Interruption::Reread) => CommandError::NotYetVisible,
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
