//! What the text requires of every endpoint: forms, headers, errors, batches.

use super::{ask, question, shared};
use crate::world::{Client, World};
use serde_json::{Value, json};

const EVALUATION: &str = "/access/v1/evaluation";
const EVALUATIONS: &str = "/access/v1/evaluations";
const ENDPOINTS: [&str; 5] = [
    EVALUATION,
    EVALUATIONS,
    "/access/v1/search/subject",
    "/access/v1/search/resource",
    "/access/v1/search/action",
];

#[tokio::test]
async fn an_answer_is_a_decision_with_its_context() {
    let world = shared().await;
    let yes = ask(&world.app().await, "account:a-22", "view", "history:8f3a").await;
    let context = &yes.is(200)["context"];
    assert_eq!(yes.body["decision"], true);
    assert_eq!(context["paths"], json!(["grant"]));
    assert_eq!(context["valid_until"], Value::Null);
    assert_eq!(context["position"], world.head().await);
    assert_eq!(yes.header("content-type"), "application/json");
    assert!(!yes.header("sharelog-position").is_empty());
    let no = ask(&world.app().await, "user:a-22", "edit", "history:8f3a").await;
    assert_eq!(no.is(200)["decision"], false);
    assert_eq!(no.body["context"]["reason"], "not_included");
}

#[tokio::test]
async fn what_is_required_and_missing_is_a_bad_request() {
    let world = shared().await;
    let app = world.app().await;
    let full = question("account:a-22", "view", "history:8f3a");
    for pointer in ["subject", "action", "resource", "subject/type", "subject/id", "action/name"] {
        let mut body = full.clone();
        let (parent, name) = match pointer.split_once('/') {
            None => (&mut body, pointer),
            Some((parent, name)) => (&mut body[parent], name),
        };
        parent.as_object_mut().unwrap().remove(name);
        let answer = app.post(EVALUATION, body).await;
        assert_eq!(answer.pointer(), format!("/{pointer}"), "{}", answer.told());
    }
    for (endpoint, body, pointer) in [
        ("subject", json!({"subject": {"type": "user"}, "resource": full["resource"]}), "/action"),
        (
            "subject",
            json!({"subject": {"type": "user"}, "action": full["action"],
            "resource": {"type": "history"}}),
            "/resource/id",
        ),
        (
            "resource",
            json!({"action": full["action"], "resource": {"type": "history"}}),
            "/subject",
        ),
        (
            "resource",
            json!({"subject": {"type": "user"}, "action": full["action"],
            "resource": {"type": "history"}}),
            "/subject/id",
        ),
        ("action", json!({"subject": full["subject"]}), "/resource"),
    ] {
        let answer = app.post(&format!("/access/v1/search/{endpoint}"), body).await;
        assert_eq!(answer.pointer(), pointer, "{}", answer.told());
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_bad_request_everywhere() {
    let world = shared().await;
    let app = world.app().await;
    for endpoint in ENDPOINTS {
        let raw = |kind: &'static str, body: &'static str| app.send("POST", endpoint, kind, body);
        raw("application/json", "").await.problem(400, "malformed-request");
        raw("application/json", "{\"subject\":").await.problem(400, "malformed-request");
        raw("text/plain", "{}").await.problem(400, "malformed-request");
        raw("", "{}").await.problem(400, "malformed-request");
        raw("application/json", "[]").await.is(400);
        raw("application/json", "{\"subject\":\"alice\"}").await.problem(400, "invalid-field");
        let get = app.get(endpoint).await;
        get.problem(405, "method-not-allowed");
        assert_eq!(get.header("allow"), "POST");
    }
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1_100_000));
    app.send("POST", EVALUATION, "application/json", &large).await.problem(413, "too-large");
    let utf8 = app.send("POST", EVALUATION, "Application/JSON; charset=utf-8", "{}").await;
    assert_eq!(utf8.pointer(), "/subject");
}

