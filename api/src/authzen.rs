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

use crate::{
    problem::{Problem, ProblemType},
    state::AppState,
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, Uri},
    response::Response,
};
use futures::{
    FutureExt as _,
    future::{BoxFuture, Either},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The questions, which pass no layer; see `endpoint`.
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

/// The answer to a question that is asked right, or a request that is none.
pub(crate) fn asked(
    app: &AppState,
    request: Request,
) -> Either<BoxFuture<'static, Response>, Request> {
    if request.method() != Method::POST {
        return Either::Right(request);
    }
    let state = || State(app.clone());
    Either::Left(match request.uri().path() {
        path if path == endpoint::EVALUATION.path() => {
            evaluation::evaluate(state(), request).boxed()
        }
        path if path == endpoint::EVALUATIONS.path() => {
            evaluation::evaluate_many(state(), request).boxed()
        }
        path if path == endpoint::SEARCH_SUBJECT.path() => {
            search::search_subjects(state(), request).boxed()
        }
        path if path == endpoint::SEARCH_RESOURCE.path() => {
            search::search_resources(state(), request).boxed()
        }
        path if path == endpoint::SEARCH_ACTION.path() => {
            search::search_actions(state(), request).boxed()
        }
        _ => return Either::Right(request),
    })
}

/// The questions are asked by POST.
pub(crate) async fn another_method(method: Method, uri: Uri) -> Response {
    let detail = format!("questions are asked by POST, not by {method}");
    let problem = Problem::new(ProblemType::MethodNotAllowed, detail);
    problem.allow(HeaderValue::from_static("POST")).render(Some(uri.path()))
}
