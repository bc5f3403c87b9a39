//! Who gains and who loses access between two states of an item, and what access remains.

use super::{ItemState, OpenLink};
use crate::{
    access::{
        AccessFacts as _, AccessPath, GrantView as _, PathView, Subject, describe_paths,
        link_gives, paths, visibility_gives,
    },
    event::Visibility,
    id::LinkId,
    lifecycle::Lifecycle,
    principal::Principal,
    role::{Permissions, Role},
    time::Time,
};
use std::collections::BTreeSet;

/// One principal whose permissions differ between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// Who.
    pub principal: Principal,
    /// What it may do in one state but not in the other.
    pub permissions: Permissions,
}

/// Who gained and who lost what between two states of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessDiff {
    /// Those who may do more.
    pub gains: Vec<AccessChange>,
    /// Those who may do less.
    pub loses: Vec<AccessChange>,
    /// What every other account, which nothing names, may do more.
    pub others_gain: Permissions,
    /// What such an account may do less.
    pub others_lose: Permissions,
    /// Is everybody named? Not when accounts that nothing names gain or lose too.
    pub complete: bool,
}

/// Compares two states at an instant: owner, accounts and groups with grants, links, anonymous.
/// What a grant that starts later will give is not counted.
pub fn access_diff(before: &ItemState, after: &ItemState, at: Time) -> AccessDiff {
    let everybody: BTreeSet<Principal> = principals(before).chain(principals(after)).collect();
    let (was, is) = (of_others(before), of_others(after));
    let mut diff = AccessDiff {
        others_gain: is.minus(was),
        others_lose: was.minus(is),
        complete: is == was,
        ..AccessDiff::default()
    };
    for principal in everybody {
        let was = permissions_of(&principal, before, at);
        let is = permissions_of(&principal, after, at);
        let (gained, lost) = (is.minus(was), was.minus(is));
        if !gained.is_empty() {
            let principal = principal.clone();
            diff.gains.push(AccessChange { principal, permissions: gained });
        }
        if !lost.is_empty() {
            diff.loses.push(AccessChange { principal, permissions: lost });
        }
    }
    diff
}

/// What an account may do that nothing names: what the visibility gives to every account.
fn of_others(item: &ItemState) -> Permissions {
    if item.lifecycle == Lifecycle::Open && visibility_gives(item.visibility, true) {
        Role::Viewer.permissions()
    } else {
        Permissions::NONE
    }
}

/// Everybody whom the item names: the owner, grantees, links; and anonymous visitors.
pub fn principals(item: &ItemState) -> impl Iterator<Item = Principal> {
    let owner = item.owner.iter().cloned().map(Principal::Account);
    let grants = item.grants.values().map(|open| open.grant.grantee.principal());
    let links = item.links.keys().copied().map(Principal::Link);
    owner.chain(grants).chain(links).chain([Principal::Anonymous])
}

/// What a principal may do by itself: a group by its grants, a link by its terms; what the
/// visibility gives counts for accounts and anonymous visitors.
pub fn permissions_of(principal: &Principal, item: &ItemState, at: Time) -> Permissions {
    let mut all = Permissions::NONE;
    paths(item, &Subject::from(principal), |path| {
        if path.window.holds(at) && counts_for(principal, &path) {
            all = all.union(path.permissions);
        }
    });
    all
}

fn counts_for(principal: &Principal, path: &PathView<&ItemState>) -> bool {
    match principal {
        Principal::Account(_) | Principal::Anonymous => true,
        Principal::Group(_) | Principal::Link(_) => path.is_own(principal),
    }
}

/// Every path that gives a principal something now or will later, links included that it may hold:
/// what remains to be ended after an unshare, an unpublish or a narrowing.
pub fn remaining_paths(item: &ItemState, principal: &Principal, now: Time) -> Vec<AccessPath> {
    let subject = Subject::from(principal);
    let lasts =
        |path: &PathView<&ItemState>| !path.window.ended(now) && counts_for(principal, path);
    let mut open = describe_paths(item, &subject, lasts);
    // What holds already comes before what starts later.
    open.sort_by_key(|path| !path.window.holds(now));
    let holds_links = matches!(principal, Principal::Account(_) | Principal::Anonymous);
    if holds_links && item.lifecycle == Lifecycle::Open {
        let links = links(item, now)
            .filter(|(_, link)| link_gives(link.terms.audience, subject.is_signed_in()));
        open.extend(links.filter_map(|(id, link)| described(PathView::link(item, *id, link))));
    }
    open
}

/// The same for everybody but the owner: the visibility, every link and every grant that has not
/// ended.
pub fn remaining_paths_of_all(item: &ItemState, now: Time) -> Vec<AccessPath> {
    if item.lifecycle != Lifecycle::Open {
        return Vec::new();
    }
    let seen = (item.visibility != Visibility::Restricted).then(|| PathView::visibility(item));
    let links = links(item, now).map(|(id, link)| PathView::link(item, *id, link));
    let grants = item.grants.values().filter(|open| !open.window().ended(now));
    let grants = grants.map(|open| PathView::grant(item, open));
    seen.into_iter().chain(links).chain(grants).filter_map(described).collect()
}

fn described(path: PathView<&ItemState>) -> Option<AccessPath> {
    <&ItemState>::describe(&path)
}

fn links(item: &ItemState, now: Time) -> impl Iterator<Item = (&LinkId, &OpenLink)> {
    item.links.iter().filter(move |(_, link)| !link.window().ended(now))
}
