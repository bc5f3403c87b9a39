//! Searches for subjects, resources and actions, in pages.

use super::shared;
use crate::world::{Answer, Client, World, share};
use serde_json::{Value, json};

async fn search(caller: &Client, what: &str, body: Value) -> Answer {
    caller.post(&format!("/access/v1/search/{what}"), body).await
}

fn ids(answer: &Answer) -> Vec<String> {
    let results = answer.is(200)["results"].as_array().unwrap();
    let id = |row: &Value| row["id"].as_str().or(row["name"].as_str()).unwrap().to_owned();
    results.iter().map(id).collect()
}

fn who(kind: &str, action: &str) -> Value {
    json!({"subject": {"type": kind, "id": "ignored"}, "action": {"name": action},
        "resource": {"type": "history", "id": "8f3a"}})
}

#[tokio::test]
async fn subjects_are_named_with_the_type_that_was_asked() {
    let world = shared().await;
    let app = world.app().await;
    let found = search(&app, "subject", who("user", "view")).await;
    assert_eq!(ids(&found), ["a-17", "a-22", "a-23"]);
    assert!(found.body["results"].as_array().unwrap().iter().all(|row| row["type"] == "user"));
    assert_eq!(found.body["page"], json!({"next_token": "", "count": 3}));
    assert!(found.text.starts_with("{\"page\""), "the page comes first: {}", found.text);
    assert_eq!(ids(&search(&app, "subject", who("account", "share")).await), ["a-17", "a-23"]);
    for (kind, action, reason) in
        [("spaceship", "view", "unknown_subject"), ("user", "can_read", "unknown_action")]
    {
        let none = search(&app, "subject", who(kind, action)).await;
        assert!(ids(&none).is_empty());
        assert_eq!(none.body["context"]["reason"], reason);
    }
    let mut elsewhere = who("user", "view");
    elsewhere["resource"]["id"] = json!("none");
    let none = search(&app, "subject", elsewhere).await;
    assert!(ids(&none).is_empty() && none.body["context"]["reason"] == "unknown_resource");
}

#[tokio::test]
async fn an_open_item_names_those_who_have_it_and_says_to_whom_it_is_open() {
    let world = shared().await;
    let owner = world.account("a-17").await;
    let app = world.app().await;
    let visibility = |wanted: &'static str| {
        let owner = owner.clone();
        let path = "/v1/items/history/8f3a/visibility";
        async move { owner.put(path, json!({"visibility": wanted})).await.is(200).clone() }
    };
    visibility("public").await;
    let found = search(&app, "subject", who("user", "view")).await;
    assert_eq!(ids(&found).len(), 3);
    assert_eq!(found.body["context"]["open_to"], "public");
    let editors = search(&app, "subject", who("user", "edit")).await;
    assert!(editors.body["context"].get("open_to").is_none(), "{}", editors.told());
    assert_eq!(ids(&search(&app, "subject", who("anonymous", "view")).await), ["anonymous"]);
    visibility("internal").await;
    assert!(ids(&search(&app, "subject", who("anonymous", "view")).await).is_empty());
}

#[tokio::test]
async fn groups_are_found_and_what_they_give_is_what_members_have_by_them() {
    let world = shared().await;
    let (owner, app) = (world.account("a-17").await, world.app().await);
    let grantees = json!([{"type": "group", "id": "g-3"}]);
    let wanted = json!({"grantees": grantees, "role": "editor"});
    owner.post("/v1/items/history/8f3a/grants", wanted).await.is(200);
    assert_eq!(ids(&search(&app, "subject", who("group", "edit")).await), ["g-3"]);
    assert!(ids(&search(&app, "subject", who("group", "share")).await).is_empty());
    let asked = super::ask(&app, "group:g-3", "edit", "history:8f3a").await;
    assert_eq!(asked.is(200)["decision"], true, "{}", asked.told());
    let other = super::ask(&app, "group:g-4", "view", "history:8f3a").await;
    assert_eq!(other.is(200)["decision"], false);
}

#[tokio::test]
async fn whom_an_item_is_shared_with_is_for_those_who_may_share_it() {
    let world = shared().await;
    let (viewer, manager) = (world.account("a-22").await, world.account("a-23").await);
    assert_eq!(ids(&search(&manager, "subject", who("user", "view")).await).len(), 3);
    search(&viewer, "subject", who("user", "view")).await.problem(403, "not-permitted");
    let mut elsewhere = who("user", "view");
    elsewhere["resource"]["id"] = json!("none");
    search(&viewer, "subject", elsewhere).await.problem(403, "not-permitted");
    let mine = |id: &str| {
        json!({"subject": {"type": "user", "id": id}, "action": {"name": "view"},
            "resource": {"type": "history"}})
    };
    assert_eq!(ids(&search(&viewer, "resource", mine("a-22")).await), ["8f3a"]);
    search(&viewer, "resource", mine("a-23")).await.problem(403, "not-permitted");
}

