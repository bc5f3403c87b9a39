//! Benchmark of commands per second, beside what the client library alone publishes in the same
//! run.
//!
//! `cargo bench -p commands --bench commands` (`-- --full` for longer rounds). Needs nats-server:
//! `SHARELOG_NATS_SERVER` or on the PATH.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, reads the machine's clock, and stops at the first error"
)]

mod server;

use async_nats::{
    HeaderMap, header,
    jetstream::{self, stream::Config},
};
use commands::{
    Caller, Clock, Commands, Dependencies, GranteeRef, Request, Settings,
    vault::{ServerKey, memory::MemoryVault},
};
use domain::{
    id::{GrantId, ItemRef},
    item::{GrantPatch, ItemCommand, NewDescription, OnExisting, Share},
    position::Position,
    role::Role,
    stream::StreamName,
    time::Time,
};
use eventlog::{
    SharedLog,
    jetstream::{JetStreamKeyIndex, JetStreamLog, JetStreamOptions},
    memory::MemoryActivity,
};
use server::Server;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::task::JoinSet;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Alternating rounds; medians are told.
const ROUNDS: usize = 7;

/// Commands under way at the same time.
const IN_FLIGHT: usize = 64;

#[derive(Debug)]
struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Time::default().plus_micros(i64::try_from(since.as_micros()).unwrap())
    }
}

async fn open(server: &Server, folder: &std::path::Path) -> (SharedLog, Commands) {
    let options = JetStreamOptions { urls: vec![server.url()], ..JetStreamOptions::default() };
    let log = JetStreamLog::connect(options).await.unwrap();
    let keys = JetStreamKeyIndex::open(&log, &folder.join("keys.db")).await.unwrap();
    let log: SharedLog = Arc::new(log);
    let parts = Dependencies {
        log: log.clone(),
        keys: Arc::new(keys),
        vault: Arc::new(MemoryVault::default()),
        server_key: ServerKey::from_bytes([1; 32]),
        activity: Arc::new(MemoryActivity::default()),
        clock: Arc::new(MachineClock),
        authority: None,
        settings: Settings::default(),
    };
    (log, Commands::open(parts).await.unwrap())
}

/// One item with one grant for each command in flight.
async fn items(node: &Commands) -> Vec<(ItemRef, GrantId)> {
    let mut all = Vec::new();
    let owner = "a-1".parse().unwrap();
    let request = Request::new(Caller::account(owner));
    for n in 0..IN_FLIGHT {
        let item: ItemRef = format!("history:bench-{n}").parse().unwrap();
        let description = NewDescription { title: Some("RNA".into()), ..NewDescription::default() };
        let owner = "a-1".parse().unwrap();
        let register = ItemCommand::Register { owner, description };
        node.item(&request, &item, register).await.unwrap();
        let template = Share {
            grantees: Vec::new(),
            role: Role::Viewer,
            withhold: Vec::new(),
            starts_at: None,
            ends_at: None,
            on_existing: OnExisting::Change,
        };
        let asked = vec![GranteeRef::Account("a-2".parse().unwrap())];
        let shared = node.share(&request, &item, asked, template).await.unwrap();
        all.push((item, *shared.after.grants.first_key_value().unwrap().0));
    }
    all
}

/// Runs so many loops at once for a while; answers steps a second.
async fn rate<F>(length: Duration, steps: impl Fn(usize) -> F) -> f64
where
    F: Future<Output = Box<dyn Stepper>> + Send,
{
    let mut all = JoinSet::new();
    for n in 0..IN_FLIGHT {
        let mut stepper = steps(n).await;
        all.spawn(async move {
            let (start, mut done) = (Instant::now(), 0u64);
            while start.elapsed() < length {
                stepper.step().await;
                done += 1;
            }
            done
        });
    }
    let start = Instant::now();
    let done: u64 = all.join_all().await.into_iter().sum();
    done as f64 / start.elapsed().as_secs_f64()
}

#[async_trait::async_trait]
trait Stepper: Send {
    async fn step(&mut self);
}

/// One command after the other on one item.
struct Ours {
    node: Commands,
    request: Request,
    item: ItemRef,
    grant: GrantId,
    editor: bool,
}

#[async_trait::async_trait]
impl Stepper for Ours {
    async fn step(&mut self) {
        self.editor = !self.editor;
        let role = if self.editor { Role::Editor } else { Role::Viewer };
        let patch = GrantPatch { role: Some(role), ..GrantPatch::default() };
        let command = ItemCommand::ChangeGrant { grant: self.grant, patch };
        let outcome = self.node.item(&self.request, &self.item, command).await.unwrap();
        assert_eq!(outcome.events.len(), 1);
    }
}

/// One publish after the other on one subject, with the headers that our log sends.
struct Ceiling {
    context: jetstream::Context,
    subject: String,
    payload: bytes::Bytes,
    expected: u64,
}

#[async_trait::async_trait]
impl Stepper for Ceiling {
    async fn step(&mut self) {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, uuid::Uuid::now_v7().to_string());
        let expected = self.expected.to_string();
        headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected);
        let (subject, payload) = (self.subject.clone(), self.payload.clone());
        let sent = self.context.publish_with_headers(subject, headers, payload).await.unwrap();
        self.expected = sent.await.unwrap().sequence;
    }
}

