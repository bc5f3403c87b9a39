//! What the access rule asks of an item's facts.
//!
//! The folded state of an item, the access index and rows read by SQL know the facts in different
//! shapes; all implement [`AccessFacts`], so that there is one rule and nothing is copied to ask
//! it.

use super::{
    path::{AccessPath, PathKind},
    subject::Visit,
};
use crate::{
    event::{Audience, Visibility},
    id::LinkId,
    lifecycle::Lifecycle,
    principal::Principal,
    role::{Permissions, Role},
    time::Window,
};
use std::fmt::Debug;

/// What a grant or link gives, and when.
pub trait GrantView: Copy + Debug {
    /// The role.
    fn role(self) -> Role;
    /// What the role permits, less what is withheld.
    fn permissions(self) -> Permissions;
    /// From when until when.
    fn window(self) -> Window;
    /// Is it for a group? Links are not.
    fn is_for_group(self) -> bool;
}

/// A path in full gives what it says.
impl GrantView for &AccessPath {
    fn role(self) -> Role {
        self.role
    }
    fn permissions(self) -> Permissions {
        self.permissions
    }
    fn window(self) -> Window {
        self.window
    }
    fn is_for_group(self) -> bool {
        self.kind() == PathKind::Group
    }
}

/// A link as a visit of it is judged.
pub trait LinkView: GrantView {
    /// Who may open it.
    fn audience(self) -> Audience;
    /// Was the visit made of its current generation and password?
    fn accepts(self, visit: &Visit) -> bool;
}

/// What must be known of an item to say who may do what with it.
pub trait AccessFacts: Copy + Debug {
    /// A subject, as these facts know people.
    type Subject: ?Sized;
    /// An open grant.
    type Grant: GrantView;
    /// A library share of the item's owner.
    type LibraryShare: Copy + Debug;
    /// An open link.
    type Link: LinkView;

    /// May the subject do everything, whatever the facts are?
    fn is_unrestricted(subject: &Self::Subject) -> bool;
    /// Is the subject signed in, with an account that is active?
    fn is_signed_in(self, subject: &Self::Subject) -> bool;
    /// Is the subject an account that is deactivated or erased?
    fn is_inactive(self, subject: &Self::Subject) -> bool;
    /// The subject's visits of links.
    fn visits(subject: &Self::Subject) -> &[Visit];
    /// The link whose visitor the subject is.
    fn opened_link(subject: &Self::Subject) -> Option<LinkId>;
    /// Where in its life the item is.
    fn lifecycle(self) -> Lifecycle;
    /// Who sees it without a grant.
    fn visibility(self) -> Visibility;
    /// Does it belong to the subject?
    fn is_owned_by(self, subject: &Self::Subject) -> bool;
    /// Visits its open grants to the subject and to groups of it, whatever their windows.
    fn grants_to(self, subject: &Self::Subject, visit: impl FnMut(Self::Grant));
    /// The owner's library share with the subject, if the item belongs to the library.
    fn library_share_with(self, subject: &Self::Subject) -> Option<Self::LibraryShare>;
    /// An open link.
    fn link(self, id: LinkId) -> Option<Self::Link>;
    /// Visits the containers it is part of whose kinds let access follow.
    fn containers(self, visit: impl FnMut(Self));
    /// Is it the same item?
    fn is_same(self, other: Self) -> bool;
    /// A path over these facts in full, for answers; `None` = a name that it needs is not known.
    fn describe(path: &PathView<Self>) -> Option<AccessPath>;
}

/// What a path runs over, as the facts know it.
#[derive(Debug, Clone, Copy)]
pub enum SourceView<F: AccessFacts> {
    /// Owning the item.
    Owner,
    /// A grant to the account or to a group of it.
    Grant(F::Grant),
    /// The library of the owner.
    Library(F::LibraryShare),
    /// The visibility of the item.
    Visibility(Visibility),
    /// An opened link.
    Link(LinkId, F::Link),
}

/// One path to an item, as the facts know it, whether or not it holds now.
#[derive(Debug, Clone, Copy)]
pub struct PathView<F: AccessFacts> {
    /// What it runs over.
    pub source: SourceView<F>,
    /// Where that lies: the item itself, or a container of it.
    pub on: F,
    /// Does it lie on a container?
    pub inherited: bool,
    /// The role it gives.
    pub role: Role,
    /// What it permits.
    pub permissions: Permissions,
    /// When it holds.
    pub window: Window,
}

impl<F: AccessFacts> PathView<F> {
    /// The path over an open link, whoever visits it.
    pub fn link(on: F, id: LinkId, link: F::Link) -> Self {
        Self {
            source: SourceView::Link(id, link),
            on,
            inherited: false,
            role: link.role(),
            permissions: link.permissions(),
            window: link.window(),
        }
    }

    /// The path over a grant that lies on the item itself.
    pub fn grant(on: F, grant: F::Grant) -> Self {
        Self {
            source: SourceView::Grant(grant),
            on,
            inherited: false,
            role: grant.role(),
            permissions: grant.permissions(),
            window: grant.window(),
        }
    }

    /// The path over the visibility of the item.
    pub fn visibility(on: F) -> Self {
        let role = Role::Viewer;
        Self {
            source: SourceView::Visibility(on.visibility()),
            on,
            inherited: false,
            role,
            permissions: role.permissions(),
            window: Window::default(),
        }
    }

    /// Of what kind it is.
    #[inline]
    pub fn kind(&self) -> PathKind {
        if self.inherited {
            return PathKind::Container;
        }
        match self.source {
            SourceView::Owner => PathKind::Owner,
            SourceView::Grant(grant) if grant.is_for_group() => PathKind::Group,
            SourceView::Grant(_) => PathKind::Grant,
            SourceView::Library(_) => PathKind::Library,
            SourceView::Visibility(_) => PathKind::Visibility,
            SourceView::Link(..) => PathKind::Link,
        }
    }

    /// Is it a path of the principal itself, which access lists name: owning and its own grants,
    /// the link's own terms, and for anonymous visitors the visibility?
    pub fn is_own(&self, principal: &Principal) -> bool {
        let source = &self.source;
        !self.inherited
            && match principal {
                Principal::Account(_) | Principal::Group(_) => {
                    matches!(source, SourceView::Owner | SourceView::Grant(_))
                }
                Principal::Link(_) => matches!(source, SourceView::Link(..)),
                Principal::Anonymous => matches!(source, SourceView::Visibility(_)),
            }
    }
}
