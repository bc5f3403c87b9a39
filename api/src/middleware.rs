//! The layers around every handler.
//!
//! They are nested in one layer of the router, as each layer of its own would cost every request an
//! allocation and a clone of the services behind it.

mod accept;
mod authorize;
mod counting;
mod panics;
mod problems;
mod query_allowlist;
mod request_id;

use crate::{
    problem::Problem,
    routing::{Registry, Route},
    state::AppState,
    telemetry,
};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use counting::Counters;
use std::sync::Arc;
use tracing::Instrument as _;

/// What the layers need.
pub(crate) struct Layers {
    app: AppState,
    registry: Registry,
    counters: Counters,
}

impl Layers {
    /// Around the handlers of a registry.
    pub(crate) fn new(app: AppState, registry: Registry) -> Self {
        let counters = Counters::new(registry.routes());
        Self { app, registry, counters }
    }

    /// Where the route of a request stands in the registry.
    fn find(&self, request: &Request) -> Option<usize> {
        let path = request.extensions().get::<MatchedPath>()?;
        self.registry.find(request.method(), path.as_str())
    }
}

/// All layers, the outermost last.
pub(crate) async fn around(
    State(layers): State<Arc<Layers>>,
    request: Request,
    next: Next,
) -> Response {
    let Layers { app, registry, counters } = &*layers;
    let span = telemetry::request_span(&request);
    let index = layers.find(&request);
    let route: Option<&Route> = index.and_then(|index| registry.routes().get(index));
    let id = request_id::of(&request);
    let handler = |request| next.run(request);
    let known = |request| query_allowlist::layer(route, request, handler);
    let authorized = |request| authorize::layer(app, (registry, route), request, known);
    let acceptable = |request| accept::layer(route, request, authorized);
    let caught = |request| panics::layer(request, acceptable);
    let complete = |request| problems::layer((registry, route), &id, request, caught);
    let counted = |request| counting::layer(counters, index, request, complete);
    request_id::layer(&id, request, counted).instrument(span).await
}

/// No route has this path.
pub(crate) async fn no_route() -> Problem {
    Problem::not_found("route")
}
