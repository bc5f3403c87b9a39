//! What callers may do while the access index knows, and while it does not.

use crate::world::{World, share};
use domain::{
    id::{CommandId, CommitId},
    position::Position,
    stream::StreamName,
};
use eventlog::{Append, EventLog as _, StoredEvent};
use projections::IndexError;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// An event that no release knows stands on the log; the index stops there.
async fn stop_the_index(world: &World) {
    let head = world.memory.head().await.unwrap().position;
    let mut envelope = world.memory.read(head).await.unwrap().unwrap().envelope;
    let commit = CommitId(Uuid::new_v4());
    envelope.stream = "item/history/odd".parse::<StreamName>().unwrap();
    (envelope.prev, envelope.key) = (Position::START, None);
    (envelope.commit, envelope.command) = (commit, CommandId(commit.0));
    let data = serde_json::value::to_raw_value(&json!({})).unwrap();
    envelope.events = vec![StoredEvent { name: "item.dreamt".into(), v: 1, data }];
    let append = Append::new(envelope).unwrap();
    let position = world.memory.try_append(&append).await.unwrap();
    let stopped = world.index.wait_for(position, Duration::from_mins(1)).await;
    assert!(matches!(stopped, Err(IndexError::Stopped { .. })), "{stopped:?}");
}

#[tokio::test]
async fn while_the_index_stands_the_item_alone_permits_and_nothing_is_refused_for_lack_of_rights() {
    let world = World::with_views(false).await;
    let path = world.register("8f3a", "a-17").await;
    let (owner, other) = (world.account("a-17").await, world.account("a-22").await);
    let grants = format!("{path}/grants");
    other.post(&grants, share("a-9", "viewer")).await.problem(404, "not-found");
    stop_the_index(&world).await;
    owner.post(&grants, share("a-22", "editor")).await.is(200);
    other.patch(&path, json!({"title": "Another"})).await.is(200);
    // Whether something flows to it from elsewhere nobody knows.
    let stranger = world.account("a-9").await;
    stranger.post(&grants, share("a-8", "viewer")).await.problem(503, "views-unavailable");
    other.post(&grants, share("a-8", "viewer")).await.problem(503, "views-unavailable");
    // Who has nothing has nothing still.
    world.app().await.put("/v1/accounts/a-22", json!({})).await.is(201);
    world.app().await.delete("/v1/accounts/a-22").await.is(200);
    let refused = other.patch(&path, json!({"title": "Once more"})).await;
    assert!(!refused.status.is_success(), "{}", refused.told());
}

#[tokio::test]
async fn a_command_counts_everything_that_this_node_recorded_of_the_account() {
    let world = World::with_views(false).await;
    let path = world.register("8f3a", "a-17").await;
    let (app, owner) = (world.app().await, world.account("a-17").await);
    for round in 0..20 {
        app.put("/v1/accounts/a-17", json!({})).await;
        owner.patch(&path, json!({"title": format!("Title {round}")})).await.is(200);
        app.delete("/v1/accounts/a-17").await.is(200);
        let barred = owner.patch(&path, json!({"title": "None"})).await;
        barred.problem(404, "not-found");
    }
}
