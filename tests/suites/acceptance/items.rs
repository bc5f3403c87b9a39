//! Register, describe, close, reopen, retire, restore, look up.

use tests::{
    World, json, on_both_pairs,
    service::PUBLIC_URL,
    world::{item, registration},
};

on_both_pairs!(
    an_item_is_registered_described_and_guarded_by_its_version,
    an_item_is_created_once_when_only_creation_was_asked_for,
    what_was_closed_comes_back_only_as_asked,
    a_retired_item_is_gone_until_it_is_restored_shared_with_nobody,
    many_items_are_looked_up_at_once,
);

async fn an_item_is_registered_described_and_guarded_by_its_version(mut world: World) {
    let app = world.app().await;
    let path = item("history", "8f3a");
    let body = json!({"owner": {"type": "account", "id": "a-17"}, "title": "RNA-seq 4",
        "description": "Reads", "tags": ["rna"], "preview": "https://app.example/4.png"});
    let made = app.put(&path, body.clone()).await;
    made.is(201);
    assert_eq!(made.str("/status"), "recorded");
    assert!(made.header("Location").ends_with(&path), "{}", made.dump());
    assert_eq!(made.str("/item/owner/id"), "a-17");
    assert_eq!(made.str("/item/title"), "RNA-seq 4");
    assert_eq!(made.str("/item/state"), "open");
    assert_eq!(made.str("/item/visibility"), "restricted");
    assert_eq!(made.str("/item/address"), format!("{PUBLIC_URL}/i/history/8f3a"));
    assert_eq!(made.body["item"]["counts"], json!({"grants": 0, "links": 0}));
    assert_eq!(made.number("/item/version"), made.number("/position"));

    let owner = world.account("a-17").await;
    let read = owner.get(&path).await;
    assert_eq!(read.is(200)["title"], "RNA-seq 4", "{}", read.dump());
    assert_eq!(read.header("ETag"), format!("\"{}\"", made.number("/item/version")));
    assert!(read.list("/you_may").contains(&json!("share")));

    let again = app.put(&path, body).await;
    assert_eq!(again.is(200)["status"], "unchanged", "{}", again.dump());

    let old = made.body["item"]["version"].clone();
    let renamed = app.patch(&path, json!({"title": "RNA-seq 5"})).if_match(&old).await;
    assert_eq!(renamed.is(200)["item"]["title"], "RNA-seq 5");
    assert_eq!(renamed.body["item"]["description"], "Reads", "what is absent stays");
    let stale = app.patch(&path, json!({"title": "RNA-seq 6"})).if_match(&old).await;
    stale.problem(412, "precondition-failed");
    let cleared = app.patch(&path, json!({"description": null})).await;
    assert!(cleared.is(200)["item"]["description"].is_null(), "null clears");

    let stolen = app.put(&path, registration("a-99", "Mine")).await;
    stolen.problem(409, "owner-changes-by-transfer");
    let unknown = app.put(&item("nonsense", "1"), registration("a-17", "X")).await;
    assert!(unknown.problem(400, "unknown-kind")["known"].is_array());
}

async fn an_item_is_created_once_when_only_creation_was_asked_for(mut world: World) {
    let app = world.app().await;
    let path = item("history", "once");
    let create = || app.put(&path, registration("a-17", "Once")).header("If-None-Match", "*");
    create().await.is(201);
    create().await.problem(409, "already-exists");
}

async fn what_was_closed_comes_back_only_as_asked(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    let owner = world.account("a-17").await;
    let link = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let token = link.str("/link/token");

    let closed = owner.post(&format!("{path}/close"), json!({})).await;
    assert_eq!(closed.is(200)["item"]["state"], "closed");
    assert_eq!(closed.body["item"]["counts"], json!({"grants": 0, "links": 0}));
    let reader = world.account("a-22").await;
    reader.get(&path).await.problem(404, "not-found");
    let app = world.app().await;
    app.anonymous().post("/v1/links/open", json!({"token": token})).await.problem(404, "not-found");
    let share = tests::world::share("a-23", "viewer");
    owner.post(&format!("{path}/grants"), share).await.problem(409, "item-closed");
    let again = owner.post(&format!("{path}/close"), json!({})).await;
    assert_eq!(again.is(200)["status"], "unchanged");

    let reopened = owner.post(&format!("{path}/reopen"), json!({"restore": "all"})).await;
    assert_eq!(reopened.is(200)["item"]["counts"], json!({"grants": 1, "links": 1}));
    reader.get(&path).await.is(200);
    app.anonymous().post("/v1/links/open", json!({"token": token})).await.problem(404, "not-found");
    let links = owner.get(&format!("{path}/links")).await;
    let fresh = links.is(200)["data"][0]["token"].clone();
    assert_ne!(fresh, json!(token), "a reopened link has a new secret");
    app.anonymous().post("/v1/links/open", json!({"token": fresh})).await.is(200);

    owner.post(&format!("{path}/close"), json!({})).await.is(200);
    let empty = owner.post(&format!("{path}/reopen"), json!({"restore": "nothing"})).await;
    assert_eq!(empty.is(200)["item"]["counts"], json!({"grants": 0, "links": 0}));
    reader.get(&path).await.problem(404, "not-found");
}

async fn a_retired_item_is_gone_until_it_is_restored_shared_with_nobody(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    let (app, reader) = (world.app().await, world.account("a-22").await);
    let owner = world.account("a-17").await;
    let retired = app.delete(&path).await;
    assert_eq!(retired.is(200)["item"]["state"], "retired");
    reader.get(&path).await.problem(404, "not-found");
    let share = tests::world::share("a-23", "viewer");
    owner.post(&format!("{path}/grants"), share).await.problem(410, "item-retired");
    let restored = app.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(restored.is(200)["item"]["state"], "open");
    assert_eq!(restored.body["item"]["counts"], json!({"grants": 0, "links": 0}));
    reader.get(&path).await.problem(404, "not-found");
    owner.get(&path).await.is(200);
}

async fn many_items_are_looked_up_at_once(mut world: World) {
    world.register("history", "1", "a-17").await;
    let last = world.register("history", "2", "a-18").await;
    let refs = json!({"items": [{"kind": "history", "id": "1"}, {"kind": "history", "id": "2"},
        {"kind": "history", "id": "none"}]});
    let app = world.app().await.after(&last);
    let found = app.post("/v1/items/lookup", refs).await;
    found.is(200);
    let rows = found.list("/data");
    let ids: Vec<_> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert!(ids.contains(&"1") && ids.contains(&"2"), "{}", found.dump());
}
