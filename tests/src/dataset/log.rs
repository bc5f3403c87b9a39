//! Writes the data set to a log: the records that commands would have left, without their cost.

use super::{Item, Plan};
use domain::{
    actor::Actor,
    event::{
        Description, Event, Grant, GrantGiven, ItemEvent, ItemRegistered, Visibility,
        VisibilityChanged,
    },
    id::{CommitId, LogId},
    position::Position,
    stream::StreamName,
    time::Time,
};
use eventlog::{Append, Appended, Envelope, SharedLog, StoredEvent, append};
use futures::{StreamExt as _, stream};
use std::time::Duration;
use uuid::Uuid;

/// Grants in one record where many are shared with by one call.
pub const TOGETHER: usize = 100;
/// Items written at the same time.
const APPENDS_IN_FLIGHT: usize = 256;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filled {
    /// Records.
    pub records: u64,
    /// Grants.
    pub grants: u64,
}

/// Writes all items with their visibility and grants, at most so many in one record, on a log that
/// has been started. Groups, libraries and parts have no events yet.
pub async fn fill(log: &SharedLog, plan: &Plan, at: Time, together: usize) -> Filled {
    let id = log.identity().await.expect("the log answers").expect("the log was started");
    stream::iter(1..=plan.items)
        .map(|rank| async move { write(log, id, plan.item(rank), (at, together)).await })
        .buffer_unordered(APPENDS_IN_FLIGHT)
        .fold(Filled::default(), |sum, one| async move {
            Filled { records: sum.records + one.records, grants: sum.grants + one.grants }
        })
        .await
}

async fn write(log: &SharedLog, id: LogId, item: Item, (at, together): (Time, usize)) -> Filled {
    let grants = item.grants.len() as u64;
    let stream = StreamName::Item(item.item.clone());
    let actor = Actor::account(item.owner.clone());
    let (mut records, mut prev) = (0, Position::START);
    for events in story(item, together) {
        let envelope = envelope(id, &stream, prev, (at, &actor), &events);
        let record = Append::new(envelope).expect("a small record");
        prev = match append(log.as_ref(), &record, Duration::from_mins(1)).await {
            Ok(Appended::At(position)) => position,
            other => panic!("{stream}: {other:?}"),
        };
        records += 1;
    }
    Filled { records, grants }
}

/// The events of an item, record by record. Its container has no event yet.
pub fn story(item: Item, together: usize) -> Vec<Vec<Event>> {
    let Item { owner, visibility, grants, .. } = item;
    let registered =
        ItemRegistered { owner, description: Description::default(), in_library: true };
    let mut first: Vec<Event> = vec![ItemEvent::Registered(registered).into()];
    if visibility != Visibility::Restricted {
        let changed = VisibilityChanged { before: Visibility::Restricted, after: visibility };
        first.push(ItemEvent::VisibilityChanged(changed).into());
    }
    let given = |grant: &Grant| -> Event {
        ItemEvent::GrantGiven(GrantGiven { grant: grant.clone(), asked: None }).into()
    };
    let mut records = vec![first];
    records.extend(grants.chunks(together).map(|some| some.iter().map(given).collect()));
    records
}

fn envelope(
    log: LogId,
    stream: &StreamName,
    prev: Position,
    (at, actor): (Time, &Actor),
    events: &[Event],
) -> Envelope {
    Envelope {
        events: events.iter().map(|event| StoredEvent::encode(event).expect("an event")).collect(),
        ..Envelope::new(log, stream, prev, CommitId(Uuid::new_v4()), at, actor.clone())
    }
}
