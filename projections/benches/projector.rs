//! Benchmark of the projector, and of questions about the past beside those about now.
//!
//! `cargo bench -p projections` needs `SHARELOG_TEST_NATS` and `SHARELOG_TEST_POSTGRES`
//! (`scripts/services.sh`). Each line: name, ours, ceiling, ratio. The ceiling writes the same rows
//! into the same tables with the same indexes by `unnest`, all three projections at once like ours,
//! without log, decoding and folding.
//! `-- --full` measures with more records and 10 million rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads its two settings and fails by panicking"
)]

#[path = "projector/as_of.rs"]
mod as_of;
#[path = "projector/feed.rs"]
mod feed;

use feed::{Feed, Home};
use futures::future::join_all;
use projections::{
    Database, Model, RowState, Runner, RunnerOptions, projection, store::Generation, views,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const BATCH: usize = 2048;

#[tokio::main]
async fn main() {
    let full = std::env::args().any(|argument| argument == "--full");
    let feed = Feed::filled(if full { 200_000 } else { 20_000 }).await;
    let (ours, rows) = project(&feed).await;
    let ceiling = pour(&rows).await;
    let count: usize = rows.iter().map(|(_, tables)| count_of(tables)).sum();
    let (ours, ceiling) = (count as f64 / ours.as_secs_f64(), count as f64 / ceiling.as_secs_f64());
    println!(
        "bench | projector to PostgreSQL, rows of {} records | {ours:.0}/s | {ceiling:.0}/s | \
        {:.2} | >= 0.5",
        feed.records,
        ours / ceiling
    );
    as_of::curve(if full { 10_000_000 } else { 200_000 }).await;
}

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of a projection, table by table.
type Tables = Vec<(&'static projections::table::Table, RowState, Vec<projections::value::Row>)>;

fn count_of(tables: &Tables) -> usize {
    tables.iter().map(|(_, _, rows)| rows.len()).sum()
}

async fn project(feed: &Feed) -> (Duration, Vec<(&'static dyn projection::Projection, Tables)>) {
    let database = Home::fresh().await.database;
    let options = RunnerOptions { batch: BATCH, ..RunnerOptions::default() };
    let runner = Runner::new(feed.log.clone(), Arc::new(feed::Open), database.clone(), options);
    let views = views(database.clone(), None);
    let began = Instant::now();
    let caught = async {
        views.wait_for(Model::all(), feed.head, Duration::from_mins(10)).await.unwrap();
    };
    runner.run(caught).await;
    (began.elapsed(), everything(&database).await)
}

async fn everything(database: &Database) -> Vec<(&'static dyn projection::Projection, Tables)> {
    let mut snapshot = database.snapshot().await.unwrap();
    let mut all = Vec::new();
    for projection in projections::PROJECTIONS {
        let prefix = snapshot.prefix(projection.name(), projection.version(), 0);
        let mut tables = Tables::new();
        for table in projection.tables() {
            for side in table.states() {
                let sql = format!("SELECT * FROM {prefix}{}{}", table.name, side.suffix());
                tables.push((*table, *side, snapshot.query(&sql, &[]).await.unwrap()));
            }
        }
        all.push((*projection, tables));
    }
    snapshot.end().await.unwrap();
    all
}

/// Writes rows as plainly as can be, so many at a time.
async fn pour(all: &[(&'static dyn projection::Projection, Tables)]) -> Duration {
    let database = Home::fresh().await.database;
    let began = Instant::now();
    let database = &database;
    join_all(all.iter().map(|(projection, tables)| async move {
        for (table, side, rows) in tables {
            for rows in rows.chunks(BATCH) {
                let mut batch = database.begin(&Generation::first(*projection)).await.unwrap();
                batch.put(table, *side, rows.to_vec()).await.unwrap();
                let known = batch.start().progress.clone();
                batch.commit(&known).await.unwrap();
            }
        }
    }))
    .await;
    began.elapsed()
}
