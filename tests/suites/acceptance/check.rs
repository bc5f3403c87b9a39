//! Checks, explanations and views: AuthZEN, explain, view-as.

use tests::{Answer, Client, Value, World, json, on_both_pairs, world::item};

on_both_pairs!(
    a_published_client_gets_right_decisions,
    an_opened_link_is_a_credential_until_it_is_revoked,
    the_past_is_answered_as_it_was,
    searches_answer_in_both_directions,
    an_explanation_names_ways_acts_and_actors,
    a_refusal_is_explained_by_its_nearest_reason,
    an_item_is_seen_as_somebody_else_sees_it,
    a_revoked_grant_and_a_revoked_token_are_refused_at_once,
);

fn question(subject: &str, action: &str, id: &str) -> Value {
    json!({
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": "history", "id": id},
    })
}

async fn ask(caller: &Client, subject: &str, action: &str) -> Answer {
    caller.post("/access/v1/evaluation", question(subject, action, "8f3a")).await
}

#[track_caller]
fn decided(answer: &Answer) -> bool {
    answer.is(200)["decision"].as_bool().expect("a decision")
}

/// An item of `a-17` that `a-22` may view; the owner and the application.
async fn shared(world: &mut World) -> (Client, Client) {
    world.register("history", "8f3a", "a-17").await;
    world.share(&item("history", "8f3a"), "a-17", "a-22", "viewer").await;
    (world.account("a-17").await, world.app().await)
}

