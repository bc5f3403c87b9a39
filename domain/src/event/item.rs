//! Payloads of the events on an item's stream. A storage format: see the catalogue.

use super::{no_private_text, present};
use crate::{
    id::{AccountId, GrantId, GroupId, LinkId, VaultId},
    position::Position,
    principal::Grantee,
    role::{Permissions, Role, Withheld, effective},
    text::{HoldsPrivateText, PrivateField, PrivateText},
    time::{Time, Window},
};
use serde::{Deserialize, Serialize};

/// Who sees an item without any grant. Ordered from the narrowest on.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Nobody.
    #[default]
    Restricted,
    /// Any account.
    Internal,
    /// Anyone.
    Public,
}

/// What an item says of itself; all texts are private.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<PrivateText>,
    /// Longer text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<PrivateText>,
    /// Tags, a JSON array of strings as one text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<PrivateText>,
    /// Address of a preview picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<PrivateText>,
    /// Stored content of kinds that keep one (a shared query).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<PrivateText>,
}

impl HoldsPrivateText for Description {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        [
            ("title", &mut self.title),
            ("description", &mut self.description),
            ("tags", &mut self.tags),
            ("preview", &mut self.preview),
            ("content", &mut self.content),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some(PrivateField { field, text: text.as_mut()? }))
        .collect()
    }
}

/// `item.registered`: an item became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRegistered {
    /// Who owns it.
    pub owner: AccountId,
    /// What it says of itself.
    pub description: Description,
    /// Does it belong to the owner's library (partner sharing)?
    pub in_library: bool,
}
impl HoldsPrivateText for ItemRegistered {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        self.description.private_texts()
    }
}

/// The changed fields of a description, before or after; absent = not changed, null = none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescriptionPart {
    /// Title.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub title: Option<Option<PrivateText>>,
    /// Longer text.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<PrivateText>>,
    /// Tags, a JSON array of strings as one text.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Option<PrivateText>>,
    /// Address of a preview picture.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub preview: Option<Option<PrivateText>>,
    /// Stored content.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub content: Option<Option<PrivateText>>,
    /// Does it belong to the owner's library?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_library: Option<bool>,
}
impl HoldsPrivateText for DescriptionPart {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        [
            ("title", &mut self.title),
            ("description", &mut self.description),
            ("tags", &mut self.tags),
            ("preview", &mut self.preview),
            ("content", &mut self.content),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some(PrivateField { field, text: text.as_mut()?.as_mut()? }))
        .collect()
    }
}

/// `item.described`: title, description, tags, preview, content or library membership changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDescribed {
    /// The changed fields before.
    pub before: DescriptionPart,
    /// The changed fields after.
    pub after: DescriptionPart,
}
impl HoldsPrivateText for ItemDescribed {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        let mut all = self.before.private_texts();
        all.extend(self.after.private_texts());
        all
    }
}

/// `item.visibility_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisibilityChanged {
    /// Before.
    pub before: Visibility,
    /// After.
    pub after: Visibility,
}

/// How much a by-rule ending ended; what had passed its end before is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Open grants.
    pub grants: u32,
    /// Open links.
    pub links: u32,
    /// Publications, 0 or 1.
    pub publications: u32,
}

/// `item.closed`: ends every grant and link, the publication and the visibility, and cuts inherited
/// paths. One event, whatever the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemClosed {
    /// How much it ended.
    pub ended: Ended,
    /// Visibility before; restricted after.
    pub visibility: Visibility,
}

/// What a reopening brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restore {
    /// Nothing: the item is open and shared with nobody.
    Nothing,
    /// All that the closing ended and whose end has not passed; links with a new secret.
    All,
}

/// `item.reopened`: the compensating commit of a closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemReopened {
    /// What is brought back.
    pub restore: Restore,
    /// The position of the `item.closed` it compensates.
    pub closed_at: Position,
    /// How much is brought back. Restored links have their generation raised by one.
    pub restored: Ended,
    /// Visibility after.
    pub visibility: Visibility,
}

/// `item.retired`: the application deleted it; ends everything, nobody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRetired {
    /// How much it ended.
    pub ended: Ended,
    /// Visibility before.
    pub visibility: Visibility,
}

/// `item.restored`: back from retirement, open and shared with nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRestored {
    /// The position of the `item.retired` it compensates.
    pub retired_at: Position,
}

/// Where a grant came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Provenance {
    /// What kind of act.
    pub kind: ProvenanceKind,
    /// The link, invitation, transfer or request; absent for direct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Provenance {
    /// Given by name.
    pub const DIRECT: Self = Self { kind: ProvenanceKind::Direct, id: None };
}

