//! What holds for every command and query: keys, dry runs, consistency tokens, roles, scopes.

use tests::{
    World, json, on_both_pairs, raw,
    world::{item, registration, share},
};

on_both_pairs!(
    a_repeated_key_answers_the_first_answer_also_after_a_restart,
    one_key_for_two_bodies_is_refused,
    racing_repeats_of_one_key_are_recorded_once,
    a_dry_run_says_what_the_command_then_does_and_writes_nothing,
    a_question_may_wait_for_a_command,
    an_answer_is_never_older_than_the_position_it_waited_for,
    a_foreign_consistency_token_is_refused,
    scopes_and_roles_bound_what_a_token_does,
    a_revoked_token_opens_nothing,
);

async fn a_repeated_key_answers_the_first_answer_also_after_a_restart(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let call = || owner.post(&grants, share("a-22", "viewer")).key("key-1");
    let first = call().await;
    first.is(200);
    assert!(first.header("Idempotency-Replayed").is_empty());
    let head = raw::head(&world).await;
    let again = call().await;
    assert_eq!(again.header("Idempotency-Replayed"), "true", "{}", again.dump());
    assert_eq!(again.status, first.status);
    for field in ["command", "position", "at", "results", "counts"] {
        assert_eq!(again.body[field], first.body[field], "{field}");
    }
    owner.delete(&format!("{grants}/account/a-22")).await.is(200);
    world.node_mut().kill();
    world.node_mut().start_again().await;
    let late = call().await;
    assert_eq!(late.header("Idempotency-Replayed"), "true", "{}", late.dump());
    assert_eq!(late.body["command"], first.body["command"]);
    assert_eq!(late.body["results"], first.body["results"]);
    assert_eq!(raw::head(&world).await, head + 1, "only the unshare came");
    let other = world.account("a-30").await;
    let foreign = other.put(&item("history", "new"), registration("a-30", "X")).key("key-1").await;
    foreign.is(201);
}

async fn one_key_for_two_bodies_is_refused(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    owner.post(&grants, share("a-22", "viewer")).key("key-1").await.is(200);
    let other = owner.post(&grants, share("a-23", "viewer")).key("key-1").await;
    other.problem(422, "idempotency-key-reused");
}

async fn racing_repeats_of_one_key_are_recorded_once(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let head = raw::head(&world).await;
    let calls =
        (0..8).map(|_| async { owner.post(&grants, share("a-22", "viewer")).key("racing").await });
    let answers = futures::future::join_all(calls).await;
    let command = answers[0].is(200)["command"].clone();
    assert!(answers.iter().all(|answer| answer.body["command"] == command), "{answers:?}");
    assert_eq!(raw::head(&world).await, head + 1);
}

async fn a_dry_run_says_what_the_command_then_does_and_writes_nothing(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let head = raw::head(&world).await;
    let planned =
        owner.post(&format!("{grants}?dry_run=true"), share("a-22", "viewer")).key("k").await;
    assert_eq!(planned.is(200)["status"], "planned");
    assert_eq!(planned.str("/results/0/result"), "granted");
    assert_eq!(planned.str("/events/0/type"), "grant.given");
    assert_eq!(planned.number("/gains/count"), 1, "{}", planned.dump());
    assert!(planned.list("/gains/sample")[0].to_string().contains("a-22"));
    assert_eq!(planned.number("/loses/count"), 0);
    assert_eq!(raw::head(&world).await, head, "nothing was written");
    let done = owner.post(&grants, share("a-22", "viewer")).key("k").await;
    assert_eq!(done.is(200)["status"], "recorded", "the key was not used up");

    let closing = owner.post(&format!("{path}/close?dry_run=true"), json!({})).await;
    assert_eq!(closing.is(200)["status"], "planned");
    assert_eq!(closing.number("/loses/count"), 1, "{}", closing.dump());
    world.account("a-22").await.get(&path).await.is(200);
}

async fn a_question_may_wait_for_a_command(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    for number in 0..10 {
        let shared =
            owner.post(&format!("{path}/grants"), share(&format!("a-{number}"), "viewer")).await;
        let list = owner.after(&shared).get(&format!("{path}/access?limit=200")).await;
        list.is(200);
        assert!(list.number("/position") >= shared.number("/position"));
        assert!(list.text.contains(&format!("\"a-{number}\"")), "{}", list.dump());
    }
}