/// A client that knows nothing but the text: it finds the endpoints, and asks.
async fn a_published_client_gets_right_decisions(mut world: World) {
    let (_, app) = shared(&mut world).await;
    let metadata = world.without_token().get("/.well-known/authzen-configuration").await;
    let point = metadata.str("/policy_decision_point");
    let path = |name: &str| {
        let address = metadata.str(&format!("/{name}"));
        address.strip_prefix(&point).expect("below the decision point").to_owned()
    };
    let mut body = question("a-22", "view", "8f3a");
    body["context"] = json!({"time": "2024-05-31T15:22-07:00"});
    let pep = app.with("X-Request-ID", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716");
    let one = pep.post(&path("access_evaluation_endpoint"), body.clone()).await;
    assert!(decided(&one));
    assert_eq!(one.header("X-Request-ID"), "bfe9eb29-ab87-4ca3-be83-a1d5d8305716");
    body["options"] = json!({"evaluations_semantic": "execute_all"});
    body["evaluations"] = json!([
        {"action": {"name": "view"}},
        {"action": {"name": "edit"}},
        {"subject": {"type": "user", "id": "a-17"}, "action": {"name": "own"}},
        {"subject": {"type": "user", "id": "alice@example.com"}},
        {"resource": {"type": "document", "id": "boxcarring.md"}},
    ]);
    let many = pep.post(&path("access_evaluations_endpoint"), body).await;
    let decisions: Vec<bool> = many
        .list("/evaluations")
        .iter()
        .map(|answer| answer["decision"].as_bool().expect("a decision"))
        .collect();
    assert_eq!(decisions, [true, false, true, false, false], "{}", many.dump());
    app.post("/access/v1/evaluation", json!({})).await.problem(400, "invalid-field");
}

async fn an_opened_link_is_a_credential_until_it_is_revoked(mut world: World) {
    let (owner, app) = shared(&mut world).await;
    let links = format!("{}/links", item("history", "8f3a"));
    let made = owner.post(&links, json!({"role": "viewer", "withhold": ["copy"]})).await;
    let (token, link) = (made.is(201)["link"]["token"].clone(), made.str("/link/id"));
    let opened = app.anonymous().post("/v1/links/open", json!({"token": token})).await;
    let mut body = json!({
        "subject": {"type": "anonymous", "id": "visitor"},
        "resource": {"type": "history", "id": "8f3a"},
        "context": {"visits": [opened.is(200)["visit"]]},
        "evaluations": [{"action": {"name": "view"}}, {"action": {"name": "copy"}}],
    });
    let while_open = app.post("/access/v1/evaluations", body.clone()).await;
    let answers = while_open.list("/evaluations");
    assert_eq!((&answers[0]["decision"], &answers[1]["decision"]), (&json!(true), &json!(false)));
    assert_eq!(answers[0]["context"]["paths"], json!(["link"]));
    let ended = owner.delete(&format!("{links}/{link}")).await;
    ended.is(200);
    body["evaluations"] = json!([{"action": {"name": "view"}}]);
    let after = app.after(&ended).post("/access/v1/evaluations", body).await;
    assert_eq!(after.list("/evaluations")[0]["decision"], false, "{}", after.dump());
}

async fn the_past_is_answered_as_it_was(mut world: World) {
    let (owner, app) = shared(&mut world).await;
    let path = item("history", "8f3a");
    let given = owner.post(&format!("{path}/grants"), tests::world::share("a-23", "editor")).await;
    given.is(200);
    let ended = owner.delete(&format!("{path}/grants/account/a-23")).await;
    let app = app.after(&ended);
    let mut body = question("a-23", "edit", "8f3a");
    assert!(!decided(&app.post("/access/v1/evaluation", body.clone()).await));
    body["context"] = json!({"at": given.str("/at")});
    let then = app.post("/access/v1/evaluation", body.clone()).await;
    assert!(decided(&then), "{}", then.dump());
    body["context"] = json!({"at": "2001-01-01"});
    assert!(!decided(&app.post("/access/v1/evaluation", body).await));
    let asked = "subject=account:a-23&resource=history:8f3a&action=edit";
    let at = given.number("/position");
    let why = app.get(&format!("/v1/explain?{asked}&at_position={at}")).await;
    assert!(decided(&why));
    assert_eq!(why.number("/as_of/position"), at);
    assert_eq!(why.str("/paths/0/acts/0/type"), "grant.given");
    let now = app.get(&format!("/v1/explain?{asked}")).await;
    assert_eq!(now.str("/refusal/reason"), "revoked", "{}", now.dump());
    assert_eq!(now.body["refusal"]["by"]["id"], format!("{}-0", ended.number("/position")));
    let before = app.get(&format!("/v1/explain?{asked}&at=2001-01-01")).await;
    assert_eq!(before.str("/refusal/reason"), "unknown_then");
    assert!(before.body["known_from"].is_string(), "unknown then, and known when from");
}

async fn searches_answer_in_both_directions(mut world: World) {
    let (owner, app) = shared(&mut world).await;
    for number in 0..5 {
        let name = format!("b-{number}");
        world.share(&item("history", "8f3a"), "a-17", &name, "viewer").await;
    }
    let last = world.register("history", "other", "a-22").await;
    let fresh = app.after(&last);
    let (mut found, mut page) = (Vec::new(), json!({"limit": 3}));
    loop {
        let mut body = question("ignored", "view", "8f3a");
        body["page"] = page;
        let answer = fresh.post("/access/v1/search/subject", body).await;
        for row in answer.list("/results") {
            assert_eq!(row["type"], "user");
            found.push(row["id"].as_str().expect("an id").to_owned());
        }
        let token = answer.str("/page/next_token");
        if token.is_empty() {
            break;
        }
        page = json!({"token": token});
    }
    assert_eq!(found, ["a-17", "a-22", "b-0", "b-1", "b-2", "b-3", "b-4"]);
    let mine = fresh.post("/access/v1/search/resource", question("a-22", "view", "ignored")).await;
    let ids: Vec<Value> = mine.list("/results").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!("8f3a"), json!("other")]);
    let may = fresh.post("/access/v1/search/action", question("a-22", "ignored", "8f3a")).await;
    let names: Vec<Value> = may.list("/results").iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["browse", "view", "download", "copy"].map(|name| json!(name)));
    let path = item("history", "8f3a");
    let visible = json!({"visibility": "public"});
    let opened = owner.put(&format!("{path}/visibility"), visible).await;
    let body = question("ignored", "view", "8f3a");
    let open = app.after(&opened).post("/access/v1/search/subject", body).await;
    assert_eq!(open.str("/context/open_to"), "public");
    assert_eq!(open.list("/results").len(), 7, "{}", open.dump());
}

