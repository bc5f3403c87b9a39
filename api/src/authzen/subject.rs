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
use projections::{Asker, index::Snapshot};

/// Whom a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// An account.
    Account(AccountId),
    /// Any member of a group.
    Group(GroupId),
    /// Anybody, not signed in.
    Anonymous,
    /// A type that is unknown here, or an id that nobody can have.
    Nobody,
}

impl Who {
    /// From type and id, as a client of the AuthZEN API names them.
    pub(super) fn named(kind: &str, id: &str) -> Self {
        match kind {
            "account" | "user" => AccountId::parse(id).map_or(Self::Nobody, Self::Account),
            "group" => GroupId::parse(id).map_or(Self::Nobody, Self::Group),
            "anonymous" => Self::Anonymous,
            _ => Self::Nobody,
        }
    }

    /// Does the caller ask about itself? An application that acts for nobody never does.
    pub(super) fn is(&self, caller: &Caller) -> bool {
        match self {
            Self::Account(id) => caller.account.as_ref() == Some(id),
            Self::Anonymous => caller.anonymous,
            Self::Group(_) | Self::Nobody => false,
        }
    }

    /// As the index takes it; nobody has nothing.
    pub(crate) fn subject(&self, visits: Vec<Visit>) -> Subject {
        let mut subject = Subject { visits, ..Subject::default() };
        match self {
            Self::Account(id) => subject.account = Some(id.clone()),
            Self::Group(id) => {
                subject.unnamed = true;
                subject.groups.insert(id.clone());
            }
            Self::Anonymous | Self::Nobody => {}
        }
        subject
    }

    /// As the read models take it.
    pub(crate) fn asker(&self) -> Asker {
        match self {
            Self::Account(id) => Asker { account: Some(id.clone()), ..Asker::default() },
            Self::Group(id) => Asker { groups: vec![id.clone()], ..Asker::default() },
            Self::Anonymous | Self::Nobody => Asker::default(),
        }
    }
}

/// About whom a caller may ask.
#[derive(Debug, Clone)]
pub(crate) enum QueryScope {
    /// Administrators, auditors, and applications that act for nobody: about everybody.
    Everybody,
    /// Others: about themselves and about nobody in particular; about others on items that they may
    /// share.
    Own(Who),
}

impl QueryScope {
    pub(crate) fn of(caller: &Caller) -> Self {
        if caller.unrestricted() || caller.role == CallerRole::Auditor {
            return Self::Everybody;
        }
        Self::Own(caller.account.clone().map_or(Who::Anonymous, Who::Account))
    }

    /// As whom the caller asks, if not about everybody.
    pub(crate) const fn own(&self) -> Option<&Who> {
        match self {
            Self::Everybody => None,
            Self::Own(own) => Some(own),
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

    /// About this one in general?
    pub(crate) fn covers(&self, who: &Who) -> bool {
        match self {
            Self::Everybody => true,
            Self::Own(own) => own == who || matches!(who, Who::Anonymous | Who::Nobody),
        }
    }

    /// About this one in general? Who holds a link is somebody else.
    pub(crate) fn covers_principal(&self, principal: &Principal) -> bool {
        match (self, principal) {
            (Self::Everybody, _) | (_, Principal::Anonymous) => true,
            (Self::Own(own), Principal::Account(id)) => *own == Who::Account(id.clone()),
            (Self::Own(_), Principal::Group(_) | Principal::Link(_)) => false,
        }
    }

    /// May the caller share the item, and so ask about anybody on it?
    pub(crate) fn shares(&self, index: &Snapshot, item: &ItemRef, at: Time) -> bool {
        self.has(Permission::Share, index, item, at)
    }

    fn has(&self, permission: Permission, index: &Snapshot, item: &ItemRef, at: Time) -> bool {
        match self {
            Self::Everybody => true,
            Self::Own(own) => {
                let own = own.subject(Vec::new());
                index.check(&own, item, at).permissions.has(permission)
            }
        }
    }

    /// Refuses questions that the caller may not ask. Says the same whether or not there is such an
    /// item.
    pub(super) fn check(
        &self,
        who: &Who,
        item: Option<&ItemRef>,
        index: &Snapshot,
        at: Time,
    ) -> ApiResult<()> {
        let permitted = self.covers(who) || item.is_some_and(|item| self.shares(index, item, at));
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

    #[test]
    fn a_subject_is_named_by_type_and_id() {
        let account = Who::Account(AccountId::parse("a-1").unwrap());
        assert_eq!(Who::named("account", "a-1"), account);
        assert_eq!(Who::named("user", "a-1"), account);
        assert_eq!(Who::named("anonymous", "whatever"), Who::Anonymous);
        for (kind, id) in [("user", "alice@example.com"), ("user", ""), ("spaceship", "a-1")] {
            assert_eq!(Who::named(kind, id), Who::Nobody, "{kind} {id}");
        }
        assert!(Who::named("group", "g-1").subject(Vec::new()).is_signed_in());
        assert!(!Who::Anonymous.subject(Vec::new()).is_signed_in());
    }

    #[test]
    fn callers_ask_about_those_they_may() {
        let caller = |role| Caller { role, ..Caller::default() };
        for role in [CallerRole::Admin, CallerRole::Auditor, CallerRole::App] {
            assert!(QueryScope::of(&caller(role)).sees_all());
        }
        let own = AccountId::parse("a-1").unwrap();
        let scope = QueryScope::of(&Caller::account(own.clone()));
        assert!(scope.covers(&Who::Account(own)) && scope.covers(&Who::Anonymous));
        assert!(
            !scope.covers(&Who::named("user", "a-2")) && !scope.covers(&Who::named("group", "g"))
        );
        let visitor = Caller { anonymous: true, ..caller(CallerRole::App) };
        assert!(!QueryScope::of(&visitor).covers(&Who::named("user", "a-1")));
    }
}
