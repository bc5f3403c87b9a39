//! How current answers are: own writes, named positions, read models that lag or are away.

use crate::world::{Answer, World, registration, share};
use api::extract::PositionToken;
use domain::position::Position;
use serde_json::json;

#[tokio::test]
async fn a_caller_finds_what_it_wrote() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    for number in 0..20 {
        let name = format!("b-{number}");
        let shared = owner.post(&format!("{path}/grants"), share(&name, "viewer")).await;
        let list = owner.get(&format!("{path}/access?limit=200")).await;
        assert!(list.is(200).to_string().contains(&format!("\"{name}\"")), "{}", list.told());
        assert_eq!(list.body["position"], shared.body["position"]);
        assert_eq!(list.header("sharelog-position"), shared.header("sharelog-position"));
    }
}

#[tokio::test]
async fn lists_wait_for_the_position_named_and_no_longer_than_asked() {
    let world = World::with_views(false).await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let shared = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    let after = owner.with("Sharelog-At-Least", shared.header("sharelog-position"));
    let impatient = after.with("Prefer", "wait=0");
    for list in ["/access", "/history"] {
        let answer = impatient.get(&format!("{path}{list}")).await;
        answer.problem(503, "not-yet-visible");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    }
    impatient.get("/v1/catalog").await.problem(503, "not-yet-visible");
    let mine = impatient.get("/v1/accounts/me/items?relation=owned").await;
    mine.problem(503, "not-yet-visible");
    impatient.get(&path).await.is(200);
    impatient.get(&format!("{path}/grants")).await.is(200);
    let unasked = owner.with("Prefer", "wait=0").get("/v1/catalog").await;
    assert_eq!(unasked.is(200)["position"], 0, "an answer always names its position");
}

#[tokio::test]
async fn a_position_that_nobody_was_ever_told_is_not_waited_for() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let shared = owner.post(&format!("{path}/grants"), share("b", "viewer")).await;
    let told = PositionToken::decode(shared.header("sharelog-position")).unwrap();
    let beyond = PositionToken { position: Position(told.position.0 + 1_000_000), ..told };
    let patient = owner.with("Sharelog-At-Least", &beyond.encode()).with("Prefer", "wait=30");
    let began = std::time::Instant::now();
    for list in ["/v1/catalog", &path, &format!("{path}/access"), &format!("{path}/grants")] {
        let answer = patient.get(list).await;
        answer.problem(503, "not-yet-visible");
    }
    let anybody = world.nobody().with("Sharelog-At-Least", &beyond.encode());
    let anybody = anybody.with("Prefer", "wait=30").get("/v1/catalog").await;
    anybody.problem(503, "not-yet-visible");
    let question = json!({"subject": {"type": "user", "id": "a-17"}, "action": {"name": "view"},
        "resource": {"type": "history", "id": "8f3a"}});
    let asked = patient.post("/access/v1/evaluation", question).await;
    asked.problem(503, "not-yet-visible");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_position_of_another_log_is_refused() {
    let (here, there) = (World::start().await, World::start().await);
    let path = here.register("8f3a", "a-17").await;
    let foreign = there.admin().put("/v1/accounts/a-1", json!({})).await;
    let owner = here.account("a-17").await;
    let asking = owner.with("Sharelog-At-Least", foreign.header("sharelog-position"));
    let head = here.head().await;
    asking.get(&format!("{path}/access")).await.problem(400, "foreign-position");
    asking.get(&path).await.problem(400, "foreign-position");
    asking.post(&format!("{path}/close"), json!({})).await.problem(400, "foreign-position");
    assert_eq!(here.head().await, head);
}

#[tokio::test]
async fn a_node_whose_clock_is_wrong_takes_no_commands() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let head = world.head().await;
    world.clock.advance_seconds(-3600);
    let owner = world.account("a-17").await;
    let refused = owner.post(&format!("{path}/close"), json!({})).await;
    refused.problem(503, "clock-skew");
    assert_eq!(world.head().await, head);
    owner.get(&path).await.is(200);
}

/// The position in an answer's `Sharelog-Position`.
fn position_of(answer: &Answer) -> u64 {
    PositionToken::decode(answer.header("sharelog-position")).unwrap().position.0
}