#[tokio::test]
async fn a_request_id_comes_back_as_it_was_sent() {
    let world = shared().await;
    let app = world.app().await;
    let id = "bfe9eb29-ab87-4ca3 with spaces; and more than anybody needs";
    for endpoint in ENDPOINTS {
        let refused = app.with("X-Request-ID", id).post(endpoint, json!({})).await;
        refused.problem(400, "invalid-field");
        assert_eq!(refused.header("x-request-id"), id);
        assert_eq!(refused.body["instance"], *endpoint);
    }
    let asked = ask(&app.with("X-Request-ID", id), "user:a-22", "view", "history:8f3a").await;
    asked.is(200);
    assert_eq!(asked.header("x-request-id"), id);
    let nobody = world.nobody().with("X-Request-ID", id).post(EVALUATION, json!({})).await;
    nobody.problem(401, "not-authenticated");
    assert_eq!(nobody.header("x-request-id"), id);
    assert!(nobody.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn what_the_text_does_not_know_is_ignored() {
    let world = shared().await;
    let mut body = question("user:a-22", "view", "history:8f3a");
    body["futureField"] = json!({"nested": true});
    body["context"] = json!({"time": "1985-10-26T01:22-07:00", "ip": "192.168.1.1"});
    body["subject"]["properties"] = json!({"department": "Sales"});
    body["resource"]["properties"] = json!({"status": "active", "owner": "bob"});
    body["action"]["properties"] = json!({"method": "GET"});
    let answer = world.app().await.post(EVALUATION, body).await;
    assert_eq!(answer.is(200)["decision"], true);
}

#[tokio::test]
async fn the_words_of_the_text_itself_are_no_errors() {
    let world = shared().await;
    let app = world.app().await;
    for (subject, action, resource, reason) in [
        ("user:alice@example.com", "can_read", "account:123", "unknown_subject"),
        ("spaceship:a-1", "view", "history:8f3a", "unknown_subject"),
        ("user:alice", "can_read", "account:123", "unknown_action"),
        ("user:alice", "view", "Todo List:1", "unknown_resource"),
        ("user:alice", "view", "todo:1", "unknown_resource"),
        ("user:alice", "view", "history:boxcarring.md", "unknown_resource"),
        ("user:alice", "view", "history:8f3a", "no_access"),
    ] {
        let answer = ask(&app, subject, action, resource).await;
        assert_eq!(answer.is(200)["decision"], false, "{}", answer.told());
        assert_eq!(answer.body["context"]["reason"], reason, "{}", answer.told());
    }
}

async fn batch(app: &Client, semantic: Option<&str>, actions: &[&str]) -> Vec<Value> {
    let parts: Vec<Value> = actions.iter().map(|name| json!({"action": {"name": name}})).collect();
    let mut body = json!({
        "subject": {"type": "user", "id": "a-22"},
        "resource": {"type": "history", "id": "8f3a"},
        "evaluations": parts,
    });
    if let Some(semantic) = semantic {
        body["options"] = json!({"evaluations_semantic": semantic, "another_option": "value"});
    }
    let answer = app.post(EVALUATIONS, body).await;
    assert!(answer.is(200).get("decision").is_none());
    answer.body["evaluations"].as_array().unwrap().clone()
}

fn decisions(answers: &[Value]) -> Vec<bool> {
    answers.iter().map(|answer| answer["decision"].as_bool().unwrap()).collect()
}

#[tokio::test]
async fn a_batch_is_answered_in_order_and_ends_as_asked() {
    let world = shared().await;
    let app = world.app().await;
    let actions = ["view", "edit", "copy", "own"];
    let all = vec![true, false, true, false];
    assert_eq!(decisions(&batch(&app, None, &actions).await), all);
    assert_eq!(decisions(&batch(&app, Some("execute_all"), &actions).await), all);
    let and = batch(&app, Some("deny_on_first_deny"), &actions).await;
    assert_eq!(decisions(&and), [true, false]);
    let or = batch(&app, Some("permit_on_first_permit"), &["own", "view", "edit"]).await;
    assert_eq!(decisions(&or), [false, true]);
    let body = json!({"options": {"evaluations_semantic": "first_come"}, "evaluations": [{}]});
    let unknown = app.post(EVALUATIONS, body).await;
    assert_eq!(unknown.pointer(), "/options/evaluations_semantic");
}

#[tokio::test]
async fn what_a_question_leaves_out_is_what_its_batch_has_in_common() {
    let world = shared().await;
    let body = json!({
        "subject": {"type": "user", "id": "a-22"},
        "action": {"name": "view"},
        "resource": {"type": "history", "id": "8f3a"},
        "evaluations": [
            {},
            {"resource": {"type": "history", "id": "8f3a"}, "action": {"name": "edit"}},
            {"subject": {"type": "user", "id": "a-23"}, "action": {"name": "share"}},
            {"resource": {"id": "8f3a"}},
            {"subject": {"type": "user"}},
        ],
    });
    let answer = world.app().await.post(EVALUATIONS, body).await;
    let answers = answer.is(200)["evaluations"].as_array().unwrap();
    assert_eq!(decisions(answers), [true, false, true, false, false]);
    // A member takes the place of the common one whole: nobody is asked about by half.
    for (place, pointer) in [(3, "/resource/type"), (4, "/subject/id")] {
        let error = &answers[place]["context"]["error"];
        assert!(error["message"].as_str().unwrap().contains(pointer), "{error}");
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_says_so_in_its_place() {
    let world = shared().await;
    let app = world.app().await;
    let body = json!({
        "subject": {"type": "user", "id": "a-22"},
        "action": {"name": "view"},
        "evaluations": [
            {"resource": {"type": "history", "id": "8f3a"}},
            {},
            {"resource": "history:8f3a"},
            {"resource": {"type": "history", "id": "8f3a"}, "context": {"at": "2999-01-01"}},
            {"resource": {"type": "history", "id": "8f3a"}, "context": {"at": "yesterday"}},
            7,
        ],
    });
    let answer = app.post(EVALUATIONS, body.clone()).await;
    let answers = answer.is(200)["evaluations"].as_array().unwrap();
    assert_eq!(decisions(answers), [true, false, false, false, false, false]);
    for failed in &answers[1..] {
        assert_eq!(failed["context"]["error"]["status"], 400, "{failed}");
        assert!(failed["context"]["error"]["message"].is_string());
    }
    let mut and = body;
    and["options"] = json!({"evaluations_semantic": "deny_on_first_deny"});
    let ended = app.post(EVALUATIONS, and).await;
    assert_eq!(decisions(ended.is(200)["evaluations"].as_array().unwrap()), [true, false]);
}

#[tokio::test]
async fn a_batch_without_questions_is_one_question() {
    let world = shared().await;
    let app = world.app().await;
    let mut body = question("user:a-22", "view", "history:8f3a");
    assert_eq!(app.post(EVALUATIONS, body.clone()).await.is(200)["decision"], true);
    body["evaluations"] = json!([]);
    let answer = app.post(EVALUATIONS, body).await;
    assert_eq!(answer.is(200)["decision"], true);
    assert!(answer.body.get("evaluations").is_none());
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let world = shared().await;
    let app = world.app().await;
    let mut body = question("user:a-22", "view", "history:8f3a");
    body["evaluations"] = json!(vec![json!({}); 1_000]);
    let full = app.post(EVALUATIONS, body.clone()).await;
    let answers = full.is(200)["evaluations"].as_array().unwrap();
    assert!(answers.len() == 1_000 && answers.iter().all(|answer| answer["decision"] == true));
    body["evaluations"] = json!(vec![json!({}); 1_001]);
    assert_eq!(app.post(EVALUATIONS, body).await.pointer(), "/evaluations");
}

#[tokio::test]
async fn a_client_finds_the_endpoints() {
    let world = World::start().await;
    let metadata = world.nobody().get("/.well-known/authzen-configuration").await;
    let base = "https://share.example";
    assert_eq!(metadata.is(200)["policy_decision_point"], base);
    for (name, path) in [
        ("access_evaluation_endpoint", "evaluation"),
        ("access_evaluations_endpoint", "evaluations"),
        ("search_subject_endpoint", "search/subject"),
        ("search_resource_endpoint", "search/resource"),
        ("search_action_endpoint", "search/action"),
    ] {
        assert_eq!(metadata.body[name], format!("{base}/access/v1/{path}"));
    }
    assert_eq!(metadata.header("content-type"), "application/json");
    assert!(metadata.header("cache-control").contains("max-age="));
}
