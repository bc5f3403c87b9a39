//! What does a check in process cost, and the index itself, from ten thousand grants on?
//!
//! Popular items and people by Zipf's law; one of ten grants has a window, one of twenty goes to a
//! group, one of twenty items is a part of a container. Each size runs in a process of its own, so
//! that memory is the resident size of that one index. `-- --full` goes on to 10 million grants.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads its settings and fails by panicking"
)]

#[path = "index/world.rs"]
mod world;

use domain::{access::Subject, id::ItemRef, role::Permission, testing::hour};
use projections::index::{IndexBuilder, Snapshot};
use std::{
    hint::black_box,
    process::Command,
    time::{Duration, Instant},
};
use world::{World, random};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUESTIONS: usize = 200_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--grants") {
        return one(arguments[at + 1].parse().unwrap());
    }
    let full = arguments.iter().any(|argument| argument == "--full");
    let sizes = [10_000_u64, 100_000, 1_000_000, 10_000_000];
    for grants in &sizes[..if full { 4 } else { 3 }] {
        let me = std::env::current_exe().unwrap();
        let ran = Command::new(me).args(["--grants", &grants.to_string()]).status().unwrap();
        assert!(ran.success());
    }
}

/// Resident bytes of this process.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or_default() * 1024
}

fn line(grants: u64, what: &str, ours: &str, reach: &str) {
    println!("bench | index of {grants} grants: {what} | {ours} | - | - | {reach}");
}

fn one(grants: u64) {
    let before = resident();
    let began = Instant::now();
    let builder = world::build(grants);
    let took = began.elapsed();
    let snapshot = builder.snapshot();
    let rate = grants as f64 / took.as_secs_f64();
    line(grants, "built from events", &format!("{rate:.0} grants/s"), "");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.bin");
    let began = Instant::now();
    builder.save(&file).unwrap();
    let (saved, bytes) = (began.elapsed(), std::fs::metadata(&file).unwrap().len());
    let told = format!("{:.2} s, {} MB", saved.as_secs_f64(), bytes / 1_000_000);
    line(grants, "saved", &told, "");
    let built = resident() - before;
    let estimated = builder.bytes();
    line(grants, "memory, built", &per_grant(built, grants), "<= 100 bytes a grant");
    line(grants, "memory, as it tells", &per_grant(estimated, grants), "");
    checks(grants, &snapshot);
    searches(grants, &snapshot);
    drop((builder, snapshot));
    loads(grants, &file);
}

fn per_grant(bytes: u64, grants: u64) -> String {
    format!("{:.1} bytes a grant", bytes as f64 / grants as f64)
}

fn loads(grants: u64, file: &std::path::Path) {
    let began = Instant::now();
    let loaded = IndexBuilder::load(file).unwrap();
    let took = began.elapsed();
    assert!(loaded.bytes() > 0);
    line(grants, "loaded from its file", &format!("{:.2} s", took.as_secs_f64()), "< 5 s");
}

fn questions(grants: u64) -> Vec<(Subject, ItemRef)> {
    let world = World::of(grants);
    let mut seed = 99;
    (0..QUESTIONS)
        .map(|number| {
            // Every other one is asked for somebody who was given something.
            if number % 2 == 0 {
                let (who, item) = world.pair(random(&mut seed) % grants);
                (Subject::account(world::account(who)), world::item(item))
            } else {
                let who = world::account(random(&mut seed) % world.accounts);
                (Subject::account(who), world::item(world.popular(&mut seed)))
            }
        })
        .collect()
}

fn checks(grants: u64, snapshot: &Snapshot) {
    let questions = questions(grants);
    let at = hour(5_000);
    let mut permitted = 0;
    for (who, item) in &questions {
        permitted += u64::from(snapshot.check(who, item, at).permissions.has(Permission::View));
    }
    let began = Instant::now();
    for (who, item) in &questions {
        black_box(snapshot.check(black_box(who), black_box(item), at));
    }
    let mean = began.elapsed().as_nanos() as f64 / QUESTIONS as f64;
    let mut each: Vec<Duration> = questions
        .iter()
        .map(|(who, item)| {
            let began = Instant::now();
            black_box(snapshot.check(black_box(who), black_box(item), at));
            began.elapsed()
        })
        .collect();
    each.sort_unstable();
    let (typical, p99) = (each[QUESTIONS / 2].as_nanos(), each[QUESTIONS * 99 / 100].as_nanos());
    let share = permitted * 100 / QUESTIONS as u64;
    let told =
        format!("mean {mean:.0} ns, median {typical} ns, p99 {p99} ns ({share} % permitted)");
    line(grants, "check", &told, "<= 1000 ns typical");
}

fn searches(grants: u64, snapshot: &Snapshot) {
    let at = hour(5_000);
    let who = Subject::account(world::account(world::COLLECTOR));
    let search = || snapshot.resources(&who, "history", Permission::View, at, None, 1_000);
    let began = Instant::now();
    let found = search().0.len();
    let took = began.elapsed();
    let told = format!("{:.2} ms for {found}", took.as_secs_f64() * 1e3);
    line(grants, "search of items", &told, "<= 5 ms for 1000");
    let item = world::item(0);
    let began = Instant::now();
    let found = snapshot.subjects(&item, Permission::View, at, None, 1_000).0.len();
    let told = format!("{:.2} ms for {found}", began.elapsed().as_secs_f64() * 1e3);
    line(grants, "search of people", &told, "<= 5 ms for 1000");
}
