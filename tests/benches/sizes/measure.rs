//! What does one size cost? Asked in a fresh process, so that resident memory is the index's.

use crate::{index, now, open};
use domain::{access::Subject, id::ItemRef, role::Permission};
use serde::{Deserialize, Serialize};
use std::{
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tests::{dataset::Plan, wire::quantile};

/// Checks that are timed together, as one alone is too short for the clock.
const TOGETHER: usize = 16;
/// Questions, asked again and again.
const QUESTIONS: usize = 50_000;
const ROUNDS: usize = 6;

/// Figures of one size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) grants: f64,
    /// Nanoseconds a check.
    pub(crate) middle: f64,
    pub(crate) p99: f64,
    /// Resident bytes a grant.
    pub(crate) bytes: f64,
    /// Seconds to start from the saved file.
    pub(crate) start: f64,
    /// Milliseconds of a search of a thousand results, where an item has so many.
    pub(crate) search: Option<f64>,
    pub(crate) records_from_log: f64,
}

/// Folder and size, when this process is to measure.
pub(crate) fn asked_for() -> Option<(PathBuf, u64)> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--measure").skip(1);
    Some((arguments.next()?.into(), arguments.next()?.parse().ok()?))
}

pub(crate) async fn tell(folder: &Path, grants: u64) {
    let plan = Plan::of(grants);
    let log = open(folder).await;
    let before = resident();
    let begun = Instant::now();
    let index = index(&log, &folder.join("index.bin")).await;
    let start = begun.elapsed().as_secs_f64();
    let known = index.status().grants;
    let known = f64::from(u32::try_from(known).expect("below four billion"));
    let bytes = (resident() - before) / known;
    let snapshot = index.snapshot().expect("it knows the log");
    let questions: Vec<(Subject, ItemRef)> = plan
        .questions(QUESTIONS)
        .into_iter()
        .map(|asked| (Subject::account(asked.account), asked.item))
        .collect();
    let now = now();
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        for some in questions.chunks(TOGETHER) {
            let begun = Instant::now();
            for (who, item) in some {
                black_box(snapshot.check(who, item, now));
            }
            took.push(begun.elapsed());
        }
    }
    took.sort_unstable();
    let each = |part| quantile(&took, part).as_secs_f64() * 1e9 / 16.0;
    let (middle, p99) = (each(0.5), each(0.99));
    let popular = plan.item(1).item;
    let mut searches: Vec<Duration> = Vec::new();
    let mut found = 0;
    for _ in 0..50 {
        let begun = Instant::now();
        found = snapshot.subjects(&popular, Permission::View, now, None, 1_000).0.len();
        searches.push(begun.elapsed());
    }
    searches.sort_unstable();
    let search = (found == 1_000).then(|| quantile(&searches, 0.5).as_secs_f64() * 1e3);
    let records_from_log = 0.0;
    let measured = Measured { grants: known, middle, p99, bytes, start, search, records_from_log };
    println!("{}", serde_json::to_string(&measured).expect("figures"));
}

impl Measured {
    pub(crate) fn print(&self) {
        let Self { grants, middle, p99, bytes, start, search, records_from_log } = self;
        let size = format!("{grants:.0} grants");
        println!(
            "bench | check in process, {size} | {middle:.0} ns, p99 {p99:.0} ns | | | <= 1 us"
        );
        println!("bench | resident bytes a grant, {size} | {bytes:.0} | | | <= 100");
        println!("bench | index from its saved file, {size} | {start:.2} s | | | <= 5 s");
        println!("bench | index from the log, {size} | {records_from_log:.0} records/s | | |");
        if let Some(search) = search {
            println!("bench | search of 1000 in process, {size} | {search:.2} ms | | | <= 5 ms");
        }
    }
}

/// Bytes of memory in use by this process, as Linux tells.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) * 1024.0
}
