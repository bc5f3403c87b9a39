//! Who may ask about which subject, with which visits, about which moment, and how fresh.

use super::{ask, question, shared};
use crate::world::{World, share};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
async fn who_shares_an_item_is_told_why_somebody_else_is_refused() {
    let world = shared().await;
    let manager = world.account("a-23").await;
    for (subject, action, reason) in [
        ("user:a-99", "view", "no_access"),
        ("anonymous", "view", "no_access"),
        ("user:a-22", "edit", "not_included"),
    ] {
        let answer = ask(&manager, subject, action, "history:8f3a").await;
        assert_eq!(answer.is(200)["context"]["reason"], reason, "{}", answer.told());
    }
    let stranger = world.account("a-99").await;
    let answer = ask(&stranger, "anonymous", "view", "history:8f3a").await;
    assert_eq!(answer.is(200)["context"]["reason"], "unknown_resource");
}

#[tokio::test]
async fn a_member_of_a_group_is_signed_in_and_has_what_the_group_has() {
    let world = shared().await;
    let (app, owner) = (world.app().await, world.account("a-17").await);
    let asked = || ask(&app, "group:g-1", "view", "history:8f3a").into_future();
    assert_eq!(asked().await.is(200)["decision"], false);
    let internal = json!({"visibility": "internal"});
    owner.put("/v1/items/history/8f3a/visibility", internal).await.is(200);
    let open = asked().await;
    assert_eq!(open.is(200)["context"]["paths"], json!(["visibility"]));
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
    let mut find = question("anonymous", "view", "history:8f3a");
    find["context"] = json!({"visits": [visit]});
    let found = app.post("/access/v1/search/resource", find).await;
    assert!(found.is(200)["results"].as_array().unwrap().is_empty());
    assert!(found.body["context"]["warnings"][0].as_str().unwrap().contains("not listed"));
    // What the caller presents is its own; others get nothing by it.
    let header = ("Sharelog-Visit", visit.as_str().unwrap());
    let own = ask(&visitor.with(header.0, header.1), "anonymous", "view", "history:8f3a").await;
    assert_eq!(own.is(200)["decision"], true);
    body["subject"] = json!({"type": "anonymous"});
    assert_eq!(app.post(EVALUATION, body.clone()).await.is(200)["decision"], true);
    let manager = world.account("a-23").await.with(header.0, header.1);
    for caller in [app.with(header.0, header.1), manager] {
        for subject in ["anonymous", "user:a-99"] {
            let other = ask(&caller, subject, "view", "history:8f3a").await;
            assert_eq!(other.is(200)["decision"], false, "{}", other.told());
            let warning = other.body["context"]["warnings"][0].as_str().unwrap();
            assert!(warning.contains("context.visits"), "{warning}");
        }
    }
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
    let warnings = before.body["context"]["warnings"].to_string();
    assert!(warnings.contains("unknown, not nobody"), "{warnings}");
    at("2026-11-21").await.problem(400, "time-in-future");
    assert_eq!(at("yesterday").await.pointer(), "/context/at");
    let mut body = question("user:a-22", "view", "history:8f3a");
    body["context"] = json!({"at_position": then.body["context"]["as_of"]["position"]});
    let same = app.post(EVALUATION, body.clone()).await;
    assert_eq!(same.is(200)["decision"], true);
    assert_eq!(same.body["context"]["as_of"]["position"], body["context"]["at_position"]);
    for wrong in [json!(0), json!(-1), json!("1")] {
        body["context"] = json!({"at_position": wrong});
        let answer = app.post(EVALUATION, body.clone()).await;
        assert_eq!(answer.pointer(), "/context/at_position", "{}", answer.told());
    }
    body["context"] = json!({"at_position": 99_999});
    app.post(EVALUATION, body.clone()).await.problem(400, "time-in-future");
    body["context"] = json!({"at_position": 1, "at": "2026-11-20"});
    assert_eq!(app.post(EVALUATION, body).await.pointer(), "/context/at_position");
    let body = json!({"subject": {"type": "user"}, "action": {"name": "view"},
        "resource": {"type": "history", "id": "8f3a"}, "context": {"at": "2026-11-21T12:00:30Z"}});
    let who = app.post("/access/v1/search/subject", body).await;
    assert_eq!(who.is(200)["results"].as_array().unwrap().len(), 3, "{}", who.told());
    let mut body = question("user:a-99", "view", "history:8f3a");
    body["context"] = json!({"at": "2026-11-20"});
    let stranger = world.account("a-99").await;
    let told = stranger.post(EVALUATION, body.clone()).await;
    assert!(told.is(200)["context"]["warnings"].is_null(), "{}", told.told());
    let before = app.post("/access/v1/search/subject", body).await;
    assert!(before.is(200)["context"]["warnings"].to_string().contains("unknown, not nobody"));
}

#[tokio::test]
async fn who_is_named_then_has_what_the_item_gave_to_all() {
    let world = shared().await;
    let owner = world.account("a-17").await;
    let path = "/v1/items/history/8f3a";
    owner.post(&format!("{path}/grants"), share("a-30", "browser")).await.is(200);
    let public = json!({"visibility": "public"});
    owner.put(&format!("{path}/visibility"), public).await.is(200);
    let app = world.app().await;
    let mut body = question("user", "view", "history:8f3a");
    let now = app.post("/access/v1/search/subject", body.clone()).await;
    world.clock.advance_seconds(60);
    let last = owner.delete(&format!("{path}/grants/account/a-30")).await;
    body["context"] = json!({"at": "2026-11-21T12:00:30Z"});
    let token = last.headers["Sharelog-Position"].to_str().unwrap();
    let then = app.with("Sharelog-At-Least", token).post("/access/v1/search/subject", body).await;
    let names = |answer: &crate::world::Answer| {
        let rows = answer.is(200)["results"].as_array().unwrap().clone();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert!(names(&now).contains("a-30"), "{}", now.told());
    assert_eq!(names(&then), names(&now));
    assert_eq!(then.body["context"]["open_to"], "public");
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
