//! The routes of an item's grants.

pub mod end;
pub mod get;
pub mod list;
pub mod patch;
pub mod share;

use crate::routing::Routes;
pub(super) use list::made_by;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(share::routes())
        .merge(list::routes())
        .merge(end::routes())
        .merge(get::routes())
        .merge(patch::routes())
}
