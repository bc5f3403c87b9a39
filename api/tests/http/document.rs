//! The OpenAPI document is the committed one, and describes every registered route.

use crate::world::{World, share};
use api::openapi::{described, openapi_text};
use serde_json::{Value, json};
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
async fn the_document_has_exactly_the_registered_routes() {
    let world = World::start().await;
    let document = world.nobody().get("/openapi.json").await;
    assert_eq!(document.is(200)["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    for (path, operations) in document.body["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            found.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let known: BTreeSet<String> =
        described().iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(found, known);
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
            let open = !path.starts_with("/v1/") && !path.starts_with("/access/");
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

/// Does the document name a header for an answer of an operation?
fn promised(document: &Value, operation: (&str, &str), status: u16, header: &str) -> bool {
    let (method, path) = operation;
    let answer = &document["paths"][path][method.to_lowercase()]["responses"][status.to_string()];
    assert!(answer.is_object(), "{method} {path} does not tell of {status}");
    !answer["headers"][header].is_null()
}

#[tokio::test]
async fn answers_have_the_headers_that_the_document_promises() {
    let world = World::start().await;
    let document = api::openapi::openapi();
    let item = world.register("8f3a", "a-17").await;
    let owner = world.account("a-17").await;
    let (admin, app) = (world.admin(), world.app().await);
    app.put("/v1/accounts/a-17", json!({"name": "Ada"})).await.is(201);
    let made = owner.post(&format!("{item}/links"), json!({"role": "viewer"})).await;
    let link = format!("{item}/links/{}", made.is(201)["link"]["id"].as_str().unwrap());
    let shared = owner.post(&format!("{item}/grants"), share("a-22", "viewer")).await;
    let grant = shared.is(200)["results"][0]["grant"]["id"].as_str().unwrap();
    let grant = format!("{item}/grants/{grant}");
    let hook = "/v1/webhooks/wh_018f0000000070008000000000000000".to_owned();
    let (audience, role) = (json!({"audience": "internal"}), json!({"role": "app", "label": "x"}));
    let question = json!({"subject": {"type": "account", "id": "a-17"},
        "resource": {"type": "history", "id": "8f3a"}, "action": {"name": "view"}});
    let target = json!({"url": "https://hooks.example/", "label": "index"});
    let of_item = |end: &str| format!("/v1/items/{{kind}}/{{id}}{end}");
    for (caller, method, template, path, body) in [
        (&owner, "GET", of_item(""), item.clone(), None),
        (&owner, "PATCH", of_item(""), item.clone(), Some(json!({"title": "New"}))),
        (&owner, "GET", of_item("/sharing"), format!("{item}/sharing"), None),
        (&owner, "GET", of_item("/grants"), format!("{item}/grants"), None),
        (&owner, "GET", of_item("/grants/{grant}"), grant.clone(), None),
        (&owner, "PATCH", of_item("/grants/{grant}"), grant, Some(json!({"role": "editor"}))),
        (&owner, "GET", of_item("/links"), format!("{item}/links"), None),
        (&owner, "GET", of_item("/links/{link}"), link.clone(), None),
        (&owner, "PATCH", of_item("/links/{link}"), link.clone(), Some(json!({"label": "x"}))),
        (&owner, "DELETE", of_item("/links/{link}"), link, None),
        (&owner, "PUT", of_item("/publication"), format!("{item}/publication"), Some(audience)),
        (&owner, "GET", of_item("/publication"), format!("{item}/publication"), None),
        (&owner, "DELETE", of_item("/publication"), format!("{item}/publication"), None),
        (&owner, "GET", of_item("/access"), format!("{item}/access"), None),
        (&owner, "GET", of_item("/history"), format!("{item}/history"), None),
        (&owner, "DELETE", of_item("/grants/me"), format!("{item}/grants/me"), None),
        (&app, "GET", "/v1/accounts/{account}".into(), "/v1/accounts/a-17".into(), None),
        (&app, "GET", "/v1/catalog".into(), "/v1/catalog".into(), None),
        (&app, "GET", "/v1/kinds".into(), "/v1/kinds".into(), None),
        (
            &app,
            "POST",
            "/access/v1/evaluation".into(),
            "/access/v1/evaluation".into(),
            Some(question),
        ),
        (&app, "PUT", "/v1/webhooks/{webhook}".into(), hook.clone(), Some(target)),
        (&app, "GET", "/v1/webhooks/{webhook}".into(), hook.clone(), None),
        (&app, "GET", "/v1/webhooks".into(), "/v1/webhooks".into(), None),
        (&app, "DELETE", "/v1/webhooks/{webhook}".into(), hook, None),
        (&admin, "POST", "/v1/tokens".into(), "/v1/tokens".into(), Some(role.clone())),
        (&admin, "POST", "/v1/tokens".into(), "/v1/tokens?dry_run=true".into(), Some(role)),
        (&admin, "GET", "/v1/tokens".into(), "/v1/tokens".into(), None),
        (&admin, "GET", "/v1/projections".into(), "/v1/projections".into(), None),
        (&owner, "POST", of_item("/close"), format!("{item}/close"), Some(json!({}))),
    ] {
        let (kind, body) = match body {
            Some(body) => ("application/json", body.to_string()),
            None => ("", String::new()),
        };
        let answer = caller.send(method, &path, kind, &body).await;
        let status = answer.status.as_u16();
        assert!(status < 300, "{}", answer.told());
        for header in ["ETag", "Location", "Sharelog-Position"] {
            let sent = !answer.header(header).is_empty();
            let told = promised(&document, (method, &template), status, header);
            assert_eq!(sent, told, "{header} of {}", answer.told());
        }
    }
}

#[test]
fn every_part_of_a_path_is_explained_and_nobody_is_offered_what_is_refused() {
    let document = api::openapi::openapi();
    for route in described().iter().filter(|route| route.is_protected()) {
        let operation = &document["paths"][&route.path][route.method.to_lowercase()];
        let parameters = operation["parameters"].as_array().unwrap();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
            let text = parameter["description"].as_str().unwrap();
            assert!(!text.is_empty(), "{} {parameter}", route.path);
            let own = parameter["name"] == "account" && route.path.starts_with("/v1/accounts/");
            assert_eq!(text.contains("`me`"), own, "{}", route.path);
        }
        let offered = |name: &str| {
            let reference = format!("#/components/parameters/{name}");
            parameters.iter().any(|parameter| parameter["$ref"] == reference)
        };
        let of_all = route.path == "/v1/watch" || route.path.starts_with("/v1/webhooks");
        if of_all || matches!(route.path.as_str(), "/v1/tokens" | "/v1/audit/events") {
            assert!(!offered("OnBehalfOf"), "{} {}", route.method, route.path);
        }
        if route.path.starts_with("/v1/items/") {
            assert!(offered("OnBehalfOf") && offered("ClientAddress"), "{}", route.path);
        }
    }
    let behalf = &document["components"]["parameters"]["OnBehalfOf"]["description"];
    assert!(behalf.as_str().unwrap().contains("acts for nobody"), "{behalf}");
    assert!(document["info"]["description"].as_str().unwrap().contains("acts for nobody"));
}
