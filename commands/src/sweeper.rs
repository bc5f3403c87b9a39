//! When has something ended by the clock, so that it must be recorded as expired?
//!
//! Knows the ends from the authority's index and from following the log behind it. Safe on many
//! nodes: whoever comes second finds nothing left to expire. Decisions and queries never wait for
//! it: a passed end counts as ended without any record.

use crate::{Caller, CommandError, Commands, KnownEnds, Request, core::Core, handler::unreadable};
use domain::{
    event::{Event, ItemEvent},
    id::ItemRef,
    item::{ItemCommand, ItemState},
    position::Position,
    stream::StreamName,
    time::Time,
};
use eventlog::{Checkpoint, Follower, Record};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    time::Duration,
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Records read at once.
const BATCH: usize = 1_000;
/// How long to wait for records before looking at the clock again.
const WAIT: Duration = Duration::from_secs(1);
/// Most ends kept in memory, the earliest ones.
const MOST: usize = 100_000;

/// The sweeper of one node.
#[derive(Default)]
pub(crate) struct Sweeper(Mutex<Sweeping>);

impl fmt::Debug for Sweeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sweeper")
    }
}

#[derive(Default)]
struct Sweeping {
    follower: Option<Box<dyn Follower>>,
    /// Everything up to here is in `ends`.
    at: Checkpoint,
    ends: Ends,
}

/// The earliest ends of open grants and links.
#[derive(Debug, Default)]
struct Ends {
    by_time: BTreeSet<(Time, Uuid)>,
    by_id: HashMap<Uuid, (Time, ItemRef)>,
    /// Ends from here on were left out for lack of room; when the first of them comes the log is
    /// followed anew.
    left_out: Option<Time>,
}

impl Ends {
    fn set(&mut self, id: Uuid, ends_at: Option<Time>, item: &ItemRef, most: usize) {
        if let Some((time, _)) = self.by_id.remove(&id) {
            self.by_time.remove(&(time, id));
        }
        let Some(time) = ends_at else { return };
        self.by_time.insert((time, id));
        self.by_id.insert(id, (time, item.clone()));
        if self.by_time.len() > most
            && let Some((time, id)) = self.by_time.pop_last()
        {
            self.by_id.remove(&id);
            self.left_out = Some(self.left_out.map_or(time, |before| before.min(time)));
        }
    }

    fn begin(&mut self, known: KnownEnds) {
        *self = Self { left_out: known.left_out, ..Self::default() };
        for (time, id, item) in known.earliest {
            self.set(id, Some(time), &item, MOST);
        }
    }

    /// The items of which something has ended by now; they are still kept.
    fn due(&self, now: Time) -> Vec<(Uuid, ItemRef)> {
        let ended = self.by_time.iter().take_while(|(time, _)| *time <= now);
        ended.filter_map(|(_, id)| Some((*id, self.by_id.get(id)?.1.clone()))).collect()
    }

    fn learn_state(&mut self, item: &ItemRef, state: &ItemState) {
        for (id, grant) in &state.grants {
            self.set(id.0, grant.grant.ends_at, item, MOST);
        }
        for (id, link) in &state.links {
            self.set(id.0, link.terms.ends_at, item, MOST);
        }
    }

    /// Answers whether the item's state must be looked at.
    fn learn(&mut self, item: &ItemRef, event: &ItemEvent) -> bool {
        match event {
            ItemEvent::GrantGiven(given) => {
                self.set(given.grant.grant.0, given.grant.ends_at, item, MOST);
            }
            ItemEvent::GrantChanged(changed) => {
                self.set(changed.grant.0, changed.after.ends_at, item, MOST);
            }
            ItemEvent::GrantEnded(ended) => self.set(ended.grant.0, None, item, MOST),
            ItemEvent::LinkCreated(created) => {
                self.set(created.link.0, created.terms.ends_at, item, MOST);
            }
            ItemEvent::LinkChanged(changed) => {
                self.set(changed.link.0, changed.after.ends_at, item, MOST);
            }
            ItemEvent::LinkRevoked(revoked) => self.set(revoked.link.0, None, item, MOST),
            ItemEvent::LinkExpired(expired) => self.set(expired.link.0, None, item, MOST),
            ItemEvent::Reopened(_) => return true,
            ItemEvent::Registered(_)
            | ItemEvent::Described(_)
            | ItemEvent::VisibilityChanged(_)
            | ItemEvent::Closed(_)
            | ItemEvent::Retired(_)
            | ItemEvent::Restored(_)
            | ItemEvent::LinkPasswordSet(_)
            | ItemEvent::LinkPasswordCleared(_)
            | ItemEvent::LinkRotated(_)
            | ItemEvent::Published(_)
            | ItemEvent::PublicationUpdated(_)
            | ItemEvent::PublicationWithdrawn(_) => {}
        }
        false
    }
}

