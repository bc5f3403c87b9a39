//! Payloads of the events of catalog entries. A storage format: see the catalogue.

use crate::{
    event::{AuditPayload, Payload, summary},
    id::GroupId,
    private_text::HoldsPrivateText,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who sees a catalog entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CatalogAudience {
    /// The members of some groups.
    Groups,
    /// Any account.
    Internal,
    /// Anyone.
    Anyone,
}

/// A catalog entry. Its texts are public by intent and stand open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct Publication {
    /// Who sees it.
    pub audience: CatalogAudience,
    /// The groups of audience `groups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupId>,
    /// The readable part of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Title.
    pub title: String,
    /// Longer text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Address of a preview picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// `publication.published`: listed in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct Published {
    /// The entry.
    #[serde(flatten)]
    pub publication: Publication,
}
impl HoldsPrivateText for Published {}

impl Payload for Published {
    fn summary(&self, target: &str) -> String {
        format!("published {target} for {}", summary::catalog(self.publication.audience))
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(&self.publication)
    }
}

/// `publication.updated`: the entry says something else, or to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct PublicationUpdated {
    /// Before.
    pub before: Publication,
    /// After.
    pub after: Publication,
}
impl HoldsPrivateText for PublicationUpdated {}

impl Payload for PublicationUpdated {
    fn summary(&self, target: &str) -> String {
        let (before, after) = (self.before.audience, self.after.audience);
        let entry = format!("changed the catalog entry of {target}");
        if before == after {
            entry
        } else {
            format!("{entry}, from {} to {}", summary::catalog(before), summary::catalog(after))
        }
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(&self.before, &self.after)
    }
}

/// Why a publication ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WithdrawCause {
    /// Somebody took it out of the catalog.
    Unpublished,
    /// The visibility was narrowed below its audience.
    Restricted,
}

/// `publication.withdrawn`: out of the catalog. The texts stay on the log in
/// `publication.published`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct PublicationWithdrawn {
    /// Why.
    pub cause: WithdrawCause,
    /// The audience it had.
    pub audience: CatalogAudience,
}
impl HoldsPrivateText for PublicationWithdrawn {}

impl Payload for PublicationWithdrawn {
    fn summary(&self, target: &str) -> String {
        match self.cause {
            WithdrawCause::Unpublished => format!("removed {target} from the catalog"),
            WithdrawCause::Restricted => {
                format!("removed {target} from the catalog by narrowing who sees it")
            }
        }
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(json!({ "audience": self.audience }), json!({ "cause": self.cause }))
    }
}
