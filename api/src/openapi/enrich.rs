//! Adds what many routes share to the OpenAPI document: parameters, headers, security and
//! problems, from the table of routes.

use super::problems::problems_of;
use crate::{
    auth::{Route, RouteAccess},
    problem::{PROBLEM_JSON, ProblemType},
};
use domain::event::CallerRole;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document with everything added.
pub(super) fn enriched(mut document: Value, routes: &[Route]) -> Value {
    let components = document.get_mut("components").and_then(Value::as_object_mut);
    if let Some(components) = components {
        components.insert("parameters".to_owned(), parameters());
        components.insert("headers".to_owned(), headers());
        components.insert("responses".to_owned(), shared_responses(routes));
        components.insert(
            "securitySchemes".to_owned(),
            json!({"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "sl_…",
                "description": "A token of POST /v1/tokens, or the first one of a new \
                deployment."}}),
        );
        if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
            schemas.insert("Problem".to_owned(), problem_schema());
            schemas.insert("Why".to_owned(), why_schema());
        }
    }
    for route in routes.iter().filter(|route| route.is_json()) {
        let pointer = format!(
            "/paths/{}/{}",
            route.path.replace('~', "~0").replace('/', "~1"),
            route.method.to_ascii_lowercase()
        );
        let schema = document.pointer_mut(&pointer).and_then(|op| enrich(op, route));
        if let Some(schema) = schema.filter(|_| route.command) {
            add_why(&mut document, &schema);
        }
    }
    document
}

fn parameter(name: &str, place: &str, schema: &Value, description: &str) -> Value {
    json!({"name": name, "in": place, "schema": schema, "description": description})
}

fn parameters() -> Value {
    let text = json!({"type": "string"});
    json!({
        "DryRun": parameter("dry_run", "query", &json!({"type": "boolean", "default": false}),
            "Say what would happen, and record nothing."),
        "IdempotencyKey": parameter("Idempotency-Key", "header",
            &json!({"type": "string", "minLength": 1, "maxLength": 255}),
            "The same key and request are answered with the first answer, for ever."),
        "Reason": parameter("Sharelog-Reason", "header", &text, "Why; percent-encoded. Or \
            `reason` in the body."),
        "Ticket": parameter("Sharelog-Ticket", "header", &text, "The ticket. Or `ticket` in the \
            body."),
        "IfMatch": parameter("If-Match", "header", &text, "The version (ETag) that the change is \
            meant for, or *."),
        "IfNoneMatch": parameter("If-None-Match", "header", &text, "Commands: * to create only. \
            Queries: the version held."),
        "OnBehalfOf": parameter("Sharelog-On-Behalf-Of", "header", &text,
            "Applications: for whom they act, `account:ID` or `anonymous`. Without it an \
            application acts for nobody in particular, and may do with every item and account \
            whatever the scopes of its token allow."),
        "ClientAddress": parameter("Sharelog-Client-Address", "header", &text,
            "Applications: the address of the person's machine, for limiting guesses."),
        "Visit": parameter("Sharelog-Visit", "header", &text,
            "The rights of an opened link; may be repeated."),
        "AtLeast": parameter("Sharelog-At-Least", "header", &text,
            "A value of Sharelog-Position that the answer must include. One beyond the end of \
                the log is refused at once."),
        "Prefer": parameter("Prefer", "header", &json!({"type": "string", "examples": ["wait=5"]}),
            "How many seconds to wait for that position, at most 30."),
    })
}

fn headers() -> Value {
    let text =
        |description: &str| json!({"schema": {"type": "string"}, "description": description});
    json!({
        "Position": text("The position that the answer was evaluated at; opaque."),
        "ETag": text("The version of the entity: position of its last change."),
        "Location": text("Where the new entity is."),
        "Replayed": text("`true` when this is the answer of an earlier request with the same key."),
    })
}

fn problem_schema() -> Value {
    let names: Vec<String> =
        ProblemType::ALL.iter().map(|kind| format!("/problems/{}", kind.name())).collect();
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "enum": names},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "errors": {"type": "array", "items": {"type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}}}},
        },
        "additionalProperties": true,
    })
}

fn why_schema() -> Value {
    json!({
        "type": "object",
        "properties": {"reason": {"type": ["string", "null"]},
            "ticket": {"type": ["string", "null"]}},
        "additionalProperties": false,
    })
}

/// Adds to one operation; answers the address of its body's schema.
fn enrich(operation: &mut Value, route: &Route) -> Option<String> {
    let operation = operation.as_object_mut()?;
    let responses = operation.get("responses");
    let versioned = has_version(route, responses.is_some_and(|known| known.get("304").is_some()));
    add_parameters(operation, route, versioned);
    match route.access {
        RouteAccess::Open => {}
        RouteAccess::Anyone => {
            operation.insert("security".to_owned(), json!([{}, {"bearer": []}]));
        }
        RouteAccess::Roles(roles) => {
            operation.insert("security".to_owned(), json!([{"bearer": []}]));
            operation.insert("x-roles".to_owned(), json!(roles));
            if let Some(scope) = route.scope {
                operation.insert("x-scope".to_owned(), json!(scope));
            }
        }
    }
    let body = operation.get("requestBody").is_some();
    if route.command && !body {
        let schema = json!({"$ref": "#/components/schemas/Why"});
        let content = json!({"application/json": {"schema": schema}});
        operation.insert("requestBody".to_owned(), json!({"required": false, "content": content}));
    }
    add_responses(operation, route, (body, versioned));
    let body = Value::Object(operation.clone());
    let schema = body.pointer("/requestBody/content/application~1json/schema/$ref")?;
    schema.as_str().map(str::to_owned)
}

