//! Previews before a command and remaining access after it: opening and closing to everybody, and
//! narrowing.

use crate::world::{World, share};
use serde_json::{Value, json};

fn anybody() -> Value {
    json!({"principal": {"type": "account"}, "permissions": ["browse", "view", "download", "copy"]})
}

fn anonymous() -> Value {
    json!({"principal": {"type": "anonymous"},
        "permissions": ["browse", "view", "download", "copy"]})
}

fn side(sample: &Value, complete: bool) -> Value {
    let count = sample.as_array().unwrap().len();
    json!({"count": count, "sample": sample, "complete": complete})
}

#[tokio::test]
async fn a_dry_run_says_that_any_account_gains_or_loses() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    owner.post(&format!("{path}/grants"), share("a-22", "editor")).await.is(200);
    let visibility = format!("{path}/visibility");
    let dry = format!("{visibility}?dry_run=true");
    let publication = format!("{path}/publication?dry_run=true");
    let nobody = || side(&json!([]), true);
    let all = || side(&json!([anybody()]), false);

    for planned in [
        owner.put(&dry, json!({"visibility": "internal"})).await,
        owner.put(&publication, json!({"audience": "internal"})).await,
    ] {
        assert_eq!(planned.is(200)["gains"], all(), "{}", planned.told());
        assert_eq!(planned.body["loses"], nobody());
    }
    let everybody = side(&json!([anybody(), anonymous()]), false);
    for planned in [
        owner.put(&dry, json!({"visibility": "public"})).await,
        owner.put(&publication, json!({"audience": "anyone"})).await,
    ] {
        assert_eq!(planned.is(200)["gains"], everybody, "{}", planned.told());
    }

    owner.put(&visibility, json!({"visibility": "internal"})).await.is(200);
    let planned = owner.put(&dry, json!({"visibility": "restricted"})).await;
    assert_eq!(planned.is(200)["loses"], all(), "{}", planned.told());
    assert_eq!(planned.body["gains"], nobody());
    let planned = owner.put(&dry, json!({"visibility": "public"})).await;
    assert_eq!(planned.is(200)["gains"], side(&json!([anonymous()]), true), "accounts had it");
    let closing = owner.post(&format!("{path}/close?dry_run=true"), json!({})).await;
    assert_eq!(closing.is(200)["loses"]["sample"][0], anybody(), "{}", closing.told());
    assert_eq!(closing.body["loses"]["complete"], false);
}

#[tokio::test]
async fn those_who_are_many_are_in_the_sample_however_many_are_named() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grantees: Vec<Value> =
        (0..30).map(|n| json!({"type": "account", "id": format!("b-{n}")})).collect();
    let wanted = json!({"grantees": grantees, "role": "editor"});
    owner.post(&format!("{path}/grants"), wanted).await.is(200);
    owner.put(&format!("{path}/visibility"), json!({"visibility": "public"})).await.is(200);
    let closing = owner.post(&format!("{path}/close?dry_run=true"), json!({})).await;
    let loses = &closing.is(200)["loses"];
    assert_eq!((&loses["count"], &loses["complete"]), (&json!(32), &json!(false)));
    let sample = loses["sample"].as_array().unwrap();
    assert_eq!(sample.len(), 20);
    assert_eq!(sample[..2], [anybody(), anonymous()], "{}", closing.told());
}

#[tokio::test]
async fn narrowing_a_publication_says_what_is_still_open() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let link = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let link = &link.is(201)["link"]["id"];
    let publication = format!("{path}/publication");
    owner.put(&publication, json!({"audience": "anyone"})).await.is(200);
    let open = json!([{"via": "visibility", "visibility": "public", "role": "viewer"},
        {"via": "link", "link": link, "role": "viewer"}]);
    for narrower in
        [json!({"audience": "internal"}), json!({"audience": "groups", "groups": ["g-3"]})]
    {
        let narrowed = owner.put(&publication, narrower).await;
        assert_eq!(narrowed.is(200)["still_open"], open, "{}", narrowed.told());
        assert_eq!(narrowed.body["also"], json!([]), "the visibility stays");
    }
    world.visitor().await.get(&path).await.is(200);
}
