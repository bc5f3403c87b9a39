//! Cases: a follower of a damaged log stops, says where, and skips nothing.

use super::{
    Bench, Factory, Maker, everything,
    make::{Random, item, put},
    until_stopped,
};
use crate::{Checkpoint, LogError, StoredEvent};
use domain::{
    event::{DecodeError, TokenEvent, TokenRevoked},
    id::{LinkId, LogId},
    position::Position,
    stream::StreamName,
};

/// What was good comes first, then the reason, again and again.
async fn stops(bench: &dyn Bench, good: usize, at: Position) {
    let mut follower = bench.log().follow(Checkpoint::default()).await.unwrap();
    let (records, error) = until_stopped(&mut *follower).await;
    assert_eq!(records.len(), good, "what is good is read: {error}");
    let LogError::Corrupt { position, .. } = error else { panic!("not damage: {error}") };
    assert_eq!(position, at);
    let (more, again) = until_stopped(&mut *follower).await;
    assert!(more.is_empty(), "nothing is skipped");
    assert!(matches!(again, LogError::Corrupt { position, .. } if position == at));
}

/// A record in the middle is gone.
pub async fn a_gap_stops_the_follower(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(31, &*bench).await;
    let log = bench.log();
    let stream = item("lost");
    for expected in [0, 2] {
        put(&log, &maker.commit(&stream, Position(expected))).await;
    }
    put(&log, &maker.commit(&item("last"), Position::START)).await;
    bench.lose(Position(2)).await;
    stops(&*bench, 1, Position(2)).await;
    assert!(matches!(log.read(Position(2)).await, Err(LogError::Corrupt { .. })));
    assert!(log.read_stream(&stream, Position::START).await.is_err());
}

/// A record names another one before it than there is.
pub async fn a_broken_chain_stops_the_follower(factory: &dyn Factory) {
    // Too old a one; another stream's; none; one that is still to come.
    for wrong in [2, 4, 0, 9] {
        let bench = factory.fresh().await;
        let mut maker = Maker::started(32, &*bench).await;
        let log = bench.log();
        let stream = item("chained");
        put(&log, &maker.commit(&stream, Position::START)).await;
        put(&log, &maker.commit(&stream, Position(2))).await;
        put(&log, &maker.commit(&item("other"), Position::START)).await;
        let broken = maker.envelope(&stream, Position(wrong));
        bench.inject(&stream, broken.encode().unwrap()).await;
        stops(&*bench, 4, Position(5)).await;
        assert!(log.read_stream(&stream, Position::START).await.is_err());
    }
}

/// A record of another deployment.
pub async fn a_foreign_record_stops_the_follower(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(33, &*bench).await;
    let foreign = LogId(Random::new(99).uuid());
    let ours = std::mem::replace(&mut maker.log, foreign);
    let envelope = maker.envelope(&item("foreign"), Position::START);
    bench.inject(&item("foreign"), envelope.encode().unwrap()).await;
    let mut follower = bench.log().follow(Checkpoint::default()).await.unwrap();
    let (records, error) = until_stopped(&mut *follower).await;
    assert_eq!(records.len(), 1);
    let LogError::Foreign { expected, found } = error else { panic!("not foreign: {error}") };
    assert_eq!((expected, found), (ours, foreign));
    // Also when the follower starts behind the first record.
    let after = Checkpoint { position: Position(1), time: records[0].time };
    let mut follower = bench.log().follow(after).await.unwrap();
    let (_, error) = until_stopped(&mut *follower).await;
    assert!(matches!(error, LogError::Foreign { .. }));
}

/// A record that says another stream than the one it is stored under.
pub async fn a_record_under_another_stream_stops_the_follower(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(34, &*bench).await;
    let envelope = maker.envelope(&item("said"), Position::START);
    bench.inject(&item("stored"), envelope.encode().unwrap()).await;
    stops(&*bench, 1, Position(2)).await;
    assert!(bench.log().read_stream(&item("stored"), Position::START).await.is_err());
}

/// Bytes that are no record.
pub async fn an_unreadable_record_stops_the_follower(factory: &dyn Factory) {
    for bytes in [b"".as_slice(), b"{", b"null", b"{\"f\":1}", b"\xff\xfe\x00"] {
        let bench = factory.fresh().await;
        let mut maker = Maker::started(35, &*bench).await;
        bench.inject(&item("torn"), bytes.to_vec().into()).await;
        let next = maker.commit(&item("whole"), Position::START);
        put(&bench.log(), &next).await;
        stops(&*bench, 1, Position(2)).await;
        assert!(matches!(bench.log().read(Position(2)).await, Err(LogError::Corrupt { .. })));
    }
}

/// A record that a newer release wrote in a format of its own.
pub async fn a_record_of_a_newer_format_stops_the_follower(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(36, &*bench).await;
    let mut envelope = maker.envelope(&item("newer"), Position::START);
    envelope.f = 2;
    bench.inject(&item("newer"), envelope.encode().unwrap()).await;
    stops(&*bench, 1, Position(2)).await;
}

/// The log is fine, the reader is not: it must stop by itself, knowing which event.
pub async fn an_unknown_event_is_read_and_not_understood(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(37, &*bench).await;
    let mut unknown = maker.envelope(&item("unknown"), Position::START);
    unknown.events[0].name = "item.teleported".into();
    bench.inject(&item("unknown"), unknown.encode().unwrap()).await;
    let mut damaged = maker.envelope(&item("damaged"), Position::START);
    damaged.events[0].data = serde_json::value::to_raw_value(&[1, 2]).unwrap();
    bench.inject(&item("damaged"), damaged.encode().unwrap()).await;
    let mut misplaced = maker.envelope(&item("misplaced"), Position::START);
    let revoked = TokenEvent::Revoked(TokenRevoked {});
    misplaced.events = vec![StoredEvent::encode(&revoked).unwrap()];
    bench.inject(&item("misplaced"), misplaced.encode().unwrap()).await;
    let known = StreamName::Link(LinkId(maker.random.uuid()));
    put(&bench.log(), &maker.commit(&known, Position::START)).await;
    let records = everything(&bench.log()).await;
    assert_eq!(records.len(), 5);
    assert!(matches!(records[1].events(), Err(DecodeError::Unknown { .. })));
    assert!(matches!(records[2].events(), Err(DecodeError::Undecodable { .. })));
    assert!(matches!(records[3].events(), Err(DecodeError::Misplaced { .. })));
    assert_eq!(records[4].events().unwrap().len(), 1);
}
