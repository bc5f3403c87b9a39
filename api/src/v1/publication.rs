//! The routes of an item's catalog entry.

pub mod delete;
pub mod get;
pub mod put;

use crate::routing::Routes;

/// The routes.
pub fn routes() -> Routes {
    Routes::default().merge(get::routes()).merge(put::routes()).merge(delete::routes())
}
