//! The webhook service: commands on webhooks, and how far their deliveries have come. Secrets go
//! to the vault, sealed, each once, under a new id.

mod deliveries;

pub use deliveries::{Attempt, AttemptOutcome, Deliveries, Lease, RetryState};

use crate::{
    Clock, CommandError, CommandFuture, Outcome, Request, Secret, Status,
    handler::{Decided, Decider, Handler, StateCache, vault_error},
    random,
    vault::{Entry, Vault, key_ring::KeyRing},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use deliveries::{secret_name, state_name};
use domain::{
    aggregate::{Aggregate as _, Circumstances},
    event::WebhookEvent,
    id::{VaultId, WebhookId},
    position::EventId,
    rejection::Rejection,
    time::Time,
    webhook::{WebhookCommand, WebhookPatch, WebhookSettings, WebhookState},
};
use eventlog::SharedLog;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use zeroize::Zeroizing;

/// What every secret of a webhook begins with (Standard Webhooks).
const PREFIX: &str = "whsec_";
/// Whose key seals the secrets.
const KEY_OWNER: &str = "system";

/// A secret that is about to be written.
struct Fresh {
    row: VaultId,
    bytes: Zeroizing<[u8; 32]>,
}

impl Fresh {
    fn new() -> Self {
        Self { row: VaultId(random::id()), bytes: Zeroizing::new(random::bytes()) }
    }

    fn shown(&self) -> Secret {
        Secret::new(format!("{PREFIX}{}", BASE64_STANDARD.encode(self.bytes.as_slice())))
    }
}

struct WebhookDecider<'a> {
    service: &'a WebhookService,
    webhook: WebhookId,
    command: WebhookCommand,
    request: &'a Request,
    fresh: Option<&'a Fresh>,
    /// Set when the fresh secret is that of the webhook.
    used: AtomicBool,
}

impl Decider<WebhookState> for WebhookDecider<'_> {
    async fn decide(
        &self,
        state: &WebhookState,
        at: Time,
    ) -> Result<Decided<WebhookState>, CommandError> {
        let circumstances = Circumstances { now: at, condition: self.request.condition };
        Ok(state.decide(&self.command, &circumstances)?.into())
    }

    async fn write_references(
        &self,
        state: &WebhookState,
        _events: &[WebhookEvent],
        at: Time,
    ) -> Result<(), CommandError> {
        let creates = state.terms.is_none();
        let rotates = matches!(self.command, WebhookCommand::Rotate { .. });
        if let Some(fresh) = self.fresh
            && (creates || rotates)
        {
            self.service.keep_secret(self.webhook, fresh, at).await?;
            if creates {
                self.service.begin_deliveries(self.webhook).await?;
            }
            self.used.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Carries out commands on webhooks, and keeps how far their deliveries have come.
pub struct WebhookService {
    pub(crate) handler: Arc<Handler>,
    pub(crate) cache: StateCache<WebhookState>,
    pub(crate) log: SharedLog,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) key_ring: Arc<KeyRing>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl fmt::Debug for WebhookService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookService")
    }
}

