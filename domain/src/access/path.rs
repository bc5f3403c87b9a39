//! A path to an item in full, as answers tell it, and the kinds of paths.

use crate::{
    event::{Audience, Provenance, Visibility},
    id::{AccountId, GrantId, ItemRef, LinkId},
    position::EventId,
    principal::Grantee,
    role::{Permissions, Role, Withheld},
    time::{Time, Window},
};

/// What a path runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSource {
    /// Owning the item.
    Owner,
    /// A grant to the account or to a group of it.
    Grant {
        /// Which.
        grant: GrantId,
        /// To whom it was given.
        grantee: Grantee,
        /// Where it came from.
        provenance: Provenance,
    },
    /// The library of the owner.
    Library {
        /// Whose library it is.
        owner: AccountId,
    },
    /// The visibility of the item.
    Visibility {
        /// To whom it is open.
        open_to: Visibility,
    },
    /// An opened link.
    Link {
        /// Which.
        link: LinkId,
        /// Who may open it.
        audience: Audience,
    },
}

impl PathSource {
    /// The name on the wire, where grants to groups are not told apart.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Grant { .. } => "grant",
            Self::Library { .. } => "library",
            Self::Visibility { .. } => "visibility",
            Self::Link { .. } => "link",
        }
    }

    /// The grant.
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Grant { grant, .. } => Some(*grant),
            Self::Owner | Self::Library { .. } | Self::Visibility { .. } | Self::Link { .. } => {
                None
            }
        }
    }

    /// The link.
    pub const fn link(&self) -> Option<LinkId> {
        match self {
            Self::Link { link, .. } => Some(*link),
            Self::Owner | Self::Grant { .. } | Self::Library { .. } | Self::Visibility { .. } => {
                None
            }
        }
    }

    /// To whom a visibility opens the item.
    pub const fn open_to(&self) -> Option<Visibility> {
        match self {
            Self::Visibility { open_to } => Some(*open_to),
            Self::Owner | Self::Grant { .. } | Self::Library { .. } | Self::Link { .. } => None,
        }
    }

    /// To whom a grant was given, and where it came from.
    pub const fn granted(&self) -> Option<(&Grantee, &Provenance)> {
        match self {
            Self::Grant { grantee, provenance, .. } => Some((grantee, provenance)),
            Self::Owner | Self::Library { .. } | Self::Visibility { .. } | Self::Link { .. } => {
                None
            }
        }
    }
}

/// One path to an item in full: what it permits, from when until when, by whose act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPath {
    /// What it runs over.
    pub source: PathSource,
    /// The container on which that lies; `None` = the item itself.
    pub container: Option<ItemRef>,
    /// The role it gives.
    pub role: Role,
    /// What it withholds of the role.
    pub withhold: Vec<Withheld>,
    /// What it permits.
    pub permissions: Permissions,
    /// When it holds; over a visited link, until the last visit ends.
    pub window: Window,
    /// Who made it; `None` = the service itself, an application for nobody, or not known to the
    /// facts.
    pub given_by: Option<AccountId>,
    /// When it was first given, where the facts know.
    pub since: Option<Time>,
    /// The events that made it what it is: all of them, or the first and the last (the access
    /// index). None for a visibility that was never set.
    pub events: Vec<EventId>,
}

impl AccessPath {
    /// Of what kind it is.
    pub const fn kind(&self) -> PathKind {
        if self.container.is_some() {
            return PathKind::Container;
        }
        match &self.source {
            PathSource::Owner => PathKind::Owner,
            PathSource::Grant { grantee: Grantee::Account(_), .. } => PathKind::Grant,
            PathSource::Grant { grantee: Grantee::Group(_), .. } => PathKind::Group,
            PathSource::Library { .. } => PathKind::Library,
            PathSource::Visibility { .. } => PathKind::Visibility,
            PathSource::Link { .. } => PathKind::Link,
        }
    }
}

/// The kind of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum PathKind {
    /// Being the owner.
    Owner,
    /// A grant to the account.
    Grant,
    /// A grant to a group of it.
    Group,
    /// The owner's library.
    Library,
    /// Any of these through a container.
    Container,
    /// The item's visibility.
    Visibility,
    /// An opened link.
    Link,
}

impl PathKind {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Grant,
        Self::Group,
        Self::Library,
        Self::Container,
        Self::Visibility,
        Self::Link,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Grant => "grant",
            Self::Group => "group",
            Self::Library => "library",
            Self::Container => "container",
            Self::Visibility => "visibility",
            Self::Link => "link",
        }
    }
}

/// Kinds of paths, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PathKinds(u8);

impl PathKinds {
    /// With another one.
    #[must_use]
    pub const fn with(self, kind: PathKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }
    /// Is it among them?
    pub const fn has(self, kind: PathKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = PathKind> {
        PathKind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }
}
