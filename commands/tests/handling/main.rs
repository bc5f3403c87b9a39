//! The promises of the write side, tested on every engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so"
)]

mod erasure;
mod faults;
mod idempotency;
mod items;
mod jetstream;
mod links;
mod planned;
#[path = "../../benches/commands/server.rs"]
mod server;
mod start;
mod sweeping;
mod tokens;
mod troubled;
mod world;
