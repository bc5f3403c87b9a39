//! Case: the same random commands give the same log on every engine.

use super::{
    Factory, Maker, everything,
    make::{BUDGET, Random, START, item},
};
use crate::{Appended, SharedLog, append, memory::MemoryLog};
use domain::{position::Position, stream::StreamName, testing::soak};
use std::{collections::HashMap, sync::Arc};

/// How many histories.
const HISTORIES: u32 = 1_000;

/// One command of a history; every engine must answer it alike.
async fn both(one: &SharedLog, two: &SharedLog, record: &crate::Append) -> Appended {
    let (a, b) = tokio::join!(append(&**one, record, BUDGET), append(&**two, record, BUDGET));
    let (a, b) = (a.expect("the log answers"), b.expect("the model answers"));
    assert_eq!(a, b, "{record:?}");
    a
}

/// A thousand histories with stale versions, repeated keys, retries and clocks that jump, on the
/// engine and on the memory engine: the same answers, records and effective times.
pub async fn random_histories_are_the_same_on_every_engine(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let (log, model) = (bench.log(), Arc::new(MemoryLog::new()) as SharedLog);
    let seed = soak::seed().unwrap_or_default();
    let mut maker = Maker::new(seed);
    both(&log, &model, &maker.first()).await;
    let mut random = Random::new(seed + 1);
    for history in 0..u64::from(soak::cases(HISTORIES)) {
        one(history, &mut random, &mut maker, &log, &model).await;
    }
    let (records, modelled) = (everything(&log).await, everything(&model).await);
    assert_eq!(records.len(), modelled.len());
    for (found, expected) in records.iter().zip(&modelled) {
        assert_eq!(found.position, expected.position);
        assert_eq!(found.time, expected.time, "effective time of {}", found.position);
        assert_eq!(found.bytes, expected.bytes);
    }
}

async fn one(
    history: u64,
    random: &mut Random,
    maker: &mut Maker,
    log: &SharedLog,
    model: &SharedLog,
) {
    let base = START + i64::try_from(history).expect("small") * 60_000_000;
    let mut versions: HashMap<StreamName, Vec<Position>> = HashMap::new();
    let mut last = None;
    for _ in 0..random.below(9) {
        let jump = i64::try_from(random.below(90_000_000)).expect("small");
        maker.now = base + jump - 45_000_000;
        let stream = item(&format!("h{history}.{}", random.below(3)));
        let known = versions.entry(stream.clone()).or_insert_with(|| vec![Position::START]);
        let stale = random.below(4) == 0;
        let index = if stale { random.below(known.len() as u64) } else { known.len() as u64 - 1 };
        let expected = known[usize::try_from(index).expect("small")];
        let key = (random.below(3) == 0).then(|| format!("{history}-{}", random.below(3)));
        let record = match (&last, random.below(6)) {
            (Some(last), 0) => crate::Append::clone(last),
            _ => maker.keyed(&stream, expected, key.as_deref()),
        };
        if let Appended::At(position) = both(log, model, &record).await {
            let known = versions.entry(record.stream().clone()).or_default();
            if known.last() < Some(&position) {
                known.push(position);
            }
        }
        last = Some(record);
    }
    for stream in versions.into_keys() {
        let (a, b) = tokio::join!(
            log.read_stream(&stream, Position::START),
            model.read_stream(&stream, Position::START)
        );
        let essence = |records: Vec<crate::Record>| -> Vec<_> {
            records.into_iter().map(|r| (r.position, r.bytes)).collect()
        };
        assert_eq!(essence(a.expect("it answers")), essence(b.expect("it answers")));
    }
}
