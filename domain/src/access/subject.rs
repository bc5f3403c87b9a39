//! The subject of an access question: a principal with its groups and visits.

use crate::{
    id::{AccountId, GroupId, LinkId},
    principal::Principal,
    time::Time,
};
use std::collections::BTreeSet;

/// A signed, short-lived visit of a link, as presented with a request.
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

/// Who is asked about, with everything that could give a right. Several credentials add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// An account; a member of a group who has nothing else; a visitor who opened a link and has
    /// nothing else (of a link for signed-in people, one who is signed in); or an anonymous one.
    ///
    /// Where an account's state is not part of the facts, deactivated and erased accounts have
    /// nothing: the builder of the subject replaces them by [`Principal::Anonymous`].
    pub principal: Principal,
    /// The groups it is a member of.
    pub groups: BTreeSet<GroupId>,
    /// Visits of links.
    pub visits: Vec<Visit>,
    /// Administrators, and applications that act for nobody, may do everything.
    pub unrestricted: bool,
}

impl Default for Subject {
    fn default() -> Self {
        Self::anonymous()
    }
}

impl From<&Principal> for Subject {
    fn from(principal: &Principal) -> Self {
        Self::new(principal.clone())
    }
}

impl Subject {
    /// A principal and nothing else.
    pub fn new(principal: Principal) -> Self {
        let groups = match &principal {
            Principal::Group(group) => BTreeSet::from([group.clone()]),
            Principal::Account(_) | Principal::Link(_) | Principal::Anonymous => BTreeSet::new(),
        };
        Self { principal, groups, visits: Vec::new(), unrestricted: false }
    }

    /// An account and nothing else.
    pub fn account(account: AccountId) -> Self {
        Self::new(Principal::Account(account))
    }

    /// A visitor who is not signed in.
    pub fn anonymous() -> Self {
        Self::new(Principal::Anonymous)
    }

    /// A subject that may do everything.
    pub fn unrestricted() -> Self {
        Self { unrestricted: true, ..Self::anonymous() }
    }

    /// The same with visits of links.
    #[must_use]
    pub fn with_visits(self, visits: Vec<Visit>) -> Self {
        Self { visits, ..self }
    }

    /// The account, if it is one.
    #[inline]
    pub const fn account_id(&self) -> Option<&AccountId> {
        match &self.principal {
            Principal::Account(account) => Some(account),
            Principal::Group(_) | Principal::Link(_) | Principal::Anonymous => None,
        }
    }

    /// The link whose visitor it is.
    #[inline]
    pub const fn opened_link(&self) -> Option<LinkId> {
        match &self.principal {
            Principal::Link(link) => Some(*link),
            Principal::Account(_) | Principal::Group(_) | Principal::Anonymous => None,
        }
    }

    /// Does it have an account, named or not? (A visitor of a link for signed-in people has one
    /// too, which only the facts of the item tell.)
    #[inline]
    pub const fn is_signed_in(&self) -> bool {
        matches!(self.principal, Principal::Account(_) | Principal::Group(_))
    }
}
