//! Nothing is taken that is not done, and no answer says less than it knows.

use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn links_that_nobody_can_join_by_are_refused() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let links = format!("{path}/links");
    let head = world.head().await;
    let refused = owner.post(&links, json!({"role": "viewer", "joins": true})).await;
    assert_eq!(refused.pointer(), "/joins");
    assert!(refused.text.contains("not available yet"), "{}", refused.told());
    assert_eq!(world.head().await, head);
    let made = owner.post(&links, json!({"role": "viewer", "joins": false})).await;
    let link = format!("{links}/{}", made.is(201)["link"]["id"].as_str().unwrap());
    assert_eq!(owner.patch(&link, json!({"joins": true})).await.pointer(), "/joins");
    let kept = owner.patch(&link, json!({"joins": false, "label": "reviewers"})).await;
    assert_eq!(kept.is(200)["link"]["joins"], false);
}
