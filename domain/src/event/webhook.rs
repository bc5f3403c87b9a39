//! Payloads of the events on a webhook's stream. A storage format: see the catalogue.

use super::{AuditPayload, Payload};
use crate::{
    id::{AccountId, ItemRef, VaultId},
    private_text::HoldsPrivateText,
    time::Time,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Are events delivered to a webhook?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// Events are delivered.
    Active,
    /// Somebody paused it; it goes on where it stopped.
    Paused,
    /// Its receiver answered that it is gone; somebody must set it to active again.
    Gone,
}

/// A secret that signs deliveries, by its place in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct WebhookSecret {
    /// Where it stands in the vault.
    pub row: VaultId,
    /// First instant at which it no longer signs; absent = it is the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// How a webhook is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct WebhookTerms {
    /// Where deliveries go. Holds no credentials.
    pub url: String,
    /// Its name.
    pub label: String,
    /// Stored names of events, or beginnings that end in a dot; none = all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Events about this item only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemRef>,
    /// Events by or about this account only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Are events delivered?
    pub status: WebhookStatus,
    /// What signs, the current one first.
    pub secrets: Vec<WebhookSecret>,
}

/// `webhook.changed`: it was made, set up differently, or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct WebhookChanged {
    /// Absent = it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<WebhookTerms>,
    /// Absent = it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<WebhookTerms>,
}
impl HoldsPrivateText for WebhookChanged {}

impl Payload for WebhookChanged {
    fn summary(&self, target: &str) -> String {
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return match self.after {
                Some(_) => format!("made {target}"),
                None => format!("removed {target}"),
            };
        };
        if before.status != after.status {
            return match after.status {
                WebhookStatus::Active => format!("activated {target}"),
                WebhookStatus::Paused => format!("paused {target}"),
                WebhookStatus::Gone => format!("disabled {target}, as its receiver is gone"),
            };
        }
        if before.secrets == after.secrets {
            format!("changed {target}")
        } else {
            format!("gave {target} a new secret")
        }
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(self.before.as_ref().map(audited), self.after.as_ref().map(audited))
    }
    fn creates(&self) -> bool {
        self.before.is_none()
    }
}

/// The terms without the ids of the secrets.
fn audited(terms: &WebhookTerms) -> Value {
    let ends: Vec<_> = terms.secrets.iter().map(|secret| secret.until).collect();
    json!({
        "url": terms.url, "label": terms.label, "types": terms.types, "item": terms.item,
        "account": terms.account, "status": terms.status, "secrets_end": ends,
    })
}
