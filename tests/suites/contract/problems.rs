//! Every problem type that these routes give, and that nothing was appended.

use std::time::Duration;
use tests::{
    Answer, Client, Pair, Value, World, json, on_both_pairs, raw,
    wait::{soon, until},
    world::{item, registration, share},
};

on_both_pairs!(
    what_cannot_be_read_is_refused,
    who_may_not_is_refused,
    what_is_not_there_or_not_so_is_refused,
    what_conflicts_is_refused,
    what_breaks_a_rule_is_refused,
    too_many_guesses_are_refused_for_a_while,
    what_is_not_yet_visible_is_said_so,
    every_problem_type_has_a_page,
);

/// An item with an owner; its path, its owner, and the log's head.
struct Case {
    world: World,
    path: String,
    owner: Client,
    head: u64,
}

impl Case {
    async fn new(mut world: World) -> Self {
        world.register("history", "8f3a", "a-17").await;
        let path = item("history", "8f3a");
        let owner = world.account("a-17").await;
        let head = raw::head(&world).await;
        Self { world, path, owner, head }
    }

    fn at(&self, part: &str) -> String {
        format!("{}{part}", self.path)
    }

    /// Remembers the head after what was recorded on purpose.
    async fn recorded(&mut self, answer: Answer) -> Value {
        let body = answer.ok().clone();
        self.head = raw::head(&self.world).await;
        body
    }

    async fn nothing_was_appended(&self) {
        assert_eq!(raw::head(&self.world).await, self.head, "nothing was appended");
    }
}

async fn what_cannot_be_read_is_refused(world: World) {
    let case = Case::new(world).await;
    let owner = &case.owner;
    let grants = case.at("/grants");
    let raw_post = |kind: &str, body: &str| owner.call("POST", &grants).raw(kind, body);
    raw_post("application/json", "{\"role\":").await.problem(400, "malformed-request");
    raw_post("text/plain", "role=viewer").await.problem(415, "unsupported-media-type");
    let large = format!("{{\"message\":\"{}\"}}", "x".repeat(3_000_000));
    raw_post("application/json", &large).await.problem(413, "too-large");
    let errors = |answer: &Answer| answer.problem(400, "invalid-field")["errors"].clone();
    let pointed = |answer: &Answer| errors(answer)[0]["pointer"].as_str().unwrap_or("").to_owned();
    let unknown_field = owner.post(&grants, json!({"grantees": [], "rolle": "viewer"})).await;
    assert!(!pointed(&unknown_field).is_empty(), "{}", unknown_field.dump());
    let unknown_role = owner.post(&grants, share("a-22", "emperor")).await;
    assert_eq!(pointed(&unknown_role), "/role");
    let bad_id = owner.post(&grants, share("someone@example.org", "viewer")).await;
    assert!(pointed(&bad_id).starts_with("/grantees/0"), "{}", bad_id.dump());
    errors(&owner.post(&grants, json!({"grantees": [], "role": "viewer"})).await);
    errors(&owner.get(&case.at("/access?limit=100000")).await);
    errors(&owner.get(&case.at("/access?limits=1")).await);
    errors(&owner.with("Sharelog-On-Behalf-Of", "nonsense").get(&case.path).await);
    errors(&owner.post(&grants, share("a-22", "viewer")).key(&"k".repeat(256)).await);
    errors(&owner.patch(&case.path, json!({"title": 7})).await);
    let unknown = owner.put(&item("nonsense", "1"), registration("a-17", "X")).await;
    assert!(unknown.problem(400, "unknown-kind")["known"].is_array());
    owner.get("/v1/catalog?cursor=nonsense").await.problem(400, "cursor-mismatch");
    owner.get(&case.at("/access?at=2999-01-01")).await.problem(400, "time-in-future");
    owner.get(&case.path).header("Accept", "text/csv").await.problem(406, "not-acceptable");
    case.nothing_was_appended().await;
}

