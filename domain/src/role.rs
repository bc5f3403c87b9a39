//! The table of roles and their permissions.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that may be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Permission {
    /// See that it exists: title and description.
    Browse,
    /// See the content.
    View,
    /// Take the content away.
    Download,
    /// Make an own, independent copy.
    Copy,
    /// Add own content.
    Contribute,
    /// Change the content.
    Edit,
    /// Share with others, make links.
    Share,
    /// List in the catalog, set the visibility.
    Publish,
    /// Everything else: close, retire, transfer.
    Own,
}

impl Permission {
    /// All, from the weakest on.
    pub const ALL: [Self; 9] = [
        Self::Browse,
        Self::View,
        Self::Download,
        Self::Copy,
        Self::Contribute,
        Self::Edit,
        Self::Share,
        Self::Publish,
        Self::Own,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::View => "view",
            Self::Download => "download",
            Self::Copy => "copy",
            Self::Contribute => "contribute",
            Self::Edit => "edit",
            Self::Share => "share",
            Self::Publish => "publish",
            Self::Own => "own",
        }
    }
}

/// A set of permissions, one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u16);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(0x1ff);

    /// The set of these.
    pub const fn of(list: &[Permission]) -> Self {
        let mut bits = 0;
        let mut rest = list;
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u8;
            rest = others;
        }
        Self(bits)
    }
    /// Is it in the set?
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }
    /// Are all of the other in this?
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
    /// Both together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// This without the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// Nothing in it?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Its members, from the weakest on.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |p| self.has(*p))
    }
    /// The bits, bit n = the n-th of [`Permission::ALL`]; stored by projections.
    pub const fn bits(self) -> u16 {
        self.0
    }
    /// From stored bits; unknown bits are dropped.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, |set, p| set.union(Self::of(&[p])))
    }
}

impl Serialize for Permissions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Permission>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// A named set of permissions that is given as one. Ordered from the weakest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Title and description only.
    Browser,
    /// Sees, downloads, copies.
    Viewer,
    /// Adds content.
    Contributor,
    /// Changes content.
    Editor,
    /// Shares and publishes.
    Manager,
    /// Owns; never given by a grant.
    Owner,
}

impl Role {
    /// The version of this table; `rules.changed` records it, answers about the past name it.
    pub const TABLE_VERSION: u32 = 1;

    /// All, from the weakest on.
    pub const ALL: [Self; 6] =
        [Self::Browser, Self::Viewer, Self::Contributor, Self::Editor, Self::Manager, Self::Owner];

    /// What the role permits.
    pub const fn permissions(self) -> Permissions {
        use Permission as P;
        match self {
            Self::Browser => Permissions::of(&[P::Browse]),
            Self::Viewer => Permissions::of(&[P::Browse, P::View, P::Download, P::Copy]),
            Self::Contributor => {
                Self::Viewer.permissions().union(Permissions::of(&[P::Contribute]))
            }
            Self::Editor => Self::Contributor.permissions().union(Permissions::of(&[P::Edit])),
            Self::Manager => {
                Self::Editor.permissions().union(Permissions::of(&[P::Share, P::Publish]))
            }
            Self::Owner => Permissions::ALL,
        }
    }

    /// The strongest role whose permissions all lie in the set.
    pub fn strongest_within(set: Permissions) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|role| set.covers(role.permissions()))
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Viewer => "viewer",
            Self::Contributor => "contributor",
            Self::Editor => "editor",
            Self::Manager => "manager",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a grant or link may hold back of its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// No taking away.
    Download,
    /// No own copy.
    Copy,
    /// No passing on.
    Share,
    /// The application hides metadata; withholds download with it.
    Metadata,
}

impl Withheld {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Download, Self::Copy, Self::Share, Self::Metadata];

    /// The permissions this holds back.
    pub const fn permissions(self) -> Permissions {
        match self {
            Self::Download | Self::Metadata => Permissions::of(&[Permission::Download]),
            Self::Copy => Permissions::of(&[Permission::Copy]),
            Self::Share => Permissions::of(&[Permission::Share]),
        }
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Copy => "copy",
            Self::Share => "share",
            Self::Metadata => "metadata",
        }
    }
}

/// The permissions of a role less what is withheld.
pub fn effective(role: Role, withhold: &[Withheld]) -> Permissions {
    withhold.iter().fold(role.permissions(), |set, w| set.minus(w.permissions()))
}
