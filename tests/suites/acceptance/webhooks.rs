//! Every event reaches its webhooks, signed, though receivers are away and the service dies.

use std::{collections::HashMap, time::Duration};
use tests::{
    Client, Value, World, json, on_both_pairs, raw, reading,
    receiver::Receiver,
    wait::until,
    world::{item, registration},
};

on_both_pairs!(
    every_event_arrives_signed_though_the_receiver_is_away_and_the_service_is_killed,
    a_secret_is_replaced_without_a_gap,
    what_is_refused_is_given_up_and_delivered_again_when_asked,
    a_receiver_that_sleeps_delays_no_other,
    a_text_that_is_erased_while_its_event_waits_is_not_sent,
    a_webhook_is_paused_given_up_put_to_work_and_removed,
    what_is_secret_of_a_webhook_stands_nowhere,
);

const ID: &str = "wh_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d";
const OTHER: &str = "wh_0199c1d2e3f47a5b8c9d0e1f2a3b4c5e";

fn path(id: &str) -> String {
    format!("/v1/webhooks/{id}")
}

/// Makes a webhook; answers its secret.
async fn made(caller: &Client, id: &str, receiver: &Receiver, types: Value) -> String {
    let wish = json!({"url": receiver.url(), "label": "search index", "types": types});
    let answer = caller.put(&path(id), wish).await;
    answer.is(201);
    assert_eq!(answer.header("Location"), path(id));
    answer.str("/webhook/secret")
}

async fn items(app: &Client, from: usize, count: usize) {
    for number in from..from + count {
        let path = item("history", &format!("h-{number}"));
        app.put(&path, registration("a-17", "Title")).await.is(201);
    }
}

/// The ids of events of a type behind a position.
async fn recorded(world: &World, kind: &str, behind: u64) -> Vec<String> {
    let trail = reading::trail(world).await;
    let wanted = trail.iter().filter(|event| {
        event["type"].as_str().is_some_and(|name| name.starts_with(kind))
            && event["position"].as_u64() > Some(behind)
    });
    wanted.filter_map(|event| event["id"].as_str().map(str::to_owned)).collect()
}

async fn every_event_arrives_signed_though_the_receiver_is_away_and_the_service_is_killed(
    mut world: World,
) {
    let app = world.app().await;
    let mut receiver = Receiver::start().await;
    items(&app, 0, 3).await;
    let start = raw::head(&world).await;
    let secret = made(&app, ID, &receiver, json!([])).await;
    items(&app, 3, 10).await;
    receiver.wait_for(&recorded(&world, "", start).await).await;
    receiver.leave().await;
    items(&app, 13, 10).await;
    until("a delivery failed", Duration::from_secs(20), || async {
        let webhook = app.get(&path(ID)).await;
        (webhook.is(200)["deliveries"]["failing"]["attempts"].as_u64() > Some(0)).then_some(())
    })
    .await;
    world.node_mut().kill();
    world.node_mut().start_again().await;
    items(&app, 23, 10).await;
    receiver.listen().await;
    let wanted = recorded(&world, "", start).await;
    assert!(wanted.len() > 30);
    receiver.wait_for(&wanted).await;
    let trail = reading::trail(&world).await;
    let by_id: HashMap<&str, &Value> =
        trail.iter().map(|event| (event["id"].as_str().unwrap_or_default(), event)).collect();
    let (mut ids, mut first) = (HashMap::new(), Vec::new());
    for received in receiver.received() {
        assert_eq!(received.signed_by(&secret), 1, "{received:?}");
        let event = received.event();
        let id = ids.entry(event.clone()).or_insert_with(|| {
            first.push(event.clone());
            received.id.clone()
        });
        assert_eq!(*id, received.id, "the id is that of the event");
        assert_eq!(&received.body["data"], by_id[event.as_str()]);
        assert_eq!(received.body["type"], by_id[event.as_str()]["type"]);
        assert_eq!(received.body["timestamp"], by_id[event.as_str()]["time"]);
    }
    assert_eq!(first, wanted, "in the order of the log");
}

