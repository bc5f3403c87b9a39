//! `GET /v1/items/{kind}/{id}/sharing`: visibility and direct grants as one, with the version to
//! replace it by.

use super::{SharingBody, sharing_body};
use crate::{
    extract::{ItemPath, RequestMeta},
    problem::ApiResult,
    state::AppState,
    v1::{item_access::load_visible, shape::Page},
};
use axum::{extract::State, response::Response};
use domain::{position::Position, role::Permission};
use serde::Serialize;
use utoipa::ToSchema;

/// The sharing state.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharingAnswer {
    /// Visibility and grants.
    #[serde(flatten)]
    pub sharing: SharingBody,
    /// The position evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

/// Visibility and direct grants as one
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/sharing", tag = "sharing", responses(
    (status = 200, description = "The state", body = SharingAnswer),
    (status = 304, description = "The caller holds this version"),
))]
pub async fn get_sharing(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    seen.require(Permission::Share)?;
    let sharing = sharing_body(&seen.state, seen.now);
    let version = Some(seen.state.sharing_version);
    let page = Page::current(&app, &meta, seen.state.position, version);
    Ok(page.json(&meta, SharingAnswer { sharing, position: page.position }))
}
