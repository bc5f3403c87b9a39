//! The suite on logs with a shared tail, and what only these promise.

use super::{jetstream::JetStream, memory::Memory, sqlite::Sqlite};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{position::Position, stream::StreamName, time::Time};
use eventlog::{
    Activity, ActivityEntry, Checkpoint, Decorator, EventLog, Follower, KeyIndex, LogError, Record,
    SharedLog, SharedTailLog,
    conformance::{Bench, Factory, Maker, take},
    conformance_suite,
    memory::MemoryLog,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

/// Benches of another engine, each log read once.
struct Once<F>(F);

struct OnceBench {
    inner: Box<dyn Bench>,
    log: SharedLog,
}

#[async_trait]
impl<F: Factory> Factory for Once<F> {
    async fn fresh(&self) -> Box<dyn Bench> {
        let inner = self.0.fresh().await;
        let log = Arc::new(SharedTailLog::new(inner.log()));
        Box::new(OnceBench { inner, log })
    }
}

#[async_trait]
impl Bench for OnceBench {
    fn log(&self) -> SharedLog {
        Arc::clone(&self.log)
    }

    async fn second(&self) -> SharedLog {
        Arc::new(SharedTailLog::new(self.inner.second().await))
    }

    async fn keys(&self) -> Arc<dyn KeyIndex> {
        self.inner.keys().await
    }

    async fn activity(&self, node: &str, run: Uuid) -> Arc<dyn Activity> {
        self.inner.activity(node, run).await
    }

    async fn noted(&self) -> Vec<ActivityEntry> {
        self.inner.noted().await
    }

    async fn restart(&mut self) {
        self.inner.restart().await;
        self.log = Arc::new(SharedTailLog::new(self.inner.log()));
    }

    async fn inject(&self, stream: &StreamName, bytes: Bytes) {
        self.inner.inject(stream, bytes).await;
    }

    async fn lose(&self, position: Position) {
        self.inner.lose(position).await;
    }

    async fn weaken(&self) -> bool {
        self.inner.weaken().await
    }

    async fn strengthen(&self) {
        self.inner.strengthen().await;
    }
}

mod memory {
    use super::*;
    conformance_suite!(Once(Memory));
}

mod sqlite {
    use super::*;
    conformance_suite!(Once(Sqlite));
}

mod jetstream {
    use super::*;
    conformance_suite!(Once(JetStream::new()));
}

/// Counts what is read of a log.
#[derive(Debug)]
struct Counted {
    inner: MemoryLog,
    read: Arc<AtomicU64>,
}

struct CountedFollower {
    inner: Box<dyn Follower>,
    read: Arc<AtomicU64>,
}

#[async_trait]
impl Follower for CountedFollower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        let records = self.inner.next(max, wait).await?;
        self.read.fetch_add(records.len() as u64, Ordering::Relaxed);
        Ok(records)
    }
}

#[async_trait]
impl Decorator for Counted {
    fn within(&self) -> Result<&dyn EventLog, LogError> {
        Ok(&self.inner)
    }

    async fn follow(&self, after: Checkpoint) -> Result<Box<dyn Follower>, LogError> {
        let inner = self.inner.follow(after).await?;
        Ok(Box::new(CountedFollower { inner, read: Arc::clone(&self.read) }))
    }
}

/// A log in memory that is read once, how many records were read of it, and who writes it.
fn counted(seed: u64) -> (SharedLog, Arc<AtomicU64>, Maker) {
    let read = Arc::new(AtomicU64::new(0));
    let inner = Counted { inner: MemoryLog::new(), read: Arc::clone(&read) };
    (Arc::new(SharedTailLog::new(Arc::new(inner))), read, Maker::new(seed))
}

fn essence(records: &[Arc<Record>]) -> Vec<(Position, Time, Bytes)> {
    records.iter().map(|record| (record.position, record.time, record.bytes.clone())).collect()
}

/// Followers that all stand behind the last record.
async fn at_the_end(log: &SharedLog, count: usize, records: usize) -> Vec<Box<dyn Follower>> {
    let mut followers = Vec::new();
    for _ in 0..count {
        let mut follower = log.follow(Checkpoint::default()).await.unwrap();
        take(&mut *follower, records).await;
        assert!(follower.next(1, Duration::ZERO).await.unwrap().is_empty());
        followers.push(follower);
    }
    followers
}

