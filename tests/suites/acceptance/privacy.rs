//! Private data is found nowhere that it must not be, and after an erasure nowhere at all.

use std::time::Duration;
use tests::{Pair, Value, World, json, on_both_pairs, raw, wait::until, world::item};

on_both_pairs!(
    what_is_private_stands_open_neither_on_the_log_nor_in_activity_nor_in_any_log_file,
    after_an_erasure_nothing_of_the_person_is_left,
    the_wrong_roles_see_no_secret,
);

const NAME: &str = "Zyxwva Plantedname";
const ADDRESS: &str = "planted.person@hidden.example";
const TITLE: &str = "plantedtitle about a patient";
const DESCRIPTION: &str = "planteddescription of a patient";
const TAG: &str = "plantedtag";
const REASON: &str = "plantedreason of the act";
const LABEL: &str = "plantedlabel of a link";
const STATE: &str = "plantedstate=7";
const PASSWORD: &str = "plantedpassword 42";

struct Planted {
    link: Value,
    visit: String,
    path: String,
}

/// A person with a name, an address, an item, a link, a reason and a password.
async fn plant(world: &mut World) -> Planted {
    let app = world.app().await;
    let profile = json!({"name": NAME, "addresses": [{"address": ADDRESS, "verified": true}]});
    app.put("/v1/accounts/a-17", profile).await.is(201);
    let path = item("history", "8f3a");
    let body = json!({"owner": {"type": "account", "id": "a-17"}, "title": TITLE,
        "description": DESCRIPTION, "tags": [TAG]});
    app.put(&path, body).await.is(201);
    let owner = world.account("a-17").await.with("Sharelog-Client-Address", "203.0.113.77");
    let mut wanted = tests::world::share("a-22", "manager");
    wanted["reason"] = json!(REASON);
    owner.post(&format!("{path}/grants"), wanted).await.is(200);
    // The manager shares with the owner's address: refused, and the address goes nowhere.
    let manager = world.account("a-22").await;
    let by_address = json!({"grantees": [{"type": "email", "address": ADDRESS}], "role": "viewer"});
    drop(manager.post(&format!("{path}/grants"), by_address).await);
    let link = json!({"label": LABEL, "role": "viewer", "state": STATE, "password": PASSWORD});
    let made = owner.post(&format!("{path}/links"), link).await;
    let link = made.is(201)["link"].clone();
    let anonymous = app.anonymous().with("Sharelog-Client-Address", "203.0.113.77");
    let wrong = json!({"token": link["token"], "password": "plantedpassword 41"});
    anonymous.post("/v1/links/open", wrong).await.problem(403, "link-password-wrong");
    let right = json!({"token": link["token"], "password": PASSWORD});
    let opened = anonymous.post("/v1/links/open", right).await;
    opened.is(200);
    let giving_a_reason = owner.with("Sharelog-Reason", "plantedreason%20again");
    let visibility =
        giving_a_reason.put(&format!("{path}/visibility"), json!({"visibility": "internal"})).await;
    visibility.is(200);
    // Everything has been projected, and the batch of activity is written.
    owner.after(&visibility).get(&format!("{path}/history")).await.is(200);
    Planted { link, visit: opened.str("/visit"), path }
}

async fn what_is_private_stands_open_neither_on_the_log_nor_in_activity_nor_in_any_log_file(
    mut world: World,
) {
    let planted = plant(&mut world).await;
    let token = planted.link["token"].as_str().unwrap_or_default().to_owned();
    let admin = world.admin_token().to_owned();
    let secrets = [
        NAME,
        ADDRESS,
        "203.0.113.77",
        &token,
        &planted.visit,
        PASSWORD,
        &admin,
        "plantedpassword",
    ];
    let texts = [TITLE, DESCRIPTION, TAG, REASON, LABEL, STATE, "plantedreason"];
    until("activity is written", Duration::from_secs(10), || async {
        let places = raw::everything(&world).await;
        places.get("activity").is_some_and(|text| text.contains("link.opened")).then_some(())
    })
    .await;
    let places = raw::everything(&world).await;
    assert!(places["log"].contains("grant.given"), "the log is really read");
    assert!(places["views"].contains("8f3a"), "the views are really read");
    for place in ["log", "activity", "service log"] {
        for word in secrets.iter().chain(&texts) {
            assert!(!places[place].contains(word), "`{word}` stands in the {place}");
        }
    }
    for word in secrets {
        assert!(!places["views"].contains(word), "`{word}` stands in the views");
    }
    for word in [&token, &planted.visit, PASSWORD, &admin] {
        assert!(!places["vault"].contains(word), "`{word}` stands in the vault");
    }
}

async fn after_an_erasure_nothing_of_the_person_is_left(mut world: World) {
    let planted = plant(&mut world).await;
    let admin = world.admin();
    let erased = admin.post("/v1/accounts/a-17/erase", json!({})).await;
    erased.ok();
    let words = [
        NAME,
        ADDRESS,
        TITLE,
        DESCRIPTION,
        TAG,
        LABEL,
        STATE,
        PASSWORD,
        "plantedreason",
        "plantedtitle",
    ];
    until("the vault and the views have forgotten", Duration::from_secs(20), || async {
        let places = raw::everything(&world).await;
        let left = words.iter().any(|word| places.values().any(|text| text.contains(word)));
        (!left).then_some(())
    })
    .await;
    let auditor = world.auditor().await.after(&erased);
    for path in ["/v1/audit/events?limit=200".to_owned(), format!("{}/history", planted.path)] {
        let read = auditor.get(&path).await;
        for word in words {
            assert!(!read.text.contains(word), "`{word}` is disclosed by {path}");
        }
    }
    let app = world.app().await;
    let read = app.get("/v1/accounts/a-17").await;
    for word in words {
        assert!(!read.text.contains(word), "{}", read.dump());
    }
    if world.pair == Pair::Embedded {
        assert!(world.node_mut().stop(), "a graceful end");
        for (file, bytes) in raw::file_bytes(&world.node().data) {
            for word in words {
                assert!(!raw::holds(&bytes, word), "`{word}` is left in {file}");
            }
        }
    }
}

async fn the_wrong_roles_see_no_secret(mut world: World) {
    let planted = plant(&mut world).await;
    let auditor = world.auditor().await;
    let reader = world.account("a-99").await;
    let token = planted.link["token"].as_str().unwrap_or_default();
    let path = &planted.path;
    let links = auditor.get(&format!("{path}/links")).await;
    links.is(200);
    assert!(!links.text.contains(token), "an auditor sees no address of a link");
    for part in ["", "/history", "/access"] {
        let answer = auditor.get(&format!("{path}{part}")).await;
        for word in [token, ADDRESS, PASSWORD, &planted.visit] {
            assert!(!answer.text.contains(word), "`{word}`: {}", answer.dump());
        }
    }
    for part in ["/links", "/history", "/access", "/grants"] {
        let answer = reader.get(&format!("{path}{part}")).await;
        for word in [token, ADDRESS, NAME, LABEL, REASON] {
            assert!(!answer.text.contains(word), "`{word}`: {}", answer.dump());
        }
    }
}
