//! Cases: the activity log.

use super::{
    Factory,
    make::{Random, START, item},
};
use crate::{ActivityEntry, ActivityFilter, ActivityKind};
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

/// In order, filtered, in pages, beside later writes.
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
    let all = ActivityFilter::default();
    let mut read = Vec::new();
    loop {
        let after = read.last().map(|row: &crate::ActivityRow| row.id);
        let page = activity.read(&all, after, 70).await.unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert!(read.iter().map(|row| &row.entry).eq(&noted));
    let filter = ActivityFilter {
        kinds: vec![ActivityKind::LinkOpened],
        item: noted[0].item.clone(),
        link: noted[0].link,
        from: Some(noted[10].at),
        to: Some(noted[1_000].at),
        ..ActivityFilter::default()
    };
    let expected = noted.iter().filter(|entry| filter.matches(entry));
    let found = activity.read(&filter, None, 10_000).await.unwrap();
    assert!(found.len() > 100 && found.iter().map(|row| &row.entry).eq(expected));
}

/// A process that was killed may have lost what it noted last; the next one says so.
pub async fn a_run_that_ended_without_a_flush_shows_as_a_gap(factory: &dyn Factory) {
    let bench = factory.fresh().await;
    let gaps = ActivityFilter { kinds: vec![ActivityKind::Gap], ..ActivityFilter::default() };
    let first = bench.activity("node-b", Random::new(2).uuid()).await;
    first.note(entry(1, ActivityKind::SignInRefused));
    first.flush().await.unwrap();
    drop(first);
    let second = bench.activity("node-b", Random::new(3).uuid()).await;
    assert!(second.read(&gaps, None, 10).await.unwrap().is_empty(), "the first was flushed");
    second.note(entry(2, ActivityKind::CommandDenied));
    drop(second);
    let third = bench.activity("node-b", Random::new(4).uuid()).await;
    let found = third.read(&gaps, None, 10).await.unwrap();
    assert_eq!(found.len(), 1, "the second was not");
    let other = bench.activity("node-c", Random::new(5).uuid()).await;
    assert_eq!(other.read(&gaps, None, 10).await.unwrap().len(), 1, "another node lost nothing");
}