#[tokio::test]
async fn resources_are_found_by_what_a_subject_may_do_with_them() {
    let world = shared().await;
    let app = world.app().await;
    world.register("9000", "a-22").await;
    let with = |kind: &str, action: &str| {
        json!({"subject": {"type": "user", "id": "a-22"}, "action": {"name": action},
            "resource": {"type": kind}})
    };
    let found = search(&app, "resource", with("history", "view")).await;
    assert_eq!(ids(&found), ["8f3a", "9000"]);
    assert!(found.body["results"].as_array().unwrap().iter().all(|row| row["type"] == "history"));
    assert_eq!(ids(&search(&app, "resource", with("history", "own")).await), ["9000"]);
    for kind in ["record", "No Kind", ""] {
        assert!(ids(&search(&app, "resource", with(kind, "view")).await).is_empty());
    }
}

#[tokio::test]
async fn resources_of_the_past_are_found_in_pages() {
    let world = shared().await;
    let (app, owner) = (world.app().await, world.account("a-17").await);
    for name in ["9000", "9001", "9002"] {
        world.register(name, "a-22").await;
    }
    world.clock.advance_seconds(60);
    owner.delete("/v1/items/history/8f3a/grants/account/a-22").await.is(200);
    let past = |action: &str, at: &str| {
        json!({"subject": {"type": "user", "id": "a-22"}, "action": {"name": action},
            "resource": {"type": "history"}, "context": {"at": at, "visits": ["x"]}})
    };
    let then = "2026-11-21T12:00:30Z";
    let found = search(&app, "resource", past("view", then)).await;
    assert_eq!(ids(&found), ["8f3a", "9000", "9001", "9002"]);
    assert!(found.body["context"]["warnings"][0].is_string(), "visits do not open the past");
    assert!(found.body["context"]["position"].is_number());
    let now = search(&app, "resource", past("view", "2026-11-21T12:01:00Z")).await;
    assert_eq!(ids(&now), ["9000", "9001", "9002"]);
    assert_eq!(ids(&search(&app, "resource", past("own", then)).await).len(), 3);
    assert!(ids(&search(&app, "resource", past("view", "2026-11-20")).await).is_empty());
    let (mut asked, mut all) = (past("view", then), Vec::new());
    asked["page"] = json!({"limit": 3});
    loop {
        let page = search(&app, "resource", asked.clone()).await;
        all.extend(ids(&page));
        asked["page"] = json!({"token": page.body["page"]["next_token"]});
        if asked["page"]["token"] == "" {
            break;
        }
    }
    assert_eq!(all, ["8f3a", "9000", "9001", "9002"]);
    let mut first = past("view", then);
    first["page"] = json!({"limit": 1});
    let first = search(&app, "resource", first).await;
    let mut elsewhere = past("view", "2026-11-21T12:01:00Z");
    elsewhere["page"] = json!({"token": first.body["page"]["next_token"]});
    search(&app, "resource", elsewhere).await.problem(400, "cursor-mismatch");
    let mut none = past("view", then);
    none["resource"]["type"] = json!("No Kind");
    assert!(ids(&search(&app, "resource", none).await).is_empty());
    let other = world.account("a-23").await;
    search(&other, "resource", past("view", then)).await.problem(403, "not-permitted");
}

#[tokio::test]
async fn actions_are_what_a_subject_may_do() {
    let world = shared().await;
    let app = world.app().await;
    let item = json!({"type": "history", "id": "8f3a"});
    let may = |id: &str| json!({"subject": {"type": "user", "id": id}, "resource": item.clone()});
    let viewer = search(&app, "action", may("a-22")).await;
    assert_eq!(ids(&viewer), ["browse", "view", "download", "copy"]);
    assert!(ids(&search(&app, "action", may("nonexistent-user")).await).is_empty());
    assert!(ids(&search(&app, "action", may("nobody@example.com")).await).is_empty());
    let mut page = may("a-22");
    page["page"] = json!({"limit": 3});
    let first = search(&app, "action", page.clone()).await;
    assert_eq!(ids(&first), ["browse", "view", "download"]);
    page["page"] = json!({"token": first.body["page"]["next_token"]});
    let second = search(&app, "action", page).await;
    assert_eq!(ids(&second), ["copy"]);
    assert_eq!(second.body["page"]["next_token"], "");
}

