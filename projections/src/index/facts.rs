//! The facts of the access rule as views of index rows; nothing is copied.

use super::{
    rows::{Edge, GROUP, ItemNode, LibraryShare, LinkRow, PackedEventId, PrincipalNode},
    sorted_chunks::SortedChunks,
    tables::Tables,
};
use domain::{
    access::{
        AccessFacts, AccessPath, LIBRARY_TERMS, PathSource, PathView, SourceView, Subject, Visit,
    },
    event::Visibility,
    id::LinkId,
    lifecycle::Lifecycle,
    position::EventId,
    principal::{Grantee, Principal},
    role::Withheld,
};
use std::sync::Arc;

/// The subject of a question by the numbers of the index, looked up once for all items.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexSubject<'a> {
    unrestricted: bool,
    /// Signed in with an account that is active.
    signed_in: bool,
    /// An account that is deactivated or erased.
    inactive: bool,
    /// The account's number, if anything ever mentioned it.
    pub(super) number: Option<u32>,
    /// Its groups.
    groups: Option<&'a SortedChunks<u32>>,
    /// Groups that the question names beside them.
    named_groups: &'a [u32],
    visits: &'a [Visit],
    opened_link: Option<LinkId>,
}

impl<'a> IndexSubject<'a> {
    /// A visitor without an account.
    const ANONYMOUS: Self = Self {
        unrestricted: false,
        signed_in: false,
        inactive: false,
        number: None,
        groups: None,
        named_groups: &[],
        visits: &[],
        opened_link: None,
    };
    /// An account that nothing mentions.
    const STRANGER: Self = Self { signed_in: true, ..Self::ANONYMOUS };

    /// An account of this number.
    #[inline]
    pub(super) fn account(tables: &'a Tables, number: u32) -> Self {
        match tables.principal(number) {
            Some(row) if !row.inactive => {
                Self { number: Some(number), groups: row.groups(), ..Self::STRANGER }
            }
            _ => Self { inactive: true, ..Self::ANONYMOUS },
        }
    }

    /// A member of a group who has nothing else.
    pub(super) const fn member(group: &'a [u32]) -> Self {
        Self { named_groups: group, ..Self::STRANGER }
    }

    /// A subject; `named_groups` holds the numbers of the groups that it names.
    #[inline]
    pub(super) fn new(tables: &'a Tables, subject: &'a Subject, named_groups: &'a [u32]) -> Self {
        let known = match &subject.principal {
            Principal::Account(account) => match tables.find_account(account.as_str()) {
                Some(number) => Self::account(tables, number),
                None => Self::STRANGER,
            },
            Principal::Group(_) => Self::STRANGER,
            Principal::Link(link) => Self { opened_link: Some(*link), ..Self::ANONYMOUS },
            Principal::Anonymous => Self::ANONYMOUS,
        };
        // Who is not signed in with an active account has no groups either.
        let named_groups = if known.signed_in { named_groups } else { &[] };
        let (visits, unrestricted) = (&subject.visits[..], subject.unrestricted);
        Self { unrestricted, named_groups, visits, ..known }
    }

    pub(super) fn all_groups(&self) -> impl Iterator<Item = u32> {
        let known = self.groups;
        let named = self.named_groups.iter().copied();
        let named = named.filter(move |group| !known.is_some_and(|known| known.contains(*group)));
        known.into_iter().flat_map(|groups| groups.iter().copied()).chain(named)
    }

    fn is_in(&self, group: u32) -> bool {
        self.named_groups.contains(&group)
            || self.groups.is_some_and(|groups| groups.contains(group))
    }

    fn group_count(&self) -> usize {
        self.named_groups.len() + self.groups.map_or(0, SortedChunks::len)
    }
}

