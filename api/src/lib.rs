//! HTTP, pages and command line of Sharelog: everything that faces people and programs.

pub mod answer;
mod auth;
pub mod authzen;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod exit;
pub mod extract;
pub mod health;
pub mod metrics;
mod middleware;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod routing;
pub mod settings;
pub mod shutdown;
pub mod state;
pub mod telemetry;
pub mod terminal;
pub mod v1;
pub mod webhooks;
pub mod wiring;

pub use state::{AppDependencies, AppState, Limits};

pub use routing::Routes;

use axum::{Router, middleware::from_fn_with_state};
use std::sync::Arc;

/// The whole service: the JSON routes, their documentation, and the routes handed in (pages,
/// health). All pass the layers of `middleware`.
pub fn router(state: AppState, others: Routes) -> Router {
    let all = v1::routes().merge(authzen::routes()).merge(openapi::routes());
    let (router, registry) = all.merge(problem::routes()).merge(others).into_parts();
    let layers = Arc::new(middleware::Layers::new(state.clone(), registry));
    router
        .fallback(middleware::no_route)
        .layer(from_fn_with_state(layers, middleware::around))
        .with_state(state)
}
