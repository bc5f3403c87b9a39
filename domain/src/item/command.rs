//! The commands of the item aggregate.

use crate::{
    access::Subject,
    aggregate::Condition,
    event::{Audience, CatalogAudience, Restore, Visibility},
    id::{AccountId, GrantId, GroupId, ItemRef, LinkId, VaultId},
    kind::Kinds,
    principal::Grantee,
    rejection::Reason,
    role::{Permissions, Role, Withheld},
    time::Time,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A field of a merge-patch: `None` = keep, `Some(None)` = clear, `Some(Some(x))` = set.
pub type Patch<T> = Option<Option<T>>;

/// What an item says of itself, as requested. Texts are plain here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewDescription {
    /// Title.
    pub title: Option<String>,
    /// Longer text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Address of a preview picture.
    pub preview: Option<String>,
    /// Stored content of kinds that keep one.
    pub content: Option<String>,
    /// Does it belong to the owner's library?
    pub in_library: bool,
}

/// A merge-patch of a description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescriptionPatch {
    /// Title.
    pub title: Patch<String>,
    /// Longer text.
    pub description: Patch<String>,
    /// Tags.
    pub tags: Patch<Vec<String>>,
    /// Address of a preview picture.
    pub preview: Patch<String>,
    /// Stored content.
    pub content: Patch<String>,
    /// Does it belong to the owner's library?
    pub in_library: Option<bool>,
}

/// One of the grantees of a share, already looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedGrantee {
    /// Somebody.
    Grantee(Grantee),
    /// An address that leads to nobody, or another reason known before deciding.
    Refused {
        /// Why.
        reason: Reason,
        /// In words, without the address.
        detail: String,
    },
}

/// What happens to a grantee who has an open direct grant already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExisting {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is changed to what is requested.
    Change,
}

/// Share with some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// With whom, at most 500; results come in the same order.
    pub grantees: Vec<ResolvedGrantee>,
    /// What it permits.
    pub role: Role,
    /// What it holds back.
    pub withhold: Vec<Withheld>,
    /// First instant.
    pub starts_at: Option<Time>,
    /// First instant after it.
    pub ends_at: Option<Time>,
    /// What happens to those who have a grant already.
    pub on_existing: OnExisting,
}

/// A merge-patch of a grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantPatch {
    /// What it permits.
    pub role: Option<Role>,
    /// What it holds back.
    pub withhold: Patch<Vec<Withheld>>,
    /// First instant.
    pub starts_at: Patch<Time>,
    /// First instant after it.
    pub ends_at: Patch<Time>,
}

/// One grant of a whole sharing state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSpec {
    /// Whom it is for.
    pub grantee: Grantee,
    /// What it permits.
    pub role: Role,
    /// What it holds back.
    pub withhold: Vec<Withheld>,
    /// First instant.
    pub starts_at: Option<Time>,
    /// First instant after it.
    pub ends_at: Option<Time>,
}

/// Which grants to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndTarget {
    /// One.
    Grant(GrantId),
    /// Every open grant of a grantee, whatever its provenance.
    Grantee(Grantee),
    /// Every open grant of the caller (leave).
    Me,
}

/// A link as requested. Texts are plain here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The owner's own name for it.
    pub label: Option<String>,
    /// What it permits: browser to editor.
    pub role: Role,
    /// What it holds back.
    pub withhold: Vec<Withheld>,
    /// Who may open it.
    pub audience: Audience,
    /// First instant.
    pub starts_at: Option<Time>,
    /// First instant after it.
    pub ends_at: Option<Time>,
    /// How often it can be opened.
    pub max_visits: Option<u32>,
    /// The vault row of its password, written before.
    pub password: Option<VaultId>,
    /// Does accepting while signed in give a grant?
    pub joins: bool,
    /// The application's own text, at most 4 KiB.
    pub state: Option<String>,
}

