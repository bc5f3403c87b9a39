//! Payloads of the events of links. A storage format: see the catalogue.

use super::GrantTermsRequested;
use crate::{
    event::{AuditPayload, AuditSide, Payload, audit::fields, summary},
    id::{LinkId, VaultId},
    private_text::{HoldsPrivateText, PrivateField, PrivateText},
    role::{Permissions, Role, Withheld, effective},
    time::{Time, Window},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

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

impl Audience {
    /// All, from the narrowest on.
    pub const ALL: [Self; 3] = [Self::Named, Self::Internal, Self::Anyone];
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
    fn texts(&self) -> [(&'static str, Option<&PrivateText>); 2] {
        [("label", self.label.as_ref()), ("state", self.state.as_ref())]
    }
    fn audited(&self) -> Map<String, Value> {
        fields(Self { label: None, state: None, ..self.clone() })
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
    /// What was requested, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<GrantTermsRequested>,
}
impl HoldsPrivateText for LinkCreated {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        self.terms.private_texts()
    }
}

impl Payload for LinkCreated {
    fn summary(&self, target: &str) -> String {
        let protected = if self.password.is_some() { ", with a password" } else { "" };
        format!("made link {} to {target}: {}{protected}", self.link, summary::link(&self.terms))
    }
    fn audit(&self) -> AuditPayload {
        let mut after = self.terms.audited();
        after.insert("link".to_owned(), json!(self.link));
        after.insert("generation".to_owned(), json!(self.generation));
        after.insert("has_password".to_owned(), json!(self.password.is_some()));
        after.extend(self.asked.as_ref().map(|asked| ("asked".to_owned(), json!(asked))));
        AuditPayload::start(after)
            .about("link", &self.link)
            .with_texts(AuditSide::After, self.terms.texts())
    }
    fn creates(&self) -> bool {
        true
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
    /// What was requested, where policy changed it.
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

impl Payload for LinkChanged {
    fn summary(&self, target: &str) -> String {
        format!("changed link {} to {target}: {}", self.link, summary::link(&self.after))
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(self.before.audited(), self.after.audited())
            .about("link", &self.link)
            .with_texts(AuditSide::Before, self.before.texts())
            .with_texts(AuditSide::After, self.after.texts())
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
impl HoldsPrivateText for LinkPasswordSet {}

impl Payload for LinkPasswordSet {
    fn summary(&self, target: &str) -> String {
        format!("set the password of link {} to {target}", self.link)
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(
            json!({ "has_password": self.before.is_some() }),
            json!({ "has_password": true }),
        )
        .about("link", &self.link)
    }
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
impl HoldsPrivateText for LinkPasswordCleared {}

impl Payload for LinkPasswordCleared {
    fn summary(&self, target: &str) -> String {
        format!("removed the password of link {} to {target}", self.link)
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::change(json!({ "has_password": true }), json!({ "has_password": false }))
            .about("link", &self.link)
    }
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
impl HoldsPrivateText for LinkRotated {}

impl Payload for LinkRotated {
    fn summary(&self, target: &str) -> String {
        format!("gave link {} to {target} a new address", self.link)
    }
    fn audit(&self) -> AuditPayload {
        let (before, after) = (self.before, self.after);
        AuditPayload::change(json!({ "generation": before }), json!({ "generation": after }))
            .about("link", &self.link)
    }
}

/// `link.revoked`: it opens nothing any more, permanently.
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
impl HoldsPrivateText for LinkRevoked {}

impl Payload for LinkRevoked {
    fn summary(&self, target: &str) -> String {
        let revoked = format!("revoked link {} to {target}", self.link);
        if self.cascade {
            format!("{revoked}, ending {} born from it", summary::plural(self.ended, "grant"))
        } else {
            revoked
        }
    }
    fn audit(&self) -> AuditPayload {
        let after = json!({ "status": "revoked", "cascade": self.cascade, "ended": self.ended });
        AuditPayload::start(after).about("link", &self.link)
    }
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
impl HoldsPrivateText for LinkExpired {}

impl Payload for LinkExpired {
    fn summary(&self, target: &str) -> String {
        let day = self.effective_at.day_in_words();
        format!("noted that link {} to {target} ended on {day}", self.link)
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(json!({ "status": "expired", "effective_at": self.effective_at }))
            .about("link", &self.link)
    }
}
