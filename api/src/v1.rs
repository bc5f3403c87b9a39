//! The JSON routes of version 1.

pub mod access;
pub mod accounts;
pub mod audit_log;
pub mod catalog;
pub mod consistency;
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
pub mod view_as;
pub mod visits;
pub mod watch;
pub mod webhooks;

use crate::routing::Routes;

/// All of them.
pub fn routes() -> Routes {
    Routes::default()
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