/// What kind of act a grant came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvenanceKind {
    /// Given by name.
    Direct,
    /// An invitation was accepted.
    Invitation,
    /// A joining link was accepted.
    Link,
    /// Left to the old owner at a transfer.
    Transfer,
    /// A request was granted.
    Request,
    /// Passed on by somebody with share.
    Reshare,
}

/// A grant as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub grant: GrantId,
    /// Whom it is for.
    pub grantee: Grantee,
    /// What it permits.
    pub role: Role,
    /// What it holds back of the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl Grant {
    /// From when until when it holds.
    pub const fn window(&self) -> Window {
        Window { starts_at: self.starts_at, ends_at: self.ends_at }
    }
    /// What it permits while it holds.
    pub fn permissions(&self) -> Permissions {
        effective(self.role, &self.withhold)
    }
    /// What can change in it.
    pub fn terms(&self) -> GrantTerms {
        GrantTerms {
            role: self.role,
            withhold: self.withhold.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
    /// The same grant with other terms.
    pub fn set_terms(&mut self, terms: GrantTerms) {
        self.role = terms.role;
        self.withhold = terms.withhold;
        self.starts_at = terms.starts_at;
        self.ends_at = terms.ends_at;
    }
}

/// What was asked where policy changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The end that was asked for.
    pub ends_at: Option<Time>,
}

/// `grant.given`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantGiven {
    /// The grant.
    #[serde(flatten)]
    pub grant: Grant,
    /// What was asked, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// What can change in a grant, whole, before or after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantTerms {
    /// What it permits.
    pub role: Role,
    /// What it holds back of the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
}

impl GrantTerms {
    /// From when until when they hold.
    pub const fn window(&self) -> Window {
        Window { starts_at: self.starts_at, ends_at: self.ends_at }
    }
    /// What they permit while they hold.
    pub fn permissions(&self) -> Permissions {
        effective(self.role, &self.withhold)
    }
}

/// `grant.changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantChanged {
    /// The grant.
    pub grant: GrantId,
    /// Whom it is for.
    pub grantee: Grantee,
    /// Before.
    pub before: GrantTerms,
    /// After.
    pub after: GrantTerms,
    /// What was asked, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// Somebody with share ended it.
    Unshared,
    /// The grantee left.
    Left,
    /// Its end passed.
    Expired,
    /// The link it came from was revoked with `cascade`.
    Cascade,
    /// The item was closed.
    Closed,
    /// The item changed owner.
    Transferred,
}

/// `grant.ended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantEnded {
    /// The grant.
    pub grant: GrantId,
    /// Whom it was for.
    pub grantee: Grantee,
    /// What it was.
    pub before: GrantTerms,
    /// Why.
    pub cause: EndCause,
    /// When it took effect, if before the record (an expiry).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Time>,
}

/// Who may open a link.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
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

/// `link.created`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub asked: Option<Asked>,
}
impl HoldsPrivateText for LinkCreated {
    fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
        self.terms.private_texts()
    }
}

/// `link.changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChanged {
    /// The link.
    pub link: LinkId,
    /// Before.
    pub before: LinkTerms,
    /// After.
    pub after: LinkTerms,
    /// What was asked, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
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
pub struct LinkPasswordSet {
    /// The link.
    pub link: LinkId,
    /// The vault row before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<VaultId>,
    /// The vault row after.
    pub after: VaultId,
}

/// `link.password_cleared`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPasswordCleared {
    /// The link.
    pub link: LinkId,
    /// The vault row before.
    pub before: VaultId,
}

/// `link.rotated`: a new secret for the same link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRotated {
    /// The link.
    pub link: LinkId,
    /// Generation before.
    pub before: u32,
    /// Generation after.
    pub after: u32,
}

/// `link.revoked`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct LinkExpired {
    /// The link.
    pub link: LinkId,
    /// When it took effect.
    pub effective_at: Time,
}

/// Who sees a catalog entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// `publication.published`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The entry.
    #[serde(flatten)]
    pub publication: Publication,
}

/// `publication.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationUpdated {
    /// Before.
    pub before: Publication,
    /// After.
    pub after: Publication,
}

/// Why a publication ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawCause {
    /// Somebody took it out of the catalog.
    Unpublished,
    /// The visibility was narrowed below its audience.
    Restricted,
}

/// `publication.withdrawn`. The texts stay on the log in `publication.published`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationWithdrawn {
    /// Why.
    pub cause: WithdrawCause,
    /// The audience it had.
    pub audience: CatalogAudience,
}

no_private_text!(
    VisibilityChanged,
    ItemClosed,
    ItemReopened,
    ItemRetired,
    ItemRestored,
    GrantGiven,
    GrantChanged,
    GrantEnded,
    LinkPasswordSet,
    LinkPasswordCleared,
    LinkRotated,
    LinkRevoked,
    LinkExpired,
    Published,
    PublicationUpdated,
    PublicationWithdrawn,
);
