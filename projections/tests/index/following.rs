//! Does the index follow, wait and stop as it should?

use crate::{
    oracle::opened,
    world::{PATIENCE, Said, World},
};
use domain::{
    access::Subject,
    position::Position,
    role::Permissions,
    stream::StreamName,
    testing::{account, hour, item, registered},
};
use projections::index::IndexError;
use std::time::Duration;

#[tokio::test]
async fn an_unknown_event_stops_it_and_it_answers_nothing_any_more() {
    let world = World::new();
    let it = item("history", "8f3a");
    let stream = StreamName::Item(it.clone());
    world.say(&stream, &Said::by("a-1"), vec![registered("a-1").into()]).await;
    let index = opened(&world).await;
    let snapshot = index.wait_for(Position(1), PATIENCE).await.unwrap();
    let owner = Subject::account(account("a-1"));
    assert_eq!(snapshot.check(&owner, &it, hour(1)).permissions, Permissions::ALL);
    world.say_unknown(&stream).await;
    let error = index.wait_for(Position(2), PATIENCE).await.unwrap_err();
    assert!(matches!(error, IndexError::Stopped { position: Position(2), .. }), "{error:?}");
    assert!(matches!(index.snapshot(), Err(IndexError::Stopped { .. })));
    assert_eq!(index.status().stopped.unwrap().0, Position(2));
    index.close().await;
}

#[tokio::test]
async fn waiting_ends_when_the_time_is_up() {
    let world = World::new();
    let stream = StreamName::Item(item("history", "8f3a"));
    world.say(&stream, &Said::by("a-1"), vec![registered("a-1").into()]).await;
    let index = opened(&world).await;
    index.wait_for(Position(1), PATIENCE).await.unwrap();
    let error = index.wait_for(Position(2), Duration::from_millis(20)).await.unwrap_err();
    assert_eq!(error, IndexError::NotYet { position: Position(1) });
    index.close().await;
}
