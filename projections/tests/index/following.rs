//! The index follows, waits and stops as it should.

use crate::{
    oracle::opened,
    world::{PATIENCE, Said, World},
};
use async_trait::async_trait;
use domain::{
    access::Subject,
    position::Position,
    role::Permissions,
    stream::StreamName,
    testing::{account, hour, item, registered},
};
use eventlog::{Checkpoint, Decorator, EventLog, Follower, LogError, Record};
use projections::index::{AccessIndex, IndexError, IndexOptions};
use std::{sync::Arc, time::Duration};

/// A log that takes its time to be followed.
#[derive(Debug)]
struct Slow(Arc<dyn EventLog>, Duration);

#[async_trait]
impl Decorator for Slow {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        Ok(self.0.as_ref())
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        Ok(Box::new(SlowFollower(self.0.follow(after).await?, self.1)))
    }
}

struct SlowFollower(Box<dyn Follower>, Duration);

#[async_trait]
impl Follower for SlowFollower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        tokio::time::sleep(self.1).await;
        self.0.next(max, wait).await
    }
}

#[tokio::test]
async fn catching_up_for_longer_than_the_longest_silence_ends_well() {
    let world = World::new();
    let stream = StreamName::Item(item("history", "8f3a"));
    world.say(&stream, &Said::by("a-1"), vec![registered("a-1").into()]).await;
    let longest_silence = Duration::from_millis(400);
    let log = Arc::new(Slow(Arc::new(world.log.clone()), Duration::from_millis(600)));
    let options = IndexOptions { longest_silence, ..IndexOptions::default() };
    let index = AccessIndex::open(log, None, options).await.unwrap();
    let snapshot = index.wait_for(Position(1), PATIENCE).await.unwrap();
    assert_eq!(snapshot.position(), Position(1));
    assert!(index.status().start_took.unwrap() > longest_silence);
    index.close().await;
}

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
    world.say_stored(&stream, "item.dreamt").await;
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
