//! Faults of the log while a command is under way.

use crate::world::*;
use commands::{CommandError, Commands, Status};
use domain::{
    actor::Actor,
    event::{EventType, TokenEvent, TokenRevoked},
    id::ItemRef,
    item::ItemCommand,
    stream::StreamName,
    testing::{commit_id, hour},
};
use eventlog::{
    Append, Envelope, StoredEvent,
    fault_injection::{Fault, FaultyLog},
};
use std::{sync::Arc, time::Duration};

/// An acknowledgement can be lost in several ways.
fn lost() -> [Fault; 3] {
    [Fault::AckLost, Fault::RetriedDuplicateFirst, Fault::RetriedConflictFirst]
}

async fn faulty() -> (World, Arc<FaultyLog>, Commands, ItemRef) {
    let mut world = World::memory();
    let log = Arc::new(FaultyLog::new(world.log.clone()));
    world.log = log.clone();
    let mut parts = world.parts();
    parts.settings.append_budget = Duration::from_millis(200);
    let node = Commands::open(parts).await.unwrap();
    let item = registered(&node).await;
    (world, log, node, item)
}

#[tokio::test]
async fn a_lost_acknowledgement_is_found_and_the_command_has_one_effect() {
    for fault in lost() {
        let (world, log, node, item) = faulty().await;
        let before = world.log.head().await.unwrap().position;
        log.fail_next(fault.clone());
        let outcome = node.item(&by("a-1"), &item, ItemCommand::Close).await.unwrap();
        assert_eq!(outcome.status, Status::Recorded, "{fault:?}");
        assert_eq!(world.log.head().await.unwrap().position, before.next(), "{fault:?}");
        assert_eq!(outcome.position, before.next());
    }
}

#[tokio::test]
async fn a_lost_acknowledgement_with_a_key_is_the_first_answer_and_no_replay() {
    for fault in lost() {
        let (_world, log, node, item) = faulty().await;
        log.fail_next(fault.clone());
        let request = keyed(by("a-1"), "k", "close");
        let outcome = node.item(&request, &item, ItemCommand::Close).await.unwrap();
        assert!(!outcome.replayed, "{fault:?}");
        let again = node.item(&request, &item, ItemCommand::Close).await.unwrap();
        assert_eq!((again.replayed, again.command), (true, outcome.command), "{fault:?}");
    }
}

#[tokio::test]
async fn an_event_of_another_aggregate_in_a_stream_is_damage_and_stops_commands() {
    let world = World::memory();
    let node = world.node().await;
    let item = registered(&node).await;
    let stream = StreamName::Item(item.clone());
    let prev = world.log.stream_position(&stream).await.unwrap();
    let (commit, actor) = (commit_id(7), Actor::system("test"));
    let mut envelope = Envelope::new(node.log_id(), &stream, prev, commit, hour(1), actor);
    let revoked = TokenEvent::Revoked(TokenRevoked {});
    envelope.events = vec![StoredEvent::encode(&revoked).unwrap()];
    world.log.try_append(&Append::new(envelope).unwrap()).await.unwrap();
    let error = node.item(&by("a-1"), &item, ItemCommand::Close).await.unwrap_err();
    let CommandError::LogUnavailable(why) = &error else { panic!("{error:?}") };
    assert!(why.contains(EventType::TokenRevoked.name()), "{why}");
}

#[tokio::test]
async fn a_log_that_is_down_is_told_and_nothing_is_recorded() {
    let (world, log, node, item) = faulty().await;
    let before = world.log.head().await.unwrap().position;
    log.set_down(true);
    let error = node.item(&by("a-1"), &item, ItemCommand::Close).await;
    assert!(
        matches!(error, Err(CommandError::LogUnavailable(_) | CommandError::OutcomeUnknown { .. })),
        "{error:?}"
    );
    log.set_down(false);
    assert_eq!(world.log.head().await.unwrap().position, before);
    let outcome = node.item(&by("a-1"), &item, ItemCommand::Close).await.unwrap();
    assert_eq!(outcome.status, Status::Recorded);
}

#[tokio::test]
async fn an_outcome_that_cannot_be_found_out_is_called_unknown_and_the_key_tells_later() {
    let (world, log, node, item) = faulty().await;
    let before = world.log.head().await.unwrap().position;
    let request = keyed(by("a-1"), "k", "close");
    for _ in 0..1_000 {
        log.fail_next(Fault::NothingStored);
    }
    let error = node.item(&request, &item, ItemCommand::Close).await;
    assert!(matches!(error, Err(CommandError::OutcomeUnknown { .. })), "{error:?}");
    let parts = commands::Dependencies { log: log.inner().clone(), ..world.parts() };
    let other = Commands::open(parts).await.unwrap();
    for replayed in [false, true] {
        let outcome = other.item(&request, &item, ItemCommand::Close).await.unwrap();
        assert_eq!((outcome.status, outcome.replayed), (Status::Recorded, replayed));
    }
    assert_eq!(world.log.head().await.unwrap().position, before.next());
}
