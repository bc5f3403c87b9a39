//! What holds for every route: request ids, reasons, traces, pages of lists, HEAD.

use crate::world::{World, registration, share};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let world = World::start().await;
    let echoed = world.nobody().with("X-Request-ID", "my-7").get("/v1/catalog").await;
    assert_eq!(echoed.header("x-request-id"), "my-7");
    let long = "x".repeat(200);
    for sent in ["", long.as_str()] {
        let made = world.nobody().with("X-Request-ID", sent).get("/v1/nonsense").await;
        assert_eq!(made.header("x-request-id").len(), 36);
    }
}

#[tokio::test]
async fn reason_ticket_and_trace_reach_the_record() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let asking = owner
        .with("Sharelog-Reason", "f%C3%BCr%20uns")
        .with("Sharelog-Ticket", "4711")
        .with("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    asking.delete(&format!("{path}/grants/account/a-22")).await.is(200);
    let done = asking.put(&format!("{path}/visibility"), json!({"visibility": "public"})).await;
    let history = owner.get(&format!("{path}/history?limit=1")).await;
    let event = &history.is(200)["data"][0];
    assert_eq!((&event["reason"], &event["ticket"]), (&json!("für uns"), &json!("4711")));
    let position = done.is(200)["position"].as_u64().unwrap();
    let record = world.log.read(domain::position::Position(position)).await.unwrap().unwrap();
    let trace = record.envelope.trace.clone();
    assert_eq!(trace.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    let bytes = String::from_utf8_lossy(&record.bytes).into_owned();
    assert!(!bytes.contains("für uns"), "reasons are sealed");
    let body = json!({"reason": "in the body", "ticket": "4712"});
    owner.post(&format!("{path}/close"), body).await.is(200);
    let history = owner.get(&format!("{path}/history?limit=1")).await;
    assert_eq!(history.is(200)["data"][0]["reason"], "in the body");
}

#[tokio::test]
async fn lists_come_in_pages_without_gap_or_overlap() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    for number in 0..7 {
        owner
            .post(&format!("{path}/grants"), share(&format!("b-{number}"), "viewer"))
            .await
            .is(200);
        owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await.is(201);
    }
    for (list, expected) in [("grants", 7), ("links", 7), ("access", 15), ("history", 15)] {
        let mut seen = BTreeSet::new();
        let mut next = Value::Null;
        loop {
            let cursor = next.as_str().map(|c| format!("&cursor={c}")).unwrap_or_default();
            let page = owner.get(&format!("{path}/{list}?limit=3&count=true{cursor}")).await;
            assert_eq!(page.is(200)["total"], json!({"value": expected, "exact": true}), "{list}");
            for row in page.body["data"].as_array().unwrap() {
                assert!(seen.insert(row.to_string()), "{list}: {row} came twice");
            }
            next = page.body["next"].clone();
            if next.is_null() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{list}");
    }
    let grants = owner.get(&format!("{path}/grants?limit=1")).await;
    let cursor = grants.is(200)["next"].as_str().unwrap();
    let foreign = owner.get(&format!("{path}/links?cursor={cursor}")).await;
    foreign.problem(400, "cursor-mismatch");
    let filtered = owner.get(&format!("{path}/history?limit=1")).await;
    let cursor = filtered.is(200)["next"].as_str().unwrap();
    let other = owner.get(&format!("{path}/history?limit=1&type=link.&cursor={cursor}")).await;
    other.problem(400, "cursor-mismatch");
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let head = owner.send("HEAD", &path, "", "").await;
    head.is(200);
    assert!(head.text.is_empty());
    assert_eq!(head.header("etag"), owner.get(&path).await.header("etag"));
    world.nobody().send("HEAD", &path, "", "").await;
}

#[tokio::test]
async fn answers_are_not_kept_by_caches() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    for answer in [
        owner.get(&path).await,
        owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await,
        owner.get("/v1/nonsense").await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store", "{}", answer.told());
    }
}

#[tokio::test]
async fn the_past_is_answered_as_it_was() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    world.clock.advance_seconds(60);
    let shared = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    let when = shared.is(200)["at"].as_str().unwrap().to_owned();
    world.clock.advance_seconds(60);
    owner.delete(&format!("{path}/grants/account/a-22")).await.is(200);
    world.clock.advance_seconds(86_400);
    let who = async |query: &str| {
        let list = owner.get(&format!("{path}/access{query}")).await;
        let rows = list.is(200)["data"].as_array().unwrap().clone();
        rows.iter().map(|row| row["principal"]["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(who("").await, [json!("a-17")]);
    assert_eq!(who(&format!("?at={when}")).await, [json!("a-17"), json!("a-22")]);
    let position = format!("?at_position={}", shared.body["position"]);
    assert_eq!(who(&position).await, [json!("a-17"), json!("a-22")]);
    assert_eq!(who("?at=2026-11-21").await, [json!("a-17")], "a date is its end");
    let before = owner.get(&format!("{path}/access?at=2026-11-20")).await;
    assert_eq!(before.is(200)["data"], json!([]));
    assert!(before.body["known_from"].is_string(), "unknown, not nobody");
}

#[tokio::test]
async fn the_catalog_shows_to_each_what_is_meant_for_it() {
    let world = World::start().await;
    let app = world.app().await;
    for (id, audience) in [("1", "anyone"), ("2", "internal")] {
        let path = format!("/v1/items/history/{id}");
        app.put(&path, registration("a-17", &format!("Number {id}"))).await.is(201);
        app.put(&format!("{path}/publication"), json!({"audience": audience})).await.is(200);
    }
    let ids = |answer: crate::world::Answer| {
        let rows = answer.is(200)["data"].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].to_string()).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(ids(world.nobody().get("/v1/catalog").await), 1);
    assert_eq!(ids(world.visitor().await.get("/v1/catalog").await), 1);
    assert_eq!(ids(world.account("a-99").await.get("/v1/catalog").await), 2);
    assert_eq!(ids(world.auditor().await.get("/v1/catalog").await), 2);
    let today = "published_from=2026-11-21&published_to=2026-11-21";
    assert_eq!(ids(world.nobody().get(&format!("/v1/catalog?{today}")).await), 1);
    assert_eq!(ids(world.nobody().get("/v1/catalog?published_to=2026-11-20").await), 0);
}
