//! Decides closing, reopening, retiring, restoring, and the visibility of an item.

use super::ItemDecider;
use crate::{
    aggregate::Decision,
    event::{
        CatalogAudience, Ended, EventType, ItemClosed, ItemEvent, ItemReopened, ItemRestored,
        ItemRetired, PublicationWithdrawn, Restore, Visibility, VisibilityChanged, WithdrawCause,
    },
    item::{Closed, OpenGrant, OpenLink},
    lifecycle::Lifecycle,
    rejection::{Entity, Rejection},
    role::Permission,
};

impl ItemDecider<'_> {
    pub(super) fn set_visibility(
        &self,
        visibility: Visibility,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        self.require(EventType::VisibilityChanged)?;
        if visibility > self.state.visibility {
            self.require_not_closed()?;
        }
        self.require_version(Entity::Item, self.state.version)?;
        Ok(self.visibility_events(visibility).into())
    }

    /// The visibility, and the catalog entry that it is too narrow for.
    pub(super) fn visibility_events(&self, after: Visibility) -> Vec<ItemEvent> {
        let before = self.state.visibility;
        if before == after {
            return Vec::new();
        }
        let mut events = vec![ItemEvent::VisibilityChanged(VisibilityChanged { before, after })];
        let publication = self.state.publication.as_ref();
        let audience = publication.map(|open| open.publication.audience);
        if let Some(audience) = audience.filter(|audience| needed(*audience) > after) {
            let cause = WithdrawCause::Restricted;
            let withdrawn = PublicationWithdrawn { cause, audience };
            events.push(ItemEvent::PublicationWithdrawn(withdrawn));
        }
        events
    }

    pub(super) fn close(&self) -> Result<Decision<ItemEvent>, Rejection> {
        self.require(EventType::ItemClosed)?;
        self.require_version(Entity::Item, self.state.version)?;
        if self.state.lifecycle == Lifecycle::Closed {
            return Ok(Decision::default());
        }
        let closed = ItemClosed { ended: self.open_now(), visibility: self.state.visibility };
        Ok(ItemEvent::Closed(closed).into())
    }

    pub(super) fn reopen(&self, restore: Restore) -> Result<Decision<ItemEvent>, Rejection> {
        self.require(EventType::ItemReopened)?;
        self.require_version(Entity::Item, self.state.version)?;
        let Some(closed) = self.state.closed.as_deref() else {
            return Ok(Decision::default());
        };
        let (restored, visibility) = match restore {
            Restore::Nothing => (Ended::default(), Visibility::Restricted),
            Restore::All => (self.restorable(closed), closed.visibility),
        };
        let reopened = ItemReopened { restore, closed_at: closed.at, restored, visibility };
        Ok(ItemEvent::Reopened(reopened).into())
    }

    pub(super) fn retire(&self) -> Result<Decision<ItemEvent>, Rejection> {
        if self.state.lifecycle == Lifecycle::Retired && self.is_owner() {
            return Ok(Decision::default());
        }
        self.require(EventType::ItemRetired)?;
        self.require_version(Entity::Item, self.state.version)?;
        let retired = ItemRetired { ended: self.open_now(), visibility: self.state.visibility };
        Ok(ItemEvent::Retired(retired).into())
    }

    /// A retired item gives nobody a right, so that its owner is checked, not the rights.
    pub(super) fn restore(&self) -> Result<Decision<ItemEvent>, Rejection> {
        match self.state.retired_at {
            Some(_) if !self.is_owner() => Err(Rejection::NotFound(Entity::Item)),
            Some(retired_at) => {
                self.require_version(Entity::Item, self.state.version)?;
                Ok(ItemEvent::Restored(ItemRestored { retired_at }).into())
            }
            None => {
                self.require_visible()?;
                self.require_permission(Permission::Own)?;
                Ok(Decision::default())
            }
        }
    }

    fn open_now(&self) -> Ended {
        Ended {
            grants: self.count_grants(self.state.grants.values()),
            links: self.count_links(self.state.links.values()),
            publications: u32::from(self.state.publication.is_some()),
        }
    }

    fn restorable(&self, closed: &Closed) -> Ended {
        Ended {
            grants: self.count_grants(closed.grants.values()),
            links: self.count_links(closed.links.values()),
            publications: u32::from(closed.publication.is_some()),
        }
    }

    fn count_grants<'g>(&self, grants: impl Iterator<Item = &'g OpenGrant>) -> u32 {
        count(grants.filter(|open| self.live(open)).count())
    }

    fn count_links<'g>(&self, links: impl Iterator<Item = &'g OpenLink>) -> u32 {
        count(links.filter(|open| self.live_link(open)).count())
    }
}

/// A number of things; there are never more than a `u32` holds.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The least visibility that goes with an audience of the catalog.
pub(super) const fn needed(audience: CatalogAudience) -> Visibility {
    match audience {
        CatalogAudience::Groups => Visibility::Restricted,
        CatalogAudience::Internal => Visibility::Internal,
        CatalogAudience::Anyone => Visibility::Public,
    }
}