async fn an_explanation_names_ways_acts_and_actors(mut world: World) {
    let (owner, _) = shared(&mut world).await;
    let path = item("history", "8f3a");
    let mut wanted = tests::world::share("a-30", "viewer");
    wanted["ends_at"] = json!("2999-01-01T00:00:00Z");
    wanted["ticket"] = json!("4711");
    let given = owner.post(&format!("{path}/grants"), wanted).await;
    let grant = given.str("/results/0/grant/id");
    let changed =
        owner.patch(&format!("{path}/grants/{grant}"), json!({"role": "contributor"})).await;
    let asked = "/v1/explain?subject=account:a-30&resource=history:8f3a&action=contribute";
    let why = owner.after(&changed).get(asked).await;
    assert!(decided(&why), "{}", why.dump());
    assert!(why.body["refusal"].is_null() && why.body["known_from"].is_string());
    let way = why.list("/paths").pop().expect("a way");
    assert_eq!((&way["via"], &way["grant"]), (&json!("grant"), &json!(grant)));
    assert_eq!(way["given_by"], json!({"type": "account", "id": "a-17"}));
    assert_eq!(way["provenance"]["kind"], "direct");
    assert!(way["ends_at"].as_str().is_some_and(|end| end.starts_with("2999-01-01")));
    let events =
        [&given, &changed].map(|answer| json!(format!("{}-0", answer.number("/position"))));
    assert_eq!(way["events"], json!(events));
    let (first, second) = (&way["acts"][0], &way["acts"][1]);
    assert_eq!((&first["type"], &second["type"]), (&json!("grant.given"), &json!("grant.changed")));
    assert_eq!((&first["ticket"], &first["via"]["app"]), (&json!("4711"), &json!("lab")));
    let text = first["text"].as_str().unwrap_or_default();
    assert!(text.contains("a-17 granted a-30 the role viewer on history 8f3a"), "{text}");
    // About oneself for who may browse, about others for who may share.
    let viewer = world.account("a-22").await.after(&changed);
    let own =
        viewer.get("/v1/explain?subject=account:a-22&resource=history:8f3a&action=view").await;
    assert!(decided(&own));
    viewer.get(asked).await.problem(403, "not-permitted");
    let stranger = world.account("a-99").await;
    stranger.get(asked).await.problem(404, "not-found");
    world.auditor().await.get(asked).await.is(200);
}

async fn a_refusal_is_explained_by_its_nearest_reason(mut world: World) {
    let (owner, app) = shared(&mut world).await;
    let path = item("history", "8f3a");
    let mut later = tests::world::share("a-31", "viewer");
    later["starts_at"] = json!("2999-01-01T00:00:00Z");
    owner.post(&format!("{path}/grants"), later).await.is(200);
    let mut less = tests::world::share("a-32", "viewer");
    less["withhold"] = json!(["download"]);
    let last = owner.post(&format!("{path}/grants"), less).await;
    let fresh = app.after(&last);
    let why = |subject: &str, action: &str, id: &str| {
        let asked = format!("subject={subject}&resource=history:{id}&action={action}");
        fresh.get(&format!("/v1/explain?{asked}")).into_future()
    };
    for (subject, action, id, reason) in [
        ("account:a-22", "edit", "8f3a", "role_too_low"),
        ("account:a-31", "view", "8f3a", "not_yet"),
        ("account:a-32", "download", "8f3a", "withheld"),
        ("account:a-99", "view", "8f3a", "nothing"),
        ("anonymous", "view", "8f3a", "nothing"),
        ("account:a-22", "view", "none", "unknown_item"),
    ] {
        let answer = why(subject, action, id).await;
        assert!(!decided(&answer));
        assert_eq!(answer.str("/refusal/reason"), reason, "{}", answer.dump());
        assert!(!answer.str("/refusal/detail").is_empty() && answer.list("/paths").is_empty());
    }
    let closed = owner.post(&format!("{path}/close"), json!({})).await;
    let asked = "/v1/explain?subject=account:a-22&resource=history:8f3a&action=view";
    let answer = app.after(&closed).get(asked).await;
    assert_eq!(answer.str("/refusal/reason"), "item_closed");
    app.get("/v1/explain?subject=nobody&resource=history:1&action=view")
        .await
        .problem(400, "invalid-field");
    app.get("/v1/explain?subject=anonymous&resource=x&action=view")
        .await
        .problem(400, "invalid-field");
    let wrong = app.get("/v1/explain?subject=anonymous&resource=history:1&action=see").await;
    wrong.problem(400, "invalid-field");
}

