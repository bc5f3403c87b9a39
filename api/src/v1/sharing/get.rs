//! `GET /v1/items/{kind}/{id}/sharing`: visibility and direct grants as one, with the version to
//! replace it by.

use super::{SharingBody, sharing_body};
use crate::{
    answer::Versioned,
    extract::{ItemPath, RequestMeta},
    problem::ApiResult,
    routing::{ALL, RouteAccess, register},
    state::AppState,
    v1::item_access::load_visible,
};
use axum::extract::State;
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

register! {
    get_sharing => RouteAccess::read(ALL),
        "The sharing state";
}

/// Visibility and direct grants as one
#[utoipa::path(get, path = "/v1/items/{kind}/{id}/sharing", tag = "sharing")]
pub async fn get_sharing(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<SharingAnswer>> {
    let seen = load_visible(&app, &meta, &item).await?.require_not_retired()?;
    seen.require(Permission::Share)?;
    let sharing = sharing_body(&seen.state, seen.now);
    let position = meta.position_of(seen.state.position);
    Ok(Versioned::new(
        &app,
        &meta,
        (position, seen.state.sharing_version),
        SharingAnswer { sharing, position },
    ))
}
