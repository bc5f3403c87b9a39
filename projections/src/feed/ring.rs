//! The ring of the last events, shared by all readers, bounded in number and bytes.

use super::{Body, FeedEvent, WHOLE_RECORD};
use crate::AuditFilter;
use domain::{
    event::EventType,
    id::TokenId,
    position::{EventId, Position},
};
use std::{collections::VecDeque, sync::Arc};

/// So many events are looked at in one go, so that the follower never waits long.
const MAX_SCANNED_EVENTS: usize = 2_048;
/// About so many bytes are taken in one go, one event at least.
const MAX_TAKEN_BYTES: usize = 128 * 1024;
/// What an event costs beside its body.
const EVENT_OVERHEAD_BYTES: usize = 256;

/// The last events, without gap from behind `floor` up to `head`.
#[derive(Debug)]
pub(super) struct Ring<B> {
    events: VecDeque<Arc<FeedEvent<B>>>,
    bytes: usize,
    /// Everything up to here is not at hand.
    floor: EventId,
    /// Everything up to here was seen.
    head: Position,
}

impl<B> Default for Ring<B> {
    fn default() -> Self {
        let floor = EventId { position: Position::START, index: WHOLE_RECORD };
        Self { events: VecDeque::new(), bytes: 0, floor, head: Position::START }
    }
}

/// What was found behind a place.
pub(super) enum Taken<B> {
    /// The place lies before the ring.
    Behind,
    /// The token was revoked meanwhile.
    Revoked,
    /// Events that pass, and the place up to which was looked.
    Events(Vec<Arc<FeedEvent<B>>>, EventId),
}

impl<B: Body> Ring<B> {
    /// Begins again after a position.
    pub(super) fn begin(&mut self, at: Position) {
        self.events.clear();
        self.bytes = 0;
        self.floor = EventId { position: at, index: WHOLE_RECORD };
        self.head = at;
    }

    /// Keeps nothing of what it has seen.
    pub(super) fn forget(&mut self) {
        self.begin(self.head);
    }

    pub(super) fn floor(&self) -> EventId {
        self.floor
    }

    /// Adds the events of a record; the oldest ones go while there are too many.
    pub(super) fn push(&mut self, at: Position, events: Vec<FeedEvent<B>>, most: (usize, usize)) {
        for event in events {
            self.bytes += event.body.size() + EVENT_OVERHEAD_BYTES;
            self.events.push_back(Arc::new(event));
        }
        self.head = at;
        while self.events.len() > most.0 || self.bytes > most.1 {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.body.size() + EVENT_OVERHEAD_BYTES);
            self.floor = oldest.id;
        }
    }

    /// At most `limit` events behind a place that pass.
    pub(super) fn take(
        &self,
        after: EventId,
        filter: &AuditFilter,
        token: Option<TokenId>,
        limit: usize,
    ) -> Taken<B> {
        if after < self.floor {
            return Taken::Behind;
        }
        let start = self.events.partition_point(|event| event.id <= after);
        let (mut found, mut bytes, mut at) = (Vec::new(), 0, after);
        for event in self.events.range(start..).take(MAX_SCANNED_EVENTS) {
            if token.is_some_and(|token| revokes(event, token)) {
                return if found.is_empty() { Taken::Revoked } else { Taken::Events(found, at) };
            }
            if event.passes(filter) {
                if found.len() == limit
                    || (bytes > 0 && bytes + event.body.size() > MAX_TAKEN_BYTES)
                {
                    return Taken::Events(found, at);
                }
                bytes += event.body.size();
                found.push(event.clone());
            }
            at = event.id;
        }
        if start + MAX_SCANNED_EVENTS >= self.events.len() {
            at = at.max(EventId { position: self.head, index: WHOLE_RECORD });
        }
        Taken::Events(found, at)
    }
}

fn revokes<B>(event: &FeedEvent<B>, token: TokenId) -> bool {
    event.name == EventType::TokenRevoked.name()
        && event.target.as_ref().is_some_and(|target| target.id == token.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AuditRow;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    struct Nothing;

    impl Body for Nothing {
        fn of(_: AuditRow) -> Self {
            Self
        }
        fn size(&self) -> usize {
            1
        }
    }

    fn event(position: u64, index: u32) -> FeedEvent<Nothing> {
        let id = EventId { position: Position(position), index };
        let third = position.is_multiple_of(3);
        let event = if third { EventType::GrantGiven } else { EventType::LinkCreated };
        let name = event.name().to_owned();
        let time = domain::time::Time::default();
        FeedEvent { id, time, name, actor: None, item: None, target: None, body: Nothing }
    }

    proptest! {
        /// A reader that starts anywhere and looks now and then gets every event behind its start
        /// once and in order, or learns that it is behind.
        #[test]
        fn a_reader_misses_nothing_and_gets_nothing_twice(
            records in proptest::collection::vec(1u32..4, 1..60),
            start in 0u64..70,
            limit in 1usize..5,
            most in 1usize..20,
            looks in proptest::collection::vec(any::<bool>(), 60),
            filtered: bool,
        ) {
            let types = if filtered { vec!["grant.".to_owned()] } else { Vec::new() };
            let filter = AuditFilter { types, ..AuditFilter::default() };
            let mut ring = Ring::default();
            let mut at = EventId { position: Position(start), index: WHOLE_RECORD };
            let (mut wanted, mut got, mut behind) = (Vec::new(), Vec::new(), false);
            let mut look = |ring: &Ring<Nothing>, at: &mut EventId| {
                match ring.take(*at, &filter, None, limit) {
                    Taken::Behind => true,
                    Taken::Revoked => unreachable!(),
                    Taken::Events(events, to) => {
                        assert!(to >= *at);
                        got.extend(events.iter().map(|event| event.id));
                        *at = to;
                        false
                    }
                }
            };
            for (position, events) in (1u64..).zip(&records) {
                let events: Vec<_> = (0..*events).map(|index| event(position, index)).collect();
                let passing = events.iter().filter(|event| event.passes(&filter));
                wanted.extend(passing.map(|event| event.id).filter(|id| id.position.0 > start));
                ring.push(Position(position), events, (most, usize::MAX));
                let place = usize::try_from(position).unwrap();
                if looks.get(place).copied().unwrap_or(true) {
                    behind = behind || look(&ring, &mut at);
                }
            }
            for _ in 0..200 {
                behind = behind || look(&ring, &mut at);
            }
            if behind {
                prop_assert!(wanted.starts_with(&got));
            } else {
                prop_assert_eq!(got, wanted);
                prop_assert!(at.position.0 >= records.len() as u64);
            }
        }
    }

    #[test]
    fn what_begins_again_keeps_nothing_and_later_events_still_come() {
        let mut ring = Ring::default();
        ring.push(Position(1), vec![event(1, 0)], (9, usize::MAX));
        ring.begin(Position(2));
        let known = EventId { position: Position(1), index: WHOLE_RECORD };
        let all = AuditFilter::default();
        assert!(matches!(ring.take(known, &all, None, 9), Taken::Behind));
        ring.push(Position(3), vec![event(3, 0)], (9, usize::MAX));
        let known = EventId { position: Position(2), index: WHOLE_RECORD };
        let Taken::Events(events, _) = ring.take(known, &all, None, 9) else {
            unreachable!("position 2 is where the ring begins")
        };
        assert_eq!(events.len(), 1);
    }
}
