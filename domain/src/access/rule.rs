//! The one rule that finds the paths of a subject to an item, over any source of facts.
//!
//! A command's folded state and the access index know them in different shapes; both answer
//! [`AccessFacts`], so that there is one definition and nothing is copied to ask it.

use super::Visit;
use crate::{
    event::{Audience, Visibility},
    id::LinkId,
    item::Lifecycle,
    role::{Permission, Permissions, Role, Withheld, effective},
    time::{Time, Window},
};
use std::fmt::Debug;

/// Containers above a part that pass on access, at most so many one above the other.
pub const DEPTH: usize = 8;

/// What a library opening permits: a viewer's rights, less the copy.
pub const LIBRARY: (Role, &[Withheld]) = (Role::Viewer, &[Withheld::Copy]);

/// What a grant or link gives, and when.
pub trait GrantView: Copy + Debug {
    /// The role.
    fn role(self) -> Role;
    /// What the role permits, less what is withheld.
    fn permissions(self) -> Permissions;
    /// From when until when.
    fn window(self) -> Window;
}

/// A link as an opening of it is judged.
pub trait LinkView: GrantView {
    /// Who may open it.
    fn audience(self) -> Audience;
    /// Raised by every rotation.
    fn generation(self) -> u32;
    /// Position of the last change of its password.
    fn password_version(self) -> u64;
}

/// What must be known of an item to say who may do what with it.
pub trait AccessFacts: Copy + Debug {
    /// One who asks, as these facts know people.
    type Who: ?Sized;
    /// An open grant.
    type Grant: GrantView;
    /// A library that its owner opened.
    type Opening: Copy + Debug;
    /// An open link.
    type Link: LinkView;

    /// Is somebody signed in, with an account that may have something?
    fn signed_in(who: &Self::Who) -> bool;
    /// Valid openings of links, as presented.
    fn visits(who: &Self::Who) -> &[Visit];
    /// Where in its life the item is.
    fn lifecycle(self) -> Lifecycle;
    /// Who sees it without a grant.
    fn visibility(self) -> Visibility;
    /// Does it belong to who asks?
    fn is_owned_by(self, who: &Self::Who) -> bool;
    /// Its open grants to who asks and to groups of that one, whatever their windows.
    fn grants_to(self, who: &Self::Who, each: impl FnMut(Self::Grant));
    /// The opening, to who asks, of the owner's library, if the item belongs to that.
    fn opening_to(self, who: &Self::Who) -> Option<Self::Opening>;
    /// An open link.
    fn link(self, id: LinkId) -> Option<Self::Link>;
    /// The containers it is part of whose kinds let access follow.
    fn containers(self, each: impl FnMut(Self));
    /// The same item?
    fn is(self, other: Self) -> bool;
}

/// What a way runs over.
#[derive(Debug, Clone, Copy)]
pub enum SourceView<F: AccessFacts> {
    /// It owns the item.
    Owner,
    /// A grant to the account or to a group of it.
    Grant(F::Grant),
    /// The owner's library is open to it.
    Library(F::Opening),
    /// The item is open to any account, or to anyone.
    Visibility(Visibility),
    /// A link was opened.
    Link(LinkId, F::Link),
}

