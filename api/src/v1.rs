//! The JSON routes of version 1.

#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod access;
pub mod accounts;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod audit_log;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod catalog;
pub mod consistency;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod explain;
pub mod grants;
pub mod input;
pub mod item_access;
pub mod items;
pub mod kinds;
pub mod links;
pub mod projections;
pub mod publication;
pub mod shape;
pub mod sharing;
pub mod tokens;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod view_as;
pub mod visits;
pub mod watch;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod webhooks;

use crate::state::AppState;
use utoipa_axum::router::OpenApiRouter;

/// All of them.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(items::routes())
        .merge(sharing::routes())
        .merge(grants::routes())
        .merge(links::routes())
        .merge(visits::routes())
        .merge(publication::routes())
        .merge(catalog::routes())
        .merge(accounts::routes())
        .merge(access::routes())
        .merge(explain::routes())
        .merge(view_as::routes())
        .merge(audit_log::routes())
        .merge(watch::routes())
        .merge(webhooks::routes())
        .merge(tokens::routes())
        .merge(kinds::routes())
        .merge(projections::routes())
}
