//! Benchmark of decisions per second over HTTP, beside a server that parses the same JSON and
//! answers a constant; and of the size and start of a service that knows so many grants.
//!
//! One machine and its cores for service, ceiling (a process of its own) and load. `--full`: a
//! million items and ten million grants.

#[path = "checks/constant.rs"]
mod constant;
#[path = "checks/scale.rs"]
mod scale;

use scale::Scale;
use std::time::Duration;
use tests::{
    Value,
    dataset::{Plan, Question},
    json,
    wire::{Seen, Wire, load, median, request},
};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 64;
/// Alternating rounds; medians are reported.
const ROUNDS: usize = 5;
/// Decisions in one request.
const BATCH: usize = 100;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if let Some(port) = constant::asked_for() {
        return constant::serve(port).await;
    }
    let full = std::env::args().any(|argument| argument == "--full");
    let plan = Plan::new(if full { 10_000_000 } else { 200_000 });
    let scale = Scale::build(plan).await;
    let questions = plan.questions(20_000);
    let time = Duration::from_secs(if full { 5 } else { 2 });
    singles(&scale, &questions, time).await;
    batches(&scale, &questions, time).await;
    search(&scale).await;
}

fn evaluation(question: &Question) -> String {
    let Question { account, item } = question;
    json!({
        "subject": {"type": "account", "id": account},
        "resource": {"type": item.kind, "id": item.id},
        "action": {"name": "view"},
    })
    .to_string()
}

async fn ask(address: &str, token: &str, questions: &[String], path: &str, time: Duration) -> Seen {
    let requests: Vec<String> =
        questions.iter().map(|body| request("POST", address, path, token, body)).collect();
    let requests = std::sync::Arc::new(requests);
    let next = move |connection: usize, number: usize| {
        requests[(connection * 7_919 + number) % requests.len()].clone()
    };
    load(address, CONNECTIONS, time, next, 200).await
}

async fn singles(scale: &Scale, questions: &[Question], time: Duration) {
    let constant = constant::Constant::start(&scale.folder).await;
    let bodies: Vec<String> = questions.iter().map(evaluation).collect();
    let path = "/access/v1/evaluation";
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let ceiling = ask(&constant.address, "none", &bodies, path, time).await;
        let ours = ask(&scale.address(), &scale.token, &bodies, path, time).await;
        if round > 0 {
            rounds.push((ours, ceiling));
        }
    }
    let ours = median(rounds.iter().map(|(ours, _)| ours.rate));
    let ceiling = median(rounds.iter().map(|(_, ceiling)| ceiling.rate));
    let ratio = median(rounds.iter().map(|(ours, ceiling)| ours.rate / ceiling.rate));
    let what = format!("check over HTTP, {} grants", scale.grants);
    println!("bench | {what} | {ours:.0}/s | {ceiling:.0}/s | {ratio:.2} | >= 0.8");
    let p99 = |seen: &Seen| seen.quantile(0.99).as_secs_f64() * 1e3;
    let ours = median(rounds.iter().map(|(ours, _)| p99(ours)));
    let ceiling = median(rounds.iter().map(|(_, ceiling)| p99(ceiling)));
    let ratio = ours / ceiling;
    println!("bench | the same, p99 | {ours:.2} ms | {ceiling:.2} ms | {ratio:.2} | <= 1.5");
}

async fn batches(scale: &Scale, questions: &[Question], time: Duration) {
    let singles: Vec<String> = questions.iter().map(evaluation).collect();
    let together: Vec<String> = singles
        .chunks(BATCH)
        .map(|some| format!(r#"{{"evaluations":[{}]}}"#, some.join(",")))
        .collect();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let (address, token) = (scale.address(), &scale.token);
        let single = ask(&address, token, &singles, "/access/v1/evaluation", time).await;
        let batch = ask(&address, token, &together, "/access/v1/evaluations", time).await;
        #[expect(clippy::cast_precision_loss, reason = "a hundred")]
        rounds.push((batch.rate * BATCH as f64, single.rate));
    }
    let batch = median(rounds.iter().map(|round| round.0));
    let single = median(rounds.iter().map(|round| round.1));
    let ratio = median(rounds.iter().map(|round| round.0 / round.1));
    let what = "decisions in batches of 100, beside single checks";
    println!("bench | {what} | {batch:.0}/s | {single:.0}/s | {ratio:.1} | >= 10");
}

/// Who may see the most shared item? A page of a thousand.
async fn search(scale: &Scale) {
    let item = scale.plan.item(1).item;
    let body = json!({
        "subject": {"type": "account"},
        "resource": {"type": item.kind, "id": item.id},
        "action": {"name": "view"},
        "page": {"limit": 1000},
    })
    .to_string();
    let address = scale.address();
    let asked = request("POST", &address, "/access/v1/search/subject", &scale.token, &body);
    let mut wire = Wire::connect(&address).await;
    let mut took = Vec::new();
    for _ in 0..200 {
        let start = std::time::Instant::now();
        assert_eq!(wire.ask(&asked).await, 200, "{}", String::from_utf8_lossy(&wire.body));
        took.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let found: Value = serde_json::from_slice(&wire.body).expect("JSON");
    let count = found["results"].as_array().map_or(0, Vec::len);
    assert_eq!(count, 1000, "the most shared item has more than a thousand");
    let took = median(took);
    println!("bench | search of {count} results | {took:.2} ms | | | <= 5 ms");
}
