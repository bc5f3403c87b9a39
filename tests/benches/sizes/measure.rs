//! Measures one size in a fresh process, so that resident memory is the index's.

use crate::{now, resident};
use domain::{access::Subject, id::ItemRef, role::Permission};
use projections::index::{IndexBuilder, Snapshot};
use serde::{Deserialize, Serialize};
use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use tests::{dataset::Plan, wire::quantile};

/// Checks that are timed together, as one alone is too short for the clock.
const TOGETHER: usize = 16;
/// Questions, asked again and again.
const QUESTIONS: usize = 50_000;
const ROUNDS: usize = 6;
/// Results of a search.
const PAGE: usize = 1_000;

/// Figures of one size.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) grants: f64,
    /// Nanoseconds a check.
    pub(crate) middle: f64,
    pub(crate) p99: f64,
    /// Share of the questions that were answered with yes.
    permitted: f64,
    /// Resident bytes a grant.
    bytes: f64,
    /// Seconds to load from the file.
    load: f64,
    /// Milliseconds of a search of a thousand results, where an item has so many.
    search: Option<f64>,
}

pub(crate) fn report(file: &Path, grants: u64) {
    let plan = Plan::new(grants);
    let before = resident();
    let begun = Instant::now();
    let index = IndexBuilder::load(file).expect("the saved index");
    let load = begun.elapsed().as_secs_f64();
    let resident = resident() - before;
    let known: usize = (1..=plan.items).map(|rank| plan.item(rank).grants.len()).sum();
    let known = f64::from(u32::try_from(known).expect("below four billion"));
    let snapshot = index.snapshot();
    let (took, permitted) = checks(&snapshot, &plan);
    let each = |part| quantile(&took, part).as_secs_f64() * 1e9 / 16.0;
    let measured = Measured {
        grants: known,
        middle: each(0.5),
        p99: each(0.99),
        permitted,
        bytes: resident / known,
        load,
        search: search(&snapshot, &plan),
    };
    println!("{}", serde_json::to_string(&measured).expect("figures"));
}

/// How long each round of some checks took, ascending; and the share of yes.
fn checks(snapshot: &Snapshot, plan: &Plan) -> (Vec<Duration>, f64) {
    let questions: Vec<(Subject, ItemRef)> = plan
        .questions(QUESTIONS)
        .into_iter()
        .map(|asked| (Subject::account(asked.account), asked.item))
        .collect();
    let now = now();
    let may = |(who, item): &&(Subject, ItemRef)| {
        snapshot.check(who, item, now).permissions.has(Permission::View)
    };
    let permitted = u32::try_from(questions.iter().filter(may).count()).expect("a small number");
    let all = u32::try_from(questions.len()).expect("a small number");
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        for some in questions.chunks_exact(TOGETHER) {
            let begun = Instant::now();
            for (who, item) in some {
                black_box(snapshot.check(black_box(who), black_box(item), now));
            }
            took.push(begun.elapsed());
        }
    }
    took.sort_unstable();
    (took, f64::from(permitted) / f64::from(all))
}

/// Who may see the most shared item?
fn search(snapshot: &Snapshot, plan: &Plan) -> Option<f64> {
    let popular = plan.item(1).item;
    let mut took = Vec::new();
    let mut found = 0;
    for _ in 0..50 {
        let begun = Instant::now();
        let page = snapshot.subjects(&popular, Permission::View, now(), None, PAGE);
        found = page.map_or(0, |(accounts, _)| accounts.len());
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    (found == PAGE).then(|| quantile(&took, 0.5).as_secs_f64() * 1e3)
}

impl Measured {
    pub(crate) fn size(&self) -> String {
        format!("index of {:.0} grants", self.grants)
    }

    pub(crate) fn print(&self) {
        let Self { middle, p99, bytes, load, permitted, .. } = self;
        let (size, permitted) = (self.size(), permitted * 100.0);
        let figures = format!("{middle:.0} ns, p99 {p99:.0} ns");
        println!("bench | {size}: check, {permitted:.0} % yes | {figures} | | | <= 1000 ns");
        println!("bench | {size}: resident, as loaded | {bytes:.0} bytes a grant | | | <= 100");
        println!("bench | {size}: loaded from its file | {load:.2} s | | | <= 5 s");
        if let Some(search) = self.search {
            println!("bench | {size}: search of {PAGE} results | {search:.2} ms | | | <= 5 ms");
        }
    }
}
