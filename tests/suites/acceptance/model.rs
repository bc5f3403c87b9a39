//! Random histories agree with the obvious model, now and at past positions, dry runs and real.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::collections::BTreeMap;
use tests::{
    Answer, Client, Value, World,
    model::{Act, Model},
    on_both_pairs,
    process::seed,
    world::item,
};

on_both_pairs!(random_histories_agree_with_the_model_planned_done_and_past);

const ACCOUNTS: [&str; 5] = ["r-0", "r-1", "r-2", "r-3", "r-4"];
const ROLES: [&str; 4] = ["browser", "viewer", "editor", "manager"];
const VISIBILITIES: [&str; 3] = ["restricted", "internal", "public"];
const STEPS: u32 = 120;

fn random_act(random: &mut StdRng) -> Act {
    let account = ACCOUNTS[random.random_range(0..ACCOUNTS.len())];
    match random.random_range(0..20) {
        0..9 => Act::Share(account, ROLES[random.random_range(0..ROLES.len())]),
        9..13 => Act::Unshare(account),
        13..16 => Act::Visibility(VISIBILITIES[random.random_range(0..3)]),
        16 => Act::Close,
        17 => Act::Reopen(if random.random() { "all" } else { "nothing" }),
        18 => Act::Retire,
        _ => Act::Restore,
    }
}

fn call(caller: &Client, path: &str, act: &Act, query: &str) -> tests::client::Call {
    let (method, rest, body) = act.request();
    let call = caller.call(method, &format!("{path}{rest}{query}"));
    match body {
        Some(body) => call.body(&body),
        None => call,
    }
}

fn roles(list: &Answer) -> BTreeMap<String, String> {
    list.is(200);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = list.list("/data");
    let accounts = rows.iter().filter(|row| row["principal"]["type"] == "account");
    accounts.map(|row| (text(&row["principal"]["id"]), text(&row["role"]))).collect()
}

/// Ids are drawn again by the command; all else must be as in the dry run.
fn without_ids(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !["id", "grant", "version", "link"].contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), without_ids(value)))
            .collect(),
        Value::Array(values) => values.iter().map(without_ids).collect(),
        other => other.clone(),
    }
}

fn types(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["type"].as_str()).collect()
}

async fn random_histories_agree_with_the_model_planned_done_and_past(mut world: World) {
    let mut random = StdRng::seed_from_u64(seed());
    let path = item("history", "8f3a");
    let made = world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let mut model = Model::new("a-17");
    let mut moments = vec![(made.number("/position"), model.roles())];
    let mut newest = made;
    for _ in 0..STEPS {
        let act = random_act(&mut random);
        if !model.possible(&act) {
            continue;
        }
        let dry_run = call(&owner, &path, &act, "?dry_run=true").await;
        dry_run.is(200);
        let done = call(&owner, &path, &act, "").await;
        done.is(200);
        model.act(&act);
        if done.body["status"] == "unchanged" {
            continue;
        }
        assert_eq!(dry_run.body["status"], "planned", "{}", dry_run.dump());
        let results = [&dry_run, &done].map(|answer| without_ids(&answer.body["results"]));
        assert_eq!(results[0], results[1], "{act:?}");
        let history = owner.after(&done).get(&format!("{path}/history?limit=200")).await;
        if history.status == 200 {
            let rows: Vec<Value> = history
                .list("/data")
                .into_iter()
                .filter(|row| row["command"] == done.body["command"])
                .collect();
            let mut recorded = types(&rows);
            let events = dry_run.list("/events");
            let mut promised = types(&events);
            recorded.sort_unstable();
            promised.sort_unstable();
            assert_eq!(promised, recorded, "{act:?}");
        }
        moments.push((done.number("/position"), model.roles()));
        newest = done;
    }
    let admin = world.admin().after(&newest);
    for (position, expected) in &moments {
        let list = admin.get(&format!("{path}/access?at_position={position}&limit=200")).await;
        assert_eq!(&roles(&list), expected, "at position {position}: {}", list.dump());
    }
    let now = admin.get(&format!("{path}/access?limit=200")).await;
    if now.status == 200 {
        assert_eq!(roles(&now), model.roles(), "now: {}", now.dump());
    }
}
