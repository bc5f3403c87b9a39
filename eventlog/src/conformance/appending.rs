//! Cases: what an append does, alone and against others.

use super::{
    Factory, Maker, everything,
    make::{BUDGET, at, item, put, to_append},
};
use crate::{
    Append, AppendError, AppendFailed, Appended, LogError, MAX_RECORD_BYTES, SharedLog, append,
    fault_injection::{Fault, FaultyLog},
};
use domain::{position::Position, private_text::PrivateText, private_text::Sealed};
use std::{sync::Arc, time::Duration};

/// Both nodes know the same version; one is recorded, the other told of the conflict.
pub async fn of_two_writers_on_one_stream_exactly_one_wins_every_round(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let (one, two) = (bench.log(), bench.second().await);
    let mut maker = Maker::started(1, &*bench).await;
    let stream = item("raced");
    let mut version = Position::START;
    for round in 0..100 {
        let (a, b) = (maker.commit(&stream, version), maker.commit(&stream, version));
        let outcomes = tokio::join!(put(&one, &a), put(&two, &b));
        version = match outcomes {
            (Appended::At(won), Appended::Conflict) | (Appended::Conflict, Appended::At(won)) => {
                won
            }
            both => panic!("round {round}: {both:?}"),
        };
    }
    assert_eq!(everything(&one).await.len(), 101, "one record a round, and the first");
}

/// Both expect that the stream does not exist.
pub async fn of_two_creators_of_one_stream_exactly_one_wins(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let (one, two) = (bench.log(), bench.second().await);
    let mut maker = Maker::started(2, &*bench).await;
    for round in 0..50 {
        let stream = item(&format!("made.{round}"));
        let (a, b) =
            (maker.commit(&stream, Position::START), maker.commit(&stream, Position::START));
        match tokio::join!(put(&one, &a), put(&two, &b)) {
            (Appended::At(_), Appended::Conflict) | (Appended::Conflict, Appended::At(_)) => {}
            both => panic!("round {round}: {both:?}"),
        }
    }
    assert_eq!(everything(&one).await.len(), 51);
}

/// The same idempotency key on two nodes at once, on different streams: the engine arbitrates.
pub async fn of_two_commands_with_one_key_exactly_one_is_recorded(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let (one, two) = (bench.log(), bench.second().await);
    let mut maker = Maker::started(3, &*bench).await;
    for round in 0..50 {
        let key = format!("key-{round}");
        let (left, right) = (item(&format!("l{round}")), item(&format!("r{round}")));
        let a = maker.keyed(&left, Position::START, Some(&key));
        let b = maker.keyed(&right, Position::START, Some(&key));
        match tokio::join!(put(&one, &a), put(&two, &b)) {
            (Appended::At(won), Appended::KeyTaken(by))
            | (Appended::KeyTaken(by), Appended::At(won)) => assert_eq!(won, by),
            both => panic!("round {round}: {both:?}"),
        }
    }
}

/// In every order in which servers look for duplicates and compare versions; with and without a
/// key.
pub async fn a_lost_acknowledgement_is_found_by_reading(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(4, &*bench).await;
    let faulty = Arc::new(FaultyLog::new(bench.log()));
    let log: SharedLog = Arc::clone(&faulty) as SharedLog;
    let orders = [Fault::AckLost, Fault::RetriedDuplicateFirst, Fault::RetriedConflictFirst];
    let stream = item("doubted");
    let mut version = Position::START;
    for (number, fault) in orders.iter().cycle().take(12).enumerate() {
        let key = (number % 2 == 0).then(|| format!("key-{number}"));
        let record = maker.keyed(&stream, version, key.as_deref());
        faulty.fail_next(fault.clone());
        let recorded = at(put(&log, &record).await);
        assert_eq!(recorded, version.next().max(Position(2)), "{fault:?}: recorded once");
        version = recorded;
    }
    assert_eq!(everything(&log).await.len(), 13);
}

/// A silence that hid nothing is asked again, and the record stands once.
pub async fn what_was_not_stored_is_stored_once_when_asked_again(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(5, &*bench).await;
    let faulty = Arc::new(FaultyLog::new(bench.log()));
    let log: SharedLog = Arc::clone(&faulty) as SharedLog;
    let record = maker.commit(&item("silent"), Position::START);
    faulty.fail_next(Fault::NothingStored);
    faulty.fail_next(Fault::NothingStored);
    faulty.fail_next(Fault::AckLost);
    assert_eq!(put(&log, &record).await, Appended::At(Position(2)));
    faulty.fail_next(Fault::Unavailable);
    let next = maker.commit(&item("silent"), Position(2));
    let refused = append(&*log, &next, BUDGET).await;
    assert!(
        matches!(refused, Err(AppendFailed::Log(LogError::Unavailable(_)))),
        "certainly not recorded: {refused:?}"
    );
    assert_eq!(everything(&log).await.len(), 2);
}

