//! The answers of the index.

use domain::{
    access::rule::{PathKind, PathKinds},
    event::{Audience, Provenance, Visibility},
    id::{AccountId, GrantId, ItemRef, LinkId},
    item::Lifecycle,
    position::EventId,
    principal::Grantee,
    role::{Permissions, Role, Withheld},
    time::{Time, Window},
};

/// What is known of an item beside its ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFacts {
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// Who owns it.
    pub owner: Option<AccountId>,
    /// Who sees it without a grant.
    pub visibility: Visibility,
    /// The event that registered it.
    pub registered: EventId,
}

/// What somebody may do with an item at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Was the item ever registered?
    pub known: bool,
    /// The union over the ways that hold.
    pub permissions: Permissions,
    /// The kinds of these ways. None for the unrestricted, whose rights come from their role.
    pub paths: PathKinds,
    /// First instant at which the answer could change by the clock alone.
    pub valid_until: Option<Time>,
}

/// What a path runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexVia {
    /// It owns the item.
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
    /// The owner opened the library to it.
    Library {
        /// Who opened it.
        owner: AccountId,
    },
    /// The item is open to any account, or to anyone.
    Visibility {
        /// To whom.
        open_to: Visibility,
    },
    /// A link was opened.
    Link {
        /// Which.
        link: LinkId,
        /// Who may open it.
        audience: Audience,
    },
}

/// One path to an item that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPath {
    /// What it runs over.
    pub via: IndexVia,
    /// The container on which that lies; `None` = the item itself.
    pub container: Option<ItemRef>,
    /// The role it gives.
    pub role: Role,
    /// What it holds back of the role.
    pub withhold: Vec<Withheld>,
    /// What it permits.
    pub permissions: Permissions,
    /// From when until when it holds; of an opened link, until its last visit ends.
    pub window: Window,
    /// The event that made it; none for a visibility that was never set.
    pub made: Option<EventId>,
    /// The event that last changed it, the same as `made` if none did.
    pub changed: Option<EventId>,
}

impl IndexPath {
    /// Of what kind it is.
    pub const fn kind(&self) -> PathKind {
        if self.container.is_some() {
            return PathKind::Container;
        }
        match &self.via {
            IndexVia::Owner => PathKind::Owner,
            IndexVia::Grant { grantee: Grantee::Account(_), .. } => PathKind::Grant,
            IndexVia::Grant { grantee: Grantee::Group(_), .. } => PathKind::Group,
            IndexVia::Library { .. } => PathKind::Library,
            IndexVia::Visibility { .. } => PathKind::Visibility,
            IndexVia::Link { .. } => PathKind::Link,
        }
    }
}

/// Why somebody may not do something: the nearest reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DenialReason {
    /// The item was never registered.
    UnknownItem,
    /// The item is retired: nobody may.
    Retired,
    /// The account is deactivated or erased: it has nothing.
    AccountInactive,
    /// The item is closed: its owner only may.
    Closed,
    /// There is a way, and its start lies ahead.
    NotYet {
        /// First instant.
        starts_at: Time,
    },
    /// There was a way, and its end has passed.
    Ended {
        /// First instant after it.
        ends_at: Time,
    },
    /// There is a way whose role permits it, and it was held back.
    Withheld {
        /// The role.
        role: Role,
    },
    /// There is a way, and its role does not permit it.
    RoleTooLow {
        /// The strongest role there is.
        role: Role,
    },
    /// There is no way.
    Nothing,
}
