//! Restricted, internal, public: access to an item without any grant.

use tests::{World, json, on_both_pairs, world::item};

on_both_pairs!(
    visibility_opens_to_accounts_or_to_anyone_and_closes_again,
    the_preview_of_opening_and_closing_says_that_any_account_is_meant,
    restricting_again_says_what_is_still_open,
);

async fn visibility_opens_to_accounts_or_to_anyone_and_closes_again(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let (stranger, anonymous) = (world.account("a-99").await, world.app().await.anonymous());
    let visibility = format!("{path}/visibility");

    owner.put(&visibility, json!({"visibility": "internal"})).await.is(200);
    stranger.get(&path).await.is(200);
    anonymous.get(&path).await.problem(404, "not-found");

    let public = owner.put(&visibility, json!({"visibility": "public"})).await;
    assert_eq!(public.is(200)["item"]["visibility"], "public");
    let seen = anonymous.get(&path).await;
    assert!(seen.is(200)["you_may"].as_array().is_some_and(|may| may.contains(&json!("view"))));
    stranger
        .post(&format!("{path}/grants"), tests::world::share("a-99", "viewer"))
        .await
        .problem(403, "not-permitted");

    let again = owner.put(&visibility, json!({"visibility": "public"})).await;
    assert_eq!(again.is(200)["status"], "unchanged");
    owner.put(&visibility, json!({"visibility": "restricted"})).await.is(200);
    stranger.get(&path).await.problem(404, "not-found");
    owner.put(&visibility, json!({"visibility": "secret"})).await.problem(400, "invalid-field");
}

async fn the_preview_of_opening_and_closing_says_that_any_account_is_meant(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let visibility = format!("{path}/visibility");
    let dry = format!("{visibility}?dry_run=true");
    let widened = owner.put(&dry, json!({"visibility": "internal"})).await;
    assert_eq!(widened.is(200)["gains"]["sample"][0]["principal"], json!({"type": "account"}));
    assert_eq!(widened.body["gains"]["complete"], false, "{}", widened.dump());
    let entry = format!("{path}/publication?dry_run=true");
    let publishing = owner.put(&entry, json!({"audience": "internal"})).await;
    assert_eq!(publishing.is(200)["gains"], widened.body["gains"]);
    owner.put(&visibility, json!({"visibility": "internal"})).await.is(200);
    let closing = owner.put(&dry, json!({"visibility": "restricted"})).await;
    assert_eq!(closing.is(200)["loses"], widened.body["gains"]);
}

async fn restricting_again_says_what_is_still_open(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.share(&path, "a-17", "a-22", "viewer").await;
    let owner = world.account("a-17").await;
    let visibility = format!("{path}/visibility");
    owner.put(&visibility, json!({"visibility": "public"})).await.is(200);
    let closed = owner.put(&visibility, json!({"visibility": "restricted"})).await;
    assert!(!closed.list("/still_open").is_empty(), "{}", closed.dump());
}
