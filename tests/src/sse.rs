//! Reads server-sent events as the standard says, block by block.

use crate::client::Client;
use serde_json::Value;
use std::time::Duration;

/// The longest wait for the next event.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// One event, or a heartbeat (which has no kind and no data).
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `id:`.
    pub id: Option<String>,
    /// `event:`.
    pub kind: Option<String>,
    /// `data:`, as JSON.
    pub data: Value,
}

/// An open stream.
#[derive(Debug)]
pub struct Watch {
    response: reqwest::Response,
    buffer: String,
    /// The last `id:`; with it another stream goes on.
    pub last_id: String,
    /// `retry:`, in milliseconds.
    pub retry: Option<u64>,
}

impl Watch {
    /// Opens a stream, from behind an event or from now on.
    pub async fn open(caller: &Client, query: &str, last_id: Option<&str>) -> Self {
        let mut request = caller.stream(&format!("/v1/watch{query}"));
        if let Some(last_id) = last_id {
            request = request.header("Last-Event-ID", last_id);
        }
        let response = request.send().await.expect("the feed");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let last_id = last_id.unwrap_or_default().to_owned();
        let mut watch = Self { response, buffer: String::new(), last_id, retry: None };
        // The first block says where the stream begins.
        let first = watch.block().await.expect("a first block");
        assert!(first.id.is_some() && first.kind.is_none(), "{first:?}");
        assert!(watch.retry.is_some());
        watch
    }

    /// The next block; `None` = the stream has ended or broken off.
    pub async fn block(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.find("\n\n") {
                let block: String = self.buffer.drain(..end + 2).collect();
                return Some(self.read(&block));
            }
            let chunk = tokio::time::timeout(WAIT_TIMEOUT, self.response.chunk()).await;
            match chunk.expect("a sign of life of the feed") {
                Ok(Some(chunk)) => self.buffer.push_str(std::str::from_utf8(&chunk).expect("text")),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    fn read(&mut self, block: &str) -> Event {
        let mut event = Event { id: None, kind: None, data: Value::Null };
        for line in block.lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => {
                    value.clone_into(&mut self.last_id);
                    event.id = Some(value.to_owned());
                }
                "event" => event.kind = Some(value.to_owned()),
                "data" => event.data = serde_json::from_str(value).expect("JSON"),
                "retry" => self.retry = value.parse().ok(),
                // A comment.
                "" => {}
                other => panic!("no field of an event: {other}"),
            }
        }
        event
    }

    /// The next event; heartbeats are passed over. `None` = the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.block().await?;
            if event.kind.is_some() {
                return Some(event);
            }
        }
    }

    /// The next events, up to and with the first one at or behind a position.
    pub async fn up_to(&mut self, position: u64) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let next = tokio::time::timeout(WAIT_TIMEOUT, self.next()).await;
            let event = next.expect("an event").expect("the feed goes on");
            let at = event.data["position"].as_u64().expect("a position");
            events.push(event);
            if at >= position {
                return events;
            }
        }
    }
}
