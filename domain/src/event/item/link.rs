//! Payloads of the events of links. A storage format: see the catalogue.

use super::GrantTermsRequested;
use crate::{
    event::no_private_text,
    id::{LinkId, VaultId},
    private_text::{HoldsPrivateText, PrivateField, PrivateText},
    role::{Permissions, Role, Withheld, effective},
    time::{Time, Window},
};
use serde::{Deserialize, Serialize};

/// Who may open a link.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Who has access to the item anyway.
    Named,
    /// Any account.
    Internal,
    /// Anyone who holds it.
    #[default]
    Anyone,
}

/// What can change in a link, whole, before or after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkTerms {
    /// What it permits: browser to editor.
    pub role: Role,
    /// Who may open it.
    pub audience: Audience,
    /// What it holds back of the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
    /// How often it can be opened; `None` = any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_visits: Option<u32>,
    /// Does accepting while signed in give a grant?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins: bool,
    /// The owner's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<PrivateText>,
    /// The application's own text, returned on opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PrivateText>,
}
impl LinkTerms {
    /// From when until when it can be opened.
    pub const fn window(&self) -> Window {
        Window { starts_at: self.starts_at, ends_at: self.ends_at }
    }
    /// What a visit of it permits.
    pub fn permissions(&self) -> Permissions {
        effective(self.role, &self.withhold)
    }
}
impl HoldsPrivateText for LinkTerms {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        [("label", &mut self.label), ("state", &mut self.state)]
            .into_iter()
            .filter_map(|(field, text)| Some(PrivateField { field, text: text.as_mut()? }))
            .collect()
    }
}

/// `link.created`: whoever holds it may open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkCreated {
    /// The link.
    pub link: LinkId,
    /// What it permits to whom, until when.
    #[serde(flatten)]
    pub terms: LinkTerms,
    /// Raised by every rotation; a token of another generation opens nothing.
    pub generation: u32,
    /// The vault row of its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<VaultId>,
    /// What was asked, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<GrantTermsRequested>,
}
impl HoldsPrivateText for LinkCreated {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        self.terms.private_texts()
    }
}

/// `link.changed`: the same link with other terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkChanged {
    /// The link.
    pub link: LinkId,
    /// Before.
    pub before: LinkTerms,
    /// After.
    pub after: LinkTerms,
    /// What was asked, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<GrantTermsRequested>,
}
impl HoldsPrivateText for LinkChanged {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        let mut all = self.before.private_texts();
        all.extend(self.after.private_texts());
        all
    }
}

/// `link.password_set`: also when one replaces another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkPasswordSet {
    /// The link.
    pub link: LinkId,
    /// The vault row before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<VaultId>,
    /// The vault row after.
    pub after: VaultId,
}

/// `link.password_cleared`: it opens without a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkPasswordCleared {
    /// The link.
    pub link: LinkId,
    /// The vault row before.
    pub before: VaultId,
}

/// `link.rotated`: a new secret for the same link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkRotated {
    /// The link.
    pub link: LinkId,
    /// Generation before.
    pub before: u32,
    /// Generation after.
    pub after: u32,
}

/// `link.revoked`: it opens nothing any more, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkRevoked {
    /// The link.
    pub link: LinkId,
    /// Were the grants born from it ended with it? By rule: one event, whatever the number.
    pub cascade: bool,
    /// How many grants it ended with it; what had passed its end before is not counted.
    #[serde(default)]
    pub ended: u32,
}

/// `link.expired`: its end passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct LinkExpired {
    /// The link.
    pub link: LinkId,
    /// When it took effect.
    pub effective_at: Time,
}

no_private_text!(LinkPasswordSet, LinkPasswordCleared, LinkRotated, LinkRevoked, LinkExpired);
