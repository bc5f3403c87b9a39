//! HTTP, pages and command line of Sharelog: everything that faces people and programs.

pub mod auth;
pub mod authzen;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod exit;
pub mod extract;
pub mod front;
pub mod health;
pub mod metrics;
mod middleware;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod settings;
pub mod shutdown;
pub mod state;
pub mod telemetry;
pub mod terminal;
pub mod v1;
pub mod webhooks;
pub mod wiring;

pub use state::{AppDependencies, AppState, Limits};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use std::sync::Arc;

/// The whole service: the JSON routes, their documentation, and the routes handed in (pages,
/// health).
///
/// Every route, those handed in too, must stand in [`auth::ROUTES`]; others answer nothing. All
/// pass one layer but the questions of the AuthZEN API, which do for themselves what it does.
pub fn router(state: AppState, others: Router<AppState>) -> Router {
    let (json, questions, document) = openapi::documented();
    let questions = questions.method_not_allowed_fallback(authzen::another_method);
    let parameters = Arc::new(middleware::QueryAllowlist::new(&document));
    let around = middleware::Edge { app: state.clone(), parameters };
    Router::new()
        .merge(json)
        .merge(openapi::page(document))
        .route("/problems", get(problem::problem_index))
        .route("/problems/{name}", get(problem::problem_page))
        .merge(others)
        .fallback(middleware::no_route)
        .layer(from_fn_with_state(around, middleware::around))
        .merge(questions)
        .with_state(state)
}
