//! Faults of a stream or a server, and what the engine then reports.

use super::{JetStream, OnServer};
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use domain::position::Position;
use eventlog::{
    AppendError, Checkpoint, LogError,
    conformance::{
        Bench as _, Maker, everything,
        make::{item, put},
        take, until_stopped,
    },
    jetstream::{JetStreamLog, JetStreamOptions},
};
use std::time::Duration;

#[tokio::test]
async fn the_stream_is_made_as_it_must_be() {
    let bench = JetStream::new().bench().await;
    let config = bench.config().await;
    assert!(config.deny_delete && config.deny_purge && config.allow_direct && !config.allow_rollup);
    assert_eq!(config.discard, DiscardPolicy::New);
    assert_eq!(config.duplicate_window, Duration::from_mins(2));
    assert_eq!(config.max_messages, -1);
    assert_eq!(config.max_age, Duration::ZERO);
}

#[tokio::test]
async fn every_setting_that_could_lose_records_is_noticed() {
    let bench = JetStream::new().bench().await;
    let changes: [fn(&mut Config); 6] = [
        |config| config.max_messages = 1_000_000,
        |config| config.max_bytes = 1_000_000_000,
        |config| config.max_age = Duration::from_hours(24),
        |config| config.max_messages_per_subject = 1_000,
        |config| config.discard = DiscardPolicy::Old,
        |config| config.subjects.push("another.subject".to_owned()),
    ];
    let right = bench.config().await;
    for (number, change) in changes.into_iter().enumerate() {
        bench.change(change).await;
        let found = bench.log().check().await;
        assert!(matches!(found, Err(LogError::Misconfigured(_))), "change {number}: {found:?}");
        let connected = JetStreamLog::connect(bench.options.clone()).await;
        assert!(connected.is_err(), "change {number}: a node starts on it");
        bench.operator.update_stream(right.clone()).await.unwrap();
        bench.log().check().await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_that_was_removed_or_made_anew_takes_no_appends() {
    let bench = JetStream::new().bench().await;
    let log = bench.log();
    let mut maker = Maker::started(71, &bench).await;
    maker.fill(&log, 5).await;
    let mut follower = log.follow(Checkpoint::default()).await.unwrap();
    take(&mut *follower, 6).await;
    let config = bench.config().await;
    bench.operator.delete_stream(&config.name).await.unwrap();
    assert!(matches!(log.check().await, Err(LogError::Misconfigured(_))));
    bench.operator.create_stream(config).await.unwrap();
    let found = log.check().await;
    assert!(matches!(found, Err(LogError::Misconfigured(_))), "{found:?}");
    let record = maker.commit(&item("lost"), Position::START);
    assert!(matches!(log.try_append(&record).await, Err(AppendError::Log(_))));
    let (_, error) = until_stopped(&mut *follower).await;
    assert!(matches!(error, LogError::Corrupt { .. }), "records are lost: {error}");
}

#[tokio::test]
async fn a_limit_that_removed_the_first_records_stops_everything() {
    let bench = JetStream::new().bench().await;
    let log = bench.log();
    let mut maker = Maker::started(72, &bench).await;
    maker.fill(&log, 5).await;
    let right = bench.config().await;
    let limit = |config: &mut Config| {
        config.max_messages = 1;
        config.discard = DiscardPolicy::Old;
    };
    bench.change(limit).await;
    bench.operator.update_stream(right).await.unwrap();
    let found = log.check().await;
    assert!(matches!(found, Err(LogError::Corrupt { position: Position(1), .. })), "{found:?}");
    assert!(log.follow(Checkpoint::default()).await.is_err());
    let record = maker.commit(&item("after"), Position::START);
    assert!(matches!(log.try_append(&record).await, Err(AppendError::Log(_))));
}

#[tokio::test]
async fn a_consumer_that_vanishes_is_replaced_without_gap_or_repetition() {
    let bench = JetStream::new().bench().await;
    let log = bench.log();
    let mut maker = Maker::started(73, &bench).await;
    let mut follower = log.follow(Checkpoint::default()).await.unwrap();
    let mut seen = take(&mut *follower, 1).await;
    for _ in 0..3 {
        maker.fill(&log, 4).await;
        seen.extend(take(&mut *follower, 2).await);
        remove_consumers(&bench).await;
        maker.fill(&log, 4).await;
        seen.extend(take(&mut *follower, 6).await);
    }
    let all = everything(&log).await;
    assert!(seen.iter().map(|r| r.position).eq(all.iter().map(|r| r.position)));
}

async fn remove_consumers(bench: &OnServer) {
    use futures::TryStreamExt as _;
    let stream = bench.operator.get_stream(&bench.options.stream).await.unwrap();
    let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
    assert!(!names.is_empty());
    for name in names {
        stream.delete_consumer(&name).await.unwrap();
    }
}

#[tokio::test]
async fn without_a_server_appends_fail_at_once_and_work_again_afterwards() {
    let factory = JetStream::new();
    let bench = factory.bench().await;
    let log = bench.log();
    let mut maker = Maker::started(74, &bench).await;
    let mut server = factory.server.lock().await;
    server.kill();
    let record = maker.commit(&item("down"), Position::START);
    while !matches!(
        log.try_append(&record).await,
        Err(AppendError::Log(LogError::Unavailable(_)) | AppendError::Unknown(_))
    ) {}
    assert!(matches!(log.head().await, Err(LogError::Unavailable(_))));
    server.revive();
    while log.head().await.is_err() {}
    put(&log, &record).await;
    assert_eq!(everything(&log).await.len(), 2);
}

#[tokio::test]
async fn the_server_tells_its_time() {
    let bench = JetStream::new().bench().await;
    let mut maker = Maker::started(75, &bench).await;
    let before = bench.log().clock().await.unwrap().expect("a broker has a clock");
    let record = maker.commit(&item("timed"), Position::START);
    put(&bench.log(), &record).await;
    let after = bench.log().clock().await.unwrap().expect("a broker has a clock");
    let stored = bench.log().read(Position(2)).await.unwrap().unwrap().stored_at;
    assert!(Some(before) <= stored && stored <= Some(after), "{before} {stored:?} {after}");
}

#[tokio::test]
async fn wrong_options_are_told_at_start() {
    let factory = JetStream::new();
    let url = factory.server.lock().await.url();
    let options = JetStreamOptions { urls: vec![url], ..JetStreamOptions::default() };
    let wrong = [
        JetStreamOptions { stream: "a.b".to_owned(), ..options.clone() },
        JetStreamOptions { prefix: "a.>".to_owned(), ..options.clone() },
        JetStreamOptions { prefix: String::new(), ..options.clone() },
        JetStreamOptions { urls: vec!["no address".to_owned()], ..options.clone() },
    ];
    for options in wrong {
        let refused = JetStreamLog::connect(options).await;
        assert!(matches!(refused, Err(LogError::Misconfigured(_))), "{refused:?}");
    }
    let unreachable = JetStreamOptions { urls: vec!["127.0.0.1:1".to_owned()], ..options };
    let refused = JetStreamLog::connect(unreachable).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
}
