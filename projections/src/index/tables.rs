//! The tables of the index at one position, and look-up in them.

use super::{
    interner::{Interner, TextRange, hash},
    persistent_vec::PersistentVec,
    rows::{GROUP, ItemNode, PrincipalNode},
};
use domain::{
    id::{AccountId, CommitId, GroupId, ItemId, ItemRef, KindName, LogId},
    lifecycle::Lifecycle,
    position::Position,
    time::Time,
};
use std::sync::Arc;

/// A kind of items, as far as access asks.
#[derive(Debug, Clone)]
pub(super) struct KindRow {
    pub(super) name: KindName,
    /// Does access to a container of this kind flow to its parts?
    pub(super) follows: bool,
}

/// How much there is, kept as it changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Open grants, those that a closing keeps included.
    pub(super) grants: u64,
    /// Of these, those with extras.
    pub(super) grants_with_extras: u64,
    pub(super) links: u64,
    /// Registered items.
    pub(super) items: u64,
    /// Edges from people back to items.
    pub(super) reverse_edges: u64,
    /// Parts in containers.
    pub(super) parts: u64,
    /// Memberships and openings of libraries.
    pub(super) relationships: u64,
}

/// Everything the index knows at one position. A copy shares what has not changed since.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) log: Option<LogId>,
    pub(super) position: Position,
    pub(super) time: Time,
    /// The commit of that record.
    pub(super) commit: Option<CommitId>,
    pub(super) rules: u32,
    pub(super) kinds: Arc<Vec<KindRow>>,
    pub(super) items: PersistentVec<ItemNode, 32>,
    pub(super) principals: PersistentVec<PrincipalNode, 32>,
    pub(super) item_names: Interner,
    pub(super) principal_names: Interner,
    pub(super) counts: Counts,
}

/// Spaces of the names of accounts and groups.
const ACCOUNT: u16 = 0;
const GROUPS: u16 = 1;

#[expect(clippy::cast_possible_truncation, reason = "fewer rows than 2^31: memory ends before")]
const fn number(row: usize) -> u32 {
    row as u32
}

impl Tables {
    // --- items ---

    pub(super) fn kind(&self, name: &str) -> Option<u16> {
        let at = self.kinds.iter().position(|kind| kind.name.as_str() == name)?;
        u16::try_from(at).ok()
    }

    pub(super) fn kind_named(&mut self, name: &KindName) -> u16 {
        if let Some(kind) = self.kind(name.as_str()) {
            return kind;
        }
        let kinds = Arc::make_mut(&mut self.kinds);
        kinds.push(KindRow { name: name.clone(), follows: false });
        u16::try_from(kinds.len() - 1).unwrap_or(u16::MAX)
    }

    #[inline]
    pub(super) fn item(&self, item: u32) -> Option<&ItemNode> {
        self.items.get(item as usize)
    }

    #[inline]
    pub(super) fn find_item(&self, kind: &str, id: &str) -> Option<u32> {
        let kind = self.kind(kind)?;
        let place = |number| self.item(number).filter(|row| row.kind == kind).map(|row| row.name);
        self.item_names.find(id, hash(self.log, kind, id), place)
    }

    pub(super) fn item_named(&mut self, item: &ItemRef) -> u32 {
        if let Some(known) = self.find_item(item.kind.as_str(), item.id.as_str()) {
            return known;
        }
        let kind = self.kind_named(&item.kind);
        let (id, fresh) = (item.id.as_str(), number(self.items.len()));
        let name = self.item_names.add(id, hash(self.log, kind, id), fresh);
        self.items.push(ItemNode { name, kind, ..ItemNode::default() });
        fresh
    }

    pub(super) fn item_text(&self, row: &ItemNode) -> &str {
        self.item_names.text(row.name)
    }

    pub(super) fn item_ref(&self, item: u32) -> Option<ItemRef> {
        let row = self.item(item)?;
        let kind = self.kinds.get(usize::from(row.kind))?.name.clone();
        Some(ItemRef { kind, id: ItemId::parse(self.item_text(row)).ok()? })
    }

