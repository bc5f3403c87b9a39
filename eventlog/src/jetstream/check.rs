//! Verifies the configuration of the stream and that all records are there, at start and every 30
//! s.

use super::{JetStreamLog, Shared, server};
use crate::{Durability, EventLog as _, Head, LogError, chain_verifier::require_first_at_one};
use domain::position::Position;
use std::{
    sync::{Weak, atomic::Ordering},
    time::Duration,
};

/// How often the stream is compared with what it must be.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// How often while appends are refused, so that they go on soon after it is mended.
const CHECK_REFUSED_INTERVAL: Duration = Duration::from_secs(1);
/// A server that has just become leader, or just come back, can report an empty stream for a
/// moment.
const RECHECK_PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1_500)];

impl Shared {
    pub(super) fn knows(&self, position: Position) {
        self.known.fetch_max(position.0, Ordering::Relaxed);
    }

    /// Missing records are believed when they are still missing on being asked again.
    pub(super) async fn check(&self) -> Result<Durability, LogError> {
        for pause in RECHECK_PAUSES {
            match self.check_once().await {
                Err(LogError::Corrupt { .. }) => tokio::time::sleep(pause).await,
                found => return found,
            }
        }
        self.check_once().await
    }

    async fn check_once(&self) -> Result<Durability, LogError> {
        let version = self.client.server_info().version;
        let mut warnings = server::judge_version(&version)?;
        let known = self.known.load(Ordering::Relaxed);
        let info = self.info().await?;
        let different = server::differences(&info.config, &self.options);
        if !different.is_empty() {
            return Err(LogError::Misconfigured(format!(
                "the stream `{}`: {}",
                self.options.stream,
                different.join("; ")
            )));
        }
        if self.created.get_or_init(|| info.created.clone()) != &info.created {
            let why = format!("the stream `{}` was recreated", self.options.stream);
            return Err(LogError::Misconfigured(why));
        }
        let state = &info.state;
        require_first_at_one(state.head())?;
        if state.last_seq < known || state.messages != state.last_seq {
            return Err(LogError::Corrupt {
                position: Position(state.messages.min(state.last_seq) + 1),
                detail: format!(
                    "expected {} records, found {}: records are lost",
                    state.last_seq.max(known),
                    state.messages
                ),
            });
        }
        let replicas = info.config.get("num_replicas").and_then(serde_json::Value::as_u64);
        let replicas = replicas.and_then(|copies| u32::try_from(copies).ok()).unwrap_or(1);
        if replicas == 1 && !self.options.synced {
            let why = "one copy, and the server syncs to disk every two minutes unless told \
                       otherwise: a power cut can lose acknowledged records; set \
                       `sync_interval: always`, \
                       or 3 replicas";
            warnings.push(why.to_owned());
        }
        let engine = format!("NATS JetStream {version}");
        Ok(Durability { engine, replicas, synced: self.options.synced, warnings })
    }
}

impl server::StreamState {
    pub(super) fn head(&self) -> Head {
        let empty = self.last_seq == 0;
        let first = if empty { 0 } else { self.first_seq };
        Head { position: Position(self.last_seq), first: Position(first) }
    }
}

/// Checks for as long as the log is used.
pub(super) async fn check_on(shared: Weak<Shared>) {
    loop {
        let refused = shared.upgrade().is_some_and(|shared| shared.refused.lock().is_some());
        tokio::time::sleep(if refused { CHECK_REFUSED_INTERVAL } else { CHECK_INTERVAL }).await;
        let Some(shared) = shared.upgrade() else { return };
        let log = JetStreamLog { shared };
        if let Err(error) = log.check().await {
            tracing::error!(%error, "the event log is not as it must be");
        }
    }
}
