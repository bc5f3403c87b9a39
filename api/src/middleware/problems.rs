//! Completes problems: the path that they are about, the methods that a path has, and the cause in
//! the service's log.

use crate::{
    problem::{Problem, ProblemType},
    routing::{Registry, Route},
};
use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};

/// Completes the problem that a request is answered with.
pub(super) async fn layer<F: Future<Output = Response>>(
    (registry, route): (&Registry, Option<&Route>),
    id: &HeaderValue,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let pattern = request.extensions().get::<MatchedPath>().filter(|_| route.is_none()).cloned();
    let mut response = next(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED
        && response.extensions().get::<Problem>().is_none()
    {
        response = method_not_allowed(registry, &response, (&method, &uri), pattern.as_ref());
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        log_cause(&problem, &method, uri.path(), id.to_str().unwrap_or_default());
        response = problem.render(Some(uri.path()));
    }
    response
}

fn method_not_allowed(
    registry: &Registry,
    response: &Response,
    (method, uri): (&Method, &Uri),
    pattern: Option<&MatchedPath>,
) -> Response {
    let alternatives = pattern.map(|pattern| alternatives(registry, method, pattern.as_str()));
    let detail = format!("{} has no {method}{}", uri.path(), alternatives.unwrap_or_default());
    let mut problem = Problem::new(ProblemType::MethodNotAllowed, detail);
    if let Some(methods) = response.headers().get(header::ALLOW) {
        problem = problem.allow(methods.clone());
    }
    problem.into_response()
}

/// The methods that a path has instead, and the route that may have been meant.
fn alternatives(registry: &Registry, method: &Method, pattern: &str) -> String {
    let methods: Vec<&str> = registry.at(pattern).map(|route| route.method.as_str()).collect();
    let mut words = format!("; it has {}", methods.join(", "));
    // What a client names itself is made by PUT below the list of its kind.
    let meant = if *method == Method::POST { "PUT" } else { method.as_str() };
    let below = registry.routes().iter().find(|route| {
        let name = route.path.strip_prefix(pattern).and_then(|rest| rest.strip_prefix("/{"));
        route.method == meant && name.is_some_and(|name| !name.contains('/'))
    });
    if let Some(route) = below {
        words.extend(["; there is ", meant, " ", route.path.as_str()]);
    }
    words
}

/// Writes the cause of a failure to the service's log.
fn log_cause(problem: &Problem, method: &Method, path: &str, request_id: &str) {
    if let Some(cause) = problem.cause() {
        let name = problem.kind().name();
        tracing::error!(problem = name, %method, path, request_id, cause, "request failed");
    }
}
