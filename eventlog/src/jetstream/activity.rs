//! The activity log on JetStream: a stream of its own, which forgets after 400 days.

use super::{
    JetStreamLog, Shared,
    server::{self, Get},
};
use crate::{
    Activity, ActivityEntry, LogError,
    activity::buffer::{Batch, Buffered, Store},
    clock_skew::Now,
};
use async_nats::{HeaderMap, Request, header};
use async_trait::async_trait;
use domain::position::Position;
use serde_json::json;
use std::{fmt, sync::Arc};
use uuid::Uuid;

/// How long an entry is kept, in nanoseconds: 400 days.
const RETENTION_NANOS: i64 = 400 * 86_400 * 1_000_000_000;

struct Stream {
    shared: Arc<Shared>,
    name: String,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The activity log on the server that holds the event log.
#[derive(Debug)]
pub struct JetStreamActivity(Buffered);

impl JetStreamActivity {
    /// Creates the stream when it is missing.
    ///
    /// `node` names this node for good, `run` this life of its process.
    pub async fn open(
        log: &JetStreamLog,
        node: &str,
        run: Uuid,
        now: Now,
    ) -> Result<Self, LogError> {
        let shared = Arc::clone(&log.shared);
        let Shared { client, options, .. } = &*shared;
        let name = options.activity();
        if server::info(client, options, &name).await?.is_none() {
            let config = json!({
                "name": name,
                "subjects": [format!("{}.activity.>", options.prefix)],
                "retention": "limits", "max_age": RETENTION_NANOS, "discard": "old",
                "max_consumers": -1, "max_msgs": -1, "max_bytes": -1,
                "max_msgs_per_subject": -1, "max_msg_size": -1,
                "storage": "file", "num_replicas": options.replicas,
                "duplicate_window": 120_000_000_000_i64, "compression": "s2",
                "allow_direct": true, "deny_delete": true, "deny_purge": true,
            });
            server::create(client, options, &name, &config).await?;
        }
        let stream = Stream { shared: Arc::clone(&shared), name };
        Ok(Self(Buffered::start(stream, node, run, &now).await?))
    }
}

impl Stream {
    /// Nodes write under subjects of their own, so that each finds its own last batch.
    fn subject(&self, node: &str) -> String {
        let token: String = node
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
            .collect();
        format!("{}.activity.node-{token}", self.shared.options.prefix)
    }
}

#[async_trait]
impl Store for Stream {
    async fn write(&self, batch: &Batch) -> Result<(), LogError> {
        let Shared { client, options, .. } = &*self.shared;
        let unwritable = |error| LogError::Misconfigured(format!("activity: {error}"));
        let payload = serde_json::to_vec(batch).map_err(unwritable)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, format!("{}-{}", batch.run, batch.seq));
        let request =
            Request::new().headers(headers).payload(payload.into()).timeout(Some(options.timeout));
        let answer = client
            .send_request(self.subject(&batch.node), request)
            .await
            .map_err(|error| server::unavailable(&error))?;
        match serde_json::from_slice::<super::Ack<'_>>(&answer.payload) {
            Ok(super::Ack { error: None, .. }) => Ok(()),
            Ok(super::Ack { error: Some(error), .. }) => Err(server::refused(&error)),
            Err(error) => Err(LogError::Unavailable(format!("JetStream's answer: {error}"))),
        }
    }

    async fn settled(&self, node: &str) -> Result<bool, LogError> {
        let Shared { client, options, .. } = &*self.shared;
        let subject = self.subject(node);
        let last = server::get(client, options, &self.name, Get::Last(&subject)).await?;
        let Some(last) = last else { return Ok(true) };
        let batch: Batch = serde_json::from_slice(&last.data).map_err(|error| {
            LogError::Corrupt { position: Position(last.seq), detail: error.to_string() }
        })?;
        Ok(batch.settled)
    }
}

#[async_trait]
impl Activity for JetStreamActivity {
    fn note(&self, entry: ActivityEntry) {
        self.0.note(entry);
    }

    async fn flush(&self) -> Result<(), LogError> {
        self.0.flush().await
    }
}
