//! Every refusal says in plain words what is wrong, with what, and what to do.

use crate::world::{Answer, World, share};
use serde_json::json;

/// The detail of a problem.
#[track_caller]
fn told(answer: &Answer, status: u16, name: &str) -> String {
    answer.problem(status, name)["detail"].as_str().unwrap().to_owned()
}

/// Words of parsers and of the language that this is written in.
const FOREIGN: &[&str] = &[
    "enum",
    "struct",
    "expected ",
    "u32",
    "u64",
    "i64",
    "invalid type",
    "digit found",
    "provided",
    "variant",
    "::",
    "sequence",
    "AskedInput",
];

#[track_caller]
fn plain(answer: &Answer, pointer: &str, wanted: &str) {
    assert_eq!(answer.pointer(), pointer, "{}", answer.told());
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(wanted), "{detail}");
    for word in FOREIGN {
        assert!(!detail.replace("is expected", "").contains(word), "`{word}`: {detail}");
    }
}

#[tokio::test]
async fn a_wrong_value_is_told_in_plain_words() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let grants = format!("{path}/grants");
    let someone = r#"an object such as {"type":"account","id":"a-22"} is expected"#;
    let bodies = [
        (json!({"grantees": ["a-22"], "role": "viewer"}), "/grantees/0", someone),
        (json!({"grantees": "a-22", "role": "viewer"}), "/grantees", "a list is expected"),
        (json!({"grantees": [{"id": "a-22"}], "role": "viewer"}), "/grantees/0/type", "is missing"),
        (share("a-22", "emperor"), "/role", "one of `browser`, `viewer`"),
        (json!({"grantees": [], "role": 7}), "/role", "a text is expected, not 7"),
        (json!({"grantees": [], "role": "viewer", "notify": "no"}), "/notify", "`true` or `false`"),
        (json!({"grantees": [], "role": "viewer", "reason": 7}), "/reason", "a text is expected"),
    ];
    for (body, pointer, wanted) in bodies {
        plain(&owner.post(&grants, body).await, pointer, wanted);
    }
    let unknown = json!({"grantees": [], "role": "viewer", "raeson": "x"});
    let unknown = owner.post(&grants, unknown).await;
    plain(&unknown, "/raeson", "`grantees`");
    plain(&unknown, "/raeson", "`reason`, `ticket`");
    let inside = json!({"grantees": [{"type": "account", "id": "a", "raeson": "x"}], "role": "x"});
    let inside = owner.post(&grants, inside).await;
    assert!(!told(&inside, 400, "invalid-field").contains("ticket"), "{}", inside.told());
    let many = json!({"role": "viewer", "max_visits": -1});
    let many = owner.post(&format!("{path}/links"), many).await;
    plain(&many, "/max_visits", "a whole number from 0");
    let lookup = json!({"items": ["history:8f3a"]});
    let lookup = owner.post("/v1/items/lookup", lookup).await;
    plain(&lookup, "/items/0", r#"{"kind":"history","id":"8f3a"}"#);
    // What belongs to commands alone is not offered elsewhere.
    let asking = owner.post("/v1/items/lookup", json!({"items": [], "why": "x"})).await;
    assert!(!told(&asking, 400, "invalid-field").contains("ticket"), "{}", asking.told());
}

#[tokio::test]
async fn a_wrong_part_of_an_address_is_told_in_plain_words() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let at = |part: &str| format!("{path}{part}");
    for limit in ["many", "", "-1", "201", "0", "99999999999"] {
        let answer = owner.get(&at(&format!("/access?limit={limit}"))).await;
        plain(&answer, "query:limit", "a whole number from 1 to 200 is expected");
    }
    let dry = owner.post(&at("/close?dry_run=maybe"), json!({})).await;
    plain(&dry, "query:dry_run", "`true` or `false` is expected");
    plain(&owner.get(&at("/access?at_position=x")).await, "query:at_position", "from 1 on");
    plain(&owner.get("/v1/items/history/%FF").await, "path:id", "UTF-8");
    plain(&owner.get("/v1/items/%FF/1").await, "path:kind", "UTF-8");
    plain(&owner.get(&at("?=1")).await, "query:", "unknown query parameter");
    let reason = owner.with("Sharelog-Reason", "100% sure").post(&at("/close"), json!({})).await;
    plain(&reason, "header:Sharelog-Reason", "%25");
    assert_eq!(owner.get(&path).await.is(200)["state"], "open");
}

#[tokio::test]
async fn an_event_that_is_not_found_leads_to_those_that_are() {
    let world = World::start().await;
    let auditor = world.auditor().await;
    for path in ["/v1/audit/events", "/v1/watch"] {
        let family = auditor.get(&format!("{path}?type=grant")).await;
        plain(&family, "query:type", "`grant.`");
        plain(&family, "query:type", "grant.given");
        let eaten = auditor.get(&format!("{path}?type=grant.eaten")).await;
        plain(&eaten, "query:type", "grant.given");
        plain(&auditor.get(&format!("{path}?type=pizza")).await, "query:type", "item.");
    }
}

#[tokio::test]
async fn a_code_that_does_not_work_is_called_a_code() {
    let world = World::start().await;
    let swapped = world.visitor().await.post("/v1/visits", json!({"code": "x"})).await;
    let detail = told(&swapped, 404, "not-found");
    assert!(detail.contains("code") && detail.contains("60 seconds"), "{detail}");
}

#[tokio::test]
async fn who_is_not_let_in_learns_which_role_is_needed() {
    let world = World::start().await;
    let refused = world.auditor().await.delete("/v1/accounts/a-1").await;
    let detail = told(&refused, 403, "not-permitted");
    assert!(detail.contains("admin or app") && detail.contains("auditor"), "{detail}");
}

#[tokio::test]
async fn a_method_that_is_not_there_leads_to_the_one_that_is() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let admin = world.admin();
    let detail = told(&admin.post("/v1/webhooks", json!({})).await, 405, "method-not-allowed");
    assert!(detail.contains("GET"), "{detail}");
    assert!(detail.contains("PUT /v1/webhooks/{webhook}"), "{detail}");
    let detail = told(&admin.delete("/v1/tokens").await, 405, "method-not-allowed");
    assert!(detail.contains("DELETE /v1/tokens/{token}"), "{detail}");
    let detail = told(&admin.post(&path, json!({})).await, 405, "method-not-allowed");
    assert!(detail.contains("PATCH") && !detail.contains("there is"), "{detail}");
}

#[tokio::test]
async fn a_moment_in_the_future_is_told_with_what_can_be_asked() {
    let world = World::start().await;
    let path = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let today = owner.get(&format!("{path}/access?at=2026-11-21")).await;
    let detail = told(&today, 400, "time-in-future");
    assert!(detail.contains("a date stands for its end"), "{detail}");
    assert!(detail.contains("instant"), "{detail}");
    let plus = owner.get(&format!("{path}/access?at=2026-11-20T12:00:00+01:00")).await;
    plain(&plus, "query:at", "%2B");
}