/// Names of events that set or clear ends; others need not be decoded.
const ENDS: [&str; 8] = [
    "grant.given",
    "grant.changed",
    "grant.ended",
    "link.created",
    "link.changed",
    "link.revoked",
    "link.expired",
    "item.reopened",
];

impl Sweeping {
    /// Reads on; answers how many records came.
    async fn read(&mut self, core: &Core, wait: Duration) -> Result<usize, CommandError> {
        if self.ends.left_out.is_some_and(|time| time <= core.now()) {
            *self = Self::default();
        }
        let follower = match &mut self.follower {
            Some(follower) => follower,
            none => {
                if self.at.position == Position::START
                    && let Some(known) = core.ends(MOST).await?
                {
                    self.at = known.at;
                    self.ends.begin(known);
                }
                none.insert(core.parts.log.follow(self.at).await?)
            }
        };
        let records = match follower.next(BATCH, wait).await {
            Ok(records) => records,
            Err(error) => {
                self.follower = None;
                return Err(error.into());
            }
        };
        for record in &records {
            core.handler.saw(record);
            self.learn(core, record).await?;
            self.at = Checkpoint { position: record.position, time: record.time };
        }
        Ok(records.len())
    }

    async fn learn(&mut self, core: &Core, record: &Record) -> Result<(), CommandError> {
        let StreamName::Item(item) = &record.envelope.stream else { return Ok(()) };
        if !record.envelope.events.iter().any(|event| ENDS.contains(&event.name.as_str())) {
            return Ok(());
        }
        let mut look = false;
        for recorded in record.events().map_err(unreadable)? {
            if let Event::Item(event) = &recorded.event {
                look |= self.ends.learn(item, event);
            }
        }
        if look {
            let state = core.item(item).await?;
            self.ends.learn_state(item, &state);
        }
        Ok(())
    }
}

impl Commands {
    /// Records everything that has ended by the clock so far; answers how many items it recorded
    /// something on.
    pub async fn sweep(&self) -> Result<usize, CommandError> {
        let mut sweeping = self.sweeper.0.lock().await;
        let head = self.core.parts.log.head().await?.position;
        while sweeping.at.position < head {
            sweeping.read(&self.core, WAIT).await?;
        }
        self.expire(&mut sweeping).await
    }

    /// Sweeps until dropped. Safe on many nodes.
    pub async fn run_sweeper(&self) {
        loop {
            let mut sweeping = self.sweeper.0.lock().await;
            let swept = match sweeping.read(&self.core, WAIT).await {
                Ok(BATCH) => Ok(0),
                Ok(_) => self.expire(&mut sweeping).await,
                Err(error) => Err(error),
            };
            drop(sweeping);
            if let Err(error) = swept {
                // After a start the index still reads the log.
                if matches!(error, CommandError::NotYetVisible) {
                    tracing::debug!(%error, "the sweeper waits");
                } else {
                    tracing::warn!(%error, "the sweeper tries again");
                }
                tokio::time::sleep(WAIT).await;
            }
        }
    }

    async fn expire(&self, sweeping: &mut Sweeping) -> Result<usize, CommandError> {
        let request = Request::of(Caller::system("sweeper"));
        let mut done: HashSet<ItemRef> = HashSet::new();
        let mut touched = 0;
        for (id, item) in sweeping.ends.due(self.core.now()) {
            if done.insert(item.clone()) {
                match self.item(&request, &item, ItemCommand::Expire).await {
                    Ok(outcome) => touched += usize::from(!outcome.events.is_empty()),
                    // Retired in between, or the like: nothing is open there.
                    Err(CommandError::Rejected(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            sweeping.ends.set(id, None, &item, MOST);
        }
        Ok(touched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> ItemRef {
        "history:1".parse().unwrap()
    }

    #[test]
    fn the_earliest_ends_stay_and_the_first_left_out_is_remembered() {
        let mut ends = Ends::default();
        for n in [5u8, 3, 9, 1, 7] {
            let time = Time::default().plus_seconds(i64::from(n));
            ends.set(Uuid::from_bytes([n; 16]), Some(time), &item(), 3);
        }
        let due = ends.due(Time::default().plus_seconds(100));
        let kept: Vec<u8> = due.iter().map(|(id, _)| id.as_bytes()[0]).collect();
        assert_eq!(kept, [1, 3, 5]);
        assert_eq!(ends.left_out, Some(Time::default().plus_seconds(7)));
    }

    #[test]
    fn an_end_that_was_taken_away_is_not_due() {
        let mut ends = Ends::default();
        let id = Uuid::from_bytes([1; 16]);
        ends.set(id, Some(Time::default()), &item(), 3);
        ends.set(id, None, &item(), 3);
        assert!(ends.due(Time::default().plus_seconds(100)).is_empty());
    }
}
