//! Cases: clocks that are wrong.

use super::{
    Factory, Maker,
    make::{item, put},
};
use crate::clock_skew::{ClockGuard, Now};
use domain::{position::Position, time::Time};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A clock that a case sets.
#[derive(Debug, Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn at(micros: i64) -> Self {
        Self(Arc::new(AtomicI64::new(micros)))
    }

    fn shift(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    fn now(&self) -> Now {
        let clock = Arc::clone(&self.0);
        Arc::new(move || Time::from_micros(clock.load(Ordering::Relaxed)).expect("a time"))
    }
}

/// More than two seconds behind the log or, where a broker has a clock, before it.
pub async fn a_node_with_a_wrong_clock_takes_no_commands(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(41, &*bench).await;
    let broker = log.clock().await.unwrap();
    let truth = broker.map_or(maker.now, Time::as_micros);
    let clock = Clock::at(truth);
    let guard = ClockGuard::new(Arc::clone(&log), clock.now());
    guard.sample().await.unwrap();
    guard.check().expect("a right clock");
    clock.shift(-10);
    guard.sample().await.unwrap();
    assert!(guard.check().unwrap_err().micros < -9_000_000, "ten seconds behind");
    clock.shift(20);
    guard.sample().await.unwrap();
    assert_eq!(
        guard.check().is_err(),
        broker.is_some(),
        "only a broker knows that a clock is before"
    );
    clock.shift(-10);
    guard.sample().await.unwrap();
    guard.check().expect("a clock put right");
    // Another node's record far in this node's future, seen without any sample.
    maker.now = truth + 60_000_000;
    put(&log, &maker.commit(&item("future"), Position::START)).await;
    guard.observe(Time::from_micros(maker.now).unwrap());
    assert!(guard.check().is_err());
}

/// A writer stamps the later of its clock and what it has seen.
pub async fn stamps_never_run_backwards(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let clock = Clock::at(super::make::START);
    let guard = ClockGuard::new(bench.log(), clock.now());
    assert_eq!(guard.stamp().as_micros(), super::make::START);
    guard.observe(Time::from_micros(super::make::START + 700).unwrap());
    guard.observe(Time::from_micros(super::make::START + 300).unwrap());
    assert_eq!(guard.stamp().as_micros(), super::make::START + 700);
    clock.shift(1);
    assert_eq!(guard.stamp().as_micros(), super::make::START + 1_000_000);
}