/// One way to an item, whether or not it holds now.
#[derive(Debug, Clone, Copy)]
pub struct PathView<F: AccessFacts> {
    /// What it runs over.
    pub over: SourceView<F>,
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

/// Every path to an item, holding now or at another time: owner, grants, the owner's library, the
/// same through containers, visibility, openings of links. A closed item leaves its owner only, a
/// retired one nobody. Owning does not flow: a container's owner has at the parts what a manager
/// has.
pub fn visit_paths<F: AccessFacts>(item: F, who: &F::Who, mut each: impl FnMut(PathView<F>)) {
    own_ways(item, item, who, &mut each);
    if item.lifecycle() != Lifecycle::Open {
        return;
    }
    above(item, |container| own_ways(item, container, who, &mut each));
    let visibility = item.visibility();
    if opens_to(visibility, F::signed_in(who)) {
        let over = SourceView::Visibility(visibility);
        let (role, window) = (Role::Viewer, Window::default());
        let permissions = role.permissions();
        each(PathView { over, on: item, inherited: false, role, permissions, window });
    }
    visited(item, who, &mut each);
}

/// The ways that lie on an item, as seen from it or from one of its parts.
fn own_ways<F: AccessFacts>(asked: F, on: F, who: &F::Who, each: &mut impl FnMut(PathView<F>)) {
    let inherited = !asked.is(on);
    let mut found = |over, role: Role, permissions: Permissions, window| {
        let (role, permissions) = if inherited {
            (role.min(Role::Manager), permissions.minus(Permissions::of(&[Permission::Own])))
        } else {
            (role, permissions)
        };
        each(PathView { over, on, inherited, role, permissions, window });
    };
    let lifecycle = on.lifecycle();
    let alive = matches!(lifecycle, Lifecycle::Open | Lifecycle::Closed);
    if alive && on.is_owned_by(who) {
        found(SourceView::Owner, Role::Owner, Role::Owner.permissions(), Window::default());
    }
    if lifecycle != Lifecycle::Open || !F::signed_in(who) {
        return;
    }
    on.grants_to(who, |grant| {
        found(SourceView::Grant(grant), grant.role(), grant.permissions(), grant.window());
    });
    if let Some(opening) = on.opening_to(who) {
        let (role, withheld) = LIBRARY;
        found(SourceView::Library(opening), role, effective(role, withheld), Window::default());
    }
}

/// Every container above an item once, nearest first.
fn above<F: AccessFacts>(item: F, mut each: impl FnMut(F)) {
    // Allocates for parts of containers only.
    let mut known: Vec<F> = Vec::new();
    let add = |known: &mut Vec<F>, container: F| {
        if !container.is(item) && !known.iter().any(|other| other.is(container)) {
            known.push(container);
        }
    };
    item.containers(|container| add(&mut known, container));
    let mut from = 0;
    for _ in 1..DEPTH {
        let upto = known.len();
        for place in from..upto {
            let Some(container) = known.get(place).copied() else { continue };
            container.containers(|next| add(&mut known, next));
        }
        from = upto;
    }
    known.into_iter().for_each(&mut each);
}

/// Each link once that was opened, until its last opening ends.
fn visited<F: AccessFacts>(item: F, who: &F::Who, each: &mut impl FnMut(PathView<F>)) {
    let visits = F::visits(who);
    let good = |visit: &Visit| {
        let link = item.link(visit.link)?;
        let fits = visit.generation == link.generation()
            && visit.password_version == link.password_version()
            && gives(link.audience(), F::signed_in(who));
        fits.then_some(link)
    };
    for (place, visit) in visits.iter().enumerate() {
        let Some(link) = good(visit) else { continue };
        let same = |other: &&Visit| other.link == visit.link && good(other).is_some();
        if visits.iter().take(place).any(|other| same(&other)) {
            continue;
        }
        let last = visits.iter().filter(same).map(|visit| visit.ends_at).max();
        let window = link.window();
        let ends_at = window.ends_at.into_iter().chain(last).min();
        each(PathView {
            over: SourceView::Link(visit.link, link),
            on: item,
            inherited: false,
            role: link.role(),
            permissions: link.permissions(),
            window: Window { ends_at, ..window },
        });
    }
}

/// Does a visibility let somebody in who is signed in or not?
pub(crate) fn opens_to(visibility: Visibility, signed_in: bool) -> bool {
    match visibility {
        Visibility::Restricted => false,
        Visibility::Internal => signed_in,
        Visibility::Public => true,
    }
}

/// Does a link of this audience give rights? One for the entitled gives none: it leads there who
/// has access anyway.
pub fn gives(audience: Audience, signed_in: bool) -> bool {
    match audience {
        Audience::Named => false,
        Audience::Internal => signed_in,
        Audience::Anyone => true,
    }
}

/// What kind a way is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum PathKind {
    /// Being the owner.
    Owner,
    /// A grant to the account.
    Grant,
    /// A grant to a group of it.
    Group,
    /// The owner's library.
    Library,
    /// Any of these through a container.
    Container,
    /// The item's visibility.
    Visibility,
    /// An opened link.
    Link,
}

impl PathKind {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Grant,
        Self::Group,
        Self::Library,
        Self::Container,
        Self::Visibility,
        Self::Link,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Grant => "grant",
            Self::Group => "group",
            Self::Library => "library",
            Self::Container => "container",
            Self::Visibility => "visibility",
            Self::Link => "link",
        }
    }
}

/// Kinds of paths, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PathKinds(u8);

impl PathKinds {
    /// With another one.
    #[must_use]
    pub const fn with(self, kind: PathKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }
    /// Is it among them?
    pub const fn has(self, kind: PathKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = PathKind> {
        PathKind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }
}

/// What somebody may do at an instant, and for how long that stands by the clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// The union over the ways that hold.
    pub permissions: Permissions,
    /// First instant at which it could change by the clock alone.
    pub valid_until: Option<Time>,
}

/// Judges; answers each way that holds on the way.
pub fn judge<F: AccessFacts>(
    item: F,
    who: &F::Who,
    at: Time,
    mut holding: impl FnMut(&PathView<F>),
) -> Judged {
    let (mut now, mut unending, mut bounded) = (Permissions::NONE, Permissions::NONE, false);
    visit_paths(item, who, |way| {
        let window = way.window;
        if window.holds(at) {
            now = now.union(way.permissions);
            if window.ends_at.is_none() {
                unending = unending.union(way.permissions);
            }
            bounded |= window.ends_at.is_some();
            holding(&way);
        } else {
            bounded |= !window.ended(at);
        }
    });
    let mut valid_until = None;
    if bounded {
        // What never ends covers what comes and goes below it.
        visit_paths(item, who, |way| {
            let window = way.window;
            let next = if window.holds(at) { window.ends_at } else { window.starts_at };
            let ahead = next.filter(|next| *next > at && !window.ended(at));
            if let (Some(next), false) = (ahead, unending.covers(way.permissions)) {
                valid_until = Some(valid_until.map_or(next, |known: Time| known.min(next)));
            }
        });
    }
    Judged { permissions: now, valid_until }
}
