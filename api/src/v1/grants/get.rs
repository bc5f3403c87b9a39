//! `GET /v1/items/{kind}/{id}/grants/{grant}`: one open grant.

use crate::{
    answer::Versioned,
    extract::{GrantPath, RequestMeta},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::{
        item_access::load_visible,
        shape::{GrantBody, grant_body},
    },
};
use axum::extract::State;
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

register! {
    get_grant => RouteAccess::read(ALL),
        "The grant";
}

/// One open grant
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/grants/{grant}", tag = "grants")]
pub async fn get_grant(
    State(app): State<AppState>,
    GrantPath { item, grant }: GrantPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<GrantAnswer>> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    let open = seen.state.grants.get(&grant);
    let open = open.filter(|open| open.grant.ends_at.is_none_or(|end| end > seen.now));
    let account = meta.caller.account.as_ref();
    let own = |grantee: &Grantee| matches!(grantee, Grantee::Account(id) if account == Some(id));
    if !open.is_some_and(|open| own(&open.grant.grantee)) {
        seen.require(Permission::Share)?;
    }
    let open = open.ok_or_else(|| Problem::not_found("grant"))?;
    let position = meta.position_of(seen.state.position);
    let answer = GrantAnswer { grant: grant_body(open), position };
    Ok(Versioned::new(&app, &meta, (position, open.version), answer))
}
