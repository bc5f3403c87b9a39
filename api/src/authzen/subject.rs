//! The subject of a question, and whether the caller may ask about it.

use crate::problem::{ApiResult, Problem};
use commands::Caller;
use domain::{
    access::{Subject, Visit},
    event::CallerRole,
    id::{AccountId, GroupId, ItemRef},
    principal::Principal,
    role::Permission,
    time::Time,
};
use projections::index::Snapshot;

/// The principal that a client of the AuthZEN API names by type and id; `None` = a type that is
/// unknown here, or an id that no subject can have.
pub(super) fn principal(kind: &str, id: &str) -> Option<Principal> {
    match kind {
        "account" | "user" => AccountId::parse(id).map(Principal::Account).ok(),
        "group" => GroupId::parse(id).map(Principal::Group).ok(),
        "anonymous" => Some(Principal::Anonymous),
        _ => None,
    }
}

/// Does the caller ask about itself? An application that acts for nobody never does.
pub(crate) fn is_caller(caller: &Caller, principal: &Principal) -> bool {
    match principal {
        Principal::Account(id) => caller.account.as_ref() == Some(id),
        Principal::Anonymous => caller.anonymous,
        Principal::Group(_) | Principal::Link(_) => false,
    }
}

/// About whom a caller may ask.
#[derive(Debug, Clone)]
pub(crate) enum QueryScope {
    /// Administrators, auditors, and applications that act for nobody: about everybody.
    Everybody,
    /// Others: about themselves and about anonymous visitors; about others on items that they may
    /// share.
    Own(Subject),
}

impl QueryScope {
    pub(crate) fn new(caller: &Caller) -> Self {
        if caller.unrestricted() || caller.role == CallerRole::Auditor {
            return Self::Everybody;
        }
        let own = caller.account.clone().map_or(Principal::Anonymous, Principal::Account);
        Self::Own(Subject::new(own))
    }

    /// The caller as a subject with visits of links, if it may not ask about everybody.
    pub(crate) fn own(self, visits: Vec<Visit>) -> Option<Subject> {
        match self {
            Self::Everybody => None,
            Self::Own(own) => Some(own.with_visits(visits)),
        }
    }

    /// May the caller know that there is this item?
    pub(crate) fn knows(&self, index: &Snapshot, item: &ItemRef, at: Time) -> bool {
        self.has(Permission::Browse, index, item, at)
    }

    /// Is everything shown, also that there is an item at all?
    pub(crate) const fn sees_all(&self) -> bool {
        matches!(self, Self::Everybody)
    }

    /// May the caller ask about this one on any item? The visitor of a link is somebody else.
    pub(crate) fn covers(&self, principal: &Principal) -> bool {
        match (self, principal) {
            (Self::Everybody, _) | (_, Principal::Anonymous) => true,
            (Self::Own(own), Principal::Account(_)) => own.principal == *principal,
            (Self::Own(_), Principal::Group(_) | Principal::Link(_)) => false,
        }
    }

    /// May the caller share the item, and so ask about everybody on it?
    pub(crate) fn shares(&self, index: &Snapshot, item: &ItemRef, at: Time) -> bool {
        self.has(Permission::Share, index, item, at)
    }

    fn has(&self, permission: Permission, index: &Snapshot, item: &ItemRef, at: Time) -> bool {
        match self {
            Self::Everybody => true,
            Self::Own(own) => index.check(own, item, at).permissions.has(permission),
        }
    }

    /// Refuses questions that the caller may not ask. Says the same whether or not there is such an
    /// item; anybody may ask about a subject that is unknown.
    pub(super) fn check(
        &self,
        principal: Option<&Principal>,
        item: Option<&ItemRef>,
        index: &Snapshot,
        at: Time,
    ) -> ApiResult<()> {
        let permitted = principal.is_none_or(|principal| self.covers(principal))
            || item.is_some_and(|item| self.shares(index, item, at));
        if permitted { Ok(()) } else { Err(not_about_others()) }
    }
}

/// Why a question is refused.
pub(super) fn not_about_others() -> Problem {
    Problem::not_permitted("an account asks about itself, and about others where it may share")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> Principal {
        Principal::Account(AccountId::parse(id).unwrap())
    }

    #[test]
    fn a_subject_is_named_by_type_and_id() {
        assert_eq!(principal("account", "a-1"), Some(account("a-1")));
        assert_eq!(principal("user", "a-1"), Some(account("a-1")));
        assert_eq!(principal("anonymous", "whatever"), Some(Principal::Anonymous));
        for (kind, id) in [("user", "alice@example.com"), ("user", ""), ("spaceship", "a-1")] {
            assert_eq!(principal(kind, id), None, "{kind} {id}");
        }
        assert!(Subject::new(principal("group", "g-1").unwrap()).is_signed_in());
        assert!(!Subject::new(Principal::Anonymous).is_signed_in());
    }

    #[test]
    fn callers_ask_about_those_they_may() {
        let caller = |role| Caller { role, ..Caller::default() };
        for role in [CallerRole::Admin, CallerRole::Auditor, CallerRole::App] {
            assert!(QueryScope::new(&caller(role)).sees_all());
        }
        let scope = QueryScope::new(&Caller::account(AccountId::parse("a-1").unwrap()));
        assert!(scope.covers(&account("a-1")) && scope.covers(&Principal::Anonymous));
        let group = principal("group", "g").unwrap();
        assert!(!scope.covers(&account("a-2")) && !scope.covers(&group));
        let visitor = Caller { anonymous: true, ..caller(CallerRole::App) };
        assert!(!QueryScope::new(&visitor).covers(&account("a-1")));
    }
}