async fn a_secret_is_replaced_without_a_gap(mut world: World) {
    let app = world.app().await;
    let receiver = Receiver::start().await;
    let start = raw::head(&world).await;
    let old = made(&app, ID, &receiver, json!(["item.registered"])).await;
    let rotate = format!("{}/rotate-secret", path(ID));
    let rotated = app.post(&rotate, json!({"grace_seconds": 600})).await;
    let new = rotated.str("/webhook/secret");
    assert_ne!(old, new);
    until("the new secret signs", Duration::from_secs(20), || async {
        let number = receiver.received().len();
        items(&app, number, 1).await;
        receiver.wait_for(&recorded(&world, "item.registered", start).await).await;
        let last = receiver.received().pop().expect("a delivery");
        assert_eq!(last.signed_by(&old), 1, "the old one signs too");
        (last.signed_by(&new) == 1).then_some(())
    })
    .await;
    let strict = app.post(&rotate, json!({"grace_seconds": 0})).await;
    let newest = strict.str("/webhook/secret");
    until("only the newest secret signs", Duration::from_secs(20), || async {
        let number = receiver.received().len() + 100;
        items(&app, number, 1).await;
        receiver.wait_for(&recorded(&world, "item.registered", start).await).await;
        let last = receiver.received().pop().expect("a delivery");
        let signed = [&old, &new, &newest].map(|secret| last.signed_by(secret));
        (signed == [0, 0, 1]).then_some(())
    })
    .await;
    let wish = json!({"grace_seconds": 604_801});
    app.post(&rotate, wish).await.problem(400, "invalid-field");
}

async fn what_is_refused_is_given_up_and_delivered_again_when_asked(mut world: World) {
    let app = world.app().await;
    let receiver = Receiver::start().await;
    receiver.answer("item.described", 422);
    let start = raw::head(&world).await;
    made(&app, ID, &receiver, json!(["item."])).await;
    items(&app, 0, 1).await;
    let described = app.patch(&item("history", "h-0"), json!({"title": "Other"})).await;
    let refused = format!("{}-0", described.number("/position"));
    items(&app, 1, 1).await;
    // The one behind it arrives when it was given up.
    receiver.wait_for(&recorded(&world, "item.", start).await).await;
    let list = format!("{}/deliveries?which=dead_letters", path(ID));
    let letters = app.get(&list).await;
    assert_eq!(letters.list("/data").len(), 1, "{}", letters.dump());
    assert_eq!(letters.body["data"][0]["event"], refused.as_str());
    assert_eq!(letters.body["data"][0]["number"], 3);
    assert_eq!(letters.body["data"][0]["status"], 422);
    let recent = app.get(&format!("{}/deliveries", path(ID))).await;
    assert!(recent.list("/data").iter().any(|row| row["outcome"] == "given_up"));
    receiver.answer("item.described", 200);
    let replay = format!("{}/replay", path(ID));
    app.post(&replay, json!({"from": "dead_letters"})).await.is(200);
    until("no dead letter is left", Duration::from_secs(30), || async {
        app.get(&list).await.list("/data").is_empty().then_some(())
    })
    .await;
    let tries: Vec<_> =
        receiver.received().into_iter().filter(|one| one.event() == refused).collect();
    assert_eq!(tries.len(), 4);
    assert!(tries.iter().all(|one| one.id == tries[0].id));
    // Everything again from one event on.
    let before = receiver.received().len();
    app.post(&replay, json!({"from": refused})).await.is(200);
    until("a replay", Duration::from_secs(30), || async {
        let mut came = receiver.received().into_iter().skip(before).map(|one| one.event());
        // The event itself, then the one behind it.
        (came.any(|event| event == refused) && came.next().is_some()).then_some(())
    })
    .await;
    app.post(&replay, json!({"from": "nonsense"})).await.problem(400, "invalid-field");
    app.post(&replay, json!({"from": "99999-0"})).await.problem(400, "time-in-future");
}

async fn a_receiver_that_sleeps_delays_no_other(mut world: World) {
    let app = world.app().await;
    let (asleep, awake) = (Receiver::start().await, Receiver::start().await);
    asleep.sleep();
    let start = raw::head(&world).await;
    made(&app, ID, &asleep, json!(["item."])).await;
    made(&app, OTHER, &awake, json!(["item."])).await;
    items(&app, 0, 20).await;
    let wanted = recorded(&world, "item.", start).await;
    awake.wait_for(&wanted).await;
    assert!(asleep.received().len() <= 1, "one at a time, in order");
    asleep.wake();
    asleep.wait_for(&wanted).await;
}

