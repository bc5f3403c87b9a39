//! Problem responses: the closed list of problem types (RFC 9457).

mod map;
mod page;
mod types;

pub(crate) use map::{scope_missing, unanswered};
pub use page::routes;
pub use types::ProblemType;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal, ready for the wire. `instance` is added by the outermost layer.
#[derive(Debug, Clone)]
pub struct Problem(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    kind: ProblemType,
    detail: String,
    members: Map<String, Value>,
    retry_after: Option<u64>,
    allow: Option<HeaderValue>,
    cause: Option<String>,
}

/// What every `Result` of a handler fails with.
pub type ApiResult<T> = Result<T, Problem>;

/// One wrong value: where it stands and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer into the body, or `path:NAME`, `query:NAME`, `header:NAME`.
    pub pointer: String,
    /// Which rule is broken, and what would be right.
    pub detail: String,
}

impl Problem {
    /// A problem of a type, with what happened in words.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self(Box::new(Content {
            kind,
            detail: detail.into(),
            members: Map::new(),
            retry_after: None,
            allow: None,
            cause: None,
        }))
    }

    /// Adds an extra member of its type.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.0.members.insert(name.to_owned(), value);
        self
    }

    /// Says after how many seconds to ask again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds.max(1));
        self
    }

    /// Keeps what a client must not see, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Names the methods that the path does have.
    #[must_use]
    pub fn allow(mut self, methods: HeaderValue) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// A failure of the service itself; the cause is for the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "the service failed; its log has the cause";
        Self::new(ProblemType::Internal, detail).because(cause)
    }

    /// One wrong value.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// Several wrong values.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map_or_else(String::new, |e| {
            if e.pointer.is_empty() {
                e.detail.clone()
            } else {
                format!("{}: {}", e.pointer.trim_end_matches(':'), e.detail)
            }
        });
        Self::new(ProblemType::InvalidField, detail).with("errors", errors)
    }

    /// There is nothing here, or nothing the caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemType::NotFound, format!("there is no such {what}"))
    }

    /// The caller may know it, but not do this.
    pub fn not_permitted(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::NotPermitted, detail)
    }

    /// Which type it is.
    pub fn kind(&self) -> ProblemType {
        self.0.kind
    }

    /// What happened, in words.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What a client must not see, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The response, naming the request it answers.
    pub fn render(&self, instance: Option<&str>) -> Response {
        let mut body = Map::new();
        body.insert("type".into(), format!("/problems/{}", self.0.kind.name()).into());
        body.insert("title".into(), self.0.kind.title().into());
        body.insert("status".into(), self.0.kind.status().as_u16().into());
        body.insert("detail".into(), self.0.detail.clone().into());
        if let Some(instance) = instance {
            body.insert("instance".into(), instance.into());
        }
        body.extend(self.0.members.clone());
        let mut response = Response::new(Body::from(Value::Object(body).to_string()));
        *response.status_mut() = self.0.kind.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(methods) = &self.0.allow {
            headers.insert(header::ALLOW, methods.clone());
        }
        if self.0.kind.status() == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"sharelog\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(None);
        response.extensions_mut().insert(self);
        response
    }
}
