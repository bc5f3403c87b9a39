//! Finds the ends that have passed and are not recorded yet.

use super::{ItemDecider, check::limits, grants::ended};
use crate::{
    aggregate::Decision,
    event::{EndCause, ItemEvent, LinkExpired},
    rejection::Rejection,
    role::Permission,
    time::Time,
};

impl ItemDecider<'_> {
    /// The service itself records them, the earliest first, so many at once.
    pub(super) fn expire(&self) -> Result<Decision<ItemEvent>, Rejection> {
        self.require_visible()?;
        if !self.context.subject.unrestricted {
            return Err(Rejection::NotPermitted { needed: Permission::Own.name() });
        }
        let mut passed: Vec<(Time, ItemEvent)> = Vec::new();
        for open in self.state.grants.values().filter(|open| !self.live(open)) {
            let end = open.grant.ends_at;
            let event = ItemEvent::GrantEnded(ended(&open.grant, EndCause::Expired, end));
            passed.extend(end.map(|end| (end, event)));
        }
        for (link, open) in self.state.links.iter().filter(|(_, open)| !self.live_link(open)) {
            let expired = |effective_at| LinkExpired { link: *link, effective_at };
            let end = open.terms.ends_at;
            passed.extend(end.map(|end| (end, ItemEvent::LinkExpired(expired(end)))));
        }
        passed.sort_by_key(|(end, _)| *end);
        let events: Vec<_> = passed.into_iter().map(|(_, event)| event).collect();
        Ok(events.into_iter().take(limits::MAX_EXPIRED_PER_RECORD).collect::<Vec<_>>().into())
    }
}