/// An outcome that nobody can tell is told as such, never as a failure.
pub async fn a_commit_whose_outcome_cannot_be_read_is_unknown(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let mut maker = Maker::started(6, &*bench).await;
    let faulty = Arc::new(FaultyLog::new(bench.log()));
    let log: SharedLog = Arc::clone(&faulty) as SharedLog;
    let record = maker.commit(&item("unknown"), Position::START);
    for _ in 0..100 {
        faulty.fail_next(Fault::NothingStored);
    }
    let unknown = append(&*log, &record, Duration::from_millis(200)).await;
    assert!(matches!(unknown, Err(AppendFailed::Unknown { .. })), "{unknown:?}");
}

/// A message id is one namespace for the whole log.
pub async fn a_key_used_on_another_stream_is_taken(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(7, &*bench).await;
    let first = maker.keyed(&item("first"), Position::START, Some("same"));
    let recorded = at(put(&log, &first).await);
    let other = maker.keyed(&item("other"), Position::START, Some("same"));
    assert_eq!(put(&log, &other).await, Appended::KeyTaken(recorded));
    let later = maker.keyed(&item("first"), recorded, Some("same"));
    assert_eq!(put(&log, &later).await, Appended::KeyTaken(recorded));
    // A node that has not seen the first one yet.
    let stale = maker.keyed(&item("first"), Position::START, Some("same"));
    assert_eq!(put(&log, &stale).await, Appended::KeyTaken(recorded));
    assert_eq!(everything(&log).await.len(), 2);
}

/// The retry of a recorded commit, when other commits followed it, answers its own position.
pub async fn a_retry_after_others_moved_on_finds_itself(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(8, &*bench).await;
    let stream = item("retried");
    let ours = maker.commit(&stream, Position::START);
    let recorded = at(put(&log, &ours).await);
    let next = maker.commit(&stream, recorded);
    let last = at(put(&log, &next).await);
    assert_eq!(put(&log, &ours).await, Appended::At(recorded));
    let stale = maker.commit(&stream, recorded);
    assert_eq!(put(&log, &stale).await, Appended::Conflict);
    assert_eq!(log.stream_position(&stream).await.unwrap(), last);
}

/// What one node recorded the other is told at once: no-change can be answered from a cache.
pub async fn another_node_sees_the_position_at_once(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let (one, two) = (bench.log(), bench.second().await);
    let mut maker = Maker::started(9, &*bench).await;
    let stream = item("watched");
    let mut version = Position::START;
    for _ in 0..50 {
        assert_eq!(two.stream_position(&stream).await.unwrap(), version);
        version = at(put(&one, &maker.commit(&stream, version)).await);
        assert_eq!(two.stream_position(&stream).await.unwrap(), version);
        assert_eq!(two.read_stream(&stream, version).await.unwrap().len(), 0);
        assert_eq!(two.head().await.unwrap().position, version);
    }
    assert_eq!(two.read_stream(&stream, Position::START).await.unwrap().len(), 50);
}

/// 65,000 bytes exactly, and one more.
pub async fn records_up_to_the_limit_are_kept_and_larger_ones_refused(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(10, &*bench).await;
    let stream = item("large");
    let mut envelope = maker.envelope(&stream, Position::START);
    let text = |length: usize| {
        PrivateText::sealed(Sealed {
            key: uuid::Uuid::nil(),
            commit: domain::id::CommitId(uuid::Uuid::nil()),
            field: "reason".to_owned(),
            text: "x".repeat(length),
        })
    };
    envelope.reason = Some(text(0));
    let room = MAX_RECORD_BYTES - envelope.encode().unwrap().len();
    envelope.reason = Some(text(room + 1));
    assert!(Append::new(envelope.clone()).is_err(), "one byte too many");
    envelope.reason = Some(text(room));
    let record = to_append(&envelope);
    assert_eq!(record.bytes().len(), MAX_RECORD_BYTES);
    let recorded = at(put(&log, &record).await);
    let read = log.read(recorded).await.unwrap().unwrap();
    assert_eq!(&read.bytes, record.bytes());
    assert_eq!(&everything(&log).await[1].bytes, record.bytes());
}

