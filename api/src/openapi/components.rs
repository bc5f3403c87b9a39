//! What many operations share: parameters, headers, and the schemas of problems and reasons.

use crate::problem::ProblemType;
use serde_json::{Value, json};

fn parameter(name: &str, place: &str, schema: &Value, description: &str) -> Value {
    json!({"name": name, "in": place, "schema": schema, "description": description})
}

pub(super) fn parameters() -> Value {
    let text = json!({"type": "string"});
    json!({
        "DryRun": parameter("dry_run", "query", &json!({"type": "boolean", "default": false}),
            "Say what would happen, and record nothing."),
        "IdempotencyKey": parameter("Idempotency-Key", "header",
            &json!({"type": "string", "minLength": 1, "maxLength": 255}),
            "The same key and request are answered with the first answer, permanently."),
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

pub(super) fn headers() -> Value {
    let text =
        |description: &str| json!({"schema": {"type": "string"}, "description": description});
    json!({
        "Position": text("The position that the answer was evaluated at; opaque."),
        "ETag": text("The version of the entity: position of its last change."),
        "Location": text("Where the new entity is."),
        "Replayed": text("`true` when this is the answer of an earlier request with the same key."),
    })
}

pub(super) fn problem_schema() -> Value {
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

/// Why, as every command's body may say.
pub(super) fn reason() -> Value {
    json!({"type": ["string", "null"], "description": "Why, in the caller's words."})
}

/// The ticket, as every command's body may name it.
pub(super) fn ticket() -> Value {
    json!({"type": ["string", "null"], "description": "The ticket that it belongs to."})
}

pub(super) fn why_schema() -> Value {
    json!({
        "type": "object",
        "properties": {"reason": reason(), "ticket": ticket()},
        "additionalProperties": false,
    })
}
