//! Cases: the activity log.

use super::{
    Bench, Factory,
    make::{Random, START, item},
};
use crate::{ActivityEntry, ActivityKind};
use domain::{id::LinkId, stream::StreamName, time::Time};

fn entry(number: i64, kind: ActivityKind) -> ActivityEntry {
    let time = Time::from_micros(START + number * 1_000_000).expect("a time");
    let StreamName::Item(item) = item(&format!("seen-{}", number % 3)) else {
        unreachable!("it is an item")
    };
    let link = LinkId(Random::new(7).uuid());
    let link = (kind == ActivityKind::LinkOpened).then_some(link);
    ActivityEntry { item: Some(item), link, ..ActivityEntry::new(time, kind) }
}

/// Everything is written once, in order, beside later entries.
pub async fn what_is_noted_is_read_back(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let activity = bench.activity("node-a", Random::new(1).uuid()).await;
    let kinds = [ActivityKind::LinkOpened, ActivityKind::LinkRefused];
    let noted: Vec<ActivityEntry> =
        (0..1_200).zip(kinds.iter().cycle()).map(|(n, kind)| entry(n, *kind)).collect();
    for entry in &noted {
        activity.note(entry.clone());
    }
    activity.flush().await.unwrap();
    assert_eq!(bench.noted().await, noted);
    activity.note(noted[0].clone());
    activity.flush().await.unwrap();
    assert_eq!(bench.noted().await.len(), noted.len() + 1);
}

async fn gaps(bench: &dyn Bench) -> usize {
    bench.noted().await.iter().filter(|entry| entry.kind == ActivityKind::Gap).count()
}

/// A process that was killed may have lost what it noted last; the next one says so.
pub async fn a_run_that_ended_without_a_flush_shows_as_a_gap(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let first = bench.activity("node-b", Random::new(2).uuid()).await;
    first.note(entry(1, ActivityKind::SignInRefused));
    first.flush().await.unwrap();
    drop(first);
    let second = bench.activity("node-b", Random::new(3).uuid()).await;
    assert_eq!(gaps(&*bench).await, 0, "the first was flushed");
    second.note(entry(2, ActivityKind::CommandDenied));
    drop(second);
    bench.activity("node-b", Random::new(4).uuid()).await;
    assert_eq!(gaps(&*bench).await, 1, "the second was not");
    bench.activity("node-c", Random::new(5).uuid()).await;
    assert_eq!(gaps(&*bench).await, 1, "another node lost nothing");
}