async fn many() -> World {
    let world = shared().await;
    let owner = world.account("a-17").await;
    for number in 0..20 {
        let name = format!("b-{number:02}");
        owner.post("/v1/items/history/8f3a/grants", share(&name, "viewer")).await.is(200);
    }
    world
}

#[tokio::test]
async fn a_result_comes_in_pages_without_gap_or_overlap() {
    let world = many().await;
    let app = world.app().await;
    for context in [json!({}), json!({"at": "2026-11-21T12:00:00Z"})] {
        let (mut seen, mut token) = (Vec::new(), None);
        loop {
            let mut body = who("user", "view");
            body["context"] = context.clone();
            body["page"] = match &token {
                None => json!({"limit": 7}),
                Some(token) => json!({"token": token}),
            };
            let page = search(&app, "subject", body).await;
            assert_eq!(page.is(200)["page"]["count"], ids(&page).len());
            assert!(ids(&page).len() <= 7);
            seen.extend(ids(&page));
            let next = page.body["page"]["next_token"].as_str().unwrap().to_owned();
            if next.is_empty() {
                break;
            }
            token = Some(next);
        }
        seen.sort();
        let mut expected: Vec<String> = (0..20).map(|number| format!("b-{number:02}")).collect();
        expected.extend(["a-17", "a-22", "a-23"].map(str::to_owned));
        expected.sort();
        assert_eq!(seen, expected, "{context}");
    }
}

#[tokio::test]
async fn a_token_continues_its_own_question_only() {
    let world = many().await;
    let app = world.app().await;
    let mut body = who("user", "view");
    body["page"] = json!({"limit": 2});
    let first = search(&app, "subject", body.clone()).await;
    let token = first.is(200)["page"]["next_token"].clone();
    let changed: [fn(&mut Value); 6] = [
        |body| body["action"]["name"] = json!("edit"),
        |body| body["subject"]["type"] = json!("account"),
        |body| body["resource"]["id"] = json!("other"),
        |body| body["context"] = json!({"at": "2026-11-21T12:00:00Z"}),
        |body| body["page"]["limit"] = json!(3),
        |body| body["page"]["token"] = json!("forged"),
    ];
    for change in changed {
        let mut other = body.clone();
        other["page"]["token"] = token.clone();
        change(&mut other);
        search(&app, "subject", other).await.problem(400, "cursor-mismatch");
    }
    let elsewhere = world.account("a-23").await;
    body["page"]["token"] = token;
    search(&elsewhere, "subject", body.clone()).await.problem(400, "cursor-mismatch");
    assert_eq!(ids(&search(&app, "subject", body.clone()).await).len(), 2);
    body["page"] = json!({"limit": 0});
    let none = search(&app, "subject", body.clone()).await;
    assert!(ids(&none).is_empty() && none.body["page"]["next_token"] != "");
    body["page"] = json!({"limit": -1});
    search(&app, "subject", body.clone()).await.problem(400, "invalid-field");
    body["page"] = json!({"limit": 1_000_000});
    assert_eq!(ids(&search(&app, "subject", body).await).len(), 23);
}

#[tokio::test]
async fn a_page_is_not_answered_by_a_node_that_stands_before_the_page_before() {
    let (ahead, behind) = (many().await, shared().await);
    let admins = [ahead.admin(), behind.admin().with("Prefer", "wait=0")];
    let mut asked = who("user", "view");
    asked["page"] = json!({"limit": 20});
    let first = search(&admins[0], "subject", asked.clone()).await;
    asked["page"] = json!({"token": first.is(200)["page"]["next_token"]});
    assert_eq!(ids(&search(&admins[0], "subject", asked.clone()).await).len(), 3);
    search(&admins[1], "subject", asked).await.problem(503, "not-yet-visible");

    // Whatever it knows already: what it knows may be too little for this page.
    for world in [&ahead, &behind] {
        world.register("9000", "a-22").await;
    }
    let first = admins[0].get("/v1/view-as?subject=account:a-22&limit=1").await;
    let path = "/v1/view-as?subject=account:a-22&limit=1&cursor=";
    let path = format!("{path}{}", first.is(200)["next"].as_str().unwrap());
    assert_eq!(admins[0].get(&path).await.is(200)["data"][0]["id"], "9000");
    admins[1].get(&path).await.problem(503, "not-yet-visible");
}
