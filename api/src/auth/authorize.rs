//! Authorizes every request: whether this caller may use this route.

use super::{
    credentials::{bearer, caller},
    routes::{ROUTES, Route, RouteAccess},
};
use crate::{
    extract::at_least,
    problem::{ApiResult, Problem, ProblemType, scope_missing},
    state::AppState,
};
use axum::{
    extract::{MatchedPath, Request},
    http::HeaderMap,
};
use commands::Caller;
use domain::event::CallerRole;
use eventlog::{ActivityEntry, ActivityKind};

/// Lets a request go on to the handler of the route at this place in the table, with the
/// [`Caller`] attached, or says why not.
pub(crate) async fn authorize(
    app: &AppState,
    place: Option<usize>,
    request: &mut Request,
) -> ApiResult<()> {
    let Some(route) = place.and_then(|place| ROUTES.get(place)) else {
        // Without a matched path the router answers 404 by itself.
        let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
        let known = ROUTES.iter().any(|route| route.path == path.as_str());
        if known {
            // Another method: the router answers 405.
            return Ok(());
        }
        let problem =
            Problem::new(ProblemType::Internal, "the service failed; its log has the cause");
        let path = path.as_str();
        return Err(problem.because(format!("{path} is missing in the table of routes")));
    };
    if let Some(caller) = authenticate(app, route, request.headers()).await? {
        request.extensions_mut().insert(caller);
    }
    Ok(())
}

/// The caller of a route, if it is let in; nobody on open routes.
pub(crate) async fn authenticate(
    app: &AppState,
    route: &Route,
    headers: &HeaderMap,
) -> ApiResult<Option<Caller>> {
    let roles = match route.access {
        RouteAccess::Open => return Ok(None),
        RouteAccess::Anyone => None,
        RouteAccess::Roles(roles) => Some(roles),
    };
    let identity = match bearer(headers)? {
        Some(token) => {
            // One that cannot be read is refused by the handler.
            let known = at_least(headers, app).ok().flatten().unwrap_or_default();
            let found = app.commands.authenticate(token, known).await?;
            if found.is_none() {
                let detail = "the token is unknown, revoked or over";
                return Err(Problem::new(ProblemType::NotAuthenticated, detail));
            }
            found
        }
        None if roles.is_none() => None,
        None => {
            let detail = "a bearer token is needed: Authorization: Bearer sl_…";
            return Err(Problem::new(ProblemType::NotAuthenticated, detail));
        }
    };
    let signed_in = identity.is_some();
    let caller = caller(identity.as_deref(), headers)?;
    if let Some(roles) = roles
        && !roles.contains(&caller.role)
    {
        record_denial(app, &caller, "role");
        let named: Vec<&str> = roles.iter().map(|role| role_name(*role)).collect();
        let detail = format!(
            "this needs a token with the role {}; the role of this one is {}",
            named.join(" or "),
            role_name(caller.role)
        );
        return Err(Problem::not_permitted(detail));
    }
    if let Some(scope) = route.scope.filter(|_| signed_in)
        && !caller.has_scope(scope)
    {
        record_denial(app, &caller, "scope");
        return Err(scope_missing(scope));
    }
    Ok(Some(caller))
}

const fn role_name(role: CallerRole) -> &'static str {
    match role {
        CallerRole::Admin => "admin",
        CallerRole::Auditor => "auditor",
        CallerRole::App => "app",
        CallerRole::Account => "account",
    }
}

fn record_denial(app: &AppState, caller: &Caller, detail: &str) {
    app.activity.note(ActivityEntry {
        token: caller.token,
        account: caller.account.clone(),
        detail: Some(detail.to_owned()),
        ..ActivityEntry::new(app.clock.now(), ActivityKind::CommandDenied)
    });
}
