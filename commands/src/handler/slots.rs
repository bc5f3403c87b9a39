//! Where are folded states kept? One slot per stream, bounded in memory, each behind its own lock.

use super::Aggregate;
use domain::{position::Position, stream::StreamName, time::Time};
use moka::future::Cache;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::{Mutex, MutexGuard};

/// What a slot holds.
#[derive(Debug)]
pub(crate) struct Held<S> {
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
pub(crate) struct Slot<S> {
    held: Mutex<Held<S>>,
    weight: AtomicU32,
}

impl<S> Slot<S> {
    pub(crate) async fn lock(&self) -> MutexGuard<'_, Held<S>> {
        self.held.lock().await
    }
}

/// The slots of all streams of one aggregate.
pub(crate) struct Slots<A: Aggregate> {
    cache: Cache<StreamName, Arc<Slot<A::State>>>,
}

impl<A: Aggregate> fmt::Debug for Slots<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("aggregate", &A::NAME).finish_non_exhaustive()
    }
}

/// What an empty slot weighs, in bytes.
const EMPTY: u32 = 512;

impl<A: Aggregate> Slots<A> {
    /// Bounded by estimated bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, slot: &Arc<Slot<A::State>>| slot.weight.load(Ordering::Relaxed))
            .build();
        Self { cache }
    }

    /// The slot of a stream.
    pub(crate) async fn slot(&self, stream: &StreamName) -> Arc<Slot<A::State>> {
        if let Some(slot) = self.cache.get(stream).await {
            return slot;
        }
        let fresh = async {
            Arc::new(Slot {
                held: Mutex::new(Held {
                    state: None,
                    confirmed: Position::START,
                    confirmed_at: Time::default(),
                    appended: 0,
                }),
                weight: AtomicU32::new(EMPTY),
            })
        };
        self.cache.get_with_by_ref(stream, fresh).await
    }

    /// Tells the cache when a state has grown or shrunk by half.
    pub(crate) async fn weigh(&self, stream: &StreamName, slot: &Arc<Slot<A::State>>, weight: u32) {
        let before = slot.weight.load(Ordering::Relaxed);
        if weight.abs_diff(before) > before / 2 {
            slot.weight.store(weight, Ordering::Relaxed);
            self.cache.insert(stream.clone(), slot.clone()).await;
        }
    }

    /// Forgets all states; after an erasure.
    pub(crate) fn clear(&self) {
        self.cache.invalidate_all();
    }
}
