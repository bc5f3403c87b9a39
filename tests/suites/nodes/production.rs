//! Two instances of the service, both taking commands for the same items.

use std::time::Duration;
use tests::{
    Answer, Client, Pair, World, json,
    load::{Load, assert_log_is_what_was_answered},
    process::seed,
    raw, reading, rebuilds,
    receiver::Receiver,
    sse::Watch,
    wait::until,
    world::{item, share},
};

/// Two nodes, and a caller at each acting for the owner of all items.
async fn two_nodes() -> (World, Client, Client) {
    let mut world = World::start(Pair::Production).await;
    let second = world.add_node().await.base();
    reading::prepare(&mut world).await;
    let here = world.account("a-17").await;
    let there = here.at(&second);
    (world, here, there)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_at_both_nodes_are_recorded_once_each() {
    let (mut world, here, there) = two_nodes().await;
    let load = Load::new(vec![here, there]);
    let workers = load.start(8, seed());
    until("enough commands", Duration::from_mins(1), || async {
        (load.acknowledged() >= 300).then_some(())
    })
    .await;
    load.stop();
    for worker in workers {
        worker.await.expect("a worker");
    }
    assert_log_is_what_was_answered(&load.issued(), &raw::log(&world).await);
    one_projector_effect(&world).await;
    world.nodes.truncate(1);
    reading::assert_equal_to_a_fresh_rebuild(&mut world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_asked_for_at_both_nodes_is_made_once() {
    let (mut world, here, there) = two_nodes().await;
    let load = Load::new(vec![here.clone(), there]);
    let workers = load.start(4, seed());
    let admin = world.admin();
    let beside = admin.at(&world.nodes[1].base());
    for round in 1..=2 {
        tokio::join!(rebuilds::ask(&admin, "rebuild"), rebuilds::ask(&beside, "rebuild"));
        rebuilds::assert_equal(&rebuilds::ended(&beside).await);
        let generations = async |admin: &Client| {
            let rows = admin.get("/v1/projections").await.list("/data");
            rows.iter().filter_map(|row| row["generation"].as_u64()).collect::<Vec<_>>()
        };
        let read = generations(&admin).await;
        assert!(read.iter().all(|generation| *generation >= round), "{read:?}");
        assert_eq!(generations(&beside).await, read);
    }
    load.stop();
    for worker in workers {
        worker.await.expect("a worker");
    }
    one_projector_effect(&world).await;
    world.nodes.truncate(1);
    reading::assert_equal_to_a_fresh_rebuild(&mut world).await;
}

/// The rows of the audit trail are the events of the log, each once.
async fn one_projector_effect(world: &World) {
    reading::caught_up(world).await;
    let log = raw::log(world).await;
    let events: usize = log.iter().map(|record| record.types().len()).sum();
    let client = world.postgres.as_ref().expect("a database").connect().await;
    let query = "SELECT count(*), count(DISTINCT event_id) FROM sharelog.audit_trail";
    let row = client.query_one(query, &[]).await.expect("the audit trail");
    let (rows, distinct): (i64, i64) = (row.get(0), row.get(1));
    assert_eq!((rows, distinct), (i64::try_from(events).unwrap_or(-1), rows));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_at_both_nodes_is_one_command() {
    let (world, here, there) = two_nodes().await;
    let path = format!("{}/grants", item("history", "i-0"));
    for round in 0..25 {
        let head = raw::head(&world).await;
        let body = share(&format!("r-{round}"), "viewer");
        let key = format!("shared-{round}");
        let first = here.post(&path, body.clone()).key(&key);
        let second = there.post(&path, body).key(&key);
        let (first, second) = tokio::join!(first.into_future(), second.into_future());
        assert_eq!(first.is(200)["command"], second.is(200)["command"], "round {round}");
        assert_eq!(first.body["results"], second.body["results"], "round {round}");
        let replayed = |answer: &Answer| !answer.header("Idempotency-Replayed").is_empty();
        assert!(replayed(&first) != replayed(&second), "one of them is the first, round {round}");
        assert_eq!(raw::head(&world).await, head + 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_node_answers_no_change_only_when_it_is_true() {
    let (_world, here, there) = two_nodes().await;
    let path = format!("{}/grants", item("history", "i-0"));
    let one = format!("{path}/account/r-1");
    for round in 0..20 {
        let given = here.post(&path, share("r-1", "viewer")).await;
        assert_eq!(given.is(200)["status"], "recorded", "round {round}");
        let same = there.post(&path, share("r-1", "viewer")).await;
        assert_eq!(same.is(200)["status"], "unchanged", "round {round}");
        let ended = there.delete(&one).await;
        assert_eq!(ended.is(200)["status"], "recorded", "round {round}");
        let same = here.delete(&one).await;
        assert_eq!(same.is(200)["status"], "unchanged", "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_link_opens_exactly_as_often_at_both_nodes() {
    let (_world, here, there) = two_nodes().await;
    let wanted = json!({"role": "viewer", "max_visits": 5});
    let link = here.post(&format!("{}/links", item("history", "i-1")), wanted).await;
    let token = json!({"token": link.is(201)["link"]["token"]});
    let calls = (0..16).map(|number| {
        let caller = if number % 2 == 0 { &here } else { &there };
        caller.post("/v1/links/open", token.clone()).into_future()
    });
    let answers = futures::future::join_all(calls).await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_feed_goes_on_at_the_other_node() {
    let (world, here, there) = two_nodes().await;
    let readers = [here.clone(), there.clone()].map(|node| node.token(world.admin_token()));
    let path = item("history", "i-0");
    let (mut last, mut got) = ("0".to_owned(), Vec::new());
    for round in 0..10 {
        // The command at one node, the reader at the other.
        let shared = here.post(&format!("{path}/grants"), share(&format!("r-{round}"), "viewer"));
        let position = shared.await.number("/position");
        let reader = readers[(round + 1) % 2].plain();
        let mut watch = Watch::open(&reader, "", Some(&last)).await;
        got.extend(watch.up_to(position).await.into_iter().filter_map(|event| event.id));
        last.clone_from(&watch.last_id);
    }
    let trail = reading::trail(&world).await;
    let wanted: Vec<_> = trail.iter().filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(got, wanted);
}

/// The grants given behind a position, by their events.
async fn given(world: &World, start: u64) -> Vec<String> {
    let trail = reading::trail(world).await;
    let given = trail
        .iter()
        .filter(|event| event["type"] == "grant.given" && event["position"].as_u64() > Some(start));
    given.filter_map(|event| event["id"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_delivers_to_webhooks_when_one_dies() {
    let (mut world, _, there) = two_nodes().await;
    let receiver = Receiver::start().await;
    let start = raw::head(&world).await;
    let hook = "/v1/webhooks/wh_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d";
    let wish = json!({"url": receiver.url(), "label": "x", "types": ["grant."]});
    let caller = there.token(world.admin_token()).plain();
    let secret = caller.put(hook, wish).await.str("/webhook/secret");
    let path = format!("{}/grants", item("history", "i-0"));
    for round in 0..5 {
        there.post(&path, share(&format!("r-{round}"), "viewer")).await.is(200);
    }
    receiver.wait_for(&given(&world, start).await).await;
    // Whichever delivers: each dies once, and the other goes on.
    for round in 5..7 {
        world.nodes[round % 2].kill();
        let caller = there.at(&world.nodes[(round + 1) % 2].base());
        caller.post(&path, share(&format!("r-{round}"), "viewer")).await.is(200);
        let last = caller.token(world.admin_token()).plain();
        let sent = receiver.received().len();
        until("the other node delivers", Duration::from_mins(1), || async {
            (receiver.received().len() > sent).then_some(())
        })
        .await;
        last.get(hook).await.is(200);
        world.nodes[round % 2].start_again().await;
    }
    receiver.wait_for(&given(&world, start).await).await;
    assert!(receiver.received().iter().all(|one| one.signed_by(&secret) == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_takes_longer_than_a_lease_gets_an_event_from_one_node() {
    let (world, _, there) = two_nodes().await;
    let receiver = Receiver::start().await;
    let start = raw::head(&world).await;
    let hook = "/v1/webhooks/wh_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d";
    let wish = json!({"url": receiver.url(), "label": "x", "types": ["grant."]});
    let caller = there.token(world.admin_token()).plain();
    caller.put(hook, wish).await.is(201);
    receiver.sleep();
    let path = format!("{}/grants", item("history", "i-0"));
    there.post(&path, share("r-0", "viewer")).await.is(200);
    receiver.wait_for(&given(&world, start).await).await;
    // A lease lasts 15 seconds, a receiver has 20.
    tokio::time::sleep(Duration::from_secs(18)).await;
    assert_eq!(receiver.received().len(), 1, "no other node sends meanwhile");
    receiver.wake();
    until("it is delivered", Duration::from_secs(20), || async {
        (caller.get(hook).await.is(200)["deliveries"]["delivered"] == 1).then_some(())
    })
    .await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_at_one_node_is_visible_at_the_other_when_asked_so() {
    let (_world, here, there) = two_nodes().await;
    let path = item("history", "i-2");
    for round in 0..20 {
        let account = format!("r-{round}");
        let shared = here.post(&format!("{path}/grants"), share(&account, "viewer")).await;
        let list = there.after(&shared).get(&format!("{path}/access?limit=200")).await;
        list.is(200);
        assert!(list.text.contains(&format!("\"{account}\"")), "round {round}: {}", list.dump());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoke_at_one_node_is_refused_by_the_next_check_at_the_other() {
    let (_world, here, there) = two_nodes().await;
    let grants = format!("{}/grants", item("history", "i-3"));
    let asked = json!({
        "subject": {"type": "account", "id": "r-1"},
        "action": {"name": "view"},
        "resource": {"type": "history", "id": "i-3"},
    });
    let ask = |caller: Client| caller.post("/access/v1/evaluation", asked.clone());
    // The owner may ask about those with whom it shares.
    for round in 0..200 {
        let given = here.post(&grants, share("r-1", "viewer")).await;
        given.is(200);
        let yes = ask(there.after(&given)).await;
        assert_eq!(yes.is(200)["decision"], true, "round {round}: {}", yes.dump());
        let ended = here.delete(&format!("{grants}/account/r-1")).await;
        ended.is(200);
        let no = ask(there.after(&ended)).await;
        assert_eq!(no.is(200)["decision"], false, "round {round}: {}", no.dump());
        assert!(no.number("/context/position") >= ended.number("/position"), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_revoked_at_one_node_is_refused_at_the_other() {
    let (world, _, there) = two_nodes().await;
    for round in 0..20 {
        let wanted = json!({"role": "app", "label": format!("brief {round}")});
        let made = world.admin().post("/v1/tokens", wanted).await;
        let caller = there.without_token().token(&made.str("/token/secret"));
        caller.get("/v1/kinds").await.is(200);
        let id = made.str("/token/id");
        let ended = world.admin().delete(&format!("/v1/tokens/{id}")).await;
        ended.is(200);
        caller.after(&ended).get("/v1/kinds").await.problem(401, "not-authenticated");
    }
}
