//! The access difference of a command: who gains, who loses, and who still has access after it.

use super::{ItemState, Lifecycle};
use crate::{
    access::{
        Path, Subject,
        path::{grant_path, link_path, paths, visibility_path},
        permissions,
        rule::gives,
    },
    event::{Audience, Visibility},
    principal::{Grantee, Principal},
    role::Permissions,
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
    /// What every account may do more that nothing names: whoever is signed in.
    pub others_gain: Permissions,
    /// What such an account may do less.
    pub others_lose: Permissions,
    /// Is everybody named? Not when accounts that nothing names gain or lose too.
    pub complete: bool,
}

/// Compares two states at an instant: owner, accounts and groups with grants, links, anonymous.
/// What a grant that starts later will give is not counted.
pub fn access_diff(before: &ItemState, after: &ItemState, at: Time) -> AccessDiff {
    let everybody: BTreeSet<Principal> = named(before).chain(named(after)).collect();
    let (was, is) = (of_others(before), of_others(after));
    let mut effect = AccessDiff {
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
            effect.gains.push(AccessChange { principal, permissions: gained });
        }
        if !lost.is_empty() {
            effect.loses.push(AccessChange { principal, permissions: lost });
        }
    }
    effect
}

/// What an account may do that nothing names: what the visibility gives to whoever is signed in.
fn of_others(item: &ItemState) -> Permissions {
    match item.visibility {
        Visibility::Internal | Visibility::Public if item.lifecycle == Lifecycle::Open => {
            visibility_path(item).permissions
        }
        Visibility::Restricted | Visibility::Internal | Visibility::Public => Permissions::NONE,
    }
}

fn named(item: &ItemState) -> impl Iterator<Item = Principal> {
    let owner = item.owner.iter().cloned().map(Principal::Account);
    let grants = item.grants.values().map(|open| open.grant.grantee.principal());
    let links = item.links.keys().copied().map(Principal::Link);
    owner.chain(grants).chain(links).chain([Principal::Anonymous])
}

/// What a principal may do by itself: a group by its grants, a link by its terms.
pub fn permissions_of(principal: &Principal, item: &ItemState, at: Time) -> Permissions {
    let all = |paths: Vec<Path>| {
        let sets = paths.into_iter().map(|path| path.permissions);
        sets.fold(Permissions::NONE, Permissions::union)
    };
    match principal {
        Principal::Account(account) => permissions(&Subject::account(account.clone()), item, at),
        Principal::Anonymous => permissions(&Subject::anonymous(), item, at),
        Principal::Group(_) | Principal::Link(_) => {
            let open = remaining_paths(item, principal, at).into_iter();
            all(open.filter(|path| path.window.holds(at)).collect())
        }
    }
}

/// Every path that gives a principal something now or will later, links included that it may hold:
/// what remains to be ended after an unshare, an unpublish or a narrowing.
pub fn remaining_paths(item: &ItemState, principal: &Principal, now: Time) -> Vec<Path> {
    if item.lifecycle != Lifecycle::Open {
        return match principal {
            Principal::Account(account) => paths(&Subject::account(account.clone()), item, now),
            Principal::Group(_) | Principal::Link(_) | Principal::Anonymous => Vec::new(),
        };
    }
    match principal {
        Principal::Account(account) => {
            let subject = Subject::account(account.clone());
            let me = Grantee::Account(account.clone());
            let later = grants_to(item, &me, now).filter(|path| !path.window.holds(now));
            let mut open = paths(&subject, item, now);
            open.extend(later);
            open.extend(links(item, &subject, now));
            open
        }
        Principal::Group(group) => grants_to(item, &Grantee::Group(group.clone()), now).collect(),
        Principal::Link(id) => {
            let link = item.links.get(id).filter(|link| !link.terms.window().ended(now));
            let giving = link.filter(|link| link.terms.audience != Audience::Named);
            giving.map(|link| link_path(*id, link)).into_iter().collect()
        }
        Principal::Anonymous => {
            let public = item.visibility == Visibility::Public;
            let mut open: Vec<_> = public.then(|| visibility_path(item)).into_iter().collect();
            open.extend(links(item, &Subject::anonymous(), now));
            open
        }
    }
}

/// The same for anybody but the owner: the visibility, every link and every grant that has not
/// ended.
pub fn remaining_paths_of_all(item: &ItemState, now: Time) -> Vec<Path> {
    if item.lifecycle != Lifecycle::Open {
        return Vec::new();
    }
    let seen = (item.visibility != Visibility::Restricted).then(|| visibility_path(item));
    let links = item.links.iter().filter(|(_, link)| !link.terms.window().ended(now));
    let grants = item.grants.values().filter(|open| !open.grant.window().ended(now));
    let links = links.map(|(id, link)| link_path(*id, link));
    seen.into_iter().chain(links).chain(grants.map(grant_path)).collect()
}

fn grants_to(item: &ItemState, grantee: &Grantee, now: Time) -> impl Iterator<Item = Path> {
    let grants = item.grants.values().filter(move |open| open.grant.grantee == *grantee);
    grants.filter(move |open| !open.grant.window().ended(now)).map(grant_path)
}

fn links(item: &ItemState, subject: &Subject, now: Time) -> impl Iterator<Item = Path> {
    let open = item.links.iter().filter(move |(_, link)| !link.terms.window().ended(now));
    let usable = open.filter(|(_, link)| gives(link.terms.audience, subject.account.is_some()));
    usable.map(|(id, link)| link_path(*id, link))
}
