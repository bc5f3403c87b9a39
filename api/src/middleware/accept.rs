//! Refuses requests that do not accept the media type of their route's answers.

use crate::{
    problem::{Problem, ProblemType},
    routing::{Media, Route},
};
use axum::{
    extract::Request,
    http::header,
    response::{IntoResponse as _, Response},
};

/// Lets a request on that accepts the answer.
pub(super) async fn layer<F: Future<Output = Response>>(
    route: Option<&Route>,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    match route.and_then(Route::media).filter(|media| !accepts(&request, *media)) {
        None => next(request).await,
        Some((name, _)) => {
            let detail = format!("answers are {name}");
            Problem::new(ProblemType::NotAcceptable, detail).into_response()
        }
    }
}

/// Whether the answer can be accepted. Preferences among acceptable ones do not matter.
fn accepts(request: &Request, (_, ranges): Media) -> bool {
    let mut sent = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .peekable();
    if sent.peek().is_none() {
        return true;
    }
    sent.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        !refused && ranges.contains(&kind.as_str())
    })
}
