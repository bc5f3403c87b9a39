//! What does the index say at one position?

use super::{
    answer::{IndexPath, IndexVia, ItemFacts, Refusal, Verdict},
    tables::{Tables, View},
};
use domain::{
    access::{
        Subject,
        rule::{Facts as _, Over, Way, WayKind, WayKinds, judge, ways},
    },
    id::{AccountId, GroupId, ItemRef},
    item::Lifecycle,
    position::Position,
    principal::Grantee,
    role::{Permission, Permissions, Role, Withheld},
    time::Time,
};
use std::sync::Arc;

/// One consistent, immutable view at one position. Cheap to clone; the writer goes on beside it.
#[derive(Debug, Clone)]
pub struct Snapshot(pub(super) Arc<Tables>);

impl Snapshot {
    /// The position up to which everything is known, and nothing beyond.
    pub fn position(&self) -> Position {
        self.0.position
    }
    /// Effective time of that record.
    pub fn time(&self) -> Time {
        self.0.time
    }
    /// Version of the role table in force.
    pub fn rules(&self) -> u32 {
        self.0.rules
    }

    /// What is known of an item; `None` = it was never registered.
    pub fn item(&self, item: &ItemRef) -> Option<ItemFacts> {
        let view = self.0.view(item)?;
        Some(ItemFacts {
            lifecycle: view.lifecycle(),
            owner: view.state.owner.clone(),
            visibility: view.visibility(),
            registered: view.registered(),
        })
    }

    /// Is an account neither deactivated nor erased? One that never registered is active.
    pub fn is_active(&self, account: &AccountId) -> bool {
        self.0.is_active(account)
    }

    /// What somebody may do with an item at an instant.
    pub fn check(&self, who: &Subject, item: &ItemRef, at: Time) -> Verdict {
        let Some(view) = self.0.view(item) else { return Verdict::default() };
        if who.unrestricted {
            let permissions = Permissions::ALL;
            return Verdict { known: true, permissions, ..Verdict::default() };
        }
        let who = self.0.who(who);
        let mut paths = WayKinds::default();
        let judged = judge(view, &who, at, |way| paths = paths.with(kind(way)));
        let (permissions, valid_until) = (judged.permissions, judged.valid_until);
        Verdict { known: true, permissions, paths, valid_until }
    }

    /// Every path that holds, for explanations.
    pub fn paths(&self, who: &Subject, item: &ItemRef, at: Time) -> Vec<IndexPath> {
        let Some(view) = self.0.view(item) else { return Vec::new() };
        let who = self.0.who(who);
        let mut found = Vec::new();
        ways(view, &who, |way| {
            if way.window.holds(at) {
                found.push(path(&way));
            }
        });
        found
    }

    /// Why somebody may not do something; `None` = it may.
    pub fn nearest_refusal(
        &self,
        who: &Subject,
        item: &ItemRef,
        permission: Permission,
        at: Time,
    ) -> Option<Refusal> {
        let verdict = self.check(who, item, at);
        if verdict.permissions.has(permission) {
            return None;
        }
        let Some(view) = self.0.view(item) else { return Some(Refusal::UnknownItem) };
        if view.lifecycle() == Lifecycle::Retired {
            return Some(Refusal::Retired);
        }
        if who.account.as_ref().is_some_and(|account| !self.is_active(account)) {
            return Some(Refusal::AccountInactive);
        }
        if view.lifecycle() == Lifecycle::Closed {
            return Some(Refusal::Closed);
        }
        let mut near = Near::default();
        ways(view, &self.0.who(who), |way| near.consider(&way, permission, at));
        Some(near.told())
    }

    /// Named accounts that may do something with an item, paged: the owner, and those with grants,
    /// memberships or openings. Whom a visibility lets in is not named by it. The second part is
    /// what `after` must be for the next page.
    pub fn subjects(
        &self,
        item: &ItemRef,
        permission: Permission,
        at: Time,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<AccountId>, Option<String>) {
        let named = self.0.named(item).into_iter();
        let rest = named.filter(|account| after.is_none_or(|after| account.as_str() > after));
        let may = |account: &AccountId| {
            let who = Subject::account(account.clone());
            self.check(&who, item, at).permissions.has(permission)
        };
        page(rest.filter(may), limit, |account| account.as_str().to_owned())
    }

