//! The access index agrees with the rules at every position, whatever happens to it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod following;
mod oracle;
mod reading;
mod relations;
mod saving;
#[path = "../views/world.rs"]
#[allow(dead_code, reason = "the suite of the views uses more of it")]
mod world;