impl Tables {
    /// The numbers of the groups that a subject names; those that nothing mentions have nothing.
    pub(super) fn named_groups(&self, subject: &Subject) -> Vec<u32> {
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
    type Subject = IndexSubject<'a>;
    type Grant = &'a Edge;
    type LibraryShare = &'a LibraryShare;
    type Link = &'a LinkRow;

    #[inline]
    fn is_unrestricted(subject: &IndexSubject<'a>) -> bool {
        subject.unrestricted
    }
    #[inline]
    fn is_signed_in(self, subject: &IndexSubject<'a>) -> bool {
        subject.signed_in
    }
    fn is_inactive(self, subject: &IndexSubject<'a>) -> bool {
        subject.inactive
    }
    #[inline]
    fn visits<'s>(subject: &'s IndexSubject<'a>) -> &'s [Visit] {
        subject.visits
    }
    #[inline]
    fn opened_link(subject: &IndexSubject<'a>) -> Option<LinkId> {
        subject.opened_link
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
    fn is_owned_by(self, subject: &IndexSubject<'a>) -> bool {
        subject.number == Some(self.row.owner)
    }

    #[inline]
    fn grants_to(self, subject: &IndexSubject<'a>, mut visit: impl FnMut(&'a Edge)) {
        let edges = &self.row.grants;
        if edges.is_empty() {
            return;
        }
        let mut of = |who: u32| {
            edges.from((who, [0; 16])).take_while(|edge| edge.who == who).for_each(&mut visit);
        };
        if let Some(number) = subject.number {
            of(number);
        }
        match subject.group_count() {
            0 => {}
            // Whichever is shorter is gone through.
            count if count <= edges.len() => subject.all_groups().for_each(&mut of),
            _ => {
                let given = edges.from((GROUP, [0; 16])).filter(|edge| subject.is_in(edge.who));
                given.for_each(visit);
            }
        }
    }

    #[inline]
    fn library_share_with(self, subject: &IndexSubject<'a>) -> Option<&'a LibraryShare> {
        let number = subject.number.filter(|_| self.row.in_library)?;
        let owner: &'a PrincipalNode = self.tables.principal(self.row.owner)?;
        let social: &'a Arc<super::rows::PrincipalExtras> = owner.extras.as_ref()?;
        social.opened.get(number)
    }

    #[inline]
    fn link(self, id: LinkId) -> Option<&'a LinkRow> {
        self.row.link(id)
    }

    #[inline]
    fn containers(self, mut visit: impl FnMut(Self)) {
        for container in self.row.containers() {
            let view = self.tables.view(container);
            if let Some(view) = view.filter(|view| self.tables.follows(view.row)) {
                visit(view);
            }
        }
    }

    #[inline]
    fn is_same(self, other: Self) -> bool {
        self.number == other.number
    }

    fn describe(path: &PathView<Self>) -> Option<AccessPath> {
        let (tables, row) = (path.on.tables, path.on.row);
        let mut withhold: Vec<Withheld> = Vec::new();
        let (source, made, changed): (_, PackedEventId, PackedEventId) = match path.source {
            SourceView::Owner => (PathSource::Owner, row.registered, row.registered),
            SourceView::Grant(edge) => {
                withhold.extend(edge.terms.withhold());
                let grantee = if edge.is_group() {
                    Grantee::Group(tables.group_id(edge.who)?)
                } else {
                    Grantee::Account(tables.account_id(edge.who)?)
                };
                let (grant, provenance) = (edge.id(), edge.provenance());
                let source = PathSource::Grant { grant, grantee, provenance };
                (source, edge.made, edge.changed())
            }
            SourceView::Library(share) => {
                withhold.extend(LIBRARY_TERMS.1);
                let owner = tables.account_id(row.owner)?;
                (PathSource::Library { owner }, share.made, share.made)
            }
            SourceView::Visibility(open_to) => {
                (PathSource::Visibility { open_to }, row.shown, row.shown)
            }
            SourceView::Link(link, open) => {
                withhold.extend(open.terms.withhold());
                (PathSource::Link { link, audience: open.audience }, open.made, open.changed)
            }
        };
        let mut events: Vec<EventId> = made.event().into_iter().chain(changed.event()).collect();
        events.dedup();
        Some(AccessPath {
            source,
            container: if path.inherited { tables.item_ref(path.on.number) } else { None },
            role: path.role,
            withhold,
            permissions: path.permissions,
            window: path.window,
            given_by: None,
            since: None,
            events,
        })
    }
}
