//! Preconditions of every command: the permission of the caller, and the version it expects.

use super::ItemDecider;
use crate::{
    access::required,
    aggregate::Condition,
    event::EventType,
    id::AccountId,
    item::{OpenGrant, OpenLink},
    lifecycle::Lifecycle,
    position::Position,
    rejection::{Entity, Reason, Rejection},
    role::{Permission, Permissions, Role, Withheld, effective},
};

impl ItemDecider<'_> {
    /// What the caller may do with the item.
    pub(super) fn rights(&self) -> Permissions {
        if self.context.subject.unrestricted { Permissions::ALL } else { self.context.rights }
    }

    /// Is the caller the item's owner, or one who may do everything?
    pub(super) fn is_owner(&self) -> bool {
        let caller = self.context.subject;
        caller.unrestricted
            || (caller.account_id().is_some() && caller.account_id() == self.state.owner.as_ref())
    }

    /// Is it the caller's own account?
    pub(super) fn is_me(&self, account: &AccountId) -> bool {
        self.context.subject.account_id() == Some(account)
    }

    /// The caller may know the item, and it is not retired.
    pub(super) fn require_visible(&self) -> Result<(), Rejection> {
        let hidden = Err(Rejection::NotFound(Entity::Item));
        match self.state.lifecycle {
            Lifecycle::Retired if self.is_owner() => Err(Rejection::ItemRetired),
            Lifecycle::Open if self.rights().has(Permission::Browse) => Ok(()),
            Lifecycle::Closed if self.is_owner() => Ok(()),
            Lifecycle::Unknown | Lifecycle::Open | Lifecycle::Closed | Lifecycle::Retired => hidden,
        }
    }

    /// The caller has what the table asks for an event.
    pub(super) fn require_permission_for(&self, event: EventType) -> Result<(), Rejection> {
        self.require_permission(required(event))
    }

    pub(super) fn require_permission(&self, needed: Permission) -> Result<(), Rejection> {
        if self.rights().has(needed) {
            Ok(())
        } else {
            Err(Rejection::NotPermitted { needed: needed.name() })
        }
    }

    /// Known, permitted.
    pub(super) fn require(&self, event: EventType) -> Result<(), Rejection> {
        self.require_visible()?;
        self.require_permission_for(event)
    }

    /// Known, permitted, and not closed: for what lets somebody in.
    pub(super) fn require_open(&self, event: EventType) -> Result<(), Rejection> {
        self.require(event)?;
        self.require_not_closed()
    }

    pub(super) fn require_not_closed(&self) -> Result<(), Rejection> {
        if self.state.lifecycle == Lifecycle::Closed { Err(Rejection::ItemClosed) } else { Ok(()) }
    }

    /// The condition against the version of an entity that is there.
    pub(super) fn require_version(
        &self,
        entity: Entity,
        current: Position,
    ) -> Result<(), Rejection> {
        match self.context.condition {
            Condition::Version(asked) if asked != current => {
                Err(Rejection::PreconditionFailed { entity, current })
            }
            Condition::Absent => Err(Rejection::AlreadyExists),
            Condition::None | Condition::Exists | Condition::Version(_) => Ok(()),
        }
    }

    /// The condition where there is no such entity yet.
    pub(super) fn require_absent(&self, entity: Entity) -> Result<(), Rejection> {
        match self.context.condition {
            Condition::Version(_) | Condition::Exists => {
                Err(Rejection::PreconditionFailed { entity, current: Position::START })
            }
            Condition::None | Condition::Absent => Ok(()),
        }
    }

    /// Refuses to give, change or take what is above the own set of permissions.
    pub(super) fn require_not_above_own(
        &self,
        role: Role,
        withhold: &[Withheld],
    ) -> Result<(), Rejection> {
        if self.is_owner() || self.rights().covers(effective(role, withhold)) {
            return Ok(());
        }
        let detail = format!("the role {role} permits more than the caller may do with this item");
        Err(rule(Reason::AboveOwnRole, detail))
    }

    /// A grant that has not passed its end.
    pub(super) fn live(&self, open: &OpenGrant) -> bool {
        !open.grant.window().ended(self.context.now)
    }

    /// A link that has not passed its end.
    pub(super) fn live_link(&self, open: &OpenLink) -> bool {
        !open.terms.window().ended(self.context.now)
    }
}

/// A rejection by a rule of sharing.
pub(super) fn rule(reason: Reason, detail: impl Into<String>) -> Rejection {
    Rejection::Rule { reason, detail: detail.into() }
}
