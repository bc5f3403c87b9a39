//! Every rule as a sentence: given these events, when this is commanded, then that follows.

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

mod account;
mod expire;
mod gate;
mod grants;
mod lifecycle;
mod links;
mod make;
mod publication;
mod register;
mod share;
mod sharing;
mod summary;
mod system;
mod visibility;
