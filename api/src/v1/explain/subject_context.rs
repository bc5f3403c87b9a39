//! The subject of an explanation or a view, with the visits that the caller presents.

use crate::{
    authzen::{QueryScope, is_caller},
    extract::RequestMeta,
    problem::ApiResult,
    state::AppState,
};
use commands::Caller;
use domain::{
    access::{Subject, Visit},
    id::ItemRef,
    item::ItemState,
    principal::Principal,
};

/// The visits that a caller presents, whether or not they still open something.
async fn presented(app: &AppState, caller: &Caller) -> ApiResult<Vec<Visit>> {
    let mut visits = Vec::new();
    for text in &caller.visits {
        visits.extend(app.commands.read_visit(text).await?);
    }
    Ok(visits)
}

/// The caller as a subject, with the visits that it presents, if it may not ask about everybody.
pub(super) async fn asking(app: &AppState, caller: &Caller) -> ApiResult<Option<Subject>> {
    match QueryScope::new(caller) {
        QueryScope::Everybody => Ok(None),
        scope @ QueryScope::Own(_) => Ok(scope.own(presented(app, caller).await?)),
    }
}

/// Why visits that the caller presents give nothing on an item.
pub(super) async fn ignored(
    app: &AppState,
    meta: &RequestMeta,
    item: &ItemRef,
    state: &ItemState,
) -> ApiResult<Vec<String>> {
    if meta.caller.visits.is_empty() {
        return Ok(Vec::new());
    }
    let known = meta.at_least.unwrap_or_default();
    let (caller, now) = (&meta.caller, app.clock.now());
    let access = app.commands.effective_access(caller, item, state, known, now).await?;
    Ok(access.ignored_visits)
}

/// A principal as a subject. The visits that the caller presents count for itself.
pub(crate) async fn subject_with_visits(
    app: &AppState,
    caller: &Caller,
    principal: &Principal,
) -> ApiResult<Subject> {
    let subject = Subject::from(principal);
    if !is_caller(caller, principal) {
        return Ok(subject);
    }
    Ok(subject.with_visits(presented(app, caller).await?))
}