/// Positions are dense from 1, whatever fails between.
pub async fn many_appends_at_once_are_dense_and_in_order(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let maker = Maker::started(12, &*bench).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (log, stream) = (Arc::clone(&log), item(&format!("busy-{number}")));
        let mut maker = Maker { random: super::make::Random::new(1_000 + number), ..maker.clone() };
        tasks.spawn(async move {
            let mut version = Position::START;
            for _ in 0..10 {
                let record = maker.commit(&stream, version);
                version = at(put(&log, &record).await);
                let stale = maker.commit(&stream, Position::START);
                assert!(matches!(log.try_append(&stale).await, Err(AppendError::Conflict)));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let records = everything(&log).await;
    assert_eq!(records.len(), 641);
    let positions = records.iter().map(|record| record.position.0);
    assert!(positions.eq(1..=641));
}

/// Short and long streams; from positions of the stream and from others.
pub async fn streams_are_read_from_any_position(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(13, &*bench).await;
    maker.fill(&log, 60).await;
    let all = everything(&log).await;
    let stream = item("fill-1");
    for after in 0..=62 {
        let expected: Vec<_> = all
            .iter()
            .filter(|record| record.envelope.stream == stream && record.position.0 > after)
            .map(|record| (record.position, record.bytes.clone()))
            .collect();
        let read = log.read_stream(&stream, Position(after)).await.unwrap();
        let read: Vec<_> = read.into_iter().map(|record| (record.position, record.bytes)).collect();
        assert_eq!(read, expected, "after {after}");
    }
    assert!(log.read_stream(&item("none"), Position::START).await.unwrap().is_empty());
    assert_eq!(log.stream_position(&item("none")).await.unwrap(), Position::START);
    for record in &all {
        assert_eq!(log.read(record.position).await.unwrap().unwrap().bytes, record.bytes);
    }
    assert!(log.read(Position(62)).await.unwrap().is_none());
    assert!(log.read(Position(0)).await.unwrap().is_none());
}

/// Identity, head, durability.
pub async fn the_log_knows_what_it_is(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    assert_eq!(log.identity().await.unwrap(), None);
    assert_eq!(log.head().await.unwrap().position, Position::START);
    let maker = Maker::started(14, &*bench).await;
    assert_eq!(log.identity().await.unwrap(), Some(maker.log));
    assert_eq!(bench.second().await.identity().await.unwrap(), Some(maker.log));
    let head = log.head().await.unwrap();
    assert_eq!((head.first, head.position), (Position(1), Position(1)));
    let durability = log.check().await.unwrap();
    assert!(!durability.engine.is_empty() && durability.replicas >= 1);
}

/// Settings that protect records are compared while running.
pub async fn a_weakened_log_takes_no_appends(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(15, &*bench).await;
    if !bench.weaken().await {
        return;
    }
    let found = log.check().await;
    assert!(matches!(found, Err(LogError::Misconfigured(_))), "{found:?}");
    let record = maker.commit(&item("kept"), Position::START);
    let refused = append(&*log, &record, BUDGET).await;
    assert!(matches!(refused, Err(AppendFailed::Log(LogError::Misconfigured(_)))), "{refused:?}");
    bench.strengthen().await;
    log.check().await.expect("it is as it must be again");
    assert_eq!(put(&log, &record).await, Appended::At(Position(2)));
}

/// Those of this node and of another, also after the index was closed and opened.
pub async fn keys_are_found_for_ever(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let writers = [bench.log(), bench.second().await];
    let mut maker = Maker::started(16, &*bench).await;
    let mut keys = Some(bench.keys().await);
    let mut recorded = Vec::new();
    for number in 0..30 {
        let key = format!("key-{number}");
        let record = maker.keyed(&item(&format!("k{number}")), Position::START, Some(&key));
        recorded.push((key, at(put(&writers[number % 2], &record).await)));
        let keyless = maker.commit(&item(&format!("n{number}")), Position::START);
        put(&writers[number / 2 % 2], &keyless).await;
        if number % 10 == 9 {
            let open = keys.take().expect("an open index");
            for (key, position) in &recorded {
                assert_eq!(found(&*open, key).await, Some(*position), "{key}");
            }
            assert_eq!(found(&*open, "never").await, None);
            drop(open);
            keys = Some(bench.keys().await);
        }
    }
}

/// Asks until the index has caught up; one that follows the log may need a moment for the newest.
async fn found(keys: &dyn crate::KeyIndex, key: &str) -> Option<Position> {
    let until = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        match keys.find(key).await {
            Ok(Some(position)) => return Some(position),
            Ok(None) if key == "never" => return None,
            Ok(None) | Err(LogError::Unavailable(_)) if tokio::time::Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            other => panic!("{key}: {other:?}"),
        }
    }
}
