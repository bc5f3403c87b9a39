//! Benchmark of the access index reading a whole log on JetStream, beside a plain ordered consumer
//! of the same messages that only counts.
//!
//! `--full`: a million items and ten million grants.

use async_nats::jetstream::{self, consumer::pull::OrderedConfig};
use domain::time::Time;
use eventlog::{
    SharedLog,
    jetstream::{JetStreamLog, JetStreamOptions},
};
use futures::StreamExt as _;
use projections::index::{AccessIndex, IndexOptions};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tests::{
    Service,
    dataset::{Plan, TOGETHER, fill},
    streaming::Nats,
    wire::median,
};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Alternating rounds; medians are reported.
const ROUNDS: usize = 3;
const WAIT_TIMEOUT: Duration = Duration::from_mins(10);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    // As most records are: one command shared with one; and as large ones are.
    measure(&Plan::new(if full { 10_000_000 } else { 200_000 }), 1, ">= 0.5").await;
    measure(&Plan::new(if full { 10_000_000 } else { 2_000_000 }), TOGETHER, ">= 0.5").await;
}

/// A log with at most so many grants in one record.
async fn measure(plan: &Plan, together: usize, reach: &str) {
    let folder = tempfile::Builder::new().prefix("sharelog-bench").tempdir().expect("a folder");
    let nats = Nats::start_unsynced(&folder.path().join("nats")).await;
    // A service begins the log.
    let engine = ["--log".to_owned(), nats.address(), "--projectors=false".to_owned()];
    let mut service = Service::start(&folder.path().join("data"), &engine).await;
    assert!(service.stop(), "it ends well");
    let options = JetStreamOptions { urls: vec![nats.address()], ..JetStreamOptions::default() };
    let log = JetStreamLog::connect(options).await.expect("the log");
    let log: SharedLog = Arc::new(log);
    let filled = fill(&log, plan, now(), together).await;
    let records = log.head().await.expect("the log answers").position.0;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ceiling = plain(&nats, records).await;
        rounds.push((index(&log, records).await, ceiling));
    }
    let ours = median(rounds.iter().map(|(ours, _)| *ours));
    let ceiling = median(rounds.iter().map(|(_, ceiling)| *ceiling));
    let ratio = median(rounds.iter().map(|(ours, ceiling)| ours / ceiling));
    let grants = filled.grants;
    let what = format!("index from the log, {records} records of <= {together}, {grants} grants");
    println!("bench | {what} | {ours:.0}/s | {ceiling:.0}/s | {ratio:.2} | {reach}");
}

async fn plain(nats: &Nats, records: u64) -> f64 {
    let client = async_nats::connect(nats.address()).await.expect("the message server");
    let stream = jetstream::new(client).get_stream("SHARELOG").await.expect("the log");
    let begun = Instant::now();
    let consumer = stream.create_consumer(OrderedConfig::default()).await.expect("a consumer");
    let mut messages = consumer.messages().await.expect("its messages");
    let mut seen = 0;
    while seen < records {
        let message = messages.next().await.expect("more").expect("a message");
        seen = message.info().expect("its place").stream_sequence;
    }
    rate(records, begun)
}

async fn index(log: &SharedLog, records: u64) -> f64 {
    let begun = Instant::now();
    let opened = AccessIndex::open(Arc::clone(log), None, IndexOptions::default()).await;
    let index = opened.expect("the log answers");
    index
        .caught_up(domain::position::Position(records), WAIT_TIMEOUT)
        .await
        .expect("it catches up");
    let rate = rate(records, begun);
    index.close().await;
    rate
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
fn rate(records: u64, begun: Instant) -> f64 {
    records as f64 / begun.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "records of a running service are of today")]
fn now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond()).expect("a time")
}
