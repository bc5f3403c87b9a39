//! Authentication of a caller, and whether it may use a route at all.

use super::credentials::{bearer, caller};
use crate::{
    extract::at_least,
    problem::{ApiResult, Problem, ProblemType, scope_missing},
    routing::{Callers, RouteAccess},
    state::AppState,
};
use axum::http::HeaderMap;
use commands::Caller;
use domain::event::CallerRole;
use eventlog::{ActivityEntry, ActivityKind};

/// The caller of a route, if it is let in; nobody on open routes.
pub(crate) async fn authenticate(
    app: &AppState,
    access: &RouteAccess,
    headers: &HeaderMap,
) -> ApiResult<Option<Caller>> {
    let roles = match access.callers {
        Callers::Open => return Ok(None),
        Callers::Anyone => None,
        Callers::Roles(roles) => Some(roles),
    };
    let identity = match bearer(headers)? {
        Some(token) => {
            // One that cannot be read is refused by the handler.
            let known = at_least(headers, app).ok().flatten().unwrap_or_default();
            let found = app.commands.tokens.authenticate(token, known).await?;
            if found.is_none() {
                let detail = "invalid, revoked or expired token";
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
    if let Some(scope) = access.scope.filter(|_| signed_in)
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
