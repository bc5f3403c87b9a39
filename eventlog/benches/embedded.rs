//! Benchmark of the embedded log beside plain rusqlite with the same schema, FULL sync and batches
//! of 64.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at what is not as it must be"
)]

use domain::position::Position;
use eventlog::{
    Append, AppendError, SharedLog,
    conformance::{
        Maker,
        make::{Random, item},
    },
    sqlite::{SqliteLog, SqliteOptions},
};
use rusqlite::{Connection, params};
use std::{path::Path, sync::Arc, time::Instant};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records in one transaction of the ceiling.
const BATCH: usize = 64;
/// Writers of ours: as many appends wait at once.
const IN_FLIGHT: usize = 64;
/// Rounds of each, in turn, so that both see the same disk; the mean counts.
const ROUNDS: f64 = 3.0;

fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    let count = if full { 500_000 } else { 20_000 };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut ours, mut ceiling) = (0.0_f64, 0.0_f64);
    for round in 0_u64..3 {
        let folder = tempfile::tempdir().unwrap();
        let records = records(count, round);
        ceiling += raw(&folder.path().join("raw.db"), &runtime, &records) / ROUNDS;
        ours += runtime.block_on(engine(&folder.path().join("log.db"), records)) / ROUNDS;
    }
    let what =
        "embedded log, durable, 64 in flight; ceiling rusqlite, our schema, FULL, batches of 64";
    println!("bench | {what} | {ours:.0}/s | {ceiling:.0}/s | {:.2} | >= 0.3", ours / ceiling);
}

/// New streams, some keys; about 400 bytes each.
fn records(count: usize, seed: u64) -> Vec<Append> {
    let mut maker = Maker::new(seed);
    (0..count).map(|number| maker.commit(&item(&format!("i-{number}")), Position::START)).collect()
}

/// What rusqlite does with the same rows into the same table, indexes and triggers included.
fn raw(path: &Path, runtime: &tokio::runtime::Runtime, records: &[Append]) -> f64 {
    // Makes the schema.
    drop(runtime.block_on(SqliteLog::open(path, SqliteOptions::default())).unwrap());
    let mut connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    let rows: Vec<(String, String)> =
        records.iter().map(|record| (record.stream().to_string(), record.message_id())).collect();
    let begun = Instant::now();
    let mut position = 0_i64;
    for (batch, rows) in records.chunks(BATCH).zip(rows.chunks(BATCH)) {
        let transaction = connection.transaction().unwrap();
        {
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO record (position, stream, message, time, bytes)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .unwrap();
            for (record, (stream, message)) in batch.iter().zip(rows) {
                position += 1;
                insert
                    .execute(params![position, stream, message, position, record.bytes().as_ref()])
                    .unwrap();
            }
        }
        transaction.commit().unwrap();
    }
    rate(records.len(), begun)
}

async fn engine(path: &Path, records: Vec<Append>) -> f64 {
    let log: SharedLog = Arc::new(SqliteLog::open(path, SqliteOptions::default()).await.unwrap());
    let count = records.len();
    let mut shares: Vec<Vec<Append>> = vec![Vec::new(); IN_FLIGHT];
    let mut random = Random::new(1);
    for record in records {
        let share = usize::try_from(random.below(IN_FLIGHT as u64)).unwrap();
        shares.get_mut(share).unwrap().push(record);
    }
    let begun = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for share in shares {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            for record in share {
                let appended: Result<Position, AppendError> = log.try_append(&record).await;
                appended.unwrap();
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let rate = rate(count, begun);
    assert_eq!(log.head().await.unwrap().position.0, count as u64);
    rate
}

#[expect(clippy::cast_precision_loss, reason = "a rate is an estimate")]
fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}