    /// Groups whose members may do something with an item, paged.
    pub fn groups(
        &self,
        item: &ItemRef,
        permission: Permission,
        at: Time,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<GroupId>, Option<String>) {
        let Some(view) = self.0.view(item) else { return (Vec::new(), None) };
        let rest = self.0.groups(item).into_iter();
        let rest = rest.filter(|group| after.is_none_or(|after| group.as_str() > after));
        let may = |group: &GroupId| {
            let given = view.state.grants.values().filter(|open| {
                open.grant.grantee == Grantee::Group(group.clone())
                    && open.grant.window().holds(at)
                    && view.lifecycle() == Lifecycle::Open
            });
            let all =
                given.fold(Permissions::NONE, |all, open| all.union(open.grant.permissions()));
            all.has(permission)
        };
        page(rest.filter(may), limit, |group| group.as_str().to_owned())
    }

    /// Items of a kind with which somebody may do something by a way of the own, paged. Items that
    /// are open to any account or to anyone are not listed for that alone.
    #[expect(clippy::too_many_arguments, reason = "a question and its page; all are needed")]
    pub fn resources(
        &self,
        who: &Subject,
        kind: &str,
        permission: Permission,
        at: Time,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<ItemRef>, Option<String>) {
        let rest = self.0.items.keys().filter(|item| item.kind.as_str() == kind);
        let rest = rest.filter(|item| after.is_none_or(|after| item.id.as_str() > after));
        let may = |item: &&ItemRef| {
            let verdict = self.check(who, item, at);
            let named = verdict.paths.iter().any(|kind| kind != WayKind::Visibility);
            (named || who.unrestricted) && verdict.permissions.has(permission)
        };
        page(rest.filter(may).cloned(), limit, |item| item.id.as_str().to_owned())
    }
}

fn page<T>(
    mut rest: impl Iterator<Item = T>,
    limit: usize,
    name: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let found: Vec<T> = rest.by_ref().take(limit).collect();
    let next = rest.next().and_then(|_| found.last().map(name));
    (found, next)
}

fn kind(way: &Way<View<'_>>) -> WayKind {
    if way.inherited {
        return WayKind::Container;
    }
    match way.over {
        Over::Owner => WayKind::Owner,
        Over::Grant(open) => match open.grant.grantee {
            Grantee::Account(_) => WayKind::Grant,
            Grantee::Group(_) => WayKind::Group,
        },
        Over::Library(never) => match never {},
        Over::Visibility(_) => WayKind::Visibility,
        Over::Link(..) => WayKind::Link,
    }
}

fn path(way: &Way<View<'_>>) -> IndexPath {
    let state = way.on.state;
    let (via, withhold, events): (_, Vec<Withheld>, _) = match way.over {
        Over::Owner => (IndexVia::Owner, Vec::new(), &state.registered.events),
        Over::Grant(open) => {
            let grant = &open.grant;
            let via = IndexVia::Grant {
                grant: grant.grant,
                grantee: grant.grantee.clone(),
                provenance: grant.provenance.clone(),
            };
            (via, grant.withhold.clone(), &open.events)
        }
        Over::Library(never) => match never {},
        Over::Visibility(open_to) => {
            (IndexVia::Visibility { open_to }, Vec::new(), &state.visibility_origin.events)
        }
        Over::Link(link, open) => {
            let via = IndexVia::Link { link, audience: open.terms.audience };
            (via, open.terms.withhold.clone(), &open.events)
        }
    };
    IndexPath {
        via,
        container: None,
        role: way.role,
        withhold,
        permissions: way.permissions,
        window: way.window,
        made: events.first().copied(),
        changed: events.last().copied(),
    }
}

/// The nearest reason so far.
#[derive(Debug, Default)]
struct Near {
    starts_at: Option<Time>,
    ends_at: Option<Time>,
    withheld: Option<Role>,
    role: Option<Role>,
}

impl Near {
    fn consider(&mut self, way: &Way<View<'_>>, permission: Permission, at: Time) {
        let window = way.window;
        if window.holds(at) {
            if way.role.permissions().has(permission) {
                self.withheld = self.withheld.max(Some(way.role));
            }
            self.role = self.role.max(Some(way.role));
        } else if way.permissions.has(permission) {
            if window.ended(at) {
                self.ends_at = self.ends_at.max(window.ends_at);
            } else {
                let first = self.starts_at.into_iter().chain(window.starts_at).min();
                self.starts_at = first;
            }
        }
    }

    fn told(self) -> Refusal {
        if let Some(starts_at) = self.starts_at {
            Refusal::NotYet { starts_at }
        } else if let Some(ends_at) = self.ends_at {
            Refusal::Ended { ends_at }
        } else if let Some(role) = self.withheld {
            Refusal::Withheld { role }
        } else if let Some(role) = self.role {
            Refusal::RoleTooLow { role }
        } else {
            Refusal::Nothing
        }
    }
}
