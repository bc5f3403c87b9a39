//! A reader of the feed gets every event once and in order, through restarts and erasure.

use tests::{
    Client, Value, World, json, on_both_pairs, raw, reading,
    sse::{Event, Watch},
    world::{item, registration, share},
};

on_both_pairs!(
    a_reader_gets_every_event_once_through_ends_and_kills_of_the_service,
    filters_choose_by_item_account_and_type,
    what_was_erased_is_told_blank,
    a_reader_is_cut_off_when_its_token_is_revoked,
    who_may_not_read_or_asks_nonsense_is_told_so,
);

async fn some_commands(app: &Client, round: usize) {
    let owner = app.acting_for("a-17");
    for number in 0..4 {
        let path = item("history", &format!("h-{round}-{number}"));
        app.put(&path, registration("a-17", "Title")).await.is(201);
        let mut wanted = share("a-22", "viewer");
        wanted["reason"] = json!("review of the year");
        owner.post(&format!("{path}/grants"), wanted).await.is(200);
        // Several events in one commit.
        let state = json!({"visibility": "internal", "grants": [
            {"grantee": {"type": "account", "id": "a-23"}, "role": "editor"},
            {"grantee": {"type": "account", "id": "a-24"}, "role": "viewer"}]});
        let sharing = owner.get(&format!("{path}/sharing")).await;
        let version = sharing.header("ETag").trim_matches('"').parse::<u64>().expect("a version");
        let put = owner.put(&format!("{path}/sharing"), state).if_match(&json!(version)).await;
        put.is(200);
    }
}

async fn a_reader_gets_every_event_once_through_ends_and_kills_of_the_service(mut world: World) {
    let app = world.app().await;
    let mut watch = Watch::open(&app, "?after=0", None).await;
    let mut got: Vec<Event> = Vec::new();
    for round in 0..3 {
        some_commands(&app, round).await;
        let head = raw::head(&world).await;
        // Half of them is read, then the service ends; the rest is read later.
        got.extend(watch.up_to(head - 5).await);
        if round == 1 {
            world.node_mut().kill();
        } else {
            let begun = std::time::Instant::now();
            assert!(world.node_mut().stop(), "a graceful end");
            assert!(begun.elapsed().as_secs() < 8, "readers do not hold up the end");
        }
        while let Some(event) = watch.next().await {
            got.push(event);
        }
        world.node_mut().start_again().await;
        let last_id = watch.last_id.clone();
        watch = Watch::open(&app, "", Some(&last_id)).await;
    }
    some_commands(&app, 3).await;
    world.register("history", "last", "a-17").await;
    got.extend(watch.up_to(raw::head(&world).await).await);
    let trail = reading::trail(&world).await;
    let ids: Vec<&str> = got.iter().filter_map(|event| event.id.as_deref()).collect();
    let wanted: Vec<&str> = trail.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(ids, wanted);
    assert!(wanted.iter().any(|id| id.ends_with("-2")), "commits with several events");
    for (event, row) in got.iter().zip(&trail) {
        assert_eq!(event.data, *row, "as the audit trail shows it");
        assert_eq!(event.kind.as_deref(), row["type"].as_str());
    }
    assert!(trail.iter().any(|event| event["reason"] == "review of the year"));
}

async fn filters_choose_by_item_account_and_type(mut world: World) {
    let app = world.app().await;
    let queries = [
        "item=history:h-0-1",
        "account=a-23",
        "type=grant.&type=item.registered",
        "type=item.visibility_changed&account=a-17",
        "type=token.revoked",
    ];
    let mut live = Vec::new();
    for query in queries {
        live.push(Watch::open(&app, &format!("?{query}"), None).await);
    }
    let start = raw::head(&world).await;
    some_commands(&app, 0).await;
    // What all filters pass ends the reading.
    let token = world.issue(json!({"role": "auditor", "label": "x"})).await;
    drop(token);
    let trail = reading::trail(&world).await;
    let grants = |event: &&Value| event["type"].as_str().is_some_and(|t| t.starts_with("grant."));
    let wanted = [
        trail.iter().filter(|event| event["item"]["id"] == "h-0-1").collect::<Vec<_>>(),
        trail.iter().filter(|event| event["target"]["id"] == "a-23").collect(),
        trail.iter().filter(|e| grants(e) || e["type"] == "item.registered").collect(),
        trail.iter().filter(|event| event["type"] == "item.visibility_changed").collect(),
        Vec::new(),
    ];
    for ((query, mut watch), wanted) in queries.iter().zip(live).zip(wanted) {
        let past = Watch::open(&app, &format!("?after={start}&{query}"), None).await;
        for (which, watch) in [("live", &mut watch), ("past", &mut { past })] {
            for event in &wanted {
                let next = watch.next().await.expect("the next event");
                assert_eq!(next.data, **event, "{which} {query}");
            }
        }
        assert!(query.contains("token") || wanted.len() >= 4, "{query}");
    }
}

