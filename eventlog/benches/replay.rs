//! Benchmark of reading, checking and decoding the whole log beside a plain ordered pull consumer
//! that only counts.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at what is not as it must be"
)]

#[expect(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../tests/conformance/server.rs"]
mod server;

use async_nats::{
    HeaderMap, header,
    jetstream::{self, consumer::pull::OrderedConfig},
};
use domain::{position::Position, stream::StreamName};
use eventlog::{
    Append, Checkpoint, EventLog as _,
    conformance::{
        Maker,
        make::{Random, item},
    },
    jetstream::{JetStreamLog, JetStreamOptions, subject},
};
use futures::StreamExt as _;
use server::Server;
use std::time::{Duration, Instant};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds of each; the best counts, as something else may run on the machine.
const ROUNDS: usize = 3;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    let count: u64 = if full { 2_000_000 } else { 200_000 };
    let server = Server::start();
    let options = JetStreamOptions { urls: vec![server.url()], ..JetStreamOptions::default() };
    let log = JetStreamLog::connect(options).await.unwrap();
    fill(&server, count).await;
    let (mut checked, mut decoded, mut ceiling) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        ceiling = ceiling.max(plain(&server, count).await);
        checked = checked.max(follow(&log, count, false).await);
        decoded = decoded.max(follow(&log, count, true).await);
    }
    latency(&log).await;
    let beside = "ceiling plain ordered pull consumer";
    for (what, ours, reach) in [
        ("whole-log replay, envelopes checked", checked, "-"),
        ("whole-log replay, every event decoded", decoded, ">= 0.5"),
    ] {
        println!(
            "bench | {what}; {beside} | {ours:.0}/s | {ceiling:.0}/s | {:.2} | {reach}",
            ours / ceiling
        );
    }
}

/// About 400 bytes each; many in flight, as only their number matters here.
async fn fill(server: &Server, count: u64) {
    let client = async_nats::connect(server.url()).await.unwrap();
    let context = jetstream::context::ContextBuilder::new()
        .max_ack_inflight(1_000)
        .backpressure_on_inflight(true)
        .build(client);
    let mut maker = Maker::new(1);
    let mut acks = Vec::new();
    for number in 0..count {
        let record: Append = if number == 0 {
            maker.first()
        } else {
            let stream: StreamName = item(&format!("i-{number}"));
            maker.commit(&stream, Position::START)
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, record.message_id());
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
        let subject = subject::from_stream(record.stream(), "sharelog.log");
        acks.push(
            context.publish_with_headers(subject, headers, record.bytes().clone()).await.unwrap(),
        );
        if acks.len() >= 500 {
            for ack in acks.drain(..) {
                ack.await.unwrap();
            }
        }
    }
    for ack in acks {
        ack.await.unwrap();
    }
}

async fn plain(server: &Server, count: u64) -> f64 {
    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream("SHARELOG").await.unwrap();
    let begun = Instant::now();
    let consumer = stream.create_consumer(OrderedConfig::default()).await.unwrap();
    let mut messages = consumer.messages().await.unwrap();
    let mut seen = 0;
    while seen < count {
        let message = messages.next().await.unwrap().unwrap();
        seen = message.info().unwrap().stream_sequence;
    }
    rate(count, begun)
}

async fn follow(log: &JetStreamLog, count: u64, decode: bool) -> f64 {
    let begun = Instant::now();
    let mut follower = log.follow(Checkpoint::default()).await.unwrap();
    let (mut seen, mut events) = (0, 0_u64);
    while seen < count {
        let records = follower.next(1_000, Duration::from_secs(10)).await.unwrap();
        assert!(!records.is_empty(), "records come");
        for record in &records {
            if decode {
                events += record.events().unwrap().len() as u64;
            }
            seen = record.position.0;
        }
    }
    assert!(!decode || events == count);
    rate(count, begun)
}

/// How long after it was sent a record is acknowledged, and how long after it a follower at the
/// tail has it.
async fn latency(log: &JetStreamLog) {
    let head = log.head().await.unwrap().position;
    let after = Checkpoint { position: head, ..Checkpoint::default() };
    let mut follower = log.follow(after).await.unwrap();
    let mut maker = Maker { random: Random::new(2), ..Maker::new(1) };
    let (mut acknowledged, mut seen) = (Vec::new(), Vec::new());
    for number in 0..1_000 {
        let record = maker.commit(&item(&format!("tail-{number}-{head}")), Position::START);
        let sent = Instant::now();
        let append = async {
            log.try_append(&record).await.unwrap();
            sent.elapsed()
        };
        let follow = async {
            let records = follower.next(1, Duration::from_secs(10)).await.unwrap();
            assert_eq!(records.len(), 1);
            sent.elapsed()
        };
        let (ack, sight) = tokio::join!(append, follow);
        acknowledged.push(ack);
        seen.push(sight);
    }
    let p99 = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() * 99 / 100).copied().unwrap()
    };
    println!(
        "bench | a record until a follower has it, p99; ceiling until acknowledged \
         | {:?} | {:?} | - | -",
        p99(&mut seen),
        p99(&mut acknowledged)
    );
}

#[expect(clippy::cast_precision_loss, reason = "a rate is an estimate")]
fn rate(count: u64, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}
