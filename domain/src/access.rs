//! The access rule: which permissions a subject has on an item, when, and by which paths. The only
//! definition.

use crate::{
    id::{AccountId, GroupId, LinkId},
    item::ItemState,
    role::Permissions,
    time::Time,
};
use std::collections::BTreeSet;

mod event_permissions;
#[cfg(any(test, feature = "testing"))]
pub mod oracle;
pub(crate) mod path;
pub mod rule;
mod state;

pub use event_permissions::{AUTHORITY, required};
pub use path::{Path, Via, access_list, paths};
pub use rule::{DEPTH, LIBRARY};

impl Subject {
    /// An account and nothing else.
    pub fn account(account: AccountId) -> Self {
        Self { account: Some(account), ..Self::default() }
    }
    /// Somebody who is not signed in and opened no link.
    pub fn anonymous() -> Self {
        Self::default()
    }
    /// One who may do everything.
    pub fn unrestricted() -> Self {
        Self { unrestricted: true, ..Self::default() }
    }
    /// Is it somebody with an account, whether or not that is told?
    pub fn is_signed_in(&self) -> bool {
        self.account.is_some() || self.unnamed
    }
}

/// A valid opening of a link, as presented with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The link that was opened.
    pub link: LinkId,
    /// Its generation at that time; a rotated link's visits are void.
    pub generation: u32,
    /// Version of its password at that time (position of the last change, 0 = none).
    pub password_version: u64,
    /// First instant at which it is over.
    pub ends_at: Time,
}

/// Who asks, with everything that could give a right. Several credentials add up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The account, when signed in (or acted for). Deactivated and erased accounts have nothing:
    /// whoever builds the subject leaves them out.
    pub account: Option<AccountId>,
    /// The groups it is a member of.
    pub groups: BTreeSet<GroupId>,
    /// Somebody signed in with an account that is not told and has nothing of its own: a member of
    /// the groups, or who opened a link.
    pub unnamed: bool,
    /// Openings of links of this item.
    pub visits: Vec<Visit>,
    /// Administrators, and applications that act for nobody, may do everything.
    pub unrestricted: bool,
}

/// What a subject may do with an item at an instant: the union over all paths, each inside its
/// window and less what it withholds. A closed item leaves its owner only, a retired one nobody;
/// only the unrestricted still reach a retired one.
pub fn permissions(subject: &Subject, item: &ItemState, at: Time) -> Permissions {
    if subject.unrestricted {
        return if item.exists() { Permissions::ALL } else { Permissions::NONE };
    }
    let mut all = Permissions::NONE;
    rule::visit_paths(item, subject, |way| {
        if way.window.holds(at) {
            all = all.union(way.permissions);
        }
    });
    all
}
