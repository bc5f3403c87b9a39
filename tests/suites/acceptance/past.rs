//! Access as of a past position, instant or day; the history in words; the audit trail.

use tests::{Answer, Value, World, json, on_both_pairs, world::item};

on_both_pairs!(
    the_access_list_is_read_as_of_past_positions_and_times,
    before_registration_the_answer_is_unknown_and_the_future_is_refused,
    the_history_of_an_item_reads_as_plain_sentences,
    the_audit_trail_is_filtered_and_paged,
    the_access_list_names_paths_acts_and_actors,
);

fn principals(answer: &Answer) -> Vec<String> {
    answer.ok();
    let rows = answer.list("/data");
    let accounts = rows.iter().filter(|row| row["principal"]["type"] == "account");
    let mut ids: Vec<String> = accounts
        .map(|row| row["principal"]["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    ids.sort();
    ids
}

async fn the_access_list_is_read_as_of_past_positions_and_times(mut world: World) {
    let path = item("history", "8f3a");
    let made = world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let shared = owner.post(&grants, tests::world::share("a-22", "viewer")).await;
    shared.is(200);
    let second = owner.post(&grants, tests::world::share("a-23", "editor")).await;
    second.is(200);
    let ended = owner.delete(&format!("{grants}/account/a-22")).await;
    ended.is(200);
    let reader = owner.after(&ended);
    let access = |query: String| reader.get(&format!("{path}/access{query}"));

    assert_eq!(principals(&access(String::new()).await), ["a-17", "a-23"]);
    let at = |answer: &Answer| format!("?at_position={}", answer.number("/position"));
    assert_eq!(principals(&access(at(&made)).await), ["a-17"]);
    assert_eq!(principals(&access(at(&shared)).await), ["a-17", "a-22"]);
    let then = access(at(&second)).await;
    assert_eq!(principals(&then), ["a-17", "a-22", "a-23"]);
    assert_eq!(then.number("/as_of/position"), second.number("/position"));
    assert!(then.body["known_from"].is_string() && then.body["rules"].is_u64(), "{}", then.dump());

    let when = shared.str("/at");
    assert_eq!(principals(&access(format!("?at={when}")).await), ["a-17", "a-22"], "{when}");
    assert_eq!(principals(&access(format!("?at={}", ended.str("/at"))).await), ["a-17", "a-23"]);
}

async fn before_registration_the_answer_is_unknown_and_the_future_is_refused(mut world: World) {
    let path = item("history", "8f3a");
    let made = world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await.after(&made);
    let before = owner.get(&format!("{path}/access?at=2001-01-01")).await;
    before.is(200);
    assert!(before.list("/data").is_empty() && before.body["known_from"].is_string());
    owner.get(&format!("{path}/access?at=2999-01-01")).await.problem(400, "time-in-future");
    owner.get(&format!("{path}/access?at_position=999999")).await.problem(400, "time-in-future");
    owner.get(&format!("{path}/access?at=yesterday")).await.problem(400, "invalid-field");
}

async fn the_history_of_an_item_reads_as_plain_sentences(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let mut wanted = tests::world::share("a-22", "viewer");
    wanted["ends_at"] = json!("2999-01-01T00:00:00Z");
    wanted["reason"] = json!("review of the paper");
    wanted["ticket"] = json!("4711");
    let shared = owner.post(&format!("{path}/grants"), wanted).await;
    let history = owner.after(&shared).get(&format!("{path}/history")).await;
    history.is(200);
    let rows = history.list("/data");
    let given = rows.iter().find(|row| row["type"] == "grant.given").expect("the share");
    let text = given["text"].as_str().unwrap_or_default();
    for part in ["a-17", "a-22", "viewer", "history 8f3a", "2999"] {
        assert!(text.contains(part), "`{part}` is not in `{text}`");
    }
    assert_eq!(given["ticket"], "4711");
    assert_eq!(given["reason"], "review of the paper");
    assert_eq!(given["actor"], json!({"type": "account", "id": "a-17"}));
    assert_eq!(given["via"]["app"], "lab");
    assert_eq!(given["target"], json!({"type": "account", "id": "a-22"}));
    assert_eq!(given["id"], json!(format!("{}-0", shared.number("/position"))));
    assert_eq!(given["command"], shared.body["command"]);
    assert!(given["before"].is_null() && given["after"]["role"] == "viewer", "{given}");
}

async fn the_audit_trail_is_filtered_and_paged(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    for account in ["a-21", "a-22", "a-23"] {
        world.share(&path, "a-17", account, "viewer").await;
    }
    let last = world.register("history", "other", "a-18").await;
    let auditor = world.auditor().await.after(&last);
    let all = auditor.get("/v1/audit/events?limit=200").await;
    let types = |answer: &Answer| -> Vec<Value> {
        answer.ok();
        answer.list("/data").iter().map(|row| row["type"].clone()).collect()
    };
    assert!(types(&all).contains(&json!("log.started")), "the beginning is part of it");
    assert!(types(&all).contains(&json!("token.issued")), "so are administrative acts");
    let given = auditor.get("/v1/audit/events?type=grant.given&count=true").await;
    assert_eq!(types(&given).len(), 3, "{}", given.dump());
    let one = auditor.get("/v1/audit/events?account=a-22").await;
    assert_eq!(types(&one), [json!("grant.given")]);
    let of_item = auditor.get("/v1/audit/events?item=history:other").await;
    assert_eq!(types(&of_item), [json!("item.registered")]);
    let first = auditor.get("/v1/audit/events?type=grant.given&limit=2").await;
    assert_eq!(types(&first).len(), 2);
    let cursor = first.str("/next");
    let rest =
        auditor.get(&format!("/v1/audit/events?type=grant.given&limit=2&cursor={cursor}")).await;
    assert_eq!(types(&rest).len(), 1);
    world.account("a-22").await.get("/v1/audit/events").await.problem(403, "not-permitted");
}

async fn the_access_list_names_paths_acts_and_actors(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let shared = owner.post(&grants, tests::world::share("a-22", "viewer")).await;
    let grant = shared.str("/results/0/grant/id");
    let changed = owner.patch(&format!("{grants}/{grant}"), json!({"role": "editor"})).await;
    let list = owner.after(&changed).get(&format!("{path}/access")).await;
    list.is(200);
    assert_eq!(list.str("/open_to"), "restricted");
    let rows = list.list("/data");
    let row = rows.iter().find(|row| row["principal"]["id"] == "a-22").expect("a row");
    assert_eq!(row["role"], "editor");
    let way = &row["paths"][0];
    assert_eq!((&way["via"], &way["grant"]), (&json!("grant"), &json!(grant)));
    assert_eq!(way["given_by"], json!({"type": "account", "id": "a-17"}));
    assert_eq!(way["provenance"]["kind"], "direct");
    let events =
        [&shared, &changed].map(|answer| json!(format!("{}-0", answer.number("/position"))));
    assert_eq!(way["events"], json!(events));
}