fn add_parameters(operation: &mut Map<String, Value>, route: &Route, versioned: bool) {
    let mut all: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"},
                "description": names(route.path, name)})
        })
        .collect();
    let own = operation.remove("parameters").unwrap_or_default();
    let own = own.as_array().cloned().unwrap_or_default();
    let dry = own.iter().any(|p| p.get("name").is_some_and(|name| name == "dry_run"));
    all.extend(own);
    let mut shared = Vec::new();
    if route.command {
        shared.extend(["IdempotencyKey", "Reason", "Ticket", "IfMatch", "IfNoneMatch", "AtLeast"]);
        if !dry {
            shared.push("DryRun");
        }
    } else {
        shared.extend(["AtLeast", "Prefer"]);
        if route.method == "GET" && versioned {
            shared.push("IfNoneMatch");
        }
    }
    if for_others(route) {
        shared.push("OnBehalfOf");
    }
    if for_applications(route) {
        shared.push("ClientAddress");
    }
    shared.push("Visit");
    all.extend(
        shared.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")})),
    );
    operation.insert("parameters".to_owned(), Value::Array(all));
}

/// What a part of a path names.
fn names(path: &str, part: &str) -> &'static str {
    match part {
        "kind" => "The kind of the item, one of GET /v1/kinds.",
        "id" => "The application's own id of the item.",
        "grant" => "The grant, `gr_…`.",
        "link" => "The link, `ln_…`.",
        "account" if path.starts_with("/v1/accounts/") => {
            "The application's own id of the account; `me` = the caller's own, or the one that \
             Sharelog-On-Behalf-Of names."
        }
        "account" => "The application's own id of the account.",
        "group" => "The application's own id of the group.",
        "token" => "The access token's id, `tk_…`; not its secret.",
        "webhook" => "The webhook, `wh_…` and a UUID that its maker chose.",
        "name" => "The read model: access, catalog or audit.",
        _ => "",
    }
}

/// Do applications call it?
fn for_applications(route: &Route) -> bool {
    match route.access {
        RouteAccess::Open => false,
        RouteAccess::Anyone => true,
        RouteAccess::Roles(roles) => roles.contains(&CallerRole::App),
    }
}

/// Can an application call it for somebody else? Feed and webhooks tell of everybody's items.
fn for_others(route: &Route) -> bool {
    let of_all = route.path == "/v1/watch" || route.path.starts_with("/v1/webhooks");
    for_applications(route) && !of_all
}

/// Does its answer carry the version of one entity? `known` = it may say that the caller holds it.
fn has_version(route: &Route, known: bool) -> bool {
    let of_item = route.path.strip_prefix("/v1/items/{kind}/{id}");
    match (route.method, of_item.unwrap_or(route.path)) {
        ("POST", "/v1/tokens")
        | (
            "DELETE",
            "/publication" | "/links/{link}" | "/v1/tokens/{token}" | "/v1/webhooks/{webhook}",
        ) => false,
        ("GET", "/v1/webhooks/{webhook}") => true,
        _ => known || route.command,
    }
}

fn add_responses(
    operation: &mut Map<String, Value>,
    route: &Route,
    (body, versioned): (bool, bool),
) {
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    let header = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
    for (status, response) in responses.iter_mut() {
        let Some(response) = response.as_object_mut() else { continue };
        let mut headers = Map::new();
        headers.insert("Sharelog-Position".to_owned(), header("Position"));
        if versioned {
            headers.insert("ETag".to_owned(), header("ETag"));
        }
        if status == "201" {
            headers.insert("Location".to_owned(), header("Location"));
        }
        if route.command {
            headers.insert("Idempotency-Replayed".to_owned(), header("Replayed"));
        }
        response.insert("headers".to_owned(), Value::Object(headers));
    }
    for (status, kinds) in by_status(route, body) {
        let reference = format!("#/components/responses/{}", response_name(status, &kinds));
        responses.insert(status.to_string(), json!({"$ref": reference}));
    }
}

fn by_status(route: &Route, body: bool) -> BTreeMap<u16, Vec<ProblemType>> {
    let mut found: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
    for kind in problems_of(route, body) {
        found.entry(kind.status().as_u16()).or_default().push(kind);
    }
    found
}

/// Routes that answer the same problems share one response, named after them.
fn response_name(status: u16, kinds: &[ProblemType]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    format!("{status}.{}", names.join("."))
}

fn problem_response(kinds: &[ProblemType]) -> Value {
    let names: Vec<String> =
        kinds.iter().map(|kind| format!("/problems/{}", kind.name())).collect();
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    let schema = json!({"allOf": [
        {"$ref": "#/components/schemas/Problem"},
        {"type": "object", "properties": {"type": {"enum": names}}},
    ]});
    json!({"description": titles.join("; "), "content": {PROBLEM_JSON: {"schema": schema}}})
}

/// All shared responses of all routes.
fn shared_responses(routes: &[Route]) -> Value {
    let mut shared = Map::new();
    for route in routes.iter().filter(|route| route.is_json()) {
        for body in [false, true] {
            for (status, kinds) in by_status(route, body) {
                shared.insert(response_name(status, &kinds), problem_response(&kinds));
            }
        }
    }
    Value::Object(shared)
}

/// Every command's body may say why.
fn add_why(document: &mut Value, schema: &str) {
    let Some(pointer) = schema.strip_prefix('#') else { return };
    let text = |description: &str| json!({"type": ["string", "null"], "description": description});
    let properties = document.pointer_mut(pointer).and_then(|schema| schema.get_mut("properties"));
    if let Some(properties) = properties.and_then(Value::as_object_mut) {
        properties.insert("reason".to_owned(), text("Why, in the caller's words."));
        properties.insert("ticket".to_owned(), text("The ticket that it belongs to."));
    }
}
