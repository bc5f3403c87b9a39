//! What every answer carries: command, status, position, headers.

use super::{
    dry_run::{Planned, PlannedEvent, SideBody},
    grant::EndedGrant,
    remaining_access::StillOpen,
    words,
};
use crate::{
    extract::{PositionToken, RequestMeta},
    problem::{ApiResult, Problem, ProblemType},
    state::AppState,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use commands::{Outcome, Status};
use domain::{
    aggregate::Aggregate, id::CommandId, position::Position, stream::StreamName, time::Time,
};
use parking_lot::RwLock;
use serde::Serialize;
use utoipa::ToSchema;

/// Bytes of memory an answer begins with.
const ANSWER_CAPACITY_BYTES: usize = 1024;

/// Something that the caller should know although the command was carried out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Warning {
    /// What it is about, e.g. `visit_ignored`.
    pub code: &'static str,
    /// In words.
    pub detail: String,
}

/// The answer to a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer<R> {
    /// The command's id.
    #[schema(value_type = String, format = "uuid")]
    pub command: CommandId,
    /// What became of it.
    #[schema(value_type = words::Status)]
    pub status: &'static str,
    /// The position it was recorded at, or decided at when nothing was recorded.
    #[schema(value_type = u64)]
    pub position: Position,
    /// When it took effect.
    #[schema(value_type = words::Instant)]
    pub at: Time,
    /// What it was about, as it is now.
    #[serde(flatten)]
    pub resource: R,
    /// What it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Vec<EndedGrant>>,
    /// What still gives access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still_open: Option<Vec<StillOpen>>,
    /// What the caller should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Dry run: the events that it would record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<PlannedEvent>>,
    /// Dry run: who would gain what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gains: Option<SideBody>,
    /// Dry run: who would lose what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loses: Option<SideBody>,
}

impl<R> Answer<R> {
    /// The answer that an outcome amounts to.
    pub fn new<S: Planned>(outcome: &Outcome<S>, stream: &StreamName, resource: R) -> Self {
        let status = match outcome.status {
            Status::Recorded => "recorded",
            Status::Unchanged => "unchanged",
            Status::Planned => "planned",
        };
        let planned = outcome.status == Status::Planned;
        let (gains, loses) = if planned {
            let before = outcome.before.as_deref().unwrap_or(&outcome.after);
            let (gains, loses) = S::sides(before, &outcome.after, outcome.at);
            (Some(gains), Some(loses))
        } else {
            (None, None)
        };
        let events = planned
            .then(|| outcome.events.iter().map(|event| PlannedEvent::of(event, stream)).collect());
        let ignored = outcome.ignored_visits.iter();
        let warnings = ignored
            .map(|detail| Warning { code: "visit_ignored", detail: detail.clone() })
            .collect();
        Self {
            command: outcome.command,
            status,
            position: outcome.position,
            at: outcome.at,
            resource,
            ended: None,
            still_open: None,
            warnings,
            events,
            gains,
            loses,
        }
    }
}

/// The headers and the status around a command's answer.
#[derive(Debug)]
pub struct Reply<'a, S: Aggregate> {
    app: &'a AppState,
    outcome: &'a Outcome<S>,
    version: Option<Position>,
    location: Option<String>,
}

impl<'a, S: Aggregate> Reply<'a, S> {
    /// Around the answer to an outcome.
    pub fn new(app: &'a AppState, outcome: &'a Outcome<S>) -> Self {
        Self { app, outcome, version: None, location: None }
    }

    /// Names the version of the entity, as `ETag`.
    #[must_use]
    pub fn version(mut self, version: Position) -> Self {
        self.version = Some(version);
        self
    }

    /// Names where the entity is, if it was created.
    #[must_use]
    pub fn location(mut self, path: impl FnOnce() -> String) -> Self {
        let created = self.outcome.created && self.outcome.status == Status::Recorded;
        self.location = created.then(path);
        self
    }

    /// The response.
    #[expect(clippy::needless_pass_by_value, reason = "an answer is made to be sent")]
    pub fn json<R: Serialize>(self, answer: Answer<R>) -> Response {
        let status = if self.location.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let version = self.version.filter(|_| self.outcome.status != Status::Planned);
        // The body of a replay says where it was recorded; the caller has seen more by now.
        let position = self.outcome.position.max(self.outcome.at_least);
        let mut headers = read_headers(self.app, position, version);
        if let Some(location) = self.location.and_then(|path| HeaderValue::try_from(path).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if self.outcome.replayed {
            const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        json(status, headers, &answer).into_response()
    }
}

/// A body as JSON, in one piece of memory that most answers fit in.
pub(crate) fn json(
    status: StatusCode,
    headers: HeaderMap,
    body: &impl Serialize,
) -> ApiResult<Response> {
    let mut bytes = Vec::with_capacity(ANSWER_CAPACITY_BYTES);
    serde_json::to_writer(&mut bytes, body).map_err(|error| {
        Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
            .because(error.to_string())
    })?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    let kind = HeaderValue::from_static("application/json");
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
pub fn read_headers(app: &AppState, position: Position, version: Option<Position>) -> HeaderMap {
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

/// The answer to a query about one thing.
#[derive(Debug)]
pub struct Page<'a> {
    /// The state of the router.
    pub app: &'a AppState,
    /// The position that was evaluated at.
    pub position: Position,
    /// The version of the thing, where it has one.
    pub version: Option<Position>,
}

impl<'a> Page<'a> {
    /// About what the write side knows, read at a position after the one that the caller named was
    /// waited for. A thing that changed last before that was read at it all the same: whoever keeps
    /// the last position that it was told never falls behind what it has seen.
    pub fn current(
        app: &'a AppState,
        meta: &RequestMeta,
        read: Position,
        version: Option<Position>,
    ) -> Self {
        Self { app, position: read.max(meta.at_least.unwrap_or_default()), version }
    }

    /// The response; 304 when the caller holds this version already.
    pub fn json(&self, meta: &RequestMeta, body: impl Serialize) -> Response {
        let headers = read_headers(self.app, self.position, self.version);
        if self.version.is_some_and(|version| meta.preconditions.holds(version)) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        json(StatusCode::OK, headers, &body).into_response()
    }
}
