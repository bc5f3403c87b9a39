//! Every problem type that these routes can give, and that nothing was appended.

use crate::world::{World, registration, share};
use serde_json::{Value, json};

/// A registered item, its owner, and the head of the log.
struct Case {
    world: World,
    path: String,
    owner: crate::world::Client,
    head: u64,
}

impl Case {
    async fn new() -> Self {
        let world = World::start().await;
        let path = world.register("8f3a", "a-17").await;
        let owner = world.account("a-17").await;
        let head = world.head().await;
        Self { world, path, owner, head }
    }

    fn at(&self, part: &str) -> String {
        format!("{}{part}", self.path)
    }

    async fn nothing_was_appended(&self) {
        assert_eq!(self.world.head().await, self.head, "nothing was appended");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let case = Case::new().await;
    let (owner, grants) = (&case.owner, case.at("/grants"));
    let json = "application/json";
    for body in ["{\"role\":", "[]", "7", "null", "\u{7f}"] {
        owner.send("POST", &grants, json, body).await.problem(400, "malformed-request");
    }
    owner.send("POST", &grants, "", "").await.problem(400, "malformed-request");
    for kind in
        ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=latin1"]
    {
        let answer = owner.send("POST", &grants, kind, "{}").await;
        answer.problem(415, "unsupported-media-type");
    }
    let merge = owner.send("PATCH", &case.path, "application/merge-patch+json", "{}").await;
    assert_eq!(merge.is(200)["status"], "unchanged");
    let utf8 = owner.send("PATCH", &case.path, "application/json; charset=utf-8", "{}").await;
    utf8.is(200);
    let large = format!("{{\"message\":\"{}\"}}", "x".repeat(256 * 1024));
    owner.send("POST", &grants, json, &large).await.problem(413, "too-large");
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn wrong_fields_are_named_by_pointer() {
    let case = Case::new().await;
    let (owner, grants) = (&case.owner, case.at("/grants"));
    let wrong = [
        (json!({"grantees": [], "role": "viewer"}), "/grantees"),
        (json!({"grantees": [{"type": "account", "id": "a"}], "rolle": "viewer"}), "/rolle"),
        (json!({"grantees": [{"type": "account", "id": "a"}]}), "/role"),
        (share("a-22", "emperor"), "/role"),
        (share("someone@example.org", "viewer"), "/grantees/0"),
        (share("me", "viewer"), "/grantees/0"),
        (json!({"grantees": [{"type": "robot", "id": "a"}], "role": "viewer"}), "/grantees/0/type"),
        (
            json!({"grantees": [{"type": "account", "id": "a"}], "role": "viewer",
                "ends_at": "soon"}),
            "/ends_at",
        ),
        (
            json!({"grantees": [{"type": "account", "id": "a"}], "role": "viewer", "reason": 7}),
            "/reason",
        ),
        (
            json!({"grantees": [{"type": "account", "id": "a"}], "role": "viewer",
            "message": "x".repeat(1001)}),
            "/message",
        ),
        (
            json!({"grantees": [{"type": "account", "id": "a"}], "role": "viewer", "related": "x"}),
            "/related",
        ),
    ];
    for (body, pointer) in wrong {
        let answer = owner.post(&grants, body).await;
        assert_eq!(answer.pointer(), pointer, "{}", answer.told());
    }
    let owner_wrong = json!({"owner": {"type": "group", "id": "g-1"}});
    let answer = owner.put(&case.path, owner_wrong).await;
    assert_eq!(answer.pointer(), "/owner/type");
    assert_eq!(owner.patch(&case.path, json!({"in_library": null})).await.pointer(), "/in_library");
    let links = case.at("/links");
    let slug = owner.post(&links, json!({"role": "viewer", "slug": "x"})).await;
    assert_eq!(slug.pointer(), "/slug");
    let empty = owner.post(&links, json!({"role": "viewer", "password": ""})).await;
    assert_eq!(empty.pointer(), "/password");
    let publication = json!({"audience": "anyone", "slug": "x"});
    let answer = owner.put(&case.at("/publication"), publication).await;
    assert_eq!(answer.pointer(), "/slug");
    for (body, pointer) in [
        (json!({"role": "app", "label": ""}), "/label"),
        (json!({"role": "admin", "label": "x", "scopes": ["read"]}), "/scopes"),
        (json!({"role": "account", "label": "x"}), "/account"),
        (json!({"role": "app", "label": "x", "account": "a-1"}), "/account"),
        (json!({"role": "app", "label": "x", "ends_at": "2001-01-01T00:00:00Z"}), "/ends_at"),
        (json!({"role": "app", "label": "x", "scopes": ["everything"]}), "/scopes/0"),
    ] {
        let answer = case.world.admin().post("/v1/tokens", body).await;
        assert_eq!(answer.pointer(), pointer, "{}", answer.told());
    }
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn wrong_paths_queries_and_headers_are_named() {
    let case = Case::new().await;
    let owner = &case.owner;
    let at = |part: &str| case.at(part);
    let paths = [
        ("/v1/items/History/1".to_owned(), "path:kind"),
        ("/v1/items/history/a%40b".to_owned(), "path:id"),
        ("/v1/items/history/..%2f".to_owned(), "path:id"),
        (at("/grants/gr_1"), "path:grant"),
        (at("/links/ln_1"), "path:link"),
        ("/v1/accounts/a%20b".to_owned(), "path:account"),
        (at("/access?limit=0"), "query:limit"),
        (at("/access?limit=201"), "query:limit"),
        (at("/access?limit=many"), "query:limit"),
        (at("/access?limits=1"), "query:limits"),
        (at("/access?limit=1&limit=2"), "query:limit"),
        (at("/access?at=yesterday"), "query:at"),
        (at("/access?at=2026-11-20&at_position=1"), "query:at_position"),
        (at("/access?include=pets"), "query:include"),
        (at("?include=everything"), "query:include"),
        (at("/history?type=grant.eaten"), "query:type"),
        ("/v1/catalog?sort=size".to_owned(), "query:sort"),
        ("/v1/catalog?published_from=then".to_owned(), "query:published_from"),
        ("/v1/accounts/a-17/items".to_owned(), "query:relation"),
        ("/v1/accounts/a-17/items?relation=lost".to_owned(), "query:relation"),
    ];
    for (path, pointer) in paths {
        let answer = owner.get(&path).await;
        assert_eq!(answer.pointer(), pointer, "{}", answer.told());
    }
    let me = case.world.admin().get("/v1/accounts/me").await;
    assert_eq!(me.pointer(), "path:account");
    let dry = owner.post(&at("/close?dry_run=maybe"), json!({})).await;
    assert_eq!(dry.pointer(), "query:dry_run");
    let long = "k".repeat(256);
    let headers = [
        ("Idempotency-Key", long.as_str()),
        ("Idempotency-Key", ""),
        ("If-Match", "42"),
        ("If-None-Match", "\"42\""),
        ("Sharelog-Reason", "%FF"),
        ("Sharelog-Ticket", ""),
        ("Sharelog-At-Least", "nonsense"),
        ("Prefer", "wait=soon"),
        ("Sharelog-Client-Address", "here"),
        ("Sharelog-Visit", ""),
        ("Sharelog-On-Behalf-Of", "account:a-17"),
    ];
    for (name, value) in headers {
        let answer = owner.with(name, value).post(&at("/close"), json!({})).await;
        assert_eq!(answer.pointer(), format!("header:{name}"), "{}", answer.told());
    }
    let reasoned = owner.with("Sharelog-Reason", "one");
    let both = reasoned.post(&at("/close"), json!({"reason": "two"})).await;
    assert_eq!(both.pointer(), "/reason");
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn what_is_not_there_or_not_so_is_refused() {
    let case = Case::new().await;
    let (owner, at) = (&case.owner, |part: &str| case.at(part));
    owner.get("/v1/nonsense").await.problem(404, "not-found");
    case.world.nobody().get("/nonsense").await.problem(404, "not-found");
    owner.get("/v1/policy").await.problem(404, "not-found");
    let wrong = owner.post(&case.path, json!({})).await;
    wrong.problem(405, "method-not-allowed");
    assert!(wrong.header("allow").contains("PATCH"), "{}", wrong.header("allow"));
    for accept in ["text/csv", "application/json;q=0", "text/html, image/png"] {
        let answer = owner.with("Accept", accept).get(&case.path).await;
        answer.problem(406, "not-acceptable");
    }
    owner.with("Accept", "text/html, */*;q=0.1").get(&case.path).await.is(200);
    let unknown = owner.put("/v1/items/nonsense/1", registration("a-17", "X")).await;
    assert!(unknown.problem(400, "unknown-kind")["known"].as_array().unwrap().len() > 3);
    let grant = at("/grants/gr_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d");
    owner.get(&grant).await.problem(404, "not-found");
    owner.delete(&grant).await.problem(404, "not-found");
    let link = at("/links/ln_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d");
    owner.get(&link).await.problem(404, "not-found");
    owner.delete(&link).await.problem(404, "not-found");
    owner.get(&at("/publication")).await.problem(404, "not-found");
    case.world.app().await.get("/v1/accounts/a-1").await.problem(404, "not-found");
    let sharing = json!({"visibility": "public", "grants": []});
    owner.put(&at("/sharing"), sharing.clone()).await.problem(428, "precondition-required");
    let stale = owner.with("If-Match", "\"1\"").put(&at("/sharing"), sharing).await;
    stale.problem(412, "precondition-failed");
    for list in ["/grants", "/links", "/access", "/history"] {
        let answer = owner.get(&at(&format!("{list}?cursor=nonsense"))).await;
        answer.problem(400, "cursor-mismatch");
    }
    owner.get(&at("/access?at=2999-01-01")).await.problem(400, "time-in-future");
    owner.get(&at("/access?at_position=999")).await.problem(400, "time-in-future");
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn what_conflicts_is_refused() {
    let mut case = Case::new().await;
    let app = case.world.app().await;
    let create = app.with("If-None-Match", "*");
    create.put(&case.path, registration("a-17", "X")).await.problem(409, "already-exists");
    let stolen = app.put(&case.path, registration("a-99", "X")).await;
    stolen.problem(409, "owner-changes-by-transfer");
    case.nothing_was_appended().await;
    case.owner.post(&case.at("/close"), json!({})).await.is(200);
    case.head = case.world.head().await;
    let grants = case.at("/grants");
    case.owner.post(&grants, share("a-22", "viewer")).await.problem(409, "item-closed");
    case.nothing_was_appended().await;
    app.delete(&case.path).await.is(200);
    case.head = case.world.head().await;
    case.owner.post(&grants, share("a-22", "viewer")).await.problem(410, "item-retired");
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let mut case = Case::new().await;
    let (owner, grants) = (case.owner.clone(), case.at("/grants"));
    let own = owner.post(&grants, share("a-17", "viewer")).await;
    let results = &own.problem(422, "nothing-applied")["results"];
    assert_eq!(results[0]["reason"], "self_share");
    assert_eq!(results[0]["grantee"], json!({"type": "account", "id": "a-17"}));
    assert_eq!(results[0]["result"], "refused");
    let past = json!({"role": "viewer", "ends_at": "2001-01-01T00:00:00Z"});
    let refused = owner.post(&case.at("/links"), past).await;
    assert_eq!(refused.problem(422, "rejected")["reason"], "window_in_past");
    let many: Vec<Value> =
        (0..501).map(|n| json!({"type": "account", "id": format!("m-{n}")})).collect();
    let many = json!({"grantees": many, "role": "viewer"});
    assert_eq!(owner.post(&grants, many).await.pointer(), "/grantees");
    case.nothing_was_appended().await;
    owner.key("one").post(&grants, share("a-22", "viewer")).await.is(200);
    case.head = case.world.head().await;
    let other = owner.key("one").post(&grants, share("a-23", "viewer")).await;
    other.problem(422, "idempotency-key-reused");
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn links_that_do_not_open_say_no_more_than_needed() {
    let mut case = Case::new().await;
    let links = case.at("/links");
    let make =
        async |body: Value| case.owner.post(&links, body).await.is(201)["link"]["token"].clone();
    let protected = make(json!({"role": "viewer", "password": "a good secret"})).await;
    let internal = make(json!({"role": "viewer", "audience": "internal"})).await;
    let named = make(json!({"role": "viewer", "audience": "named"})).await;
    case.head = case.world.head().await;
    let visitor = case.world.visitor().await.with("Sharelog-Client-Address", "192.0.2.7");
    let open = async |body: Value| visitor.post("/v1/links/open", body).await;
    open(json!({"token": protected})).await.problem(403, "link-password-required");
    let wrong = json!({"token": protected, "password": "wrong"});
    open(wrong.clone()).await.problem(403, "link-password-wrong");
    open(json!({"token": internal})).await.problem(403, "sign-in-required");
    open(json!({"token": "nonsense"})).await.problem(404, "not-found");
    let stranger = case.world.account("a-99").await;
    let refused = stranger.post("/v1/links/open", json!({"token": named})).await;
    refused.problem(403, "not-permitted");
    let mut last = open(wrong.clone()).await;
    for _ in 0..60 {
        if last.status.as_u16() == 429 {
            break;
        }
        last = open(wrong.clone()).await;
    }
    last.problem(429, "too-many-attempts");
    assert!(last.header("retry-after").parse::<u64>().unwrap() > 0);
    case.nothing_was_appended().await;
}

#[tokio::test]
async fn a_log_that_is_away_is_said_so_without_its_words() {
    let case = Case::new().await;
    let body = share("a-22", "viewer");
    case.world.faults.set_down(true);
    let refused = case.owner.post(&case.at("/grants"), body.clone()).await;
    refused.problem(503, "log-unavailable");
    assert!(!refused.header("retry-after").is_empty());
    let read = case.owner.get(&case.path).await;
    read.problem(503, "log-unavailable");
    case.world.faults.set_down(false);
    case.nothing_was_appended().await;
    case.owner.post(&case.at("/grants"), body).await.is(200);
}