impl WebhookService {
    /// Makes a webhook, or sets it up as said. The secret is answered once, when it was made.
    pub fn put<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
        wish: WebhookSettings,
    ) -> CommandFuture<'a, (Outcome<WebhookState>, Option<Secret>)> {
        Box::pin(async move {
            let fresh = Fresh::new();
            let command = WebhookCommand::Put(wish, fresh.row);
            self.execute_with_secret(request, webhook, command, &fresh).await
        })
    }

    /// Signs with a new secret from now on; those before sign too for so many seconds.
    pub fn rotate_secret<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
        grace_seconds: i64,
    ) -> CommandFuture<'a, (Outcome<WebhookState>, Option<Secret>)> {
        Box::pin(async move {
            let fresh = Fresh::new();
            let until = self.clock.now().plus_seconds(grace_seconds);
            let command = WebhookCommand::Rotate { secret: fresh.row, until };
            self.execute_with_secret(request, webhook, command, &fresh).await
        })
    }

    async fn execute_with_secret(
        &self,
        request: &Request,
        webhook: WebhookId,
        command: WebhookCommand,
        fresh: &Fresh,
    ) -> Result<(Outcome<WebhookState>, Option<Secret>), CommandError> {
        let (outcome, used) = self.execute(request, webhook, command, Some(fresh)).await?;
        let shown = used && outcome.status == Status::Recorded && !outcome.replayed;
        Ok((outcome, shown.then(|| fresh.shown())))
    }

    /// Changes some of a webhook: also pauses it and puts it to work again.
    pub fn change<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
        patch: WebhookPatch,
    ) -> CommandFuture<'a, Outcome<WebhookState>> {
        Box::pin(async move {
            let command = WebhookCommand::Change(patch);
            Ok(self.execute(request, webhook, command, None).await?.0)
        })
    }

    /// Records that a webhook's receiver is gone.
    pub fn give_up(&self, webhook: WebhookId) -> CommandFuture<'_, ()> {
        Box::pin(async move {
            let request = Request::new(crate::Caller::system("webhooks"));
            self.execute(&request, webhook, WebhookCommand::GiveUp, None).await.map(drop)
        })
    }

    /// Removes a webhook with what was noted of its deliveries.
    pub fn remove<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
    ) -> CommandFuture<'a, Outcome<WebhookState>> {
        Box::pin(async move {
            let outcome = self.execute(request, webhook, WebhookCommand::Remove, None).await?.0;
            if outcome.status != Status::Planned {
                self.forget_deliveries(webhook).await?;
            }
            Ok(outcome)
        })
    }

    async fn execute(
        &self,
        request: &Request,
        webhook: WebhookId,
        command: WebhookCommand,
        fresh: Option<&Fresh>,
    ) -> Result<(Outcome<WebhookState>, bool), CommandError> {
        if !request.caller.unrestricted() {
            let needed = "an administrator's token, or an application's that acts for nobody";
            return Err(Rejection::NotPermitted { needed }.into());
        }
        let used = AtomicBool::new(false);
        let decider = WebhookDecider { service: self, webhook, command, request, fresh, used };
        let outcome = self.handler.execute(&self.cache, &webhook, request, &decider).await?;
        Ok((outcome, decider.used.into_inner()))
    }

    /// The current state of a webhook. Confirmed by the log's leader.
    pub fn load(&self, webhook: WebhookId) -> CommandFuture<'_, Arc<WebhookState>> {
        Box::pin(async move { self.handler.current(&self.cache, &webhook).await })
    }

    async fn keep_secret(
        &self,
        webhook: WebhookId,
        fresh: &Fresh,
        _at: Time,
    ) -> Result<(), CommandError> {
        let name = secret_name(webhook, fresh.row);
        let key = self.key_ring.sealing_key(KEY_OWNER).await.map_err(vault_error)?;
        let sealed = key.and_then(|key| key.seal_row(&name, fresh.bytes.as_slice()));
        let sealed =
            sealed.ok_or_else(|| CommandError::Internal("a secret cannot be sealed".to_owned()))?;
        // Decided again after a conflict, it stands there already.
        self.vault.put(Entry::new(name, sealed)).await.map_err(vault_error).map(drop)
    }

    /// A new webhook gets what is recorded from its making on.
    async fn begin_deliveries(&self, webhook: WebhookId) -> Result<(), CommandError> {
        let head = self.log.head().await?.position;
        let begun = Deliveries::new(EventId { position: head, index: u32::MAX });
        let body = begun.encode()?;
        let name = state_name(webhook);
        let known = self.vault.get(&name).await.map_err(vault_error)?;
        let version = known.map_or(0, |entry| entry.version);
        self.vault
            .put(Entry { version, ..Entry::new(name, body) })
            .await
            .map_err(vault_error)
            .map(drop)
    }

    /// The secrets that sign at an instant, the current one first.
    pub fn secrets<'a>(
        &'a self,
        webhook: WebhookId,
        state: &'a WebhookState,
        at: Time,
    ) -> CommandFuture<'a, Vec<Zeroizing<Vec<u8>>>> {
        Box::pin(async move {
            let mut secrets = Vec::new();
            let all = state.terms.iter().flat_map(|terms| &terms.secrets);
            for secret in all.filter(|secret| secret.until.is_none_or(|until| at < until)) {
                let name = secret_name(webhook, secret.row);
                let entry = self.vault.get(&name).await.map_err(vault_error)?;
                let Some(value) = entry.and_then(|entry| entry.value) else { continue };
                let opened = self.key_ring.open_row(&name, &value).await;
                secrets.extend(opened.map_err(vault_error)?);
            }
            Ok(secrets)
        })
    }
}
