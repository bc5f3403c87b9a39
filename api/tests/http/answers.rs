//! Nothing is accepted that is not done, and no answer says less than it knows.

use crate::world::{World, registration, share};
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

#[tokio::test]
async fn a_token_is_found_where_its_making_said() {
    let world = World::start().await;
    let admin = world.admin();
    let made = admin.post("/v1/tokens", json!({"role": "app", "label": "shop"})).await;
    made.is(201);
    let path = made.header("Location");
    let one = admin.get(path).await;
    one.is(200);
    for field in ["id", "role", "label", "scopes", "account", "ends_at", "issued_at"] {
        assert_eq!(one.body[field], made.body["token"][field], "{field}: {}", one.told());
    }
    assert!(one.body["revoked_at"].is_null() && one.body.get("secret").is_none());
    let list = admin.get("/v1/tokens").await;
    let mut row = one.body.clone();
    row.as_object_mut().unwrap().remove("position");
    assert!(list.is(200)["data"].as_array().unwrap().contains(&row), "{}", list.told());
    let held = admin.with("If-None-Match", one.header("ETag"));
    assert_eq!(held.get(path).await.status.as_u16(), 304);

    let revoked = admin.delete(path).await;
    let seen = world.auditor().await.get(path).await;
    assert_eq!(seen.is(200)["revoked_at"], revoked.is(200)["token"]["revoked_at"]);
    assert!(seen.body["revoked_at"].is_string(), "{}", seen.told());
    world.app().await.get(path).await.problem(403, "not-permitted");
    let never = "/v1/tokens/tk_018f0000000070008000000000000000";
    admin.get(never).await.problem(404, "not-found");
}

#[tokio::test]
async fn an_address_that_two_accounts_hold_names_neither() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let (owner, app) = (world.account("a-17").await, world.app().await);
    let holds = json!({"addresses": [{"address": "ada@example.org", "verified": true}]});
    for account in ["a-21", "a-22"] {
        app.put(&format!("/v1/accounts/{account}"), holds.clone()).await.is(201);
    }
    let unconfirmed = json!({"addresses": [{"address": "ada@example.org", "verified": false}]});
    app.put("/v1/accounts/a-23", unconfirmed).await.is(201);
    let grants = format!("{path}/grants");
    let by_address = json!({"type": "email", "address": "Ada@example.org"});
    let wanted = json!({"grantees": [by_address, {"type": "account", "id": "a-30"}],
        "role": "viewer"});
    let shared = owner.post(&grants, wanted).await;
    let refused = &shared.is(200)["results"][0];
    assert_eq!(
        (&refused["result"], &refused["reason"]),
        (&json!("refused"), &json!("unknown_address"))
    );
    assert!(refused["detail"].as_str().unwrap().contains("ambiguous"), "{}", shared.told());
    assert_eq!(
        shared.body["counts"],
        json!({"granted": 1, "changed": 0, "unchanged": 0,
        "invited": 0, "refused": 1})
    );
    let alone = json!({"grantees": [by_address], "role": "viewer"});
    let head = world.head().await;
    owner.post(&grants, alone.clone()).await.problem(422, "nothing-applied");
    assert_eq!(world.head().await, head);
    for account in ["a-21", "a-22", "a-23"] {
        world.account(account).await.get(&path).await.problem(404, "not-found");
    }

    app.delete("/v1/accounts/a-21").await.is(200);
    let shared = owner.post(&grants, alone).await;
    assert_eq!(shared.is(200)["results"][0]["grant"]["grantee"]["id"], "a-22");
}

#[tokio::test]
async fn revoking_again_shows_the_link_that_had_ended() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let wanted = json!({"role": "viewer", "label": "reviewers", "max_visits": 3,
        "state": "zoom=3"});
    let made = owner.post(&format!("{path}/links"), wanted).await;
    let token = made.is(201)["link"]["token"].clone();
    let link = format!("{path}/links/{}", made.body["link"]["id"].as_str().unwrap());
    world.visitor().await.post("/v1/links/open", json!({"token": token})).await.is(200);
    let renamed = owner.patch(&link, json!({"label": "referees"})).await;
    renamed.is(200);
    let first = owner.delete(&link).await;
    assert_eq!(first.is(200)["status"], "recorded");
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    let again = owner.delete(&link).await;
    assert_eq!(again.is(200)["status"], "unchanged");
    assert_eq!(again.body["link"], first.body["link"]);
    assert_eq!(again.body["link"]["label"], "referees");
    assert_eq!(again.body["link"]["visits"], json!({"used": 1, "max": 3}));
    assert!(again.body["link"].get("token").is_none());

    let brief = json!({"role": "viewer", "ends_at": "2026-11-21T13:00:00Z"});
    let made = owner.post(&format!("{path}/links"), brief).await;
    let link = format!("{path}/links/{}", made.is(201)["link"]["id"].as_str().unwrap());
    world.clock.advance_seconds(7200);
    let over = owner.delete(&link).await;
    assert_eq!(over.is(200)["status"], "unchanged");
    assert_eq!(over.body["link"]["status"], "expired", "{}", over.told());
}

#[tokio::test]
async fn characters_that_nobody_sees_are_refused_and_a_tag_stands_once() {
    let world = World::start().await;
    let path = "/v1/items/history/8f3a";
    let app = world.app().await;
    let item = |title: &str| registration("a-17", title);
    for wrong in ["a\u{0}b", "a\nb", "a\u{7f}", "\u{85}"] {
        assert_eq!(app.put(path, item(wrong)).await.pointer(), "/title", "{wrong:?}");
    }
    let mut registered = item("RNA-seq 4");
    registered["tags"] = json!(["rna", "mouse", "rna"]);
    registered["description"] = json!("Reads\n\tof a mouse");
    let made = app.put(path, registered).await;
    assert_eq!(made.is(201)["item"]["tags"], json!(["rna", "mouse"]));
    for (field, wrong) in
        [("title", "a\u{0}"), ("description", "a\u{0}"), ("description", "\u{1b}")]
    {
        let refused = app.patch(path, json!({field: wrong})).await;
        assert_eq!(refused.pointer(), format!("/{field}"));
        assert!(refused.text.contains("U+00"), "{}", refused.told());
    }
    let refused = app.patch(path, json!({"tags": ["rna", "a\u{0}"]})).await;
    assert_eq!(refused.pointer(), "/tags/1");
    let owner = world.account("a-17").await;
    let entry = json!({"audience": "anyone", "tags": ["dna", "dna"]});
    let published = owner.put(&format!("{path}/publication"), entry).await;
    assert_eq!(published.is(200)["publication"]["tags"], json!(["dna"]));
    let links = format!("{path}/links");
    for (field, wrong) in [("label", "a\tb"), ("state", "a\u{0}")] {
        let refused = owner.post(&links, json!({"role": "viewer", field: wrong})).await;
        assert_eq!(refused.pointer(), format!("/{field}"));
    }
    let name = json!({"name": "Ada\u{0}"});
    assert_eq!(app.put("/v1/accounts/a-17", name).await.pointer(), "/name");
}
