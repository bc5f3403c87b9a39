//! Every engine keeps every promise: the one suite, run on each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests stop at the first thing that is not as it must be"
)]

mod consumer;
mod jetstream;
mod memory;
mod server;
mod shared_tail;
mod sqlite;

use domain::time::Time;
use eventlog::clock_skew::Now;
use std::sync::Arc;

/// A clock for what needs one and is not judged by it.
fn fixed_clock() -> Now {
    let time = Time::from_micros(eventlog::conformance::make::START).unwrap();
    Arc::new(move || time)
}
