//! A queue of the earliest ends of open grants and links, as the log reports them.

use super::MAX_QUEUED;
use crate::KnownEnds;
use domain::{event::ItemEvent, id::ItemRef, item::ItemState, time::Time};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// The earliest ends of open grants and links.
#[derive(Debug, Default)]
pub(super) struct ExpiryQueue {
    by_time: BTreeSet<(Time, Uuid)>,
    by_id: HashMap<Uuid, (Time, ItemRef)>,
    /// Ends from here on were left out for lack of room; when the first of them comes the log is
    /// read again.
    pub(super) left_out: Option<Time>,
}

impl ExpiryQueue {
    pub(super) fn forget(&mut self, id: Uuid) {
        if let Some((time, _)) = self.by_id.remove(&id) {
            self.by_time.remove(&(time, id));
        }
    }

    fn set(&mut self, id: Uuid, ends_at: Option<Time>, item: &ItemRef, most: usize) {
        self.forget(id);
        let Some(time) = ends_at else { return };
        self.by_time.insert((time, id));
        self.by_id.insert(id, (time, item.clone()));
        if self.by_time.len() > most
            && let Some((time, id)) = self.by_time.pop_last()
        {
            self.by_id.remove(&id);
            self.left_out = Some(self.left_out.map_or(time, |before| before.min(time)));
        }
    }

    /// Keeps what is known of items that are not left out.
    pub(super) fn begin(&mut self, known: KnownEnds, without: impl Fn(&ItemRef) -> bool) {
        *self = Self { left_out: known.left_out, ..Self::default() };
        for (time, id, item) in known.earliest {
            if !without(&item) {
                self.set(id, Some(time), &item, MAX_QUEUED);
            }
        }
    }

    /// What has ended by now, the earliest first, and on which item; it is still kept.
    pub(super) fn due(&self, now: Time) -> impl Iterator<Item = (Uuid, &ItemRef)> {
        let ended = self.by_time.iter().take_while(move |(time, _)| *time <= now);
        ended.filter_map(|(_, id)| Some((*id, &self.by_id.get(id)?.1)))
    }

    /// Takes an item's ends from its state; answers those that have passed.
    pub(super) fn learn_state(
        &mut self,
        item: &ItemRef,
        state: &ItemState,
        now: Time,
    ) -> Vec<Uuid> {
        let grants = state.grants.iter().map(|(id, open)| (id.0, open.grant.ends_at));
        let links = state.links.iter().map(|(id, open)| (id.0, open.terms.ends_at));
        let mut passed = Vec::new();
        for (id, ends_at) in grants.chain(links) {
            self.set(id, ends_at, item, MAX_QUEUED);
            passed.extend(ends_at.filter(|end| *end <= now).map(|_| id));
        }
        passed
    }

    /// Answers whether only the item's state shows what ends.
    pub(super) fn learn(&mut self, item: &ItemRef, event: &ItemEvent) -> bool {
        match event {
            ItemEvent::GrantGiven(given) => {
                self.set(given.grant.grant.0, given.grant.ends_at, item, MAX_QUEUED);
            }
            ItemEvent::GrantChanged(changed) => {
                self.set(changed.grant.0, changed.after.ends_at, item, MAX_QUEUED);
            }
            ItemEvent::GrantEnded(ended) => self.forget(ended.grant.0),
            ItemEvent::LinkCreated(created) => {
                self.set(created.link.0, created.terms.ends_at, item, MAX_QUEUED);
            }
            ItemEvent::LinkChanged(changed) => {
                self.set(changed.link.0, changed.after.ends_at, item, MAX_QUEUED);
            }
            ItemEvent::LinkRevoked(revoked) => self.forget(revoked.link.0),
            ItemEvent::LinkExpired(expired) => self.forget(expired.link.0),
            ItemEvent::Reopened(_) => return true,
            ItemEvent::Registered(_)
            | ItemEvent::Described(_)
            | ItemEvent::VisibilityChanged(_)
            | ItemEvent::Closed(_)
            | ItemEvent::Retired(_)
            | ItemEvent::Restored(_)
            | ItemEvent::LinkPasswordSet(_)
            | ItemEvent::LinkPasswordCleared(_)
            | ItemEvent::LinkRotated(_)
            | ItemEvent::Published(_)
            | ItemEvent::PublicationUpdated(_)
            | ItemEvent::PublicationWithdrawn(_) => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> ItemRef {
        "history:1".parse().unwrap()
    }

    #[test]
    fn the_earliest_ends_stay_and_the_first_left_out_is_remembered() {
        let mut ends = ExpiryQueue::default();
        for n in [5u8, 3, 9, 1, 7] {
            let time = Time::default().plus_seconds(i64::from(n));
            ends.set(Uuid::from_bytes([n; 16]), Some(time), &item(), 3);
        }
        let due = ends.due(Time::default().plus_seconds(100));
        let kept: Vec<u8> = due.map(|(id, _)| id.as_bytes()[0]).collect();
        assert_eq!(kept, [1, 3, 5]);
        assert_eq!(ends.left_out, Some(Time::default().plus_seconds(7)));
    }

    #[test]
    fn an_end_that_was_taken_away_is_not_due() {
        let mut ends = ExpiryQueue::default();
        let id = Uuid::from_bytes([1; 16]);
        ends.set(id, Some(Time::default()), &item(), 3);
        ends.set(id, None, &item(), 3);
        assert_eq!(ends.due(Time::default().plus_seconds(100)).next(), None);
    }
}
