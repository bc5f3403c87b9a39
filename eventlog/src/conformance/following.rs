//! Cases: what a follower sees, from anywhere and through everything.

use super::{
    Factory, Maker, everything,
    make::{Random, at, item, put},
    take,
};
use crate::{Append, Appended, Checkpoint, Record};
use domain::{position::Position, time::Time};
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, time::Instant};

fn checkpoint(record: &Record) -> Checkpoint {
    Checkpoint { position: record.position, time: record.time }
}

fn essence(records: &[Arc<Record>]) -> Vec<(Position, Time, bytes::Bytes)> {
    records.iter().map(|r| (r.position, r.time, r.bytes.clone())).collect()
}

/// Whatever the checkpoint, what follows is the same, effective times included.
pub async fn a_follower_resumes_from_every_checkpoint(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(21, &*bench).await;
    for number in 0..30 {
        // Clocks of writers differ: every third stamp lies before the one before it.
        maker.now += if number % 3 == 0 { -500_000 } else { 400_000 };
        maker.fill(&log, 1).await;
    }
    let all = everything(&log).await;
    assert_eq!(all.len(), 31);
    for (index, record) in all.iter().enumerate() {
        let rest = &all[index + 1..];
        let mut follower = log.follow(checkpoint(record)).await.unwrap();
        let mut resumed = Vec::new();
        while resumed.len() < rest.len() {
            resumed.extend(follower.next(7, Duration::from_secs(5)).await.unwrap());
        }
        assert_eq!(essence(&resumed), essence(rest), "after {}", record.position);
    }
}

/// A follower at the end is told of a new record, not by its own next look.
pub async fn a_waiting_follower_is_woken(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let (log, other) = (bench.log(), bench.second().await);
    let mut maker = Maker::started(22, &*bench).await;
    let mut follower = other.follow(Checkpoint::default()).await.unwrap();
    assert_eq!(take(&mut *follower, 1).await.len(), 1);
    assert!(follower.next(10, Duration::ZERO).await.unwrap().is_empty());
    for round in 0..20 {
        let record = maker.commit(&item(&format!("woken-{round}")), Position::START);
        let asked = Instant::now();
        let (recorded, seen) = tokio::join!(put(&log, &record), take(&mut *follower, 1));
        assert_eq!(seen[0].position, at(recorded));
        assert!(asked.elapsed() < Duration::from_millis(900), "it took {:?}", asked.elapsed());
    }
}

/// Ends the engine without warning and brings it back; the same follower goes on.
pub async fn a_follower_survives_a_restart(factory: &dyn Factory) {
    let mut bench = factory.fresh().await;
    let mut maker = Maker::started(23, &*bench).await;
    maker.fill(&bench.log(), 20).await;
    let mut follower = bench.log().follow(Checkpoint::default()).await.unwrap();
    let mut seen = take(&mut *follower, 15).await;
    bench.restart().await;
    maker.fill(&bench.log(), 20).await;
    seen.extend(take(&mut *follower, 26).await);
    assert_eq!(essence(&seen), essence(&everything(&bench.log()).await));
    bench.log().check().await.expect("nothing is lost");
}

/// Writers go on through restarts; what was acknowledged is there once, in one order for everybody.
pub async fn followers_and_writers_survive_many_restarts(factory: &dyn Factory) {
    let mut bench = factory.fresh().await;
    let mut maker = Maker::started(24, &*bench).await;
    let mut follower = bench.log().follow(Checkpoint::default()).await.unwrap();
    let mut acknowledged: Vec<(Append, Position)> = Vec::new();
    for round in 0..4u64 {
        let log = bench.log();
        let mut writer = Maker { random: Random::new(2_400 + round), ..maker.clone() };
        let (stop, mut stopped) = oneshot::channel::<()>();
        let (warm, warmed) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let mut done = Vec::new();
            let mut warm = Some(warm);
            let stream = item(&format!("through-{round}"));
            let mut version = Position::START;
            while stopped.try_recv().is_err() {
                let record = writer.commit(&stream, version);
                let tried = crate::append(&*log, &record, Duration::from_secs(20)).await;
                // An engine that went down with its process answers nothing more through this
                // handle.
                let Ok(answer) = tried else { break };
                assert!(matches!(answer, Appended::At(_)), "nobody else writes here: {answer:?}");
                version = at(answer);
                done.push((record, version));
                if done.len() >= 20
                    && let Some(warm) = warm.take()
                {
                    assert!(warm.send(()).is_ok(), "somebody waits");
                }
            }
            done
        });
        drop(warmed.await);
        bench.restart().await;
        stop.send(()).ok();
        acknowledged.extend(task.await.unwrap());
        maker.now += 10_000_000;
    }
    let all = everything(&bench.log()).await;
    for (record, position) in &acknowledged {
        let index = usize::try_from(position.0).unwrap() - 1;
        assert_eq!(&all[index].bytes, record.bytes(), "acknowledged at {position}");
    }
    let seen = take(&mut *follower, all.len()).await;
    assert_eq!(essence(&seen), essence(&all), "no gap, no repetition");
}

/// Reading on would skip records for ever.
pub async fn a_checkpoint_beyond_the_head_is_refused(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let maker = Maker::started(25, &*bench).await;
    let time = Time::from_micros(maker.now).unwrap();
    let beyond = log.follow(Checkpoint { position: Position(2), time }).await;
    assert!(beyond.is_err(), "a checkpoint beyond the head");
    let at_head = log.follow(Checkpoint { position: Position(1), time }).await;
    assert!(at_head.is_ok(), "a checkpoint at the head");
}

/// The running maximum of what writers stamped; from the log alone.
pub async fn effective_time_never_runs_backwards(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let log = bench.log();
    let mut maker = Maker::started(26, &*bench).await;
    let stamps = [5, 3, 9, 9, 1, 12, 2].map(|second| super::make::START + second * 1_000_000);
    for (number, stamp) in stamps.iter().enumerate() {
        maker.now = *stamp;
        let record = maker.commit(&item(&format!("t{number}")), Position::START);
        put(&Arc::clone(&log), &record).await;
    }
    let times = everything(&log).await.into_iter().skip(1).map(|record| record.time.as_micros());
    let expected = [5, 5, 9, 9, 9, 12, 12].map(|s| super::make::START + s * 1_000_000 + 1_000);
    assert!(times.eq(expected));
}
