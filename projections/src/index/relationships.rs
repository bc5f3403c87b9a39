//! Relationships: group membership, library shares and parts of containers. Facts that the index
//! holds and evaluates; the events that will report them are applied here.

use super::{
    rows::{LibraryShare, PackedEventId},
    tables::Tables,
};
use domain::{
    id::{AccountId, GroupId, ItemRef},
    position::EventId,
};

/// A relation between two things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relationship {
    /// An account is a member of a group.
    Member {
        /// The group.
        group: GroupId,
        /// The account.
        account: AccountId,
    },
    /// An account opened its library to another.
    Library {
        /// Whose it is.
        owner: AccountId,
        /// To whom it is open.
        to: AccountId,
    },
    /// An item is part of another.
    Part {
        /// The part.
        part: ItemRef,
        /// The container.
        container: ItemRef,
    },
}

impl Tables {
    /// From an event on a relation holds, or holds no longer.
    pub(super) fn relate(&mut self, relation: &Relationship, holds: bool, made: EventId) {
        match relation {
            Relationship::Member { group, account } => self.member(group, account, holds),
            Relationship::Library { owner, to } => self.library(owner, to, holds, made),
            Relationship::Part { part, container } => self.part(part, container, holds),
        }
    }

    fn member(&mut self, group: &GroupId, account: &AccountId, holds: bool) {
        let (group, account) = (self.group_named(group), self.account_named(account));
        if let Some(row) = self.principal_mut(group) {
            let members = &mut row.extras_mut().members;
            let fresh = if holds { members.insert(account) } else { members.remove(account) };
            self.count_relationship(holds, fresh.is_some());
        }
        if let Some(row) = self.principal_mut(account) {
            let groups = &mut row.extras_mut().groups;
            let _known = if holds { groups.insert(group) } else { groups.remove(group) };
        }
    }

    fn library(&mut self, owner: &AccountId, to: &AccountId, holds: bool, made: EventId) {
        let (owner, to) = (self.account_named(owner), self.account_named(to));
        if let Some(row) = self.principal_mut(owner) {
            let opened = &mut row.extras_mut().opened;
            let opening = LibraryShare { to, made: PackedEventId::from(made) };
            let known = if holds { opened.insert(opening) } else { opened.remove(to) };
            self.count_relationship(holds, known.is_some());
        }
        if let Some(row) = self.principal_mut(to) {
            let libraries = &mut row.extras_mut().libraries;
            let _known = if holds { libraries.insert(owner) } else { libraries.remove(owner) };
        }
    }

    fn count_relationship(&mut self, holds: bool, known: bool) {
        let count = &mut self.counts.relationships;
        match (holds, known) {
            (true, false) => *count += 1,
            (false, true) => *count -= 1,
            (true, true) | (false, false) => {}
        }
    }

    fn part(&mut self, part: &ItemRef, container: &ItemRef, holds: bool) {
        let (part, container) = (self.item_named(part), self.item_named(container));
        if let Some(row) = self.items.get_mut(part as usize) {
            let all = &mut row.extras_mut().containers;
            let known = if holds { all.insert(container) } else { all.remove(container) };
            let count = &mut self.counts.parts;
            match (holds, known.is_some()) {
                (true, false) => *count += 1,
                (false, true) => *count -= 1,
                (true, true) | (false, false) => {}
            }
        }
        if let Some(row) = self.items.get_mut(container as usize) {
            let parts = &mut row.extras_mut().parts;
            let _known = if holds { parts.insert(part) } else { parts.remove(part) };
        }
    }
}