async fn a_text_that_is_erased_while_its_event_waits_is_not_sent(mut world: World) {
    let app = world.app().await;
    let receiver = Receiver::start().await;
    let start = raw::head(&world).await;
    made(&app, ID, &receiver, json!(["item."])).await;
    app.patch(&path(ID), json!({"status": "paused"})).await.is(200);
    items(&app, 0, 5).await;
    receiver.sleep();
    app.patch(&path(ID), json!({"status": "active"})).await.is(200);
    let came = || async { (!receiver.received().is_empty()).then_some(()) };
    until("the first event is sent", Duration::from_secs(20), came).await;
    let erased = world.admin().post("/v1/accounts/a-17/erase", json!({})).await;
    let auditor = world.auditor().await.after(&erased);
    until("its texts are gone", Duration::from_secs(15), || async {
        let trail = auditor.get("/v1/audit/events?limit=200").await;
        (!trail.text.contains("\"Title\"")).then_some(())
    })
    .await;
    // What is at hand for a second is read again before it is sent.
    tokio::time::sleep(Duration::from_secs(1)).await;
    receiver.wake();
    receiver.wait_for(&recorded(&world, "item.", start).await).await;
    let sent = receiver.received();
    assert!(sent[0].text.contains("\"Title\""), "sent before: {:?}", sent[0]);
    for later in &sent[1..] {
        assert!(!later.text.contains("\"Title\""), "{later:?}");
    }
}

async fn a_webhook_is_paused_given_up_put_to_work_and_removed(mut world: World) {
    let app = world.app().await;
    let receiver = Receiver::start().await;
    let start = raw::head(&world).await;
    made(&app, ID, &receiver, json!(["item."])).await;
    let paused = app.patch(&path(ID), json!({"status": "paused"})).await;
    assert_eq!(paused.is(200)["webhook"]["status"], "paused");
    assert_eq!(app.patch(&path(ID), json!({"status": "paused"})).await.body["status"], "unchanged");
    app.patch(&path(ID), json!({"label": "x"}))
        .if_match(&json!(1))
        .await
        .problem(412, "precondition-failed");
    items(&app, 0, 2).await;
    app.patch(&path(ID), json!({"status": "active"})).await.is(200);
    receiver.wait_for(&recorded(&world, "item.", start).await).await;
    receiver.answer("", 410);
    items(&app, 2, 1).await;
    until("it is given up", Duration::from_secs(20), || async {
        (app.get(&path(ID)).await.is(200)["status"] == "gone").then_some(())
    })
    .await;
    receiver.answer("", 200);
    app.patch(&path(ID), json!({"status": "active"})).await.is(200);
    until("it goes on", Duration::from_secs(20), || async {
        (app.get(&path(ID)).await.is(200)["deliveries"]["delivered"] == 3).then_some(())
    })
    .await;
    let listed = app.get("/v1/webhooks?count=true").await;
    assert_eq!(listed.is(200)["total"]["value"], 1);
    assert_eq!(listed.body["data"][0]["id"], ID);
    let removed = app.delete(&path(ID)).await;
    assert_eq!(removed.is(200)["webhook"], Value::Null);
    assert_eq!(app.delete(&path(ID)).await.is(200)["status"], "unchanged");
    app.get(&path(ID)).await.problem(404, "not-found");
    app.delete(&path(OTHER)).await.problem(404, "not-found");
    assert!(app.get("/v1/webhooks").await.list("/data").is_empty());
    let acting = app.acting_for("a-17");
    acting.get("/v1/webhooks").await.problem(403, "not-permitted");
    acting
        .put(&path(OTHER), json!({"url": receiver.url(), "label": "x"}))
        .await
        .problem(403, "not-permitted");
    for url in ["http://hooks.example/", "https://me:pw@hooks.example/", "ftp://x", "x"] {
        let answer = app.put(&path(OTHER), json!({"url": url, "label": "x"})).await;
        answer.problem(400, "invalid-field");
    }
}

async fn what_is_secret_of_a_webhook_stands_nowhere(mut world: World) {
    let app = world.app().await;
    let receiver = Receiver::start().await;
    let secret = made(&app, ID, &receiver, json!([])).await;
    let key = secret.trim_start_matches("whsec_").to_owned();
    let again = app.put(&path(ID), json!({"url": receiver.url(), "label": "other"})).await;
    assert_eq!(again.is(200)["webhook"]["secret"], Value::Null);
    let trail = reading::trail(&world).await;
    let changes: Vec<_> = trail.iter().filter(|event| event["type"] == "webhook.changed").collect();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0]["target"], json!({"type": "webhook", "id": ID}));
    assert_eq!(changes[1]["after"]["label"], "other");
    let public = format!("{trail:?}{}{}", app.get(&path(ID)).await.text, world.node().written());
    assert!(!public.contains(&key) && !public.contains("va_"), "no secret, no row of the vault");
    for record in raw::log(&world).await {
        assert!(!format!("{record:?}").contains(&key));
    }
}
