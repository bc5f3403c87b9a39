//! The OpenAPI document is the committed one, and says what the table of routes says.

use crate::world::World;
use api::{auth::ROUTES, openapi::openapi_text};
use serde_json::Value;
use std::collections::BTreeSet;

/// To accept a changed API: `SHARELOG_ACCEPT=1 cargo test -p api --test http`.
#[test]
fn the_committed_document_is_the_one_the_handlers_make() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let made = openapi_text();
    if std::env::var_os("SHARELOG_ACCEPT").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == made,
        "api/openapi.json is not what the handlers make; see the comment here"
    );
}

#[tokio::test]
async fn the_document_has_exactly_the_routes_of_the_table() {
    let world = World::start().await;
    let document = world.nobody().get("/openapi.json").await;
    assert_eq!(document.is(200)["openapi"], "3.1.0");
    let mut described = BTreeSet::new();
    for (path, operations) in document.body["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let known: BTreeSet<String> = ROUTES
        .iter()
        .filter(|route| route.is_json() || route.path.starts_with("/.well-known/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, known);
}

#[tokio::test]
async fn every_reference_in_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    if name == "$ref" {
                        found.extend(value.as_str().map(str::to_owned));
                    }
                    references(value, found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = api::openapi::openapi();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn operations_have_names_of_their_own_and_problems() {
    let document = api::openapi::openapi();
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{method} {path} shares its operationId");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            let open = path.starts_with("/.well-known/");
            assert!(open || operation["responses"]["400"].is_object(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_documentation_page_needs_nothing_from_elsewhere() {
    let world = World::start().await;
    let nobody = world.nobody();
    let page = nobody.get("/docs/").await;
    page.is(200);
    assert!(!page.text.contains("https://") && !page.text.contains("//cdn"), "{}", page.text);
    nobody.get("/docs/swagger-ui-bundle.js").await.is(200);
    assert_eq!(nobody.get("/docs").await.status.as_u16(), 303);
    let settings = nobody.get("/docs/swagger-initializer.js").await;
    settings.is(200);
    assert!(settings.text.contains(r#""validatorUrl": "none""#), "{}", settings.text);
    assert!(!settings.text.contains("://"), "{}", settings.text);
}

#[tokio::test]
async fn the_documentation_page_may_do_no_more_than_it_needs() {
    let world = World::start().await;
    for path in ["/docs", "/docs/", "/docs/swagger-ui-bundle.js", "/openapi.json"] {
        let answer = world.nobody().get(path).await;
        assert!(answer.status.as_u16() < 400, "{}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        let policy = answer.header("content-security-policy");
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("http"), "{path} may reach others: {policy}");
    }
}

#[tokio::test]
async fn every_problem_type_has_a_page() {
    let world = World::start().await;
    let list = world.nobody().get("/problems").await;
    list.is(200);
    for kind in api::problem::ProblemType::ALL {
        assert!(list.text.contains(kind.name()));
        let page = world.nobody().get(&format!("/problems/{}", kind.name())).await;
        page.is(200);
        assert!(page.text.contains(kind.title()), "{}", page.told());
    }
    world.nobody().get("/problems/nonsense").await.problem(404, "not-found");
}
