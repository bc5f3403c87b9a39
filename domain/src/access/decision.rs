//! What a subject may do with an item at an instant, and the nearest reason why not.

use super::{
    facts::{AccessFacts, PathView},
    path::{AccessPath, PathKinds},
    rule::paths,
};
use crate::{
    lifecycle::Lifecycle,
    role::{Permission, Permissions, Role},
    time::Time,
};

/// What a subject may do with an item at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccessDecision {
    /// The union over the paths that hold.
    pub permissions: Permissions,
    /// The kinds of these paths. None for the unrestricted, whose rights come from their role.
    pub paths: PathKinds,
    /// First instant at which the decision could change by the clock alone.
    pub valid_until: Option<Time>,
}

/// Decides what a subject may do with an item at an instant: the union over all paths, each inside
/// its window and less what it withholds.
#[inline]
pub fn decide<F: AccessFacts>(item: F, subject: &F::Subject, at: Time) -> AccessDecision {
    if F::is_unrestricted(subject) {
        return unrestricted(item);
    }
    let mut kinds = PathKinds::default();
    let (mut now, mut unending, mut bounded) = (Permissions::NONE, Permissions::NONE, false);
    paths(item, subject, |path| {
        let window = path.window;
        if window.holds(at) {
            now = now.union(path.permissions);
            if window.ends_at.is_none() {
                unending = unending.union(path.permissions);
            }
            bounded |= window.ends_at.is_some();
            kinds = kinds.with(path.kind());
        } else {
            bounded |= !window.ended(at);
        }
    });
    let mut valid_until = None;
    if bounded {
        // What never ends covers what comes and goes below it.
        paths(item, subject, |path| {
            let window = path.window;
            let next = if window.holds(at) { window.ends_at } else { window.starts_at };
            let ahead = next.filter(|next| *next > at && !window.ended(at));
            if let (Some(next), false) = (ahead, unending.covers(path.permissions)) {
                valid_until = Some(valid_until.map_or(next, |known: Time| known.min(next)));
            }
        });
    }
    AccessDecision { permissions: now, paths: kinds, valid_until }
}

/// The unrestricted may do everything with whatever was registered, retired or not.
fn unrestricted<F: AccessFacts>(item: F) -> AccessDecision {
    let known = item.lifecycle() != Lifecycle::Unknown;
    let permissions = if known { Permissions::ALL } else { Permissions::NONE };
    AccessDecision { permissions, ..AccessDecision::default() }
}

/// The permissions of [`decide`].
pub fn permissions<F: AccessFacts>(item: F, subject: &F::Subject, at: Time) -> Permissions {
    if F::is_unrestricted(subject) {
        return unrestricted(item).permissions;
    }
    let mut all = Permissions::NONE;
    paths(item, subject, |path| {
        if path.window.holds(at) {
            all = all.union(path.permissions);
        }
    });
    all
}

/// The kinds of the paths that give a permission at an instant.
pub fn permitting_kinds<F: AccessFacts>(
    item: F,
    subject: &F::Subject,
    permission: Permission,
    at: Time,
) -> PathKinds {
    let mut kinds = PathKinds::default();
    paths(item, subject, |path| {
        if path.window.holds(at) && path.permissions.has(permission) {
            kinds = kinds.with(path.kind());
        }
    });
    kinds
}

/// The paths that fit, in full.
pub fn describe_paths<F: AccessFacts>(
    item: F,
    subject: &F::Subject,
    fits: impl Fn(&PathView<F>) -> bool,
) -> Vec<AccessPath> {
    let mut found = Vec::new();
    paths(item, subject, |path| {
        if fits(&path) {
            found.extend(F::describe(&path));
        }
    });
    found
}

/// The nearest reason why a subject may not do something with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DenialReason {
    /// The item was never registered.
    UnknownItem,
    /// The item is retired: nobody may.
    Retired,
    /// The account is deactivated or erased: it has nothing.
    AccountInactive,
    /// The item is closed: only its owner may.
    Closed,
    /// There is a path, and its start lies ahead.
    NotYet {
        /// First instant.
        starts_at: Time,
    },
    /// There was a path, and its end has passed.
    Ended {
        /// First instant after it.
        ends_at: Time,
    },
    /// There is a path whose role permits it, and it was withheld.
    Withheld {
        /// The role.
        role: Role,
    },
    /// There is a path, and its role does not permit it.
    RoleTooLow {
        /// The strongest role there is.
        role: Role,
    },
    /// There is no path.
    Nothing,
}

/// Why a subject may not do something with an item at an instant; `None` = it may.
pub fn denial_reason<F: AccessFacts>(
    item: F,
    subject: &F::Subject,
    permission: Permission,
    at: Time,
) -> Option<DenialReason> {
    if permissions(item, subject, at).has(permission) {
        return None;
    }
    Some(match item.lifecycle() {
        Lifecycle::Unknown => DenialReason::UnknownItem,
        Lifecycle::Retired => DenialReason::Retired,
        Lifecycle::Open | Lifecycle::Closed if item.is_inactive(subject) => {
            DenialReason::AccountInactive
        }
        Lifecycle::Closed => DenialReason::Closed,
        Lifecycle::Open => {
            let mut nearest = Nearest::default();
            paths(item, subject, |path| nearest.consider(&path, permission, at));
            nearest.reason()
        }
    })
}

/// The nearest reason so far.
#[derive(Debug, Default)]
struct Nearest {
    starts_at: Option<Time>,
    ends_at: Option<Time>,
    withheld: Option<Role>,
    role: Option<Role>,
}

impl Nearest {
    fn consider<F: AccessFacts>(&mut self, path: &PathView<F>, permission: Permission, at: Time) {
        let window = path.window;
        if window.holds(at) {
            if path.role.permissions().has(permission) {
                self.withheld = self.withheld.max(Some(path.role));
            }
            self.role = self.role.max(Some(path.role));
        } else if path.permissions.has(permission) {
            if window.ended(at) {
                self.ends_at = self.ends_at.max(window.ends_at);
            } else {
                self.starts_at = self.starts_at.into_iter().chain(window.starts_at).min();
            }
        }
    }

    fn reason(self) -> DenialReason {
        if let Some(starts_at) = self.starts_at {
            DenialReason::NotYet { starts_at }
        } else if let Some(ends_at) = self.ends_at {
            DenialReason::Ended { ends_at }
        } else if let Some(role) = self.withheld {
            DenialReason::Withheld { role }
        } else if let Some(role) = self.role {
            DenialReason::RoleTooLow { role }
        } else {
            DenialReason::Nothing
        }
    }
}
