//! A queue of items that must be read before their ends are known, each with its next time.

use domain::{id::ItemRef, time::Time};
use std::collections::HashMap;

/// The first pause after something went wrong, and the longest, in seconds.
const MIN_PAUSE_SECONDS: i64 = 1;
const MAX_PAUSE_SECONDS: i64 = 300;

/// Items whose state is to be read: reopened ones at once, those with which something went wrong
/// after a pause that doubles.
#[derive(Debug, Default)]
pub(super) struct RetryQueue(HashMap<ItemRef, Retry>);

#[derive(Debug)]
struct Retry {
    at: Time,
    /// The last pause, in seconds.
    pause: i64,
}

impl RetryQueue {
    pub(super) fn add(&mut self, item: &ItemRef, now: Time) {
        self.0.entry(item.clone()).or_insert(Retry { at: now, pause: 0 });
    }

    pub(super) fn put_off(&mut self, item: &ItemRef, now: Time) {
        let turn = self.0.entry(item.clone()).or_insert(Retry { at: now, pause: 0 });
        turn.pause = turn.pause.saturating_mul(2).clamp(MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS);
        turn.at = now.plus_seconds(turn.pause);
    }

    pub(super) fn remove(&mut self, item: &ItemRef) {
        self.0.remove(item);
    }

    pub(super) fn holds(&self, item: &ItemRef) -> bool {
        self.0.contains_key(item)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those whose turn it is.
    pub(super) fn ready(&self, now: Time) -> impl Iterator<Item = &ItemRef> {
        self.0.iter().filter(move |(_, turn)| turn.at <= now).map(|(item, _)| item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_begin_again_after_a_success() {
        let item: ItemRef = "history:1".parse().unwrap();
        let (mut later, mut now) = (RetryQueue::default(), Time::default());
        let mut pauses = Vec::new();
        for _ in 0..11 {
            later.put_off(&item, now);
            let before = now;
            while later.ready(now).next().is_none() {
                now = now.plus_seconds(1);
            }
            pauses.push((now.as_micros() - before.as_micros()) / 1_000_000);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        later.remove(&item);
        later.put_off(&item, now);
        assert_eq!(later.ready(now.plus_seconds(1)).next(), Some(&item));
    }

    #[test]
    fn an_item_that_waits_keeps_its_turn_when_it_is_added_again() {
        let item: ItemRef = "history:1".parse().unwrap();
        let mut later = RetryQueue::default();
        later.put_off(&item, Time::default());
        later.add(&item, Time::default());
        assert_eq!(later.ready(Time::default()).next(), None);
        assert!(later.holds(&item));
    }
}
