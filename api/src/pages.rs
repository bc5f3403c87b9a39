//! What do people see in a browser? Plain pages that need no script.

use crate::AppState;
use axum::Router;

/// The pages: `/`, `/catalog`, `/l/{token}`, `/i/{kind}/{id}`.
pub fn routes() -> Router<AppState> {
    Router::new()
}