#[tokio::test]
async fn an_answer_is_never_older_than_the_position_that_was_waited_for() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let link = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let link = link.is(201)["link"]["id"].as_str().unwrap().to_owned();
    let grant = owner.post(&format!("{path}/grants"), share("a-22", "viewer")).await;
    let grant = grant.is(200)["results"][0]["grant"]["id"].as_str().unwrap().to_owned();
    let entry = json!({"audience": "anyone"});
    owner.put(&format!("{path}/publication"), entry).await.is(200);
    world.admin().put("/v1/accounts/a-17", json!({"name": "Ada"})).await.is(201);
    let version = owner.get(&path).await.header("etag").to_owned();
    let hook = world.app().await;
    let wanted = json!({"url": "https://hooks.example/", "label": "index"});
    let webhook = "/v1/webhooks/wh_018f0000000070008000000000000000";
    hook.put(webhook, wanted).await.is(201);
    // The last record stands on a stream that none of the questions reads.
    let last = world.register("other", "a-18").await;
    let last = world.admin().get(&last).await;
    let token = last.header("sharelog-position").to_owned();
    let asked = position_of(&last);
    assert_eq!(asked, world.head().await);

    let after = owner.with("Sharelog-At-Least", &token);
    let admin = world.admin().with("Sharelog-At-Least", &token);
    let (grant, link) = (format!("{path}/grants/{grant}"), format!("{path}/links/{link}"));
    for (caller, question) in [
        (&after, path.clone()),
        (&after, format!("{path}/grants")),
        (&after, grant),
        (&after, format!("{path}/sharing")),
        (&after, format!("{path}/links")),
        (&after, link),
        (&after, format!("{path}/publication")),
        (&after, format!("{path}/access")),
        (&after, format!("{path}/history")),
        (&after, "/v1/accounts/me".to_owned()),
        (&after, "/v1/accounts/me/items?relation=owned".to_owned()),
        (&after, "/v1/catalog".to_owned()),
        (&after, "/v1/kinds".to_owned()),
        (&admin, "/v1/tokens".to_owned()),
    ] {
        let answer = caller.get(&question).await;
        assert_eq!(answer.is(200)["position"], asked, "{}", answer.told());
        assert_eq!(answer.header("sharelog-position"), token, "{}", answer.told());
    }
    assert_eq!(after.get(&path).await.header("etag"), version, "the version is the item's own");
    let hook = hook.with("Sharelog-At-Least", &token);
    for question in ["/v1/webhooks", webhook, &format!("{webhook}/deliveries")] {
        let answer = hook.get(question).await;
        answer.is(200);
        assert!(position_of(&answer) >= asked, "{}", answer.told());
    }
    let found = json!({"items": [{"kind": "history", "id": "8f3a"}]});
    assert_eq!(after.post("/v1/items/lookup", found).await.is(200)["position"], asked);

    let again = after.put(&format!("{path}/publication"), json!({"audience": "anyone"})).await;
    assert_eq!(again.is(200)["status"], "unchanged");
    assert_eq!((position_of(&again), &again.body["position"]), (asked, &json!(asked)));
    let planned = after.post(&format!("{path}/close?dry_run=true"), json!({})).await;
    assert_eq!(planned.is(200)["position"], asked);
    assert_eq!(planned.body["item"]["version"], asked + 1, "where it would stand");
    assert_eq!(position_of(&planned), asked);
}

#[tokio::test]
async fn a_replay_says_where_it_was_recorded_and_forgets_nothing_of_what_was_seen() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await.key("k");
    let grants = format!("{path}/grants");
    let first = owner.post(&grants, share("a-22", "viewer")).await;
    let last = world.register("other", "a-18").await;
    let last = world.admin().get(&last).await;
    let after = owner.with("Sharelog-At-Least", last.header("sharelog-position"));
    let again = after.post(&grants, share("a-22", "viewer")).await;
    assert_eq!(again.header("Idempotency-Replayed"), "true", "{}", again.told());
    assert_eq!(again.is(200), first.is(200), "the body is the first one");
    assert_eq!(position_of(&again), position_of(&last));
}

#[tokio::test]
async fn a_dry_run_of_something_new_is_decided_at_a_position_of_the_log() {
    let world = World::start().await;
    let app = world.app().await;
    let head = world.head().await;
    let item = app.put("/v1/items/history/new?dry_run=true", registration("a-17", "New")).await;
    let wanted = json!({"role": "app", "label": "shop"});
    let token = world.admin().post("/v1/tokens?dry_run=true", wanted).await;
    let account = app.put("/v1/accounts/a-99?dry_run=true", json!({"name": "Ada"})).await;
    for planned in [&item, &token, &account] {
        assert_eq!(planned.is(200)["position"], head, "{}", planned.told());
        assert_eq!(position_of(planned), head);
    }
    assert_eq!(item.body["item"]["version"], head + 1);
    assert_eq!(account.body["account"]["version"], head + 1);
}

#[tokio::test]
async fn a_dry_run_knows_what_another_node_recorded() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let there = world.elsewhere(&owner).await;
    let grants = format!("{path}/grants");
    there.get(&path).await.is(200);
    let shared = owner.post(&grants, share("a-22", "viewer")).await;
    let after = there.with("Sharelog-At-Least", shared.header("sharelog-position"));
    let planned = after.post(&format!("{grants}?dry_run=true"), share("a-22", "viewer")).await;
    assert_eq!(planned.is(200)["results"][0]["result"], "unchanged", "{}", planned.told());
    let many = share("a-23", "viewer");
    let planned = after.post(&format!("{grants}?dry_run=true"), many).await;
    assert_eq!(planned.is(200)["gains"]["count"], 1);
    let closing = after.post(&format!("{path}/close?dry_run=true"), json!({})).await;
    assert_eq!(closing.is(200)["ended_counts"]["grants"], 1, "{}", closing.told());
}

#[tokio::test]
async fn the_use_of_a_limited_link_is_in_the_position_of_its_opening() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let limited = json!({"role": "viewer", "max_visits": 2});
    let link = owner.post(&format!("{path}/links"), limited).await;
    let token = link.is(201)["link"]["token"].clone();
    let opened = world.visitor().await.post("/v1/links/open", json!({"token": token})).await;
    opened.is(200);
    assert_eq!(position_of(&opened), world.head().await);
    let last = world.register("other", "a-18").await;
    let last = world.admin().get(&last).await.header("sharelog-position").to_owned();
    let unlimited = owner.post(&format!("{path}/links"), json!({"role": "viewer"})).await;
    let token = unlimited.is(201)["link"]["token"].clone();
    let visitor = world.visitor().await.with("Sharelog-At-Least", &last);
    let opened = visitor.post("/v1/links/open", json!({"token": token})).await;
    opened.is(200);
    assert!(position_of(&opened) >= world.head().await - 1);
}
