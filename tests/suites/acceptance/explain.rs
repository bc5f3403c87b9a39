//! Explanations of allowed and denied, the same now and at any position.

use std::time::Duration;
use tests::{
    Answer, Client, Value, World, json, on_both_pairs,
    wait::{soon, until},
    world::{item, share},
};

on_both_pairs!(
    every_act_that_made_a_way_is_named_now_as_at_the_head,
    what_was_revoked_is_explained_by_the_act_that_did_it,
    what_ended_by_the_clock_is_explained_by_its_end_recorded_or_not,
    the_state_of_account_and_item_comes_before_what_was_lost,
    before_registration_nothing_is_known,
    a_link_is_explained_alike_now_and_then_whatever_its_audience,
    who_browses_through_an_opened_link_may_ask,
    visits_that_give_nothing_are_named,
    a_view_of_all_items_is_paged_in_the_order_of_first_naming,
    while_the_read_models_stand_the_index_answers_and_says_so,
);

fn asked(subject: &str, action: &str) -> String {
    format!("/v1/explain?subject={subject}&resource=history:8f3a&action={action}")
}

/// The answer now, after it was compared with the answer at the head of the log.
async fn why(caller: &Client, after: &Answer, subject: &str, action: &str) -> Answer {
    let (caller, path) = (caller.after(after), asked(subject, action));
    let now = caller.get(&path).await;
    now.is(200);
    let then = caller.get(&format!("{path}&at_position={}", now.number("/position"))).await;
    for part in ["decision", "paths", "refusal", "role", "permissions", "known_from", "rules"] {
        assert_eq!(now.is(200)[part], then.is(200)[part], "{part}: {} {}", now.dump(), then.dump());
    }
    now
}

fn id_of(answer: &Answer) -> Value {
    json!(format!("{}-0", answer.number("/position")))
}

async fn registered(world: &mut World) -> (String, Client, Client) {
    world.register("history", "8f3a", "a-17").await;
    (item("history", "8f3a"), world.account("a-17").await, world.app().await)
}

async fn every_act_that_made_a_way_is_named_now_as_at_the_head(mut world: World) {
    let (path, owner, app) = registered(&mut world).await;
    let grants = format!("{path}/grants");
    let given = owner.post(&grants, share("a-22", "viewer")).await;
    let one = format!("{grants}/{}", given.str("/results/0/grant/id"));
    let raised = owner.patch(&one, json!({"role": "contributor"})).await;
    let longer = json!({"ends_at": "2999-01-01T00:00:00Z"});
    let bounded = owner.patch(&one, longer).await;
    let answer = why(&app, &bounded, "account:a-22", "contribute").await;
    let expected: Vec<Value> = [&given, &raised, &bounded].map(id_of).to_vec();
    assert_eq!(answer.body["paths"][0]["events"], json!(expected), "{}", answer.dump());
    let acts = answer.list("/paths/0/acts");
    let types: Vec<&Value> = acts.iter().map(|act| &act["type"]).collect();
    assert_eq!(types, ["grant.given", "grant.changed", "grant.changed"]);
    assert!(answer.body["warnings"].is_null(), "{}", answer.dump());
    let links = format!("{path}/links");
    let made = owner.post(&links, json!({"role": "browser"})).await;
    let link = made.str("/link/id");
    let one = format!("{links}/{link}");
    let raised = owner.patch(&one, json!({"role": "viewer"})).await;
    let rotated = owner.post(&format!("{one}/rotate"), json!({})).await;
    let answer = why(&app, &rotated, &format!("link:{link}"), "view").await;
    let expected: Vec<Value> = [&made, &raised, &rotated].map(id_of).to_vec();
    assert_eq!(answer.body["paths"][0]["events"], json!(expected), "{}", answer.dump());
    let seen = owner.put(&format!("{path}/visibility"), json!({"visibility": "public"})).await;
    let answer = why(&app, &seen, "anonymous", "view").await;
    assert_eq!(answer.body["paths"][0]["events"], json!([id_of(&seen)]), "{}", answer.dump());
    let answer = why(&app, &seen, "account:a-17", "own").await;
    assert_eq!(answer.body["paths"][0]["acts"][0]["type"], "item.registered", "{}", answer.dump());
}

