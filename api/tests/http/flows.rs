//! Who sees what: secrets of links, strangers, auditors, retired items, versions, replays.

use crate::world::{World, registration, share};
use serde_json::{Value, json};

#[tokio::test]
async fn auditors_see_links_but_never_what_opens_them() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let made = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let token = made.is(201)["link"]["token"].as_str().unwrap().to_owned();
    let id = made.body["link"]["id"].as_str().unwrap();
    let auditor = world.auditor().await;
    let everything = [
        format!("{path}/links"),
        format!("{path}/links/{id}"),
        format!("{path}/history"),
        format!("{path}/access"),
        path.clone(),
        "/v1/audit/events".to_owned(),
        "/v1/tokens".to_owned(),
    ];
    for asked in &everything {
        let answer = auditor.get(asked).await;
        answer.is(200);
        assert!(!answer.text.contains(&token), "{}", answer.told());
        assert!(!answer.text.contains("/l/"), "{}", answer.told());
    }
    assert_eq!(auditor.get(&path).await.body["you_may"], json!(["browse", "view"]));
    let open = auditor.post("/v1/links/open", json!({"token": token})).await;
    open.problem(403, "not-permitted");
}

#[tokio::test]
async fn a_link_shows_its_secret_only_to_those_who_could_do_what_it_permits() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let mut limited = share("a-22", "manager");
    limited["withhold"] = json!(["copy"]);
    owner.post(&format!("{path}/grants"), limited).await.is(200);
    let links = format!("{path}/links");
    let copying = owner.post(&links, json!({"role": "viewer"})).await;
    let viewing = json!({"role": "viewer", "withhold": ["copy"]});
    let viewing = owner.post(&links, viewing).await;
    let manager = world.account("a-22").await;
    let of = |answer: &Value| answer["link"]["id"].as_str().unwrap().to_owned();
    let shown = manager.get(&format!("{links}/{}", of(viewing.is(201)))).await;
    assert_eq!(shown.is(200)["token"], viewing.body["link"]["token"]);
    let hidden = manager.get(&format!("{links}/{}", of(copying.is(201)))).await;
    assert!(hidden.is(200).get("token").is_none() && hidden.body.get("address").is_none());
}

#[tokio::test]
async fn strangers_cannot_tell_what_they_may_not_know_from_what_is_not_there() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let stranger = world.account("a-99").await;
    let none = "/v1/items/history/none";
    for part in ["", "/access", "/history", "/grants", "/links", "/sharing", "/publication"] {
        let here = stranger.get(&format!("{path}{part}")).await;
        let there = stranger.get(&format!("{none}{part}")).await;
        assert_eq!(
            here.problem(404, "not-found")["detail"],
            there.problem(404, "not-found")["detail"]
        );
    }
    let owner = world.account("a-17").await;
    owner.post(&format!("{path}/grants"), share("a-99", "browser")).await.is(200);
    let seen = stranger.get(&path).await;
    assert_eq!(seen.is(200)["title"], "RNA-seq 4");
    assert_eq!(seen.body["counts"], Value::Null, "who may not share sees no counts");
    for part in ["/access", "/history", "/grants", "/links", "/sharing"] {
        stranger.get(&format!("{path}{part}")).await.problem(403, "not-permitted");
    }
}

#[tokio::test]
async fn a_grantee_sees_the_own_grant_and_leaves() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let given = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    let id = given.is(200)["results"][0]["grant"]["id"].as_str().unwrap();
    let reader = world.account("a-22").await;
    let one = format!("{path}/grants/{id}");
    assert_eq!(reader.get(&one).await.is(200)["role"], "viewer");
    let left = reader.delete(&format!("{path}/grants/me")).await;
    assert_eq!(left.is(200)["ended"][0]["cause"], "left");
    reader.get(&one).await.problem(404, "not-found");
    let none = world.app().await.delete(&format!("{path}/grants/me")).await;
    assert_eq!(none.pointer(), "path:grants/me");
}

#[tokio::test]
async fn a_retired_item_is_gone_but_its_record_stays() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    let retired = owner.delete(&path).await;
    assert_eq!(retired.is(200)["item"]["state"], "retired");
    assert_eq!(retired.body["ended_counts"]["grants"], 1);
    owner.get(&path).await.problem(410, "item-retired");
    world.account("a-22").await.get(&path).await.problem(404, "not-found");
    owner.get(&format!("{path}/history")).await.is(200);
    world.auditor().await.get(&format!("{path}/access")).await.is(200);
    let restored = owner.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(restored.is(200)["item"]["state"], "open");
}

#[tokio::test]
async fn an_etag_spares_what_is_known_and_guards_what_is_changed() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let read = owner.get(&path).await;
    let etag = read.header("etag").to_owned();
    let same = owner.with("If-None-Match", &etag).get(&path).await;
    same.is(304);
    assert!(same.text.is_empty());
    let renamed = owner.with("If-Match", &etag).patch(&path, json!({"title": "New"})).await;
    assert_eq!(renamed.is(200)["item"]["title"], "New");
    let stale = owner.with("If-Match", &etag).patch(&path, json!({"title": "Other"})).await;
    assert_eq!(stale.problem(412, "precondition-failed")["current"], renamed.body["position"]);
    owner.with("If-None-Match", &etag).get(&path).await.is(200);
    owner.with("If-Match", "*").patch(&path, json!({"title": "Newer"})).await.is(200);
    let other = owner.with("If-Match", "\"of-another\"").patch(&path, json!({"title": "X"})).await;
    other.problem(412, "precondition-failed");

    let link = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let id = link.is(201)["link"]["id"].as_str().unwrap();
    let one = format!("{path}/links/{id}");
    let version = link.body["link"]["version"].clone();
    let changed = owner.if_match(&version).patch(&one, json!({"label": "one"})).await;
    assert_eq!(changed.is(200)["link"]["label"], "one");
    let stale = owner.if_match(&version).patch(&one, json!({"label": "two"})).await;
    stale.problem(412, "precondition-failed");
}

