//! A snapshot: the index at one position.

use super::{
    answer::{DenialReason, IndexPath, IndexVia, ItemFacts, Verdict},
    facts::{ItemView, Who},
    near::Near,
    rows::PackedEventId,
    tables::Tables,
};
use domain::{
    access::{
        LIBRARY, Subject,
        rule::{AccessFacts as _, PathKind, PathKinds, PathView, SourceView, judge, visit_paths},
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
    pub(super) fn view(&self, item: &ItemRef) -> Option<ItemView<'_>> {
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
            visit_paths(view, &Who::account(&self.0, number), |way| {
                let place = if way.inherited { &mut found.0 } else { &mut found.1 };
                let given = way.inherited || matches!(way.over, SourceView::Library(_));
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
    pub(super) fn verdict<'a>(view: ItemView<'a>, who: &Who<'a>, at: Time) -> Verdict {
        let mut paths = PathKinds::default();
        let judged = judge(view, who, at, |way| paths = paths.with(kind(way)));
        let (permissions, valid_until) = (judged.permissions, judged.valid_until);
        Verdict { known: true, permissions, paths, valid_until }
    }

    /// Every path that holds, for explanations.
    pub fn paths(&self, who: &Subject, item: &ItemRef, at: Time) -> Vec<IndexPath> {
        let Some(view) = self.view(item) else { return Vec::new() };
        let said = self.0.said(who);
        let mut found = Vec::new();
        visit_paths(view, &Who::subject(&self.0, who, &said), |way| {
            if way.window.holds(at) {
                found.extend(self.path(&way));
            }
        });
        found
    }

    /// Why somebody may not do something; `None` = it may.
    pub fn denial_reason(
        &self,
        who: &Subject,
        item: &ItemRef,
        permission: Permission,
        at: Time,
    ) -> Option<DenialReason> {
        if self.check(who, item, at).permissions.has(permission) {
            return None;
        }
        let Some(view) = self.view(item) else { return Some(DenialReason::UnknownItem) };
        if view.lifecycle() == Lifecycle::Retired {
            return Some(DenialReason::Retired);
        }
        if who.account.as_ref().is_some_and(|account| !self.is_active(account)) {
            return Some(DenialReason::AccountInactive);
        }
        if view.lifecycle() == Lifecycle::Closed {
            return Some(DenialReason::Closed);
        }
        let said = self.0.said(who);
        let mut near = Near::default();
        visit_paths(view, &Who::subject(&self.0, who, &said), |way| {
            near.consider(&way, permission, at);
        });
        Some(near.told())
    }

    fn path(&self, way: &PathView<ItemView<'_>>) -> Option<IndexPath> {
        let tables = &self.0;
        let mut withhold: Vec<Withheld> = Vec::new();
        let row = way.on.row;
        let (via, made, changed): (_, PackedEventId, PackedEventId) = match way.over {
            SourceView::Owner => (IndexVia::Owner, row.registered, row.registered),
            SourceView::Grant(edge) => {
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
            SourceView::Library(opening) => {
                withhold.extend(LIBRARY.1);
                let owner = tables.account_id(row.owner)?;
                (IndexVia::Library { owner }, opening.made, opening.made)
            }
            SourceView::Visibility(open_to) => {
                (IndexVia::Visibility { open_to }, row.shown, row.shown)
            }
            SourceView::Link(link, open) => {
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
pub(super) fn kind(way: &PathView<ItemView<'_>>) -> PathKind {
    if way.inherited {
        return PathKind::Container;
    }
    match way.over {
        SourceView::Owner => PathKind::Owner,
        SourceView::Grant(edge) if edge.is_group() => PathKind::Group,
        SourceView::Grant(_) => PathKind::Grant,
        SourceView::Library(_) => PathKind::Library,
        SourceView::Visibility(_) => PathKind::Visibility,
        SourceView::Link(..) => PathKind::Link,
    }
}
