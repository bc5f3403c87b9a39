//! Who may ask about whom, with which openings of links, about which moment, and how fresh.

use super::{ask, question, shared};
use crate::world::{World, share};
use serde_json::{Value, json};

const EVALUATION: &str = "/access/v1/evaluation";

#[tokio::test]
async fn an_account_asks_about_itself_and_where_it_may_share_about_others() {
    let world = shared().await;
    let (viewer, manager) = (world.account("a-22").await, world.account("a-23").await);
    let item = "history:8f3a";
    assert_eq!(ask(&viewer, "user:a-22", "view", item).await.is(200)["decision"], true);
    assert_eq!(ask(&viewer, "anonymous", "view", item).await.is(200)["decision"], false);
    assert_eq!(ask(&manager, "user:a-22", "view", item).await.is(200)["decision"], true);
    for subject in ["user:a-17", "group:g-1"] {
        ask(&viewer, subject, "view", item).await.problem(403, "not-permitted");
        // The same where there is nothing: whether there is an item is not told.
        ask(&viewer, subject, "view", "history:none").await.problem(403, "not-permitted");
    }
    let mut body = question("user:a-22", "view", item);
    body["evaluations"] = json!([{}, {"subject": {"type": "user", "id": "a-17"}}]);
    let batch = viewer.post("/access/v1/evaluations", body).await;
    assert_eq!(batch.is(200)["evaluations"][0]["decision"], true);
    assert_eq!(batch.body["evaluations"][1]["context"]["error"]["status"], 403);
    for everybody in [world.admin(), world.auditor().await, world.app().await] {
        assert_eq!(ask(&everybody, "user:a-22", "view", item).await.is(200)["decision"], true);
    }
}

#[tokio::test]
async fn who_may_not_know_an_item_learns_nothing_of_it() {
    let world = shared().await;
    let stranger = world.account("a-99").await;
    let mut told = Vec::new();
    for item in ["history:8f3a", "history:none"] {
        let answer = ask(&stranger, "user:a-99", "view", item).await;
        told.push(answer.is(200)["context"]["reason"].clone());
    }
    assert_eq!(told, ["unknown_resource", "unknown_resource"]);
    let open = ask(&world.app().await, "user:a-99", "view", "history:8f3a").await;
    assert_eq!(open.is(200)["context"]["reason"], "no_access");
}

#[tokio::test]
async fn a_closed_item_is_its_owners_and_a_retired_one_nobodys() {
    let world = shared().await;
    let (app, owner) = (world.app().await, world.account("a-17").await);
    owner.post("/v1/items/history/8f3a/close", json!({})).await.is(200);
    let closed = ask(&app, "user:a-22", "view", "history:8f3a").await;
    assert_eq!(closed.is(200)["context"]["reason"], "item_closed");
    let own = ask(&app, "user:a-17", "own", "history:8f3a").await;
    assert_eq!(own.is(200)["context"]["paths"], json!(["owner"]));
    owner.delete("/v1/items/history/8f3a").await.is(200);
    let retired = ask(&app, "user:a-17", "view", "history:8f3a").await;
    assert_eq!(retired.is(200)["context"]["reason"], "item_retired");
}

#[tokio::test]
async fn an_answer_names_the_ways_that_permit_it_and_no_others() {
    let world = shared().await;
    let owner = world.account("a-17").await;
    let public = json!({"visibility": "public"});
    owner.put("/v1/items/history/8f3a/visibility", public).await.is(200);
    let app = world.app().await;
    for (subject, action, paths) in [
        ("user:a-17", "view", json!(["owner", "visibility"])),
        ("user:a-17", "edit", json!(["owner"])),
        ("user:a-23", "share", json!(["grant"])),
        ("user:a-99", "view", json!(["visibility"])),
    ] {
        let answer = ask(&app, subject, action, "history:8f3a").await;
        assert_eq!(answer.is(200)["context"]["paths"], paths, "{}", answer.told());
    }
}

#[tokio::test]
async fn an_answer_says_until_when_it_stands_by_the_clock() {
    let world = shared().await;
    let owner = world.account("a-17").await;
    let ends_at = "2026-11-21T13:00:00Z";
    let mut wanted = share("a-30", "viewer");
    wanted["ends_at"] = json!(ends_at);
    owner.post("/v1/items/history/8f3a/grants", wanted).await.is(200);
    let app = world.app().await;
    let yes = ask(&app, "user:a-30", "view", "history:8f3a").await;
    assert_eq!(yes.is(200)["decision"], true);
    let until = yes.body["context"]["valid_until"].as_str().unwrap();
    assert!(until.starts_with("2026-11-21T13:00:00"), "{until}");
    world.clock.advance_seconds(3_600);
    let no = ask(&app, "user:a-30", "view", "history:8f3a").await;
    assert_eq!(no.is(200)["decision"], false);
    assert_eq!(no.body["context"]["valid_until"], Value::Null);
}

/// The token of a new link, and its path.
async fn link(world: &World, terms: Value) -> (String, String) {
    let owner = world.account("a-17").await;
    let made = owner.post("/v1/items/history/8f3a/links", terms).await;
    let link = &made.is(201)["link"];
    let path = format!("/v1/items/history/8f3a/links/{}", link["id"].as_str().unwrap());
    (link["token"].as_str().unwrap().to_owned(), path)
}