/// Everything of a command's answer that a replay must repeat.
fn repeated(answer: &crate::world::Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.text.clone(), answer.header("sharelog-position").to_owned())
}

#[tokio::test]
async fn a_replay_repeats_status_and_body_whatever_happened_since() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let limited = json!({"role": "viewer", "max_visits": 5, "password": "a good secret"});
    let made = owner.post(&format!("{path}/links"), limited).await;
    let id = made.is(201)["link"]["id"].as_str().unwrap().to_owned();
    let one = format!("{path}/links/{id}");
    let token = made.body["link"]["token"].clone();
    let open = || async {
        let body = json!({"token": token, "password": "a good secret"});
        world.visitor().await.post("/v1/links/open", body).await.is(200).clone()
    };
    open().await;
    let commands: Vec<(&str, String, Value)> = vec![
        ("PUT", path.clone(), registration("a-17", "Renamed")),
        ("PUT", "/v1/items/history/new".to_owned(), registration("a-17", "New")),
        ("PATCH", path.clone(), json!({"tags": ["rna"]})),
        ("POST", format!("{path}/grants"), share("a-22", "viewer")),
        ("PUT", format!("{path}/visibility"), json!({"visibility": "internal"})),
        ("POST", format!("{path}/links"), json!({"role": "viewer", "max_visits": 3})),
        ("PATCH", one.clone(), json!({"label": "reviewers"})),
        ("PUT", format!("{path}/publication"), json!({"audience": "anyone"})),
        ("DELETE", format!("{path}/publication"), json!({})),
        ("DELETE", format!("{path}/grants/account/a-22"), json!({})),
        ("DELETE", one.clone(), json!({})),
        ("POST", format!("{path}/close"), json!({})),
        ("POST", format!("{path}/reopen"), json!({"restore": "all"})),
        ("DELETE", path.clone(), json!({})),
    ];
    let mut firsts = Vec::new();
    for (index, (method, path, body)) in commands.iter().enumerate() {
        let keyed = owner.key(&format!("key {index}"));
        let first = keyed.send(method, path, "application/json", &body.to_string()).await;
        assert!(first.status.is_success(), "{}", first.told());
        assert_eq!(first.header("idempotency-replayed"), "");
        firsts.push(first);
        if *method == "PATCH" && path == &one {
            open().await;
        }
    }
    world.clock.advance_seconds(3600);
    let head = world.head().await;
    for (index, (method, path, body)) in commands.iter().enumerate() {
        let keyed = owner.key(&format!("key {index}"));
        let again = keyed.send(method, path, "application/json", &body.to_string()).await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{}", again.told());
        assert_eq!(repeated(&again), repeated(&firsts[index]), "{}", again.told());
        for header in ["etag", "location"] {
            assert_eq!(again.header(header), firsts[index].header(header), "{}", again.told());
        }
    }
    assert_eq!(world.head().await, head);
}

#[tokio::test]
async fn keys_are_scoped_to_token_and_account() {
    let world = World::start().await;
    let body = |owner: &str| registration(owner, "X");
    let first = world.account("a-1").await.key("k").put("/v1/items/history/1", body("a-1")).await;
    first.is(201);
    let other = world.account("a-2").await.key("k").put("/v1/items/history/2", body("a-2")).await;
    assert_eq!(other.is(201)["item"]["id"], "2");
    let admin = world.admin().key("k").put("/v1/items/history/3", body("a-3")).await;
    assert_eq!(admin.is(201)["item"]["id"], "3");
}

#[tokio::test]
async fn a_secret_of_a_token_is_shown_once() {
    let world = World::start().await;
    let admin = world.admin().key("token");
    let wanted = json!({"role": "app", "label": "shop"});
    let first = admin.post("/v1/tokens", wanted.clone()).await;
    assert!(first.is(201)["token"]["secret"].is_string());
    let again = admin.post("/v1/tokens", wanted).await;
    assert_eq!(again.is(201)["token"]["id"], first.body["token"]["id"]);
    assert!(again.body["token"].get("secret").is_none());
    assert_eq!(again.body["warnings"][0]["code"], "secret_not_repeated");
    let id = first.body["token"]["id"].as_str().unwrap();
    let secret = first.body["token"]["secret"].as_str().unwrap();
    let one = format!("/v1/tokens/{id}");
    assert_eq!(world.admin().delete(&one).await.is(200)["status"], "recorded");
    assert_eq!(world.admin().delete(&one).await.is(200)["status"], "unchanged");
    world.nobody().token(secret).get("/v1/kinds").await.problem(401, "not-authenticated");
}

#[tokio::test]
async fn a_visit_that_gives_nothing_is_named_and_ignored() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await.with("Sharelog-Visit", "nonsense");
    let answer = owner.patch(&path, json!({"title": "New"})).await;
    assert_eq!(answer.is(200)["warnings"][0]["code"], "visit_ignored");
    assert_eq!(owner.get(&path).await.is(200)["warnings"][0]["code"], "visit_ignored");
}

#[tokio::test]
async fn a_code_of_a_redirect_that_is_none_opens_nothing() {
    let world = World::start().await;
    let visitor = world.visitor().await;
    visitor.post("/v1/visits", json!({"code": "nonsense"})).await.problem(404, "not-found");
}
