//! Benchmark of the time from acknowledgement to visibility: in the access index of the same node
//! and of another, and in PostgreSQL.
//!
//! Commands come at a fifth of the highest rate that was measured just before. `--full`: more
//! samples.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tests::{
    json,
    postgres::Postgres,
    service::Service,
    streaming::Nats,
    wire::{Wire, load, quantile, request},
};
use tokio::task::JoinSet;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A change that is not seen by then is not going to be.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);
const ITEM: &str = "/v1/items/history/watched";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    let samples = if full { 2_000 } else { 300 };
    let folder = tempfile::Builder::new().prefix("sharelog-bench").tempdir().expect("a folder");
    let open: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("PostgreSQL's user may enter it");
    let nats = Nats::start_unsynced(&folder.path().join("nats")).await;
    let postgres = Postgres::database(&folder.path().join("postgres")).await;
    let pair = Nodes::start(folder.path(), &nats, &postgres).await;

    let address = pair.address(0);
    let token = pair.token.clone();
    let register = move |connection: usize, number: usize| {
        registration(&address, &token, &format!("peak-{connection}-{number}"))
    };
    let most = load(&pair.address(0), 64, Duration::from_secs(4), register, 201).await.rate;
    let pace = most / 5.0;
    println!("at most {most:.0} commands/s over HTTP; measured at {pace:.0}/s");
    let stop = Arc::new(AtomicBool::new(false));
    let background = keep_busy(&pair, pace, &stop);
    let seen = samples_of(&pair, &postgres, samples).await;
    stop.store(true, Ordering::Relaxed);
    background.join_all().await;
    seen.report();
}

/// Two nodes on one log and one database.
struct Nodes {
    services: [Service; 2],
    token: String,
}

impl Nodes {
    async fn start(folder: &Path, nats: &Nats, postgres: &Postgres) -> Self {
        let engines = ["--log".to_owned(), nats.address(), "--db".to_owned(), postgres.address()];
        let first = Service::start(&folder.join("one"), &engines).await;
        let token = first.admin_token();
        let key = folder.join("one/server.key").to_string_lossy().into_owned();
        let engines = [engines.to_vec(), vec!["--key-file".to_owned(), key]].concat();
        let second = Service::start(&folder.join("two"), &engines).await;
        let nodes = Self { services: [first, second], token };
        let mut wire = Wire::connect(&nodes.address(0)).await;
        let asked = registration(&nodes.address(0), &nodes.token, "watched");
        assert_eq!(wire.ask(&asked).await, 201);
        nodes
    }

    fn address(&self, node: usize) -> String {
        self.services[node].base().trim_start_matches("http://").to_owned()
    }
}

fn registration(address: &str, token: &str, id: &str) -> String {
    let body = r#"{"owner":{"type":"account","id":"a-17"}}"#;
    request("PUT", address, &format!("/v1/items/history/{id}"), token, body)
}

/// Commands at a steady pace over eight connections.
fn keep_busy(pair: &Nodes, pace: f64, stop: &Arc<AtomicBool>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for connection in 0..8 {
        let (address, token, stop) = (pair.address(0), pair.token.clone(), Arc::clone(stop));
        let mut due = tokio::time::interval(Duration::from_secs_f64(8.0 / pace));
        tasks.spawn(async move {
            let mut wire = Wire::connect(&address).await;
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                due.tick().await;
                let asked = registration(&address, &token, &format!("busy-{connection}-{number}"));
                assert_eq!(wire.ask(&asked).await, 201);
                number += 1;
            }
        });
    }
    tasks
}

#[derive(Default)]
struct Samples {
    granted: [Vec<Duration>; 2],
    refused: [Vec<Duration>; 2],
    rows: Vec<Duration>,
}

