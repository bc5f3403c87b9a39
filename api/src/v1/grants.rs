//! The routes of an item's grants.

pub mod end;
pub mod get;
pub mod list;
pub mod patch;
pub mod share;

use crate::state::AppState;
pub(super) use list::made_by;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(share::post_grants, list::list_grants))
        .routes(routes!(end::delete_grants_of_me))
        .routes(routes!(get::get_grant, patch::patch_grant, end::delete_grant))
        .routes(routes!(end::delete_grants_of_account))
        .routes(routes!(end::delete_grants_of_group))
}
