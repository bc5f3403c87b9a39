//! The feed of recorded events, in order as they happen: one follower per node, any number of
//! readers.
//!
//! The follower keeps the last events in a ring that all readers share; a reader is no more than a
//! position in the order. A reader that lies before the ring, because it comes back after a pause
//! or sleeps, reads the audit view until it is inside the ring again: nothing is missed, nothing
//! is reported twice, and no reader waits for another. The follower runs only while there are
//! readers.

mod audit_event;
mod follow;
mod reader;
mod ring;

pub use reader::Reader;

use crate::{AuditFilter, AuditRow, ViewError, Views};
use domain::{id::ItemRef, position::EventId};
use eventlog::{LogError, SharedLog, TextOpener};
use parking_lot::{Mutex, RwLock};
use ring::Ring;
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::watch;

/// The index that stands for "the whole record": `42-MAX` = all of position 42 is known.
pub const WHOLE_RECORD: u32 = u32::MAX;

/// What readers get of an event. Made once, shared by all.
pub trait Body: Clone + Send + Sync + fmt::Debug + 'static {
    /// From the event.
    fn of(event: AuditRow) -> Self;
    /// Bytes in memory.
    fn size(&self) -> usize;
}

/// An event with what filters look at.
#[derive(Debug, Clone)]
pub struct FeedEvent<B> {
    /// Where it stands.
    pub id: EventId,
    /// Effective time.
    pub time: domain::time::Time,
    /// Stored name.
    pub name: String,
    /// The account that acted.
    pub actor: Option<domain::id::AccountId>,
    /// The item.
    pub item: Option<ItemRef>,
    /// Who or what else it is about.
    pub target: Option<crate::Target>,
    /// What readers get.
    pub body: B,
}

impl<B: Body> FeedEvent<B> {
    /// From an event of the trail.
    pub fn of(event: AuditRow) -> Self {
        Self {
            id: event.id,
            time: event.time,
            name: event.name.clone(),
            actor: event.actor.clone(),
            item: event.item.clone(),
            target: event.target.clone(),
            body: B::of(event),
        }
    }

    /// Does it pass a filter? Bounds and order of the filter do not matter here.
    pub fn passes(&self, filter: &AuditFilter) -> bool {
        let item = filter.item.as_ref().is_none_or(|item| self.item.as_ref() == Some(item));
        let actor = filter.actor.as_ref().is_none_or(|actor| self.actor.as_ref() == Some(actor));
        let account = filter.account.as_ref().is_none_or(|account| {
            self.actor.as_ref() == Some(account)
                || self
                    .target
                    .as_ref()
                    .is_some_and(|target| target.kind == "account" && target.id == account.as_str())
        });
        let named = filter.types.is_empty()
            || filter.types.iter().any(|name| {
                *name == self.name || (name.ends_with('.') && self.name.starts_with(name.as_str()))
            });
        item && actor && account && named
    }
}

/// Why a reader gets nothing more.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// The node serves as many readers as it may.
    #[error("this node serves {0} readers of the feed, as many as it may")]
    Full(usize),
    /// The feed does not follow yet, or no more.
    #[error("the feed cannot be read now: {0}")]
    Unavailable(String),
    /// The past could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The service ends.
    #[error("the service ends")]
    Closed,
    /// The token that the reader came with was revoked.
    #[error("the token was revoked")]
    Revoked,
}

/// Bounds of the feed.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// The most readers at a time.
    pub readers: usize,
    /// The most events kept for readers that are not quite at the head.
    pub events: usize,
    /// The most bytes of them.
    pub bytes: usize,
    /// How long the follower goes on without readers.
    pub idle: Duration,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            readers: 2_000,
            events: 8_192,
            bytes: 16 * 1024 * 1024,
            idle: Duration::from_secs(30),
        }
    }
}

/// Where the follower is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Follower {
    /// Not running, or not yet at its starting point.
    Starting,
    /// The ring is true up to its head; counts the changes.
    Live(u64),
    /// It cannot go on.
    Stopped(String),
}

#[derive(Debug, Default)]
struct Readers {
    count: usize,
    running: bool,
}

struct Inner<B> {
    log: SharedLog,
    opener: Arc<dyn TextOpener>,
    views: Arc<dyn Views>,
    options: FeedOptions,
    ring: RwLock<Ring<B>>,
    follower: watch::Sender<Follower>,
    closed: watch::Sender<bool>,
    readers: Mutex<Readers>,
}

impl<B> fmt::Debug for Inner<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The feed of a node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed<B> {
    inner: Arc<Inner<B>>,
}

impl<B: Body> Feed<B> {
    /// A feed of a log, whose past is read from the audit view.
    pub fn new(
        log: SharedLog,
        opener: Arc<dyn TextOpener>,
        views: Arc<dyn Views>,
        options: FeedOptions,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                log,
                opener,
                views,
                options,
                ring: RwLock::default(),
                follower: watch::Sender::new(Follower::Starting),
                closed: watch::Sender::new(false),
                readers: Mutex::default(),
            }),
        }
    }

    /// The end of the log now: where a reader begins who wants nothing of the past.
    pub async fn end(&self) -> Result<EventId, LogError> {
        let head = self.inner.log.head().await?;
        Ok(EventId { position: head.position, index: WHOLE_RECORD })
    }

    /// Reads on behind an event.
    pub fn reader(&self, filter: AuditFilter, after: EventId) -> Result<Reader<B>, FeedError> {
        self.admit(Some(self.inner.options.readers))?;
        Ok(Reader::new(self.inner.clone(), filter, after))
    }

    /// The same for the service itself, which is always admitted.
    pub fn own_reader(&self, filter: AuditFilter, after: EventId) -> Result<Reader<B>, FeedError> {
        self.admit(None)?;
        Ok(Reader::new(self.inner.clone(), filter, after))
    }

    /// How many readers there are.
    pub fn readers(&self) -> usize {
        self.inner.readers.lock().count
    }

    /// Events of the past by filter, for those who want certain ones again.
    pub fn views(&self) -> &Arc<dyn Views> {
        &self.inner.views
    }

    /// Ends all readers; for the end of the service.
    pub fn close(&self) {
        self.inner.closed.send_replace(true);
    }

    fn admit(&self, most: Option<usize>) -> Result<(), FeedError> {
        if *self.inner.closed.borrow() {
            return Err(FeedError::Closed);
        }
        let mut readers = self.inner.readers.lock();
        if let Some(most) = most.filter(|most| readers.count >= *most) {
            return Err(FeedError::Full(most));
        }
        readers.count += 1;
        count(readers.count);
        if !readers.running {
            readers.running = true;
            self.inner.follower.send_replace(Follower::Starting);
            tokio::spawn(follow::run(self.inner.clone()));
        }
        Ok(())
    }
}

fn count(readers: usize) {
    let readers = u32::try_from(readers).unwrap_or(u32::MAX);
    metrics::gauge!("sharelog_feed_readers").set(f64::from(readers));
}
