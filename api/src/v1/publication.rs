//! The routes of an item's catalog entry.

pub mod delete;
pub mod get;
pub mod put;

use crate::state::AppState;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(
        get::get_publication,
        put::put_publication,
        delete::delete_publication
    ))
}
