//! The id of a request: echoed from `X-Request-ID`, or made here, so that its trace in the
//! service's log can be found.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    response::Response,
};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is echoed.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The id of a request.
pub(super) fn of(request: &Request) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|value| {
        (1..=MAX_REQUEST_ID_BYTES).contains(&value.len())
            && value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte))
    });
    sent.cloned().unwrap_or_else(|| {
        let made = HeaderValue::try_from(Uuid::new_v4().to_string());
        made.unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}

/// Answers with the id.
pub(super) async fn layer<F: Future<Output = Response>>(
    id: &HeaderValue,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let mut response = next(request).await;
    response.headers_mut().insert(REQUEST_ID, id.clone());
    response
}