/// Asks one node again and again, without a token, until it decides so; how long that took.
async fn decided(wire: &mut Wire, asked: &str, decision: &[u8], since: Instant) -> Duration {
    loop {
        assert_eq!(wire.ask(asked).await, 200, "{}", String::from_utf8_lossy(&wire.body));
        if wire.body.windows(decision.len()).any(|part| part == decision) {
            return since.elapsed();
        }
        assert!(
            since.elapsed() < WAIT_TIMEOUT,
            "never seen: {}",
            String::from_utf8_lossy(&wire.body)
        );
    }
}

async fn in_rows(client: &tokio_postgres::Client, account: &str, since: Instant) -> Duration {
    let question = "SELECT 1 FROM sharelog.grants WHERE kind = 'history' AND id = 'watched'
                     AND grantee_type = 'account' AND grantee_id = $1 AND recorded_to IS NULL";
    loop {
        let found = client.query(question, &[&account]).await.expect("the database");
        if !found.is_empty() {
            return since.elapsed();
        }
        assert!(since.elapsed() < WAIT_TIMEOUT, "never seen in PostgreSQL");
    }
}

async fn samples_of(pair: &Nodes, postgres: &Postgres, samples: usize) -> Samples {
    let addresses = [pair.address(0), pair.address(1)];
    let mut writer = Wire::connect(&addresses[0]).await;
    let mut readers = [Wire::connect(&addresses[0]).await, Wire::connect(&addresses[1]).await];
    let client = postgres.connect().await;
    let mut seen = Samples::default();
    for number in 0..samples {
        let account = format!("a-seen-{number}");
        let question = json!({
            "subject": {"type": "account", "id": account},
            "resource": {"type": "history", "id": "watched"},
            "action": {"name": "view"},
        })
        .to_string();
        let ask = |node: usize| {
            request("POST", &addresses[node], "/access/v1/evaluation", &pair.token, &question)
        };
        let asked = [ask(0), ask(1)];
        let body =
            format!(r#"{{"grantees":[{{"type":"account","id":"{account}"}}],"role":"viewer"}}"#);
        let share = request("POST", &addresses[0], &format!("{ITEM}/grants"), &pair.token, &body);
        assert_eq!(writer.ask(&share).await, 200, "{}", String::from_utf8_lossy(&writer.body));
        let since = Instant::now();
        let [here, there] = &mut readers;
        let (granted, granted_there, row) = tokio::join!(
            decided(here, &asked[0], br#""decision":true"#, since),
            decided(there, &asked[1], br#""decision":true"#, since),
            in_rows(&client, &account, since),
        );
        let path = format!("{ITEM}/grants/account/{account}");
        let unshare = request("DELETE", &addresses[0], &path, &pair.token, "");
        assert_eq!(writer.ask(&unshare).await, 200);
        let since = Instant::now();
        let (refused, refused_there) = tokio::join!(
            decided(here, &asked[0], br#""decision":false"#, since),
            decided(there, &asked[1], br#""decision":false"#, since),
        );
        seen.granted[0].push(granted);
        seen.granted[1].push(granted_there);
        seen.rows.push(row);
        seen.refused[0].push(refused);
        seen.refused[1].push(refused_there);
    }
    seen
}

impl Samples {
    fn report(self) {
        let [granted, granted_there] = self.granted;
        let [refused, refused_there] = self.refused;
        for (what, mut took, reach) in [
            ("acknowledged to visible, index of the same node", granted, "p99 <= 5 ms"),
            ("acknowledged to visible, index of another node", granted_there, "p99 <= 5 ms"),
            ("revoke to refusal, the same node", refused, "p99 <= 5 ms"),
            ("revoke to refusal, another node", refused_there, "p99 <= 5 ms"),
            ("acknowledged to visible, PostgreSQL", self.rows, "p99 <= 50 ms"),
        ] {
            took.sort_unstable();
            let quantile_ms = |part| quantile(&took, part).as_secs_f64() * 1e3;
            let (middle, p99, most) = (quantile_ms(0.5), quantile_ms(0.99), quantile_ms(1.0));
            let figures = format!("p50 {middle:.2} ms, p99 {p99:.2} ms, most {most:.2} ms");
            println!("bench | {what} | {figures} | | | {reach}");
        }
    }
}
