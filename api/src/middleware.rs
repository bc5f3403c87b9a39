//! Middleware around every handler: counts, request ids, acceptable answers, authorization, known
//! parameters, finished problems, panics.

mod query_allowlist;

pub(crate) use query_allowlist::QueryAllowlist;

use crate::{
    auth, metrics,
    problem::{Problem, ProblemType},
    state::AppState,
    telemetry,
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};
use tracing::Instrument as _;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is echoed.
const MAX_REQUEST_ID_BYTES: usize = 128;

fn request_id(request: &Request) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|value| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&value.len())
            && value.as_bytes().iter().all(|byte| (b'!'..=b'~').contains(byte))
    });
    sent.cloned().unwrap_or_else(new_request_id)
}

/// A request id for a request that has none.
pub(crate) fn new_request_id() -> HeaderValue {
    let made = HeaderValue::try_from(Uuid::new_v4().to_string());
    made.unwrap_or_else(|_| HeaderValue::from_static("none"))
}

/// What a route answers: ranges of media types that include it, and its name.
type Media = (&'static [&'static str], &'static str);

const JSON: Media = (&["*/*", "application/*", "application/json"], "application/json");
const EVENTS: Media = (&["*/*", "text/*", "text/event-stream"], "text/event-stream");

fn media(path: &str) -> Option<Media> {
    match path {
        "/v1/watch" => Some(EVENTS),
        path if path.starts_with("/v1/") => Some(JSON),
        _ => None,
    }
}

/// Can the answer be accepted? Preferences among acceptable ones do not matter.
fn accepts(request: &Request, media: Media) -> bool {
    let mut ranges = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .peekable();
    if ranges.peek().is_none() {
        return true;
    }
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        !refused && media.0.contains(&kind.as_str())
    })
}

/// What the one layer needs.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) app: AppState,
    pub(crate) parameters: Arc<QueryAllowlist>,
}

/// The one layer: lets callers in, refuses parameters that nobody would read, runs the handler,
/// completes problems, counts, and writes the causes of failures to the service's log.
///
/// One for all, as each layer of its own costs every request an allocation, a copy of request and
/// answer, and a clone of all handlers' services behind it.
pub(crate) async fn around(
    State(Edge { app, parameters }): State<Edge>,
    mut request: Request,
    next: Next,
) -> Response {
    let span = telemetry::request_span(&request);
    let work = async move {
        tracing::debug!(target: telemetry::REQUESTS, "started processing request");
        let path = request.extensions().get::<MatchedPath>();
        let place = path.and_then(|path| auth::place(request.method(), path.as_str()));
        let counting = metrics::begin(place);
        let id = request_id(&request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let pattern = if place.is_none() { path.cloned() } else { None };
        let refused = media(uri.path()).filter(|media| !accepts(&request, *media));
        let response = if let Some((_, name)) = refused {
            let detail = format!("answers are {name}");
            Problem::new(ProblemType::NotAcceptable, detail).into_response()
        } else {
            let handled = AssertUnwindSafe(async {
                let entered = auth::authorize(&app, place, &mut request).await;
                match entered.and_then(|()| parameters.check(place, uri.query())) {
                    Ok(()) => next.run(request).await,
                    Err(problem) => problem.into_response(),
                }
            });
            let panicked = |panic: Box<dyn Any + Send>| panic_problem(&*panic).into_response();
            handled.catch_unwind().await.unwrap_or_else(panicked)
        };
        let mut response = finished(response, &method, (uri.path(), pattern.as_ref()), &id);
        response.headers_mut().insert(REQUEST_ID, id);
        counting.end(response.status());
        let status = response.status().as_u16();
        tracing::debug!(target: telemetry::REQUESTS, status, "finished processing request");
        response
    };
    work.instrument(span).await
}

/// Which methods a path has instead, and what it may have been that was meant.
fn instead(method: &Method, pattern: &str) -> String {
    let here = auth::ROUTES.iter().filter(|route| route.path == pattern);
    let methods: Vec<&str> = here.map(|route| route.method).collect();
    let mut words = format!("; it has {}", methods.join(", "));
    // What a client names itself is made by PUT below the list of its kind.
    let meant = if *method == Method::POST { "PUT" } else { method.as_str() };
    let below = auth::ROUTES.iter().find(|route| {
        let name = route.path.strip_prefix(pattern).and_then(|rest| rest.strip_prefix("/{"));
        route.method == meant && name.is_some_and(|name| !name.contains('/'))
    });
    if let Some(route) = below {
        words.extend(["; there is ", meant, " ", route.path]);
    }
    words
}

/// Completes a problem, as it is shown at this path.
fn finished(
    mut response: Response,
    method: &Method,
    (path, pattern): (&str, Option<&MatchedPath>),
    id: &HeaderValue,
) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && response.extensions().get::<Problem>().is_none()
    {
        let instead = pattern.map(|pattern| instead(method, pattern.as_str()));
        let detail = format!("{path} has no {method}{}", instead.unwrap_or_default());
        let mut problem = Problem::new(ProblemType::MethodNotAllowed, detail);
        if let Some(methods) = response.headers().get(header::ALLOW) {
            problem = problem.allow(methods.clone());
        }
        response = problem.into_response();
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        log_cause(&problem, method, path, id.to_str().unwrap_or_default());
        response = problem.render(Some(path));
    }
    response
}

/// Writes the cause of a failure to the service's log.
pub(crate) fn log_cause(problem: &Problem, method: &Method, path: &str, request_id: &str) {
    if let Some(cause) = problem.cause() {
        let name = problem.kind().name();
        tracing::error!(problem = name, %method, path, request_id, cause, "request failed");
    }
}

/// What a panicking handler answers.
pub(crate) fn panic_problem(panic: &(dyn Any + Send)) -> Problem {
    let cause = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned());
    Problem::new(ProblemType::Internal, "the service failed; its log has the cause").because(cause)
}

/// No route has this path.
pub(crate) async fn no_route() -> Problem {
    Problem::not_found("route")
}