    pub(super) fn follows(&self, row: &ItemNode) -> bool {
        self.kinds.get(usize::from(row.kind)).is_some_and(|kind| kind.follows)
    }

    /// Is it registered?
    pub(super) fn registered(&self, item: u32) -> Option<&ItemNode> {
        self.item(item).filter(|row| row.lifecycle != Lifecycle::Unknown)
    }

    // --- accounts and groups; a group's number has the bit GROUP ---

    #[inline]
    pub(super) fn principal(&self, who: u32) -> Option<&PrincipalNode> {
        self.principals.get((who & !GROUP) as usize)
    }

    pub(super) fn principal_mut(&mut self, who: u32) -> Option<&mut PrincipalNode> {
        self.principals.get_mut((who & !GROUP) as usize)
    }

    #[inline]
    fn find(&self, space: u16, name: &str) -> Option<u32> {
        let place = |number: u32| -> Option<TextRange> {
            let row = self.principals.get(number as usize)?;
            (row.is_group == (space == GROUPS)).then_some(row.name)
        };
        self.principal_names.find(name, hash(self.log, space, name), place)
    }

    fn named(&mut self, space: u16, text: &str) -> u32 {
        if let Some(known) = self.find(space, text) {
            return known;
        }
        let fresh = number(self.principals.len());
        let name = self.principal_names.add(text, hash(self.log, space, text), fresh);
        let is_group = space == GROUPS;
        self.principals.push(PrincipalNode { name, is_group, ..PrincipalNode::default() });
        fresh
    }

    #[inline]
    pub(super) fn find_account(&self, account: &str) -> Option<u32> {
        self.find(ACCOUNT, account)
    }

    pub(super) fn account_named(&mut self, account: &AccountId) -> u32 {
        self.named(ACCOUNT, account.as_str())
    }

    pub(super) fn find_group(&self, group: &str) -> Option<u32> {
        Some(self.find(GROUPS, group)? | GROUP)
    }

    pub(super) fn group_named(&mut self, group: &GroupId) -> u32 {
        self.named(GROUPS, group.as_str()) | GROUP
    }

    pub(super) fn principal_text(&self, row: &PrincipalNode) -> &str {
        self.principal_names.text(row.name)
    }

    pub(super) fn account_id(&self, account: u32) -> Option<AccountId> {
        AccountId::parse(self.principal_text(self.principal(account)?)).ok()
    }

    pub(super) fn group_id(&self, group: u32) -> Option<GroupId> {
        GroupId::parse(self.principal_text(self.principal(group)?)).ok()
    }

    /// Neither deactivated nor erased; one that nothing mentions is active.
    pub(super) fn is_active(&self, account: u32) -> bool {
        self.principal(account).is_none_or(|row| !row.inactive)
    }

    // --- numbers ---

    pub(super) fn reached(&mut self, position: Position, time: Time, commit: CommitId) {
        (self.position, self.time, self.commit) = (position, time, Some(commit));
    }

    /// Bytes in memory, estimated: what rows, edges and names take with the overhead of their
    /// allocations.
    pub(super) fn bytes(&self) -> u64 {
        const EDGE: u64 = 40;
        const EXTRAS: u64 = 64;
        const LINK: u64 = 96;
        /// What an allocation of its own costs beside its content.
        const PIECE: u64 = 32;
        let counts = &self.counts;
        let rows = self.items.len() * (size_of::<ItemNode>() + 32)
            + self.principals.len() * (size_of::<PrincipalNode>() + 32);
        let names = self.item_names.bytes() + self.principal_names.bytes();
        (rows + names) as u64
            + counts.grants * EDGE
            + counts.grants_with_extras * EXTRAS
            + counts.links * LINK
            + counts.reverse_edges * 4
            + (counts.parts + counts.relationships) * (8 + PIECE)
    }
}
