//! The endpoint around each AuthZEN answer. It does the least that is needed: these are the
//! hottest routes of the service, so they pass no layer but do for themselves what layers do.

use super::{request::Text, subject::is_caller};
use crate::{
    auth::{Route, authenticate, find},
    extract::{at_least, wait},
    metrics::{Counted, Running},
    middleware,
    problem::{ApiResult, Problem, ProblemType},
    state::AppState,
    telemetry,
    v1::{
        consistency,
        shape::{json, position_value},
    },
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use commands::{Caller, CommandError};
use domain::{access::Visit, position::Position, principal::Principal, time::Time};
use futures::{FutureExt as _, StreamExt as _};
use projections::index::Snapshot;
use serde::Serialize;
use std::{
    panic::AssertUnwindSafe,
    sync::LazyLock,
    time::{Duration, Instant},
};

/// The most bytes a body may have: a batch of 1,000 questions fits.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The most openings of links that are looked at.
const MAX_VISITS: usize = 20;
/// The longest opening, in characters; ours are far shorter.
const MAX_VISIT_BYTES: usize = 512;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const POSITION: HeaderName = HeaderName::from_static("sharelog-position");

/// One of the routes.
pub(super) struct Endpoint {
    path: &'static str,
    route: LazyLock<Option<&'static Route>>,
    counted: Counted,
}

macro_rules! spots {
    ($($name:ident = $path:literal;)*) => {$(
        pub(super) static $name: Endpoint = Endpoint {
            path: $path,
            route: LazyLock::new(|| find(&Method::POST, $path)),
            counted: Counted::new("POST", $path),
        };
    )*};
}

spots! {
    EVALUATION = "/access/v1/evaluation";
    EVALUATIONS = "/access/v1/evaluations";
    SEARCH_SUBJECT = "/access/v1/search/subject";
    SEARCH_RESOURCE = "/access/v1/search/resource";
    SEARCH_ACTION = "/access/v1/search/action";
}

impl Endpoint {
    pub(super) const fn path(&self) -> &'static str {
        self.path
    }
}

/// What is remembered of a request while it is answered.
pub(super) struct RequestTimer {
    spot: &'static Endpoint,
    at: Instant,
    request_id: Option<HeaderValue>,
    _running: Running,
}

impl RequestTimer {
    pub(super) fn at(spot: &'static Endpoint, request: &Request) -> Self {
        // Echoed; one is made only where the log is to be found by it.
        let request_id = request.headers().get(REQUEST_ID).cloned();
        Self { spot, at: Instant::now(), request_id, _running: Counted::begin() }
    }

    /// Answers, whatever becomes of it, with the request's id.
    pub(super) async fn answer(
        self,
        answering: impl Future<Output = ApiResult<Response>>,
    ) -> Response {
        let mut request_id = self.request_id;
        let answered = AssertUnwindSafe(answering).catch_unwind().await;
        let mut response =
            match answered.unwrap_or_else(|panic| Err(middleware::panic_problem(panic.as_ref()))) {
                Ok(response) => response,
                Err(problem) => {
                    let id = request_id.get_or_insert_with(middleware::new_request_id);
                    let id = id.to_str().unwrap_or_default();
                    middleware::log_cause(&problem, &Method::POST, self.spot.path, id);
                    problem.render(Some(self.spot.path))
                }
            };
        if let Some(id) = request_id {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let (path, status) = (self.spot.path, response.status());
        self.spot.counted.end(status, self.at);
        let status = status.as_u16();
        tracing::debug!(target: telemetry::REQUESTS, path, status, "answered a question");
        response
    }
}

/// A request whose caller is let in.
pub(super) struct EvaluationContext {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
    pub(super) now: Time,
    at_least: Option<Position>,
    wait: Option<Duration>,
}

impl EvaluationContext {
    pub(super) async fn read(app: &AppState, spot: &Endpoint, request: Request) -> ApiResult<Self> {
        let (Parts { headers, uri, .. }, body) = request.into_parts();
        if uri.query().is_some_and(|query| !query.is_empty()) {
            let detail = "no parameters are taken here; the body asks, as in `context`";
            return Err(Problem::field("query", detail));
        }
        let route = spot.route.as_ref().copied().ok_or_else(|| {
            Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
                .because("a route is missing in the table")
        })?;
        let caller = authenticate(app, route, &headers).await?.unwrap_or_default();
        check_content_type(&headers)?;
        let (at_least, wait) = (at_least(&headers, app)?, wait(&headers, app.limits.longest_wait)?);
        let body = whole(&headers, body).await?;
        Ok(Self { caller, body, now: app.clock.now(), at_least, wait })
    }