async fn who_may_not_is_refused(world: World) {
    let mut case = Case::new(world).await;
    let protected = json!({"role": "viewer", "password": "a good secret"});
    let made = case.owner.post(&case.at("/links"), protected).await;
    let protected = case.recorded(made).await["link"]["token"].clone();
    let named = json!({"role": "viewer", "audience": "internal"});
    let made = case.owner.post(&case.at("/links"), named).await;
    let internal = case.recorded(made).await["link"]["token"].clone();
    let given = case.owner.post(&case.at("/grants"), share("a-22", "viewer")).await;
    case.recorded(given).await;
    let reading = json!({"role": "app", "label": "reading", "scopes": ["read"]});
    let reader = case.world.without_token().token(&case.world.issue(reading).await);
    case.head = raw::head(&case.world).await;

    let grants = case.at("/grants");
    let body = share("a-23", "viewer");
    case.world.without_token().post(&grants, body.clone()).await.problem(401, "not-authenticated");
    let viewer = case.world.account("a-22").await;
    viewer.post(&grants, body.clone()).await.problem(403, "not-permitted");
    reader.post(&grants, body).await.problem(403, "scope-missing");
    let anonymous = case.world.app().await.anonymous();
    let open = |body: Value| anonymous.post("/v1/links/open", body);
    open(json!({"token": protected})).await.problem(403, "link-password-required");
    let wrong = json!({"token": protected, "password": "wrong"});
    open(wrong).await.problem(403, "link-password-wrong");
    open(json!({"token": internal})).await.problem(403, "sign-in-required");
    case.nothing_was_appended().await;
}

async fn what_is_not_there_or_not_so_is_refused(world: World) {
    let case = Case::new(world).await;
    let owner = &case.owner;
    owner.get(&item("history", "none")).await.problem(404, "not-found");
    owner.get("/v1/nonsense").await.problem(404, "not-found");
    let never = case.at("/links/ln_018f0000000070008000000000000000");
    owner.delete(&never).await.problem(404, "not-found");
    let wrong = owner.call("POST", &case.path).body(&json!({})).await;
    wrong.problem(405, "method-not-allowed");
    assert!(wrong.header("Allow").contains("PATCH"), "{}", wrong.header("Allow"));
    let stale = owner.patch(&case.path, json!({"title": "X"})).if_match(&json!(1)).await;
    stale.problem(412, "precondition-failed");
    let sharing = json!({"visibility": "public", "grants": []});
    owner.put(&case.at("/sharing"), sharing).await.problem(428, "precondition-required");
    case.nothing_was_appended().await;
}

async fn what_conflicts_is_refused(world: World) {
    let mut case = Case::new(world).await;
    let app = case.world.app().await;
    let again = app.put(&case.path, registration("a-17", "X")).header("If-None-Match", "*").await;
    again.problem(409, "already-exists");
    let stolen = app.put(&case.path, registration("a-99", "X")).await;
    stolen.problem(409, "owner-changes-by-transfer");
    case.nothing_was_appended().await;
    let closed = case.owner.post(&case.at("/close"), json!({})).await;
    case.recorded(closed).await;
    let refused = case.owner.post(&case.at("/grants"), share("a-22", "viewer")).await;
    refused.problem(409, "item-closed");
    case.nothing_was_appended().await;
    let retired = app.delete(&case.path).await;
    case.recorded(retired).await;
    let refused = case.owner.post(&case.at("/grants"), share("a-22", "viewer")).await;
    refused.problem(410, "item-retired");
    case.nothing_was_appended().await;
}