async fn what_was_revoked_is_explained_by_the_act_that_did_it(mut world: World) {
    let (path, owner, app) = registered(&mut world).await;
    let given = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    let unshared = owner
        .call("DELETE", &format!("{path}/grants/account/a-22"))
        .header("Sharelog-Ticket", "4711")
        .await;
    let answer = why(&app, &unshared, "account:a-22", "view").await;
    assert_eq!(answer.str("/refusal/reason"), "revoked", "{}", answer.dump());
    let refusal = &answer.body["refusal"];
    assert_eq!((&refusal["by"]["id"], &refusal["at"]), (&id_of(&unshared), &refusal["by"]["time"]));
    assert_eq!(refusal["by"]["type"], "grant.ended");
    assert_eq!(refusal["by"]["actor"], json!({"type": "account", "id": "a-17"}));
    assert_eq!(refusal["by"]["ticket"], "4711");
    assert_eq!(refusal["way"]["events"], json!([id_of(&given)]));
    assert_eq!(
        (&refusal["way"]["via"], &refusal["way"]["role"]),
        (&json!("grant"), &json!("viewer"))
    );
    let detail = answer.str("/refusal/detail");
    assert!(detail.contains("a-17") && detail.contains("a-22"), "{detail}");
    // What it never gave was not revoked; while it stood it was not either.
    let edit = why(&app, &unshared, "account:a-22", "edit").await;
    assert_eq!(edit.str("/refusal/reason"), "nothing", "{}", edit.dump());
    let at = unshared.number("/position") - 1;
    let before = app.get(&format!("{}&at_position={at}", asked("account:a-22", "view"))).await;
    assert_eq!(before.is(200)["decision"], true, "{}", before.dump());

    let made = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let link = made.str("/link/id");
    let revoked = owner.delete(&format!("{path}/links/{link}")).await;
    let answer = why(&app, &revoked, &format!("link:{link}"), "view").await;
    assert_eq!(answer.str("/refusal/by/type"), "link.revoked", "{}", answer.dump());
    let visibility = format!("{path}/visibility");
    owner.put(&visibility, json!({"visibility": "public"})).await.is(200);
    let hidden = owner.put(&visibility, json!({"visibility": "restricted"})).await;
    let answer = why(&app, &hidden, "anonymous", "view").await;
    assert_eq!(answer.str("/refusal/by/type"), "item.visibility_changed", "{}", answer.dump());
    assert_eq!(answer.str("/refusal/way/open_to"), "public");
    owner.post(&format!("{path}/grants"), share("a-23", "editor")).await.is(200);
    owner.post(&format!("{path}/close"), json!({})).await.is(200);
    let reopened = owner.post(&format!("{path}/reopen"), json!({"restore": "nothing"})).await;
    let answer = why(&app, &reopened, "account:a-23", "edit").await;
    assert_eq!(answer.str("/refusal/by/type"), "item.closed", "{}", answer.dump());
    // Who has no rights on the item learns nothing of it, also not about itself.
    let lost = world.account("a-22").await.after(&reopened);
    lost.get(&asked("account:a-22", "view")).await.problem(404, "not-found");
}

