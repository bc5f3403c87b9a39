//! Lets a request go on to its handler with the [`Caller`](commands::Caller) attached, or says why
//! not.

use crate::{
    auth::authenticate,
    problem::{ApiResult, Problem},
    routing::{Registry, Route},
    state::AppState,
};
use axum::{
    extract::{MatchedPath, Request},
    response::{IntoResponse as _, Response},
};

/// Lets a request on whose caller may use the route.
pub(super) async fn layer<F: Future<Output = Response>>(
    app: &AppState,
    (registry, route): (&Registry, Option<&Route>),
    mut request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let authorized = match route {
        Some(route) => authorize(app, route, &mut request).await,
        None => without_route(registry, &request),
    };
    match authorized {
        Ok(()) => next(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn authorize(app: &AppState, route: &Route, request: &mut Request) -> ApiResult<()> {
    if let Some(caller) = authenticate(app, &route.access, request.headers()).await? {
        request.extensions_mut().insert(caller);
    }
    Ok(())
}

/// The router answers 404 where no path matches, and 405 where another method is known. A path that
/// only the router knows answers nothing.
fn without_route(registry: &Registry, request: &Request) -> ApiResult<()> {
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
    if registry.at(path.as_str()).next().is_some() {
        return Ok(());
    }
    Err(Problem::internal(format!("{} is missing in the registry", path.as_str())))
}