async fn what_breaks_a_rule_is_refused(world: World) {
    let mut case = Case::new(world).await;
    let owner = case.owner.clone();
    let grants = case.at("/grants");
    let own = owner.post(&grants, share("a-17", "viewer")).await;
    let results = own.problem(422, "nothing-applied")["results"].clone();
    assert_eq!(results[0]["reason"], "self_share");
    let past = json!({"role": "viewer", "ends_at": "2001-01-01T00:00:00Z"});
    let refused = owner.post(&case.at("/links"), past).await;
    assert_eq!(refused.problem(422, "rejected")["reason"], "window_in_past");
    let manager = json!({"role": "manager"});
    let refused = owner.post(&case.at("/links"), manager).await;
    assert!(refused.status.is_client_error(), "links go up to editor: {}", refused.dump());
    let reversed = json!({"role": "viewer", "starts_at": soon(90_000), "ends_at": soon(60_000)});
    let refused = owner.post(&case.at("/links"), reversed).await;
    assert!(refused.status.is_client_error(), "{}", refused.dump());
    let too_many: Vec<Value> =
        (0..501).map(|number| json!({"type": "account", "id": format!("m-{number}")})).collect();
    let refused = owner.post(&grants, json!({"grantees": too_many, "role": "viewer"})).await;
    assert!([400, 422].contains(&refused.status.as_u16()), "{}", refused.dump());
    case.nothing_was_appended().await;
    let first = owner.post(&grants, share("a-22", "viewer")).key("one").await;
    case.recorded(first).await;
    let other = owner.post(&grants, share("a-23", "viewer")).key("one").await;
    other.problem(422, "idempotency-key-reused");
    case.nothing_was_appended().await;
}

async fn too_many_guesses_are_refused_for_a_while(world: World) {
    let mut case = Case::new(world).await;
    let wanted = json!({"role": "viewer", "password": "a good secret"});
    let made = case.owner.post(&case.at("/links"), wanted).await;
    let token = case.recorded(made).await["link"]["token"].clone();
    let anonymous = case.world.app().await.anonymous();
    case.head = raw::head(&case.world).await;
    let mut last = None;
    for guess in 0..60 {
        let body = json!({"token": token, "password": format!("guess {guess}")});
        let answer = anonymous.post("/v1/links/open", body).await;
        let refused = answer.status == 429;
        last = Some(answer);
        if refused {
            break;
        }
    }
    let refused = last.expect("an answer");
    refused.problem(429, "too-many-attempts");
    let seconds: u64 = refused.header("Retry-After").parse().expect("seconds");
    assert!(seconds > 0);
    case.nothing_was_appended().await;
}

async fn what_is_not_yet_visible_is_said_so(world: World) {
    let mut case = Case::new(world).await;
    let made = case.world.register("history", "next", "a-17").await;
    let token = made.position_header();
    let digits = token.len() - token.chars().rev().take_while(char::is_ascii_digit).count();
    let (log, position) = token.split_at(digits);
    if position.parse() == Ok(made.number("/position")) {
        // The token can be seen through here: name a position that is still to come.
        let ahead = format!("{log}{}", made.number("/position") + 1000);
        let asking = case.owner.with("Sharelog-At-Least", &ahead).with("Prefer", "wait=1");
        let refused = asking.get(&case.at("/access")).await;
        assert!(refused.status == 503 || refused.status == 400, "{}", refused.dump());
        if refused.status == 503 {
            refused.problem(503, "not-yet-visible");
            assert!(!refused.header("Retry-After").is_empty());
        }
    }
    if case.world.pair == Pair::Production {
        case.world.nats.as_mut().expect("a message server").kill();
        until("commands say that the log is away", Duration::from_mins(1), || {
            let call = case.owner.post(&case.at("/grants"), share("a-22", "viewer"));
            async move {
                let answer = call.await;
                let problem = answer.body["type"].as_str().unwrap_or_default().to_owned();
                let known = ["/problems/log-unavailable", "/problems/outcome-unknown"];
                assert!(known.contains(&problem.as_str()), "{}", answer.dump());
                (problem == "/problems/log-unavailable").then_some(())
            }
        })
        .await;
    }
}

async fn every_problem_type_has_a_page(world: World) {
    for name in ["invalid-field", "not-found", "idempotency-key-reused", "outcome-unknown"] {
        let page = world.without_token().get(&format!("/problems/{name}")).await;
        page.is(200);
        assert!(page.text.contains(name), "{}", page.dump());
    }
}
