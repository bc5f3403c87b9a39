//! Idempotency: finds the command that was carried out under a key, and repeats its first answer.

use super::{CommandContext, Handler, creates, unreadable, vault_error};
use crate::{Caller, CommandError, Outcome, Status};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    aggregate::Aggregate, event::Recorded, position::Position, private_text::HoldsPrivateText as _,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use moka::future::Cache;
use sha2::Sha256;
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// Makes the fingerprints that stand on the log instead of keys and bodies.
pub(crate) struct Fingerprints {
    key: Zeroizing<[u8; 32]>,
    turns: Cache<String, Arc<Mutex<()>>>,
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprints")
    }
}

impl Fingerprints {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        let turns =
            Cache::builder().max_capacity(100_000).time_to_idle(Duration::from_mins(1)).build();
        Self { key, turns }
    }

    fn fingerprint(&self, parts: &[&[u8]]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_slice()) else {
            return String::new(); // HMAC takes keys of any length
        };
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// The fingerprint of a key, scoped to token and on-behalf-of.
    pub(crate) fn key(&self, caller: &Caller, key: &str) -> String {
        let token = caller.token.map(|id| id.to_string()).unwrap_or_default();
        let behalf = match (&caller.account, caller.anonymous) {
            (Some(account), _) => format!("account:{account}"),
            (None, true) => "anonymous".to_owned(),
            (None, false) => caller.system.unwrap_or_default().to_owned(),
        };
        self.fingerprint(&[b"key", token.as_bytes(), behalf.as_bytes(), key.as_bytes()])
    }

    /// The fingerprint of a request.
    pub(crate) fn body(&self, request: &[u8]) -> String {
        self.fingerprint(&[b"body", request])
    }

    /// Commands with the same key wait for each other on this node.
    pub(crate) async fn turn(&self, key: &str) -> Arc<Mutex<()>> {
        self.turns.get_with_by_ref(key, async { Arc::default() }).await
    }
}

impl Handler {
    /// Where the command's key was taken by now. A command that would change nothing, or is
    /// refused, must not be answered so when it is its own first issue, on another node, that made
    /// it so: the broker arbitrates appends only, and the key index may lag by the broker's
    /// duplicate window.
    pub(super) async fn taken(
        &self,
        issue: &CommandContext<'_>,
    ) -> Result<Option<Position>, CommandError> {
        let Some(key) = &issue.key else { return Ok(None) };
        if let Some(position) = self.keys.find(key).await? {
            return Ok(Some(position));
        }
        let records = self.log.read_stream(issue.stream, Position::START).await?;
        let mut keyed = records.iter().rev();
        let found = keyed.find(|record| record.envelope.key.as_ref() == Some(key));
        Ok(found.map(|record| record.position))
    }

    /// The answer of the command that took this key, rebuilt from its commit.
    pub(super) async fn replay<A: Aggregate>(
        &self,
        issue: &CommandContext<'_>,
        position: Position,
    ) -> Result<Outcome<A>, CommandError> {
        let record = self.log.read(position).await?.ok_or_else(|| {
            CommandError::LogUnavailable(format!("position {position} cannot be read"))
        })?;
        let first = &record.envelope;
        if first.body != issue.body || first.stream != *issue.stream {
            return Err(CommandError::KeyReused);
        }
        let events = record.events().map_err(unreadable)?.into_iter();
        let events = events.map(Recorded::of_aggregate::<A::Event>).collect::<Result<Vec<_>, _>>();
        let mut events = events.map_err(unreadable)?;
        let mut state = A::default();
        let mut before = None;
        for record in self.log.read_stream(issue.stream, Position::START).await? {
            if record.position > position {
                break;
            }
            if record.position == position {
                before = Some(state.clone());
            }
            for recorded in record.events().map_err(unreadable)? {
                state.replay(recorded).map_err(unreadable)?;
            }
        }
        let mut before = before.unwrap_or_default();
        let key_ring = &self.key_ring;
        key_ring.open_texts(issue.stream, before.private_texts()).await.map_err(vault_error)?;
        key_ring.open_texts(issue.stream, state.private_texts()).await.map_err(vault_error)?;
        for recorded in &mut events {
            let texts = recorded.event.private_texts();
            key_ring.open_texts(issue.stream, texts).await.map_err(vault_error)?;
        }
        Ok(Outcome {
            command: first.command,
            status: Status::Recorded,
            position,
            at_least: issue.request.at_least,
            at: first.at,
            created: creates(&events),
            events,
            before: Some(Arc::new(before)),
            after: Arc::new(state),
            results: first.results.clone(),
            replayed: true,
            ignored_visits: Vec::new(),
        })
    }
}
