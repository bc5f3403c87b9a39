//! `GET /v1/items/{kind}/{id}/grants/{grant}`: one open grant.

use crate::{
    extract::{GrantPath, RequestMeta},
    problem::{ApiResult, Problem},
    state::AppState,
    v1::{
        item_access::load_visible,
        shape::{GrantBody, Page, grant_body},
    },
};
use axum::{extract::State, response::Response};
use domain::{position::Position, principal::Grantee, role::Permission};
use serde::Serialize;
use utoipa::ToSchema;

/// A grant.
#[derive(Debug, Serialize, ToSchema)]
pub struct GrantAnswer {
    /// The grant.
    #[serde(flatten)]
    pub grant: GrantBody,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// One open grant
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/grants/{grant}", tag = "grants", responses(
    (status = 200, description = "The grant", body = GrantAnswer),
    (status = 304, description = "The caller holds this version"),
))]
pub async fn get_grant(
    State(app): State<AppState>,
    GrantPath { item, grant }: GrantPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let open = seen.state.grants.get(&grant);
    let open = open.filter(|open| open.grant.ends_at.is_none_or(|end| end > seen.now));
    let account = meta.caller.account.as_ref();
    let own = |grantee: &Grantee| matches!(grantee, Grantee::Account(id) if account == Some(id));
    if !open.is_some_and(|open| own(&open.grant.grantee)) {
        seen.require(Permission::Share)?;
    }
    let open = open.ok_or_else(|| Problem::not_found("grant"))?;
    let page = Page::current(&app, &meta, seen.state.position, Some(open.version));
    let answer = GrantAnswer { grant: grant_body(open), position: page.position };
    Ok(page.json(&meta, answer))
}
