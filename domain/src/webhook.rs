//! The webhook aggregate: made, changed, removed.

use crate::{
    aggregate::{Aggregate, Circumstances, Decision},
    event::{Recorded, WebhookChanged, WebhookEvent, WebhookSecret, WebhookStatus, WebhookTerms},
    id::{AccountId, ItemRef, VaultId, WebhookId},
    item::Patch,
    position::Position,
    private_text::HoldsPrivateText,
    rejection::{Entity, Rejection},
    stream::StreamName,
    time::Time,
};
use serde::{Deserialize, Serialize};

/// The most secrets that sign at a time: the current one and those that run out.
pub const MAX_SIGNING_SECRETS: usize = 4;

/// What is known of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookState {
    /// Position of the stream's last record; 0 = there is none. Also the webhook's version.
    pub position: Position,
    /// How it is set up; `None` = it never was, or was removed.
    pub terms: Option<WebhookTerms>,
    /// When it was made.
    pub created_at: Time,
}

/// What its user says of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where deliveries go.
    pub url: String,
    /// Its name.
    pub label: String,
    /// Which events, by name; none = all.
    pub types: Vec<String>,
    /// About this item only.
    pub item: Option<ItemRef>,
    /// By or about this account only.
    pub account: Option<AccountId>,
    /// Is anything delivered?
    pub status: WebhookStatus,
}

/// What changes of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// Where deliveries go.
    pub url: Option<String>,
    /// Its name.
    pub label: Option<String>,
    /// Which events.
    pub types: Option<Vec<String>>,
    /// About this item only.
    pub item: Patch<ItemRef>,
    /// By or about this account only.
    pub account: Patch<AccountId>,
    /// Is anything delivered?
    pub status: Option<WebhookStatus>,
}

/// What can be requested of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookCommand {
    /// Make it, with this secret, or set it up as said, with the secret that it has.
    Put(WebhookSettings, VaultId),
    /// Change some of it.
    Change(WebhookPatch),
    /// Sign with a new secret; the ones before sign too until an instant.
    Rotate {
        /// The new one.
        secret: VaultId,
        /// Until when those before sign.
        until: Time,
    },
    /// Its receiver is gone.
    GiveUp,
    /// Remove it.
    Remove,
}

impl HoldsPrivateText for WebhookState {}

impl Aggregate for WebhookState {
    type Id = WebhookId;
    type Command = WebhookCommand;
    type Event = WebhookEvent;
    type Context<'a> = Circumstances;
    const VERSION: u32 = 1;

    fn stream(id: &WebhookId) -> StreamName {
        StreamName::Webhook(*id)
    }

    fn position(&self) -> Position {
        self.position
    }

    /// Whether the caller may issue the command is checked before.
    fn decide(
        &self,
        command: &WebhookCommand,
        context: &Circumstances,
    ) -> Result<Decision<WebhookEvent>, Rejection> {
        let before = self.terms.as_ref();
        context.condition.check(Entity::Webhook, before.is_some(), self.position)?;
        let after = match (command, before) {
            (WebhookCommand::Put(settings, secret), _) => {
                let first = || vec![WebhookSecret { row: *secret, until: None }];
                let secrets = before.map_or_else(first, |before| before.secrets.clone());
                Some(terms(settings.clone(), secrets))
            }
            (WebhookCommand::Remove, None) if self.position != Position::START => None,
            (_, None) => return Err(Rejection::NotFound(Entity::Webhook)),
            (WebhookCommand::Change(patch), Some(before)) => Some(changed(before, patch)),
            (WebhookCommand::Rotate { secret, until }, Some(before)) => {
                Some(rotated(before, *secret, *until, context.now))
            }
            (WebhookCommand::GiveUp, Some(before)) => {
                Some(WebhookTerms { status: WebhookStatus::Gone, ..before.clone() })
            }
            (WebhookCommand::Remove, Some(_)) => None,
        };
        if before == after.as_ref() {
            return Ok(Decision::NOTHING);
        }
        Ok(WebhookEvent::Changed(WebhookChanged { before: before.cloned(), after }).into())
    }

    fn evolve(&mut self, recorded: &Recorded<WebhookEvent>) {
        self.position = recorded.position();
        match &recorded.event {
            WebhookEvent::Changed(changed) => {
                if changed.before.is_none() {
                    self.created_at = recorded.time;
                }
                self.terms.clone_from(&changed.after);
            }
        }
    }
}

fn terms(settings: WebhookSettings, secrets: Vec<WebhookSecret>) -> WebhookTerms {
    let WebhookSettings { url, label, types, item, account, status } = settings;
    WebhookTerms { url, label, types, item, account, status, secrets }
}

fn changed(before: &WebhookTerms, patch: &WebhookPatch) -> WebhookTerms {
    let WebhookPatch { url, label, types, item, account, status } = patch.clone();
    WebhookTerms {
        url: url.unwrap_or_else(|| before.url.clone()),
        label: label.unwrap_or_else(|| before.label.clone()),
        types: types.unwrap_or_else(|| before.types.clone()),
        item: item.unwrap_or_else(|| before.item.clone()),
        account: account.unwrap_or_else(|| before.account.clone()),
        status: status.unwrap_or(before.status),
        secrets: before.secrets.clone(),
    }
}

fn rotated(before: &WebhookTerms, secret: VaultId, until: Time, at: Time) -> WebhookTerms {
    let mut secrets = vec![WebhookSecret { row: secret, until: None }];
    let running_out = before.secrets.iter().map(|old| WebhookSecret {
        row: old.row,
        until: Some(old.until.map_or(until, |end| end.min(until))),
    });
    secrets.extend(running_out.filter(|old| old.until.is_some_and(|end| end > at)));
    secrets.truncate(MAX_SIGNING_SECRETS);
    WebhookTerms { secrets, ..before.clone() }
}