async fn what_was_erased_is_told_blank(mut world: World) {
    let app = world.app().await;
    app.put("/v1/accounts/a-17", json!({"name": "Ada"})).await.is(201);
    let mut live = Watch::open(&app, "?after=0", None).await;
    let path = item("history", "8f3a");
    app.put(&path, registration("a-17", "plantedtitle")).await.is(201);
    let mut wanted = share("a-22", "viewer");
    wanted["reason"] = json!("plantedreason");
    let shared = world.account("a-17").await.post(&format!("{path}/grants"), wanted).await;
    let before = live.up_to(shared.number("/position")).await;
    let events = format!("{before:?}");
    assert!(events.contains("plantedtitle") && events.contains("plantedreason"), "{events}");
    let erased = app.post("/v1/accounts/a-17/erase", json!({})).await;
    erased.is(200);
    let head = erased.number("/position");
    live.up_to(head).await;
    for _ in 0..3 {
        let events = Watch::open(&app, "?after=0", None).await.up_to(head).await;
        assert_eq!(events.len(), reading::trail(&world).await.len());
        assert!(!format!("{events:?}").contains("planted"), "{events:?}");
    }
}

async fn a_reader_is_cut_off_when_its_token_is_revoked(world: World) {
    let wanted = json!({"role": "app", "label": "lab"});
    let token = world.admin().post("/v1/tokens", wanted).await;
    let reader = world.without_token().token(&token.str("/token/secret"));
    let mut watch = Watch::open(&reader, "?type=item.", None).await;
    let mut other = Watch::open(&world.admin(), "?type=token.revoked", None).await;
    world.admin().delete(&format!("/v1/tokens/{}", token.str("/token/id"))).await.is(200);
    assert!(other.next().await.is_some());
    assert_eq!(watch.next().await, None);
}

async fn who_may_not_read_or_asks_nonsense_is_told_so(mut world: World) {
    let app = world.app().await;
    let own = json!({"role": "account", "label": "laptop", "account": "a-1"});
    let account = world.without_token().token(&world.issue(own).await);
    account.get("/v1/watch").await.problem(403, "not-permitted");
    app.acting_for("a-1").get("/v1/watch").await.problem(403, "not-permitted");
    let unscoped = json!({"role": "app", "label": "x", "scopes": ["items"]});
    let unscoped = world.without_token().token(&world.issue(unscoped).await);
    unscoped.get("/v1/watch").await.problem(403, "scope-missing");
    for query in ["after=x", "type=nonsense", "item=x", "account=a@b", "colour=red"] {
        let answer = app.get(&format!("/v1/watch?{query}")).await;
        answer.problem(400, "invalid-field");
    }
    let last = app.get("/v1/watch").header("Last-Event-ID", "x").await;
    last.problem(400, "invalid-field");
    app.get("/v1/watch?after=99999-0").await.problem(400, "time-in-future");
    let wrong = app.get("/v1/watch").header("Accept", "application/json").await;
    wrong.problem(406, "not-acceptable");
    // The auditor reads too; no address of a link is disclosed.
    let auditor = world.auditor().await;
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let link = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let events =
        Watch::open(&auditor, "?after=0", None).await.up_to(link.number("/position")).await;
    assert!(!format!("{events:?}").contains(&link.str("/link/token")));
}
