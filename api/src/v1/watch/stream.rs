//! The stream of server-sent events that a reader receives, and its end.

use super::query::place_text;
use crate::{state::AppState, v1::shape::AuditEvent};
use bytes::{Bytes, BytesMut};
use domain::{id::TokenId, position::EventId};
use futures::Stream;
use projections::{
    AuditRow,
    feed::{Body, FeedError, Reader},
};
use std::{convert::Infallible, ops::Range};
use tokio::time::Instant;

/// How soon a reader that was cut off comes back, in milliseconds.
const RETRY: u32 = 2_000;

/// An event as it is sent, made once for all readers.
#[derive(Debug, Clone)]
pub struct Shown {
    frame: Bytes,
    json: Range<usize>,
}

impl Shown {
    /// The event as JSON.
    pub fn json(&self) -> Bytes {
        self.frame.slice(self.json.clone())
    }
}

impl Body for Shown {
    fn of(event: AuditRow) -> Self {
        let head = format!("id: {}\nevent: {}\ndata: ", event.id, event.name);
        let json = serde_json::to_string(&AuditEvent::from(event)).unwrap_or_default();
        let json_at = head.len()..head.len() + json.len();
        Self { frame: Bytes::from(format!("{head}{json}\n\n")), json: json_at }
    }

    fn size(&self) -> usize {
        self.frame.len()
    }
}

/// One reader's stream.
pub(super) struct Watcher {
    app: AppState,
    reader: Reader<Shown>,
    token: Option<TokenId>,
    /// The last `id:` that was sent; `None` = nothing was sent yet.
    sent: Option<EventId>,
    checked: Instant,
    over: bool,
}

impl Watcher {
    pub(super) fn new(app: AppState, reader: Reader<Shown>, token: Option<TokenId>) -> Self {
        Self { app, reader, token, sent: None, checked: Instant::now(), over: false }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        futures::stream::unfold(self, |mut watcher| async move {
            let chunk = watcher.chunk().await?;
            Some((Ok(chunk), watcher))
        })
    }

    /// The next thing to send; `None` = it is over. Nothing is prepared before the last thing was
    /// taken, so a reader that sleeps costs its place and nothing else.
    async fn chunk(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let Some(sent) = self.sent else {
            let at = self.reader.at();
            self.sent = Some(at);
            return Some(format!("retry: {RETRY}\nid: {}\n\n", place_text(at)).into());
        };
        if let Err(why) = self.still_valid().await {
            return Some(self.last(why));
        }
        match self.reader.next(self.app.limits.heartbeat).await {
            Ok(events) => match events.as_slice() {
                [] => Some(self.heartbeat(sent)),
                [event] => {
                    self.sent = Some(event.id);
                    Some(event.body.frame.clone())
                }
                [.., last] => {
                    self.sent = Some(last.id);
                    let mut chunk = BytesMut::new();
                    for event in &events {
                        chunk.extend_from_slice(&event.body.frame);
                    }
                    Some(chunk.freeze())
                }
            },
            Err(FeedError::Closed) => Some(self.last("the service ends; come back")),
            Err(FeedError::Revoked) => Some(self.last("the token was revoked")),
            Err(error @ (FeedError::Full(_) | FeedError::Unavailable(_) | FeedError::View(_))) => {
                tracing::warn!(%error, "a reader of the feed is cut off");
                Some(self.last("the feed cannot be read now; come back"))
            }
        }
    }

    fn heartbeat(&mut self, sent: EventId) -> Bytes {
        let at = self.reader.at();
        if at <= sent {
            return Bytes::from_static(b": nothing new\n\n");
        }
        self.sent = Some(at);
        format!(": nothing new\nid: {}\n\n", place_text(at)).into()
    }

    fn last(&mut self, why: &str) -> Bytes {
        self.over = true;
        format!(": {why}\n\n").into()
    }

    /// Looks now and then whether the token may still be used: it may have come to its end.
    async fn still_valid(&mut self) -> Result<(), &'static str> {
        let Some(token) = self.token else { return Ok(()) };
        if self.checked.elapsed() < self.app.limits.heartbeat {
            return Ok(());
        }
        self.checked = Instant::now();
        match self.app.commands.tokens.load(token).await {
            Ok(state) if state.is_valid(self.app.clock.now()) => Ok(()),
            Ok(_) => Err("the token is not valid any more"),
            Err(_) => Err("it cannot be checked who reads; come back"),
        }
    }
}
