//! The actor that a record names.

use crate::id::{AccountId, TokenId};
use serde::{Deserialize, Serialize};

/// Who issued a command, as recorded. Never an address or a name of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The account that acted or was acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Who vouches for the account; `local` for tokens of this deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The token that was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<TokenId>,
    /// The label of an application's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Set when the service itself acted: `sweeper`, `start`, `command-line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// An application acted for somebody who is not signed in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}

impl Actor {
    /// The service itself, e.g. `sweeper`.
    pub fn system(part: &str) -> Self {
        Self { system: Some(part.to_owned()), ..Self::default() }
    }
    /// An account by itself, for tests and samples.
    pub fn account(account: AccountId) -> Self {
        Self { account: Some(account), issuer: Some("local".to_owned()), ..Self::default() }
    }
}
