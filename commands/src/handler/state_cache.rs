//! The cache of states: one entry per stream, bounded in memory, each behind its own lock.

use domain::{aggregate::Aggregate, position::Position, stream::StreamName, time::Time};
use moka::future::Cache;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard};

/// What an entry holds.
#[derive(Debug)]
pub(crate) struct CachedState<S> {
    /// The state; `None` = not loaded.
    pub(crate) state: Option<Arc<S>>,
    /// Everything up to here is in the state for certain.
    pub(crate) confirmed: Position,
    /// When that was found out.
    pub(crate) confirmed_at: Time,
    /// Records added since the state was saved.
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

/// The cache of all streams of one aggregate.
pub(crate) struct StateCache<A: Aggregate> {
    cache: Cache<StreamName, Arc<CacheEntry<A>>>,
    /// How often all states were forgotten.
    era: AtomicU64,
}

impl<A: Aggregate> fmt::Debug for StateCache<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateCache")
            .field("aggregate", &std::any::type_name::<A>())
            .finish_non_exhaustive()
    }
}

/// What an empty entry weighs, in bytes.
const EMPTY: u32 = 512;

impl<A: Aggregate> StateCache<A> {
    /// Bounded by estimated bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, entry: &Arc<CacheEntry<A>>| entry.weight.load(Ordering::Relaxed))
            .build();
        Self { cache, era: AtomicU64::new(0) }
    }

    /// The entry of a stream.
    pub(crate) async fn entry(&self, stream: &StreamName) -> Arc<CacheEntry<A>> {
        if let Some(entry) = self.cache.get(stream).await {
            return entry;
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
    pub(crate) async fn weigh(&self, stream: &StreamName, entry: &Arc<CacheEntry<A>>, weight: u32) {
        let before = entry.weight.load(Ordering::Relaxed);
        if weight.abs_diff(before) > before / 2 {
            entry.weight.store(weight, Ordering::Relaxed);
            if self.is_current(entry) {
                self.cache.insert(stream.clone(), entry.clone()).await;
                if !self.is_current(entry) {
                    self.cache.invalidate(stream).await;
                }
            }
        }
    }

    fn is_current(&self, entry: &CacheEntry<A>) -> bool {
        entry.era == self.era.load(Ordering::SeqCst)
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
    use domain::account::AccountState;

    #[tokio::test]
    async fn a_state_that_was_forgotten_while_somebody_was_at_it_does_not_come_back() {
        let cache = StateCache::<AccountState>::new(1_000_000);
        let stream: StreamName = "account/a-1".parse().unwrap();
        let before = cache.entry(&stream).await;
        cache.weigh(&stream, &before, 10_000).await;
        assert!(Arc::ptr_eq(&before, &cache.entry(&stream).await));
        cache.clear();
        cache.weigh(&stream, &before, 100_000).await;
        let after = cache.entry(&stream).await;
        assert!(!Arc::ptr_eq(&before, &after));
        cache.weigh(&stream, &after, 10_000).await;
        assert!(Arc::ptr_eq(&after, &cache.entry(&stream).await));
    }
}