#[tokio::test]
async fn an_opened_link_gives_what_it_gives_until_it_is_revoked() {
    let world = shared().await;
    let (token, path) = link(&world, json!({"role": "viewer"})).await;
    let visitor = world.visitor().await;
    let opened = visitor.post("/v1/links/open", json!({"token": token})).await;
    let visit = opened.is(200)["visit"].clone();
    let mut body = question("anonymous", "view", "history:8f3a");
    body["context"] = json!({"visits": [visit]});
    let app = world.app().await;
    let yes = app.post(EVALUATION, body.clone()).await;
    assert_eq!(yes.is(200)["context"]["paths"], json!(["link"]));
    assert_eq!(yes.body["context"]["valid_until"], opened.body["ends_at"]);
    let mut many = body.clone();
    many["evaluations"] = json!([{"action": {"name": "view"}}, {"action": {"name": "edit"}}]);
    let batch = app.post("/access/v1/evaluations", many).await;
    assert_eq!(batch.is(200)["evaluations"][0]["decision"], true);
    assert_eq!(batch.body["evaluations"][1]["decision"], false);
    let header = visitor.with("Sharelog-Visit", visit.as_str().unwrap());
    let own = ask(&header, "anonymous", "view", "history:8f3a").await;
    assert_eq!(own.is(200)["decision"], true);
    world.account("a-17").await.delete(&path).await.is(200);
    let no = app.post(EVALUATION, body.clone()).await;
    assert_eq!(no.is(200)["decision"], false);
    assert!(no.body["context"]["warnings"][0].as_str().unwrap().contains("not open"));
    body["context"]["visits"] = json!(["forged", visit]);
    let forged = app.post(EVALUATION, body.clone()).await;
    assert_eq!(forged.is(200)["context"]["warnings"].as_array().unwrap().len(), 2);
    body["context"]["visits"] = json!(vec!["x"; 21]);
    assert_eq!(app.post(EVALUATION, body).await.pointer(), "/context/visits");
}

#[tokio::test]
async fn the_past_is_asked_about_by_context() {
    let world = shared().await;
    world.clock.advance_seconds(60);
    let owner = world.account("a-17").await;
    owner.delete("/v1/items/history/8f3a/grants/account/a-22").await.is(200);
    let app = world.app().await;
    let at = |at: &str| {
        let mut body = question("user:a-22", "view", "history:8f3a");
        body["context"] = json!({"at": at, "visits": ["x"]});
        let app = app.clone();
        async move { app.post(EVALUATION, body).await }
    };
    let then = at("2026-11-21T12:00:30Z").await;
    assert_eq!(then.is(200)["decision"], true);
    assert_eq!(then.body["context"]["paths"], json!(["grant"]));
    assert!(then.body["context"]["warnings"][0].is_string(), "visits do not open the past");
    assert_eq!(at("2026-11-21T12:01:00Z").await.is(200)["decision"], false);
    let before = at("2026-11-20").await;
    assert_eq!(before.is(200)["context"]["reason"], "unknown_resource");
    at("2026-11-21").await.problem(400, "time-in-future");
    assert_eq!(at("yesterday").await.pointer(), "/context/at");
    let body = json!({"subject": {"type": "user"}, "action": {"name": "view"},
        "resource": {"type": "history", "id": "8f3a"}, "context": {"at": "2026-11-21T12:00:30Z"}});
    let who = app.post("/access/v1/search/subject", body).await;
    assert_eq!(who.is(200)["results"].as_array().unwrap().len(), 3, "{}", who.told());
}

#[tokio::test]
async fn a_revoke_is_seen_by_the_next_question() {
    let world = shared().await;
    let (app, owner) = (world.app().await, world.account("a-17").await);
    for round in 0..50 {
        let given = owner.post("/v1/items/history/8f3a/grants", share("a-40", "viewer")).await;
        assert_eq!(given.is(200)["status"], "recorded", "round {round}");
        let yes = ask(&app, "user:a-40", "view", "history:8f3a").await;
        assert_eq!(yes.is(200)["decision"], true, "round {round}");
        assert_eq!(yes.header("sharelog-position"), given.header("sharelog-position"));
        let ended = owner.delete("/v1/items/history/8f3a/grants/account/a-40").await;
        let after = app.with("Sharelog-At-Least", ended.header("sharelog-position"));
        let no = ask(&after, "user:a-40", "view", "history:8f3a").await;
        assert_eq!(no.is(200)["decision"], false, "round {round}");
    }
    let foreign = World::start().await;
    let there = foreign.admin().put("/v1/accounts/a-1", json!({})).await;
    let asking = app.with("Sharelog-At-Least", there.header("sharelog-position"));
    ask(&asking, "user:a-1", "view", "history:8f3a").await.problem(400, "foreign-position");
}

#[tokio::test]
async fn a_revoked_token_asks_nothing_any_more() {
    let world = shared().await;
    let made = world.admin().post("/v1/tokens", json!({"role": "app", "label": "brief"})).await;
    let caller = world.nobody().token(made.is(201)["token"]["secret"].as_str().unwrap());
    ask(&caller, "user:a-22", "view", "history:8f3a").await.is(200);
    let id = made.body["token"]["id"].as_str().unwrap();
    world.admin().delete(&format!("/v1/tokens/{id}")).await.is(200);
    ask(&caller, "user:a-22", "view", "history:8f3a").await.problem(401, "not-authenticated");
}