#[tokio::test]
async fn twenty_followers_read_the_log_once() {
    let (log, read, mut maker) = counted(91);
    maker.fill(&log, 10).await;
    let mut followers = at_the_end(&log, 20, 10).await;
    read.store(0, Ordering::Relaxed);
    let mut reading = tokio::task::JoinSet::new();
    for mut follower in followers.drain(..) {
        reading.spawn(async move { take(&mut *follower, 500).await });
    }
    maker.fill(&log, 500).await;
    let all = reading.join_all().await;
    assert!(all.iter().all(|records| essence(records) == essence(&all[0])));
    assert_eq!(read.load(Ordering::Relaxed), 500);
}

#[tokio::test]
async fn whoever_lags_behind_reads_alone_and_then_with_the_others() {
    let (log, read, mut maker) = counted(92);
    maker.fill(&log, 10).await;
    let mut followers = at_the_end(&log, 2, 10).await;
    let (mut slow, mut quick) = (followers.remove(0), followers.remove(0));
    maker.fill(&log, 5_000).await;
    let known = take(&mut *quick, 5_000).await;
    read.store(0, Ordering::Relaxed);
    assert_eq!(essence(&take(&mut *slow, 5_000).await), essence(&known));
    assert!(read.load(Ordering::Relaxed) >= 904, "what is not kept was read again");
    read.store(0, Ordering::Relaxed);
    maker.fill(&log, 10).await;
    assert_eq!(take(&mut *slow, 10).await.len(), 10);
    assert_eq!(take(&mut *quick, 10).await.len(), 10);
    assert_eq!(read.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn a_follower_without_a_time_spoils_nobodys() {
    let (log, _, mut maker) = counted(93);
    maker.fill(&log, 10).await;
    let all = take(&mut *log.follow(Checkpoint::default()).await.unwrap(), 10).await;
    let last = &all[9];
    let timeless = Checkpoint { position: last.position, time: Time::default() };
    let mut timeless = log.follow(timeless).await.unwrap();
    assert!(timeless.next(1, Duration::ZERO).await.unwrap().is_empty());
    // Stamped before the one before it.
    maker.now -= 5_000_000;
    maker.fill(&log, 1).await;
    let exact = Checkpoint { position: last.position, time: last.time };
    let mut exact = log.follow(exact).await.unwrap();
    assert_eq!(take(&mut *exact, 1).await[0].time, last.time);
    assert_eq!(take(&mut *timeless, 1).await.len(), 1);
}

/// Readers of all paces, whose waits are given up at any moment, while a writer goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_all_paces_see_everything_once() {
    const RECORDS: usize = 3_000;
    let (log, _, mut maker) = counted(94);
    maker.fill(&log, 1).await;
    let mut reading = tokio::task::JoinSet::new();
    for reader in 0..12u64 {
        let log = Arc::clone(&log);
        reading.spawn(async move {
            let mut random = eventlog::conformance::make::Random::new(reader);
            let mut follower = log.follow(Checkpoint::default()).await.unwrap();
            let mut seen: Vec<Arc<Record>> = Vec::new();
            while seen.len() < RECORDS {
                let max = 1 + usize::try_from(random.below(50)).unwrap();
                let given_up = Duration::from_micros(random.below(500));
                let wait = Duration::from_millis(random.below(20));
                let next = tokio::time::timeout(given_up, follower.next(max, wait));
                seen.extend(next.await.unwrap_or(Ok(Vec::new())).unwrap());
                if random.below(20) == 0 {
                    let last = seen
                        .last()
                        .map(|last| Checkpoint { position: last.position, time: last.time });
                    follower = log.follow(last.unwrap_or_default()).await.unwrap();
                }
                tokio::time::sleep(Duration::from_micros(random.below(100 * reader + 1))).await;
            }
            seen
        });
    }
    for _ in 1..RECORDS / 10 {
        maker.now -= 3_000;
        maker.fill(&log, 10).await;
        tokio::task::yield_now().await;
    }
    maker.fill(&log, 9).await;
    let all = reading.join_all().await;
    let told = essence(&all[0]);
    assert!(told.iter().zip(1..).all(|(record, due)| record.0 == Position(due)));
    assert!(all.iter().all(|records| essence(records) == told));
}
