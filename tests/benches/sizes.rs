//! What does a check cost in process, and what a grant in memory, as the data grows?
//!
//! Each size is measured in a process of its own that starts from a saved index. `--full` goes up
//! to ten million grants; `--chart FILE` draws cost against size as SVG.

#[path = "sizes/chart.rs"]
mod chart;
#[path = "sizes/measure.rs"]
mod measure;

use domain::time::Time;
use eventlog::{
    EventLog as _, SharedLog,
    sqlite::{SqliteLog, SqliteOptions},
};
use measure::Measured;
use projections::index::{AccessIndex, IndexOptions};
use std::{path::Path, process::Command, sync::Arc, time::Duration, time::Instant};
use tests::dataset::{Plan, begin, fill};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if let Some((folder, grants)) = measure::asked_for() {
        return measure::tell(&folder, grants).await;
    }
    let arguments: Vec<String> = std::env::args().collect();
    let mut sizes = vec![10_000, 100_000, 1_000_000];
    if arguments.iter().any(|argument| argument == "--full") {
        sizes.push(10_000_000);
    }
    let mut points = Vec::new();
    for grants in sizes {
        let measured = of_size(grants).await;
        measured.print();
        points.push(measured);
    }
    let named = arguments.iter().skip_while(|argument| *argument != "--chart").nth(1);
    if let Some(file) = named {
        chart::draw(Path::new(file), &points);
        println!("drawn: {file}");
    }
}

async fn of_size(grants: u64) -> Measured {
    let home = tempfile::Builder::new().prefix("sharelog-bench").tempdir().expect("a folder");
    let log = open(home.path()).await;
    let at = now();
    begin(&log, at).await;
    let filled = fill(&log, &Plan::of(grants), at).await;
    let file = home.path().join("index.bin");
    let begun = Instant::now();
    let index = index(&log, &file).await;
    let from_log = begun.elapsed();
    index.close().await;
    drop((index, log));
    let this = std::env::current_exe().expect("this program");
    let told = Command::new(this)
        .arg("--measure")
        .arg(home.path())
        .arg(grants.to_string())
        .output()
        .expect("it measures");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let line = String::from_utf8_lossy(&told.stdout);
    let mut measured: Measured = serde_json::from_str(line.trim()).expect("figures");
    let records = u32::try_from(filled.records).expect("below four billion");
    measured.records_from_log = f64::from(records) / from_log.as_secs_f64();
    measured
}

pub(crate) async fn open(folder: &Path) -> SharedLog {
    let log = SqliteLog::open(&folder.join("log.db"), SqliteOptions::default()).await;
    let log = log.expect("the log");
    log.check().await.expect("a sound log");
    Arc::new(log)
}

/// An index that knows the whole log.
pub(crate) async fn index(log: &SharedLog, file: &Path) -> AccessIndex {
    let head = log.head().await.expect("the log answers").position;
    let opened = AccessIndex::open(log.clone(), Some(file.to_owned()), IndexOptions::default());
    let index = opened.await.expect("an index");
    index.wait_for(head, Duration::from_mins(20)).await.expect("it comes to the end of the log");
    index
}

#[expect(clippy::disallowed_methods, reason = "windows are judged as of today")]
pub(crate) fn now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond()).expect("a time")
}
