//! Typed answers: status, headers and body as one, and what the OpenAPI document says of them.

use crate::{
    extract::{PositionToken, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{AnswerSpec, Answers, Contract, JSON},
    state::AppState,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::position::Position;
use parking_lot::RwLock;
use serde::Serialize;
use utoipa::ToSchema;

/// Memory that an answer begins with.
const CAPACITY_BYTES: usize = 1024;

/// A body as JSON, in one piece of memory that most answers fit in.
pub(crate) fn json(
    status: StatusCode,
    headers: HeaderMap,
    body: &impl Serialize,
) -> ApiResult<Response> {
    let mut bytes = Vec::with_capacity(CAPACITY_BYTES);
    serde_json::to_writer(&mut bytes, body)
        .map_err(|error| Problem::internal(error.to_string()))?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let kind = HeaderValue::from_static(JSON.0);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// The last value of `Sharelog-Position` that was made: while nothing happens it stays the same.
static LAST_VALUE: RwLock<Option<(PositionToken, HeaderValue)>> = RwLock::new(None);

/// The value of `Sharelog-Position`.
pub(crate) fn position_value(app: &AppState, position: Position) -> Option<HeaderValue> {
    let token = PositionToken { log: app.commands.log_id(), position };
    if let Some((known, value)) = &*LAST_VALUE.read()
        && *known == token
    {
        return Some(value.clone());
    }
    let value = HeaderValue::try_from(token.encode()).ok()?;
    *LAST_VALUE.write() = Some((token, value.clone()));
    Some(value)
}

/// The headers of an answer that was evaluated at a position.
pub(crate) fn headers_at(
    app: &AppState,
    position: Position,
    version: Option<Position>,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(token) = position_value(app, position) {
        headers.insert(HeaderName::from_static("sharelog-position"), token);
    }
    if let Some(tag) = version.and_then(|v| HeaderValue::try_from(format!("\"{v}\"")).ok()) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

/// 200: what a query found.
#[derive(Debug)]
pub struct Read<T> {
    headers: HeaderMap,
    body: T,
}

impl<T> Read<T> {
    /// Evaluated at a position.
    pub fn new(app: &AppState, position: Position, body: T) -> Self {
        Self { headers: headers_at(app, position, None), body }
    }
}

impl<T: Serialize> IntoResponse for Read<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, self.headers, &self.body).into_response()
    }
}

impl<T: ToSchema> Answers for Read<T> {
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        contract.media = Some(JSON);
        let schema = contract.reference::<T>();
        contract.answers_json(200, words, (schema, false));
    }
}

/// 202: what was requested and is carried out later.
#[derive(Debug)]
pub struct Accepted<T>(pub Read<T>);

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        json(StatusCode::ACCEPTED, self.0.headers, &self.0.body).into_response()
    }
}

impl<T: ToSchema> Answers for Accepted<T> {
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        contract.media = Some(JSON);
        let schema = contract.reference::<T>();
        contract.answers_json(202, words, (schema, false));
    }
}

/// 200: an entity with its version; 304 when the caller holds this version, unless the entity
/// changes without one (`CONDITIONAL` = false).
#[derive(Debug)]
pub struct Versioned<T, const CONDITIONAL: bool = true> {
    headers: HeaderMap,
    held: bool,
    body: T,
}

impl<T, const CONDITIONAL: bool> Versioned<T, CONDITIONAL> {
    /// At a version, evaluated at a position.
    pub fn new(
        app: &AppState,
        meta: &RequestMeta,
        (position, version): (Position, Position),
        body: T,
    ) -> Self {
        let held = CONDITIONAL && meta.preconditions.holds(version);
        Self { headers: headers_at(app, position, Some(version)), held, body }
    }

    /// Answers the body even when the caller holds this version.
    #[must_use]
    pub fn unconditionally(self) -> Self {
        Self { held: false, ..self }
    }
}

impl<T: Serialize, const CONDITIONAL: bool> IntoResponse for Versioned<T, CONDITIONAL> {
    fn into_response(self) -> Response {
        if self.held {
            return (StatusCode::NOT_MODIFIED, self.headers).into_response();
        }
        json(StatusCode::OK, self.headers, &self.body).into_response()
    }
}

impl<T: ToSchema, const CONDITIONAL: bool> Answers for Versioned<T, CONDITIONAL> {
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        contract.media = Some(JSON);
        let schema = contract.reference::<T>();
        contract.answers_json(200, words, (schema, true));
        if CONDITIONAL {
            contract.answers.push(AnswerSpec {
                status: 304,
                description: "The caller holds this version",
                body: None,
                example: None,
                versioned: true,
            });
        }
    }
}
