//! The binary does what its help says: run as a process, as people and scripts run it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod exits;
mod help;
mod log;
mod pages;
mod secrets;
mod settings;
mod support;
