//! The facts of the access rule as views of index rows; nothing is copied.

use super::{
    rows::{Edge, GROUP, ItemNode, LibraryShare, LinkRow, PrincipalNode},
    sorted_chunks::SortedChunks,
    tables::Tables,
};
use domain::{
    access::{Subject, Visit, rule::AccessFacts},
    event::Visibility,
    id::LinkId,
    item::Lifecycle,
};
use std::sync::Arc;

/// One who asks, as the index knows people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who<'a> {
    /// Signed in with an account that is active.
    pub(super) signed_in: bool,
    /// The account's number, if anything ever mentioned it.
    pub(super) number: Option<u32>,
    /// Its groups.
    pub(super) groups: Option<&'a SortedChunks<u32>>,
    /// Groups that the asker is said to be in beside.
    pub(super) said: &'a [u32],
    pub(super) visits: &'a [Visit],
}

impl<'a> Who<'a> {
    /// Nobody in particular, who is signed in and has no more than that.
    pub(super) const STRANGER: Self =
        Self { signed_in: true, number: None, groups: None, said: &[], visits: &[] };

    /// An account of this number.
    pub(super) fn account(tables: &'a Tables, number: u32) -> Self {
        let row = tables.principal(number).filter(|row| !row.inactive);
        let groups = row.and_then(PrincipalNode::groups);
        let signed_in = row.is_some();
        Self { signed_in, number: row.map(|_| number), groups, said: &[], visits: &[] }
    }

    /// A subject; `said` holds the numbers of the groups that it names.
    #[inline]
    pub(super) fn subject(tables: &'a Tables, subject: &'a Subject, said: &'a [u32]) -> Self {
        let visits = &subject.visits[..];
        let Some(account) = &subject.account else {
            let signed_in = subject.is_signed_in();
            return Self { signed_in, said, visits, ..Self::STRANGER }.barred();
        };
        match tables.find_account(account.as_str()) {
            Some(number) => Self { said, visits, ..Self::account(tables, number) }.barred(),
            None => Self { said, visits, ..Self::STRANGER },
        }
    }

    /// Who is not active has no groups either.
    fn barred(self) -> Self {
        if self.signed_in { self } else { Self { said: &[], ..self } }
    }

    pub(super) fn all_groups(&self) -> impl Iterator<Item = u32> {
        let known = self.groups;
        let said = self.said.iter().copied();
        let said = said.filter(move |group| !known.is_some_and(|known| known.contains(*group)));
        known.into_iter().flat_map(|groups| groups.iter().copied()).chain(said)
    }

    fn is_in(&self, group: u32) -> bool {
        self.said.contains(&group) || self.groups.is_some_and(|groups| groups.contains(group))
    }

    fn group_count(&self) -> usize {
        self.said.len() + self.groups.map_or(0, SortedChunks::len)
    }
}

impl Tables {
    /// The numbers of the groups that a subject names; those that nothing mentions have nothing.
    pub(super) fn said(&self, subject: &Subject) -> Vec<u32> {
        subject.groups.iter().filter_map(|group| self.find_group(group.as_str())).collect()
    }

    /// A registered item.
    #[inline]
    pub(super) fn view(&self, number: u32) -> Option<ItemView<'_>> {
        Some(ItemView { tables: self, number, row: self.registered(number)? })
    }
}

impl PrincipalNode {
    pub(super) fn groups(&self) -> Option<&SortedChunks<u32>> {
        self.extras.as_ref().map(|social| &social.groups)
    }
}

/// One item, as the rule asks for it.
#[derive(Clone, Copy)]
pub(super) struct ItemView<'a> {
    pub(super) tables: &'a Tables,
    pub(super) number: u32,
    pub(super) row: &'a ItemNode,
}

impl std::fmt::Debug for ItemView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ItemView").field("number", &self.number).field("row", self.row).finish()
    }
}

impl<'a> AccessFacts for ItemView<'a> {
    type Who = Who<'a>;
    type Grant = &'a Edge;
    type Opening = &'a LibraryShare;
    type Link = &'a LinkRow;

    #[inline]
    fn signed_in(who: &Who<'a>) -> bool {
        who.signed_in
    }
    #[inline]
    fn visits<'w>(who: &'w Who<'a>) -> &'w [Visit] {
        who.visits
    }
    #[inline]
    fn lifecycle(self) -> Lifecycle {
        self.row.lifecycle
    }
    #[inline]
    fn visibility(self) -> Visibility {
        self.row.visibility
    }
    #[inline]
    fn is_owned_by(self, who: &Who<'a>) -> bool {
        who.number == Some(self.row.owner)
    }

    #[inline]
    fn grants_to(self, who: &Who<'a>, mut each: impl FnMut(&'a Edge)) {
        let edges = &self.row.grants;
        if edges.is_empty() {
            return;
        }
        let mut of = |who: u32| {
            edges.from((who, [0; 16])).take_while(|edge| edge.who == who).for_each(&mut each);
        };
        if let Some(number) = who.number {
            of(number);
        }
        match who.group_count() {
            0 => {}
            // Whichever is shorter is gone through.
            count if count <= edges.len() => who.all_groups().for_each(&mut of),
            _ => {
                let given = edges.from((GROUP, [0; 16])).filter(|edge| who.is_in(edge.who));
                given.for_each(each);
            }
        }
    }

    #[inline]
    fn opening_to(self, who: &Who<'a>) -> Option<&'a LibraryShare> {
        let number = who.number.filter(|_| self.row.in_library)?;
        let owner: &'a PrincipalNode = self.tables.principal(self.row.owner)?;
        let social: &'a Arc<super::rows::PrincipalExtras> = owner.extras.as_ref()?;
        social.opened.get(number)
    }

    #[inline]
    fn link(self, id: LinkId) -> Option<&'a LinkRow> {
        self.row.link(id)
    }

    #[inline]
    fn containers(self, mut each: impl FnMut(Self)) {
        for container in self.row.containers() {
            let view = self.tables.view(container);
            if let Some(view) = view.filter(|view| self.tables.follows(view.row)) {
                each(view);
            }
        }
    }

    #[inline]
    fn is(self, other: Self) -> bool {
        self.number == other.number
    }
}