async fn what_ended_by_the_clock_is_explained_by_its_end_recorded_or_not(mut world: World) {
    let (path, owner, app) = registered(&mut world).await;
    let ends = soon(1500);
    let mut short = share("a-22", "viewer");
    short["ends_at"] = json!(ends);
    let given = owner.post(&format!("{path}/grants"), short).await;
    let ends = given.str("/results/0/grant/ends_at");
    let fresh = app.after(&given);
    let refused = until("the end has passed", Duration::from_secs(20), || async {
        let answer = fresh.get(&asked("account:a-22", "view")).await;
        (answer.is(200)["decision"] == false).then_some(answer)
    })
    .await;
    let check = |answer: &Answer| {
        assert_eq!(answer.str("/refusal/reason"), "ended", "{}", answer.dump());
        assert_eq!(answer.str("/refusal/at"), ends, "{}", answer.dump());
        assert_eq!(answer.body["refusal"]["way"]["events"], json!([id_of(&given)]));
        assert!(answer.body["refusal"]["by"].is_null(), "the clock: {}", answer.dump());
    };
    check(&refused);
    let auditor = world.auditor().await;
    let swept = until("the end is recorded", Duration::from_secs(20), || async {
        let trail = auditor.get("/v1/audit/events?item=history:8f3a&type=grant.ended").await;
        trail.list("/data").pop()
    })
    .await;
    let at = swept["position"].as_u64().expect("a position");
    let swept = until("the index knows it", Duration::from_secs(20), || async {
        let answer = fresh.get(&asked("account:a-22", "view")).await;
        (answer.number("/position") >= at).then_some(answer)
    })
    .await;
    check(&swept);
    check(&app.get(&format!("{}&at_position={at}", asked("account:a-22", "view"))).await);
}

async fn the_state_of_account_and_item_comes_before_what_was_lost(mut world: World) {
    let (path, owner, app) = registered(&mut world).await;
    app.put("/v1/accounts/a-22", json!({})).await.ok();
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    owner.delete(&format!("{path}/grants/account/a-22")).await.is(200);
    let inactive = app.delete("/v1/accounts/a-22").await;
    inactive.ok();
    let answer = why(&app, &inactive, "account:a-22", "view").await;
    assert_eq!(answer.str("/refusal/reason"), "account_inactive", "{}", answer.dump());
    owner.post(&format!("{path}/grants"), share("a-23", "viewer")).await.is(200);
    let retired = app.delete(&path).await;
    let answer = why(&app, &retired, "account:a-23", "view").await;
    assert_eq!(answer.str("/refusal/reason"), "item_retired", "{}", answer.dump());
    let answer = why(&app, &retired, "account:a-17", "own").await;
    assert_eq!(answer.str("/refusal/reason"), "item_retired", "{}", answer.dump());
}

async fn before_registration_nothing_is_known(mut world: World) {
    world.register("history", "other", "a-17").await;
    let made = world.register("history", "8f3a", "a-17").await;
    let app = world.app().await.after(&made);
    let position = made.number("/position") - 1;
    for moment in ["at=2001-01-01".to_owned(), format!("at_position={position}")] {
        let answer = app.get(&format!("{}&{moment}", asked("account:a-17", "view"))).await;
        assert_eq!(answer.is(200)["decision"], false);
        assert_eq!(answer.str("/refusal/reason"), "unknown_then", "{}", answer.dump());
        assert_eq!(answer.str("/refusal/at"), answer.str("/known_from"));
        assert_eq!(answer.str("/known_from"), made.str("/at"));
        let detail = answer.str("/refusal/detail");
        assert!(!detail.contains("never") && detail.contains("not known"), "{detail}");
    }
    let never = asked("account:a-17", "view").replace("8f3a", "none");
    for moment in ["", "&at=2001-01-01"] {
        let answer = app.get(&format!("{never}{moment}")).await;
        assert_eq!(answer.str("/refusal/reason"), "unknown_item", "{}", answer.dump());
        assert!(answer.body["known_from"].is_null());
    }
}

