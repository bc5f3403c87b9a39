//! A snapshot: the index at one position.

use super::{
    answer::ItemFacts,
    facts::{IndexSubject, ItemView},
    tables::Tables,
};
use domain::{
    access::{self, AccessDecision, AccessPath, DenialReason, PathKinds, SourceView, Subject},
    id::{AccountId, GroupId, ItemRef},
    position::{EventId, Position},
    role::{Permission, Permissions},
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
        let subject = IndexSubject::account(&self.0, number);
        subject.all_groups().filter_map(|group| self.0.group_id(group)).collect()
    }

    /// What flows to an account from containers of an item, and what it has because the owner's
    /// library is shared with it; the rest stands in the item's own state.
    pub fn inherited(
        &self,
        account: &AccountId,
        item: &ItemRef,
        at: Time,
    ) -> (Permissions, Permissions) {
        let mut found = (Permissions::NONE, Permissions::NONE);
        let number = self.0.find_account(account.as_str());
        if let (Some(view), Some(number)) = (self.view(item), number) {
            access::paths(view, &IndexSubject::account(&self.0, number), |path| {
                let place = if path.inherited { &mut found.0 } else { &mut found.1 };
                let given = path.inherited || matches!(path.source, SourceView::Library(_));
                if given && path.window.holds(at) {
                    *place = place.union(path.permissions);
                }
            });
        }
        found
    }

    /// Asks of an item's facts; `None` = it was never registered.
    #[inline]
    fn ask<'a, T>(
        &'a self,
        subject: &'a Subject,
        item: &ItemRef,
        question: impl FnOnce(ItemView<'_>, &IndexSubject<'_>) -> T,
    ) -> Option<T> {
        let view = self.view(item)?;
        let groups = self.0.named_groups(subject);
        Some(question(view, &IndexSubject::new(&self.0, subject, &groups)))
    }

    /// What a subject may do with an item at an instant.
    #[inline]
    pub fn check(&self, subject: &Subject, item: &ItemRef, at: Time) -> AccessDecision {
        self.ask(subject, item, |view, subject| access::decide(view, subject, at))
            .unwrap_or_default()
    }

    /// The kinds of the paths that give a permission.
    pub fn permitting(
        &self,
        subject: &Subject,
        item: &ItemRef,
        permission: Permission,
        at: Time,
    ) -> PathKinds {
        self.ask(subject, item, |view, subject| {
            access::permitting_kinds(view, subject, permission, at)
        })
        .unwrap_or_default()
    }

    /// Every path that holds, for explanations.
    pub fn paths(&self, subject: &Subject, item: &ItemRef, at: Time) -> Vec<AccessPath> {
        self.ask(subject, item, |view, subject| {
            access::describe_paths(view, subject, |path| path.window.holds(at))
        })
        .unwrap_or_default()
    }

    /// Why a subject may not do something; `None` = it may.
    pub fn denial_reason(
        &self,
        subject: &Subject,
        item: &ItemRef,
        permission: Permission,
        at: Time,
    ) -> Option<DenialReason> {
        self.ask(subject, item, |view, subject| {
            access::denial_reason(view, subject, permission, at)
        })
        .unwrap_or(Some(DenialReason::UnknownItem))
    }
}