    /// The index, as fresh as asked.
    pub(super) async fn index(&self, app: &AppState) -> ApiResult<Snapshot> {
        consistency::index_at_least(app, self.at_least, self.wait).await
    }

    /// The index at a position, or later.
    pub(super) async fn index_at(&self, app: &AppState, at: Position) -> ApiResult<Snapshot> {
        consistency::index_at_least(app, Some(at), self.wait).await
    }

    /// Waits until the read models are as fresh as asked.
    pub(super) async fn views(&self, app: &AppState) -> ApiResult<()> {
        let models = &[projections::Model::ACCESS];
        consistency::wait_for_views(app, self.at_least, self.wait, models).await
    }

    /// Waits a moment until the read models know a position.
    pub(super) async fn views_at(&self, app: &AppState, position: Position) -> ApiResult<()> {
        consistency::wait_briefly(app, self.wait, &[projections::Model::ACCESS], position).await
    }

    /// The index, with everything that is on the log now; as it is, if that takes too long.
    pub(super) async fn index_at_head(&self, app: &AppState) -> ApiResult<Snapshot> {
        let head = app.log.head().await.map_err(CommandError::from)?.position;
        consistency::index_wait_briefly(app, head, self.wait).await
    }

    /// The openings of links that come with a question, those of the header if it is about the
    /// caller itself; and why others give nothing.
    pub(super) async fn visits(
        &self,
        app: &AppState,
        principal: &Principal,
        texts: &[Text<'_>],
    ) -> ApiResult<(Vec<Visit>, Vec<&'static str>)> {
        let (mut visits, mut ignored) = (Vec::new(), Vec::new());
        let presented = &self.caller.visits;
        if texts.is_empty() && presented.is_empty() {
            return Ok((visits, ignored));
        }
        let mut texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        if is_caller(&self.caller, principal) {
            texts.extend(presented.iter().map(String::as_str));
        } else if !presented.is_empty() {
            ignored.push(
                "the visits of the header were ignored: they count for the caller itself; \
                 context.visits takes those of the subject",
            );
        }
        if texts.len() > MAX_VISITS {
            let detail = format!("at most {MAX_VISITS} visits are looked at");
            return Err(Problem::field("/context/visits", detail));
        }
        for text in texts {
            let read = if text.len() > MAX_VISIT_BYTES {
                None
            } else {
                app.commands.read_visit(text).await?
            };
            match read {
                None => ignored.push("a visit was ignored: it is not one of this service"),
                Some(visit) if visit.ends_at <= self.now => {
                    ignored.push("a visit was ignored: it is over");
                }
                Some(visit) => visits.push(visit),
            }
        }
        Ok((visits, ignored))
    }
}

/// The text of the API knows 400 only for what is no JSON.
fn check_content_type(headers: &HeaderMap) -> ApiResult<()> {
    let sent = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = sent.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/json") {
        return Ok(());
    }
    let detail = "Content-Type must be application/json";
    Err(Problem::new(ProblemType::MalformedRequest, detail))
}

async fn whole(headers: &HeaderMap, body: Body) -> ApiResult<Bytes> {
    let too_large = || {
        let detail = format!("the body has more than {} KiB", MAX_BODY_BYTES / 1024);
        Problem::new(ProblemType::TooLarge, detail)
    };
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if said.and_then(|text| text.parse().ok()).is_some_and(|length: usize| length > MAX_BODY_BYTES)
    {
        return Err(too_large());
    }
    let broken = |_| Problem::new(ProblemType::MalformedRequest, "the body broke off");
    let mut chunks = body.into_data_stream();
    let Some(first) = chunks.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(broken)?;
    if first.len() > MAX_BODY_BYTES {
        return Err(too_large());
    }
    let Some(second) = chunks.next().await else { return Ok(first) };
    let mut bytes = Vec::from(first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        bytes.extend_from_slice(&chunk.map_err(broken)?);
        if bytes.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        next = chunks.next().await;
    }
    Ok(bytes.into())
}

/// An answer that was evaluated at a position.
pub(super) fn answer(
    app: &AppState,
    position: Position,
    body: &impl Serialize,
) -> ApiResult<Response> {
    let mut headers = HeaderMap::with_capacity(4);
    if let Some(token) = position_value(app, position) {
        headers.insert(POSITION, token);
    }
    json(StatusCode::OK, headers, body)
}
