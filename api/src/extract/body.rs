//! Strict JSON bodies: unknown fields are refused, each error names its field.

use super::field_message::field_message;
use crate::problem::{FieldError, Problem, ProblemType};
use axum::{
    body::Body,
    http::{HeaderMap, Method, header},
};
use futures::StreamExt as _;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use utoipa::ToSchema;

/// The most bytes a body may have.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// So much of a body that is too large is read and dropped.
const MAX_DRAINED_BYTES: usize = 8 * 1024 * 1024;

/// The body of a command that takes no fields of its own.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// A field of a merge-patch: absent keeps, null clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Nullable<T> {
    /// The field was not sent.
    #[default]
    Absent,
    /// The field was null.
    Null,
    /// The field had a value.
    Set(T),
}

impl<T> Nullable<T> {
    /// As the domain's patch.
    pub fn patch(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }

    /// As the domain's patch, with another type inside.
    pub fn map<U>(self, into: impl FnOnce(T) -> U) -> Option<Option<U>> {
        self.patch().map(|value| value.map(into))
    }

    /// For a field that cannot be cleared: null is refused.
    pub fn required(self, pointer: &str) -> Result<Option<T>, Problem> {
        match self {
            Self::Absent => Ok(None),
            Self::Set(value) => Ok(Some(value)),
            Self::Null => Err(Problem::field(pointer, "cannot be null")),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer)
            .map(|value| value.map_or(Self::Null, |value| Self::Set(value)))
    }
}

/// A body as it was sent, not yet given a type.
#[derive(Debug, Default)]
pub struct JsonBody {
    object: Map<String, Value>,
    empty: bool,
    /// Fields that are read beside those of the type.
    beside: Vec<String>,
}

impl JsonBody {
    /// Reads a whole body; an empty one is an empty object.
    pub async fn read(method: &Method, headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let too_large = || {
            let detail = format!("the body has more than {} KiB", MAX_BODY_BYTES / 1024);
            Problem::new(ProblemType::TooLarge, detail)
        };
        let mut bytes = Vec::new();
        let mut chunks = body.into_data_stream();
        let mut drained = 0usize;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk
                .map_err(|_| Problem::new(ProblemType::MalformedRequest, "the body broke off"))?;
            if drained == 0 && bytes.len() + chunk.len() <= MAX_BODY_BYTES {
                bytes.extend_from_slice(&chunk);
                continue;
            }
            // Read on for a while: a client that is still sending would not see the answer.
            drained += chunk.len();
            if drained > MAX_DRAINED_BYTES {
                break;
            }
        }
        if drained > 0 {
            return Err(too_large());
        }
        if bytes.is_empty() {
            return Ok(Self { empty: true, ..Self::default() });
        }
        check_media_type(method, headers)?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self { object, ..Self::default() }),
            Ok(_) => Err(Problem::new(ProblemType::MalformedRequest, "the body must be an object")),
            Err(error) => Err(Problem::new(
                ProblemType::MalformedRequest,
                format!("the body is no JSON: {error}"),
            )),
        }
    }

    /// Takes an optional text out of it, of at most so many characters.
    pub fn take_text(&mut self, name: &str, longest: usize) -> Result<Option<String>, Problem> {
        let pointer = format!("/{name}");
        self.beside.push(name.to_owned());
        match self.object.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() > longest => {
                Err(Problem::field(pointer, format!("has more than {longest} characters")))
            }
            Some(Value::String(text)) if text.trim().is_empty() => {
                Err(Problem::field(pointer, "is empty; leave it out instead"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::field(pointer, "a text is expected")),
        }
    }

    /// The content in one order of fields, as it enters the fingerprint of a request.
    pub fn canonical(&self) -> String {
        fn sorted(value: &Value) -> Value {
            match value {
                Value::Object(map) => {
                    let mut entries: Vec<_> = map.iter().collect();
                    entries.sort_by_key(|(name, _)| *name);
                    entries.into_iter().map(|(name, v)| (name.clone(), sorted(v))).collect()
                }
                Value::Array(list) => list.iter().map(sorted).collect(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
            }
        }
        sorted(&Value::Object(self.object.clone())).to_string()
    }

    /// Gives it its type.
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let Self { object, empty, beside } = self;
        serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
            if empty {
                return Problem::new(ProblemType::MalformedRequest, "a JSON body is needed");
            }
            Problem::fields(vec![field_error(&error, &beside)])
        })
    }
}

fn field_error(
    error: &serde_path_to_error::Error<serde_json::Error>,
    beside: &[String],
) -> FieldError {
    let mut pointer: String = error
        .path()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    let detail = error.inner().to_string();
    for prefix in ["missing field `", "unknown field `"] {
        let name = detail.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
        if let Some(name) = name
            && !pointer.ends_with(&format!("/{}", escape(name)))
        {
            pointer = format!("{pointer}/{}", escape(name));
        }
    }
    let outermost = pointer.rfind('/') == Some(0);
    let also = if outermost { beside } else { &[] };
    FieldError { detail: field_message("", &detail, also), pointer }
}

/// Escapes a name for a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn check_media_type(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = sent.split(';').skip(1).find_map(|part| part.trim().strip_prefix("charset="));
    let utf8 = charset.is_none_or(|name| name.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    let patch = *method == Method::PATCH && essence == "application/merge-patch+json";
    if utf8 && (essence == "application/json" || patch) {
        Ok(())
    } else {
        let detail = if sent.is_empty() {
            "the body has no Content-Type; application/json is expected".to_owned()
        } else {
            format!("`{sent}` is not understood; application/json is expected")
        };
        Err(Problem::new(ProblemType::UnsupportedMediaType, detail))
    }
}
