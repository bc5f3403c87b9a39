//! The AuthZEN Authorization API 1.0 over the access index: may this subject do that?
//!
//! What the text leaves to us: subject types, kinds and permissions (see `schema`), who may ask
//! about whom (`who`), and that a denial never says more than its caller may know.

pub mod answer;
mod call;
mod decide;
pub mod discovery;
pub mod evaluation;
pub mod paging;
pub mod schema;
pub mod search;
mod who;
mod wire;

pub(crate) use who::{Reach, Who};

use crate::{
    problem::{Problem, ProblemType},
    state::AppState,
};
use axum::{
    http::{HeaderValue, Method, Uri},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The questions, which pass no layer; see `call`.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(evaluation::evaluate))
        .routes(routes!(evaluation::evaluate_many))
        .routes(routes!(search::search_subjects))
        .routes(routes!(search::search_resources))
        .routes(routes!(search::search_actions))
}

/// Where they are, which passes all layers.
pub fn discovery() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(discovery::get_metadata))
}

/// The questions are asked by POST.
pub(crate) async fn another_method(method: Method, uri: Uri) -> Response {
    let detail = format!("questions are asked by POST, not by {method}");
    let problem = Problem::new(ProblemType::MethodNotAllowed, detail);
    problem.allow(HeaderValue::from_static("POST")).render(Some(uri.path()))
}
