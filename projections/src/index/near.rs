//! Finds the nearest reason for a denial.

use super::{answer::DenialReason, facts::ItemView};
use domain::{
    access::rule::PathView,
    role::{Permission, Role},
    time::Time,
};

/// The nearest reason so far.
#[derive(Debug, Default)]
pub(super) struct Near {
    starts_at: Option<Time>,
    ends_at: Option<Time>,
    withheld: Option<Role>,
    role: Option<Role>,
}

impl Near {
    pub(super) fn consider(
        &mut self,
        way: &PathView<ItemView<'_>>,
        permission: Permission,
        at: Time,
    ) {
        let window = way.window;
        if window.holds(at) {
            if way.role.permissions().has(permission) {
                self.withheld = self.withheld.max(Some(way.role));
            }
            self.role = self.role.max(Some(way.role));
        } else if way.permissions.has(permission) {
            if window.ended(at) {
                self.ends_at = self.ends_at.max(window.ends_at);
            } else {
                self.starts_at = self.starts_at.into_iter().chain(window.starts_at).min();
            }
        }
    }

    pub(super) fn told(self) -> DenialReason {
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