async fn a_link_is_explained_alike_now_and_then_whatever_its_audience(mut world: World) {
    let (path, owner, app) = registered(&mut world).await;
    for (audience, opens) in [("anyone", true), ("internal", true), ("named", false)] {
        let wanted = json!({"role": "editor", "audience": audience});
        let made = owner.post(&format!("{path}/links"), wanted).await;
        let subject = format!("link:{}", made.str("/link/id"));
        let answer = why(&app, &made, &subject, "edit").await;
        assert_eq!(answer.body["decision"], opens, "{audience}: {}", answer.dump());
        if opens {
            assert_eq!(answer.str("/paths/0/via"), "link", "{audience}");
        } else {
            assert_eq!(answer.str("/refusal/reason"), "nothing", "{audience}");
        }
        let view = owner.after(&made).get(&format!("{path}/view-as?subject={subject}")).await;
        assert_eq!(view.is(200)["visible"], opens, "{audience}: {}", view.dump());
    }
    // Who opened a link for people who are signed in sees what any of them sees.
    let seen = owner.put(&format!("{path}/visibility"), json!({"visibility": "internal"})).await;
    let links = owner.after(&seen).get(&format!("{path}/links")).await.list("/data");
    assert_eq!(links.len(), 3);
    for link in links {
        let subject = format!("link:{}", link["id"].as_str().unwrap_or_default());
        let answer = why(&app, &seen, &subject, "view").await;
        let paths: Vec<Value> =
            answer.list("/paths").iter().map(|path| path["via"].clone()).collect();
        let expected = match link["audience"].as_str() {
            Some("anyone") => json!(["link"]),
            Some("internal") => json!(["visibility", "link"]),
            _ => json!([]),
        };
        let mut paths = paths;
        paths.sort_by_key(|path| path == "link");
        assert_eq!(json!(paths), expected, "{link}: {}", answer.dump());
    }
}

/// Opens a link of the item, made with these options; answers the link's id and the visit.
async fn opened(world: &mut World, by: &Client, options: Value) -> (String, String, Answer) {
    let owner = world.account("a-17").await;
    let made = owner.post(&format!("{}/links", item("history", "8f3a")), options).await;
    let token = made.is(201)["link"]["token"].clone();
    let visit = by.post("/v1/links/open", json!({"token": token})).await.str("/visit");
    (made.str("/link/id"), visit, made)
}

async fn who_browses_through_an_opened_link_may_ask(mut world: World) {
    let (path, _, _) = registered(&mut world).await;
    let stranger = world.account("a-99").await;
    let (link, visit, _) = opened(&mut world, &stranger, json!({"role": "viewer"})).await;
    stranger.get(&asked("account:a-99", "view")).await.problem(404, "not-found");
    let visitor = stranger.with("Sharelog-Visit", &visit);
    visitor.get(&path).await.is(200);
    let answer = visitor.get(&asked("account:a-99", "view")).await;
    assert_eq!(answer.is(200)["decision"], true, "{}", answer.dump());
    assert_eq!(answer.str("/paths/0/link"), link);
    assert!(answer.body["warnings"].is_null(), "{}", answer.dump());
    let edit = visitor.get(&asked("account:a-99", "edit")).await;
    assert_eq!(edit.str("/refusal/reason"), "role_too_low", "{}", edit.dump());
    // Nothing is opened in the past, and it is said.
    let position = answer.number("/position");
    let path = format!("{}&at_position={position}", asked("account:a-99", "view"));
    let then = visitor.get(&path).await;
    assert_eq!(then.is(200)["decision"], false, "{}", then.dump());
    assert!(then.list("/warnings")[0].to_string().contains("not in the past"), "{}", then.dump());
    visitor.get(&asked("account:a-22", "view")).await.problem(403, "not-permitted");
    let anonymous = world.app().await.anonymous().with("Sharelog-Visit", &visit);
    assert_eq!(anonymous.get(&asked("anonymous", "view")).await.is(200)["decision"], true);
}