/// A merge-patch of a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkPatch {
    /// The owner's own name for it.
    pub label: Patch<String>,
    /// What it permits.
    pub role: Option<Role>,
    /// What it holds back.
    pub withhold: Patch<Vec<Withheld>>,
    /// Who may open it.
    pub audience: Option<Audience>,
    /// First instant.
    pub starts_at: Patch<Time>,
    /// First instant after it.
    pub ends_at: Patch<Time>,
    /// How often it can be opened.
    pub max_visits: Patch<u32>,
    /// Does accepting while signed in give a grant?
    pub joins: Option<bool>,
    /// The application's own text.
    pub state: Patch<String>,
}

/// A catalog entry as requested; what is absent is taken from the item's own description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPublication {
    /// Who sees it.
    pub audience: CatalogAudience,
    /// The groups of audience `groups`.
    pub groups: Vec<GroupId>,
    /// Title.
    pub title: Option<String>,
    /// Longer text.
    pub description: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Address of a preview picture.
    pub preview: Option<String>,
}

/// What can be requested of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemCommand {
    /// Make it known, or replace its description.
    Register {
        /// Who owns it.
        owner: AccountId,
        /// What it says of itself.
        description: NewDescription,
    },
    /// Change parts of its description.
    Describe(DescriptionPatch),
    /// Set who sees it without a grant.
    SetVisibility(Visibility),
    /// Share with some.
    Share(Share),
    /// Change a grant in place.
    ChangeGrant {
        /// Which.
        grant: GrantId,
        /// What.
        patch: GrantPatch,
    },
    /// End grants.
    EndGrants(EndTarget),
    /// Set visibility and all direct grants at once; needs If-Match.
    ReplaceSharing {
        /// Who sees it without a grant.
        visibility: Visibility,
        /// All direct grants.
        grants: Vec<GrantSpec>,
    },
    /// Make a link.
    CreateLink(NewLink),
    /// Change a link in place.
    ChangeLink {
        /// Which.
        link: LinkId,
        /// What.
        patch: LinkPatch,
    },
    /// New secret for a link.
    RotateLink(LinkId),
    /// Set a link's password.
    SetLinkPassword {
        /// Which link.
        link: LinkId,
        /// The vault row, written before.
        password: VaultId,
    },
    /// Take a link's password away.
    ClearLinkPassword(LinkId),
    /// End a link.
    RevokeLink {
        /// Which.
        link: LinkId,
        /// End the grants born from it too.
        cascade: bool,
    },
    /// List in the catalog, or change the entry.
    Publish(NewPublication),
    /// Take out of the catalog; visibility and links stay.
    Unpublish,
    /// End all sharing at once.
    Close,
    /// Compensate a closing.
    Reopen(Restore),
    /// The application deleted it.
    Retire,
    /// Back from retirement.
    Restore,
    /// Record what has ended by the clock (the sweeper).
    Expire,
}

impl ItemCommand {
    /// How many fresh ids `decide` may use for it.
    pub fn ids_needed(&self) -> usize {
        match self {
            Self::Share(share) => share.grantees.len(),
            Self::ReplaceSharing { grants, .. } => grants.len(),
            Self::CreateLink(_) => 1,
            Self::Register { .. }
            | Self::Describe(_)
            | Self::SetVisibility(_)
            | Self::ChangeGrant { .. }
            | Self::EndGrants(_)
            | Self::ChangeLink { .. }
            | Self::RotateLink(_)
            | Self::SetLinkPassword { .. }
            | Self::ClearLinkPassword(_)
            | Self::RevokeLink { .. }
            | Self::Publish(_)
            | Self::Unpublish
            | Self::Close
            | Self::Reopen(_)
            | Self::Retire
            | Self::Restore
            | Self::Expire => 0,
        }
    }
}

/// Everything `decide` needs that is neither state nor command.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The time to decide at.
    pub now: Time,
    /// Who issues it.
    pub subject: &'a Subject,
    /// What that one may do with the item now.
    pub rights: Permissions,
    /// The item that the command is about.
    pub item: &'a ItemRef,
    /// The kinds that are known; a new item of another one is refused.
    pub kinds: &'a Kinds,
    /// Fresh random ids, as many as the command needs.
    pub ids: &'a [Uuid],
    /// The condition on the version.
    pub condition: Condition,
}
