//! The stored format is kept: frozen samples, upcasts, the payload table.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::let_underscore_must_use,
    clippy::option_option,
    clippy::unnecessary_wraps,
    reason = "helpers of tests, which fail by panicking"
)]

mod samples;
mod table;
mod upcasts;
