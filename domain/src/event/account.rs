//! Payloads of the events on an account's stream. A storage format: see the catalogue.
//!
//! Names and addresses of people are kept in the vault; events hold the id of the row only.

use super::{AuditPayload, Payload};
use crate::{id::VaultId, private_text::HoldsPrivateText};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// `account.registered`: an account became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountRegistered {
    /// The vault row with name and addresses; none when neither was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<VaultId>,
}
impl HoldsPrivateText for AccountRegistered {}

impl Payload for AccountRegistered {
    fn summary(&self, target: &str) -> String {
        format!("registered {target}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(json!({ "status": "active", "has_profile": self.profile.is_some() }))
    }
    fn creates(&self) -> bool {
        true
    }
}

/// `account.changed`: name or addresses changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountChanged {
    /// The vault row before.
    #[serde(default)]
    pub before: Option<VaultId>,
    /// The vault row after.
    #[serde(default)]
    pub after: Option<VaultId>,
}
impl HoldsPrivateText for AccountChanged {}

impl Payload for AccountChanged {
    fn summary(&self, target: &str) -> String {
        format!("changed the profile of {target}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(
            json!({ "has_profile": self.before.is_some() }),
            json!({ "has_profile": self.after.is_some() }),
        )
    }
}

/// `account.deactivated`: has nothing until reactivated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountDeactivated {}
impl HoldsPrivateText for AccountDeactivated {}

impl Payload for AccountDeactivated {
    fn summary(&self, target: &str) -> String {
        format!("deactivated {target}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(json!({ "status": "active" }), json!({ "status": "deactivated" }))
    }
}

/// `account.reactivated`: has again what it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountReactivated {}
impl HoldsPrivateText for AccountReactivated {}

impl Payload for AccountReactivated {
    fn summary(&self, target: &str) -> String {
        format!("reactivated {target}")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(json!({ "status": "deactivated" }), json!({ "status": "active" }))
    }
}

/// `account.erased`: the vault destroys its data keys and rows after this, permanently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountErased {
    /// The data keys that are destroyed; what they sealed reads as erased from here on.
    #[serde(default)]
    pub keys: Vec<Uuid>,
}
impl HoldsPrivateText for AccountErased {}

impl Payload for AccountErased {
    fn summary(&self, target: &str) -> String {
        format!("erased {target} permanently")
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(json!({ "status": "erased" }))
    }
}
