//! Commands on webhooks. Secrets go to the vault, sealed, each once, under a new id.

use super::Commands;
use crate::{
    CommandError, CommandFuture, Outcome, Request, Secret, Status,
    handler::{Decided, Decider, vault_error},
    random,
    vault::Entry,
    webhooks::{Deliveries, secret_name, state_name},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domain::{
    aggregate::{Aggregate as _, Circumstances},
    event::WebhookEvent,
    id::{VaultId, WebhookId},
    position::EventId,
    rejection::Rejection,
    time::Time,
    webhook::{WebhookCommand, WebhookPatch, WebhookSettings, WebhookState},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use zeroize::Zeroizing;

/// What every secret of a webhook begins with (Standard Webhooks).
const PREFIX: &str = "whsec_";
/// Whose key seals the secrets.
const HOLDER: &str = "system";

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
    commands: &'a Commands,
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
            self.commands.keep_secret(self.webhook, fresh, at).await?;
            if creates {
                self.commands.begin_deliveries(self.webhook).await?;
            }
            self.used.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Commands {
    /// Makes a webhook, or sets it up as said. The secret is answered once, when it was made.
    pub fn put_webhook<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
        wish: WebhookSettings,
    ) -> CommandFuture<'a, (Outcome<WebhookState>, Option<Secret>)> {
        Box::pin(async move {
            let fresh = Fresh::new();
            let command = WebhookCommand::Put(wish, fresh.row);
            self.webhook_with_secret(request, webhook, command, &fresh).await
        })
    }

    /// Signs with a new secret from now on; those before sign too for so many seconds.
    pub fn rotate_webhook_secret<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
        grace_seconds: i64,
    ) -> CommandFuture<'a, (Outcome<WebhookState>, Option<Secret>)> {
        Box::pin(async move {
            let fresh = Fresh::new();
            let until = self.core.now().plus_seconds(grace_seconds);
            let command = WebhookCommand::Rotate { secret: fresh.row, until };
            self.webhook_with_secret(request, webhook, command, &fresh).await
        })
    }

    async fn webhook_with_secret(
        &self,
        request: &Request,
        webhook: WebhookId,
        command: WebhookCommand,
        fresh: &Fresh,
    ) -> Result<(Outcome<WebhookState>, Option<Secret>), CommandError> {
        let (outcome, used) = self.webhook_command(request, webhook, command, Some(fresh)).await?;
        let shown = used && outcome.status == Status::Recorded && !outcome.replayed;
        Ok((outcome, shown.then(|| fresh.shown())))
    }

    /// Changes some of a webhook: also pauses it and puts it to work again.
    pub fn change_webhook<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
        patch: WebhookPatch,
    ) -> CommandFuture<'a, Outcome<WebhookState>> {
        Box::pin(async move {
            let command = WebhookCommand::Change(patch);
            Ok(self.webhook_command(request, webhook, command, None).await?.0)
        })
    }

    /// Notes that a webhook's receiver is gone.
    pub fn give_webhook_up(&self, webhook: WebhookId) -> CommandFuture<'_, ()> {
        Box::pin(async move {
            let request = Request::new(crate::Caller::system("webhooks"));
            self.webhook_command(&request, webhook, WebhookCommand::GiveUp, None).await.map(drop)
        })
    }

    /// Removes a webhook with what was noted of its deliveries.
    pub fn remove_webhook<'a>(
        &'a self,
        request: &'a Request,
        webhook: WebhookId,
    ) -> CommandFuture<'a, Outcome<WebhookState>> {
        Box::pin(async move {
            let outcome =
                self.webhook_command(request, webhook, WebhookCommand::Remove, None).await?.0;
            if outcome.status != Status::Planned {
                self.forget_deliveries(webhook).await?;
            }
            Ok(outcome)
        })
    }

    async fn webhook_command(
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
        let decider = WebhookDecider { commands: self, webhook, command, request, fresh, used };
        let cache = &self.core.webhooks;
        let outcome = self.core.handler.execute(cache, &webhook, request, &decider).await?;
        Ok((outcome, decider.used.into_inner()))
    }

    /// The current state of a webhook. Confirmed by the log's leader.
    pub fn load_webhook(&self, webhook: WebhookId) -> CommandFuture<'_, Arc<WebhookState>> {
        Box::pin(async move { self.core.handler.current(&self.core.webhooks, &webhook).await })
    }

    async fn keep_secret(
        &self,
        webhook: WebhookId,
        fresh: &Fresh,
        _at: Time,
    ) -> Result<(), CommandError> {
        let name = secret_name(webhook, fresh.row);
        let key = self.core.key_ring.sealing_key(HOLDER).await.map_err(vault_error)?;
        let sealed = key.and_then(|key| key.seal_row(&name, fresh.bytes.as_slice()));
        let sealed =
            sealed.ok_or_else(|| CommandError::Internal("a secret cannot be sealed".to_owned()))?;
        // Decided anew after a conflict, it stands there already.
        let vault = &self.core.parts.vault;
        vault.put(Entry::new(name, sealed)).await.map_err(vault_error).map(drop)
    }

    /// A new webhook gets what is recorded from its making on.
    async fn begin_deliveries(&self, webhook: WebhookId) -> Result<(), CommandError> {
        let head = self.core.parts.log.head().await?.position;
        let begun = Deliveries::from(EventId { position: head, index: u32::MAX });
        let body = begun.encode()?;
        let vault = &self.core.parts.vault;
        let name = state_name(webhook);
        let known = vault.get(&name).await.map_err(vault_error)?;
        let version = known.map_or(0, |entry| entry.version);
        vault.put(Entry { version, ..Entry::new(name, body) }).await.map_err(vault_error).map(drop)
    }

    /// The secrets that sign at an instant, the current one first.
    pub fn webhook_secrets<'a>(
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
                let entry = self.core.parts.vault.get(&name).await.map_err(vault_error)?;
                let Some(value) = entry.and_then(|entry| entry.value) else { continue };
                let opened = self.core.key_ring.open_row(&name, &value).await;
                secrets.extend(opened.map_err(vault_error)?);
            }
            Ok(secrets)
        })
    }
}
