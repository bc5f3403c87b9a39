//! Answers for handlers that panic.

use crate::problem::Problem;
use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use std::{any::Any, panic::AssertUnwindSafe};

/// Answers a problem where the handler panics.
pub(super) async fn layer<F: Future<Output = Response>>(
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let panicked = |panic: Box<dyn Any + Send>| problem(&*panic).into_response();
    AssertUnwindSafe(next(request)).catch_unwind().await.unwrap_or_else(panicked)
}

fn problem(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(text.unwrap_or_else(|| "a panic without a message".to_owned()))
}
