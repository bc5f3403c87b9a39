//! The access rule: by which paths a subject reaches an item, over whatever knows the facts.

use super::{
    facts::{AccessFacts, GrantView as _, LinkView as _, PathView, SourceView},
    subject::Visit,
};
use crate::{
    event::{Audience, Visibility},
    lifecycle::Lifecycle,
    role::{Permission, Permissions, Role, Withheld, effective},
    time::Window,
};

/// The most containers above a part, one above the other, that pass on access.
pub const MAX_CONTAINER_DEPTH: usize = 8;

/// What a library share permits: a viewer's rights, less the copy.
pub const LIBRARY_TERMS: (Role, &[Withheld]) = (Role::Viewer, &[Withheld::Copy]);

/// Visits every path from a subject to an item, holding now or at another time: owner, grants, the
/// owner's library, the same through containers, visibility, visited links.
///
/// A closed item leaves its owner only, a retired one nobody. Owning does not flow: a container's
/// owner has at the parts what a manager has.
#[inline]
pub fn paths<F: AccessFacts>(item: F, subject: &F::Subject, mut visit: impl FnMut(PathView<F>)) {
    let signed_in = item.is_signed_in(subject) || visits_as_signed_in(item, subject);
    direct_paths(item, item, subject, signed_in, &mut visit);
    if item.lifecycle() != Lifecycle::Open {
        return;
    }
    for_each_container(item, |container| {
        direct_paths(item, container, subject, signed_in, &mut visit);
    });
    if visibility_gives(item.visibility(), signed_in) {
        visit(PathView::visibility(item));
    }
    if let Some(id) = F::opened_link(subject)
        && let Some(link) = item.link(id).filter(|link| link_gives(link.audience(), signed_in))
    {
        visit(PathView::link(item, id, link));
    }
    visited_links(item, subject, signed_in, &mut visit);
}

/// The visitor of a link for signed-in people is signed in.
#[inline]
fn visits_as_signed_in<F: AccessFacts>(item: F, subject: &F::Subject) -> bool {
    let link = F::opened_link(subject).and_then(|id| item.link(id));
    link.is_some_and(|link| link.audience() == Audience::Internal)
}

/// The paths that lie on an item, as seen from it or from one of its parts.
#[inline]
fn direct_paths<F: AccessFacts>(
    item: F,
    on: F,
    subject: &F::Subject,
    signed_in: bool,
    visit: &mut impl FnMut(PathView<F>),
) {
    let inherited = !item.is_same(on);
    let mut found = |source, role: Role, permissions: Permissions, window| {
        let (role, permissions) = if inherited {
            (role.min(Role::Manager), permissions.minus(Permissions::of(&[Permission::Own])))
        } else {
            (role, permissions)
        };
        visit(PathView { source, on, inherited, role, permissions, window });
    };
    let lifecycle = on.lifecycle();
    let alive = matches!(lifecycle, Lifecycle::Open | Lifecycle::Closed);
    if alive && on.is_owned_by(subject) {
        found(SourceView::Owner, Role::Owner, Role::Owner.permissions(), Window::default());
    }
    if lifecycle != Lifecycle::Open || !signed_in {
        return;
    }
    on.grants_to(subject, |grant| {
        found(SourceView::Grant(grant), grant.role(), grant.permissions(), grant.window());
    });
    if let Some(share) = on.library_share_with(subject) {
        let (role, withheld) = LIBRARY_TERMS;
        let permissions = effective(role, withheld);
        found(SourceView::Library(share), role, permissions, Window::default());
    }
}

/// Every container above an item once, nearest first.
fn for_each_container<F: AccessFacts>(item: F, mut visit: impl FnMut(F)) {
    // Allocates for parts of containers only.
    let mut known: Vec<F> = Vec::new();
    let add = |known: &mut Vec<F>, container: F| {
        if !container.is_same(item) && !known.iter().any(|other| other.is_same(container)) {
            known.push(container);
        }
    };
    item.containers(|container| add(&mut known, container));
    let mut from = 0;
    for _ in 1..MAX_CONTAINER_DEPTH {
        let upto = known.len();
        for place in from..upto {
            let Some(container) = known.get(place).copied() else { continue };
            container.containers(|next| add(&mut known, next));
        }
        from = upto;
    }
    known.into_iter().for_each(&mut visit);
}

/// Each visited link once, until its last visit ends.
#[inline]
fn visited_links<F: AccessFacts>(
    item: F,
    subject: &F::Subject,
    signed_in: bool,
    visit: &mut impl FnMut(PathView<F>),
) {
    let visits = F::visits(subject);
    let accepted = |visit: &Visit| {
        let link = item.link(visit.link)?;
        let gives = link.accepts(visit) && link_gives(link.audience(), signed_in);
        gives.then_some(link)
    };
    for (place, one) in visits.iter().enumerate() {
        let Some(link) = accepted(one) else { continue };
        let same = |other: &&Visit| other.link == one.link && accepted(other).is_some();
        if visits.iter().take(place).any(|other| same(&other)) {
            continue;
        }
        let last = visits.iter().filter(same).map(|visit| visit.ends_at).max();
        let path = PathView::link(item, one.link, link);
        let ends_at = path.window.ends_at.into_iter().chain(last).min();
        visit(PathView { window: Window { ends_at, ..path.window }, ..path });
    }
}

/// Does a visibility let a subject in who is signed in or not?
#[inline]
pub const fn visibility_gives(visibility: Visibility, signed_in: bool) -> bool {
    match visibility {
        Visibility::Restricted => false,
        Visibility::Internal => signed_in,
        Visibility::Public => true,
    }
}

/// Does a link of this audience give rights? An existing-access link gives none: it leads those
/// there who have access anyway.
#[inline]
pub const fn link_gives(audience: Audience, signed_in: bool) -> bool {
    match audience {
        Audience::Named => false,
        Audience::Internal => signed_in,
        Audience::Anyone => true,
    }
}
