//! Accounts: register, change, share by address, deactivate, list items.

use tests::{World, json, on_both_pairs, world::item};

on_both_pairs!(
    an_account_is_registered_changed_and_read_back,
    a_share_by_address_reaches_the_account_that_has_it,
    an_address_that_two_accounts_hold_is_refused,
    a_deactivated_account_has_nothing,
    items_are_listed_by_what_they_are_to_an_account,
);

async fn an_account_is_registered_changed_and_read_back(mut world: World) {
    let app = world.app().await;
    let body = json!({"name": "Ada Example",
        "addresses": [{"address": "ada@example.org", "verified": true}]});
    let made = app.put("/v1/accounts/a-17", body).await;
    made.is(201);
    let read = app.get("/v1/accounts/a-17").await;
    assert_eq!(read.is(200)["name"], "Ada Example", "{}", read.dump());
    let changed = app.patch("/v1/accounts/a-17", json!({"name": "Ada Other"})).await;
    changed.is(200);
    let read = app.get("/v1/accounts/a-17").await;
    assert_eq!(read.is(200)["name"], "Ada Other");
    assert_eq!(read.str("/addresses/0/address"), "ada@example.org", "what is absent stays");
    app.get("/v1/accounts/a-none").await.problem(404, "not-found");
}

async fn a_share_by_address_reaches_the_account_that_has_it(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let app = world.app().await;
    let body = json!({"addresses": [{"address": "grace@example.org", "verified": true}]});
    app.put("/v1/accounts/a-22", body).await.is(201);
    let owner = world.account("a-17").await;
    let wanted = json!({"grantees": [{"type": "email", "address": "Grace@Example.org"},
        {"type": "email", "address": "stranger@example.org"}], "role": "viewer"});
    let shared = owner.post(&format!("{path}/grants"), wanted).await;
    assert_eq!(shared.is(200)["results"][0]["result"], "granted", "{}", shared.dump());
    assert_eq!(shared.str("/results/1/reason"), "unknown_address");
    world.account("a-22").await.get(&path).await.is(200);
}

async fn an_address_that_two_accounts_hold_is_refused(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let app = world.app().await;
    let body = json!({"addresses": [{"address": "grace@example.org", "verified": true}]});
    for account in ["a-22", "a-23"] {
        app.put(&format!("/v1/accounts/{account}"), body.clone()).await.is(201);
    }
    let owner = world.account("a-17").await;
    let wanted = json!({"grantees": [{"type": "email", "address": "grace@example.org"},
        {"type": "account", "id": "a-30"}], "role": "viewer"});
    let shared = owner.post(&format!("{path}/grants"), wanted).await;
    assert_eq!(shared.is(200)["results"][0]["result"], "refused", "{}", shared.dump());
    assert!(shared.str("/results/0/detail").contains("ambiguous"), "{}", shared.dump());
    assert_eq!(shared.str("/results/1/result"), "granted");
    for account in ["a-22", "a-23"] {
        world.account(account).await.get(&path).await.problem(404, "not-found");
    }
}

async fn a_deactivated_account_has_nothing(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let app = world.app().await;
    app.put("/v1/accounts/a-22", json!({})).await.is(201);
    world.share(&path, "a-17", "a-22", "viewer").await;
    let reader = world.account("a-22").await;
    reader.get(&path).await.is(200);
    app.delete("/v1/accounts/a-22").await.is(200);
    let refused = reader.get(&path).await;
    assert!([403, 404].contains(&refused.status.as_u16()), "{}", refused.dump());
    let owner = world.account("a-17").await;
    let shared = owner.post(&format!("{path}/grants"), tests::world::share("a-22", "editor")).await;
    assert!(shared.status == 422 || shared.body["counts"]["refused"] == 1, "{}", shared.dump());
}

async fn items_are_listed_by_what_they_are_to_an_account(mut world: World) {
    world.register("history", "1", "a-17").await;
    world.register("history", "2", "a-17").await;
    let path = item("history", "2");
    let owner = world.account("a-17").await;
    let last = owner.post(&format!("{path}/grants"), tests::world::share("a-22", "viewer")).await;
    let ids = async |account: &str, relation: &str, world: &mut World| -> Vec<String> {
        let caller = world.account(account).await.after(&last);
        let path = format!("/v1/accounts/{account}/items?relation={relation}");
        let answer = caller.get(&path).await;
        answer.is(200);
        let rows = answer.list("/data");
        let mut ids: Vec<String> = rows
            .iter()
            .map(|row| {
                row.pointer("/item/id").unwrap_or(&row["id"]).as_str().unwrap_or("").to_owned()
            })
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("a-17", "owned", &mut world).await, ["1", "2"]);
    assert_eq!(ids("a-22", "shared_with", &mut world).await, ["2"]);
    assert_eq!(ids("a-17", "shared_by", &mut world).await, ["2"]);
    assert!(ids("a-22", "owned", &mut world).await.is_empty());
}
