//! Principals: those who can be given access.

use crate::id::{AccountId, GroupId, IdError, LinkId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Who has or asks for access; `{"type","id"}` in bodies, `type:id` in paths and filters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Principal {
    /// An account.
    Account(AccountId),
    /// A group of accounts.
    Group(GroupId),
    /// Whoever holds a link.
    Link(LinkId),
    /// Anybody, not signed in.
    Anonymous,
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Link(id) => write!(f, "link:{id}"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// A text that names no principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrincipalError {
    /// No known type before the colon.
    #[error(
        "`{0}` is not a valid principal: account:ID, group:ID, link:ID or anonymous is expected"
    )]
    Type(String),
    /// The id behind the colon is malformed.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl FromStr for Principal {
    type Err = PrincipalError;
    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        match text.split_once(':') {
            Some(("account", id)) => Ok(Self::Account(id.parse()?)),
            Some(("group", id)) => Ok(Self::Group(id.parse()?)),
            Some(("link", id)) => Ok(Self::Link(id.parse()?)),
            None if text == "anonymous" => Ok(Self::Anonymous),
            _ => Err(PrincipalError::Type(text.chars().take(64).collect())),
        }
    }
}

/// Whom a grant is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum Grantee {
    /// An account; it need not be registered.
    Account(AccountId),
    /// A group; its members have the access while they are members.
    Group(GroupId),
}

impl Grantee {
    /// The same as a principal.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Account(id) => Principal::Account(id.clone()),
            Self::Group(id) => Principal::Group(id.clone()),
        }
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.principal().fmt(f)
    }
}
