//! The facts of access of one item at a moment, from rows of the read models.

use domain::{
    access::{AccessFacts, AccessPath, GrantView, LinkView, PathView, SourceView, Subject, Visit},
    event::{Audience, Visibility},
    id::{AccountId, LinkId},
    lifecycle::Lifecycle,
    principal::{Grantee, Principal},
    role::{Permissions, Role},
    time::Window,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

/// A link that was open, without what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredLink {
    pub(crate) path: AccessPath,
    pub(crate) audience: Audience,
    pub(crate) generation: u32,
}

/// What was open of an item at a moment: everything, or what concerns one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredItem {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) owner: AccountId,
    /// Owning, as a path.
    pub(crate) owning: AccessPath,
    /// The visibility, as a path; none while it is restricted.
    pub(crate) visible: Option<AccessPath>,
    grants: BTreeMap<Grantee, Vec<AccessPath>>,
    pub(crate) links: BTreeMap<LinkId, StoredLink>,
    /// Accounts that were deactivated or erased, as far as they were looked for.
    pub(crate) inactive: BTreeSet<AccountId>,
}

impl StoredItem {
    pub(crate) const fn new(lifecycle: Lifecycle, owner: AccountId, owning: AccessPath) -> Self {
        Self {
            lifecycle,
            owner,
            owning,
            visible: None,
            grants: BTreeMap::new(),
            links: BTreeMap::new(),
            inactive: BTreeSet::new(),
        }
    }

    /// Adds an open grant. Those of one grantee stay in the order of their ids.
    pub(crate) fn add_grant(&mut self, path: AccessPath) {
        let Some((grantee, _)) = path.source.granted() else { return };
        let grants = self.grants.entry(grantee.clone()).or_default();
        let place = grants.partition_point(|other| other.source.grant() < path.source.grant());
        grants.insert(place, path);
    }

    /// Everybody whom access lists name: the owner, other accounts, groups, links, anonymous.
    pub(crate) fn principals(&self) -> impl Iterator<Item = Principal> {
        let owner = Principal::Account(self.owner.clone());
        let grantees = self.grants.keys().map(Grantee::principal);
        let others = grantees.filter({
            let owner = owner.clone();
            move |principal| *principal != owner
        });
        let links = self.links.keys().copied().map(Principal::Link);
        [owner].into_iter().chain(others).chain(links).chain([Principal::Anonymous])
    }
}

impl GrantView for &StoredLink {
    fn role(self) -> Role {
        self.path.role
    }
    fn permissions(self) -> Permissions {
        self.path.permissions
    }
    fn window(self) -> Window {
        self.path.window
    }
    fn is_for_group(self) -> bool {
        false
    }
}

impl LinkView for &StoredLink {
    fn audience(self) -> Audience {
        self.audience
    }
    // The read models know nothing of passwords.
    fn accepts(self, visit: &Visit) -> bool {
        visit.generation == self.generation
    }
}

// Libraries and containers are not in the read models yet.
impl<'a> AccessFacts for &'a StoredItem {
    type Subject = Subject;
    type Grant = &'a AccessPath;
    type LibraryShare = Infallible;
    type Link = &'a StoredLink;

    fn is_unrestricted(subject: &Subject) -> bool {
        subject.unrestricted
    }
    fn is_signed_in(self, subject: &Subject) -> bool {
        subject.is_signed_in() && !self.is_inactive(subject)
    }
    fn is_inactive(self, subject: &Subject) -> bool {
        subject.account_id().is_some_and(|account| self.inactive.contains(account))
    }
    fn visits(subject: &Subject) -> &[Visit] {
        &subject.visits
    }
    fn opened_link(subject: &Subject) -> Option<LinkId> {
        subject.opened_link()
    }
    fn lifecycle(self) -> Lifecycle {
        self.lifecycle
    }
    fn visibility(self) -> Visibility {
        let open_to = self.visible.as_ref().and_then(|path| path.source.open_to());
        open_to.unwrap_or_default()
    }
    fn is_owned_by(self, subject: &Subject) -> bool {
        subject.account_id() == Some(&self.owner) && !self.is_inactive(subject)
    }
    fn grants_to(self, subject: &Subject, visit: impl FnMut(&'a AccessPath)) {
        let account = subject.account_id().cloned().map(Grantee::Account);
        let groups = subject.groups.iter().cloned().map(Grantee::Group);
        let grantees = account.into_iter().chain(groups);
        grantees.filter_map(|grantee| self.grants.get(&grantee)).flatten().for_each(visit);
    }
    fn library_share_with(self, _: &Subject) -> Option<Infallible> {
        None
    }
    fn link(self, id: LinkId) -> Option<&'a StoredLink> {
        self.links.get(&id)
    }
    fn containers(self, _: impl FnMut(Self)) {}
    fn is_same(self, other: Self) -> bool {
        std::ptr::eq(self, other)
    }
    fn describe(path: &PathView<Self>) -> Option<AccessPath> {
        let known = match path.source {
            SourceView::Owner => &path.on.owning,
            SourceView::Grant(grant) => grant,
            SourceView::Library(never) => match never {},
            SourceView::Visibility(_) => path.on.visible.as_ref()?,
            SourceView::Link(_, link) => &link.path,
        };
        Some(AccessPath { window: path.window, ..known.clone() })
    }
}
