//! The JSON routes of version 1.

#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod access;
pub mod accounts;
pub mod administration;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod catalog;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod explain;
pub mod fresh;
pub mod grants;
pub mod input;
pub mod item_access;
pub mod items;
pub mod links;
pub mod projections;
pub mod publication;
pub mod shape;
pub mod sharing;
pub mod tokens;
#[expect(unused_qualifications, reason = "the macro for the route qualifies its parameters")]
pub mod trail;
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
        .merge(trail::routes())
        .merge(watch::routes())
        .merge(webhooks::routes())
        .merge(tokens::routes())
        .merge(administration::routes())
        .merge(projections::routes())
}
