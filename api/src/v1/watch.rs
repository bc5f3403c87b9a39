//! `GET /v1/watch`: recorded events in order, as they happen (server-sent events).

mod query;
mod stream;

pub use query::WatchFilter;
pub(super) use query::place;
pub use stream::Shown;

use crate::{
    extract::{PositionToken, RequestMeta},
    problem::{ApiResult, Problem, ProblemType},
    routing::{AnswerSpec, Answers, Contract, EVENT_STREAM, RouteAccess, SUBSCRIBERS, register},
    state::AppState,
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use projections::feed::FeedError;
use serde_json::json;
use std::time::Duration;
use stream::Watcher;
use utoipa::PartialSchema as _;

/// How long a new reader waits for the feed to begin.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);
/// When a reader that was turned away should come back, in seconds.
const AGAIN: u64 = 5;

/// 200: events, until either side ends it.
#[derive(Debug)]
pub struct EventStream(Response);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Answers for EventStream {
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        contract.media = Some(EVENT_STREAM);
        contract.answers.push(AnswerSpec {
            status: 200,
            description: words,
            body: Some((EVENT_STREAM.0, json!(String::schema()))),
            example: Some("id: 42-0\nevent: grant.given\ndata: {\"id\":\"42-0\",…}\n\n"),
            versioned: false,
        });
    }
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Full(_) => {
                Self::new(ProblemType::TooManyAttempts, error.to_string()).retry_after(AGAIN)
            }
            FeedError::View(error) => error.into(),
            FeedError::Unavailable(why) => {
                Self::new(ProblemType::ViewsUnavailable, "the feed cannot be read now")
                    .retry_after(AGAIN)
                    .because(why)
            }
            FeedError::Closed => {
                Self::new(ProblemType::ViewsUnavailable, "the service ends").retry_after(1)
            }
            FeedError::Revoked => Self::new(ProblemType::NotAuthenticated, "the token was revoked"),
        }
    }
}

register! {
    watch => RouteAccess::read(SUBSCRIBERS).about_everybody(),
        "Events, until either side ends it", TimeInFuture, TooManyAttempts, ViewsUnavailable;
}

/// Watch what is recorded
///
/// Server-sent events, in the order of the log. `id:` is the event's id, `event:` its type, `data:`
/// the event as the audit trail shows it. A reader that was cut off comes back with `Last-Event-ID`
/// and gets exactly what it missed, on any node, however long it was away. Without it, and without
/// `after`, a reader gets what is recorded from now on.
///
/// Every 15 s a heartbeat (a comment, with an `id:` of its own that carries the position) says that
/// there is nothing new; so a reader with a filter need not look through the same past again.
#[utoipa::path(get, path = "/v1/watch", tag = "live")]
pub async fn watch(
    State(app): State<AppState>,
    wanted: WatchFilter,
    meta: RequestMeta,
) -> ApiResult<EventStream> {
    let caller = &meta.caller;
    if caller.account.is_some() || caller.anonymous {
        let detail = "the feed is read by applications for themselves; leave out \
                      Sharelog-On-Behalf-Of";
        return Err(Problem::not_permitted(detail));
    }
    let end = app.feed.end().await.map_err(commands::CommandError::from)?;
    let after = wanted.after.unwrap_or(end);
    if after.position > end.position {
        let detail = format!(
            "position {} lies beyond the end of the log at {}",
            after.position, end.position
        );
        return Err(Problem::new(ProblemType::TimeInFuture, detail));
    }
    let reader = app.feed.reader(wanted.filter, after)?.for_token(caller.token);
    reader.ready(WAIT_TIMEOUT).await?;
    let watcher = Watcher::new(app.clone(), reader, caller.token);
    let mut response = Response::new(Body::from_stream(watcher.into_stream()));
    let headers = response.headers_mut();
    let fixed = HeaderValue::from_static;
    headers.insert(header::CONTENT_TYPE, fixed("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, fixed("no-store"));
    // Proxies that collect answers would keep events back.
    headers.insert("x-accel-buffering", fixed("no"));
    let position = PositionToken { log: app.commands.log_id(), position: after.position };
    if let Ok(position) = HeaderValue::try_from(position.encode()) {
        headers.insert("sharelog-position", position);
    }
    Ok(EventStream(response))
}
