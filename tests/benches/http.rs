//! Benchmark of commands per second over HTTP, beside plain publishes of the same size to the same
//! server.
//!
//! Everything runs on one machine and shares its cores: NATS (default sync), PostgreSQL, the
//! service, and this load. `--full` measures longer.

use async_nats::{HeaderMap, jetstream};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tests::{
    Value,
    postgres::Postgres,
    service::Service,
    streaming::Nats,
    wire::{Wire, median, request},
};

const CALLS_IN_FLIGHT: u64 = 64;
/// Ours and the ceiling in turn, so often; medians are reported.
const ROUNDS: usize = 3;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    let time = Duration::from_secs(if full { 15 } else { 4 });
    let folder = tempfile::Builder::new().prefix("sharelog-bench").tempdir().expect("a folder");
    let open: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("PostgreSQL's user may enter it");
    let nats = Nats::start_unsynced(&folder.path().join("nats")).await;
    let postgres = Postgres::database(&folder.path().join("postgres")).await;
    let engines = ["--log".to_owned(), nats.address(), "--db".to_owned(), postgres.address()];
    let data = folder.path().join("data");

    let quiet = [&engines[..], &["--projectors=false".to_owned()]].concat();
    let mut service = Service::start(&data, &quiet).await;
    commands(&service, "warm", time).await;
    let size = average_size(&nats).await;
    println!("records have {size} bytes on average");
    let without = rounds(&service, &nats, "without", (size, time)).await;
    service.kill();
    without.print("command over HTTP, no projector, 64 in flight", ">= 0.3");
    let mut service = Service::start(&data, &engines).await;
    let with = rounds(&service, &nats, "with", (size, time)).await;
    service.kill();
    with.print("command over HTTP, with projectors", "reported");
}

/// Ours and the ceiling of each round.
struct Rounds(Vec<(f64, f64)>);

/// Ours and the ceiling in turn.
async fn rounds(
    service: &Service,
    nats: &Nats,
    name: &str,
    (size, time): (usize, Duration),
) -> Rounds {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let ours = commands(service, &format!("{name}-{round}"), time).await;
        rounds.push((ours, publishes(nats, size, time).await));
    }
    Rounds(rounds)
}

impl Rounds {
    fn print(&self, what: &str, reach: &str) {
        let ours = median(self.0.iter().map(|round| round.0));
        let ceiling = median(self.0.iter().map(|round| round.1));
        let ratio = median(self.0.iter().map(|round| round.0 / round.1));
        println!("bench | {what} | {ours:.0}/s | {ceiling:.0}/s | {ratio:.2} | {reach}");
    }
}

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs workers for a while after a short warm-up; answers how many calls a second they made.
async fn rate<F, Work>(time: Duration, start: F) -> f64
where
    F: Fn(u64, Arc<AtomicU64>) -> Work,
    Work: Future<Output = ()> + Send + 'static,
{
    let done = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> =
        (0..CALLS_IN_FLIGHT).map(|worker| tokio::spawn(start(worker, Arc::clone(&done)))).collect();
    tokio::time::sleep(time / 4).await;
    let (begun, before) = (Instant::now(), done.load(Ordering::Relaxed));
    tokio::time::sleep(time).await;
    let made = done.load(Ordering::Relaxed) - before;
    let seconds = begun.elapsed().as_secs_f64();
    for worker in workers {
        worker.abort();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    let made = made as f64;
    made / seconds
}

/// Changes a grant again and again, each worker on an item of its own.
async fn commands(service: &Service, name: &str, time: Duration) -> f64 {
    let address = service.base().trim_start_matches("http://").to_owned();
    let token = service.admin_token();
    rate(time, move |worker, done| {
        let (address, token, name) = (address.clone(), token.clone(), name.to_owned());
        async move {
            let mut wire = Wire::connect(&address).await;
            let item = format!("/v1/items/history/{name}-{worker}");
            let body = r#"{"owner":{"type":"account","id":"a-17"}}"#;
            let status = wire.ask(&request("PUT", &address, &item, &token, body)).await;
            assert_eq!(status, 201, "{}", String::from_utf8_lossy(&wire.body));
            let body = r#"{"grantees":[{"type":"account","id":"a-22"}],"role":"viewer"}"#;
            let grants = format!("{item}/grants");
            let status = wire.ask(&request("POST", &address, &grants, &token, body)).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&wire.body));
            let answer: Value = serde_json::from_slice(&wire.body).expect("JSON");
            let id = answer["results"][0]["grant"]["id"].as_str().expect("a grant");
            let grant = format!("{grants}/{id}");
            for role in [r#"{"role":"editor"}"#, r#"{"role":"viewer"}"#].iter().cycle() {
                let status = wire.ask(&request("PATCH", &address, &grant, &token, role)).await;
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&wire.body));
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
    .await
}

async fn average_size(nats: &Nats) -> usize {
    let client = async_nats::connect(nats.address()).await.expect("the message server");
    let context = jetstream::new(client);
    let stream = context.get_stream("SHARELOG").await.expect("the log");
    let (mut total, mut count) = (0, 0);
    let last = stream.cached_info().state.last_sequence;
    for position in last.saturating_sub(50)..last {
        let message = stream.get_raw_message(position.max(1)).await.expect("a message");
        total += message.payload.len();
        count += 1;
    }
    total / count.max(1)
}

/// Plain publishes with the same headers and size, each to a subject of its own, acknowledged.
async fn publishes(nats: &Nats, size: usize, time: Duration) -> f64 {
    let client = async_nats::connect(nats.address()).await.expect("the message server");
    let context = jetstream::new(client);
    let config = jetstream::stream::Config {
        name: "CEILING".to_owned(),
        subjects: vec!["ceiling.>".to_owned()],
        ..Default::default()
    };
    context.create_stream(config).await.expect("a stream");
    let payload = bytes::Bytes::from(vec![b'x'; size]);
    let publishing = context.clone();
    let rate = rate(time, move |worker, done| {
        let (context, payload) = (publishing.clone(), payload.clone());
        async move {
            for number in 0.. {
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Msg-Id", format!("{worker}-{number}-0123456789abcdef"));
                headers.insert("Nats-Expected-Last-Subject-Sequence", "0");
                let subject = format!("ceiling.item.history.{worker}-{number}");
                let sent = context.publish_with_headers(subject, headers, payload.clone()).await;
                sent.expect("a publish").await.expect("an acknowledgement");
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
    .await;
    context.delete_stream("CEILING").await.expect("it is removed");
    rate
}
