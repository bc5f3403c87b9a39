//! `DELETE` of grants: one, all of a grantee, or the caller's own (leave).

use crate::{
    extract::{CommandRequest, GrantPath, GranteePath, ItemPath, typed_in_path},
    problem::{ApiResult, Problem},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        items::item_answer,
        shape::{Changed, Reply, grants_ended, still_open},
    },
};
use axum::extract::State;
use commands::Request;
use domain::{
    event::Scope,
    id::ItemRef,
    item::{EndTarget, ItemCommand},
    principal::{Grantee, Principal},
};
use serde::Serialize;
use utoipa::ToSchema;

/// These commands have no resource of their own: `ended` and `still_open` tell everything.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoResource {}

/// Nothing was ended: was the type named twice?
fn typed(grantee: &Grantee) -> Option<Problem> {
    match grantee {
        Grantee::Account(id) => typed_in_path("account", id.as_str()),
        Grantee::Group(id) => typed_in_path("group", id.as_str()),
    }
}

async fn end(
    app: &AppState,
    request: &Request,
    item: &ItemRef,
    target: EndTarget,
) -> ApiResult<Changed<NoResource>> {
    let command = ItemCommand::EndGrants(target.clone());
    let outcome = app.commands.item(request, item, command).await?;
    let ended = grants_ended(&outcome.events);
    if let EndTarget::Grantee(grantee) = &target
        && ended.is_empty()
        && let Some(problem) = typed(grantee)
    {
        return Err(problem);
    }
    let principal = match target {
        EndTarget::Grantee(grantee) => Some(grantee.principal()),
        EndTarget::Me => request.caller.account.clone().map(Principal::Account),
        EndTarget::Grant(_) => ended.first().map(|ended| ended.grantee.principal()),
    };
    let still = principal.map(|who| still_open(&outcome.after, &who, outcome.at));
    let mut answer = item_answer(item, &outcome, NoResource {});
    answer.ended = Some(ended);
    answer.still_open = Some(still.unwrap_or_default());
    Ok(Reply::new(app, &outcome).version(outcome.after.sharing_version).with(answer))
}

register! {
    delete_grant => RouteAccess::command(ACTORS, Scope::Sharing),
        "The grants that it ended, and what still gives access";
    delete_grants_of_account => RouteAccess::command(ACTORS, Scope::Sharing),
        "The grants that it ended, and what still gives access";
    delete_grants_of_group => RouteAccess::command(ACTORS, Scope::Sharing),
        "The grants that it ended, and what still gives access";
    delete_grants_of_me => RouteAccess::command(ACTORS, Scope::Sharing),
        "The grants that it ended, and what still gives access";
}

/// End one grant
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/grants/{grant}", tag = "grants")]
pub async fn delete_grant(
    State(app): State<AppState>,
    GrantPath { item, grant }: GrantPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<NoResource>> {
    end(&app, &request, &item, EndTarget::Grant(grant)).await
}

/// End every open grant of an account
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/grants/account/{account}", tag = "grants")]
pub async fn delete_grants_of_account(
    State(app): State<AppState>,
    GranteePath { item, grantee }: GranteePath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<NoResource>> {
    end(&app, &request, &item, EndTarget::Grantee(grantee)).await
}

/// End every open grant of a group
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/grants/group/{group}", tag = "grants")]
pub async fn delete_grants_of_group(
    State(app): State<AppState>,
    GranteePath { item, grantee }: GranteePath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<NoResource>> {
    end(&app, &request, &item, EndTarget::Grantee(grantee)).await
}

/// Leave: end every open grant of the caller
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/grants/me", tag = "grants")]
pub async fn delete_grants_of_me(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Changed<NoResource>> {
    if request.caller.account.is_none() {
        let detail = "only an account can leave: act for it with Sharelog-On-Behalf-Of";
        return Err(Problem::field("path:grants/me", detail));
    }
    end(&app, &request, &item, EndTarget::Me).await
}
