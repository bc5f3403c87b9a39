//! The operation of a route in the OpenAPI document, from what its types and its access say.

use super::problems::problems_of;
use crate::{
    problem::{PROBLEM_JSON, ProblemType},
    routing::{AnswerSpec, Callers, Contract, Route},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn component(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

/// The whole operation.
pub(super) fn complete(route: &Route, operation: &Value) -> Value {
    let mut operation = operation.as_object().cloned().unwrap_or_default();
    if !route.is_protected() {
        return Value::Object(operation);
    }
    operation.insert("parameters".to_owned(), Value::Array(parameters(route)));
    let bearer = json!({"bearer": []});
    match route.access.callers {
        Callers::Open | Callers::Anyone => {
            operation.insert("security".to_owned(), json!([{}, bearer]));
        }
        Callers::Roles(roles) => {
            operation.insert("security".to_owned(), json!([bearer]));
            operation.insert("x-roles".to_owned(), json!(roles));
            if let Some(scope) = route.access.scope {
                operation.insert("x-scope".to_owned(), json!(scope));
            }
        }
    }
    let own = route.contract.body.clone();
    let why = || component("schemas", "Why");
    let required = own.is_some();
    if let Some(schema) = own.or_else(|| route.access.command.then(why)) {
        let content = json!({"application/json": {"schema": schema}});
        let body = json!({"required": required, "content": content});
        operation.insert("requestBody".to_owned(), body);
    }
    operation.insert("responses".to_owned(), Value::Object(responses(route)));
    Value::Object(operation)
}

fn parameters(route: &Route) -> Vec<Value> {
    let Contract { path, parameters, answers, .. } = &route.contract;
    let named = |name: &str| path.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    let parts = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = parts
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"},
                "description": named(name).unwrap_or_default()})
        })
        .collect();
    all.extend(parameters.iter().cloned());
    let mut shared = Vec::new();
    if route.access.command {
        shared.extend(["IdempotencyKey", "Reason", "Ticket", "IfMatch", "IfNoneMatch", "AtLeast"]);
        if !parameters.iter().any(|parameter| parameter["name"] == "dry_run") {
            shared.push("DryRun");
        }
    } else {
        shared.extend(["AtLeast", "Prefer"]);
        if route.method == "GET" && answers.iter().any(|answer| answer.versioned) {
            shared.push("IfNoneMatch");
        }
    }
    if route.access.admits_applications() {
        shared.extend(route.access.on_behalf.then_some("OnBehalfOf"));
        shared.push("ClientAddress");
    }
    shared.push("Visit");
    all.extend(shared.into_iter().map(|name| component("parameters", name)));
    all
}

fn responses(route: &Route) -> Map<String, Value> {
    let mut all = Map::new();
    for answer in &route.contract.answers {
        all.insert(answer.status.to_string(), success(route, answer));
    }
    for (status, kinds) in by_status(route) {
        all.insert(status.to_string(), component("responses", &response_name(status, &kinds)));
    }
    all
}

fn success(route: &Route, answer: &AnswerSpec) -> Value {
    let mut headers = Map::new();
    let mut name = |header: &str, component_name: &str| {
        headers.insert(header.to_owned(), component("headers", component_name));
    };
    name("Sharelog-Position", "Position");
    if answer.versioned {
        name("ETag", "ETag");
    }
    if answer.status == 201 {
        name("Location", "Location");
    }
    if route.access.command {
        name("Idempotency-Replayed", "Replayed");
    }
    let Some((media, schema)) = &answer.body else {
        return json!({"description": answer.description, "headers": headers});
    };
    let content = match answer.example {
        Some(example) => json!({"schema": schema, "example": example}),
        None => json!({"schema": schema}),
    };
    json!({"description": answer.description, "headers": headers, "content": { *media: content }})
}

fn by_status(route: &Route) -> BTreeMap<u16, Vec<ProblemType>> {
    let mut found: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
    for kind in problems_of(route) {
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
        component("schemas", "Problem"),
        {"type": "object", "properties": {"type": {"enum": names}}},
    ]});
    json!({"description": titles.join("; "), "content": {PROBLEM_JSON: {"schema": schema}}})
}

/// All shared responses of all routes.
pub(super) fn shared_responses(routes: &[Route]) -> Map<String, Value> {
    let protected = routes.iter().filter(|route| route.is_protected());
    let all = protected.flat_map(by_status);
    all.map(|(status, kinds)| (response_name(status, &kinds), problem_response(&kinds))).collect()
}
