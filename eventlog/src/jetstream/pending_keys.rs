//! Keys of the records that this node appended itself, so that the idempotency index need not read
//! them back.

use domain::position::Position;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};

/// More than these wait only when the index cannot be written; it then reads the log instead.
const MAX_PENDING: usize = 100_000;

/// Acknowledged appends that the idempotency index does not hold yet.
#[derive(Debug, Default)]
pub(super) struct PendingKeys(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    /// Indexes that are open; nothing is kept for none.
    indexes: usize,
    positions: BTreeMap<u64, Option<String>>,
    keys: HashMap<String, u64>,
}

impl Pending {
    fn clear(&mut self) {
        self.positions.clear();
        self.keys.clear();
    }
}

impl PendingKeys {
    /// From now on what is acknowledged is kept.
    pub(super) fn keep(&self) {
        self.0.lock().indexes += 1;
    }

    /// An index is closed.
    pub(super) fn stop(&self) {
        let mut waiting = self.0.lock();
        waiting.indexes = waiting.indexes.saturating_sub(1);
        if waiting.indexes == 0 {
            waiting.clear();
        }
    }

    /// An append of ours is stored at a position.
    pub(super) fn acknowledged(&self, position: Position, key: Option<&str>) {
        let mut waiting = self.0.lock();
        if waiting.indexes == 0 {
            return;
        }
        if waiting.positions.len() >= MAX_PENDING {
            waiting.clear();
        }
        if let Some(key) = key {
            waiting.keys.entry(key.to_owned()).or_insert(position.0);
        }
        waiting.positions.insert(position.0, key.map(str::to_owned));
    }

    /// Where a key was used, while the index does not hold it.
    pub(super) fn find(&self, key: &str) -> Option<Position> {
        self.0.lock().keys.get(key).copied().map(Position)
    }

    /// The keys of the unbroken run after a position, and where the run ends.
    pub(super) fn run(&self, after: u64, most: usize) -> (Vec<(String, u64)>, u64) {
        let waiting = self.0.lock();
        let (mut keys, mut last) = (Vec::new(), after);
        for (position, key) in waiting.positions.range(after + 1..).take(most) {
            if *position != last + 1 {
                break;
            }
            last = *position;
            keys.extend(key.clone().map(|key| (key, last)));
        }
        (keys, last)
    }

    /// Everything up to a position is in the index.
    pub(super) fn taken_up(&self, last: u64) {
        let mut waiting = self.0.lock();
        let rest = waiting.positions.split_off(&(last + 1));
        let gone = std::mem::replace(&mut waiting.positions, rest);
        for key in gone.into_values().flatten() {
            waiting.keys.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(appended: &[(u64, Option<&str>)]) -> PendingKeys {
        let pending = PendingKeys::default();
        pending.keep();
        for (position, key) in appended {
            pending.acknowledged(Position(*position), *key);
        }
        pending
    }

    #[test]
    fn a_run_ends_before_the_first_position_of_another_node() {
        let pending = pending(&[(6, None), (5, Some("a")), (8, Some("b"))]);
        assert_eq!(pending.run(4, 100), (vec![("a".to_owned(), 5)], 6));
        assert_eq!(pending.run(3, 100), (Vec::new(), 3));
        assert_eq!(pending.run(4, 1), (vec![("a".to_owned(), 5)], 5));
    }

    #[test]
    fn a_key_is_found_until_it_is_taken_up() {
        let pending = pending(&[(5, Some("a")), (6, Some("b"))]);
        pending.taken_up(5);
        assert_eq!(pending.find("a"), None);
        assert_eq!(pending.find("b"), Some(Position(6)));
        assert_eq!(pending.run(5, 100), (vec![("b".to_owned(), 6)], 6));
    }

    #[test]
    fn nothing_is_kept_without_an_index() {
        let pending = PendingKeys::default();
        pending.acknowledged(Position(5), Some("a"));
        assert_eq!(pending.find("a"), None);
        pending.keep();
        pending.acknowledged(Position(6), Some("b"));
        pending.stop();
        assert_eq!(pending.find("b"), None);
    }
}
