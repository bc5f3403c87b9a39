//! Records to test with, the same for the same seed.

use super::Bench;
use crate::{Append, Appended, Envelope, SharedLog, StoredEvent, append};
use domain::{
    actor::Actor,
    event::{Event, LinkUseEvent, LinkUsed, LogStarted, SystemEvent},
    id::{CommitId, ItemId, ItemRef, KindName, LogId, VisitId},
    position::Position,
    stream::StreamName,
    time::Time,
};
use std::time::Duration;
use uuid::Uuid;

/// Long enough for a loaded machine.
pub const BUDGET: Duration = Duration::from_secs(20);

/// Some instant: 2026-01-01.
pub const START: i64 = 1_767_225_600_000_000;

/// Random numbers that are the same for the same seed (splitmix64,
/// <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..n`.
    pub const fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A random id.
    pub fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }
}

/// Makes records of one log.
#[derive(Debug, Clone)]
pub struct Maker {
    /// The log's identity.
    pub log: LogId,
    /// Where ids come from.
    pub random: Random,
    /// The time stamped next, microseconds since 1970.
    pub now: i64,
}

/// An item's stream.
pub fn item(id: &str) -> StreamName {
    let kind = KindName::parse("history").expect("a kind");
    StreamName::Item(ItemRef { kind, id: ItemId::parse(id).expect("an id") })
}

impl Maker {
    /// For one seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self { log: LogId(random.uuid()), random, now: START }
    }

    /// Starts the log of a bench: position 1 is `log.started`.
    pub async fn started(seed: u64, bench: &dyn Bench) -> Self {
        let mut maker = Self::new(seed);
        let first = maker.first();
        assert_eq!(put(&bench.log(), &first).await, Appended::At(Position(1)));
        maker
    }

    /// The first record of the log.
    pub fn first(&mut self) -> Append {
        let started = LogStarted { log: self.log, release: "0.1.0".to_owned(), level: 1 };
        let event = Event::System(SystemEvent::LogStarted(started));
        self.record(&StreamName::System, Position::START, &event, None)
    }

    /// A record on an item's stream; without a key.
    pub fn commit(&mut self, stream: &StreamName, expected: Position) -> Append {
        self.keyed(stream, expected, None)
    }

    /// A record on an item's stream.
    pub fn keyed(&mut self, stream: &StreamName, expected: Position, key: Option<&str>) -> Append {
        let event = self.event();
        self.record(stream, expected, &event, key)
    }

    fn event(&mut self) -> Event {
        let StreamName::Item(item) = item("any") else { unreachable!("it is an item") };
        let visit = VisitId(self.random.uuid());
        Event::Link(LinkUseEvent::Used(LinkUsed { item, generation: 1, visit, used: 1 }))
    }

    /// An envelope, to be changed before it is injected.
    pub fn envelope(&mut self, stream: &StreamName, prev: Position) -> Envelope {
        let event = self.event();
        self.wrap(stream, prev, &event, None)
    }

    fn wrap(
        &mut self,
        stream: &StreamName,
        prev: Position,
        event: &Event,
        key: Option<&str>,
    ) -> Envelope {
        let commit = self.random.uuid();
        self.now += 1_000;
        let at = Time::from_micros(self.now).expect("a time");
        let actor = Actor::system("conformance");
        Envelope {
            key: key.map(str::to_owned),
            events: vec![StoredEvent::encode(event).expect("an event")],
            ..Envelope::new(self.log, stream, prev, CommitId(commit), at, actor)
        }
    }

    fn record(
        &mut self,
        stream: &StreamName,
        expected: Position,
        event: &Event,
        key: Option<&str>,
    ) -> Append {
        to_append(&self.wrap(stream, expected, event, key))
    }

    /// Appends `count` records over three items after what is there; answers the last positions.
    pub async fn fill(&mut self, log: &SharedLog, count: usize) -> Vec<Position> {
        let mut positions = Vec::new();
        for number in 0..count {
            let stream = item(&format!("fill-{}", number % 3));
            let expected = log.stream_position(&stream).await.expect("the log answers");
            let append = self.commit(&stream, expected);
            positions.push(at(put(log, &append).await));
        }
        positions
    }
}

/// An append of an envelope as it says.
pub fn to_append(envelope: &Envelope) -> Append {
    Append::new(envelope.clone()).expect("small enough")
}

/// Appends; every doubt must be resolved.
pub async fn put(log: &SharedLog, record: &Append) -> Appended {
    append(&**log, record, BUDGET).await.expect("the log answers")
}

/// Where it was recorded.
pub fn at(appended: Appended) -> Position {
    match appended {
        Appended::At(position) => position,
        other @ (Appended::Conflict | Appended::KeyTaken(_)) => panic!("not recorded: {other:?}"),
    }
}
