//! Payloads of the events on a token's stream. A storage format: see the catalogue.

use super::{AuditPayload, Payload};
use crate::{
    id::{AccountId, VaultId},
    private_text::HoldsPrivateText,
    time::Time,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallerRole {
    /// Administers: tokens, kinds, keys, accounts; may do everything.
    Admin,
    /// Reads everything, changes nothing, opens no link, sees no link address.
    Auditor,
    /// Acts for accounts or for anonymous visitors.
    App,
    /// One account itself.
    Account,
}

/// What an application's token may be used for. Closed list; none = all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub enum Scope {
    /// Register, describe, close, retire items.
    #[serde(rename = "items")]
    Items,
    /// Grants, links, visibility, publication.
    #[serde(rename = "sharing")]
    Sharing,
    /// Open links, swap codes.
    #[serde(rename = "visits")]
    Visits,
    /// Register, change, deactivate, erase accounts.
    #[serde(rename = "accounts")]
    Accounts,
    /// Read items, lists, catalog, history, and the feed of all events.
    #[serde(rename = "read")]
    Read,
    /// Set up webhooks, which tell every event to whoever they lead to.
    #[serde(rename = "webhooks")]
    Webhooks,
}

/// `token.issued`: its holder may call the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct TokenIssued {
    /// What its holder may be.
    pub role: CallerRole,
    /// Its name; becomes `actor.app` of applications.
    pub label: String,
    /// What an application may use it for; empty = everything of its role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// The account of a token with role `account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// First instant at which it is no longer valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
    /// The vault row with its digest.
    pub digest: VaultId,
}
impl HoldsPrivateText for TokenIssued {}

impl Payload for TokenIssued {
    fn summary(&self, target: &str) -> String {
        let role = format!("{:?}", self.role).to_lowercase();
        let account = self.account.as_ref().map(|account| format!(" of {account}"));
        let end = self.ends_at.map(|end| format!(" until {}", end.day_in_words()));
        let (account, end) = (account.unwrap_or_default(), end.unwrap_or_default());
        format!("issued {target} with the role {role}{account}{end}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(json!({
            "role": self.role, "label": self.label, "scopes": self.scopes,
            "account": self.account, "ends_at": self.ends_at,
        }))
    }
    fn creates(&self) -> bool {
        true
    }
}

/// `token.revoked`: permanently invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct TokenRevoked {}
impl HoldsPrivateText for TokenRevoked {}

impl Payload for TokenRevoked {
    fn summary(&self, target: &str) -> String {
        format!("revoked {target}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::default()
    }
}
