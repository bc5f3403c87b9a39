//! The AuthZEN Authorization API 1.0 over the access index.
//!
//! What the text leaves to us: subject types, kinds and permissions (see `schema`), who may ask
//! about which subject, and that a denial never says more than its caller may know.

pub mod answer;
pub mod discovery;
mod endpoint;
pub mod evaluation;
mod evaluator;
pub mod paging;
mod request;
pub mod schema;
pub mod search;
mod subject;

pub(crate) use subject::{QueryScope, is_caller};

use crate::routing::Routes;

/// The routes.
pub fn routes() -> Routes {
    Routes::default()
        .merge(evaluation::routes())
        .merge(search::routes())
        .open(utoipa_axum::routes!(discovery::get_metadata))
}