async fn an_answer_is_never_older_than_the_position_it_waited_for(mut world: World) {
    let path = item("history", "8f3a");
    world.register("history", "8f3a", "a-17").await;
    world.admin().put("/v1/accounts/a-17", json!({})).await.is(201);
    let last = world.register("history", "other", "a-18").await;
    let asked = last.number("/position");
    let after = world.account("a-17").await.after(&last);
    let lists = ["grants", "links", "sharing", "access", "history"];
    let mut questions: Vec<String> = lists.map(|list| format!("{path}/{list}")).into();
    questions.extend([path.clone(), "/v1/accounts/me".to_owned(), "/v1/kinds".to_owned()]);
    for question in questions {
        let answer = after.get(&question).await;
        answer.is(200);
        assert!(answer.number("/position") >= asked, "{}", answer.dump());
        assert_eq!(answer.position_header(), last.position_header(), "{}", answer.dump());
    }
    let planned = after.post(&format!("{path}/close?dry_run=true"), json!({})).await;
    assert_eq!(planned.is(200)["position"], asked);
    let link = world
        .account("a-17")
        .await
        .post(
            &format!("{path}/links"),
            json!({
        "role": "viewer", "max_visits": 1}),
        )
        .await;
    let token = json!({"token": link.is(201)["link"]["token"]});
    let opened = world.app().await.anonymous().post("/v1/links/open", token).await;
    let head = raw::head(&world).await;
    assert_eq!(opened.is(200)["can_join"], false);
    let use_of_it = world.admin().after(&opened).get(&path).await;
    assert_eq!(use_of_it.number("/position"), head, "the use was recorded there");
}

async fn a_foreign_consistency_token_is_refused(mut world: World) {
    let made = world.register("history", "8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let access = format!("{}/access", item("history", "8f3a"));
    let nonsense = owner.with("Sharelog-At-Least", "nonsense").get(&access).await;
    assert_eq!(nonsense.status.as_u16(), 400, "{}", nonsense.dump());
    let other = World::start(world.pair).await;
    let foreign = other.admin().put("/v1/accounts/a-1", json!({})).await.position_header();
    assert_ne!(foreign, made.position_header());
    let refused = owner.with("Sharelog-At-Least", &foreign).get(&access).await;
    refused.problem(400, "foreign-position");
}

async fn scopes_and_roles_bound_what_a_token_does(mut world: World) {
    world.register("history", "8f3a", "a-17").await;
    let path = item("history", "8f3a");
    let reading = json!({"role": "app", "label": "dashboard", "scopes": ["read"]});
    let reader = world.without_token().token(&world.issue(reading).await);
    reader.get(&path).await.is(200);
    reader
        .post(&format!("{path}/grants"), share("a-22", "viewer"))
        .await
        .problem(403, "scope-missing");
    let auditor = world.auditor().await;
    auditor.get(&path).await.is(200);
    auditor
        .post(&format!("{path}/grants"), share("a-22", "viewer"))
        .await
        .problem(403, "not-permitted");
    let own = json!({"role": "account", "label": "laptop", "account": "a-17"});
    let account = world.without_token().token(&world.issue(own).await);
    account.post(&format!("{path}/grants"), share("a-22", "viewer")).await.is(200);
    account.acting_for("a-22").get(&path).await.problem(403, "not-permitted");
    account.get("/v1/tokens").await.problem(403, "not-permitted");
    world.without_token().get(&path).await.problem(401, "not-authenticated");
    world.without_token().token("sl_nonsense").get(&path).await.problem(401, "not-authenticated");
}

async fn a_revoked_token_opens_nothing(world: World) {
    let admin = world.admin();
    let made = admin.post("/v1/tokens", json!({"role": "app", "label": "short"})).await;
    made.is(201);
    let (id, secret) = (made.str("/token/id"), made.str("/token/secret"));
    assert!(id.starts_with("tk_") && secret.starts_with("sl_"), "{id}");
    let caller = world.without_token().token(&secret);
    caller.get("/v1/catalog").await.is(200);
    let list = admin.get("/v1/tokens").await;
    assert!(list.is(200).to_string().contains(&id) && !list.text.contains(&secret));
    admin.delete(&format!("/v1/tokens/{id}")).await.is(200);
    let path = item("history", "8f3a");
    caller.get(&path).await.problem(401, "not-authenticated");
}
