//! The cache of states: one entry per stream, bounded in memory, each behind its own lock.

use super::Aggregate;
use domain::{position::Position, stream::StreamName, time::Time};
use moka::future::Cache;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard};

/// What a slot holds.
#[derive(Debug)]
pub(crate) struct CachedState<S> {
    /// The state; `None` = not loaded.
    pub(crate) state: Option<Arc<S>>,
    /// Everything up to here is in the state for certain.
    pub(crate) confirmed: Position,
    /// When that was found out.
    pub(crate) confirmed_at: Time,
    /// Records added since the fold was saved.
    pub(crate) appended: usize,
}

/// The state of one stream. Its lock is held while a command is under way, so that the commands of
/// one node do not conflict with each other.
#[derive(Debug)]
pub(crate) struct CacheEntry<S> {
    held: Mutex<CachedState<S>>,
    weight: AtomicU32,
    /// How often all states had been forgotten when it was made.
    era: u64,
}

impl<S> CacheEntry<S> {
    pub(crate) async fn lock(&self) -> MutexGuard<'_, CachedState<S>> {
        self.held.lock().await
    }
}

/// The slots of all streams of one aggregate.
pub(crate) struct StateCache<A: Aggregate> {
    cache: Cache<StreamName, Arc<CacheEntry<A::State>>>,
    /// How often all states were forgotten.
    era: AtomicU64,
}

impl<A: Aggregate> fmt::Debug for StateCache<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCache").field("aggregate", &A::NAME).finish_non_exhaustive()
    }
}

/// What an empty slot weighs, in bytes.
const EMPTY: u32 = 512;

impl<A: Aggregate> StateCache<A> {
    /// Bounded by estimated bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, slot: &Arc<CacheEntry<A::State>>| slot.weight.load(Ordering::Relaxed))
            .build();
        Self { cache, era: AtomicU64::new(0) }
    }

    /// The slot of a stream.
    pub(crate) async fn slot(&self, stream: &StreamName) -> Arc<CacheEntry<A::State>> {
        if let Some(slot) = self.cache.get(stream).await {
            return slot;
        }
        let fresh = async {
            Arc::new(CacheEntry {
                held: Mutex::new(CachedState {
                    state: None,
                    confirmed: Position::START,
                    confirmed_at: Time::default(),
                    appended: 0,
                }),
                weight: AtomicU32::new(EMPTY),
                era: self.era.load(Ordering::SeqCst),
            })
        };
        self.cache.get_with_by_ref(stream, fresh).await
    }

    /// Tells the cache when a state has grown or shrunk by half. One that was forgotten meanwhile
    /// does not come back by that.
    pub(crate) async fn weigh(
        &self,
        stream: &StreamName,
        slot: &Arc<CacheEntry<A::State>>,
        weight: u32,
    ) {
        let before = slot.weight.load(Ordering::Relaxed);
        if weight.abs_diff(before) > before / 2 {
            slot.weight.store(weight, Ordering::Relaxed);
            if self.is_current(slot) {
                self.cache.insert(stream.clone(), slot.clone()).await;
                if !self.is_current(slot) {
                    self.cache.invalidate(stream).await;
                }
            }
        }
    }

    fn is_current(&self, slot: &CacheEntry<A::State>) -> bool {
        slot.era == self.era.load(Ordering::SeqCst)
    }

    /// Forgets all states; after an erasure.
    pub(crate) fn clear(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
        self.cache.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handler::Accounts;

    #[tokio::test]
    async fn a_state_that_was_forgotten_while_somebody_was_at_it_does_not_come_back() {
        let slots = StateCache::<Accounts>::new(1_000_000);
        let stream: StreamName = "account/a-1".parse().unwrap();
        let before = slots.slot(&stream).await;
        slots.weigh(&stream, &before, 10_000).await;
        assert!(Arc::ptr_eq(&before, &slots.slot(&stream).await));
        slots.clear();
        slots.weigh(&stream, &before, 100_000).await;
        let after = slots.slot(&stream).await;
        assert!(!Arc::ptr_eq(&before, &after));
        slots.weigh(&stream, &after, 10_000).await;
        assert!(Arc::ptr_eq(&after, &slots.slot(&stream).await));
    }
}
