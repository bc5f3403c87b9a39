//! The webhook aggregate: made, changed, removed.

use crate::{
    event::{
        Event, Recorded, WebhookChanged, WebhookEvent, WebhookSecret, WebhookStatus, WebhookTerms,
    },
    id::{AccountId, ItemRef, VaultId},
    item::{Condition, Patch},
    position::Position,
    rejection::{Entity, Rejection},
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

/// What can be asked of a webhook.
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

/// Decides a command at an instant; only those who may set up webhooks get here.
pub fn decide(
    state: &WebhookState,
    command: &WebhookCommand,
    condition: Condition,
    at: Time,
) -> Result<Vec<WebhookEvent>, Rejection> {
    check(state, condition)?;
    let before = state.terms.as_ref();
    let after = match (command, before) {
        (WebhookCommand::Put(wish, secret), _) => {
            let first = || vec![WebhookSecret { row: *secret, until: None }];
            let secrets = before.map_or_else(first, |before| before.secrets.clone());
            Some(terms(wish.clone(), secrets))
        }
        (WebhookCommand::Remove, None) if state.position != Position::START => None,
        (_, None) => return Err(Rejection::NotFound(Entity::Webhook)),
        (WebhookCommand::Change(patch), Some(before)) => Some(changed(before, patch)),
        (WebhookCommand::Rotate { secret, until }, Some(before)) => {
            Some(rotated(before, *secret, *until, at))
        }
        (WebhookCommand::GiveUp, Some(before)) => {
            Some(WebhookTerms { status: WebhookStatus::Gone, ..before.clone() })
        }
        (WebhookCommand::Remove, Some(_)) => None,
    };
    if before == after.as_ref() {
        return Ok(Vec::new());
    }
    Ok(vec![WebhookEvent::Changed(WebhookChanged { before: before.cloned(), after })])
}

fn check(state: &WebhookState, condition: Condition) -> Result<(), Rejection> {
    let current = state.position;
    let failed = Err(Rejection::PreconditionFailed { entity: Entity::Webhook, current });
    match condition {
        Condition::None => Ok(()),
        Condition::Absent if state.terms.is_none() => Ok(()),
        Condition::Absent => Err(Rejection::AlreadyExists),
        Condition::Exists if state.terms.is_some() => Ok(()),
        Condition::Version(version) if version == current && state.terms.is_some() => Ok(()),
        Condition::Exists | Condition::Version(_) => failed,
    }
}

fn terms(wish: WebhookSettings, secrets: Vec<WebhookSecret>) -> WebhookTerms {
    let WebhookSettings { url, label, types, item, account, status } = wish;
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

/// Applies a recorded event of the webhook's own stream. Events of other streams change nothing.
pub fn evolve(state: &mut WebhookState, recorded: &Recorded) {
    let WebhookEvent::Changed(changed) = match &recorded.event {
        Event::Webhook(event) => event,
        Event::Item(_)
        | Event::Account(_)
        | Event::Link(_)
        | Event::Token(_)
        | Event::System(_) => return,
    };
    state.position = recorded.position();
    if changed.before.is_none() {
        state.created_at = recorded.time;
    }
    state.terms.clone_from(&changed.after);
}
