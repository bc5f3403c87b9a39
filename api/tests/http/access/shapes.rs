//! All answers have the shapes that the text describes: its sentences, as JSON schemas.

use super::{question, shared};
use crate::world::Client;
use serde_json::{Value, json};

/// "Decision", "The Search API Response", "Paginated Responses", "Access Evaluations API Response"
/// and "Policy Decision Point Metadata" of the Authorization API 1.0.
fn schemas() -> Value {
    let https = json!({"type": "string", "pattern": "^https://[^?#]+$"});
    json!({"$defs": {
        "decision": {
            "type": "object",
            "required": ["decision"],
            "properties": {"decision": {"type": "boolean"}, "context": {"type": "object"}},
            "additionalProperties": false,
        },
        "decisions": {
            "type": "object",
            "required": ["evaluations"],
            "properties": {"evaluations": {"type": "array",
                "items": {"$ref": "#/$defs/decision"}}},
            "additionalProperties": false,
        },
        "page": {
            "type": "object",
            "required": ["next_token"],
            "properties": {
                "next_token": {"type": "string"},
                "count": {"type": "integer", "minimum": 0},
                "total": {"type": "integer", "minimum": 0},
                "properties": {"type": "object"},
            },
            "additionalProperties": false,
        },
        "entity": {
            "type": "object",
            "required": ["type", "id"],
            "properties": {"type": {"type": "string"}, "id": {"type": "string"},
                "properties": {"type": "object"}},
            "additionalProperties": false,
        },
        "action": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "properties": {"type": "object"}},
            "additionalProperties": false,
        },
        "entities": {
            "type": "object",
            "required": ["results"],
            "properties": {"page": {"$ref": "#/$defs/page"}, "context": {"type": "object"},
                "results": {"type": "array", "items": {"$ref": "#/$defs/entity"}}},
            "additionalProperties": false,
        },
        "actions": {
            "type": "object",
            "required": ["results"],
            "properties": {"page": {"$ref": "#/$defs/page"}, "context": {"type": "object"},
                "results": {"type": "array", "items": {"$ref": "#/$defs/action"}}},
            "additionalProperties": false,
        },
        "metadata": {
            "type": "object",
            "required": ["policy_decision_point", "access_evaluation_endpoint"],
            "properties": {
                "policy_decision_point": https,
                "access_evaluation_endpoint": https,
                "access_evaluations_endpoint": https,
                "search_subject_endpoint": https,
                "search_resource_endpoint": https,
                "search_action_endpoint": https,
                "capabilities": {"type": "array", "items": {"type": "string"}},
                "signed_metadata": {"type": "string"},
            },
            "additionalProperties": false,
        },
    }})
}

#[track_caller]
fn fits(name: &str, answer: &Value) {
    let mut schema = schemas();
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(answer).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{name}: {errors:?} in {answer}");
}

async fn answered(app: &Client, endpoint: &str, body: Value) -> Value {
    app.post(&format!("/access/v1/{endpoint}"), body).await.is(200).clone()
}

#[tokio::test]
async fn every_answer_has_the_shape_of_the_text() {
    let world = shared().await;
    let app = world.app().await;
    for subject in ["user:a-22", "user:alice@example.com", "anonymous"] {
        for action in ["view", "edit", "can_read"] {
            let body = question(subject, action, "history:8f3a");
            fits("decision", &answered(&app, "evaluation", body.clone()).await);
            fits("decision", &answered(&app, "evaluations", body.clone()).await);
            let mut batch = body.clone();
            batch["evaluations"] = json!([{}, {"resource": 7}, {"context": {"visits": ["x"]}}]);
            fits("decisions", &answered(&app, "evaluations", batch).await);
            fits("entities", &answered(&app, "search/subject", body.clone()).await);
            fits("entities", &answered(&app, "search/resource", body.clone()).await);
            fits("actions", &answered(&app, "search/action", body).await);
        }
    }
    let metadata = world.nobody().get("/.well-known/authzen-configuration").await;
    fits("metadata", metadata.is(200));
}
