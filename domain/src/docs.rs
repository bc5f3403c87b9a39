//! Generates the payload table of `EVENTS.md` from the types.
//!
//! Behind the feature `docs`; nothing here is used by the service.

use crate::{
    event::schemas,
    id::{AccountId, GrantId, GroupId, ItemId, KindName, LinkId, LogId, VaultId, VisitId},
    position::Position,
    private_text::PrivateText,
    time::Time,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeMap};

macro_rules! schema {
    ($($name:ident: $doc:literal),* $(,)?) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $doc })
            }
        }
    )*};
}

schema! {
    AccountId: "text: the application's own id of an account",
    GroupId: "text: the application's own id of a group",
    ItemId: "text: the application's own id of an item",
    KindName: "text: the name of a kind, e.g. `history`",
    GrantId: "text: `gr_` and 32 hexadecimal digits",
    LinkId: "text: `ln_` and 32 hexadecimal digits",
    VisitId: "text: `vs_` and 32 hexadecimal digits",
    VaultId: "text: `va_` and 32 hexadecimal digits, a row of the vault",
    LogId: "text: a uuid",
    Position: "number: place of a record on the log",
    Time: "text: RFC 3339 in UTC with six fraction digits",
    PrivateText: "object `{k, c, f, t}`: a sealed text (data key, commit, field, ciphertext)",
}

/// The whole page.
pub fn payload_table() -> String {
    let mut page = String::from(HEAD);
    let mut types: BTreeMap<String, Value> = BTreeMap::new();
    for (event_type, schema) in schemas(&mut SchemaGenerator::default()) {
        let (name, version) = (event_type.name(), event_type.version());
        let schema = schema.to_value();
        if let Some(defined) = schema.get("$defs").and_then(Value::as_object) {
            types.extend(defined.iter().map(|(name, schema)| (name.clone(), schema.clone())));
        }
        let (meaning, fields) = (meaning(&schema, Some(name)), fields(&schema));
        page.extend(["\n### `", name, "` version ", &version.to_string(), "\n\n"]);
        page.extend([&*meaning, "\n", &*fields]);
    }
    page.push_str("\n## Types\n");
    for (name, schema) in &types {
        let (meaning, values, fields) = (meaning(schema, None), values(schema), fields(schema));
        page.extend(["\n### ", &**name, "\n\n", &*meaning, "\n", &*values, &*fields]);
    }
    page
}

const HEAD: &str = "<!-- Generated from the types; `cargo test -p domain --test catalogue` \
    tells how to renew it. -->\n\n# Events\n\nEvery event that can stand on the log, with its \
    stored name, version and payload. Stored names, versions and\npayloads are a storage format: a \
    changed payload gets a new version, an upcast and a new frozen sample in\n`samples/`. A field \
    that is not needed may be absent. Which permission causes which event stands in\n\
    `src/access/authority.rs`.\n\n## Payloads\n";

/// The documentation of a type, without the stored name that it opens with.
fn meaning(schema: &Value, name: Option<&str>) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let text = one_line(text);
    let open = name.map(|name| format!("`{name}`")).unwrap_or_default();
    let rest = text.strip_prefix(&open).unwrap_or(&text);
    let rest = rest.trim_start_matches([':', '.', ' ']);
    let mut letters = rest.chars();
    let capital = letters.next().map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}", capital.unwrap_or_default(), letters.as_str())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn fields(schema: &Value) -> String {
    let Some(fields) = schema.get("properties").and_then(Value::as_object) else {
        return String::new();
    };
    if fields.is_empty() {
        return "\nNo fields.\n".to_owned();
    }
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut table = "\n| field | type | needed | meaning |\n|---|---|---|---|\n".to_owned();
    // The order of a JSON object depends on features of serde_json that other packages choose.
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| (!required.contains(&name.as_str()), (*name).clone()));
    for (name, field) in sorted {
        let needed = if required.contains(&name.as_str()) { "yes" } else { "" };
        let text = field.get("description").and_then(Value::as_str).unwrap_or_default();
        let line = format!("| `{name}` | {} | {needed} | {} |\n", kind(field), one_line(text));
        table.push_str(&line);
    }
    table
}

/// The variants of an enumeration.
fn values(schema: &Value) -> String {
    let variants = schema.get("oneOf").and_then(Value::as_array);
    let Some(variants) = variants else { return String::new() };
    let mut table = "\n| value | meaning |\n|---|---|\n".to_owned();
    for variant in variants {
        let text = variant.get("description").and_then(Value::as_str).unwrap_or_default();
        let value = variant.get("const").or_else(|| variant.pointer("/properties/type/const"));
        let id = variant.pointer("/properties/id").map(|id| format!(", `id`: {}", kind(id)));
        let shown = match (value.and_then(Value::as_str), id) {
            (Some(value), Some(id)) => format!("`type`: `{value}`{id}"),
            (Some(value), None) => format!("`{value}`"),
            (None, _) => "?".to_owned(),
        };
        table.extend(["| ", &*shown, " | ", &*one_line(text), " |\n"]);
    }
    table
}

/// A field's type in words.
fn kind(field: &Value) -> String {
    let Some(field) = field.as_object() else { return "anything".to_owned() };
    if let Some(name) = reference(field) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(options) = field.get("anyOf").and_then(Value::as_array) {
        let kinds = options.iter().filter(|option| !is_null(option)).map(kind);
        let nullable = if options.iter().any(is_null) { " or null" } else { "" };
        return format!("{}{nullable}", kinds.collect::<Vec<_>>().join(" or "));
    }
    if let Some(items) = field.get("items") {
        return format!("list of {}", kind(items));
    }
    if let Some(values) = field.get("additionalProperties").filter(|values| values.is_object()) {
        return format!("map from text to {}", kind(values));
    }
    let word = |name: &str| match name {
        "string" => "text",
        "integer" => "number",
        "boolean" => "true or false",
        "null" => "null",
        _ => "object",
    };
    match field.get("type") {
        Some(Value::String(name)) => word(name).to_owned(),
        Some(Value::Array(names)) => {
            let words: Vec<_> = names.iter().filter_map(Value::as_str).map(word).collect();
            words.join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn reference(field: &Map<String, Value>) -> Option<&str> {
    let own = field.get("$ref").and_then(Value::as_str);
    own?.strip_prefix("#/$defs/")
}

fn is_null(option: &Value) -> bool {
    option.get("type").and_then(Value::as_str) == Some("null")
}
