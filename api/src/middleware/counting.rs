//! Counts requests and their times by route, never by path.

use crate::{metrics::Counted, routing::Route, telemetry::REQUESTS};
use axum::{extract::Request, response::Response};
use std::time::Instant;

/// The counts of all routes, and of requests that no route is for.
pub(super) struct Counters {
    routes: Vec<Counted>,
    elsewhere: Counted,
}

impl Counters {
    /// Of these routes.
    pub(super) fn new(routes: &[Route]) -> Self {
        let routes = routes.iter().map(|route| Counted::new(&route.method, &route.path));
        Self { routes: routes.collect(), elsewhere: Counted::new("any", "none") }
    }
}

/// Counts a request for the route at this index.
pub(super) async fn layer<F: Future<Output = Response>>(
    counters: &Counters,
    index: Option<usize>,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let counted = index.and_then(|index| counters.routes.get(index));
    let counted = counted.unwrap_or(&counters.elsewhere);
    let (began, _running) = (Instant::now(), Counted::begin());
    tracing::debug!(target: REQUESTS, "started processing request");
    let response = next(request).await;
    counted.end(response.status(), began);
    let status = response.status().as_u16();
    tracing::debug!(target: REQUESTS, status, "finished processing request");
    response
}