async fn an_item_is_seen_as_somebody_else_sees_it(mut world: World) {
    let (owner, app) = shared(&mut world).await;
    let path = item("history", "8f3a");
    let made = owner.post(&format!("{path}/links"), json!({"role": "browser"})).await;
    let link = made.str("/link/id");
    let owner = owner.after(&made);
    let view =
        |subject: &str| owner.get(&format!("{path}/view-as?subject={subject}")).into_future();
    let viewer = view("account:a-22").await;
    assert_eq!(viewer.is(200)["visible"], true);
    assert_eq!(viewer.str("/role"), "viewer");
    assert_eq!(viewer.body["item"]["you_may"], viewer.body["permissions"]);
    assert!(viewer.body["item"]["counts"].is_null(), "a viewer sees no counts");
    let bearer = view(&format!("link:{link}")).await;
    assert_eq!(
        (&bearer.body["permissions"], &bearer.body["paths"]),
        (&json!(["browse"]), &json!(["link"]))
    );
    let anonymous = view("anonymous").await;
    assert_eq!(
        (&anonymous.is(200)["visible"], &anonymous.body["item"]),
        (&json!(false), &Value::Null)
    );
    let all = app.after(&made).get("/v1/view-as?subject=account:a-22").await;
    let rows = all.list("/data");
    assert_eq!(rows.len(), 1, "{}", all.dump());
    assert_eq!((&rows[0]["id"], &rows[0]["title"]), (&json!("8f3a"), &json!("A title")));
    let by_link = app.get(&format!("/v1/view-as?subject=link:{link}&permission=browse")).await;
    assert_eq!(by_link.list("/data").len(), 1, "{}", by_link.dump());
    let more = app.get("/v1/view-as?subject=account:a-22&permission=edit").await;
    assert!(more.list("/data").is_empty());
    let other = world.account("a-22").await;
    assert_eq!(other.get("/v1/view-as?subject=account:a-22").await.list("/data").len(), 1);
    other.get("/v1/view-as?subject=account:a-17").await.problem(403, "not-permitted");
    other.get(&format!("{path}/view-as?subject=account:a-17")).await.problem(403, "not-permitted");
    let stranger = world.account("a-99").await;
    stranger.get(&format!("{path}/view-as?subject=account:a-99")).await.problem(404, "not-found");
}

async fn a_revoked_grant_and_a_revoked_token_are_refused_at_once(mut world: World) {
    let (owner, app) = shared(&mut world).await;
    let path = format!("{}/grants", item("history", "8f3a"));
    for round in 0..20 {
        owner.post(&path, tests::world::share("a-40", "viewer")).await.is(200);
        assert!(decided(&ask(&app, "a-40", "view").await), "round {round}: own writes are seen");
        let ended = owner.delete(&format!("{path}/account/a-40")).await;
        let after = ask(&app.after(&ended), "a-40", "view").await;
        assert!(!decided(&after), "round {round}: {}", after.dump());
    }
    let made = world.admin().post("/v1/tokens", json!({"role": "app", "label": "brief"})).await;
    let caller = world.without_token().token(&made.str("/token/secret"));
    assert!(decided(&ask(&caller, "a-22", "view").await));
    world.admin().delete(&format!("/v1/tokens/{}", made.str("/token/id"))).await.is(200);
    ask(&caller, "a-22", "view").await.problem(401, "not-authenticated");
}
