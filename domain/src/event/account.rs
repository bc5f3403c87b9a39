//! Payloads of the events on an account's stream. A storage format: see the catalogue.
//!
//! Names and addresses of people are kept in the vault; events hold the id of the row only.

use super::no_private_text;
use crate::id::VaultId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `account.registered`: an account became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountRegistered {
    /// The vault row with name and addresses; none when neither was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<VaultId>,
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

/// `account.deactivated`: has nothing until reactivated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountDeactivated {}

/// `account.reactivated`: has again what it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountReactivated {}

/// `account.erased`: the vault destroys its data keys and rows after this; for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct AccountErased {
    /// The data keys that are destroyed; what they sealed reads as erased from here on.
    #[serde(default)]
    pub keys: Vec<Uuid>,
}

no_private_text!(
    AccountRegistered,
    AccountChanged,
    AccountDeactivated,
    AccountReactivated,
    AccountErased
);
