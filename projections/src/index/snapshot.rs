//! A snapshot: the index at one position.

use super::{
    answer::{IndexPath, IndexVia, ItemFacts, Refusal, Verdict},
    near::Near,
    rows::At,
    tables::Tables,
    view::{View, Who},
};
use domain::{
    access::{
        LIBRARY, Subject,
        rule::{Facts as _, Over, Way, WayKind, WayKinds, judge, ways},
    },
    id::{AccountId, GroupId, ItemRef},
    item::Lifecycle,
    position::{EventId, Position},
    principal::Grantee,
    role::{Permission, Permissions, Withheld},
    time::Time,
};
use std::{collections::BTreeSet, sync::Arc};

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

    #[inline]
    pub(super) fn view(&self, item: &ItemRef) -> Option<View<'_>> {
        self.0.view(self.0.find_item(item.kind.as_str(), item.id.as_str())?)
    }

    /// What is known of an item; `None` = it was never registered.
    pub fn item(&self, item: &ItemRef) -> Option<ItemFacts> {
        let row = self.view(item)?.row;
        let first = EventId { position: Position::START, index: 0 };
        Some(ItemFacts {
            lifecycle: row.lifecycle,
            owner: self.0.account_id(row.owner),
            visibility: row.visibility,
            registered: row.registered.event().unwrap_or(first),
        })
    }

    /// Is an account neither deactivated nor erased? One that never registered is active.
    pub fn is_active(&self, account: &AccountId) -> bool {
        self.0.find_account(account.as_str()).is_none_or(|number| self.0.is_active(number))
    }

    /// The groups that an account is a member of.
    pub fn groups_of(&self, account: &AccountId) -> BTreeSet<GroupId> {
        let Some(number) = self.0.find_account(account.as_str()) else { return BTreeSet::new() };
        let who = Who::account(&self.0, number);
        who.all_groups().filter_map(|group| self.0.group_id(group)).collect()
    }

    /// What flows to an account from containers of an item, and what it has because the owner's
    /// library is open to it; the rest stands in the item's own state.
    pub fn inherited(
        &self,
        account: &AccountId,
        item: &ItemRef,
        at: Time,
    ) -> (Permissions, Permissions) {
        let mut found = (Permissions::NONE, Permissions::NONE);
        let number = self.0.find_account(account.as_str());
        if let (Some(view), Some(number)) = (self.view(item), number) {
            ways(view, &Who::account(&self.0, number), |way| {
                let place = if way.inherited { &mut found.0 } else { &mut found.1 };
                let given = way.inherited || matches!(way.over, Over::Library(_));
                if given && way.window.holds(at) {
                    *place = place.union(way.permissions);
                }
            });
        }
        found
    }

    /// What somebody may do with an item at an instant.
    pub fn check(&self, who: &Subject, item: &ItemRef, at: Time) -> Verdict {
        let Some(view) = self.view(item) else { return Verdict::default() };
        if who.unrestricted {
            let permissions = Permissions::ALL;
            return Verdict { known: true, permissions, ..Verdict::default() };
        }
        let said = self.0.said(who);
        Self::verdict(view, &Who::subject(&self.0, who, &said), at)
    }

    #[inline]
    pub(super) fn verdict<'a>(view: View<'a>, who: &Who<'a>, at: Time) -> Verdict {
        let mut paths = WayKinds::default();
        let judged = judge(view, who, at, |way| paths = paths.with(kind(way)));
        let (permissions, valid_until) = (judged.permissions, judged.valid_until);
        Verdict { known: true, permissions, paths, valid_until }
    }

    /// Every path that holds, for explanations.
    pub fn paths(&self, who: &Subject, item: &ItemRef, at: Time) -> Vec<IndexPath> {
        let Some(view) = self.view(item) else { return Vec::new() };
        let said = self.0.said(who);
        let mut found = Vec::new();
        ways(view, &Who::subject(&self.0, who, &said), |way| {
            if way.window.holds(at) {
                found.extend(self.path(&way));
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
        if self.check(who, item, at).permissions.has(permission) {
            return None;
        }
        let Some(view) = self.view(item) else { return Some(Refusal::UnknownItem) };
        if view.lifecycle() == Lifecycle::Retired {
            return Some(Refusal::Retired);
        }
        if who.account.as_ref().is_some_and(|account| !self.is_active(account)) {
            return Some(Refusal::AccountInactive);
        }
        if view.lifecycle() == Lifecycle::Closed {
            return Some(Refusal::Closed);
        }
        let said = self.0.said(who);
        let mut near = Near::default();
        ways(view, &Who::subject(&self.0, who, &said), |way| near.consider(&way, permission, at));
        Some(near.told())
    }

    fn path(&self, way: &Way<View<'_>>) -> Option<IndexPath> {
        let tables = &self.0;
        let mut withhold: Vec<Withheld> = Vec::new();
        let row = way.on.row;
        let (via, made, changed): (_, At, At) = match way.over {
            Over::Owner => (IndexVia::Owner, row.registered, row.registered),
            Over::Grant(edge) => {
                withhold.extend(edge.terms.withhold());
                let grantee = if edge.is_group() {
                    Grantee::Group(tables.group_id(edge.who)?)
                } else {
                    Grantee::Account(tables.account_id(edge.who)?)
                };
                let (grant, provenance) = (edge.id(), edge.provenance());
                let via = IndexVia::Grant { grant, grantee, provenance };
                (via, edge.made, edge.changed())
            }
            Over::Library(opening) => {
                withhold.extend(LIBRARY.1);
                let owner = tables.account_id(row.owner)?;
                (IndexVia::Library { owner }, opening.made, opening.made)
            }
            Over::Visibility(open_to) => (IndexVia::Visibility { open_to }, row.shown, row.shown),
            Over::Link(link, open) => {
                withhold.extend(open.terms.withhold());
                (IndexVia::Link { link, audience: open.audience }, open.made, open.changed)
            }
        };
        Some(IndexPath {
            via,
            container: if way.inherited { tables.item_ref(way.on.number) } else { None },
            role: way.role,
            withhold,
            permissions: way.permissions,
            window: way.window,
            made: made.event(),
            changed: changed.event(),
        })
    }
}

#[inline]
pub(super) fn kind(way: &Way<View<'_>>) -> WayKind {
    if way.inherited {
        return WayKind::Container;
    }
    match way.over {
        Over::Owner => WayKind::Owner,
        Over::Grant(edge) if edge.is_group() => WayKind::Group,
        Over::Grant(_) => WayKind::Grant,
        Over::Library(_) => WayKind::Library,
        Over::Visibility(_) => WayKind::Visibility,
        Over::Link(..) => WayKind::Link,
    }
}