async fn visits_that_give_nothing_are_named(mut world: World) {
    let (path, owner, _) = registered(&mut world).await;
    let viewer = world.account("a-22").await;
    owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    world.register("history", "other", "a-17").await;
    let links = format!("{}/links", item("history", "other"));
    let foreign = owner.post(&links, json!({"role": "editor"})).await.is(201)["link"].clone();
    let open = json!({"token": foreign["token"]});
    let foreign = viewer.post("/v1/links/open", open).await.str("/visit");
    let (rotated, void, _) = opened(&mut world, &viewer, json!({"role": "editor"})).await;
    owner.post(&format!("{path}/links/{rotated}/rotate"), json!({})).await.is(200);
    let (ended, over, _) = opened(&mut world, &viewer, json!({"role": "editor"})).await;
    let ended = owner.delete(&format!("{path}/links/{ended}")).await;
    let visitor = viewer.after(&ended);
    for (visit, why) in [
        ("nonsense", "visit ignored: invalid signature"),
        (foreign.as_str(), "not open on this item"),
        (void.as_str(), "its link was rotated"),
        (over.as_str(), "not open on this item"),
    ] {
        let visitor = visitor.with("Sharelog-Visit", visit);
        let answer = visitor.get(&asked("account:a-22", "edit")).await;
        assert_eq!(answer.is(200)["decision"], false, "{}", answer.dump());
        let warnings = answer.list("/warnings");
        assert!(warnings.len() == 1 && warnings[0].to_string().contains(why), "{}", answer.dump());
        let view = visitor.get(&format!("{path}/view-as?subject=account:a-22")).await;
        assert_eq!(view.is(200)["warnings"], json!(warnings), "{}", view.dump());
    }
    let answer = visitor.with("Sharelog-Visit", &over).get(&asked("account:a-22", "edit")).await;
    assert_eq!(answer.str("/refusal/reason"), "revoked", "{}", answer.dump());
    assert_eq!(answer.body["refusal"]["by"]["id"], id_of(&ended));
}

async fn a_view_of_all_items_is_paged_in_the_order_of_first_naming(mut world: World) {
    let mut last = None;
    for (kind, id) in [("history", "z"), ("album", "m"), ("history", "a"), ("history", "k")] {
        last = Some(world.register(kind, id, "a-17").await);
    }
    let app = world.app().await.after(&last.expect("an item"));
    let mut found = Vec::new();
    let mut path = "/v1/view-as?subject=account:a-17&limit=1".to_owned();
    loop {
        let page = app.get(&path).await;
        for row in page.is(200)["data"].as_array().expect("rows") {
            let part = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            found.push(format!("{}:{}", part("kind"), part("id")));
        }
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("/v1/view-as?subject=account:a-17&limit=1&cursor={next}");
    }
    assert_eq!(found, ["album:m", "history:z", "history:a", "history:k"]);
}

async fn while_the_read_models_stand_the_index_answers_and_says_so(mut world: World) {
    let (path, owner, _) = registered(&mut world).await;
    let admin = world.admin();
    admin.after(&owner.get(&path).await).get(&format!("{path}/access")).await.is(200);
    admin.post("/v1/projections/access/pause", json!({})).await.is(200);
    world.node_mut().kill();
    world.node_mut().start_again().await;
    let (owner, app) = (world.account("a-17").await, world.app().await);
    let grants = format!("{path}/grants");
    let given = owner.post(&grants, share("a-22", "viewer")).await;
    let one = format!("{grants}/{}", given.str("/results/0/grant/id"));
    owner.patch(&one, json!({"role": "contributor"})).await.is(200);
    let raised = owner.patch(&one, json!({"role": "editor"})).await;
    let answer = app.after(&raised).get(&asked("account:a-22", "edit")).await;
    assert_eq!(answer.is(200)["decision"], true, "{}", answer.dump());
    assert_eq!(answer.body["paths"][0]["events"], json!([id_of(&given), id_of(&raised)]));
    assert_eq!(answer.list("/warnings").len(), 1, "{}", answer.dump());
    let ended = owner.delete(&format!("{grants}/account/a-22")).await;
    let answer = app.after(&ended).get(&asked("account:a-22", "edit")).await;
    assert_eq!(answer.str("/refusal/reason"), "nothing", "{}", answer.dump());
    assert!(answer.list("/warnings")[0].to_string().contains("read models"), "{}", answer.dump());
    world.admin().post("/v1/projections/access/resume", json!({})).await.is(200);
    until("they know it", Duration::from_secs(20), || async {
        let answer = app.after(&ended).get(&asked("account:a-22", "edit")).await;
        (answer.str("/refusal/reason") == "revoked").then_some(())
    })
    .await;
}