struct Bench {
    node: Commands,
    items: Vec<(ItemRef, GrantId)>,
    context: jetstream::Context,
    payload: bytes::Bytes,
    round: std::sync::atomic::AtomicUsize,
}

impl Bench {
    async fn ours(&self, length: Duration) -> f64 {
        rate(length, |n| async move {
            let (item, grant) = self.items[n].clone();
            let request = Request::new(Caller::account("a-1".parse().unwrap()));
            let node = self.node.clone();
            let state = node.load_item(&item).await.unwrap();
            let editor = state.grants[&grant].grant.role == Role::Editor;
            Box::new(Ours { node, request, item, grant, editor }) as Box<dyn Stepper>
        })
        .await
    }

    async fn ceiling(&self, length: Duration) -> f64 {
        let round = self.round.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        rate(length, |n| async move {
            let subject = format!("ceiling.item.history.bench-{n}-{round}");
            let (context, payload) = (self.context.clone(), self.payload.clone());
            Box::new(Ceiling { context, subject, payload, expected: 0 }) as Box<dyn Stepper>
        })
        .await
    }
}

async fn measure(name: &str, sync_always: bool, length: Duration) {
    let server = Server::start(sync_always);
    let folder = tempfile::tempdir().unwrap();
    let (log, node) = open(&server, folder.path()).await;
    let items = items(&node).await;
    let request = Request::new(Caller::account("a-1".parse().unwrap()));
    let patch = GrantPatch { role: Some(Role::Editor), ..GrantPatch::default() };
    let command = ItemCommand::ChangeGrant { grant: items[0].1, patch };
    node.item(&request, &items[0].0, command).await.unwrap();
    let stream = StreamName::Item(items[0].0.clone());
    let records = log.read_stream(&stream, Position::START).await.unwrap();
    let payload = records.last().unwrap().bytes.clone();
    let client = async_nats::connect(server.url()).await.unwrap();
    let context = jetstream::new(client);
    let config = Config {
        name: "CEILING".to_owned(),
        subjects: vec!["ceiling.>".to_owned()],
        duplicate_window: Duration::from_mins(2),
        discard: jetstream::stream::DiscardPolicy::New,
        compression: Some(jetstream::stream::Compression::S2),
        allow_direct: true,
        deny_delete: true,
        deny_purge: true,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let size = payload.len();
    let round = std::sync::atomic::AtomicUsize::new(0);
    let bench = Bench { node, items, context, payload, round };
    bench.ceiling(length / 4).await;
    bench.ours(length / 4).await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ceiling = costing(&server, bench.ceiling(length)).await;
        let ours = costing(&server, bench.ours(length)).await;
        rounds.push((ours, ceiling));
    }
    let ours = median(rounds.iter().map(|(ours, _)| ours.rate));
    let ceiling = median(rounds.iter().map(|(_, ceiling)| ceiling.rate));
    let ratio = median(rounds.iter().map(|(ours, ceiling)| ours.rate / ceiling.rate));
    let reach = if sync_always { ">= 0.95" } else { ">= 0.7" };
    let name = format!("{name}, {size} bytes a record");
    println!("bench | {name} | {ours:.0}/s | {ceiling:.0}/s | {ratio:.2} | {reach}");
    let cost = |pick: fn(&(Cost, Cost)) -> f64| median(rounds.iter().map(pick));
    println!(
        "      processor time of one: ours {:.1} us here and {:.1} us in the server; \
         ceiling {:.1} us and {:.1} us",
        cost(|(ours, _)| ours.here),
        cost(|(ours, _)| ours.server),
        cost(|(_, ceiling)| ceiling.here),
        cost(|(_, ceiling)| ceiling.server),
    );
}

/// What a round did, and the processor time that one of its steps took.
struct Cost {
    rate: f64,
    here: f64,
    server: f64,
}

async fn costing(server: &Server, round: impl Future<Output = f64>) -> Cost {
    let spent = || (spent(std::process::id()), spent(server.process.id()));
    let (start, before) = (Instant::now(), spent());
    let rate = round.await;
    let (steps, after) = (rate * start.elapsed().as_secs_f64(), spent());
    Cost {
        rate,
        here: (after.0 - before.0) * 1e6 / steps,
        server: (after.1 - before.1) * 1e6 / steps,
    }
}

/// Seconds of processor time of a process, as Linux tells (in ticks of 10 ms).
fn spent(process: u32) -> f64 {
    let told = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = told.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = |n: usize| fields.split_whitespace().nth(n)?.parse::<f64>().ok();
    (ticks(11).unwrap_or(f64::NAN) + ticks(12).unwrap_or(f64::NAN)) / 100.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    // `cargo test --benches` builds and runs this too; it measures only when asked.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let full = std::env::args().any(|argument| argument == "--full");
    let length = Duration::from_millis(if full { 10_000 } else { 700 });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        measure("command handler, JetStream, 64 in flight", false, length).await;
        measure("the same, sync always", true, length).await;
    });
}
