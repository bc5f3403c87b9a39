//! Refuses query parameters that a route does not take, before anything is done.
//!
//! What a route takes is said by its types: a parameter that nobody would read cannot be sent.

use crate::{
    problem::{ApiResult, Problem},
    routing::Route,
};
use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};

/// Lets a request on whose parameters the route takes.
pub(super) async fn layer<F: Future<Output = Response>>(
    route: Option<&Route>,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let known = route.and_then(|route| route.query.as_deref());
    match known.map_or(Ok(()), |known| check(known, request.uri().query())) {
        Ok(()) => next(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check(known: &[String], query: Option<&str>) -> ApiResult<()> {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(()) };
    let mut sent = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let Some(unknown) = sent.find(|name| !known.iter().any(|known| known == name)) else {
        return Ok(());
    };
    let instead = match known {
        [] => "this route takes no query parameters".to_owned(),
        [one] => format!("the query parameter of this route is `{one}`"),
        all => format!("the query parameters of this route are `{}`", all.join("`, `")),
    };
    let detail = format!("unknown query parameter `{unknown}`; {instead}");
    Err(Problem::field(format!("query:{unknown}"), detail))
}
