//! Filters find what they name, in every form of the name, and what cannot be found is refused.

use crate::world::{Answer, Client, World, share};
use serde_json::{Value, json};

/// An item of `a-17` that is shared with `a-22`.
async fn shared(world: &World) -> String {
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    path
}

fn ids(answer: &Answer) -> Vec<Value> {
    answer.is(200)["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}

fn detail(answer: &Answer, pointer: &str) -> String {
    assert_eq!(answer.pointer(), pointer, "{}", answer.told());
    answer.body["detail"].as_str().unwrap().to_owned()
}

async fn found(caller: &Client, path: &str) -> Vec<Value> {
    ids(&caller.get(path).await)
}

#[tokio::test]
async fn an_account_is_found_with_its_type_and_without() {
    let world = World::start().await;
    let path = shared(&world).await;
    let owner = world.account("a-17").await;
    let publication = json!({"audience": "anyone"});
    owner.put(&format!("{path}/publication"), publication).await.is(200);
    let auditor = world.auditor().await;
    for filter in ["audit/events?account=", "audit/events?actor=", "catalog?owner="] {
        let bare = found(&auditor, &format!("/v1/{filter}a-17")).await;
        assert!(!bare.is_empty(), "{filter}");
        assert_eq!(found(&auditor, &format!("/v1/{filter}account:a-17")).await, bare, "{filter}");
    }
    let about = found(&auditor, "/v1/audit/events?account=account:a-22").await;
    assert_eq!(about.len(), 1, "the grant");
}

#[tokio::test]
async fn what_is_no_account_is_refused_by_a_filter_of_accounts() {
    let world = World::start().await;
    let auditor = world.auditor().await;
    for (path, pointer) in [
        ("/v1/audit/events?account=group:g-3", "query:account"),
        ("/v1/audit/events?actor=app:lab", "query:actor"),
        ("/v1/watch?account=link:ln_1", "query:account"),
        ("/v1/catalog?owner=anonymous", "query:owner"),
    ] {
        let told = detail(&auditor.get(path).await, pointer);
        assert!(told.contains("account:a-17"), "{told}");
    }
    let told = detail(&auditor.get("/v1/audit/events?actor=app:lab").await, "query:actor");
    assert!(told.contains("an application"), "{told}");
}

#[tokio::test]
async fn a_path_that_names_the_type_twice_is_told_so() {
    let world = World::start().await;
    let path = shared(&world).await;
    let owner = world.account("a-17").await;
    let head = world.head().await;
    let twice = owner.delete(&format!("{path}/grants/account/account:a-22")).await;
    assert!(detail(&twice, "path:account").contains("`a-22`"), "{}", twice.told());
    let group = owner.delete(&format!("{path}/grants/group/group:g-3")).await;
    assert!(detail(&group, "path:group").contains("`g-3`"), "{}", group.told());
    let app = world.app().await;
    let items = app.get("/v1/accounts/account:a-17/items?relation=owned").await;
    assert!(detail(&items, "path:account").contains("`a-17`"), "{}", items.told());
    assert_eq!(world.head().await, head);
    // Such an id can be, and is ended like others.
    owner.post(&format!("{path}/grants"), share("account:x", "viewer")).await.is(200);
    let ended = owner.delete(&format!("{path}/grants/account/account:x")).await;
    assert_eq!(ended.is(200)["ended"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_audit_trail_takes_dates_like_other_lists() {
    let world = World::start().await;
    shared(&world).await;
    let auditor = world.auditor().await;
    let all = found(&auditor, "/v1/audit/events").await;
    let range = |from: &str, to: &str| format!("/v1/audit/events?from={from}&to={to}");
    assert_eq!(found(&auditor, &range("2026-11-21", "2026-11-21")).await, all);
    assert!(found(&auditor, &range("2026-11-22", "2026-11-23")).await.is_empty());
    assert!(found(&auditor, &range("2026-11-19", "2026-11-20")).await.is_empty());
    let reversed = auditor.get(&range("2026-11-22", "2026-11-20")).await;
    assert!(detail(&reversed, "query:to").contains("before"), "{}", reversed.told());
    let plus = auditor.get("/v1/audit/events?from=2026-11-21T12:00:00+01:00").await;
    assert!(detail(&plus, "query:from").contains("%2B"), "{}", plus.told());
    let encoded = auditor.get("/v1/audit/events?from=2026-11-21T12:00:00%2B01:00").await;
    assert_eq!(ids(&encoded), all);
}

#[tokio::test]
async fn positions_of_the_audit_trail_are_judged_as_elsewhere() {
    let world = World::start().await;
    shared(&world).await;
    let auditor = world.auditor().await;
    let head = world.head().await;
    let at = |query: &str| format!("/v1/audit/events?{query}");
    for name in ["from_position", "to_position"] {
        let zero = auditor.get(&at(&format!("{name}=0"))).await;
        let told = detail(&zero, &format!("query:{name}"));
        assert!(told.contains("positions begin with 1"), "{told}");
        let future = auditor.get(&at(&format!("{name}=999"))).await;
        let told = future.problem(400, "time-in-future")["detail"].to_string();
        assert!(told.contains("999"), "{told}");
        let text = auditor.get(&at(&format!("{name}=last"))).await;
        let told = detail(&text, &format!("query:{name}"));
        assert!(told.contains("a whole number from 1 on"), "{told}");
        assert!(!found(&auditor, &at(&format!("{name}={head}"))).await.is_empty());
    }
    let reversed = auditor.get(&at("from_position=3&to_position=2")).await;
    assert!(detail(&reversed, "query:to_position").contains("before"), "{}", reversed.told());
}
