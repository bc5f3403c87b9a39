//! The consumer loop: order, losses, stop reasons and sizes of batches.

use domain::position::Position;
use eventlog::{
    Backoff, Checkpoint, Record, SharedLog,
    conformance::{Maker, make::item},
    consumer::{self, Batches, Consumer, StopReason},
    fault_injection::FaultyLog,
    memory::MemoryLog,
};
use std::{sync::Arc, time::Duration};

/// Remembers what it applied; ends at a position, and is lost once at another.
#[derive(Default)]
struct Collector {
    at: Checkpoint,
    seen: Vec<u64>,
    batches: Vec<usize>,
    began: usize,
    ends_at: u64,
    lost_at: Option<u64>,
    losses: usize,
}

impl Consumer for Collector {
    type Batch = Vec<Arc<Record>>;
    type End = &'static str;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, StopReason<&'static str>> {
        self.began += 1;
        Ok(self.at)
    }

    async fn apply(&mut self, batch: Self::Batch) -> Result<(), StopReason<&'static str>> {
        self.batches.push(batch.len());
        for record in batch {
            if self.lost_at == Some(record.position.0) {
                self.lost_at = None;
                return Err(StopReason::Unavailable("lost".to_owned()));
            }
            self.seen.push(record.position.0);
            self.at = Checkpoint { position: record.position, time: record.time };
            if record.position.0 == self.ends_at {
                return Err(StopReason::Ended("end"));
            }
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.at.position
    }

    fn lost(&mut self, _: &str, _: Duration) {
        self.losses += 1;
    }
}

fn batches(max: usize) -> Batches {
    Batches::new(max, Duration::from_millis(20))
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(1), Duration::from_millis(2))
}

async fn filled(records: usize) -> (Arc<MemoryLog>, SharedLog) {
    let memory = Arc::new(MemoryLog::new());
    let log: SharedLog = memory.clone();
    Maker::new(101).fill(&log, records).await;
    (memory, log)
}

#[tokio::test]
async fn everything_is_applied_once_in_order_through_a_loss() {
    let (_, log) = filled(50).await;
    let mut collector = Collector { ends_at: 50, lost_at: Some(23), ..Collector::default() };
    let reason = consumer::run(&log, &mut collector, &mut batches(7), backoff()).await;
    assert_eq!(reason, StopReason::Ended("end"));
    assert_eq!(collector.seen, (1..=50).collect::<Vec<_>>());
    assert_eq!((collector.began, collector.losses), (2, 1));
    assert_eq!(collector.batches[0], 0, "told that following begins");
}

#[tokio::test]
async fn a_log_that_is_away_is_tried_again_until_it_answers() {
    let (memory, _) = filled(3).await;
    let faulty = Arc::new(FaultyLog::new(memory));
    faulty.set_down(true);
    let log: SharedLog = faulty.clone();
    let mut collector = Collector { ends_at: 3, ..Collector::default() };
    let (mut size, pauses) = (batches(7), backoff());
    let run = consumer::run(&log, &mut collector, &mut size, pauses);
    let back = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        faulty.set_down(false);
    };
    let (reason, ()) = tokio::join!(run, back);
    assert_eq!(reason, StopReason::Ended("end"));
    assert!(collector.losses > 1);
}

#[tokio::test]
async fn a_damaged_log_stops_it_behind_the_last_good_record() {
    let (memory, log) = filled(9).await;
    memory.lose(Position(5));
    let mut collector = Collector::default();
    let reason = consumer::run(&log, &mut collector, &mut batches(100), backoff()).await;
    assert!(matches!(reason, StopReason::Stopped(Position(5), _)), "{reason:?}");
    assert_eq!(collector.seen, [1, 2, 3, 4]);
}

#[tokio::test]
async fn nothing_is_applied_behind_the_position_asked_for() {
    let (_, log) = filled(20).await;
    let mut collector = Collector::default();
    consumer::follow_to(&log, &mut collector, Position(13), &mut batches(5)).await.unwrap();
    assert_eq!(collector.seen, (1..=13).collect::<Vec<_>>());
    consumer::follow_to(&log, &mut collector, Position(13), &mut batches(5)).await.unwrap();
    assert_eq!(collector.seen.len(), 13);
}

#[tokio::test]
async fn an_empty_batch_comes_while_nothing_is_recorded() {
    let (_, log) = filled(1).await;
    let mut collector = Collector { ends_at: 2, ..Collector::default() };
    let follow = async { consumer::follow(&log, &mut collector, &mut batches(9)).await };
    let append = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let record = Maker::new(102).commit(&item("late"), Position::START);
        log.try_append(&record).await.unwrap();
    };
    let (reason, ()) = tokio::join!(follow, append);
    // The other maker has another identity.
    assert!(matches!(reason, StopReason::Stopped(Position(1), _)), "{reason:?}");
    assert!(collector.batches.iter().filter(|records| **records == 0).count() > 2);
}

#[tokio::test]
async fn a_lag_is_read_in_full_batches() {
    let (_, log) = filled(3_000).await;
    let linger = Duration::from_millis(5);
    let mut collector = Collector::default();
    let mut filling = batches(2_048).filled_within(linger);
    consumer::follow_to(&log, &mut collector, Position(3_000), &mut filling).await.unwrap();
    assert_eq!(collector.batches, [0, 2_048, 952]);
    let mut collector = Collector::default();
    let mut growing = batches(2_048).sized_for(Duration::from_secs(9));
    consumer::follow_to(&log, &mut collector, Position(3_000), &mut growing).await.unwrap();
    assert_eq!(collector.batches[..3], [0, 512, 512]);
    assert!(collector.batches.contains(&1_024), "{:?}", collector.batches);
}
