//! The facts of access as the folded state of an item, alone, knows them.

use super::{ItemState, OpenGrant, OpenLink, Origin};
use crate::{
    access::{
        AccessFacts, AccessPath, GrantView, LinkView, PathSource, PathView, SourceView, Subject,
        Visit,
    },
    event::{Audience, Visibility},
    id::{AccountId, LinkId},
    lifecycle::Lifecycle,
    position::EventId,
    principal::Grantee,
    role::{Permissions, Role, Withheld},
    time::{Time, Window},
};
use std::convert::Infallible;

impl GrantView for &OpenGrant {
    fn role(self) -> Role {
        self.grant.role
    }
    fn permissions(self) -> Permissions {
        self.grant.permissions()
    }
    fn window(self) -> Window {
        self.grant.window()
    }
    fn is_for_group(self) -> bool {
        matches!(self.grant.grantee, Grantee::Group(_))
    }
}

impl GrantView for &OpenLink {
    fn role(self) -> Role {
        self.terms.role
    }
    fn permissions(self) -> Permissions {
        self.terms.permissions()
    }
    fn window(self) -> Window {
        self.terms.window()
    }
    fn is_for_group(self) -> bool {
        false
    }
}

impl LinkView for &OpenLink {
    fn audience(self) -> Audience {
        self.terms.audience
    }
    fn accepts(self, visit: &Visit) -> bool {
        visit.generation == self.generation && visit.password_version == self.password_version
    }
}

// Libraries, containers and the states of accounts are facts of other streams: to the item alone
// there are none.
impl<'a> AccessFacts for &'a ItemState {
    type Subject = Subject;
    type Grant = &'a OpenGrant;
    type LibraryShare = Infallible;
    type Link = &'a OpenLink;

    fn is_unrestricted(subject: &Subject) -> bool {
        subject.unrestricted
    }
    fn is_signed_in(self, subject: &Subject) -> bool {
        subject.is_signed_in()
    }
    fn is_inactive(self, _: &Subject) -> bool {
        false
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
        self.visibility
    }
    fn is_owned_by(self, subject: &Subject) -> bool {
        subject.account_id().is_some_and(|account| self.owner.as_ref() == Some(account))
    }
    fn grants_to(self, subject: &Subject, visit: impl FnMut(&'a OpenGrant)) {
        let given = |open: &&OpenGrant| match &open.grant.grantee {
            Grantee::Account(account) => subject.account_id() == Some(account),
            Grantee::Group(group) => subject.groups.contains(group),
        };
        self.grants.values().filter(given).for_each(visit);
    }
    fn library_share_with(self, _: &Subject) -> Option<Infallible> {
        None
    }
    fn link(self, id: LinkId) -> Option<&'a OpenLink> {
        self.links.get(&id)
    }
    fn containers(self, _: impl FnMut(Self)) {}
    fn is_same(self, other: Self) -> bool {
        std::ptr::eq(self, other)
    }
    fn describe(path: &PathView<Self>) -> Option<AccessPath> {
        let (source, withhold, made) = match path.source {
            SourceView::Owner => {
                let since = Some(path.on.registered_at);
                (PathSource::Owner, Vec::new(), Made::from_origin(&path.on.registered, since))
            }
            SourceView::Grant(open) => described_grant(open),
            SourceView::Library(never) => match never {},
            SourceView::Visibility(open_to) => {
                let made = Made::from_origin(&path.on.visibility_origin, None);
                (PathSource::Visibility { open_to }, Vec::new(), made)
            }
            SourceView::Link(link, open) => described_link(link, open),
        };
        let Made { given_by, since, events } = made;
        let PathView { role, permissions, window, .. } = *path;
        let container = None;
        Some(AccessPath {
            source,
            container,
            role,
            withhold,
            permissions,
            window,
            given_by,
            since,
            events,
        })
    }
}

/// By whose act, when, by which events.
struct Made {
    given_by: Option<AccountId>,
    since: Option<Time>,
    events: Vec<EventId>,
}

impl Made {
    fn from_origin(origin: &Origin, since: Option<Time>) -> Self {
        let events = origin.events.to_vec();
        let by = origin.by.account.clone();
        Self { given_by: by.filter(|_| !events.is_empty()), since, events }
    }
}

fn described_grant(open: &OpenGrant) -> (PathSource, Vec<Withheld>, Made) {
    let grant = &open.grant;
    let source = PathSource::Grant {
        grant: grant.grant,
        grantee: grant.grantee.clone(),
        provenance: grant.provenance.clone(),
    };
    let made = Made {
        given_by: open.given_by.account.clone(),
        since: Some(open.given_at),
        events: open.events.to_vec(),
    };
    (source, grant.withhold.clone(), made)
}

fn described_link(link: LinkId, open: &OpenLink) -> (PathSource, Vec<Withheld>, Made) {
    let source = PathSource::Link { link, audience: open.terms.audience };
    let made = Made {
        given_by: open.created_by.account.clone(),
        since: Some(open.created_at),
        events: open.events.to_vec(),
    };
    (source, open.terms.withhold.clone(), made)
}
