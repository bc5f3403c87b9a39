//! Everything is reported once and in order, whatever happens to the follower.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../views/world.rs"]
#[allow(dead_code, reason = "the suite of the views uses more of it")]
mod world;

use async_trait::async_trait;
use domain::{
    position::{EventId, Position},
    private_text::PrivateField,
    stream::StreamName,
    testing::{Step, history},
};
use eventlog::{Checkpoint, Decorator, EventLog, Follower, LogError, Record, TextOpener};
use parking_lot::Mutex;
use projections::{
    AuditFilter, AuditRow,
    feed::{Body, Feed, FeedOptions, Reader, WHOLE_RECORD},
    store::sqlite::{self, OpenMode},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use world::{PATIENCE, World};

#[derive(Debug, Clone)]
struct Nothing;

impl Body for Nothing {
    fn of(_: AuditRow) -> Self {
        Self
    }
    fn size(&self) -> usize {
        1
    }
}

/// Opens texts, but not those of one record in so many, the first time.
#[derive(Debug)]
struct Moody {
    within: Arc<world::Opener>,
    every: usize,
    asked: AtomicUsize,
}

#[async_trait]
impl TextOpener for Moody {
    async fn open(&self, on: &StreamName, texts: Vec<PrivateField<'_>>) -> Result<(), LogError> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % self.every == self.every - 1 {
            return Err(LogError::Unavailable("as a test asked".to_owned()));
        }
        self.within.open(on, texts).await
    }
}

/// What a test does when a follower has ended.
type Then = Box<dyn FnOnce() + Send>;

/// A log that counts its followers and never lets them wait.
#[derive(Default)]
struct Hurried {
    following: AtomicUsize,
    when_one_ends: Mutex<Option<Then>>,
}

#[derive(Clone)]
struct HurriedLog(Arc<dyn EventLog>, Arc<Hurried>);

impl std::fmt::Debug for HurriedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HurriedLog").field(&self.0).finish_non_exhaustive()
    }
}

#[async_trait]
impl Decorator for HurriedLog {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        Ok(self.0.as_ref())
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        let within = self.0.follow(after).await?;
        self.1.following.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(HurriedFollower(within, self.1.clone())))
    }
}

struct HurriedFollower(Box<dyn Follower>, Arc<Hurried>);

#[async_trait]
impl Follower for HurriedFollower {
    async fn next(&mut self, max: usize, _: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        self.0.next(max, Duration::from_millis(5)).await
    }
}

impl Drop for HurriedFollower {
    fn drop(&mut self) {
        self.1.following.fetch_sub(1, Ordering::SeqCst);
        let then = self.1.when_one_ends.lock().take();
        if let Some(then) = then {
            then();
        }
    }
}

/// A feed of a world's log; nothing is in the read models.
async fn feed(
    world: &World,
    log: Arc<dyn EventLog>,
    opener: Arc<dyn TextOpener>,
    idle: Duration,
) -> (Feed<Nothing>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database =
        sqlite::open(&folder.path().join("views.db"), OpenMode::ReadWrite).await.unwrap();
    let options = FeedOptions { idle, ..FeedOptions::default() };
    (Feed::new(log, opener, world.views(&database), options), folder)
}

fn from_the_beginning(feed: &Feed<Nothing>) -> Reader<Nothing> {
    let start = EventId { position: Position::START, index: WHOLE_RECORD };
    feed.reader(AuditFilter::default(), start).unwrap()
}

/// All that a reader gets until nothing came for a while and it has come as far as the log.
async fn told(reader: &mut Reader<Nothing>, world: &World) -> Vec<EventId> {
    let (mut got, head) = (Vec::new(), world.log.head().await.unwrap().position);
    let until = Instant::now() + PATIENCE;
    loop {
        let events = reader.next(Duration::from_millis(300)).await.unwrap();
        got.extend(events.iter().map(|event| event.id));
        if events.is_empty() && reader.at() >= (EventId { position: head, index: WHOLE_RECORD }) {
            return got;
        }
        assert!(Instant::now() < until, "stands at {:?}, the log ends at {head}", reader.at());
    }
}

fn ids(steps: &[Step]) -> Vec<EventId> {
    let of = |step: &Step| {
        let position = step.position;
        let count = u32::try_from(step.events.len()).unwrap();
        (0..count).map(move |index| EventId { position, index })
    };
    steps.iter().flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_breaks_off_again_and_again_is_told_once_and_in_order() {
    let steps = history(3, 120).steps;
    let world = World::of(&steps).await;
    let (within, asked) = (world.opener.clone(), AtomicUsize::new(0));
    let opener = Arc::new(Moody { within, every: 6, asked });
    let log = Arc::new(world.log.clone());
    let (feed, _folder) = feed(&world, log, opener.clone(), PATIENCE).await;
    let mut first = from_the_beginning(&feed);
    assert_eq!(told(&mut first, &world).await, ids(&steps));
    assert!(opener.asked.load(Ordering::Relaxed) > 12, "it broke off more than once");
    // One that comes later finds the same at hand.
    assert_eq!(told(&mut from_the_beginning(&feed), &world).await, ids(&steps));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_come_while_the_follower_ends_share_one_follower() {
    let steps = history(4, 60).steps;
    let (before, after) = steps.split_at(30);
    let world = World::of(before).await;
    let hurried = Arc::new(Hurried::default());
    let log = Arc::new(HurriedLog(Arc::new(world.log.clone()), hurried.clone()));
    let (feed, _folder) = feed(&world, log, world.opener.clone(), Duration::ZERO).await;

    // The first reader goes; while its follower ends, another one comes.
    let while_it_ended = Arc::new(Mutex::new(None));
    let (comes, kept) = (feed.clone(), while_it_ended.clone());
    let runtime = tokio::runtime::Handle::current();
    let first = from_the_beginning(&feed);
    first.ready(PATIENCE).await.unwrap();
    *hurried.when_one_ends.lock() = Some(Box::new(move || {
        let _inside = runtime.enter();
        *kept.lock() = Some(from_the_beginning(&comes));
    }));
    drop(first);
    let second = async {
        loop {
            if let Some(reader) = while_it_ended.lock().take() {
                return reader;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    let mut second = timeout(PATIENCE, second).await.unwrap();
    second.ready(PATIENCE).await.unwrap();
    // Whatever the one that ended still does, it has done.
    sleep(Duration::from_millis(50)).await;
    let mut third = from_the_beginning(&feed);
    third.ready(PATIENCE).await.unwrap();
    world.go_on(after).await;

    assert_eq!(told(&mut second, &world).await, ids(&steps));
    assert_eq!(told(&mut third, &world).await, ids(&steps));
    assert_eq!(hurried.following.load(Ordering::SeqCst), 1, "one follower for both");
}
